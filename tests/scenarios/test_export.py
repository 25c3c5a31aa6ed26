"""What is exported is the network of the run: SPICE says so, and what is read again does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

import ohmtick as ot
from ohmtick.engine.errors import CircuitError, OhmtickError, RecordError
from ohmtick.engine.formats.files import read_circuit
from ohmtick.engine.records.run import Run
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.scenario import library
from ohmtick.tests.ngspice import ngspice

COPIES = ("free", "clamped")
FIXED = {"kind": "fixed", "conductance_S": "circuit"}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def short(name: str, **changes: Any) -> Run:
    """Return a short run of a scenario of the library."""
    scenario = ot.load(name)
    return ot.run(scenario.replace(horizon=min(scenario.horizon, 40.0), **changes), seed=4)


def check_with_spice(run: Run, at: float | None = None, datum: int | None = None) -> None:
    """Both copies have the operating point that ngspice finds, and take the power that it says."""
    twin = run.twin(at, datum)
    for which, copy in enumerate(COPIES):
        file = ot.export(run, f"{copy}.cir", copy, at, datum, overwrite=True)
        text = file.read_text(encoding="utf-8")
        names = [line.split()[1] for line in text.splitlines() if line.startswith("*node ")]
        found = ngspice(text)
        volts = np.array([found[name] for name in names])
        np.testing.assert_allclose(volts, twin.voltages()[which], rtol=0, atol=1e-12)
        held = np.r_[twin.sources, twin.targets] if which else twin.sources
        amperes = [value for name, value in found.items() if name.endswith("#branch")]
        assert len(amperes) == held.size
        supplied = sum(
            -volts[node] * found[f"v{role}{number}#branch"]
            for role, nodes in [("source", twin.sources), ("target", twin.targets)][: which + 1]
            for number, node in enumerate(nodes.tolist())
        )
        assert supplied == pytest.approx(twin.power()[which], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", library())
def test_spice_agrees_on_every_scenario_of_the_library(name: str) -> None:
    check_with_spice(short(name))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("data-clock", {"edges.mismatch.conductance": 0.3}),
        ("breadboard-iris", {}),
        ("breadboard-iii", {"edges.faults": {"fraction": 0.3, "effect": "cut", "time": 5.0}}),
    ],
)
def test_spice_agrees_at_other_times_and_data(name: str, changes: dict[str, Any]) -> None:
    run = short(name, **changes)
    for at, datum in ((0.0, None), (12.5, None), (20.0, 0), (None, 0)):
        check_with_spice(run, at, datum)


ODD = ["0", "gnd", "A", "a", "a b", "ä", '"', "\\", "n_a", "n3", "v(1)", "x" * 40, "*", "$ ", "\t"]


def test_any_labels_can_be_exported() -> None:
    graph = nx.cycle_graph(ODD)
    task = {"kind": "allostery", "sources": {"0": 1.0, "a b": 0.2}, "targets": {"gnd": 0.3}}
    scenario = ot.load("breadboard-iii").replace(horizon=5.0, circuit=graph, task=task)
    run = ot.run(scenario)
    check_with_spice(run)
    for name in ("odd.cir", "odd.json", "odd.graphml"):
        file = ot.export(run, name)
        assert read_circuit(name, file.read_bytes())[0] == run.circuit


@pytest.mark.parametrize("suffix", ["cir", "sp", "spice", "graphml", "json"])
@pytest.mark.parametrize("name", ["every-knob", "random-143"])
def test_what_was_exported_is_a_circuit_again(name: str, suffix: str) -> None:
    run = short(name)
    for copy, conductances in zip(COPIES, run.twin().copy_conductances(), strict=True):
        file = ot.export(run, f"{copy}.{suffix}", copy)
        circuit, read = read_circuit(str(file), file.read_bytes())
        assert circuit == run.circuit
        assert read is not None
        np.testing.assert_allclose(read, conductances, rtol=4e-16)
    again = ot.load(name).replace(circuit={"kind": "file", "file": f"free.{suffix}"}, horizon=5.0)
    original = ot.load(name).replace(circuit=run.circuit, horizon=5.0)
    assert ot.run(again).events.equals(ot.run(original).events)


def test_an_edge_that_is_cut_is_no_resistor() -> None:
    faults = {"fraction": 0.3, "effect": "cut", "time": 5.0}
    run = short("breadboard-iii", **{"edges.faults": faults})
    text = ot.export(run, "cut.cir").read_text(encoding="utf-8")
    cut = np.flatnonzero(np.isfinite(run.cuts))
    assert cut.size == 5
    for edge in range(len(run.edges)):
        assert (f"\n* R{edge} " in text) == (edge in cut) == (f"\nR{edge} " not in text)
    assert "is cut" not in ot.export(run, "whole.cir", at=4.0).read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", ["cir", "graphml", "json"])
def test_edges_that_are_cut_stay_cut_when_they_are_read_again(suffix: str) -> None:
    faults = {"fraction": 0.2, "effect": "cut", "time": 5.0}
    run = short("breadboard-iii", **{"edges.faults": faults})
    alive = ~np.isfinite(run.cuts)
    assert not alive.all()
    file = ot.export(run, f"cut.{suffix}")
    circuit, read = read_circuit(str(file), file.read_bytes())
    np.testing.assert_array_equal(circuit.edges, run.circuit.edges[alive])
    assert read is not None
    np.testing.assert_allclose(read, run.twin().conductances[alive], rtol=4e-16)
    if suffix == "json":
        graph = nx.node_link_graph(json.loads(file.read_text(encoding="utf-8")), edges="edges")
        kept = sorted(data["edge"] for *_, data in graph.edges(data=True))
        assert kept == np.flatnonzero(alive).tolist()
    again = {"circuit": {"kind": "file", "file": str(file)}, "edges.resistor": FIXED}
    still = ot.run(ot.load("breadboard-iii").replace(horizon=1.0, **again))
    np.testing.assert_allclose(still.twin().voltages()[0], run.twin().voltages()[0], rtol=1e-12)


def test_graphs_have_the_state() -> None:
    run = short("every-knob")
    graph = nx.read_graphml(ot.export(run, "net.graphml", "clamped", at=10.0))
    clamped = run.twin(at=10.0).voltages()[1]
    volts = nx.get_node_attributes(graph, "voltage_V")
    assert [volts[label] for label in run.circuit.labels] == clamped.tolist()
    roles = run.nodes.set_index("node")["role"].to_dict()
    assert nx.get_node_attributes(graph, "role") == roles


def test_what_cannot_be_exported_is_refused() -> None:
    run = short("breadboard-iii")
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        ("net.txt", {}, "the file of an export must end in .graphml, .json, .cir, .sp, .spice"),
        ("net", {}, "got 'net' instead"),
        ("net.cir", {"copy": "fre"}, "must be one of 'free', 'clamped', got 'fre' instead; the n"),
        ("net.cir", {"at": 1e9}, "The 'at' parameter of Run.twin must lie in [0, 40] s"),
        ("net.cir", {"at": "x"}, "The 'at' parameter of Run.twin must lie in [0, 40] s, got 'x'"),
        (3, {}, "the file of an export must end in .graphml, .json, .cir, .sp, .spice, got '3'"),
        ("net.cir", {"datum": 7}, "The 'datum' parameter of Run.twin must be one of the 1"),
    ]
    for path, more, says in wrong:
        with pytest.raises(OhmtickError) as caught:
            ot.export(run, path, **more)
        assert says in str(caught.value)
    for no_run in ("breadboard-iii", None):
        with pytest.raises(OhmtickError, match=f"'run' .* must be a run, .* got {no_run!r} inst"):
            ot.export(no_run, "net.cir")  # type: ignore[arg-type]
    ot.export(run, "net.cir")
    with pytest.raises(RecordError, match=r"cannot write net\.cir: it is there already"):
        ot.export(run, "net.cir")
    with pytest.raises(RecordError, match=r"nowhere/net\.cir"):
        ot.export(run, "nowhere/net.cir")
    graph = nx.cycle_graph(["1", "2", "\x01"])
    task = {"kind": "allostery", "sources": {"1": 1.0}, "targets": {"2": 0.3}}
    odd = ot.run(ot.load("breadboard-iii").replace(horizon=2.0, circuit=graph, task=task))
    with pytest.raises(CircuitError, match=r"GraphML cannot hold the label '\\x01'; .json can"):
        ot.export(odd, "net.graphml")
    assert sorted(path.name for path in Path().iterdir()) == ["net.cir"]


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    run = short("data-clock")
    run.save("run")
    assert main(["export", "run"]) == 0
    assert capsys.readouterr().out == "run/free.cir\n"
    assert Path("run/free.cir").read_bytes() == ot.export(run, "same.cir").read_bytes()
    assert main(["export", "run", "--copy", "clamped", "--to", "json", "--at", "20"]) == 0
    wanted = ot.export(run, "same.json", "clamped", at=20.0)
    assert Path("run/clamped.json").read_bytes() == wanted.read_bytes()
    assert main(["export", "run", "--out", "my.graphml", "--datum", "3"]) == 0
    assert Path("my.graphml").read_bytes() == ot.export(run, "a.graphml", datum=3).read_bytes()
    capsys.readouterr()
    assert main(["export", "run"]) == 1
    assert (
        "run/free.cir: it is there already; only with overwrite=True (--overwrite)"
        in capsys.readouterr().err
    )
    assert main(["export", "run", "--overwrite", "--at", "5"]) == 0
    assert main(["export", "run", "--to", "json", "--out", "net.cir"]) == 2
    assert "--to json and --out net.cir are of two formats" in capsys.readouterr().err
    assert main(["export", "nothing"]) == 1
    assert not Path("net.cir").exists()
