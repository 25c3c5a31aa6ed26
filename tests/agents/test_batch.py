"""Edges that gather a batch, and a gate that lets a whole batch pass."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.agents.clocks.poisson import PoissonClock
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.scenario import Scenario

DATA = 6


def scenario(batch: int, rule: str = "coupled_learning", **changes: Any) -> Scenario:
    """Lockstep in which each tick brings a datum, in turn."""
    return ot.load("lattice-regression").replace(
        **{
            "task.data": DATA,
            "edges.rule": {"kind": rule} | ({} if rule == "sign" else {"learning_rate": 0.5}),
            "edges.clock": {"kind": "periodic"},
            "edges.batch": batch,
            "supervisor.order": "cyclic",
            "horizon": 4.0 * DATA,
            **changes,
        }
    )


@pytest.mark.parametrize("rule", ["coupled_learning", "sign"])
def test_a_batch_of_one_is_no_batch(rule: str) -> None:
    run = ot.run(scenario(1, rule), seed=2)
    assert len(run.events) == 4 * DATA * len(run.edges)
    # Each event answers its own reading alone.
    contrast = run.events["drop_free_V"] ** 2 - run.events["drop_clamped_V"] ** 2
    change = run.events["conductance_after_S"] - run.events["conductance_before_S"]
    if rule == "sign":
        moved = change != 0.0  # and not at an end of its range
        assert moved.mean() > 0.5
        np.testing.assert_array_equal(np.sign(change)[moved], np.sign(contrast)[moved])
        return
    nudge = ot.load("lattice-regression").supervisor.nudge
    np.testing.assert_allclose(change, 0.5 / (2.0 * nudge) * contrast, rtol=1e-9, atol=1e-13)


def test_a_batch_of_coupled_learning_takes_the_mean_of_the_changes() -> None:
    run = ot.run(scenario(DATA), seed=2)
    first = run.events[run.events["time_s"] == DATA - 1.0]
    assert len(first) == len(run.edges)  # at the last datum, and not before
    assert run.events["time_s"].min() == DATA - 1.0
    # Readings of one state, which such small steps do not move: what each datum asks for.
    small: dict[str, Any] = {"edges.rule.learning_rate": 1e-12}
    asked = ot.run(scenario(1, **small), seed=2).events
    contrast = asked["drop_free_V"] ** 2 - asked["drop_clamped_V"] ** 2
    nudge = ot.load("lattice-regression").supervisor.nudge
    mean = contrast[: DATA * len(first)].to_numpy().reshape(DATA, -1).mean(axis=0)
    taken = (first["conductance_after_S"] - first["conductance_before_S"]).to_numpy()
    np.testing.assert_allclose(taken, 0.5 / (2.0 * nudge) * mean, rtol=1e-9, atol=1e-13)


def test_a_batch_of_the_sign_rule_takes_the_sign_of_the_mean() -> None:
    run = ot.run(scenario(DATA, "sign"), seed=2)
    first = run.events[run.events["time_s"] == DATA - 1.0]
    before, after = first["conductance_before_S"], first["conductance_after_S"]
    gradient = ot.run(scenario(DATA), seed=2).events[: len(first)]
    up = gradient["conductance_after_S"] > gradient["conductance_before_S"]
    np.testing.assert_array_equal(after > before, up)


@pytest.mark.parametrize("batch", [2, 5])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"edges.clock": {"kind": "poisson", "period": 0.3}},
        {"edges.latency": 0.7, "edges.latency_jitter": 0.3, "edges.comparator.noise": 0.01},
        {"edges.clock": {"kind": "periodic", "gate": 0.5, "gate_ticks": 5, "period": 0.25}},
    ],
)
@pytest.mark.parametrize("rule", ["coupled_learning", "sign"])
def test_both_engines_gather_alike(batch: int, changes: dict[str, Any], rule: str) -> None:
    one = ot.run(scenario(batch, rule, **changes), seed=5, engine="simpy")
    other = ot.run(scenario(batch, rule, **changes), seed=5, engine="compiled")
    assert len(one.events) > 100
    assert one.events.equals(other.events)
    assert one.probes.equals(other.probes)


def ticks(clock: PeriodicClock | PoissonClock, edge: int, horizon: float) -> np.ndarray:
    found: list[Sequence[float]] = [*clock.ticks(edge, 4, Streams(3), horizon)]  # type: ignore[list-item]
    times = np.concatenate(found)
    return times[times < horizon]


@pytest.mark.parametrize("run", [1, 3, 16])
def test_a_gate_lets_runs_of_ticks_pass_or_none(run: int) -> None:
    acted = np.zeros(30_000, dtype=bool)
    acted[ticks(PeriodicClock(gate=0.3, gate_ticks=run), 1, 30_000.0).astype(int)] = True
    whole = acted[: len(acted) // run * run].reshape(-1, run)
    assert (whole.all(axis=1) == whole.any(axis=1)).all()
    # A binomial fraction, five standard deviations.
    assert abs(whole[:, 0].mean() - 0.3) < 5.0 * np.sqrt(0.21 / len(whole))


def test_runs_of_one_tick_are_the_gate_as_it_was() -> None:
    for clock in (PeriodicClock(gate=0.4, jitter=0.1), PoissonClock(gate=0.4)):
        same = clock.model_copy(update={"gate_ticks": 1})
        np.testing.assert_array_equal(ticks(clock, 2, 500.0), ticks(same, 2, 500.0))
        draws = Streams(3).uniforms("clock.gate", 2, 0, 16)
        block = next(iter(clock.all_ticks(2, 4, Streams(3))))[1][:16]
        expected = block[(draws < 0.4) & (block >= 0.0)]
        np.testing.assert_array_equal(ticks(clock, 2, 500.0)[: expected.size], expected)


@pytest.mark.parametrize(("key", "value"), [("edges.batch", 0), ("edges.clock.gate_ticks", 0)])
def test_a_batch_has_at_least_one_reading(key: str, value: int) -> None:
    with pytest.raises(ot.OhmtickError, match=key.rsplit(".", maxsplit=1)[-1]):
        ot.load("breadboard-iii").replace(**{key: value})
