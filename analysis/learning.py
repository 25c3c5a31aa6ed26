"""How well a network learned: learning curves, the error at the end, the time to learn.

All functions read the probes of one run: one row a probe, sorted by time, with the columns
`time_s` (s), `updates` (actuations of the whole network so far) and `error` (V², the mean over
data and targets of (v_target - desired)²). They raise an AnalysisError for a column that is
missing, for a frame that is empty or unsorted, and for a parameter out of range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .frames import check_ascending, check_frame, require

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class SettledError:
    """The error a run settled at: its mean, fluctuation and least over a window, V²."""

    mean: float
    fluctuation: float
    """Sample standard deviation; NaN for a single probe. It says how much this run still moves, not
    how well the mean over seeds is known: successive probes of one run are correlated."""
    best: float
    probes: int
    """How many are in the window."""

    def __str__(self) -> str:
        """Return the mean with its fluctuation, which a single probe has none of, and the unit."""
        fluctuates = "" if self.probes == 1 else f" ± {self.fluctuation:.2g}"
        return f"{self.mean:.3g}{fluctuates} V²"


def learning_curve(probes: pd.DataFrame, edges: int | None = None) -> pd.DataFrame:
    """Error against time and updates, absolute and relative to the start.

    Parameters
    ----------
    edges : int, optional
        Number of edges E of the circuit. Updates an edge compare networks of different sizes, and
        equal training steps when every edge acts once a step.

    Returns
    -------
    DataFrame
        One row a probe: `time_s`, `updates`, `updates_per_edge` (if `edges` is given), `error`
        (V²), `relative_error` (error over the first error), `accuracy` (if it was probed).

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import learning_curve
    >>> probes = pd.DataFrame({"time_s": [0.0, 5.0], "updates": [0, 80], "error": [0.5, 0.05]})
    >>> learning_curve(probes, edges=16)
       time_s  updates  updates_per_edge  error  relative_error
    0     0.0        0               0.0   0.50             1.0
    1     5.0       80               5.0   0.05             0.1
    """
    _, error = _checked(probes, "learning_curve", "updates")
    require(edges is None or edges >= 1, "edges", "learning_curve", "be at least 1", edges)
    curve = probes[["time_s", "updates"]].reset_index(drop=True)
    if edges is not None:
        curve["updates_per_edge"] = curve["updates"] / edges
    curve["error"] = error
    with np.errstate(divide="ignore", invalid="ignore"):
        curve["relative_error"] = error / error[0]
    if "accuracy" in probes:
        curve["accuracy"] = probes["accuracy"].to_numpy()
    return curve


def settled_error(probes: pd.DataFrame, last: float = 0.25) -> SettledError:
    """Mean and fluctuation of the error over the last part of a run.

    Parameters
    ----------
    last : float, default 0.25
        The window, as a fraction, in (0, 1], of the time from the first probe to the last. A probe
        on its edge counts.

    Returns
    -------
    SettledError
        Mean, fluctuation and best error in V², and how many probes they rest on. A NaN among the
        errors (a run that diverged) makes all three NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import settled_error
    >>> probes = pd.DataFrame({"time_s": range(5), "error": [9.0, 4.0, 2.0, 3.0, 1.0]})
    >>> settled_error(probes, last=0.5)
    SettledError(mean=2.0, fluctuation=1.0, best=1.0, probes=3)
    """
    time, error = _checked(probes, "settled_error")
    require(0.0 < last <= 1.0, "last", "settled_error", "be in (0, 1]", last)
    span = time[-1] - time[0]
    # The slack keeps a probe that sits on the window's edge up to rounding.
    settled = error[time >= time[-1] - (last + 1e-9) * span]
    return SettledError(
        mean=float(np.mean(settled)),
        fluctuation=float(np.std(settled, ddof=1)) if settled.size > 1 else float("nan"),
        best=float(np.min(settled)),
        probes=int(settled.size),
    )


def time_to(probes: pd.DataFrame, fraction: float = 0.1) -> float:
    """Time at which the error is first below a fraction of its first value.

    Parameters
    ----------
    fraction : float, default 0.1
        Of the first error, in (0, 1].

    Returns
    -------
    float
        `time_s` of that probe, s, so it is known to one probe period; NaN if no probe is below.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import time_to
    >>> probes = pd.DataFrame({"time_s": [0.0, 5.0, 10.0], "error": [1.0, 0.2, 0.04]})
    >>> time_to(probes, 0.1), time_to(probes, 0.01)
    (10.0, nan)
    """
    time, error = _checked(probes, "time_to")
    require(0.0 < fraction <= 1.0, "fraction", "time_to", "be in (0, 1]", fraction)
    below = time[error < fraction * error[0]]
    return float(below[0]) if below.size else float("nan")


def _checked(probes: pd.DataFrame, where: str, *more: str) -> tuple[FloatArray, FloatArray]:
    """Return the times and the errors of probes that are in order."""
    check_frame(probes, ["time_s", *more, "error"], "probes", where)
    time, error = (probes[name].to_numpy(dtype=float) for name in ("time_s", "error"))
    check_ascending(time, "probes", where, " by time_s (one run at a time)")
    return time, error
