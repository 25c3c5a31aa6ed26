"""Seeds drawn again: statistics of samples, and the percentile interval of any of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..engine.errors import AnalysisError, nearest
from .frames import refusal, require

FloatArray = npt.NDArray[np.float64]
#: A statistic of its own takes an array and the axis to do away with, as NumPy's do.
Statistic = Literal["median", "mean", "geometric_mean"] | Callable[..., Any]

CONFIDENCE = 0.95
RESAMPLES = 9999
#: Resamples held in memory at a time.
BATCH = 1000


def geometric_mean(values: npt.ArrayLike, axis: int = -1) -> Any:
    """Return exp of the mean logarithm; 0 where any value is 0, NaN where any is negative."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.exp(np.mean(np.log(values), axis=axis))


STATISTICS: dict[str, Callable[..., Any]] = {
    "median": np.median,
    "mean": np.mean,
    "geometric_mean": geometric_mean,
}


def statistic_of(statistic: Statistic, where: str) -> Callable[..., Any]:
    """Return a statistic by its name; a function is one already."""
    if callable(statistic):
        return statistic
    if statistic not in STATISTICS:
        rule = f"be one of {', '.join(STATISTICS)}, or a function"
        hint = nearest(str(statistic), STATISTICS)
        raise AnalysisError(refusal("statistic", where, rule, repr(statistic)) + f"; {hint}")
    return STATISTICS[statistic]


def seeds_of(values: npt.ArrayLike, name: str, where: str) -> FloatArray:
    """Return one number a seed, shape (S,); refuse NaN, and no number at all."""
    sample = np.asarray(values, dtype=np.float64)
    got = f"an array of shape {sample.shape}"
    require(sample.ndim == 1 and sample.size, name, where, "have one value a seed", got)
    unknown = np.isnan(sample)
    require(not unknown.any(), name, where, "be numbers", f"NaN at {int(unknown.argmax())}")
    return sample


def interval_of(
    statistic: Callable[..., Any],
    samples: Sequence[FloatArray],
    confidence: float,
    resamples: int,
    seed: int,
    where: str,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic of samples that are paired by seed."""
    from scipy import stats  # here: it takes long to import

    require(0.0 < confidence < 1.0, "confidence", where, "be in (0, 1)", confidence)
    if samples[0].size < 2:
        return float("nan"), float("nan")
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore")  # of what SciPy makes of infinities; its interval is unused
        spread = stats.bootstrap(
            tuple(samples),
            lambda *drawn, axis=-1: statistic(*drawn, axis=axis),
            n_resamples=resamples,
            batch=min(BATCH, resamples),
            vectorized=True,
            paired=len(samples) > 1,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).bootstrap_distribution
    return ends_of(spread, confidence)


def ends_of(spread: FloatArray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the ends of the percentile interval of resampled values; NaN is left out."""
    known = spread[~np.isnan(spread)]
    if not known.size:
        return float("nan"), float("nan")
    tail = (1.0 - confidence) / 2.0
    # Values that occurred, since between two infinities there is nothing.
    low, high = np.quantile(known, [tail, 1.0 - tail], method="inverted_cdf").tolist()
    return low, high
