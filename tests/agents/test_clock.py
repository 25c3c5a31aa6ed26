"""Clocks: when edges tick, against the statistics that each knob stands for; and latencies.

Every seed is fixed, so a test passes always or never. Tolerances are for a seed drawn anew: five
standard errors of what is estimated (one chance in two million), or a p-value of 1e-4.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ohmtick.agents.clocks import base as clock_module
from ohmtick.agents.clocks.base import LEAST_INTERVAL
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.agents.clocks.poisson import PoissonClock
from ohmtick.agents.timing import latencies, one_by_one
from ohmtick.analysis import allan_deviation
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.streams import Streams

Array = npt.NDArray[np.float64]
AnyClock = PeriodicClock | PoissonClock

#: Jitters and wanders: small, and so large that the truncation bites.
NOISES = [0.02, 0.3, 3.0]


def ticks_of(
    clock: AnyClock, horizon: float, *, edge: int = 0, edges: int = 1, seed: int = 1
) -> Array:
    """All ticks of an edge within the horizon."""
    times = np.concatenate(list(clock.ticks(edge, edges, Streams(seed), horizon)))
    return np.asarray(times[times < horizon])


def first_ticks(
    clock: AnyClock, count: int, *, edge: int = 0, edges: int = 1, seed: int = 1
) -> Array:
    """The first ticks of an edge, those before t = 0 included, so that tick n is at index n."""
    blocks = []
    for first, times in clock.all_ticks(edge, edges, Streams(seed)):
        blocks.append(times)
        if first + times.size >= count:
            break
    return np.concatenate(blocks)[:count]


def truncated(bound: float) -> Any:
    return stats.truncnorm(-bound, bound)


def check_variance(sample: Array, law: Any, scale: float = 1.0) -> None:
    """Hold the mean square of independent draws of mean 0 against `scale`² times a law's variance.

    The standard error of a mean square is σ² sqrt((2 + excess kurtosis) / n).
    """
    variance = scale**2 * float(law.var())
    error = variance * np.sqrt((2 + float(law.stats(moments="k"))) / sample.size)
    assert np.mean(sample**2) == pytest.approx(variance, abs=5 * error)


# --- A perfect clock ---------------------------------------------------------------------------


@pytest.mark.parametrize("period", [1.0, 0.1, 3e-7, 1234.5])
def test_aligned_clocks_tick_at_exactly_n_periods(period: float) -> None:
    clock = PeriodicClock(period=period)
    grid = [n * period for n in range(10_000)]
    for edge in (0, 1, 99):
        assert ticks_of(clock, 9_999.5 * period, edge=edge, edges=100).tolist() == grid


def test_staggered_clocks_take_turns() -> None:
    clock = PeriodicClock(period=2.0, phase="staggered")
    for edge in range(5):
        times = ticks_of(clock, 20.0, edge=edge, edges=5)
        np.testing.assert_allclose(times, 2.0 * (edge / 5 + np.arange(10)), rtol=1e-15)
    merged = np.sort(np.concatenate([ticks_of(clock, 20.0, edge=e, edges=5) for e in range(5)]))
    np.testing.assert_allclose(merged, 0.4 * np.arange(50), rtol=1e-15, atol=1e-15)


def test_uniform_phases_are_uniform_over_the_edges_and_kept() -> None:
    clock, edges = PeriodicClock(period=2.0, phase="uniform"), 8000
    streams = Streams(1)
    times = np.array([next(clock.ticks(edge, edges, streams, 1.0))[:10] for edge in range(edges)])
    assert stats.kstest(times[:, 0] / 2.0, "uniform").pvalue > 1e-4
    np.testing.assert_allclose(np.diff(times), 2.0, rtol=1e-13)
    # Neighbours know nothing of each other.
    correlation = np.corrcoef(times[1:, 0], times[:-1, 0])[0, 1]
    assert abs(correlation) < 5 / np.sqrt(edges)


# --- Jitter and wander -------------------------------------------------------------------------


@pytest.mark.parametrize("jitter", NOISES)
def test_jitter_moves_each_tick_about_the_grid(jitter: float) -> None:
    period, count = 0.4, 40_000
    times = first_ticks(PeriodicClock(period=period, jitter=jitter), count)
    law = truncated(0.499 / jitter)
    moved = times / period - np.arange(count)
    assert stats.kstest(moved / jitter, law.cdf).pvalue > 1e-4
    check_variance(moved, law, jitter)
    # Each tick is moved on its own.
    correlation = np.corrcoef(moved[1:], moved[:-1])[0, 1]
    assert abs(correlation) < 5 / np.sqrt(count)


@pytest.mark.parametrize("jitter", NOISES)
def test_intervals_of_a_jittered_clock_have_variance_2_j2_t2(jitter: float) -> None:
    period, count = 0.4, 80_000
    intervals = np.diff(first_ticks(PeriodicClock(period=period, jitter=jitter), count))
    law = truncated(0.499 / jitter)
    variance = 2.0 * (jitter * period) ** 2 * float(law.var())
    # Every other one, so that no two share a tick. The excess of a difference is half of one's.
    apart = intervals[::2] - period
    error = variance * np.sqrt((2 + float(law.stats(moments="k")) / 2) / apart.size)
    assert np.mean(apart**2) == pytest.approx(variance, abs=5 * error)
    # The next interval gives back what this one took: a correlation r of -1/2, estimated with
    # the variance (1 - 3 r² + 4 r⁴) / n (Bartlett).
    correlation = np.corrcoef(intervals[1:], intervals[:-1])[0, 1]
    assert correlation == pytest.approx(-0.5, abs=5 * np.sqrt(0.5 / count))


@pytest.mark.parametrize("wander", NOISES)
def test_intervals_of_a_wandering_clock_have_variance_w2_t2(wander: float) -> None:
    period, count = 0.4, 40_000
    intervals = np.diff(first_ticks(PeriodicClock(period=period, wander=wander), count))
    law = truncated(0.998 / wander)
    off = intervals / period - 1.0
    assert stats.kstest(off / wander, law.cdf).pvalue > 1e-4
    check_variance(off, law, wander)
    # Independent of one another, in size too.
    for series in (off, off**2):
        correlation = np.corrcoef(series[1:], series[:-1])[0, 1]
        assert abs(correlation) < 5 / np.sqrt(count)


@pytest.mark.parametrize(("jitter", "wander"), [(0.05, 0.1), (0.3, 0.2), (5.0, 5.0)])
def test_jitter_and_wander_add(jitter: float, wander: float) -> None:
    period, count = 2.0, 80_000
    clock = PeriodicClock(period=period, jitter=jitter, wander=wander)
    intervals = np.diff(first_ticks(clock, count))
    walk, shake = truncated(0.499 / wander), truncated(0.2495 / jitter)
    # Every other one: independent. Fourth cumulants add, as variances do.
    variances = (wander**2 * walk.var(), 2 * jitter**2 * shake.var())
    variance = sum(variances)
    excess = (
        variances[0] ** 2 * walk.stats(moments="k")
        + variances[1] ** 2 * shake.stats(moments="k") / 2
    ) / variance**2
    apart = intervals[::2] / period - 1.0
    error = variance * np.sqrt((2 + float(excess)) / apart.size)
    assert np.mean(apart**2) == pytest.approx(variance, abs=5 * error)
    assert apart.mean() == pytest.approx(0.0, abs=5 * np.sqrt(variance / apart.size))


def test_jitter_does_not_accumulate_and_wander_does() -> None:
    """Over many edges, the variance of t_n - n T stays, or grows as n."""
    edges, period, noise = 800, 0.5, 0.05
    at = np.array([1, 4, 16, 64, 256, 750])

    def spread_at(clock: PeriodicClock) -> Array:
        off = [
            first_ticks(clock, at[-1] + 1, edge=edge, edges=edges)[at] - at * period
            for edge in range(edges)
        ]
        return np.asarray(np.mean(np.square(off), axis=0))

    # Five standard errors of the variance of 800 normal numbers (0.05 is truncated at 10 sigma).
    tolerance = 5 * np.sqrt(2 / edges)
    jittered = spread_at(PeriodicClock(period=period, jitter=noise))
    np.testing.assert_allclose(jittered, (noise * period) ** 2, rtol=tolerance)
    wandering = spread_at(PeriodicClock(period=period, wander=noise))
    np.testing.assert_allclose(wandering, at * (noise * period) ** 2, rtol=tolerance)
    both = spread_at(PeriodicClock(period=period, wander=noise, jitter=noise))
    np.testing.assert_allclose(both, (at + 1) * (noise * period) ** 2, rtol=tolerance)


@pytest.mark.parametrize(
    ("clock", "slope", "level"),
    [
        (PeriodicClock(period=0.25, jitter=0.03), -1.0, np.sqrt(3.0)),
        (PeriodicClock(period=0.25, wander=0.03), -0.5, 1.0),
    ],
    ids=["jitter", "wander"],
)
def test_allan_deviation_tells_jitter_from_wander(
    clock: PeriodicClock, slope: float, level: float
) -> None:
    """White phase noise, sigma_y = √3 J / m, or white frequency noise, W / √m (NIST SP 1065)."""
    edges, count = 16, 8192
    tables = [
        allan_deviation(first_ticks(clock, count, edge=edge, edges=edges), 0.25)
        for edge in range(edges)
    ]
    m = tables[0]["tau_s"].to_numpy() / 0.25
    kept = m <= 64
    squares = np.mean([table["allan_deviation"].to_numpy() ** 2 for table in tables], axis=0)
    deviation, m = np.sqrt(squares)[kept], m[kept]
    # At m = 64 there are about 16 * 8192 / 64 = 2048 independent pairs, so the deviation is known
    # to 1 / sqrt(2 * 2048) = 1.6 %, and better below; five of these.
    np.testing.assert_allclose(deviation, level * 0.03 * m**slope, rtol=0.08)
    # Were that error the same and independent at all seven octaves, the slope's would be
    # 0.016 / (ln 2 * sqrt(28)) = 0.0043; five of these.
    fitted = np.polyfit(np.log(m), np.log(deviation), 1)[0]
    assert fitted == pytest.approx(slope, abs=0.022)


absurd = st.one_of(st.just(0.0), st.floats(1e-9, 10.0), st.floats(1e-300, 1e300))


@given(
    period=st.floats(1e-6, 1e6),
    jitter=absurd,
    wander=absurd,
    spread=absurd,
    phase=st.sampled_from(["aligned", "uniform", "staggered"]),
    seed=st.integers(0, 1000),
)
def test_intervals_stay_positive_whatever_the_noise(
    period: float,
    jitter: float,
    wander: float,
    spread: float,
    phase: Literal["aligned", "uniform", "staggered"],
    seed: int,
) -> None:
    clock = PeriodicClock(period=period, jitter=jitter, wander=wander, spread=spread, phase=phase)
    own = clock.period_of(2, Streams(seed))
    rounding = 1.0 - 1e-12
    assert LEAST_INTERVAL * period * rounding <= own <= (2 - LEAST_INTERVAL) * period / rounding
    times = first_ticks(clock, 300, edge=2, edges=3, seed=seed)
    assert np.isfinite(times).all()
    # Times of up to 600 periods are rounded to 2^-43 of a period, or 1e-13.
    assert np.diff(times).min() >= (LEAST_INTERVAL - 1e-12) * own
    seen = ticks_of(clock, 20 * own, edge=2, edges=3, seed=seed)
    assert (seen >= 0.0).all()
    assert (np.diff(seen) > 0.0).all()


@pytest.mark.parametrize("noise", [1e3, 1e9, 1e15, 1e300])
def test_beyond_all_bounds_the_noise_is_uniform_within_them(noise: float) -> None:
    count = 20_000
    jittered = first_ticks(PeriodicClock(jitter=noise), count) - np.arange(count)
    assert stats.kstest(jittered, stats.uniform(-0.499, 0.998).cdf).pvalue > 1e-4
    # To the rounding of 20000 periods; that no draw comes so near has a chance below 1e-4.
    assert 0.4985 < np.abs(jittered).max() < 0.499 + 1e-11
    wandering = np.diff(first_ticks(PeriodicClock(wander=noise), count))
    assert stats.kstest(wandering, stats.uniform(0.002, 1.996).cdf).pvalue > 1e-4
    assert 0.003 > wandering.min() > 0.002 - 1e-11
    assert 1.997 < wandering.max() < 1.998 + 1e-11


@pytest.mark.parametrize("jitter", [0.1, 0.4, 5.0])
def test_a_run_is_a_window_on_jittered_clocks_that_ran_before(jitter: float) -> None:
    """With uniform phases no instant is special: not the start, not the end."""
    edges, streams = 4000, Streams(1)
    clock = PeriodicClock(period=0.5, phase="uniform", jitter=jitter)
    bins = np.linspace(0.0, 1.75, 15)  # a quarter of a period each
    counts = np.array(
        [
            np.histogram(np.concatenate(list(clock.ticks(edge, edges, streams, 1.75))), bins)[0]
            for edge in range(edges)
        ]
    )
    errors = counts.std(axis=0) / np.sqrt(edges)
    assert (errors < 0.01).all()
    assert np.abs((counts.mean(axis=0) - 0.25) / errors).max() < 5
    total = counts.sum(axis=1)
    assert total.mean() == pytest.approx(1.75 / 0.5, abs=5 * total.std() / np.sqrt(edges))


def test_ticks_that_jitter_moves_before_the_start_are_not_seen() -> None:
    """Aligned clocks have tick 0 at jitter * ζ: half of them are before t = 0."""
    edges, streams = 4000, Streams(1)
    clock = PeriodicClock(jitter=0.1)
    firsts = np.array([next(clock.ticks(edge, edges, streams, 1.0))[0] for edge in range(edges)])
    assert firsts.min() >= 0.0
    assert stats.binomtest(int((firsts < 0.5).sum()), edges).pvalue > 1e-4
    early, late = firsts[firsts < 0.5], firsts[firsts > 0.5] - 1.0
    assert stats.kstest(early / 0.1, "halfnorm").pvalue > 1e-4
    assert stats.kstest(late / 0.1, "norm").pvalue > 1e-4


# --- Periods over the edges --------------------------------------------------------------------


@pytest.mark.parametrize("spread", [0.05, 0.6, 20.0])
@pytest.mark.parametrize("kind", [PeriodicClock, PoissonClock])
def test_periods_spread_over_the_edges(kind: Callable[..., AnyClock], spread: float) -> None:
    edges, streams = 6000, Streams(2)
    clock = kind(period=0.2, spread=spread)
    periods = np.array([clock.period_of(edge, streams) for edge in range(edges)])
    law = truncated(0.998 / spread)
    off = periods / 0.2 - 1.0
    assert stats.kstest(off / spread, law.cdf).pvalue > 1e-4
    check_variance(off, law, spread)
    assert off.mean() == pytest.approx(0.0, abs=5 * spread * law.std() / np.sqrt(edges))


def test_an_edge_keeps_its_own_period_with_its_noises_in_proportion() -> None:
    for edge in range(20):
        clock = PeriodicClock(period=3.0, spread=0.3, jitter=0.1, wander=0.1, phase="uniform")
        alike = clock.model_copy(update={"spread": 0.0})
        own = clock.period_of(edge, Streams(1))
        found = first_ticks(clock, 50, edge=edge, edges=20)
        expected = first_ticks(alike, 50, edge=edge, edges=20) * own / 3.0
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    steady = PeriodicClock(period=3.0, spread=0.3)
    own = steady.period_of(7, Streams(1))
    assert own != 3.0
    assert first_ticks(steady, 50, edge=7).tolist() == [n * own for n in range(50)]
    random = first_ticks(PoissonClock(period=3.0, spread=0.3), 50, edge=7)
    nominal = first_ticks(PoissonClock(period=3.0), 50, edge=7)
    np.testing.assert_allclose(random, nominal * own / 3.0, rtol=1e-14)


# --- The Poisson clock -------------------------------------------------------------------------


def test_intervals_of_a_poisson_clock_are_exponential_and_independent() -> None:
    period, count = 0.7, 40_000
    times = first_ticks(PoissonClock(period=period), count)
    intervals = np.diff(times, prepend=0.0)
    assert stats.kstest(intervals, stats.expon(scale=period).cdf).pvalue > 1e-4
    # The s.d. of a mean of exponentials is the mean over √n; excess kurtosis is 6.
    assert intervals.mean() == pytest.approx(period, abs=5 * period / np.sqrt(count))
    error = period**2 * np.sqrt((2 + 6) / count)
    assert intervals.var() == pytest.approx(period**2, abs=5 * error)
    correlation = np.corrcoef(intervals[1:], intervals[:-1])[0, 1]
    assert abs(correlation) < 5 / np.sqrt(count)


def test_counts_of_poisson_clocks_follow_poissons_law() -> None:
    edges, streams = 4000, Streams(3)
    clock = PoissonClock(period=0.5)
    counts = np.zeros((edges, 2), dtype=int)
    for edge in range(edges):
        times = np.concatenate(list(clock.ticks(edge, edges, streams, 3.0)))
        counts[edge] = (times < 1.5).sum(), ((times >= 1.5) & (times < 3.0)).sum()
    law = stats.poisson(3.0)
    for column in counts.T:
        observed = np.bincount(np.minimum(column, 8), minlength=9)
        expected = edges * np.append(law.pmf(np.arange(8)), law.sf(7))
        assert stats.chisquare(observed, expected).pvalue > 1e-4
    assert abs(np.corrcoef(counts.T)[0, 1]) < 5 / np.sqrt(edges)


# --- The gate ----------------------------------------------------------------------------------

CLOCKS: list[AnyClock] = [
    PeriodicClock(period=0.3),
    PeriodicClock(period=0.3, phase="uniform", jitter=0.3),
    PeriodicClock(period=0.3, phase="uniform", wander=0.3, spread=0.1),
    PeriodicClock(period=0.3, phase="staggered", wander=0.4, jitter=0.4),
    PoissonClock(period=0.3, spread=0.1),
]
CLOCK_IDS = ["aligned", "jitter", "wander", "both", "poisson"]


def gated(clock: AnyClock, gate: float) -> AnyClock:
    return type(clock)(**{**clock.model_dump(), "gate": gate})


@pytest.mark.parametrize("clock", CLOCKS, ids=CLOCK_IDS)
@pytest.mark.parametrize("gate", [0.03, 0.5, 0.9])
def test_the_gate_lets_ticks_pass_at_random(clock: AnyClock, gate: float) -> None:
    everything = ticks_of(clock, 3000.0)
    passed = ticks_of(gated(clock, gate), 3000.0)
    acts = np.isin(everything, passed)
    assert acts.sum() == passed.size  # no tick is moved or added
    assert stats.binomtest(int(passed.size), everything.size, gate).pvalue > 1e-4
    # Independently: the number of ticks from one that acts to the next is geometric.
    steps = np.diff(np.flatnonzero(acts))
    law, most = stats.geom(gate), 1
    while steps.size * law.sf(most) > 10 and most < 20:
        most += 1
    observed = np.bincount(np.minimum(steps, most), minlength=most + 1)[1:]
    expected = steps.size * np.append(law.pmf(np.arange(1, most)), law.sf(most - 1))
    assert stats.chisquare(observed, expected).pvalue > 1e-4


@pytest.mark.parametrize("clock", CLOCKS, ids=CLOCK_IDS)
def test_a_gate_of_one_passes_all_and_of_zero_none(clock: AnyClock) -> None:
    assert np.array_equal(ticks_of(gated(clock, 1.0), 100.0), ticks_of(clock, 100.0))
    blocks = list(gated(clock, 0.0).ticks(0, 1, Streams(1), 100.0))  # it ends
    assert sum(map(len, blocks)) == 0


def test_draw_n_of_the_gate_belongs_to_tick_n_seen_or_not() -> None:
    jitter, gate = 0.45, 0.5
    some_unseen = 0
    for edge in range(50):
        clock = PeriodicClock(jitter=jitter, phase="uniform", gate=gate)
        everything = first_ticks(clock, 64, edge=edge, edges=50)
        acts = Streams(1).uniforms("clock.gate", edge, 0, 64) < gate
        some_unseen += int((everything < 0.0).any())
        expected = everything[acts & (everything >= 0.0) & (everything < 60.0)]
        assert np.array_equal(ticks_of(clock, 60.0, edge=edge, edges=50), expected)
    assert 0 < some_unseen < 50


# --- What ticks do not depend on ---------------------------------------------------------------


@pytest.mark.parametrize("gate", [1.0, 0.4])
@pytest.mark.parametrize("clock", CLOCKS, ids=CLOCK_IDS)
@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 7), (3, 50), (10_000, 10_000)])
def test_ticks_do_not_depend_on_the_size_of_the_blocks(
    monkeypatch: pytest.MonkeyPatch, clock: AnyClock, gate: float, first: int, last: int
) -> None:
    clock = gated(clock, gate)
    expected = ticks_of(clock, 200.0, edge=1, edges=3)
    monkeypatch.setattr(clock_module, "FIRST_BLOCK", first)
    monkeypatch.setattr(clock_module, "LAST_BLOCK", last)
    found = ticks_of(clock, 200.0, edge=1, edges=3)
    assert max(map(len, clock.ticks(1, 3, Streams(1), 200.0))) <= last
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "clock", [clock for clock in CLOCKS if getattr(clock, "phase", "") != "staggered"]
)
def test_ticks_do_not_depend_on_the_other_edges(clock: AnyClock) -> None:
    alone = ticks_of(clock, 50.0, edge=3, edges=4)
    assert np.array_equal(ticks_of(clock, 50.0, edge=3, edges=4000), alone)
    # All from one set of streams, taken in turns.
    streams = Streams(1)
    shared = {edge: clock.ticks(edge, 8, streams, 50.0) for edge in (5, 3, 0, 7)}
    found: dict[int, list[Array]] = {edge: [] for edge in shared}
    for _ in range(6):
        for edge, blocks in shared.items():
            found[edge].extend(islice(blocks, 1))
    for edge, parts in found.items():
        times = np.concatenate(parts)
        assert np.array_equal(times[times < 50.0], ticks_of(clock, 50.0, edge=edge, edges=8))
    if clock != PeriodicClock(period=0.3):
        assert len({ticks_of(clock, 50.0, edge=edge, edges=8)[1] for edge in shared}) == 4


@pytest.mark.parametrize("clock", CLOCKS, ids=CLOCK_IDS)
def test_ticks_ascend_across_blocks_and_reach_the_horizon(
    monkeypatch: pytest.MonkeyPatch, clock: AnyClock
) -> None:
    monkeypatch.setattr(clock_module, "LAST_BLOCK", 512)
    blocks = list(clock.ticks(1, 3, Streams(1), 1000.0))
    assert len(blocks) > 5
    times = np.concatenate(blocks)
    assert (np.diff(times) > 0.0).all()
    assert blocks[-1][-1] >= 1000.0 > blocks[-2][-1]
    assert times[0] >= 0.0


@given(st.sampled_from(CLOCKS), st.floats(0.01, 60.0))
def test_the_horizon_only_cuts(clock: AnyClock, horizon: float) -> None:
    longer = ticks_of(clock, 61.0, edge=1, edges=3)
    assert np.array_equal(ticks_of(clock, horizon, edge=1, edges=3), longer[longer < horizon])


def test_a_clock_keeps_no_state_of_a_run() -> None:
    clock = PeriodicClock(jitter=0.1, wander=0.1, phase="uniform", spread=0.1, gate=0.5)
    first = ticks_of(clock, 100.0)
    assert np.array_equal(ticks_of(clock, 100.0), first)
    assert not np.array_equal(ticks_of(clock, 100.0, seed=2), first)
    with pytest.raises(ScenarioError, match=r"frozen; replace of the scenario.*\.period': 2\.0"):
        clock.period = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("period", 0.0),
        ("period", -1.0),
        ("period", np.inf),
        ("period", np.nan),
        ("gate", -0.01),
        ("gate", 1.01),
        ("spread", -0.1),
        ("jitter", -0.1),
        ("wander", -1e-9),
        ("phase", "random"),
        ("perod", 1.0),
    ],
)
def test_impossible_clocks_are_refused(key: str, value: object) -> None:
    with pytest.raises(ScenarioError, match=key):
        PeriodicClock(**{key: value})  # type: ignore[arg-type]


# --- Latencies ---------------------------------------------------------------------------------


def latencies_of(latency: float, jitter: float, edge: int = 0, count: int = 1) -> Array:
    found = one_by_one(latencies(latency, jitter, Streams(6)), edge)
    assert found is not None
    return np.fromiter(islice(found, count), np.float64, count)


def test_no_latency_is_none_and_a_fixed_one_is_exact() -> None:
    assert latencies(0.0, 0.0, Streams(6)) is None
    assert one_by_one(None, 0) is None
    assert latencies_of(1.7, 0.0, count=500).tolist() == [1.7] * 500


@pytest.mark.parametrize("jitter", [0.1, 0.8, 1e3, 1e12])
def test_latencies_scatter_within_their_bounds(jitter: float) -> None:
    count = 40_000
    found = latencies_of(1.7, jitter, count=count)
    assert found.min() >= 0.0
    assert found.max() <= 3.4
    off = found / 1.7 - 1.0
    # At the larger two the law is uniform over the bounds, to within 1e-6.
    law: Any = truncated(1.0 / jitter) if jitter < 10 else stats.uniform(-1, 2)
    scale = jitter if jitter < 10 else 1.0
    assert stats.kstest(off / scale, law.cdf).pvalue > 1e-4
    check_variance(off, law, scale)


def test_latencies_of_edges_are_independent() -> None:
    count = 20_000
    found = np.array([latencies_of(1.0, 0.1, edge, count) for edge in range(4)])
    correlations = np.corrcoef(found)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(count)
    one = found[2]
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 5 / np.sqrt(count)
    expected = 1.0 + 0.1 * Streams(6).normals("edge.latency", 2, 0, count, 10.0)
    assert np.array_equal(one, expected)
