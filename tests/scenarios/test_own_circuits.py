"""A circuit of one's own: a `Circuit`, a networkx graph or a file, wherever a scenario has one."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import ohmtick as ot
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.lattices import delaunay
from ohmtick.engine.streams import Streams

BASE = ot.load("breadboard-iii").replace(horizon=5.0)


def task(source: object, ground: object, target: object) -> dict[str, Any]:
    return {
        "kind": "allostery",
        "sources": {str(source): 1.0, str(ground): 0.0},
        "targets": {str(target): 0.3},
    }


def some_conduct(conductances: dict[tuple[int, int], float]) -> nx.Graph[int]:
    graph: nx.Graph[int] = nx.path_graph(3)
    nx.set_edge_attributes(graph, conductances, "conductance")
    return graph


@pytest.mark.parametrize(
    "circuit",
    [
        ot.breadboard(),
        ot.square_lattice(3, 4),
        delaunay(12, seed=3),
        ot.Circuit([(2, 0), (0, 1), (1, 2), (2, 0)], labels=["z", "a", "m"]),
    ],
    ids=["breadboard", "square_lattice", "delaunay", "parallel"],
)
def test_a_circuit_becomes_data(circuit: ot.Circuit, tmp_path: Path) -> None:
    of = task(*circuit.labels[:3])
    for given in (circuit, circuit.to_networkx()):
        scenario = BASE.replace(circuit=given, task=of)
        assert scenario.circuit.kind == "edge_list"
        assert scenario.circuit.build(Streams(0)) == circuit
        assert ot.Scenario.from_toml(scenario.to_toml()) == scenario
        assert pickle.loads(pickle.dumps(scenario)) == scenario
        tables = scenario.model_dump(exclude_none=True)
        assert ot.Scenario(**tables | {"circuit": given}) == scenario
    run = ot.run(scenario)
    assert run.circuit == circuit
    assert len(run.events)


def test_a_run_on_it_is_that_of_the_kind_that_it_was_made_of() -> None:
    plain = BASE.replace(
        circuit={"kind": "square_lattice", "rows": 3, "cols": 4}, task=task(0, 11, 5)
    )
    written = plain.replace(circuit=ot.square_lattice(3, 4))
    assert ot.run(plain).events.equals(ot.run(written).events)


def test_a_graph_keeps_names_places_and_conductances() -> None:
    graph: nx.MultiGraph[Any] = nx.MultiGraph()
    for node, place in {(0, 1): (0.0, 1.0), 7: (2.0, 3.0), "out": (4.0, 5.0)}.items():
        graph.add_node(node, pos=place)
    graph.add_edges_from([(7, (0, 1)), (7, "out"), (7, "out")], conductance=2e-4)
    circuit = BASE.replace(circuit=graph, task=task((0, 1), "out", 7)).circuit
    assert circuit.labels() == ["(0, 1)", "7", "out"]
    assert circuit.edges == (("(0, 1)", "7"), ("7", "out"), ("7", "out"))
    assert circuit.positions == {"(0, 1)": (0.0, 1.0), "7": (2.0, 3.0), "out": (4.0, 5.0)}
    assert circuit.conductances == (2e-4,) * 3


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (nx.DiGraph([(0, 1), (1, 2)]), "got a directed one instead; to_undirected() makes one"),
        (nx.Graph([(1, "1"), (1, 2)]), "the 'labels' of a Circuit must all differ, got '1' twice"),
        (nx.Graph([(0, 0), (0, 1)]), "must join two different nodes, got the self-loop (0, 0)"),
        (nx.empty_graph(3), "must have the shape (E, 2)"),
        (nx.Graph([(0, 1), (1, 2), (3, 4)]), "circuit.edges: the circuit must be connected, got n"),
        (nx.disjoint_union(nx.path_graph(3), nx.empty_graph(1)), "got none at node '3'"),
        (some_conduct({(0, 1): 1.0}), "a 'conductance' or none, got 1 of 2"),
        (some_conduct({(0, 1): 0.0, (1, 2): 1.0}), "circuit.conductances.0 must be greater than"),
        (nx.path_graph(["a", "\ud800"]), "such that a file can hold it"),
        ("graph.graphml", "circuit must be a table, got 'graph.graphml' instead"),
    ],
)
def test_what_is_no_circuit_is_refused(graph: Any, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        BASE.replace(circuit=graph, task=task(0, 2, 1))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"nodes": ["a", "b"]},
            "circuit.nodes must name every node once, got none for 'c' instead",
        ),
        ({"nodes": ["a", "b", "c", "d"]}, "got the unknown 'd' instead"),
        ({"nodes": ["a", "b", "c", "a"]}, "circuit.nodes must all differ, got 'a' twice"),
        (
            {"conductances": [1.0]},
            "circuit.conductances must be one for each of the 3 edges, got 1",
        ),
    ],
)
def test_keys_of_a_circuit_that_is_written_out(more: dict[str, Any], says: str) -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "a")]
    with pytest.raises(ScenarioError) as caught:
        BASE.replace(
            circuit={"kind": "edge_list", "edges": edges, **more}, task=task("a", "c", "b")
        )
    assert says in str(caught.value)


def test_a_file_of_two_circuits_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "two.cir"
    file.write_text("* two\nR1 a b 1k\nR2 b c 1k\nR3 d e 1k\n", encoding="utf-8")
    with pytest.raises(
        ScenarioError, match=r"circuit.file: the circuit must be connected, got nodes"
    ):
        BASE.replace(circuit={"kind": "file", "file": file}, task=task("a", "c", "b"))


# --- conductances of the circuit ------------------------------------------------------------------

CONDUCTANCES = [8e-5, 2e-5, 5e-5, 4e-5]
EDGES = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "b")]


def conducting(resistor: dict[str, Any], **more: Any) -> ot.Scenario:
    circuit = {"kind": "edge_list", "edges": EDGES, "conductances": CONDUCTANCES}
    edges = {"rule": {"kind": "sign"}, "resistor": resistor, **more}
    return BASE.replace(circuit=circuit, task=task("a", "c", "b"), edges=edges)


@pytest.mark.parametrize(
    ("kind", "key"), [("continuous", "start"), ("memristor", "start"), ("fixed", "conductance_S")]
)
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_run_begins_at_what_the_circuit_conducts(kind: str, key: str, engine: str) -> None:
    run = ot.run(conducting({"kind": kind, key: "circuit"}), engine=engine)
    assert run.edges["conductance_start_S"].tolist() == CONDUCTANCES
    given = ot.run(conducting({"kind": kind, key: CONDUCTANCES}), engine=engine)
    assert run.events.equals(given.events)


def test_groups_may_begin_there() -> None:
    groups = [{"edges": "1, 3", "resistor": {"kind": "continuous", "start": "circuit"}}]
    run = ot.run(conducting({"kind": "fixed", "conductance_S": 7e-4}, groups=groups))
    assert run.edges["conductance_start_S"].tolist() == [7e-4, 2e-5, 7e-4, 4e-5]


def test_a_run_goes_on_from_a_netlist_of_another(tmp_path: Path) -> None:
    first = ot.run(conducting({"kind": "continuous", "start": 3e-4}))
    circuit = {"kind": "file", "file": ot.export(first, tmp_path / "learned.cir")}
    own = first.tables["edges"]["resistor"] | {"start": "circuit"}
    second = first.scenario.replace(**{"circuit": circuit, "edges.resistor": own})
    begun = ot.run(second).edges["conductance_start_S"]
    assert begun.tolist() == pytest.approx(first.conductances.tolist(), rel=4e-16)


def test_conductances_that_nobody_said_or_that_do_not_fit_are_refused() -> None:
    scenario = conducting({"kind": "continuous", "start": "circuit"})
    with pytest.raises(
        ScenarioError, match=r"edges.resistor.start must be given, got 'circuit' of"
    ):
        scenario.replace(circuit=ot.Circuit([(0, 1), (1, 2), (2, 0)], labels="abc"))
    with pytest.raises(
        ScenarioError, match=r"edges.resistor, of the circuit: .*'start' must lie in"
    ):
        scenario.replace(**{"edges.resistor.k_max": 7e-5})
    with pytest.raises(ScenarioError, match=r"edges.groups.0.resistor.start must be given"):
        BASE.replace(
            **{
                "edges.groups": [
                    {"edges": "0", "resistor": {"kind": "memristor", "start": "circuit"}}
                ]
            }
        )
