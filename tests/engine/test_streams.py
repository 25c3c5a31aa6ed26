"""The random streams: their address, their distributions, their independence.

Every seed is fixed, so a test passes always or never. Tolerances are for a seed drawn anew: five
standard errors of what is estimated (one chance in two million), or a p-value of 1e-4.
"""

from __future__ import annotations

import zlib
from functools import partial
from itertools import combinations
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ohmtick.engine.errors import OhmtickError
from ohmtick.engine.streams import Streams, normal

Array = npt.NDArray[np.float64]

DRAWS = 100_000
PURPOSES = (
    "clock.gate",
    "clock.interval",
    "clock.jitter",
    "clock.phase",
    "clock.spread",
    "clock.wander",
    "comparator.noise",
    "comparator.offset",
    "edge.latency",
    "resistor.start",
    "supervisor.order",
)

agents = st.integers(0, 2**64 - 1)
purposes = st.sampled_from(PURPOSES)


def philox_4x64(key: tuple[int, int], counter: tuple[int, int, int, int]) -> list[int]:
    """Ten rounds of Philox-4x64, written from Salmon et al. (2011)."""
    mask = 2**64 - 1
    (k0, k1), (c0, c1, c2, c3) = key, counter
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * c0, 2**64)
        high1, low1 = divmod(0xCA5A826395121157 * c2, 2**64)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & mask, (k1 + 0xBB67AE8584CAA73B) & mask
    return [c0, c1, c2, c3]


def key_of(seed: int, purpose: str) -> tuple[int, int]:
    words = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()),))
    first, second = words.generate_state(2, np.uint64).tolist()
    return first, second


def midpoints(words: npt.ArrayLike) -> Array:
    """The middle of the cell, of 2^52 in (0, 1), that the 52 high bits of each word name."""
    return np.array([(int(word) // 2**12 + 0.5) / 2**52 for word in np.asarray(words)])


# Known answers of the authors' own implementation, Random123 1.09, kat_vectors: philox4x64 10.
@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        (
            (0, 0),
            (0, 0, 0, 0),
            "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b",
        ),
        (
            (2**64 - 1, 2**64 - 1),
            (2**64 - 1, 2**64 - 1, 2**64 - 1, 2**64 - 1),
            "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0",
        ),
    ],
)
def test_the_reference_of_the_next_test_gives_known_answers(
    key: tuple[int, int], counter: tuple[int, int, int, int], words: str
) -> None:
    assert philox_4x64(key, counter) == [int(word, 16) for word in words.split()]


@given(st.integers(0, 2**128), purposes, agents, st.integers(0, 2**40))
def test_a_draw_is_philox_at_its_address(seed: int, purpose: str, agent: int, k: int) -> None:
    """Word ``k % 4`` of the block at the counter ``(k // 4 + 1, 0, 0, agent)``."""
    words = philox_4x64(key_of(seed, purpose), (k // 4 + 1, 0, 0, agent))
    drawn = Streams(seed).uniforms(purpose, agent, k, 1)
    assert drawn.tolist() == [(words[k % 4] // 2**12 + 0.5) / 2**52]


@pytest.mark.parametrize("agent", [0, 5, 1 << 32])
def test_an_agents_draws_are_the_sequence_of_numpys_philox(agent: int) -> None:
    counter = np.array([0, 0, 0, agent], dtype=np.uint64)
    philox = np.random.Philox(key=np.array(key_of(7, "clock.jitter"), np.uint64), counter=counter)
    expected = midpoints(philox.random_raw(1001))
    assert np.array_equal(Streams(7).uniforms("clock.jitter", agent, 0, 1001), expected)


requests = st.lists(
    st.tuples(purposes, agents, st.integers(0, 5000), st.integers(0, 40)), max_size=5
)


@given(
    purposes,
    agents,
    st.integers(0, 300),
    st.lists(st.integers(0, 30), min_size=1, max_size=12),
    requests,
    st.randoms(use_true_random=False),
)
def test_draws_do_not_depend_on_blocks_order_or_others(
    purpose: str,
    agent: int,
    first: int,
    sizes: list[int],
    others: list[tuple[str, int, int, int]],
    order: Random,
) -> None:
    edges = [first, *(first + np.cumsum(sizes)).tolist()]
    whole = Streams(3).uniforms(purpose, agent, 0, edges[-1])
    assert whole.shape == (edges[-1],)

    busy = Streams(3)
    blocks = list(zip(edges[:-1], sizes, strict=True))
    order.shuffle(blocks)
    for start, size in blocks:
        for of, who, since, count in others:
            busy.uniforms(of, who, since, count)
            busy.generator(of, who).random(3)
        block = busy.uniforms(purpose, agent, start, size)
        assert np.array_equal(block, whole[start : start + size])


def test_other_kinds_of_draws_use_one_uniform_each() -> None:
    streams = Streams(5)
    for kind in (streams.normals, partial(streams.normals, bound=1.5), streams.exponentials):
        whole = kind("a", 1, 0, 50)
        blocks = [kind("a", 1, first, count) for first, count in ((0, 7), (7, 20), (27, 23))]
        assert np.array_equal(np.concatenate(blocks), whole)
        # Inverted, monotonically: the greater the uniform, the greater the draw.
        assert np.array_equal(np.argsort(whole), np.argsort(streams.uniforms("a", 1, 0, 50)))


@pytest.mark.parametrize("bound", [np.inf, 4.0, 1.0, 0.05, 1e-3, 1e-6, 0.99e-6, 1e-12, 1e-300])
def test_normals_follow_their_distribution(bound: float) -> None:
    draws = Streams(11).normals("x", 0, 0, DRAWS, bound)
    assert np.abs(draws).max() <= bound
    law: Any
    if np.isinf(bound):
        law = stats.norm()
    elif bound >= 0.01:
        law = stats.truncnorm(-bound, bound)
    else:  # the law is then uniform, to within bound², or 1e-4: far less than the tests can see
        draws, law = draws / bound, stats.uniform(-1, 2)
    assert stats.kstest(draws, law.cdf).pvalue > 1e-4
    variance, excess = float(law.var()), float(law.stats(moments="k"))
    assert abs(draws.mean()) < 5 * np.sqrt(variance / DRAWS)
    error = variance * np.sqrt((2 + excess) / DRAWS)  # of a mean square, with the mean known
    assert np.mean(draws**2) == pytest.approx(variance, abs=5 * error)


@pytest.mark.parametrize("bound", [np.inf, 3.0, 0.1, 1e-4, 1e-5])
def test_normal_inverts_the_distribution_function(bound: float) -> None:
    # Both ends of what `uniforms` returns, and points between.
    u = np.concatenate([[2.0**-53, 1e-9], np.linspace(0.01, 0.99, 99), [1 - 2.0**-53]])
    law = stats.norm if np.isinf(bound) else stats.truncnorm(-bound, bound)
    assert np.isfinite(normal(u, bound)).all()
    # The result's own rounding, in terms of u, is the cell's width over what is left of Φ.
    left = 1.0 if np.isinf(bound) else stats.norm.cdf(bound) - stats.norm.cdf(-bound)
    np.testing.assert_allclose(law.cdf(normal(u, bound)), u, rtol=1e-12, atol=1e-15 / left)


def test_the_tightest_truncation_is_uniform_and_joins_the_others() -> None:
    u = Streams(1).uniforms("x", 0, 0, 1000)
    np.testing.assert_allclose(normal(u, 1.001e-6) / 1.001, normal(u, 0.999e-6) / 0.999, atol=1e-15)


def test_uniforms_follow_their_distribution_and_exclude_the_ends() -> None:
    draws = Streams(11).uniforms("x", 0, 0, DRAWS)
    assert stats.kstest(draws, "uniform").pvalue > 1e-4
    cells = draws * 2.0**52 - 0.5
    assert np.array_equal(cells, np.floor(cells))
    assert 0 <= cells.min() < cells.max() < 2.0**52
    # All bits move: each of the 52 is set in half the draws.
    bits = (cells.astype(np.uint64)[:, None] >> np.arange(52, dtype=np.uint64)) & np.uint64(1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(DRAWS)


def test_exponentials_follow_their_distribution() -> None:
    draws = Streams(11).exponentials("x", 0, 0, DRAWS)
    assert stats.kstest(draws, "expon").pvalue > 1e-4
    assert draws.min() > 0.0
    assert draws.mean() == pytest.approx(1.0, abs=5 / np.sqrt(DRAWS))


def test_agents_purposes_and_seeds_are_independent() -> None:
    names = [
        (seed, purpose, agent)
        for seed in (0, 1, 2**32)
        for purpose in ("clock.jitter", "clock.wander")
        for agent in (0, 1, 2, 1 << 32)
    ]
    count = 20_000
    drawn = np.array([Streams(seed).uniforms(of, who, 0, count) for seed, of, who in names])
    assert len(np.unique(drawn)) == drawn.size  # a repeated cell: one chance in 4e4
    pairs = list(combinations(range(len(names)), 2))
    # 276 pairs at 5 sigma each: one chance in 6000.
    correlations = np.corrcoef(drawn)[tuple(np.transpose(pairs))]
    assert np.abs(correlations).max() < 5 / np.sqrt(count)
    # Not shifted copies of each other either: neighbouring draws, of one stream and of two.
    centred = (drawn - 0.5) * np.sqrt(12)
    shifted = centred[:, :-1] @ centred[:, 1:].T / (count - 1)
    assert np.abs(shifted).max() < 5 / np.sqrt(count)


def test_an_agents_generator_is_none_of_its_draws() -> None:
    streams = Streams(4)
    words = {
        (purpose, agent): streams.generator(purpose, agent).bit_generator.random_raw(4000)
        for purpose in ("circuit", "task")
        for agent in (0, 1)
    }
    drawn = [
        streams.uniforms(purpose, agent, 0, 4000)
        for purpose in ("circuit", "task")
        for agent in (0, 1)
    ]
    everything = np.concatenate([*drawn, *map(midpoints, words.values())])
    assert len(np.unique(everything)) == everything.size
    again = Streams(4).generator("task", 1).bit_generator.random_raw(4000)
    assert np.array_equal(again, words["task", 1])


def test_no_two_purposes_share_a_name() -> None:
    first = [Streams(0).uniforms(purpose, 0, 0, 1)[0] for purpose in PURPOSES]
    assert len(set(first)) == len(PURPOSES)


def test_the_global_random_state_is_neither_read_nor_moved() -> None:
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    first = Streams(2).generator("x").random(5), Streams(2).normals("x", 0, 0, 5)
    np.random.seed(2)  # noqa: NPY002
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    second = Streams(2).generator("x").random(5), Streams(2).normals("x", 0, 0, 5)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    np.random.set_state(before)  # noqa: NPY002
    assert np.array_equal(first, second)
    assert repr(state) == repr(after)


@pytest.mark.parametrize("seed", [-1, 1.0, "1", True, None])
def test_a_seed_is_a_non_negative_integer(seed: object) -> None:
    with pytest.raises(
        OhmtickError, match=f"'seed' of a run must be an integer >= 0, got {seed!r}"
    ):
        Streams(seed)  # type: ignore[arg-type]


def test_a_seed_may_be_numpys() -> None:
    ours = Streams(np.int64(9))  # type: ignore[arg-type]
    assert np.array_equal(ours.uniforms("x", 0, 0, 9), Streams(9).uniforms("x", 0, 0, 9))
