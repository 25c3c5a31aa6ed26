"""From the tables of studies to numbers with intervals, the seeds being the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..resampling import CONFIDENCE, ends_of
from ..statistics import Comparison, Estimate, compare

if TYPE_CHECKING:
    import pandas as pd


def proportion(hits: Iterable[object]) -> Estimate:
    """Return the fraction that is true, and its Clopper-Pearson interval."""
    from scipy.stats import binomtest

    flags = np.asarray(list(hits), dtype=bool)
    found = binomtest(int(flags.sum()), flags.size)
    ends = found.proportion_ci(CONFIDENCE, method="exact")
    return Estimate(value=float(flags.mean()), low=ends.low, high=ends.high, seeds=flags.size)


def ratios(wide: pd.DataFrame, reference: str) -> dict[str, Comparison]:
    """Return the ratio of each column to one of them, paired by seed."""
    return {label: ratio(wide[label], wide[reference]) for label in wide.columns.drop(reference)}


def seeds_that(runs: pd.DataFrame, flags: pd.Series) -> Estimate:
    """Return the fraction of the seeds with which a flag is true of the runs of all tasks."""
    return proportion(flags.groupby(runs["seed"]).all())


def ratio(values: pd.Series, reference: pd.Series) -> Comparison:
    """Return the geometric mean over the seeds of the ratio of two cells, paired by seed."""
    return compare(values, reference, "ratios", "geometric_mean")


def resampled(
    statistic: Callable[[np.ndarray], float], seeds: int, resamples: int = 2000, seed: int = 0
) -> Estimate:
    """Return a statistic of the numbers of the seeds, and its bootstrap interval.

    It takes an array of seeds' numbers, some of them twice, and returns a number; NaN is left out
    of the interval.
    """
    rng = np.random.default_rng(seed)
    draws = [statistic(rng.integers(0, seeds, seeds)) for _ in range(resamples)]
    low, high = ends_of(np.array(draws))
    return Estimate(value=float(statistic(np.arange(seeds))), low=low, high=high, seeds=seeds)


def median_by_seed(values: pd.Series) -> Estimate:
    """Return the median of numbers whose index has a level ``seed``; whole seeds are redrawn.

    Runs of one seed on several tasks share their draws, so that they are no sample of their own.
    """
    own = [each.to_numpy(dtype=float) for _, each in values.groupby(level="seed")]
    return resampled(
        lambda seeds: float(np.median(np.concatenate([own[seed] for seed in seeds]))), len(own)
    )


def exp(found: Estimate) -> Estimate:
    """Return the estimate of what an estimate is the logarithm of."""
    value, low, high = np.exp([found.value, found.low, found.high]).tolist()
    return Estimate(value=value, low=low, high=high, seeds=found.seeds)


def estimate_of(row: pd.Series) -> Estimate:
    """Return the estimate in a row of such a table."""
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    return Estimate(value=value, low=low, high=high, seeds=int(row["seeds"]))
