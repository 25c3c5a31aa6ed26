"""When the edges acted: tick intervals, stability of a clock, staleness.

The events of one run have one row an actuation, here with the columns `edge`, `sensed_s` (when the
edge read its drops, s) and `staleness`. So a tick is in them only if it was acted on: ticks that a
gate below 1 let pass are missing, and so are readings still in flight at the horizon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..engine.errors import AnalysisError
from .frames import check_ascending, check_frame, refusal

if TYPE_CHECKING:
    import pandas as pd


def tick_intervals(events: pd.DataFrame) -> pd.DataFrame:
    """Intervals between consecutive ticks of each edge.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order. With a latency that varies, an edge may actuate its
        readings out of the order in which it took them; intervals follow the sensing.

    Returns
    -------
    DataFrame
        One row an interval, sorted by edge and time: `edge`, `time_s` (the tick that ends the
        interval, s), `interval_s`. An edge with n ticks has n - 1 rows. With a gate below 1 an
        interval may span several periods of the clock.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import tick_intervals
    >>> events = pd.DataFrame({"edge": [0, 1, 0, 0], "sensed_s": [0.5, 0.75, 2.5, 1.5]})
    >>> tick_intervals(events)
       edge  time_s  interval_s
    0     0     1.5         1.0
    1     0     2.5         1.0
    """
    import pandas as pd

    check_frame(events, ["edge", "sensed_s"], "events", "tick_intervals")
    edge, sensed = _by_edge(events)
    same = edge[1:] == edge[:-1]
    return pd.DataFrame(
        {
            "edge": edge[1:][same],
            "time_s": sensed[1:][same],
            "interval_s": np.diff(sensed)[same],
        }
    )


def interval_statistics(events: pd.DataFrame) -> pd.DataFrame:
    """Moments and extremes of the tick intervals of each edge.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order.

    Returns
    -------
    DataFrame
        One row an edge that acted, sorted by edge: `edge`, `ticks`, `mean_s`, `std_s` (sample
        standard deviation), `relative` (std over mean), `min_s`, `max_s`. NaN where there are too
        few ticks: two make a mean, three a standard deviation. While every tick acts, `relative`
        is close to the clock's wander, or to √2 times its jitter (both ends of an interval move).

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import interval_statistics
    >>> events = pd.DataFrame({"edge": [0, 0, 0, 1], "sensed_s": [0.0, 1.0, 2.0, 0.5]})
    >>> interval_statistics(events)
       edge  ticks  mean_s  std_s  relative  min_s  max_s
    0     0      3     1.0    0.0       0.0    1.0    1.0
    1     1      1     NaN    NaN       NaN    NaN    NaN
    """
    import pandas as pd

    check_frame(events, ["edge", "sensed_s"], "events", "interval_statistics")
    ticks = events.groupby("edge").size().rename("ticks")
    intervals = tick_intervals(events).groupby("edge")["interval_s"]
    table = pd.concat(
        [
            ticks,
            intervals.mean().rename("mean_s"),
            intervals.std().rename("std_s"),
            intervals.min().rename("min_s"),
            intervals.max().rename("max_s"),
        ],
        axis="columns",
    )
    table.insert(3, "relative", table["std_s"] / table["mean_s"])
    return table.sort_index().rename_axis("edge").reset_index()


def allan_deviation(
    times: npt.ArrayLike, period: float, factors: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Overlapping Allan deviation of a clock's fractional frequency, from its tick times.

    With the phase x_n = t_n - n T of N ticks and an averaging time τ = m T,

        sigma_y²(τ) = 1 / (2 τ² (N - 2m)) · Σ_n (x_{n+2m} - 2 x_{n+m} + x_n)².

    What perturbs a clock shows in the slope of sigma_y(τ): τ^-1 for a relative jitter j about the
    clock's own grid, which does not accumulate (white phase noise, sigma_y = √3 j / m), and
    τ^-1/2 for a relative wander w, which does (white frequency noise, sigma_y = w / √m).

    Parameters
    ----------
    times : array_like, shape (N,)
        Times of consecutive ticks of one clock, s, sorted. A tick that is missing (an edge that
        let it pass, `gate` below 1) looks like a jump of the phase by one period.
    period : float
        The nominal period T, s. A clock that is merely fast or slow has no deviation.
    factors : array_like of int, optional
        Averaging factors m, each at least 1 and at most (N - 1) // 2. By default the powers of
        two in that range.

    Returns
    -------
    DataFrame
        One row a factor: `tau_s`, `allan_deviation` (dimensionless), `pairs` (the N - 2m second
        differences averaged). They overlap: about N / m - 2 of them are independent, so the
        last rows of a short record say little.

    Raises
    ------
    AnalysisError
        If there are fewer than three ticks, a time is not finite or not in order, the period is
        not positive, or a factor is out of range.

    References
    ----------
    W. J. Riley, Handbook of Frequency Stability Analysis, NIST Special Publication 1065
    (2008), overlapping Allan variance.

    Examples
    --------
    One late tick in a perfect clock of period 2 s:

    >>> from ohmtick.analysis import allan_deviation
    >>> allan_deviation([0.0, 2.0, 5.0, 6.0, 8.0], period=2.0, factors=[1, 2])
       tau_s  allan_deviation  pairs
    0    2.0         0.500000      3
    1    4.0         0.353553      1
    """
    import pandas as pd

    where = "allan_deviation"
    ticks = np.asarray(times, dtype=float)
    if ticks.ndim != 1 or ticks.size < 3:
        shape = f"an array of shape {ticks.shape}"
        raise AnalysisError(
            refusal("times", where, "be one-dimensional with at least 3 ticks", shape)
        )
    if not np.isfinite(ticks).all():
        raise AnalysisError(refusal("times", where, "be finite", ticks[~np.isfinite(ticks)][0]))
    check_ascending(ticks, "times", where)
    if not (period > 0.0 and np.isfinite(period)):
        raise AnalysisError(refusal("period", where, "be positive and finite", period))
    largest = (ticks.size - 1) // 2
    steps = np.asarray(2 ** np.arange(largest.bit_length()) if factors is None else factors)
    rule = f"hold whole numbers from 1 to {largest} for {ticks.size} ticks"
    if steps.ndim != 1 or steps.dtype.kind not in "iu":
        raise AnalysisError(refusal("factors", where, rule, factors))
    if (outside := steps[(steps < 1) | (steps > largest)]).size:
        raise AnalysisError(refusal("factors", where, rule, outside[0]))

    phase = ticks - period * np.arange(ticks.size)
    rows = []
    for m in steps.tolist():
        second = phase[2 * m :] - 2.0 * phase[m:-m] + phase[: -2 * m]
        deviation = float(np.sqrt(np.mean(second**2) / 2.0) / (m * period))
        rows.append((m * period, deviation, second.size))
    return pd.DataFrame(rows, columns=["tau_s", "allan_deviation", "pairs"])


def staleness(events: pd.DataFrame) -> pd.DataFrame:
    """Distribution of the staleness over all actuations.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order.

    Returns
    -------
    DataFrame
        One row a value that occurs, ascending: `staleness` (how many other actuations fell
        between an edge's sense and its actuate), `count`, `fraction` (of all actuations).

    Raises
    ------
    AnalysisError
        If the column is missing or the frame is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import staleness
    >>> staleness(pd.DataFrame({"staleness": [0, 3, 0, 0]}))
       staleness  count  fraction
    0          0      3      0.75
    1          3      1      0.25
    """
    import pandas as pd

    check_frame(events, ["staleness"], "events", "staleness")
    values, counts = np.unique(events["staleness"].to_numpy(), return_counts=True)
    return pd.DataFrame({"staleness": values, "count": counts, "fraction": counts / counts.sum()})


def staleness_statistics(events: pd.DataFrame) -> pd.DataFrame:
    """Staleness of each edge.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order.

    Returns
    -------
    DataFrame
        One row an edge that acted, sorted by edge: `edge`, `actuations`, `mean`, `max` (of the
        staleness), `fresh` (the fraction of actuations with staleness 0).

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import staleness_statistics
    >>> events = pd.DataFrame({"edge": [0, 0, 1, 0, 0], "staleness": [0, 2, 1, 0, 4]})
    >>> staleness_statistics(events)
       edge  actuations  mean  max  fresh
    0     0           4   1.5    4    0.5
    1     1           1   1.0    1    0.0
    """
    import pandas as pd

    check_frame(events, ["edge", "staleness"], "events", "staleness_statistics")
    stale = events["staleness"].groupby(events["edge"])
    fresh = (events["staleness"] == 0).groupby(events["edge"])
    table = pd.DataFrame(
        {
            "actuations": stale.size(),
            "mean": stale.mean(),
            "max": stale.max(),
            "fresh": fresh.mean(),
        }
    )
    return table.sort_index().rename_axis("edge").reset_index()


def _by_edge(events: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Edges and sense times, sorted by edge, then by sense time."""
    edge = events["edge"].to_numpy()
    sensed = events["sensed_s"].to_numpy(dtype=float)
    order = np.lexsort((sensed, edge))
    return edge[order], sensed[order]
