"""Intervals that cover, comparisons that pair, thresholds that are where they must be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ohmtick.analysis.crossing import threshold
from ohmtick.analysis.resampling import geometric_mean
from ohmtick.analysis.statistics import bootstrap, compare
from ohmtick.engine.errors import AnalysisError

RNG_SEED = 20261124


@pytest.mark.parametrize(
    ("statistic", "population"),
    [("median", "lognormal"), ("mean", "normal"), ("geometric_mean", "lognormal")],
)
def test_intervals_cover_the_truth_as_often_as_they_say(statistic: str, population: str) -> None:
    """The truth is 1: of standard log-normal values, or of normal ones about 1."""
    rng = np.random.default_rng(RNG_SEED)
    trials, hits = 400, 0
    for _ in range(trials):
        sample = rng.normal(size=60)
        sample = np.exp(sample) if population == "lognormal" else 1.0 + sample
        found = bootstrap(sample, statistic, resamples=400)  # type: ignore[arg-type]
        hits += found.low <= 1.0 <= found.high
    # Three standard errors of a count of 400 at 95 %, and the percentile method's own shortfall.
    assert 0.91 <= hits / trials <= 0.985


def test_an_interval_repeats_and_narrows() -> None:
    sample = np.random.default_rng(RNG_SEED).normal(size=400)
    few, many = bootstrap(sample[:25], "mean"), bootstrap(sample, "mean")
    assert bootstrap(sample, "mean") == many
    assert bootstrap(sample, "mean", seed=1) != many
    width = (many.high - many.low) / (2 * 1.96 * sample.std() / np.sqrt(sample.size))
    assert width == pytest.approx(1.0, abs=0.05)  # the central limit theorem's
    assert few.high - few.low > 3 * (many.high - many.low)


def test_infinite_times_have_a_median() -> None:
    found = bootstrap([1.0, 2.0, 3.0, np.inf, np.inf])
    assert (found.value, found.low, found.high) == (3.0, 1.0, np.inf)


def test_one_seed_has_no_interval() -> None:
    found = bootstrap([2.0])
    assert found.value == 2.0
    assert np.isnan([found.low, found.high]).all()


def test_geometric_mean_is_scipys() -> None:
    values = np.random.default_rng(RNG_SEED).lognormal(size=(3, 40))
    np.testing.assert_allclose(geometric_mean(values, axis=1), stats.gmean(values, axis=1))
    assert geometric_mean([0.0, 1.0]) == 0.0


def test_pairs_tell_what_unpaired_samples_cannot() -> None:
    """Seeds differ by a factor of a hundred, cells by a fifth: only pairing can see that."""
    rng = np.random.default_rng(RNG_SEED)
    seeds = rng.lognormal(sigma=2.0, size=40)
    better = seeds * 0.8 * rng.lognormal(sigma=0.02, size=40)
    paired = compare(better, seeds, "ratios")
    assert paired.low < 0.8 < paired.high
    assert paired.high - paired.low < 0.03
    assert paired.lower == 1.0
    assert paired.p_value == pytest.approx(stats.wilcoxon(np.log(better / seeds)).pvalue)
    apart = bootstrap(better).high - bootstrap(better).low
    assert apart > 0.5 * bootstrap(better).value


def test_the_p_value_belongs_to_the_effect_beside_it() -> None:
    """Small errors fall by half, large ones rise by a little: less in ratio, more in volts²."""
    rng = np.random.default_rng(RNG_SEED)
    reference = np.r_[np.geomspace(1e-6, 1e-4, 14), np.geomspace(1.0, 10.0, 10)]
    values = reference * np.r_[rng.uniform(0.4, 0.6, 14), rng.uniform(1.01, 1.02, 10)]
    units = 2.0 ** rng.integers(-20, 20, 24)  # each seed in its own unit: a ratio has none
    for of in ("ratio", "ratios"):
        found = compare(values, reference, of)
        assert found.p_value == stats.wilcoxon(np.log(values) - np.log(reference)).pvalue < 0.05
        scaled = compare(units * values, units * reference, of)
        assert scaled.p_value == found.p_value
    for of in ("difference", "differences"):
        found = compare(values, reference, of)  # type: ignore[arg-type]
        assert found.p_value == stats.wilcoxon(values - reference).pvalue


def test_a_ratio_to_nothing_or_to_no_end_still_has_its_rank() -> None:
    found = compare([0.0, np.inf, 2.0, 3.0, 4.0, np.inf], [1.0, 1.0, 1.0, 1.0, 1.0, np.inf])
    ranks = [-9.0, 9.0, *np.log([2.0, 3.0, 4.0])]
    assert found.p_value == stats.wilcoxon(ranks).pvalue
    assert np.isnan(compare([-1.0, 2.0], [1.0, 1.0], "ratios", "mean").p_value)


@pytest.mark.parametrize("of", ["ratio", "difference", "ratios", "differences"])
def test_a_cell_compared_with_itself(of: str) -> None:
    sample = np.random.default_rng(RNG_SEED).lognormal(size=10)
    found = compare(sample, sample, of)  # type: ignore[arg-type]
    same = 1.0 if of.startswith("ratio") else 0.0
    assert (found.value, found.low, found.high, found.lower) == (same, same, same, 0.5)
    assert np.isnan(found.p_value)


def test_a_threshold_where_the_response_is_exponential() -> None:
    """error = c_s 2^(x / 0.3) doubles at 0.3, whatever the seeds' constants."""
    levels = np.array([0.4, 0.0, 0.25, 0.1])  # in any order
    seeds = np.random.default_rng(RNG_SEED).lognormal(size=20)
    errors = 2.0 ** (levels[:, None] / 0.3) * seeds
    for statistic in ("median", "mean", "geometric_mean"):
        found = threshold(levels, errors, 2.0, statistic=statistic)
        assert [found.value, found.low, found.high] == pytest.approx([0.3] * 3)
    assert threshold(levels, errors, 2.0**0.5).value == pytest.approx(0.15)
    assert threshold(levels, 1 / errors, 0.5).value == pytest.approx(0.3)
    assert threshold(levels, errors, 2.0, reference=0.1).value == pytest.approx(0.4)
    beyond = threshold(levels, errors, 3.0)
    assert (beyond.value, beyond.low, beyond.high) == (np.inf, np.inf, np.inf)


def test_a_threshold_downwards_and_on_a_logarithmic_axis() -> None:
    """error = c / positions: half the positions, twice the error."""
    positions = np.array([1024.0, 256.0, 64.0, 16.0])
    errors = 1.0 / positions[:, None] * np.ones(5)
    found = threshold(positions, errors, 8.0, reference=1024.0, scale="log")
    assert found.value == pytest.approx(128.0)
    assert threshold(positions, errors, 1e3, reference=1024.0).value == -np.inf


def test_the_first_crossing_counts_and_a_dip_does_not() -> None:
    found = threshold([0, 1, 2, 3, 4], [[4.0], [1.0], [16.0], [1.0], [99.0]], 2.0)
    assert found.value == pytest.approx(1.75)  # from 1 to 16, 8 is at three quarters, in logarithms


def test_an_interval_may_reach_beyond_the_levels() -> None:
    errors = [[1.0] * 21, [1.0] * 21, [2.2] * 11 + [1.8] * 10]  # eleven seeds double, ten do not
    found = threshold([0.0, 1.0, 2.0], errors, 2.0)
    assert found.low == found.value < 2.0
    assert found.high == np.inf


def test_thresholds_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(RNG_SEED)
    levels = np.linspace(0.0, 1.0, 6)
    hits, trials = 0, 200
    for _ in range(trials):
        seeds, noise = rng.lognormal(size=40), rng.lognormal(sigma=0.3, size=(6, 40))
        errors = 2.0 ** (levels[:, None] / 0.5) * seeds * noise
        found = threshold(levels, errors, 2.0, statistic="geometric_mean", resamples=300)
        hits += found.low <= 0.5 <= found.high
    assert 0.90 <= hits / trials <= 0.99


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: bootstrap([]), "have one value a seed"),
        (lambda: bootstrap([1.0, np.nan]), "NaN at 1"),
        (lambda: bootstrap([1.0], "medain"), "nearest is 'median'"),  # type: ignore[arg-type]
        (lambda: bootstrap([1.0, 2.0], confidence=95.0), "be in (0, 1), got 95.0"),
        (lambda: compare([1.0, 2.0], [1.0]), "each of the 2 seeds"),
        (lambda: compare([1.0], [0.0]), "be positive for a ratio"),
        (lambda: compare([1.0], [1.0], "quotient"), "be one of ratio"),  # type: ignore[arg-type]
        (lambda: threshold([0.0], [[1.0]]), "at least two different numbers"),
        (lambda: threshold([0.0, 0.0], [[1.0], [2.0]]), "at least two different numbers"),
        (lambda: threshold([0.0, 1.0], [1.0, 2.0]), "a row for each of the 2 levels"),
        (lambda: threshold([0.0, 1.0], [[1.0], [np.nan]]), "NaN at level 1"),
        (lambda: threshold([0.0, 1.0], [[0.0], [2.0]]), "be positive and finite at the reference"),
        (lambda: threshold([0.0, 1.0], [[np.inf], [2.0]]), "be positive and finite at the ref"),
        (lambda: threshold([0.0, 1.0], [[1.0], [2.0]], reference=0.5), "be one of 0, 1, got 0.5"),
        (lambda: threshold([0.0, 1.0], [[1.0], [2.0]], 1.0), "be positive and not 1"),
    ],
)
def test_what_makes_no_sense_is_refused(call: object, says: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        call()  # type: ignore[operator]
    assert says in str(caught.value)


def test_seeds_without_a_reference_have_no_threshold_of_their_own() -> None:
    """Of the resamples, those whose reference is zero are left out of the interval."""
    rows = [[0.0, 0.0, 1.0, 1.0, 1.0], [2.0, 2.0, 4.0, 4.0, 4.0]]
    found = threshold([0.0, 1.0], rows, seed=1)
    assert found.value == pytest.approx(0.5)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5), abs=0.3)
