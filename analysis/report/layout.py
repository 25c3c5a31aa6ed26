"""Where a network is drawn: the places of its nodes, and the bends of edges that would hide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..frames import check_frame
from ..recorded import ends_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

#: Up to how many nodes a layout is worth a force-directed one, whose cost is their square.
FORCED = 1000
#: And up to how many one whose graph is inverted.
INVERTED = 20_000
#: How far the middles of parallel edges lie apart, and a bent edge from its chord, over its length.
APART, BENT = 0.28, 0.12


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """A drawing of a network.

    Attributes
    ----------
    places : ndarray, shape (N, 2)
        Where the nodes are; the larger side of the drawing is 1 long, and its corner is 0.
    ends : ndarray of int, shape (E, 2)
        The two nodes of each edge.
    middles : ndarray, shape (E, 2)
        Where the middle of each edge is: on the chord, or beside it where the edge is bent.
    sides : ndarray, shape (N, 2)
        On which side of each node there is room for a word: a vector of length 1.
    """

    places: FloatArray
    ends: IndexArray
    middles: FloatArray
    sides: FloatArray

    @property
    def grain(self) -> float:
        """How much room a node has: a typical edge's length, or what is left of it in a crowd."""
        chords = self.places[self.ends[:, 0]] - self.places[self.ends[:, 1]]
        width, height = np.maximum(np.ptp(self.places, axis=0), 0.2)
        crowd = 1.1 * float(np.sqrt(width * height / len(self.places)))
        return min(float(np.median(np.hypot(*chords.T))), crowd)

    def control(self) -> FloatArray:
        """Return the control points of the quadratic curves through the middles, shape (E, 2)."""
        chord = self.places[self.ends].mean(axis=1)
        control: FloatArray = 2.0 * self.middles - chord
        return control


def layout_of(edges: pd.DataFrame, nodes: pd.DataFrame) -> Layout:
    """Place a network for drawing.

    Nodes are where the circuit has them. A circuit without positions is laid out by springs, the
    same each time, and a large one by the slowest modes of its graph. Parallel edges are bent
    apart, and so are edges that would run through another node, as those do that close a periodic
    lattice.

    Parameters
    ----------
    edges, nodes : DataFrame
        Of a run: `first` and `second` (labels of nodes); `node` (label), `x`, `y`.

    Raises
    ------
    AnalysisError
        If a column is missing or a frame is empty.
    """
    check_frame(edges, ["first", "second"], "edges", "layout_of")
    check_frame(nodes, ["node", "x", "y"], "nodes", "layout_of")
    return laid_out(ends_of(edges, nodes), nodes[["x", "y"]].to_numpy(dtype=float))


def laid_out(ends: IndexArray, places: FloatArray) -> Layout:
    """Place a network for drawing, as `layout_of` does.

    Parameters
    ----------
    ends
        The two nodes of each edge, shape (E, 2).
    places
        Where the circuit has its nodes, shape (N, 2); not finite where it does not say.
    """
    if not np.isfinite(places).all():
        places = _placed(ends, len(places))
    chord = places[ends[:, 1]] - places[ends[:, 0]]
    across = np.stack([-chord[:, 1], chord[:, 0]], axis=1)
    # The same side for both directions of a pair, lest two bends fall together.
    across[ends[:, 0] > ends[:, 1]] *= -1.0
    middles = places[ends].mean(axis=1) + _bends(ends, places)[:, None] * across
    drawn = np.concatenate([places, middles])
    corner, size = drawn.min(axis=0), float(np.ptp(drawn, axis=0).max()) or 1.0
    places, middles = (places - corner) / size, (middles - corner) / size
    return Layout(places=places, ends=ends, middles=middles, sides=_sides(ends, places, middles))


def _placed(ends: IndexArray, nodes: int) -> FloatArray:
    """Lay out a network that nobody placed."""
    if nodes > FORCED:
        return _modes(ends, nodes)
    import networkx as nx

    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(ends.tolist())
    if nodes <= 100:
        found = nx.kamada_kawai_layout(graph)
    else:
        found = nx.spring_layout(graph, seed=0, method="force")
    return np.array([found[node] for node in range(nodes)], dtype=float)


def _modes(ends: IndexArray, nodes: int) -> FloatArray:
    """Return the two slowest modes of the graph's Laplacian, each node over its degree."""
    from scipy.sparse import coo_array, csc_array, eye_array
    from scipy.sparse.csgraph import laplacian
    from scipy.sparse.linalg import eigsh

    links = coo_array((np.ones(len(ends)), ends.T), shape=(nodes, nodes))
    normed: Any = laplacian(links, normed=True, return_diag=True, symmetrized=True)
    walk, root = csc_array(eye_array(nodes) - normed[0]), normed[1]
    # The slowest modes of a long network lie close together: they are told apart by inversion,
    # which a large one does not allow.
    start = np.cos(np.arange(nodes))
    if nodes <= INVERTED:
        values, modes = eigsh(walk, k=3, sigma=1.0 + 1e-6, v0=start)
    else:
        values, modes = eigsh(walk, k=3, which="LA", v0=start, tol=1e-4)
    slow = modes[:, np.argsort(values)[:2]] / root[:, None]  # the largest is of the constant one
    # By rank and value halves: modes crowd at the ends of a long network.
    rank = slow.argsort(axis=0).argsort(axis=0) / nodes
    return np.asarray((slow - slow.min(axis=0)) / np.ptp(slow, axis=0) + rank, dtype=float)


def _sides(ends: IndexArray, places: FloatArray, middles: FloatArray) -> FloatArray:
    """Return the middle of the widest gap between the edges of each node, as a vector."""
    import pandas as pd

    x, y = (np.concatenate([middles, middles]) - places[ends.T.ravel()]).T
    arms = pd.DataFrame({"node": ends.T.ravel(), "angle": np.arctan2(y, x)})
    arms = arms.sort_values(["node", "angle"], kind="stable", ignore_index=True)
    around = arms.groupby("node")["angle"]
    gap = around.shift(-1).fillna(around.transform("first") + 2.0 * np.pi) - arms["angle"]
    widest = gap.groupby(arms["node"]).idxmax()
    middle = arms["angle"][widest] + gap[widest] / 2.0
    sides = np.tile([0.0, -1.0], (len(places), 1))
    sides[widest.index] = np.stack([np.cos(middle), np.sin(middle)], axis=1)
    return sides


def _bends(ends: IndexArray, places: FloatArray) -> FloatArray:
    """Return how far each edge's middle lies from its chord, over the chord's length."""
    import pandas as pd

    pairs = pd.DataFrame(np.sort(ends, axis=1)).groupby([0, 1])
    count = pairs[0].transform("size").to_numpy()
    bends: FloatArray = (pairs.cumcount().to_numpy() - (count - 1) / 2.0) * APART
    single = np.flatnonzero(count == 1)
    bends[single[_hidden(ends[single], places)]] = BENT
    return bends


def _hidden(ends: IndexArray, places: FloatArray) -> IndexArray:
    """Return those of the edges that run through a node, among the long ones."""
    # In the complex plane, where a place over a chord is how far along it, and how far beside.
    node = places @ [1.0, 1.0j]
    start, chord = node[ends[:, 0]], node[ends[:, 1]] - node[ends[:, 0]]
    length = np.abs(chord)
    long = np.flatnonzero(length > 1.5 * np.median(length)) if length.size else np.empty(0, int)
    if long.size * len(places) > 1e8:  # a network that large is seen from afar
        return np.empty(0, dtype=np.intp)
    away = ((node - start[edge]) / chord[edge] for edge in long)
    hidden = [((at.real > 0.02) & (at.real < 0.98) & (np.abs(at.imag) < 1e-3)).any() for at in away]
    return np.compress(hidden, long)
