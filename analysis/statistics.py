"""What seeds say, and how surely: bootstrap intervals, paired comparisons, thresholds.

Runs of one seed share their network, their start and their draws, whatever else differs. So the
seeds are the sample: they are drawn again, with replacement, and each brings its results in all
cells along. Intervals are percentiles of the statistic over the resamples. Those of a median or a
geometric mean hold the truth as often as they say; those of the mean of a long-tailed sample fall
short (of 60 log-normal values, 95 % becomes 88 %), so the median is the default.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from ..engine.errors import AnalysisError, nearest
from .frames import refusal

FloatArray = npt.NDArray[np.float64]
#: A statistic of its own takes an array and the axis to do away with, as NumPy's do.
Statistic = Literal["median", "mean", "geometric_mean"] | Callable[..., Any]

CONFIDENCE = 0.95
RESAMPLES = 9999
#: Resamples held in memory at a time.
BATCH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A number, and the interval in which it may lie.

    Attributes
    ----------
    value : float
        Of the seeds that were run.
    low, high : float
        Ends of the interval.
    seeds : int
        How many seeds it rests on.
    """

    value: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison(Estimate):
    """An estimate of how far one cell is from another, seed by seed.

    Attributes
    ----------
    lower : float
        Fraction of the seeds whose value is below the reference's; ties count half.
    p_value : float
        Of Wilcoxon's signed-rank test that what is compared is symmetric about none: the seeds'
        differences about zero, or for a ratio their log-ratios. NaN where no seed differs, or where
        a value is negative and has no logarithm.
    """

    lower: float
    p_value: float


def geometric_mean(values: npt.ArrayLike, axis: int = -1) -> Any:
    """Return exp of the mean logarithm; 0 where any value is 0, NaN where any is negative."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.exp(np.mean(np.log(values), axis=axis))


STATISTICS: dict[str, Callable[..., Any]] = {
    "median": np.median,
    "mean": np.mean,
    "geometric_mean": geometric_mean,
}


def bootstrap(
    values: npt.ArrayLike,
    statistic: Statistic = "median",
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of the seeds' values, and its bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (S,)
        One value a seed; infinities are welcome (a time that was never reached), NaN is not.
    statistic
        ``"median"``, ``"mean"``, ``"geometric_mean"``, or a function of an array and its `axis`.
    confidence, resamples, seed
        Level of the interval, number of resamples, and the seed that draws them.

    Raises
    ------
    AnalysisError
        For a NaN, no value at all, an unknown statistic, or a level outside (0, 1).

    References
    ----------
    Efron, Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Examples
    --------
    >>> bootstrap([1.0, 2.0, 3.0, 4.0, 10.0], resamples=999)
    Estimate(value=3.0, low=1.0, high=10.0, seeds=5)
    """
    where = "bootstrap"
    sample = _seeds(values, "values", where)
    take = _statistic(statistic, where)
    low, high = _interval(take, [sample], confidence, resamples, seed, where)
    return Estimate(value=float(take(sample, axis=-1)), low=low, high=high, seeds=sample.size)


def compare(
    values: npt.ArrayLike,
    reference: npt.ArrayLike,
    of: Literal["ratio", "difference", "ratios", "differences"] = "ratio",
    statistic: Statistic = "median",
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare one cell with another, paired by seed.

    Parameters
    ----------
    values, reference : array_like, shape (S,)
        The same seeds in the same order.
    of
        ``"ratio"`` or ``"difference"`` of the two statistics; or the statistic of each seed's own
        ``"ratios"`` or ``"differences"``.
    statistic, confidence, resamples, seed
        As for `bootstrap`.

    Raises
    ------
    AnalysisError
        As for `bootstrap`; and where the numbers of seeds differ, or a ratio is asked to what is
        not positive.

    References
    ----------
    Wilcoxon, Biometrics Bulletin 1, 80 (1945), for the test.

    Examples
    --------
    >>> better = compare([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], "ratios", resamples=999)
    >>> better.value, better.high, better.lower
    (0.5, 0.5, 1.0)
    """
    where = "compare"
    sample, base = _seeds(values, "values", where), _seeds(reference, "reference", where)
    if sample.size != base.size:
        rule = f"have one value for each of the {sample.size} seeds"
        raise AnalysisError(refusal("reference", where, rule, base.size))
    take = _statistic(statistic, where)
    effects: dict[str, Callable[..., Any]] = {
        "ratio": lambda a, b, axis: take(a, axis=axis) / take(b, axis=axis),
        "difference": lambda a, b, axis: take(a, axis=axis) - take(b, axis=axis),
        "ratios": lambda a, b, axis: take(a / b, axis=axis),
        "differences": lambda a, b, axis: take(a - b, axis=axis),
    }
    if of not in effects:
        raise AnalysisError(refusal("of", where, f"be one of {', '.join(effects)}", repr(of)))
    if of.startswith("ratio") and not (base > 0.0).all():
        raise AnalysisError(refusal("reference", where, "be positive for a ratio", base.min()))
    effect = effects[of]
    low, high = _interval(effect, [sample, base], confidence, resamples, seed, where)
    with np.errstate(invalid="ignore"):  # two infinities have no ratio
        value = float(effect(sample, base, axis=-1))
    return Comparison(
        value=value,
        low=low,
        high=high,
        seeds=sample.size,
        lower=float(np.mean((sample < base) + 0.5 * (sample == base))),
        p_value=_signed_rank(sample, base, logs=of.startswith("ratio")),
    )


def rank_correlation(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = 999,
    seed: int = 0,
) -> Estimate:
    """Return Spearman's rank correlation of pairs, and its bootstrap interval.

    Parameters
    ----------
    x, y : array_like, shape (S,)
        Pairs of numbers; infinities are welcome.
    confidence, resamples, seed
        As for `bootstrap`.

    Raises
    ------
    AnalysisError
        For a NaN, or numbers of values that differ.

    Examples
    --------
    >>> rank_correlation([1.0, 2.0, 3.0], [1.0, 10.0, 100.0]).value
    1.0
    """
    where = "rank_correlation"
    pairs = [_seeds(x, "x", where), _seeds(y, "y", where)]
    if pairs[0].size != pairs[1].size:
        rule = f"have one value for each of the {pairs[0].size} of x"
        raise AnalysisError(refusal("y", where, rule, pairs[1].size))
    low, high = _interval(_spearman, pairs, confidence, resamples, seed, where)
    value = float(_spearman(pairs[0], pairs[1], axis=-1))
    return Estimate(value=value, low=low, high=high, seeds=pairs[0].size)


def _spearman(x: FloatArray, y: FloatArray, axis: int) -> Any:
    from scipy.stats import rankdata

    ranks = [rankdata(each, axis=axis) for each in (x, y)]
    a, b = (each - each.mean(axis=axis, keepdims=True) for each in ranks)
    spread = np.sqrt((a * a).sum(axis=axis) * (b * b).sum(axis=axis))
    with np.errstate(invalid="ignore"):  # where all are equal
        return np.clip((a * b).sum(axis=axis) / spread, -1.0, 1.0)


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
    statistic, confidence, resamples, seed
        As for `bootstrap`.
    scale
        Whether levels are interpolated as they are, or in their logarithm (where both levels are
        positive).

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
    if not (factor > 0.0 and np.isfinite(factor) and factor != 1.0):
        raise AnalysisError(refusal("factor", where, "be positive and not 1", factor))
    start = int(np.argmin(at)) if reference is None else _place(at, reference, where)
    downwards = at[start] == at.max()
    beyond = at <= at[start] if downwards else at >= at[start]
    path = np.flatnonzero(beyond)
    path = path[np.argsort(at[path])]
    path = path[::-1] if downwards else path
    take = _statistic(statistic, where)
    if not 0.0 < (base := float(take(rows[start], axis=-1))) < np.inf:
        raise AnalysisError(
            refusal("values", where, "be positive and finite at the reference", base)
        )

    def crossing(*seeds: FloatArray, axis: int) -> FloatArray:
        curve = np.stack([np.asarray(take(each, axis=axis)) for each in seeds])
        return _crossing(at[path], curve, factor, scale)

    followed = list(rows[path])
    low, high = _interval(crossing, followed, confidence, resamples, seed, where)
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


def _interval(
    statistic: Callable[..., Any],
    samples: Sequence[FloatArray],
    confidence: float,
    resamples: int,
    seed: int,
    where: str,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic of samples that are paired by seed."""
    from scipy import stats  # here: it takes long to import

    if not 0.0 < confidence < 1.0:
        raise AnalysisError(refusal("confidence", where, "be in (0, 1)", confidence))
    if samples[0].size < 2:
        return float("nan"), float("nan")
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore")  # of what SciPy makes of infinities; its interval is unused
        spread = stats.bootstrap(
            tuple(samples),
            partial(_at_axis, statistic),
            n_resamples=resamples,
            batch=min(BATCH, resamples),
            vectorized=True,
            paired=len(samples) > 1,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).bootstrap_distribution
    spread = spread[~np.isnan(spread)]
    if not spread.size:
        return float("nan"), float("nan")
    tail = (1.0 - confidence) / 2.0
    # Values that occurred, since between two infinities there is nothing.
    ends = np.quantile(spread, [tail, 1.0 - tail], method="inverted_cdf")
    return float(ends[0]), float(ends[1])


def _at_axis(statistic: Callable[..., Any], *samples: FloatArray, axis: int = -1) -> Any:
    return statistic(*samples, axis=axis)


def _signed_rank(values: FloatArray, reference: FloatArray, *, logs: bool) -> float:
    """Return the p-value of the differences of all pairs that differ, or of their logarithms."""
    from scipy import stats

    differ = values != reference  # two infinities are equal, and have no difference
    pair = np.stack([values[differ], reference[differ]])
    if logs:
        with np.errstate(divide="ignore", invalid="ignore"):
            pair = np.log(pair)
    if not differ.any() or np.isnan(pair).any():
        return float("nan")
    ends = np.finfo(np.float64).max / 4
    return float(stats.wilcoxon(np.subtract(*np.clip(pair, -ends, ends))).pvalue)


def _statistic(statistic: Statistic, where: str) -> Callable[..., Any]:
    if callable(statistic):
        return statistic
    if statistic not in STATISTICS:
        rule = f"be one of {', '.join(STATISTICS)}, or a function"
        hint = nearest(str(statistic), STATISTICS)
        raise AnalysisError(refusal("statistic", where, rule, repr(statistic)) + f"; {hint}")
    return STATISTICS[statistic]


def _seeds(values: npt.ArrayLike, name: str, where: str) -> FloatArray:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not sample.size:
        got = f"an array of shape {sample.shape}"
        raise AnalysisError(refusal(name, where, "have one value a seed", got))
    if np.isnan(sample).any():
        got = f"NaN at {int(np.isnan(sample).argmax())}"
        raise AnalysisError(refusal(name, where, "be numbers", got))
    return sample


def _curve(
    levels: npt.ArrayLike, values: npt.ArrayLike, where: str
) -> tuple[FloatArray, FloatArray]:
    at = np.asarray(levels, dtype=np.float64)
    rows = np.asarray(values, dtype=np.float64)
    if at.ndim != 1 or at.size < 2 or not np.isfinite(at).all() or np.unique(at).size < at.size:
        raise AnalysisError(refusal("levels", where, "be at least two different numbers", levels))
    if rows.ndim != 2 or rows.shape[0] != at.size or not rows.shape[1]:
        rule = f"have a row for each of the {at.size} levels and a column a seed"
        raise AnalysisError(refusal("values", where, rule, f"an array of shape {rows.shape}"))
    if np.isnan(rows).any():
        level = at[int(np.isnan(rows).any(axis=1).argmax())]
        raise AnalysisError(refusal("values", where, "be numbers", f"NaN at level {level:g}"))
    return at, rows


def _place(levels: FloatArray, reference: float, where: str) -> int:
    places = np.flatnonzero(levels == reference)
    if not places.size:
        known = ", ".join(f"{level:g}" for level in cast("list[float]", levels.tolist()))
        raise AnalysisError(refusal("reference", where, f"be one of {known}", reference))
    return int(places[0])
