"""The network of a recorded run at any time: the very one that the run had then."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.engine.errors import AnalysisError
from ohmtick.engine.streams import Streams

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "one datum": ("breadboard-iii", {"horizon": 30.0}),
    "many data": ("lattice-regression", {"horizon": 30.0}),
    "random order": ("data-clock", {"horizon": 30.0, "supervisor.order": "random"}),
    "classes": ("breadboard-iris", {"horizon": 170.0, "supervisor.order": "shuffled"}),
    "classes apart": ("breadboard-iris-95", {"horizon": 90.0}),
    "cut edges": (
        "breadboard-iii",
        {"horizon": 30.0, "edges.faults": {"fraction": 0.2, "effect": "cut", "time": 9.0}},
    ),
    "all at once": ("every-knob", {"horizon": 30.0}),
    "mismatch": ("data-clock", {"horizon": 30.0, "edges.mismatch.conductance": 0.2}),
    "a circuit that is drawn": ("random-143", {"horizon": 5.0}),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_network_that_the_run_had(case: str, tmp_path: Path) -> None:
    name, changes = CASES[case]
    scenario = ot.load(name).replace(**changes)
    scenario = scenario.replace(probe={"period": scenario.horizon / 7.3})
    live: list[tuple[float, Any, Any]] = []

    def look(simulation: Any) -> None:
        if simulation.probe is not None:
            twin = simulation.twin
            live.append((simulation.now, twin.conductances, twin.voltages()))

    run = ot.run(scenario, seed=5, engine="simpy", watch=look, out=tmp_path / "run")
    assert len(live) > 4
    for at, conductances, voltages in live:
        twin = run.twin(at=at)
        assert np.array_equal(twin.conductances, conductances)
        assert np.abs(np.array(twin.voltages()) - voltages).max() < 1e-12
    end, opened = live[-1], ot.open_run(tmp_path / "run").twin()
    assert np.array_equal(opened.conductances, run.conductances)
    assert np.abs(np.array(opened.voltages()) - end[2]).max() < 1e-12


@pytest.mark.parametrize("case", [case for case in CASES if case != "all at once"])
def test_it_has_the_drops_that_were_read(case: str) -> None:
    name, changes = CASES[case]
    run = ot.run(ot.load(name).replace(**changes), seed=5)
    events = run.events.iloc[:: max(1, len(run.events) // 9)]
    for event in events.to_dict("records"):
        twin = run.twin(at=math.nextafter(event["sensed_s"], 0.0))
        read = event["drop_free_V"], event["drop_clamped_V"]
        assert twin.drops(event["edge"]) == pytest.approx(read, abs=1e-12)


def test_the_circuit_of_a_run_is_that_of_its_scenario(tmp_path: Path) -> None:
    place = {"a": (0.0, 1.0), "b": (0.5, -2.0), "z": (1 / 3, 0.1)}
    edges = [("b", "a"), ("a", "z"), ("z", "b"), ("a", "b")]
    placed = {"kind": "edge_list", "edges": edges, "positions": place}
    task = {"kind": "allostery", "sources": {"a": 1.0, "z": 0.0}, "targets": {"b": 0.3}}
    for circuit in (placed, {"kind": "edge_list", "edges": edges}):
        scenario = ot.load("breadboard-iii").replace(horizon=3.0, circuit=circuit, task=task)
        run = ot.run(scenario)
        run.save(tmp_path / f"run-{len(circuit)}")
        wanted = scenario.circuit.build(Streams(0))
        for each in (run, ot.open_run(tmp_path / f"run-{len(circuit)}")):
            assert each.circuit == wanted
            assert each.circuit.labels == ("b", "a", "z")


def test_another_datum_and_what_is_not_there() -> None:
    run = ot.run(ot.load("data-clock").replace(horizon=20.0), seed=1)
    twin = run.twin(datum=3)
    inputs = run.data[(run.data["datum"] == 3) & (run.data["role"] == "source")]["voltage_V"]
    assert np.array_equal(twin.voltages()[0][twin.sources], inputs)
    twin.set_conductance(0, 1.0)
    assert not np.array_equal(run.twin().conductances, twin.conductances)
    for at in (-1.0, 20.5, math.nan, math.inf):
        with pytest.raises(
            AnalysisError, match=r"'at' parameter of Run\.twin must lie in \[0, 20\] s"
        ):
            run.twin(at=at)
    for datum in (-1, 10**6, 0.5, "0"):
        with pytest.raises(
            AnalysisError, match=r"'datum' parameter of Run\.twin must be one of the \d+"
        ):
            run.twin(datum=datum)  # type: ignore[arg-type]


def test_an_interrupted_run_has_the_network_where_it_ended() -> None:
    def look(simulation: Any) -> None:
        if simulation.now > 10.0:
            simulation.stop()

    run = ot.run(ot.load("data-clock").replace(horizon=40.0), seed=2, watch=look)
    assert run.summary["interrupted"]
    end = run.summary["simulated_s"]
    last, at_end = run.twin(), run.twin(at=end)
    assert np.array_equal(last.conductances, at_end.conductances)
    assert np.array_equal(last.voltages(), at_end.voltages())
    with pytest.raises(AnalysisError, match=r"'at' parameter of Run\.twin must lie in"):
        run.twin(at=end + 1.0)


def test_a_run_that_was_stopped_at_once_has_the_first_network() -> None:
    run = ot.run("data-clock", seed=2, watch=lambda simulation: simulation.stop())
    assert run.summary["simulated_s"] == 0.0
    whole = ot.run(ot.load("data-clock").replace(horizon=20.0), seed=2)
    assert np.array_equal(run.twin().voltages(), whole.twin(at=0.0).voltages())
    with pytest.raises(AnalysisError, match=r"must lie in \[0, 0\] s"):
        run.twin(at=1.0)
