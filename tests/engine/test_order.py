"""The order of events: lockstep is whole-network steps, and nothing in flight is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import simpy
from numpy.typing import NDArray

import ohmtick as ot
from ohmtick.engine.errors import OhmtickError
from ohmtick.engine.events import Kind
from ohmtick.engine.simulation import Simulation

FloatArray = NDArray[np.float64]

LOCKSTEP = {"edges.clock": {"kind": "periodic", "period": 1.0, "phase": "aligned"}}
LATE = {"edges.latency": 3.3, "edges.latency_jitter": 0.25, "horizon": 30.0}


def whole_network_steps(
    circuit: ot.Circuit,
    inputs: dict[int, float],
    desired: dict[int, float],
    nudge: float,
    start: FloatArray,
    steps: int,
    step: Callable[[FloatArray, FloatArray, FloatArray], FloatArray],
) -> FloatArray:
    """Conductances after each synchronous step, shape (steps, E), by dense constrained solves."""
    conductances, history = start.copy(), []
    incidence = np.zeros((len(circuit.edges), circuit.nodes))
    for edge, (first, second) in enumerate(circuit.edges):
        incidence[edge, first], incidence[edge, second] = 1.0, -1.0

    def node_voltages(held: dict[int, float]) -> FloatArray:
        matrix = incidence.T @ (conductances[:, None] * incidence)
        right = np.zeros(circuit.nodes)
        for node, voltage in held.items():
            matrix[node], right[node] = 0.0, voltage
            matrix[node, node] = 1.0
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)

    for _ in range(steps):
        free = node_voltages(inputs)
        clamp = {node: free[node] + nudge * (want - free[node]) for node, want in desired.items()}
        conductances = step(
            conductances, incidence @ free, incidence @ node_voltages(inputs | clamp)
        )
        history.append(conductances)
    return np.array(history)


def test_lockstep_sign_rule_is_whole_network_steps() -> None:
    run = ot.run(ot.load("breadboard-iii").replace(**LOCKSTEP, horizon=150.0), seed=11)

    def step(k: FloatArray, free: FloatArray, clamped: FloatArray) -> FloatArray:
        ohms = 1.0 / k + np.where(np.abs(clamped) > np.abs(free), 781.25, -781.25)
        return 1.0 / np.clip(ohms, 781.25, 100e3)

    expected = whole_network_steps(
        ot.breadboard(),
        {2: 4.0, 8: 0.0},
        {3: 1.0, 7: 2.0},
        0.5,
        run.edges["conductance_start_S"].to_numpy(),
        150,
        step,
    )
    got = run.events["conductance_after_S"].to_numpy().reshape(150, 16)
    assert (run.events["edge"].to_numpy().reshape(150, 16) == np.arange(16)).all()
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_lockstep_coupled_learning_is_whole_network_steps() -> None:
    scenario = ot.load("random-143").replace(**LOCKSTEP, horizon=40.0)
    run = ot.run(scenario, seed=2)
    circuit = ot.Circuit(run.edges[["first", "second"]].astype(int).to_numpy(), nodes=64)

    def step(k: FloatArray, free: FloatArray, clamped: FloatArray) -> FloatArray:
        return np.clip(k + 20.0 / (2 * 1e-3) * (free**2 - clamped**2), 1e-3, 1e3)

    expected = whole_network_steps(
        circuit,
        {0: 0.0, 1: 1.0, 2: 0.5},
        {20: 0.3, 30: 0.7, 40: 0.5},
        1e-3,
        np.ones(143),
        40,
        step,
    )
    got = run.events["conductance_after_S"].to_numpy().reshape(40, 143)
    assert np.ptp(expected[-1]) > 0.1  # it did learn something
    # F² - C² cancels three digits at this nudge, in the test's formula as in any other.
    np.testing.assert_allclose(got, expected, rtol=1e-8)


def test_lockstep_senses_one_state_and_then_actuates_in_order() -> None:
    run = ot.run(ot.load("breadboard-iii").replace(**LOCKSTEP, horizon=3.0), seed=1)
    assert run.events["time_s"].tolist() == [t for t in (0.0, 1.0, 2.0) for _ in range(16)]
    assert run.events["staleness"].tolist() == list(range(16)) * 3


def test_the_gate_leaves_a_random_subset_in_each_step() -> None:
    changes = {**LOCKSTEP, "edges.clock.gate": 0.3, "horizon": 500.0}
    events = ot.run(ot.load("breadboard-iii").replace(**changes), seed=4).events
    counts = events.groupby("edge").size()
    assert set(events["time_s"]) <= set(range(500))
    # Binomial(500, 0.3): five standard deviations are 51.
    assert counts.between(150 - 51, 150 + 51).all()
    assert len(events.groupby("time_s").size().unique()) > 3


def test_latency_longer_than_the_period_loses_no_reading() -> None:
    ticks = ot.run(ot.load("breadboard-iii").replace(horizon=30.0), seed=5).events
    late = ot.run(ot.load("breadboard-iii").replace(**LATE), seed=5).events
    latency = late["time_s"] - late["sensed_s"]
    assert latency.between(0.0, 6.6).all()
    assert 3.0 < latency.mean() < 3.6
    # Up to six readings of an edge in flight, each actuated in its own time and just once.
    for edge, own in late.groupby("edge"):
        sensed = np.sort(own["sensed_s"].to_numpy())
        ticked = ticks.loc[ticks["edge"] == edge, "time_s"].to_numpy()
        ticked = ticked[ticked < 30.0 - 6.6]
        np.testing.assert_array_equal(sensed[: ticked.size], ticked)
    assert (late["time_s"].diff().dropna() >= 0).all()


def test_staleness_counts_the_actuations_in_between() -> None:
    events = ot.run(ot.load("breadboard-iii").replace(**LATE), seed=6).events
    times = events["time_s"].to_numpy()
    for row in range(len(events)):
        sensed = events["sensed_s"].iloc[row]
        assert events["staleness"].iloc[row] == np.sum(times[:row] >= sensed)


def test_the_horizon_is_half_open() -> None:
    scenario = ot.load("breadboard-iii").replace(**LOCKSTEP, horizon=4.0)
    run = ot.run(scenario.replace(**{"probe.period": 2.0}), seed=1)
    assert run.events["time_s"].max() == 3.0
    assert run.probes["time_s"].tolist() == [0.0, 2.0]
    assert run.probes["updates"].tolist() == [16, 48]  # a probe comes behind the instant's rest


def test_one_edge_acts_at_a_time_in_the_order_of_the_key() -> None:
    twin = ot.TwinNetwork(ot.Circuit([(0, 1), (1, 2)]), 1.0, [0, 2], [1], 0.5)
    simulation = Simulation(twin, horizon=10.0)
    seen: list[tuple[float, Kind, int]] = []
    wanted = [
        (time, kind, agent)
        for time in (0.0, 0.5, 3.0)
        for kind in (Kind.PROBE, Kind.ACTUATE, Kind.SENSE, Kind.PRESENT)
        for agent in (7, 2, 1 << 32, 0)
    ]
    for time, kind, agent in wanted:
        simulation.call_at(time, kind, agent, seen.append, (time, kind, agent))
    simulation.call_at(10.0, Kind.SENSE, 0, seen.append, (10.0, Kind.SENSE, 0))
    simulation.run()
    assert seen == sorted(wanted)


def test_a_clock_that_runs_backwards_is_refused() -> None:
    class Backwards:
        def ticks(
            self, edge: int, edges: int, streams: object, horizon: float
        ) -> list[list[float]]:
            return [[2.0, 1.0]]

    with pytest.raises(OhmtickError, match=r"agent 0 must not lie before the present 2\.0 s"):
        ot.run("breadboard-iii", clock=Backwards())  # type: ignore[arg-type]


def test_actuations_act_on_the_conductance_of_their_own_moment() -> None:
    events = ot.run(ot.load("every-knob"), seed=8).events
    for _, own in events.groupby("edge"):
        after, before = own["conductance_after_S"], own["conductance_before_S"]
        np.testing.assert_array_equal(before.to_numpy()[1:], after.to_numpy()[:-1])


def test_the_log_is_the_physics() -> None:
    """Replaying the log with fresh networks gives the drops that it holds."""
    run = ot.run(ot.load("breadboard-iii").replace(**LATE), seed=9)
    conductances = run.edges["conductance_start_S"].to_numpy().copy()
    senses = pd.concat(
        {
            "sense": run.events.assign(at=run.events["sensed_s"], kind=1),
            "actuate": run.events.assign(at=run.events["time_s"], kind=2),
        }
    ).sort_values(["at", "kind", "edge"])
    columns = ["kind", "edge", "drop_free_V", "drop_clamped_V", "conductance_after_S"]
    for kind, edge, free, clamped, after in senses[columns].to_numpy():
        if kind == 2:
            conductances[int(edge)] = after
            continue
        twin = ot.TwinNetwork(ot.breadboard(), conductances, ["3", "9"], ["4", "8"], 0.5)
        twin.present([4.0, 0.0], [1.0, 2.0])
        assert twin.drops(int(edge)) == pytest.approx((free, clamped), abs=4e-9)


def test_a_process_of_the_users_own_takes_part() -> None:
    class Metronome:
        def __init__(self) -> None:
            self.heard: list[float] = []

        def process(self, simulation: Simulation) -> object:
            while True:
                yield simpy.Timeout(simulation.env, 2.0)
                self.heard.append(simulation.now)

    twin = ot.TwinNetwork(ot.Circuit([(0, 1), (1, 2)]), 1.0, [0, 2], [1], 0.5)
    simulation, metronome = Simulation(twin, horizon=6.0), Metronome()
    simulation.add(metronome)  # type: ignore[arg-type]
    simulation.run()
    assert metronome.heard == [2.0, 4.0]
