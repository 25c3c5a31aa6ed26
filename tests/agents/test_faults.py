"""Edges that fail: which, when, and what becomes of them, on both engines."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.agents.faults import Faults
from ohmtick.engine.compiled import loop
from ohmtick.engine.compiled.simulation import CompiledSimulation
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.build import build
from ohmtick.tests.old_folders import as_of_an_earlier_version

NETWORKS = ["breadboard-iii", "every-knob", "random-143", "breadboard-iii-synchronous"]


def failing(name: str, **faults: Any) -> ot.Scenario:
    return ot.load(name).replace(horizon=60.0, **{"edges.faults": faults})


def last_write(run: Run) -> dict[int, float]:
    return dict(run.events.groupby("edge")["time_s"].max())


@given(
    name=st.sampled_from(NETWORKS),
    effect=st.sampled_from(["stop", "cut"]),
    time=st.sampled_from([0.0, 7.0, 20.5, 59.0, 80.0]),
    interval=st.sampled_from([0.0, 3.0, 7.3]),
    latency=st.sampled_from([0.0, 0.4, 3.0]),
    late=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 5),
)
@settings(max_examples=40)
def test_both_engines_agree(
    name: str, effect: str, time: float, interval: float, latency: float, late: float, seed: int
) -> None:
    scenario = failing(name, fraction=0.2, effect=effect, time=time, interval=interval)
    scenario = scenario.replace(
        horizon=30.0,
        **{"edges.latency": latency, "edges.latency_jitter": late if latency else 0.0},
    )
    simpy, compiled = (ot.run(scenario, seed, engine) for engine in ("simpy", "compiled"))
    assert_frame_equal(simpy.events, compiled.events, check_exact=True)
    assert_frame_equal(simpy.probes, compiled.probes, check_exact=True)
    assert simpy.conductances.tobytes() == compiled.conductances.tobytes()
    assert_frame_equal(simpy.edges, compiled.edges, check_exact=True)
    np.testing.assert_array_equal(np.isfinite(simpy.cuts), simpy.conductances == 0.0)


def test_a_stop_that_comes_as_an_edge_is_cut_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C may: at any moment, so also when the loop has reached the time of the cut."""
    scenario = failing("breadboard-iii", fraction=0.1, effect="cut", time=20.0)
    simulation = build(scenario, 1, "compiled").simulation
    assert isinstance(simulation, CompiledSimulation)
    advance = simulation._advance

    def interrupted(budget: int) -> int:
        reason = advance(budget)
        if reason == loop.HORIZON:
            simulation.stop()
        return reason

    monkeypatch.setattr(simulation, "_advance", interrupted)
    simulation.run()
    assert simulation.stopped
    assert simulation.now < 20.0
    assert not simulation.cuts


@pytest.mark.parametrize("name", NETWORKS)
def test_a_stopped_edge_keeps_its_conductance_and_the_others_their_ticks(name: str) -> None:
    whole = ot.run(failing(name, fraction=0.0), seed=2)
    run = ot.run(failing(name, fraction=0.25, time=20.0), seed=2)
    count = round(0.25 * len(run.edges))
    silent = [edge for edge, time in last_write(run).items() if time < 26.0]
    assert len(silent) == count
    for edge in silent:
        after = run.events.loc[run.events["edge"] == edge, "conductance_after_S"].iloc[-1]
        assert run.conductances[edge] == after > 0.0
    others, same = (
        frame.loc[~frame["edge"].isin(silent), ["edge", "sensed_s"]].reset_index(drop=True)
        for frame in (whole.events, run.events)
    )
    assert_frame_equal(others, same, check_exact=True)
    before, unchanged = (frame[frame["time_s"] < 20.0] for frame in (whole.events, run.events))
    assert_frame_equal(before, unchanged, check_exact=True)


@pytest.mark.parametrize("name", ["breadboard-iii", "random-143"])
def test_a_cut_edge_conducts_nothing_and_the_physics_knows(name: str) -> None:
    """The error at the end is that of the circuit without the edges that were cut."""
    run = ot.run(failing(name, fraction=0.2, effect="cut", time=20.0, interval=1.0), seed=2)
    cut = np.flatnonzero(run.conductances == 0.0).tolist()
    assert len(cut) == round(0.2 * len(run.edges))
    times = sorted(last_write(run).get(edge, 0.0) for edge in cut)
    assert all(time < 20.0 + number for number, time in enumerate(times))
    left = run.edges[run.conductances > 0.0]
    labels = run.nodes["node"].tolist()
    pairs = [(labels.index(a), labels.index(b)) for a, b in left[["first", "second"]].to_numpy()]
    task = run.tables["task"]
    twin = ot.TwinNetwork(
        ot.Circuit(pairs, nodes=len(labels), labels=labels),
        left["conductance_final_S"].to_numpy(),
        sources=list(task["sources"]),
        targets=list(task["targets"]),
        nudge=0.5,
    )
    twin.present(inputs=list(task["sources"].values()))
    found = twin.voltages()[0][twin.targets]
    error = np.mean((found - list(task["targets"].values())) ** 2)
    assert error == pytest.approx(run.summary["final_error"], rel=1e-9)


def test_more_faults_are_the_same_ones_and_more() -> None:
    circuit = ot.square_lattice(8, 8)
    for effect in ("stop", "cut"):
        sets = [
            list(Faults(fraction=part, effect=effect).times(circuit, Streams(3)))
            for part in (0.0, 0.1, 0.2, 0.4)
        ]
        assert [len(chosen) for chosen in sets] == [0, 11, 22, 45]
        assert all(more[: len(few)] == few for few, more in pairwise(sets))
        assert list(Faults(fraction=0.4, effect=effect).times(circuit, Streams(4))) != sets[-1]


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_cuts_leave_the_circuit_connected(seed: int) -> None:
    """As many as a tree can spare, and no more."""
    circuit = ot.Circuit(
        [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (0, 2), (3, 4)], nodes=5
    )  # with two parallel edges, and a bridge
    spare = len(circuit.edges) - (circuit.nodes - 1)
    cut = Faults(fraction=spare / 7, effect="cut").times(circuit, Streams(seed))
    graph: Any = nx.MultiGraph()
    graph.add_nodes_from(range(5))
    kept = [edge for number, edge in enumerate(circuit.edges.tolist()) if number not in cut]
    graph.add_edges_from(kept)
    assert len(cut) == spare
    assert nx.is_connected(graph)
    with pytest.raises(ot.OhmtickError, match=r"4 of the 7 edges cannot be cut .* 3 can"):
        Faults(fraction=4 / 7, effect="cut").times(circuit, Streams(seed))


def test_learning_goes_on_around_cut_edges() -> None:
    """As on the bench: the error jumps when edges are cut, and then falls again."""
    jumps, recovers = 0, 0
    for seed in range(10):
        probes = ot.run("dead-edges", seed=seed).probes.set_index("time_s")["error"]
        before, worst = probes.loc[150:199].mean(), probes.loc[200:270].max()
        jumps += worst > 10.0 * before
        recovers += probes.loc[350:].mean() < 0.05 * worst
    assert jumps >= 9
    assert recovers >= 7


def test_a_folder_that_does_not_say_when_edges_were_cut_is_read(tmp_path: Path) -> None:
    """Those of earlier versions."""
    run = ot.run(failing("breadboard-iii"), seed=1, out=tmp_path / "old")
    as_of_an_earlier_version(tmp_path / "old")
    run.edges.drop(columns="cut_s").to_parquet(tmp_path / "old" / "edges.parquet", index=False)
    assert np.isnan(ot.open_run(tmp_path / "old").cuts).all()
