"""How steady the clocks of the edges are: the Allan deviation, of one clock and of all.

Fewer than three ticks, times that are not finite or not in order, a period that is not positive and
a factor out of range raise an AnalysisError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .frames import check_ascending, check_frame, require, whole_numbers

if TYPE_CHECKING:
    import pandas as pd


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
    rule = "be one-dimensional with at least 3 ticks"
    found = f"an array of shape {ticks.shape}"
    require(ticks.ndim == 1 and ticks.size >= 3, "times", where, rule, found)
    endless = ticks[~np.isfinite(ticks)].tolist()
    require(not endless, "times", where, "be finite", endless[0] if endless else None)
    check_ascending(ticks, "times", where)
    require(0.0 < period < np.inf, "period", where, "be positive and finite", period)
    largest = (ticks.size - 1) // 2
    steps = [2**power for power in range(largest.bit_length())]
    if factors is not None:
        steps = whole_numbers(factors, largest, "factors", where, f"{ticks.size} ticks")
    phase = ticks - period * np.arange(ticks.size)
    rows = []
    for m in steps:
        second = phase[2 * m :] - 2.0 * phase[m:-m] + phase[: -2 * m]
        deviation = float(np.sqrt(np.mean(second**2) / 2.0) / (m * period))
        rows.append((m * period, deviation, second.size))
    return pd.DataFrame(rows, columns=["tau_s", "allan_deviation", "pairs"])


def allan_deviations(events: pd.DataFrame, period: float | None = None) -> pd.DataFrame:
    """Allan deviation of the clock of every edge, from the ticks that it acted on.

    Every tick must have been acted on: one that is missing looks like a jump of the phase, so a run
    with a gate below 1 has no Allan deviation. The nominal period, s, is by default the median
    interval of all edges. Needs `edge` and `sensed_s` of the events of one run, in any order.

    Returns
    -------
    DataFrame
        One row an edge of three ticks or more and averaging time, sorted by both: `edge`, and the
        columns of `allan_deviation`.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import allan_deviations
    >>> events = pd.DataFrame({"edge": 0, "sensed_s": [0.0, 2.0, 5.0, 6.0, 8.0]})
    >>> allan_deviations(events, period=2.0)
       edge  tau_s  allan_deviation  pairs
    0     0    2.0         0.500000      3
    1     0    4.0         0.353553      1
    """
    import pandas as pd

    where = "allan_deviations"
    check_frame(events, ["edge", "sensed_s"], "events", where)
    clocks = {
        edge: np.sort(own.to_numpy(dtype=float))
        for edge, own in events.groupby("edge")["sensed_s"]
        if own.size >= 3
    }
    require(clocks, "events", where, "hold three ticks of an edge", "fewer")
    if period is None:
        period = float(np.median(np.concatenate([np.diff(ticks) for ticks in clocks.values()])))
    tables = {edge: allan_deviation(ticks, period) for edge, ticks in clocks.items()}
    return pd.concat(tables, names=["edge"]).reset_index("edge").reset_index(drop=True)
