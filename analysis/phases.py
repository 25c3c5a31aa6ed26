"""How far the clocks of the edges are in step: their phases, and the order parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .frames import check_frame, require
from .timing import by_edge

if TYPE_CHECKING:
    import pandas as pd

#: Times at which the order parameter is evaluated by default.
TIMES = 500


def order_parameter(
    events: pd.DataFrame, times: npt.ArrayLike | None = None, period: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Return the order parameter of the clocks: 1 when all are in step, near 0 when none are.

    Of E clocks with the phases φ_e it is the length of their mean on the circle,

        r(t) = | 1/E · Σ_e exp(i φ_e(t)) |,    φ_e(t) = 2π (t - t_n) / (t_{n+1} - t_n)

    between the ticks t_n and t_{n+1} of edge e. Independent uniform phases give about
    √(π / 4E), which is 0.22 for sixteen edges.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order.
    times : array_like, optional
        When, s; by default 500 times from the first tick to the last.
    period : float or array_like, shape (E,), optional
        The nominal period T, s, of all clocks or of each, where ticks are missing (a gate below 1
        lets them pass): the phase then runs on from the last tick as 2π (t - t_n) / T. NaN, and the
        default, is of a clock whose every tick is there.

    Returns
    -------
    DataFrame
        One row a time: `time_s`, `order_parameter` (NaN where no clock has a phase), `edges` (how
        many have one: those between their first tick and their last).

    Raises
    ------
    AnalysisError
        If a column is missing, the frame is empty, or the period is not positive.

    References
    ----------
    Y. Kuramoto, Chemical Oscillations, Waves, and Turbulence (Springer, 1984).

    Examples
    --------
    Two clocks, in step at first, then opposed:

    >>> import pandas as pd
    >>> from ohmtick.analysis import order_parameter
    >>> events = pd.DataFrame(
    ...     {"edge": [0, 0, 0, 0, 1, 1, 1, 1], "sensed_s": [0, 2, 4, 6, 0, 2, 3, 5]}
    ... )
    >>> order_parameter(events, times=[1.0, 4.5]).round(6)
       time_s  order_parameter  edges
    0     1.0              1.0      2
    1     4.5              0.0      2
    """
    import pandas as pd

    where = "order_parameter"
    check_frame(events, ["edge", "sensed_s"], "events", where)
    edge, sensed = by_edge(events)
    lengths = np.asarray(np.nan if period is None else period, dtype=float)
    bad = lengths[(lengths <= 0.0) | (lengths == np.inf)].tolist()
    require(not bad, "period", where, "be positive and finite", bad[0] if bad else None)
    fits = lengths.ndim == 0 or (lengths.ndim == 1 and lengths.size > edge.max())
    require(fits, "period", where, "be one for each of the edges", f"shape {lengths.shape}")
    lengths = lengths if lengths.ndim else np.full(edge.max() + 1, lengths)
    at = np.asarray(
        np.linspace(sensed.min(), sensed.max(), TIMES) if times is None else times, dtype=float
    )
    total, count = np.zeros(at.size, dtype=complex), np.zeros(at.size, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, edge[1:] != edge[:-1]])
    for name, own in zip(edge[starts], np.split(sensed, starts[1:]), strict=True):
        ticks = np.unique(own)
        if ticks.size < 2:
            continue
        inside = (at >= ticks[0]) & (at <= ticks[-1])
        number = np.minimum(np.searchsorted(ticks, at[inside], side="right"), ticks.size - 1)
        length = np.diff(ticks)[number - 1] if np.isnan(lengths[name]) else lengths[name]
        total[inside] += np.exp(2j * np.pi * (at[inside] - ticks[number - 1]) / length)
        count[inside] += 1
    with np.errstate(invalid="ignore"):
        order = np.abs(total) / count
    return pd.DataFrame({"time_s": at, "order_parameter": order, "edges": count})
