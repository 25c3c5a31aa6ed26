"""What holds of every kind of circuit."""

from pathlib import Path

import pytest

import ohmtick as ot
from ohmtick.engine.records.attached import with_content
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.attached import attached
from ohmtick.scenarios.circuits.base import CircuitKind

BASE = ot.load("breadboard-iii").replace(horizon=3.0)


def check_circuit(kind: str, folder: Path) -> None:
    circuit = CircuitKind.family[kind].example()
    built = circuit.build(Streams(5))
    labels = circuit.labels()
    assert list(built.labels or map(str, range(built.nodes))) == labels
    assert len(set(labels)) == circuit.node_count == built.nodes
    assert circuit.edge_count in (None, len(built.edges))
    assert (built.edges == circuit.build(Streams(5)).edges).all()
    assert (built.edges[:, 0] != built.edges[:, 1]).all()
    assert circuit.unknown_labels([labels[0], "nobody", labels[-1]]) == ["nobody"]
    assert isinstance(circuit.hint("nobody"), str)
    one, other, last = labels[0], labels[1], labels[-1]
    task = {"kind": "allostery", "sources": {one: 1.0, last: 0.0}, "targets": {other: 0.3}}
    scenario = BASE.replace(circuit=circuit, task=task)
    assert ot.load(scenario.save(folder / "scenario.toml")) == scenario
    table = with_content(circuit.model_dump(exclude_none=True), attached(circuit))
    assert CircuitKind.chosen(table) == circuit
    runs = [ot.run(scenario, 5, engine) for engine in ("simpy", "compiled")]
    assert runs[0].events.equals(runs[1].events)
    assert len(runs[0].edges) == len(built.edges)


@pytest.mark.parametrize("kind", CircuitKind.family)
def test_a_circuit_is_what_it_says(kind: str, tmp_path: Path) -> None:
    check_circuit(kind, tmp_path)
