"""What a run costs is told before it is made."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import networkx as nx
import numpy as np
import pytest

import ohmtick as ot
from ohmtick.docs.bench_cases import Stopwatch
from ohmtick.engine.solver.layout import allocate, numbers_in
from ohmtick.engine.solver.symbolic import analyse
from ohmtick.scenarios.build import build


def lattice(side: int, **changes: Any) -> ot.Scenario:
    last = side * side - 1
    return ot.load("breadboard-iii").replace(
        probe=None,
        circuit={"kind": "square_lattice", "rows": side, "cols": side},
        **{
            "task.sources": {"0": 4.0, str(last): 0.0},
            "task.targets": {str(side - 1): 1.0, str(last - side + 1): 2.0},
            "edges.clock.jitter": 0.0,
            **changes,
        },
    )


def random(nodes: int, **changes: Any) -> ot.Scenario:
    circuit = {"kind": "random", "nodes": nodes, "edges": 2 * nodes, "seed": 4}
    ends = {"task.sources": {"0": 4.0, str(nodes // 2): 0.0}, "task.targets": {"1": 1.0, "2": 2.0}}
    return lattice(4).replace(circuit=circuit, **ends, **changes)


def test_all_that_happens_is_counted() -> None:
    scenario = ot.load("breadboard-iris").replace(horizon=100.0)
    run, found = ot.run(scenario, seed=2), ot.estimate(scenario)
    data = scenario.task.data_counts()[0]
    assert data > 1
    presented = 100.0 / scenario.supervisor.period
    assert found.events == pytest.approx(
        run.summary["updates"] + presented + len(run.probes), rel=0.02
    )
    assert any(f"{scenario.task.data_counts()[1]} data and 3 targets" in r for r in found.reasons)


@pytest.mark.parametrize("side", [3, 8, 30])
def test_a_factor_has_as_many_numbers_as_are_told(side: int) -> None:
    circuit = ot.square_lattice(side, side, periodic=side > 3)
    for targets in ([], [1], [1, 4, 5]):
        symbolic = analyse(circuit.edges, circuit.nodes, [0, circuit.nodes - 1], targets)
        factor = allocate(symbolic, 0, 0)
        assert numbers_in(symbolic) == factor.real.size + factor.ints.size


def test_an_event_of_a_dense_factor_costs_what_its_entries_do() -> None:
    """On a complete circuit every read passes the whole triangle below its column."""
    costs = []
    for nodes in (200, 400):
        circuit = nx.complete_graph(nodes)
        ends = {"task.sources": {"0": 1.0}, "task.targets": {"1": 0.5}}
        costs.append(ot.estimate(lattice(4).replace(circuit=circuit, **ends)).event_s)
    assert costs[1] / costs[0] == pytest.approx(4.0, rel=0.25)


def test_time_is_in_proportion_to_the_horizon_and_the_log_to_the_acts() -> None:
    short, long = (ot.estimate(lattice(20, horizon=horizon)) for horizon in (1e3, 1e5))
    assert long.run_s == pytest.approx(100 * short.run_s, rel=0.05)
    assert long.log_B == pytest.approx(100 * short.log_B)
    assert short.event_s == pytest.approx(long.event_s)
    gated = ot.estimate(lattice(20, horizon=1e5, **{"edges.clock.gate": 0.1}))
    assert gated.log_B == pytest.approx(0.1 * long.log_B)
    assert gated.run_s < 0.3 * long.run_s


def test_probes_cost_in_proportion_to_data_and_targets() -> None:
    base = ot.load("lattice-regression").replace(**{"probe.period": 0.01})
    without = ot.estimate(base.replace(probe=None)).run_s
    few, many = (
        ot.estimate(base.replace(**{"task.test": count})).run_s - without
        for count in (10_000, 100_000)
    )
    assert many == pytest.approx(10 * few, rel=0.05)


def test_each_stage_of_a_schedule_counts_for_its_time() -> None:
    base = ot.load("lattice-regression").replace(
        horizon=100.0, **{"probe.period": 0.01, "task.test": 1000}
    )
    task, supervisor = {"test": 100_000}, {"period": 0.01}
    whole = base.replace(**{"task.test": 100_000, "supervisor.period": 0.01})
    quarter = base.replace(schedule=[{"at": 75.0, "task": task, "supervisor": supervisor}])
    before, mixed, after = (ot.estimate(each) for each in (base, quarter, whole))
    for name in ("events", "run_s"):
        told = [getattr(each, name) for each in (before, mixed, after)]
        assert told[1] == pytest.approx(0.75 * told[0] + 0.25 * told[2], rel=0.01)


def test_mismatched_copies_take_twice_the_walks_and_the_memory() -> None:
    alike = ot.estimate(lattice(40))
    differ = ot.estimate(lattice(40, **{"edges.mismatch.conductance": 0.01}))
    assert differ.event_s == pytest.approx(2 * alike.event_s, rel=0.1)
    still = {"horizon": 1e-3}  # which leaves no log
    alike, differ = (
        ot.estimate(lattice(40, **{"edges.mismatch.conductance": rms, **still}))
        for rms in (0.0, 0.01)
    )
    assert 1.3 * alike.memory_B < differ.memory_B < 2 * alike.memory_B


def test_edges_in_lockstep_share_their_solves() -> None:
    clock = {"kind": "periodic", "period": 1.0}
    alone = ot.estimate(lattice(100, **{"edges.clock": {**clock, "phase": "uniform"}}))
    together = ot.estimate(lattice(100, **{"edges.clock": {**clock, "phase": "aligned"}}))
    assert together.event_s < alone.event_s / 10
    # docs/performance.md has 2.9 ms for a synchronous step of this lattice.
    step = together.event_s * len(ot.square_lattice(100, 100).edges)
    assert 1.45e-3 < step < 5.8e-3


def test_a_circuit_far_from_planar_is_warned_of_and_others_are_not() -> None:
    found = ot.estimate(random(10_000))
    assert "far from planar" in found.advice
    assert "283 suffice" in found.advice  # √(8 · 10 000)
    assert "delaunay" in found.advice
    assert found.advice in repr(found)
    assert found.event_s > 4e-4
    delaunay = {"kind": "delaunay", "nodes": 10_000}
    ends = {"task.sources": {"0": 4.0, "5": 0.0}, "task.targets": {"1": 1.0, "2": 2.0}}
    for planar in (lattice(100), random(10_000).replace(circuit=delaunay, **ends), random(60)):
        assert ot.estimate(planar).advice == ""


def test_nothing_of_the_network_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("no factor, and no network, is needed to tell")

    monkeypatch.setattr("ohmtick.engine.solver.layout.allocate", refuse)
    monkeypatch.setattr("ohmtick.engine.solver.factor.allocate", refuse)
    monkeypatch.setattr("ohmtick.engine.networks.equilibrium.TwinNetwork.__init__", refuse)
    assert ot.estimate(lattice(50)).run_s > 0.0


def test_it_is_data_with_a_readable_repr() -> None:
    found = ot.estimate("breadboard-iii", seed=3)
    assert dataclasses.asdict(found)["run_s"] == found.run_s
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.run_s = 0.0  # type: ignore[misc]
    lines = repr(found).splitlines()
    assert 3 <= len(lines) <= 8
    assert lines[0].startswith("6,871 events, ")
    assert "of memory" in lines[0]
    assert ot.estimate("breadboard-iii", engine="simpy").event_s > 10 * found.event_s


def test_what_cannot_run_is_refused_alike() -> None:
    with pytest.raises(ot.OhmtickError, match="no scenario of the library"):
        ot.estimate("breadbord")


def test_an_engine_that_there_is_not_is_refused() -> None:
    with pytest.raises(ot.OhmtickError, match=r"'engine' .* got 'foo' instead"):
        ot.estimate("breadboard-iii", engine="foo")
    with pytest.raises(ot.OhmtickError, match="'compild' instead; the nearest is 'compiled'"):
        ot.estimate("breadboard-iii", engine="compild")


def table(rows: int) -> Any:
    X = np.zeros((rows, 2))
    nodes: dict[str, Any] = {"sources": ["3", "8"], "targets": ["4"], "fixed": {"9": 0.0}}
    return ot.tasks.from_arrays(X, X[:, 0], **nodes)


def test_data_take_memory() -> None:
    """At least each voltage of each datum, and in all tasks of a schedule."""
    base = ot.load("breadboard-iii")
    few, many = (ot.estimate(base.replace(task=table(rows))) for rows in (1000, 300_000))
    voltages = 8 * (3 + 1)
    assert few.memory_B < 1e6
    assert 299_000 * voltages < many.memory_B - few.memory_B < 4 * 299_000 * voltages
    assert any("the data: " in reason for reason in many.reasons)
    later = base.replace(task=table(1000), schedule=[{"at": 10.0, "task": table(300_000)}])
    assert ot.estimate(later).memory_B > many.memory_B


def measured(scenario: ot.Scenario, acts: int) -> float:
    """Return the CPU time of an act, s, the least of three runs."""
    horizon = acts * scenario.edges.clock.period / len(build(scenario, 1).parts.kinds[0].edges)
    scenario = scenario.replace(horizon=horizon)
    found: list[float] = []
    for _ in range(3):
        watch = Stopwatch()
        run = ot.run(scenario, 1, "compiled", poll=watch)
        found.append(watch.seconds / run.summary["updates"])
    return min(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "acts"),
    [
        (ot.load("breadboard-iii"), 300_000),
        (random(143), 100_000),
        (lattice(32), 30_000),
        (lattice(128), 5_000),
        (random(3000), 1_500),
    ],
    ids=["9", "143", "1024", "16384", "random 3000"],
)
def test_an_event_takes_what_was_told_within_a_factor_of_two(
    scenario: ot.Scenario, acts: int
) -> None:
    told = ot.estimate(scenario, 1).event_s
    assert told / 2 < measured(scenario, acts) < 2 * told


@pytest.mark.slow
def test_memory_is_what_was_told_within_a_factor_of_two() -> None:
    code = """
import resource
from ohmtick.docs.bench_cases import scenario
import ohmtick as ot

def most():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

ot.run(scenario(4096, 1000), 1, "compiled")
large = scenario(1 << 18, 1000)
with open("/proc/self/statm") as file:
    before = resource.getpagesize() * int(file.read().split()[1])
ot.run(large, 1, "compiled")
print((most() - before) / ot.estimate(large, 1).memory_B)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert 0.5 < float(done.stdout) < 2.0
