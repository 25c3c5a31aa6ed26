"""What seeds say, and how surely: bootstrap intervals, paired comparisons, thresholds.

Runs of one seed share their network, their start and their draws, whatever else differs. So the
seeds are the sample: they are drawn again, with replacement, and each brings its results in all
cells along. Intervals are percentiles of the statistic over the resamples. Those of a median or a
geometric mean hold the truth as often as they say; those of the mean of a long-tailed sample fall
short (of 60 log-normal values, 95 % becomes 88 %), so the median is the default.

Values are arrays, one number a seed; infinities are welcome (a time that was never reached). A
`statistic` is ``"median"``, ``"mean"``, ``"geometric_mean"``, or a function of an array and its
`axis`; `confidence` is the level of the interval, and `seed` draws the `resamples`. NaN, no value
at all, numbers of values that differ, an unknown statistic, and a level outside (0, 1) raise an
AnalysisError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .frames import require
from .resampling import (
    CONFIDENCE,
    RESAMPLES,
    FloatArray,
    Statistic,
    interval_of,
    seeds_of,
    statistic_of,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A number, the ends of the interval in which it may lie, and how many seeds it rests on."""

    value: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison(Estimate):
    """An estimate of how far one cell is from another, seed by seed."""

    lower: float
    """Fraction of the seeds whose value is below the reference's; ties count half."""
    p_value: float
    """Of Wilcoxon's signed-rank test that what is compared is symmetric about none: the seeds'
    differences about zero, or for a ratio their log-ratios. NaN where no seed differs, or where a
    value is negative and has no logarithm."""


def bootstrap(
    values: npt.ArrayLike,
    statistic: Statistic = "median",
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of the seeds' values, shape (S,), and its bootstrap interval.

    References
    ----------
    Efron, Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Examples
    --------
    >>> bootstrap([1.0, 2.0, 3.0, 4.0, 10.0], resamples=999)
    Estimate(value=3.0, low=1.0, high=10.0, seeds=5)
    """
    where = "bootstrap"
    sample = seeds_of(values, "values", where)
    take = statistic_of(statistic, where)
    low, high = interval_of(take, [sample], confidence, resamples, seed, where)
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
    """Compare one cell with another, of the same seeds in the same order, shape (S,).

    By the ``"ratio"`` or ``"difference"`` `of` the two statistics; or the statistic of each seed's
    own ``"ratios"`` or ``"differences"``. Ratios are taken to what is positive only.

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
    sample, base = seeds_of(values, "values", where), seeds_of(reference, "reference", where)
    rule = f"have one value for each of the {sample.size} seeds"
    require(sample.size == base.size, "reference", where, rule, base.size)
    take = statistic_of(statistic, where)
    effects: dict[str, Callable[..., Any]] = {
        "ratio": lambda a, b, axis: take(a, axis=axis) / take(b, axis=axis),
        "difference": lambda a, b, axis: take(a, axis=axis) - take(b, axis=axis),
        "ratios": lambda a, b, axis: take(a / b, axis=axis),
        "differences": lambda a, b, axis: take(a - b, axis=axis),
    }
    require(of in effects, "of", where, f"be one of {', '.join(effects)}", repr(of))
    positive = not of.startswith("ratio") or (base > 0.0).all()
    require(positive, "reference", where, "be positive for a ratio", base.min())
    effect = effects[of]
    low, high = interval_of(effect, [sample, base], confidence, resamples, seed, where)
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
    """Return Spearman's rank correlation of pairs, shape (S,), and its bootstrap interval.

    Examples
    --------
    >>> rank_correlation([1.0, 2.0, 3.0], [1.0, 10.0, 100.0]).value
    1.0
    """
    where = "rank_correlation"
    pairs = [seeds_of(x, "x", where), seeds_of(y, "y", where)]
    rule = f"have one value for each of the {pairs[0].size} of x"
    require(pairs[0].size == pairs[1].size, "y", where, rule, pairs[1].size)
    low, high = interval_of(_spearman, pairs, confidence, resamples, seed, where)
    value = float(_spearman(pairs[0], pairs[1], axis=-1))
    return Estimate(value=value, low=low, high=high, seeds=pairs[0].size)


def tabulated(
    found: Mapping[Any, Estimate], keys: list[str], more: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return estimates by the values of some keys, tuples, as a table.

    Columns are the keys, ``value``, ``low``, ``high``, ``seeds``, and `more` of their attributes.
    """
    import pandas as pd

    names = ["value", "low", "high", "seeds", *more]
    rows = [(*key, *(getattr(each, name) for name in names)) for key, each in found.items()]
    return pd.DataFrame(rows, columns=[*keys, *names])


def _spearman(x: FloatArray, y: FloatArray, axis: int) -> Any:
    from scipy.stats import rankdata

    ranks = [rankdata(each, axis=axis) for each in (x, y)]
    a, b = (each - each.mean(axis=axis, keepdims=True) for each in ranks)
    spread = np.sqrt((a * a).sum(axis=axis) * (b * b).sum(axis=axis))
    with np.errstate(invalid="ignore"):  # where all are equal
        return np.clip((a * b).sum(axis=axis) / spread, -1.0, 1.0)


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
