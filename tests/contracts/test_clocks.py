"""The contract of every clock: it goes forward, and depends on nothing but seed and edge."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.clocks import Clock, base
from ohmtick.engine.streams import FloatArray, Streams
from ohmtick.tests.contracts.examples import every
from ohmtick.tests.driven import assert_engines_agree

EDGES = 5


def ticks(clock: Clock, edge: int, horizon: float, seed: int = 3) -> FloatArray:
    """The ticks of an edge within a horizon."""
    blocks = list(clock.ticks(edge, EDGES, Streams(seed), horizon))
    times = np.concatenate([np.empty(0), *blocks])
    return times[times < horizon]


@every(Clock.family, "clock")
def test_ticks_ascend_from_the_start_and_last_to_the_horizon(clock: Clock) -> None:
    horizon = 2000.0 * clock.mean_interval()
    for edge in range(EDGES):
        found = ticks(clock, edge, horizon)
        assert np.isfinite(found).all()
        assert found[0] >= 0.0
        assert (np.diff(found) > 0.0).all()
        assert 500 < found.size < 4000  # about as many as it says; the gate of some is 0.6
        assert found[-1] > 0.9 * horizon


@every(Clock.family, "clock")
def test_ticks_are_those_of_the_seed_and_the_edge(clock: Clock) -> None:
    found = ticks(clock, 2, 90.0)
    assert ticks(clock, 2, 90.0).tobytes() == found.tobytes()
    assert ticks(clock, 2, 40.0).tobytes() == found[found < 40.0].tobytes()
    streams = Streams(3)  # shared, in turns
    running = {edge: clock.ticks(edge, EDGES, streams, 90.0) for edge in (4, 2, 0)}
    shared: dict[int, list[object]] = {edge: [] for edge in running}
    for _ in range(200):
        for edge, blocks in running.items():
            shared[edge] += islice(blocks, 1)
    times = np.concatenate([np.asarray(block, np.float64) for block in shared[2]])
    assert times[times < 90.0].tobytes() == found.tobytes()


@every(Clock.family, "clock")
@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 50), (4096, 4096)])
def test_ticks_do_not_depend_on_how_many_are_drawn_at_once(
    clock: Clock, first: int, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ticks(clock, 1, 150.0)
    monkeypatch.setattr(base, "FIRST_BLOCK", first)
    monkeypatch.setattr(base, "LAST_BLOCK", last)
    assert ticks(clock, 1, 150.0).tobytes() == found.tobytes()


@every(Clock.family, "clock")
@pytest.mark.parametrize("count", [1, 7, 300])
def test_first_ticks_of_all_edges_are_those_of_each(clock: Clock, count: int) -> None:
    together = clock.first_ticks(EDGES, count, Streams(3))
    if together is None:
        return
    assert together.shape == (EDGES, count)
    for edge, found in enumerate(together):
        each = ticks(clock, edge, 1000.0)[:count]
        assert found.tobytes() == each.tobytes()


@every(Clock.family, "clock")
def test_what_a_clock_says_of_itself(clock: Clock) -> None:
    period = clock.nominal_period()
    assert period is None or period > 0.0
    assert 0.0 < clock.mean_interval() < np.inf


@every(Clock.family, "clock")
@pytest.mark.parametrize("latency", [0.0, 1.3])
def test_the_engines_agree_on_every_clock(clock: Clock, latency: float) -> None:
    scenario = ot.load("breadboard-iii").replace(
        **{"edges.clock": clock, "edges.latency": latency, "horizon": 12.0}
    )
    assert len(assert_engines_agree(scenario, seed=4).events) > 40
