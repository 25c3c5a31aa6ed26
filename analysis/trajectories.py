"""Where the resistors went: paths in the space of conductances, and what can be said of them.

A path is an array of shape (T, E): the conductance of each edge, or any other coordinate of it, at
T times. `path` makes one from the events of a run; the other functions take any path, in any unit,
and lags and periods in its samples. For potentiometers the natural coordinate is the position:
`positions`, or `steps` of resistance. What is no matrix, or out of range, raises an AnalysisError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .frames import check_ascending, check_frame, require, whole_numbers

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitCycle:
    """A path that repeats itself until its end."""

    period: int
    """In samples of the path; 1 for one that stands still."""
    onset: int
    """The sample from which on it repeats."""
    states: int
    """Different states in the cycle; fewer than `period` where one is visited twice."""


def path(
    events: pd.DataFrame,
    initial: npt.ArrayLike,
    times: npt.ArrayLike,
    cuts: npt.ArrayLike | None = None,
) -> FloatArray:
    """Return the conductances of all edges, S, at given times, shape (T, E).

    Parameters
    ----------
    events : DataFrame
        Events of one run, in order.
    initial : array_like, shape (E,)
        The first conductances, S: ``run.edges["conductance_start_S"]``.
    times : array_like, shape (T,)
        When, s, ascending. What is written at just this time has happened.
    cuts : array_like, shape (E,), optional
        When each edge was cut, s: ``run.cuts``. From then on it conducts nothing; NaN, and the
        default, for one that was not cut.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import trajectories
    >>> events = pd.DataFrame(
    ...     {"time_s": [1.0, 2.0], "edge": [1, 0], "conductance_after_S": [0.5, 2.0]}
    ... )
    >>> trajectories.path(events, initial=[1.0, 1.0], times=[0.0, 1.0, 3.0]).tolist()
    [[1.0, 1.0], [1.0, 0.5], [2.0, 0.5]]
    """
    where = "path"
    at, start = np.asarray(times, dtype=float), np.asarray(initial, dtype=float)
    require(at.ndim == 1 and at.size, "times", where, "be a list of at least one time", times)
    check_ascending(at, "times", where)
    values = np.tile(start, (at.size, 1))
    if len(events):
        columns = ["time_s", "edge", "conductance_after_S"]
        check_frame(events, columns, "events", where)
        time, edge, after = (events[name].to_numpy() for name in columns)
        check_ascending(time, "events", where, " by time_s (one run at a time)")
        rule = f"have a value for edge {edge.max()}"
        require(edge.max() < start.size, "initial", where, rule, start.size)
        rows = events.groupby("edge").indices
        for number, first in enumerate(start):
            if (own := rows.get(number)) is not None:
                written = np.r_[first, after[own]]
                values[:, number] = written[np.searchsorted(time[own], at, side="right")]
    if cuts is not None:
        cut = np.asarray(cuts, dtype=float)
        require(cut.shape == start.shape, "cuts", where, f"be {start.size} times", cut.shape)
        values[at[:, None] >= cut] = 0.0
    return values


def steps(path: npt.ArrayLike, step_ohm: float) -> FloatArray:
    """Return the resistances of a path, S, in steps of a potentiometer, shape (T, E).

    A step is the full scale over the positions, Ω. Whole numbers, to rounding, where the spacing is
    linear; they are rounded where they are that close to one, so that a path which returns does so
    exactly.
    """
    require(step_ohm > 0.0, "step_ohm", "steps", "be positive", step_ohm)
    return _whole(1.0 / (_path(path, "steps") * step_ohm))


def positions(path: npt.ArrayLike, count: int, full_scale: float, spacing: str) -> FloatArray:
    """Return the positions of potentiometers along a path, S, counted from 1, shape (T, E).

    Of `count` positions the last one has the resistance `full_scale`, Ω. The spacing is
    ``"linear"`` or ``"logarithmic"``, as of a scenario's ``digital_potentiometer``. Rounded as by
    `steps`.

    Examples
    --------
    >>> from ohmtick.analysis import trajectories
    >>> trajectories.positions([[1 / 9.0, 1 / 3.0]], 3, 9.0, "logarithmic").tolist()
    [[3.0, 1.0]]
    """
    if spacing == "linear":
        return steps(path, full_scale / count)
    rule = "be 'linear' or 'logarithmic'"
    require(spacing == "logarithmic", "spacing", "positions", rule, repr(spacing))
    # R = full_scale * count ** -((count - position) / (count - 1))
    below = -np.log(_path(path, "positions") * full_scale) / np.log(count)
    return _whole(count + (count - 1) * below)


def _whole(places: FloatArray) -> FloatArray:
    whole = np.rint(places)
    return np.where(np.abs(places - whole) <= 1e-9 * whole, whole, places)


def displacement(path: npt.ArrayLike, lags: npt.ArrayLike) -> pd.DataFrame:
    """Mean squared displacement of a path against lag.

    ``msd(n) = < Σ_e (x_e(t + n) - x_e(t))² >``, averaged over all times t of the path.

    Returns
    -------
    DataFrame
        One row a lag, each at least 1 and less than T: `lag` (samples), `msd` (the path's unit
        squared, summed over edges), `pairs` (how many were averaged; they overlap, so that about
        T / lag are independent).

    Examples
    --------
    A path that jumps to and fro is where it was after two samples:

    >>> from ohmtick.analysis import trajectories
    >>> trajectories.displacement([[0.0], [3.0], [0.0], [3.0]], lags=[1, 2])
       lag  msd  pairs
    0    1  9.0      3
    1    2  0.0      2
    """
    import pandas as pd

    where = "displacement"
    x = _path(path, where)
    apart = whole_numbers(lags, len(x) - 1, "lags", where, f"{len(x)} samples")
    rows = []
    for lag in apart:
        moved = x[lag:] - x[:-lag]
        rows.append((lag, float(np.einsum("te,te->", moved, moved) / len(moved)), len(moved)))
    return pd.DataFrame(rows, columns=["lag", "msd", "pairs"])


def limit_cycle(path: npt.ArrayLike, longest: int | None = None) -> LimitCycle | None:
    """Find the cycle that a path ends in.

    The period is the smallest P, up to the longest that is looked for and a third of the path, for
    which the last 2 P samples, at least, repeat with it, bit for bit; None where there is none. A
    deterministic network with one datum that has been in a state twice is in a cycle; of one that
    draws at random this finds only what it happens to do.

    Examples
    --------
    >>> from ohmtick.analysis import trajectories
    >>> trajectories.limit_cycle([[9], [5], [1], [2], [1], [2], [1], [2]])
    LimitCycle(period=2, onset=2, states=2)
    """
    state = _states(_path(path, "limit_cycle"))
    count = state.size
    most = count // 3 if longest is None else min(longest, count // 3)
    for period in range(1, most + 1):
        if state[-1] != state[-1 - period]:
            continue
        differs = np.flatnonzero(state[period:] != state[:-period])
        onset = int(differs[-1]) + 1 if differs.size else 0
        if count - onset >= 3 * period:
            cycle = state[count - period :]
            return LimitCycle(period=period, onset=onset, states=int(np.unique(cycle).size))
    return None


def distinct_states(path: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return how many different states a path has visited up to each sample, shape (T,).

    Examples
    --------
    >>> from ohmtick.analysis import trajectories
    >>> trajectories.distinct_states([[1, 1], [1, 2], [1, 1], [2, 2]]).tolist()
    [1, 2, 2, 3]
    """
    state = _states(_path(path, "distinct_states"))
    new = np.zeros(state.size, dtype=np.int64)
    new[np.unique(state, return_index=True)[1]] = 1
    return np.cumsum(new)


def effective_dimension(path: npt.ArrayLike) -> float:
    """Return in how many directions a path spreads, between 1 and E.

    The participation ratio ``(Σ λ)² / Σ λ²`` of the eigenvalues λ of the covariance of its
    samples: n when it spreads alike in n directions. 0 for a path that stands still.

    Examples
    --------
    >>> from ohmtick.analysis import trajectories
    >>> trajectories.effective_dimension([[1, 0, 5], [-1, 0, 5], [0, 1, 5], [0, -1, 5]])
    2.0
    """
    x = _path(path, "effective_dimension")
    centred = x - x.mean(axis=0)
    # The traces of C and of C², with C on the smaller of the two sides.
    product = centred @ centred.T if len(x) < x.shape[1] else centred.T @ centred
    total, squares = float(np.trace(product)), float(np.sum(product * product))
    return total * total / squares if squares > 0.0 else 0.0


def invariant(path: npt.ArrayLike) -> FloatArray:
    """Return ``Σ_e k_e²`` at each sample, relative to the first, shape (T,).

    Coupled learning keeps it at small nudge: ``Σ k dk = α / 2η (P_free - P_clamped)``, with P the
    dissipated powers, and the free state is that of the least power, so that a nudge η changes it
    by an amount of order η² only. At any nudge P_clamped >= P_free, and it can only fall.

    Examples
    --------
    >>> from ohmtick.analysis import trajectories
    >>> trajectories.invariant([[3.0, 4.0], [5.0, 0.0], [0.0, 10.0]]).tolist()
    [1.0, 1.0, 4.0]
    """
    k = _path(path, "invariant")
    total = np.einsum("te,te->t", k, k)
    return np.asarray(total / total[0])


def _path(path: npt.ArrayLike, where: str) -> FloatArray:
    x = np.asarray(path, dtype=float)
    got = f"an array of shape {x.shape}"
    require(x.ndim == 2 and x.size, "path", where, "be a matrix, a row a time", got)
    return x


def _states(x: FloatArray) -> npt.NDArray[np.int64]:
    """Return a number for each row, the same for the same rows."""
    return np.asarray(np.unique(x, axis=0, return_inverse=True)[1], dtype=np.int64).reshape(-1)
