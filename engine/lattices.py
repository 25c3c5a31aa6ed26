"""Named circuits: the laboratory's breadboard, lattices, triangulations, random networks."""

from __future__ import annotations

from functools import cache

import numpy as np

from .circuit import Circuit
from .errors import CircuitError, shown
from .memory import check_memory

#: Bytes that a node of a circuit, and a pair of nodes to draw from, take at least.
_NODE, _PAIR = 200, 100
#: A seed or a generator, as `numpy.random.default_rng` takes it.
Seed = int | np.random.Generator | None

# The 16-edge laboratory network of Dillavou, Stern, Liu and Durian, Phys. Rev. Applied 18, 014040
# (2022), with the paper's node labels; positions are read off its drawing.
_BREADBOARD_EDGES = (
    (6, 3), (3, 4), (6, 4), (6, 8), (6, 1), (6, 5), (8, 5), (8, 1),
    (5, 1), (4, 1), (4, 7), (4, 2), (2, 9), (2, 7), (9, 7), (7, 1),
)  # fmt: skip
_BREADBOARD_POSITIONS = (
    (0.98, 0.62), (1.07, 0.77), (0.95, 0.76), (1.02, 0.70), (0.84, 0.60),
    (0.87, 0.73), (1.12, 0.70), (0.89, 0.65), (1.17, 0.77),
)  # fmt: skip


@cache  # a circuit cannot be changed, and a study asks for this one at every run
def breadboard() -> Circuit:
    """Return the laboratory network: 9 nodes labelled 1 to 9, 16 edges.

    References
    ----------
    Dillavou, Stern, Liu, Durian, Phys. Rev. Applied 18, 014040 (2022).

    Examples
    --------
    >>> breadboard()
    Circuit(9 nodes, 16 edges)
    """
    return Circuit(
        np.array(_BREADBOARD_EDGES) - 1,
        labels=range(1, 10),
        positions=_BREADBOARD_POSITIONS,
    )


def square_lattice(rows: int, cols: int, *, periodic: bool = False) -> Circuit:
    """Return a square lattice; node ``row * cols + col`` is labelled by that number.

    Edges run along the rows first, then down the columns.

    Parameters
    ----------
    rows, cols
        Number of nodes each way: at least two in all, and at least three each way when periodic
        (with two, the edge around would double the edge inside).
    periodic
        Whether the last row and column are joined to the first.

    Raises
    ------
    CircuitError
        For a size below these.
    """
    _check_whole("square_lattice", rows=rows, cols=cols)
    least = 3 if periodic else 1
    if min(rows, cols) < least or rows * cols < 2:
        raise CircuitError(
            f"a {'periodic ' if periodic else ''}square_lattice must have at least {least} rows "
            f"and columns and two nodes, got {rows} x {cols} instead"
        )
    check_memory(f"a square_lattice of {rows} x {cols} nodes", _NODE * rows * cols)
    node = np.arange(rows * cols, dtype=np.intp).reshape(rows, cols)
    if periodic:
        along, down = (node, np.roll(node, -1, axis=1)), (node, np.roll(node, -1, axis=0))
    else:
        along, down = (node[:, :-1], node[:, 1:]), (node[:-1], node[1:])
    edges = np.concatenate(
        [np.stack([first.ravel(), second.ravel()], axis=1) for first, second in (along, down)]
    )
    row, col = np.divmod(np.arange(rows * cols), cols)
    return Circuit(edges, nodes=rows * cols, positions=np.stack([col, -row], axis=1))


def delaunay(nodes: int, *, seed: Seed = None) -> Circuit:
    """Return the Delaunay triangulation of `nodes` points, uniform in the unit square.

    Raises
    ------
    CircuitError
        For fewer than three nodes.
    """
    _check_whole("delaunay circuit", nodes=nodes)
    if nodes < 3:
        raise CircuitError(f"a delaunay circuit must have at least 3 nodes, got {nodes} instead")
    check_memory(f"a delaunay circuit of {nodes} nodes", _NODE * nodes)
    from scipy.spatial import Delaunay

    points = np.random.default_rng(seed).random((nodes, 2))
    corners = Delaunay(points).simplices
    sides = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]))
    return Circuit(np.unique(sides, axis=0), nodes=nodes, positions=points)


def random_circuit(nodes: int, edges: int, *, seed: Seed = None) -> Circuit:
    """Return a connected random network without parallel edges.

    A uniform random tree (from a Prüfer sequence) keeps it in one part; the other edges are
    drawn uniformly from the pairs that are left.

    Parameters
    ----------
    nodes
        Number of nodes, at least 2.
    edges
        Number of edges, from ``nodes - 1`` (a tree) to ``nodes * (nodes - 1) / 2`` (every pair).
    seed
        A seed or a NumPy generator.

    Raises
    ------
    CircuitError
        For numbers outside these bounds.
    """
    _check_whole("random circuit", nodes=nodes, edges=edges)
    if nodes < 2:
        raise CircuitError(f"a random circuit must have at least 2 nodes, got {nodes} instead")
    most = nodes * (nodes - 1) // 2
    if not nodes - 1 <= edges <= most:
        raise CircuitError(
            f"a random circuit of {nodes} nodes must have between {nodes - 1} and {most} edges, "
            f"got {edges} instead"
        )
    check_memory(f"a random circuit of {nodes} nodes and {edges} edges", _NODE * nodes)
    check_memory(f"a random circuit of {nodes} nodes and {edges} edges", _PAIR * edges)
    rng = np.random.default_rng(seed)
    chosen = {tuple(sorted(pair)) for pair in _random_tree(nodes, rng)}
    while len(chosen) < edges:
        if edges > most // 2:  # few pairs are left: list them rather than guess
            left = sorted(set(zip(*np.triu_indices(nodes, 1), strict=True)) - chosen)
            picks = rng.choice(len(left), size=edges - len(chosen), replace=False)
            chosen.update(left[pick] for pick in picks)
            break
        first, second = sorted(rng.integers(nodes, size=2).tolist())
        if first != second:
            chosen.add((first, second))
    return Circuit(np.array(sorted(chosen), dtype=np.intp), nodes=nodes)


def _check_whole(what: str, **sizes: object) -> None:
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer):
            raise CircuitError(
                f"the '{name}' of a {what} must be a whole number, got {shown(size)} instead"
            )


def _random_tree(nodes: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    if nodes == 2:
        return [(0, 1)]
    import networkx as nx

    tree = nx.from_prufer_sequence(rng.integers(nodes, size=nodes - 2).tolist())
    return list(tree.edges)


from_networkx = Circuit.from_networkx
