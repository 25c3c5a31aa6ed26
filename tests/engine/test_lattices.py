"""The named circuits have the nodes, edges and places that they promise."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

import ohmtick as ot
from ohmtick.engine.errors import CircuitError
from ohmtick.engine.lattices import delaunay, random_circuit

SEEDS = st.integers(0, 2**32 - 1)


def ends(circuit: ot.Circuit) -> list[tuple[int, int]]:
    """The edges without their direction, in order."""
    return sorted((min(edge), max(edge)) for edge in circuit.edges.tolist())


# --- the breadboard -------------------------------------------------------------------------------


def test_breadboard_is_the_published_network() -> None:
    circuit = ot.breadboard()
    assert circuit.labels == ("1", "2", "3", "4", "5", "6", "7", "8", "9")
    named = [[int(circuit.labels[node]) for node in edge] for edge in circuit.edges]
    assert named == [
        [6, 3], [3, 4], [6, 4], [6, 8], [6, 1], [6, 5], [8, 5], [8, 1],
        [5, 1], [4, 1], [4, 7], [4, 2], [2, 9], [2, 7], [9, 7], [7, 1],
    ]  # fmt: skip


def test_breadboard_can_be_drawn() -> None:
    positions = ot.breadboard().positions
    assert positions is not None
    assert positions.shape == (9, 2)
    assert np.unique(positions, axis=0).shape == (9, 2)


# --- the square lattice ---------------------------------------------------------------------------


def test_square_lattice_numbers_nodes_row_by_row_and_edges_along_the_rows_first() -> None:
    circuit = ot.square_lattice(2, 3)
    assert circuit.labels == ("0", "1", "2", "3", "4", "5")
    assert circuit.edges.tolist() == [
        [0, 1], [1, 2], [3, 4], [4, 5],
        [0, 3], [1, 4], [2, 5],
    ]  # fmt: skip


def test_periodic_square_lattice_goes_round() -> None:
    assert ot.square_lattice(3, 3, periodic=True).edges.tolist() == [
        [0, 1], [1, 2], [2, 0], [3, 4], [4, 5], [5, 3], [6, 7], [7, 8], [8, 6],
        [0, 3], [1, 4], [2, 5], [3, 6], [4, 7], [5, 8], [6, 0], [7, 1], [8, 2],
    ]  # fmt: skip


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize(("rows", "cols"), [(3, 3), (3, 5), (6, 4), (10, 10)])
def test_square_lattice_is_the_grid_graph(rows: int, cols: int, periodic: bool) -> None:
    circuit = ot.square_lattice(rows, cols, periodic=periodic)
    grid = nx.grid_2d_graph(rows, cols, periodic=periodic)
    number = {(row, col): row * cols + col for row in range(rows) for col in range(cols)}
    assert ends(circuit) == sorted(
        (min(number[a], number[b]), max(number[a], number[b])) for a, b in grid.edges
    )
    count = 2 * rows * cols - (0 if periodic else rows + cols)
    assert len(circuit.edges) == len(set(ends(circuit))) == count
    degrees = Counter(np.bincount(circuit.edges.ravel()).tolist())
    if periodic:
        assert degrees == {4: rows * cols}
    else:
        inside, sides = (rows - 2) * (cols - 2), 2 * (rows - 2) + 2 * (cols - 2)
        assert degrees == Counter({4: inside, 3: sides, 2: 4})


@pytest.mark.parametrize(("rows", "cols"), [(1, 2), (1, 7), (2, 1), (7, 1)])
def test_square_lattice_of_one_row_or_column_is_a_chain(rows: int, cols: int) -> None:
    chain = [list(pair) for pair in pairwise(range(rows * cols))]
    assert ot.square_lattice(rows, cols).edges.tolist() == chain


def test_square_lattice_is_drawn_with_unit_edges_and_the_first_row_on_top() -> None:
    circuit = ot.square_lattice(3, 4)
    assert circuit.positions is not None
    assert circuit.positions[[0, 3, 8, 11]].tolist() == [[0, 0], [3, 0], [0, -2], [3, -2]]
    first, second = circuit.positions[circuit.edges.T]
    np.testing.assert_array_equal(np.linalg.norm(second - first, axis=1), 1.0)


# --- the Delaunay triangulation -------------------------------------------------------------------


@given(st.integers(3, 60), SEEDS)
def test_delaunay_triangulates_the_plane(nodes: int, seed: int) -> None:
    circuit = delaunay(nodes, seed=seed)
    assert circuit.labels == tuple(str(node) for node in range(nodes))
    assert circuit.positions is not None
    assert ((circuit.positions >= 0) & (circuit.positions < 1)).all()
    assert len(set(ends(circuit))) == len(circuit.edges)
    assert (circuit.parts() == 0).all()
    planar, _ = nx.check_planarity(nx.Graph(ends(circuit)))
    assert planar
    # Euler: with h points on the hull, a triangulation of n points has 3n - 3 - h edges.
    hull = ConvexHull(circuit.positions).simplices
    assert len(circuit.edges) == 3 * nodes - 3 - len(hull)
    assert {tuple(sorted(side)) for side in hull.tolist()} <= set(ends(circuit))


def circle_is_empty(points: NDArray[np.float64], corners: tuple[int, int, int]) -> bool:
    """Whether no other point lies inside the circle through these three."""
    a, b, c = points[list(corners)]
    centre = np.linalg.solve(2 * np.array([b - a, c - a]), [b @ b - a @ a, c @ c - a @ a])
    others = np.delete(points, corners, axis=0)
    return bool((np.linalg.norm(others - centre, axis=1) > np.linalg.norm(a - centre)).all())


@given(st.integers(3, 8), SEEDS)
def test_delaunay_edges_are_the_sides_of_triangles_with_empty_circles(
    nodes: int, seed: int
) -> None:
    circuit = delaunay(nodes, seed=seed)
    assert circuit.positions is not None
    sides = {
        side
        for corners in combinations(range(nodes), 3)
        if circle_is_empty(circuit.positions, corners)
        for side in combinations(corners, 2)
    }
    assert ends(circuit) == sorted(sides)


# --- the random circuit ---------------------------------------------------------------------------


@st.composite
def sizes(draw: st.DrawFn) -> tuple[int, int]:
    """Nodes and edges, from a tree to the complete graph."""
    nodes = draw(st.integers(2, 30))
    return nodes, draw(st.integers(nodes - 1, nodes * (nodes - 1) // 2))


@given(sizes(), SEEDS)
def test_random_circuit_is_connected_without_parallel_edges(
    size: tuple[int, int], seed: int
) -> None:
    nodes, edges = size
    circuit = random_circuit(nodes, edges, seed=seed)
    assert circuit.labels == tuple(str(node) for node in range(nodes))
    assert len(circuit.edges) == len(set(ends(circuit))) == edges
    assert nx.is_connected(nx.Graph(ends(circuit)))


@pytest.mark.parametrize("nodes", [2, 3, 12])
def test_random_circuit_at_either_end(nodes: int) -> None:
    assert nx.is_tree(nx.Graph(ends(random_circuit(nodes, nodes - 1, seed=1))))
    every = list(combinations(range(nodes), 2))
    assert ends(random_circuit(nodes, len(every), seed=1)) == every


def test_random_trees_are_uniform() -> None:
    """Each of the 16 trees on four labelled nodes as often as the others."""
    rng = np.random.default_rng(144903)
    seen = Counter(tuple(ends(random_circuit(4, 3, seed=rng))) for _ in range(1600))
    assert len(seen) == 16
    chi_squared = sum((count - 100) ** 2 / 100 for count in seen.values())
    assert 2.4 < chi_squared < 44.3  # 15 degrees of freedom, 1e-4 on either side


@pytest.mark.parametrize("edges", [7, 8, 12])  # drawn one by one, or from the list of those left
def test_random_circuit_prefers_no_pair(edges: int) -> None:
    rng = np.random.default_rng(144903)
    draws, pairs = 600, 15
    seen = Counter(pair for _ in range(draws) for pair in ends(random_circuit(6, edges, seed=rng)))
    share = edges / pairs
    deviation = np.sqrt(draws * share * (1 - share))
    assert len(seen) == pairs
    assert all(abs(count - draws * share) < 4 * deviation for count in seen.values())


# --- seeds ----------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_circuit() -> None:
    assert random_circuit(64, 143, seed=7) == random_circuit(64, 143, seed=7)
    assert random_circuit(64, 143, seed=7) != random_circuit(64, 143, seed=8)
    assert delaunay(64, seed=7) == delaunay(64, seed=7)
    assert delaunay(64, seed=7) != delaunay(64, seed=8)


def test_a_generator_is_drawn_from_and_the_global_one_left_alone() -> None:
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    rng = np.random.default_rng(7)
    first, second = (random_circuit(64, 143, seed=rng) for _ in range(2))
    assert first == random_circuit(64, 143, seed=7)
    assert first != second
    rng = np.random.default_rng(7)
    assert delaunay(9, seed=rng) == delaunay(9, seed=7)
    assert delaunay(9, seed=rng) != delaunay(9, seed=7)
    np.testing.assert_equal(np.random.get_state(legacy=False), state)  # noqa: NPY002


# --- from networkx --------------------------------------------------------------------------------


def test_from_networkx_keeps_nodes_in_order_and_names_them() -> None:
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(["out", (0, 1), 7])
    graph.add_edge(7, "out", weight=5.0)
    graph.add_edge((0, 1), 7)
    circuit = ot.from_networkx(graph)
    assert circuit.labels == ("out", "(0, 1)", "7")
    assert ends(circuit) == [(0, 2), (1, 2)]
    assert circuit.positions is None


def test_from_networkx_takes_parallel_edges() -> None:
    graph: nx.MultiGraph[str] = nx.MultiGraph([("a", "b"), ("b", "c"), ("a", "b"), ("b", "a")])
    assert ends(ot.from_networkx(graph)) == [(0, 1), (0, 1), (0, 1), (1, 2)]


def test_from_networkx_reads_positions_where_every_node_has_one() -> None:
    graph: nx.Graph[int] = nx.path_graph(3)
    nx.set_node_attributes(graph, {0: (0.0, 1.0), 1: np.array([2.0, 3.0])}, "pos")
    assert ot.from_networkx(graph).positions is None
    nx.set_node_attributes(graph, {2: [4, 5]}, "pos")
    positions = ot.from_networkx(graph).positions
    assert positions is not None
    assert positions.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


@pytest.mark.parametrize(
    "circuit",
    [ot.breadboard(), ot.square_lattice(3, 4, periodic=True), delaunay(20, seed=1)],
    ids=["breadboard", "square_lattice", "delaunay"],
)
def test_networkx_and_back(circuit: ot.Circuit) -> None:
    again = ot.from_networkx(circuit.to_networkx())
    assert again.labels == circuit.labels
    assert ends(again) == ends(circuit)
    np.testing.assert_array_equal(again.positions, circuit.positions)


# --- what they refuse -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "cols", "periodic", "says"),
    [
        (0, 3, False, "a square_lattice must have at least 1 rows and columns and two nodes"),
        (3, -1, False, "got 3 x -1 instead"),
        (1, 1, False, "got 1 x 1 instead"),
        (2, 3, True, "a periodic square_lattice must have at least 3 rows and columns"),
        (3, 2, True, "got 3 x 2 instead"),
    ],
)
def test_square_lattice_refuses(rows: int, cols: int, periodic: bool, says: str) -> None:
    with pytest.raises(CircuitError) as caught:
        ot.square_lattice(rows, cols, periodic=periodic)
    assert says in str(caught.value)


@pytest.mark.parametrize("nodes", [2, 0, -4])
def test_delaunay_refuses(nodes: int) -> None:
    with pytest.raises(CircuitError) as caught:
        delaunay(nodes)
    assert str(caught.value) == (
        f"a delaunay circuit must have at least 3 nodes, got {nodes} instead"
    )


@pytest.mark.parametrize(
    ("nodes", "edges", "says"),
    [
        (1, 0, "a random circuit must have at least 2 nodes, got 1 instead"),
        (-3, 5, "a random circuit must have at least 2 nodes, got -3 instead"),
        (5, 3, "a random circuit of 5 nodes must have between 4 and 10 edges, got 3 instead"),
        (5, 11, "a random circuit of 5 nodes must have between 4 and 10 edges, got 11 instead"),
    ],
)
def test_random_circuit_refuses(nodes: int, edges: int, says: str) -> None:
    with pytest.raises(CircuitError) as caught:
        random_circuit(nodes, edges, seed=1)
    assert str(caught.value) == says


def isolated_node() -> nx.Graph[Any]:
    graph: nx.Graph[Any] = nx.path_graph(3)
    graph.add_node("lonely")
    return graph


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (nx.DiGraph([(0, 1)]), "must be given an undirected graph, got a directed one instead"),
        (nx.Graph([(0, 1), (1, 1)]), "must join two different nodes, got the self-loop (1, 1)"),
        (isolated_node(), "every node of a Circuit must have an edge, got none at node 'lonely'"),
        (nx.Graph(), "must have the shape (E, 2) with E >= 1, got (0, 2) instead"),
        (nx.Graph([(1, "1")]), "the 'labels' of a Circuit must all differ, got '1' twice"),
    ],
    ids=["directed", "self-loop", "isolated", "empty", "labels"],
)
def test_from_networkx_refuses(graph: nx.Graph[Any], says: str) -> None:
    with pytest.raises(CircuitError) as caught:
        ot.from_networkx(graph)
    assert says in str(caught.value)
