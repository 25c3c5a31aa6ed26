"""Where a response crosses a multiple of what it is at the reference, and how surely."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from .frames import require
from .resampling import CONFIDENCE, RESAMPLES, FloatArray, Statistic, interval_of, statistic_of
from .statistics import Estimate


def threshold(
    levels: npt.ArrayLike,
    values: npt.ArrayLike,
    factor: float = 2.0,
    *,
    reference: float | None = None,
    statistic: Statistic = "median",
    scale: Literal["linear", "log"] = "linear",
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Return the level at which a response first is `factor` times what it is at the reference.

    The response curve, the statistic over the seeds at each level, is followed from the reference
    on: upwards, or downwards where the reference is the largest level. Between the last level
    short of the factor and the first one past it the logarithm of the response is interpolated.

    Parameters
    ----------
    levels : array_like, shape (L,)
        Values of the parameter, each different, in any order.
    values : array_like, shape (L, S)
        What came of each level (row) with each seed (column).
    factor
        Above 1 the curve has to rise, below 1 to fall.
    reference
        The level to compare with; the smallest by default.
    scale
        Whether levels are interpolated as they are, or in their logarithm (where both levels are
        positive).
    statistic, confidence, resamples, seed
        As in `~ohmtick.analysis.statistics`.

    Returns
    -------
    Estimate
        Infinite (negative where the curve was followed downwards) where the factor is not met
        within the levels: the threshold, or an end of its interval, lies beyond them.

    Raises
    ------
    AnalysisError
        As for `bootstrap`; and for fewer than two levels, levels that are not finite or not
        different, a reference that is none of them, a response that is not positive there, or a
        factor that is not positive, or 1.

    Examples
    --------
    >>> found = threshold([0.0, 0.1, 0.2], [[1.0, 1.0], [1.0, 1.0], [4.0, 4.0]], resamples=99)
    >>> round(found.value, 3), round(found.low, 3)
    (0.15, 0.15)
    """
    where = "threshold"
    at, rows = _curve(levels, values, where)
    sound = 0.0 < factor < np.inf and factor != 1.0
    require(sound, "factor", where, "be positive and not 1", factor)
    start = int(np.argmin(at)) if reference is None else _place(at, reference, where)
    order = np.argsort(at)
    path = order[::-1] if start == order[-1] else order[at[order] >= at[start]]
    take = statistic_of(statistic, where)
    base = float(take(rows[start], axis=-1))
    rule = "be positive and finite at the reference"
    require(0.0 < base < np.inf, "values", where, rule, base)

    def crossing(*seeds: FloatArray, axis: int) -> FloatArray:
        curve = np.stack([np.asarray(take(each, axis=axis)) for each in seeds])
        return _crossing(at[path], curve, factor, scale)

    followed = list(rows[path])
    low, high = interval_of(crossing, followed, confidence, resamples, seed, where)
    value = float(crossing(*followed, axis=-1))
    return Estimate(value=value, low=low, high=high, seeds=rows.shape[1])


def _crossing(
    levels: FloatArray, curve: FloatArray, factor: float, scale: Literal["linear", "log"]
) -> FloatArray:
    """Return where curves (L, ...) first are `factor` times their first value, shape (...)."""
    outside = np.inf if levels.size < 2 or levels[1] > levels[0] else -np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        # How far along to the factor, in logarithms: 0 at the reference, 1 where it is met.
        along = np.log(curve / curve[0]) / np.log(factor)
        met = along >= 1.0
        place = np.where(met.any(axis=0), met.argmax(axis=0), 1)
        here, before = (np.take_along_axis(along, p[None], 0)[0] for p in (place, place - 1))
        part = np.where(np.isneginf(before), 1.0, (1.0 - before) / (here - before))
        to, since = levels[place], levels[place - 1]
        between = since + part * (to - since)
        if scale == "log":
            ratio = np.where((to > 0) & (since > 0), to / since, np.nan)
            between = np.where(np.isnan(ratio), between, since * ratio**part)
    # Of seeds among which the reference is nothing or endless there is no threshold.
    stands = (curve[0] > 0.0) & (curve[0] < np.inf)
    return np.where(stands, np.where(met.any(axis=0), between, outside), np.nan)


def _curve(
    levels: npt.ArrayLike, values: npt.ArrayLike, where: str
) -> tuple[FloatArray, FloatArray]:
    at = np.asarray(levels, dtype=np.float64)
    rows = np.asarray(values, dtype=np.float64)
    apart = at.ndim == 1 and np.isfinite(at).all() and np.unique(at).size == at.size
    rule = "be at least two different numbers"
    require(apart and at.size >= 2, "levels", where, rule, levels)
    rule = f"have a row for each of the {at.size} levels and a column a seed"
    fits = rows.ndim == 2 and rows.shape[0] == at.size and rows.shape[1]
    require(fits, "values", where, rule, f"an array of shape {rows.shape}")
    unknown = np.isnan(rows).any(axis=1)
    got = f"NaN at level {at[unknown.argmax()]:g}"
    require(not unknown.any(), "values", where, "be numbers", got)
    return at, rows


def _place(levels: FloatArray, reference: float, where: str) -> int:
    places = np.flatnonzero(levels == reference)
    known = ", ".join(f"{level:g}" for level in cast("list[float]", levels.tolist()))
    require(places.size, "reference", where, f"be one of {known}", reference)
    return int(places[0])
