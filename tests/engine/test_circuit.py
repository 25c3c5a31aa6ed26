"""A circuit is what it was built from, says what is wrong with what it refuses, never changes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ohmtick as ot
from ohmtick.engine.errors import CircuitError, OhmtickError

TRIANGLE = [(0, 1), (1, 2), (2, 0)]
CORNERS = [(0.0, 0.0), (1.0, 0.0), (0.5, 0.8)]


def triangle(**changes: Any) -> ot.Circuit:
    return ot.Circuit(**{"edges": TRIANGLE, "labels": "abc", "positions": CORNERS, **changes})


@st.composite
def edge_lists(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Edges that reach every node, in one part or several, parallel ones included."""
    count = draw(st.integers(2, 12))
    node = st.integers(0, count - 1)
    pairs = st.tuples(node, st.integers(1, count - 1))
    edges = [(end, (end + step) % count) for end, step in draw(st.lists(pairs, max_size=12))]
    lonely = sorted(set(range(count)) - {end for edge in edges for end in edge})
    return edges + [(end, (end + draw(st.integers(1, count - 1))) % count) for end in lonely]


def test_what_it_holds() -> None:
    circuit = triangle(nodes=3)
    assert circuit.nodes == 3
    assert circuit.labels == ("a", "b", "c")
    assert circuit.edges.dtype == np.intp
    assert circuit.edges.tolist() == [[0, 1], [1, 2], [2, 0]]
    assert circuit.positions is not None
    assert circuit.positions.dtype == np.float64
    assert circuit.positions.tolist() == [list(corner) for corner in CORNERS]
    assert repr(circuit) == "Circuit(3 nodes, 3 edges)"


def test_nodes_labels_and_positions_by_default() -> None:
    circuit = ot.Circuit(TRIANGLE)
    assert circuit.nodes == 3
    assert circuit.labels == ("0", "1", "2")
    assert circuit.positions is None


def test_labels_are_text() -> None:
    assert ot.Circuit(TRIANGLE, labels=[7, "x", 2.5]).labels == ("7", "x", "2.5")


@given(edge_lists())
def test_edges_keep_their_order_and_direction(edges: list[tuple[int, int]]) -> None:
    circuit = ot.Circuit(edges)
    assert [tuple(edge) for edge in circuit.edges.tolist()] == edges
    assert circuit.nodes == max(max(edge) for edge in edges) + 1


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint64])
def test_edges_of_any_integer_type(kind: type[np.integer[Any]]) -> None:
    circuit = ot.Circuit(np.array(TRIANGLE, dtype=kind))
    assert circuit == ot.Circuit(TRIANGLE)
    assert circuit.edges.dtype == np.intp


def test_index_of_a_label() -> None:
    circuit = triangle(labels=["1", "2", "0"])
    assert [circuit.index(label) for label in circuit.labels] == [0, 1, 2]
    assert circuit.index(1) == 0  # a label that looks like a number is a label all the same


def test_names_of_nodes_for_a_message() -> None:
    ring = ot.Circuit([(node, (node + 1) % 10) for node in range(10)], labels="abcdefghij")
    assert ring.name(3) == "node 'd'"
    assert ring.name([3, 0]) == "nodes 'd', 'a'"
    assert ring.name(range(8)) == "nodes 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'"
    assert ring.name(range(10)) == "nodes 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' and 2 more"


# --- it never changes -----------------------------------------------------------------------------


def pickled(circuit: ot.Circuit) -> ot.Circuit:
    again = pickle.loads(pickle.dumps(circuit))
    assert isinstance(again, ot.Circuit)
    return again


@pytest.mark.parametrize("copied", [lambda same: same, copy.copy, copy.deepcopy, pickled])
def test_nothing_in_it_can_be_written(copied: Callable[[ot.Circuit], ot.Circuit]) -> None:
    circuit = copied(triangle())
    for name in ("edges", "nodes", "labels", "positions", "colour"):
        with pytest.raises(AttributeError, match=name):
            setattr(circuit, name, None)
    with pytest.raises(AttributeError, match="edges"):
        del circuit.edges
    with pytest.raises(ValueError, match="read-only"):
        circuit.edges[0, 0] = 2
    assert circuit.positions is not None
    with pytest.raises(ValueError, match="read-only"):
        circuit.positions[0, 0] = 9.0
    assert circuit == triangle()


def test_it_shares_nothing_with_what_it_was_built_from() -> None:
    edges, positions, labels = np.array(TRIANGLE), np.array(CORNERS), list("abc")
    circuit = ot.Circuit(edges, labels=labels, positions=positions)
    edges[0], positions[0], labels[0] = (2, 1), (9.0, 9.0), "z"
    assert circuit == triangle()
    edges[0, 0] = 0  # nor does it make the caller's own arrays read-only


def test_equality_and_hash() -> None:
    assert triangle() == triangle(edges=np.array(TRIANGLE), labels=("a", "b", "c"), nodes=3)
    assert hash(triangle()) == hash(triangle(edges=np.array(TRIANGLE)))
    assert {triangle(): "found"}[triangle()] == "found"


@pytest.mark.parametrize(
    "other",
    [
        triangle(labels="abd"),
        triangle(edges=[(1, 0), (1, 2), (2, 0)]),
        triangle(edges=[(1, 2), (0, 1), (2, 0)]),
        triangle(edges=[*TRIANGLE, (0, 1)]),
        triangle(positions=None),
        triangle(positions=[*CORNERS[:2], (0.5, 0.9)]),
        "Circuit(3 nodes, 3 edges)",
    ],
    ids=["label", "direction", "order", "edge", "no positions", "position", "another type"],
)
def test_inequality(other: object) -> None:
    assert triangle() != other


# --- parts ----------------------------------------------------------------------------------------


@given(edge_lists(), st.data())
def test_parts_are_those_of_networkx(edges: list[tuple[int, int]], data: st.DataObject) -> None:
    conducts = data.draw(st.lists(st.booleans(), min_size=len(edges), max_size=len(edges)))
    circuit = ot.Circuit(edges)

    def expected(which: list[bool]) -> set[frozenset[int]]:
        graph: nx.Graph[int] = nx.empty_graph(circuit.nodes)
        graph.add_edges_from(edge for edge, keep in zip(edges, which, strict=True) if keep)
        return {frozenset(part) for part in nx.connected_components(graph)}

    def found(part: np.ndarray[Any, np.dtype[np.intp]]) -> set[frozenset[int]]:
        assert part.shape == (circuit.nodes,)
        return {frozenset(np.flatnonzero(part == number).tolist()) for number in part}

    assert found(circuit.parts()) == expected([True] * len(edges))
    assert found(circuit.parts(np.array(conducts))) == expected(conducts)
    chosen = np.flatnonzero(conducts)
    assert found(circuit.parts(chosen)) == expected(conducts)


# --- networkx -------------------------------------------------------------------------------------


def test_to_networkx() -> None:
    graph = triangle(edges=[*TRIANGLE, (1, 0)]).to_networkx()
    assert isinstance(graph, nx.MultiGraph)
    assert list(graph) == ["a", "b", "c"]
    assert nx.get_node_attributes(graph, "pos") == dict(zip("abc", CORNERS, strict=True))
    ends = {key: {first, second} for first, second, key in graph.edges(keys=True)}
    assert ends == {0: {"a", "b"}, 1: {"b", "c"}, 2: {"a", "c"}, 3: {"a", "b"}}


def test_to_networkx_without_positions() -> None:
    graph = triangle(positions=None).to_networkx()
    assert list(graph) == ["a", "b", "c"]
    assert not any(graph.nodes[node] for node in graph)


@given(edge_lists())
def test_networkx_and_back(edges: list[tuple[int, int]]) -> None:
    circuit = ot.Circuit(edges)
    again = ot.from_networkx(circuit.to_networkx())
    assert again.labels == circuit.labels
    assert again.positions is None
    ends = [sorted(np.sort(one.edges, axis=1).tolist()) for one in (circuit, again)]
    assert ends[0] == ends[1]


# --- what it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"edges": []},
            "the 'edges' of a Circuit must have the shape (E, 2) with E >= 1, got (0,",
        ),
        ({"edges": [0, 1]}, "must have the shape (E, 2) with E >= 1, got (2,) instead"),
        ({"edges": [(0, 1, 2)]}, "must have the shape (E, 2) with E >= 1, got (1, 3) instead"),
        ({"edges": [(0, 1), (1,)]}, "the 'edges' of a Circuit must be pairs of nodes"),
        ({"edges": [(0.0, 1.5)]}, "must be pairs of integer node indices, got float64 instead"),
        ({"edges": [("a", "b")]}, "must be pairs of integer node indices, got <U1 instead"),
        ({"edges": [(False, True)]}, "must be pairs of integer node indices, got bool instead"),
        (
            {"edges": [(0, 1), (1, 1)], "nodes": 2},
            "must join two different nodes, got the self-loop (1, 1) as edge 1",
        ),
        (
            {"edges": [*TRIANGLE, (1, 3)], "nodes": 3},
            "edge 3 of a Circuit must join nodes in [0, 3), got (1, 3) instead",
        ),
        (
            {"edges": [(0, -1), (1, 2)], "nodes": 3},
            "edge 0 of a Circuit must join nodes in [0, 3), got (0, -1) instead",
        ),
        ({"nodes": 0}, "edge 0 of a Circuit must join nodes in [0, 0), got (0, 1) instead"),
        ({"nodes": 3.0}, "the 'nodes' of a Circuit must be an integer, got 3.0 instead"),
        ({"nodes": True}, "the 'nodes' of a Circuit must be an integer, got True instead"),
        (
            {"nodes": 4, "labels": "abcd", "positions": None},
            "every node of a Circuit must have an edge, got none at node 'd'",
        ),
        (
            {"edges": [(0, 3)], "labels": None, "positions": None},
            "every node of a Circuit must have an edge, got none at nodes '1', '2'",
        ),
        (  # however many there are, nothing of that length is made
            {"edges": [(0, 10**15)], "labels": None, "positions": None},
            "got none at nodes '1', '2', '3', '4', '5', '6', '7', '8' and 999999999999991 more",
        ),
        (
            {"labels": "ab"},
            "the 'labels' of a Circuit must be as many as its 3 nodes, got 2 instead",
        ),
        (
            {"labels": "abcd", "nodes": 3},
            "the 'labels' of a Circuit must be as many as its 3 nodes, got 4 instead",
        ),
        ({"labels": "aba"}, "the 'labels' of a Circuit must all differ, got 'a' twice"),
        ({"labels": ["0", 1, "1"]}, "the 'labels' of a Circuit must all differ, got '1' twice"),
        (
            {"positions": [0.0, 1.0, 2.0]},
            "the 'positions' of a Circuit must have the shape (3, 2), got (3,) instead",
        ),
        (
            {"positions": CORNERS[:2]},
            "the 'positions' of a Circuit must have the shape (3, 2), got (2, 2) instead",
        ),
        (
            {"positions": [(0.0, 0.0), (1.0, float("nan")), (2.0, 0.0)]},
            "the 'positions' of a Circuit must be finite, got (1.0, nan) for node 1 instead",
        ),
        ({"positions": ["x", "y", "z"]}, "the 'positions' of a Circuit must be pairs of numbers"),
        (
            {"positions": [(0.0, 0.0), (1.0,), (2.0, 0.0)]},
            "the 'positions' of a Circuit must be pairs of numbers",
        ),
    ],
)
def test_a_mistake_gets_one_clear_message(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(CircuitError) as caught:
        triangle(**changes)
    assert says in str(caught.value)
    assert isinstance(caught.value, OhmtickError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("circuit", "label", "says"),
    [
        (ot.breadboard(), 0, "no node is labelled '0'; there are '1', '2', '3', '4', '5', '6', "),
        (triangle(labels=["input", "output", "ground"]), "ouptut", "; the nearest is 'output'"),
        (ot.square_lattice(10, 10), "100", "no node is labelled '100'; the nearest is '10'"),
    ],
)
def test_an_unknown_label_gets_the_nearest(circuit: ot.Circuit, label: object, says: str) -> None:
    with pytest.raises(CircuitError) as caught:
        circuit.index(label)
    assert says in str(caught.value)
    assert repr(str(label)) in str(caught.value)


def test_an_unknown_label_unlike_any_of_many_gets_no_hint() -> None:
    with pytest.raises(CircuitError) as caught:
        ot.square_lattice(10, 10).index("ground")
    assert str(caught.value) == "no node is labelled 'ground'"
