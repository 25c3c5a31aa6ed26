"""The circuit: which nodes there are and which edges join them. It never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CircuitError, nearest, shown
from .graphs import graph_of, parts_of

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Circuit:
    """A network of resistors: nodes, and edges between pairs of them.

    An edge's direction sets the sign of its drop, first node minus second, and nothing else.
    Parallel edges are allowed. Conductances are not part of a circuit: they belong to the
    `~ohmtick.engine.networks.equilibrium.TwinNetwork` that is built on it.

    Parameters
    ----------
    edges
        Pairs of node indices, shape (E, 2).
    nodes
        Number of nodes, N. By default the number of labels, or one more than the largest index.
    labels
        A name for each node, all different; ``"0"``, ``"1"``, … by default.
    positions
        Where to draw each node, shape (N, 2), arbitrary units.

    Attributes
    ----------
    edges : ndarray of intp, shape (E, 2)
        Read only.
    nodes : int
    labels : tuple of str
    positions : ndarray of float64, shape (N, 2), or None
        Read only.

    Raises
    ------
    CircuitError
        For a self-loop, a node without an edge, an index outside [0, N), labels that repeat, or
        shapes that do not fit.

    Examples
    --------
    >>> divider = Circuit(edges=[(0, 1), (1, 2)], nodes=3)
    >>> divider
    Circuit(3 nodes, 2 edges)
    >>> divider.index("2")
    2
    """

    edges: NDArray[np.intp]
    nodes: int
    labels: tuple[str, ...]
    positions: NDArray[np.float64] | None

    def __init__(
        self,
        edges: ArrayLike,
        nodes: int | None = None,
        *,
        labels: Sequence[object] | None = None,
        positions: ArrayLike | None = None,
    ) -> None:
        pairs = _edge_array(edges)
        if nodes is None:
            nodes = max(len(labels) if labels is not None else 0, int(pairs.max()) + 1)
        _check_nodes(nodes)
        _check_edges(pairs, nodes)
        if labels is not None:
            labels = tuple(str(label) for label in labels)
            _check_labels(labels, nodes)
        _check_isolated(pairs, nodes, labels)  # before anything as long as `nodes` is made
        names = tuple(str(label) for label in (range(nodes) if labels is None else labels))
        object.__setattr__(self, "edges", _read_only(pairs))
        object.__setattr__(self, "nodes", int(nodes))
        object.__setattr__(self, "labels", names)
        object.__setattr__(self, "positions", _position_array(positions, nodes))

    def __repr__(self) -> str:
        return f"Circuit({self.nodes} nodes, {len(self.edges)} edges)"

    def _repr_html_(self) -> str:
        from .. import as_html  # of a layer above, by the public face

        return as_html(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Circuit):
            return NotImplemented
        return (
            self.labels == other.labels
            and np.array_equal(self.edges, other.edges)
            and np.array_equal(_or_empty(self.positions), _or_empty(other.positions))
        )

    def __hash__(self) -> int:
        return hash((self.labels, self.edges.tobytes()))

    def __reduce__(self) -> tuple[object, ...]:
        # By way of __init__: arrays that are copied or unpickled directly could be written to.
        return _rebuilt, (self.edges, self.nodes, self.labels, self.positions)

    def index(self, label: object) -> int:
        """Return the index of the node with this label.

        Raises
        ------
        CircuitError
            When no node has it; the message holds the nearest label.
        """
        try:
            return self._index_of[str(label)]
        except KeyError:
            hint = nearest(str(label), self.labels)
            raise CircuitError(
                f"no node is labelled {shown(str(label))}" + (f"; {hint}" if hint else "")
            ) from None

    @property
    def _index_of(self) -> dict[str, int]:
        cached: dict[str, int] | None = self.__dict__.get("_labels_to_index")
        if cached is None:
            cached = {label: index for index, label in enumerate(self.labels)}
            object.__setattr__(self, "_labels_to_index", cached)
        return cached

    def name(self, nodes: ArrayLike) -> str:
        """Return the labels of these nodes for a message, at most eight of them."""
        indices = np.atleast_1d(np.asarray(nodes, dtype=np.intp))
        return _listed([self.labels[index] for index in indices[:8]], indices.size)

    def parts(self, edges: ArrayLike | None = None) -> NDArray[np.intp]:
        """Return the number of the connected part that each node lies in, shape (N,).

        Parameters
        ----------
        edges
            Which edges conduct, indices or a mask; all of them by default.
        """
        chosen = None if edges is None else np.asarray(edges)
        if chosen is None or (chosen.dtype == np.bool_ and chosen.all()):
            whole: NDArray[np.intp] | None = self.__dict__.get("_whole")
            if whole is None:  # found once: every run of a study asks for it
                whole = _read_only(_parts(self.edges, self.nodes))
                object.__setattr__(self, "_whole", whole)
            return whole
        return _parts(self.edges[chosen], self.nodes)

    def to_networkx(self, conductances: ArrayLike | None = None) -> nx.MultiGraph[str]:
        """Return the circuit as a networkx multigraph, which `from_networkx` takes back.

        Nodes are the labels, with a ``pos`` where positions are known. An edge's key is its index
        here, and so is its attribute ``edge``; ``first`` is the label of its first node.

        Parameters
        ----------
        conductances
            S, shape (E,), or one number for every edge: the attribute ``conductance_S``.

        Raises
        ------
        CircuitError
            For conductances of another shape.
        """
        if conductances is None:
            return graph_of(self, None)
        values = np.asarray(conductances, dtype=np.float64)
        if values.shape not in ((), (len(self.edges),)):
            raise CircuitError(
                f"the 'conductances' of a graph must have the shape ({len(self.edges)},), "
                f"got {values.shape} instead"
            )
        return graph_of(self, np.broadcast_to(values, len(self.edges)).tolist())

    @classmethod
    def from_networkx(cls, graph: nx.Graph[Any]) -> Circuit:
        """Return the circuit of a networkx graph or multigraph.

        Nodes keep their order and are labelled by their names, as ``str`` writes them; a ``pos``
        or an ``x`` and ``y`` on every node become the positions. Edges keep their order, unless
        each has a whole number of its own as its ``edge``: then they come in the order of these.
        Their first node is the one that comes first in the graph, unless ``first`` names the
        other. Conductances are not part of a circuit, and are not read here.

        Parameters
        ----------
        graph
            Undirected; parallel edges are resistors in parallel.

        Raises
        ------
        CircuitError
            For a directed graph, a self-loop, a node without an edge, or two nodes of one name.

        Examples
        --------
        >>> import networkx as nx
        >>> Circuit.from_networkx(nx.cycle_graph(["a", "b", "c"])).labels
        ('a', 'b', 'c')
        """
        edges, labels, positions = parts_of(graph)
        return cls(edges, nodes=len(labels), labels=labels, positions=positions)


def _parts(pairs: NDArray[np.intp], nodes: int) -> NDArray[np.intp]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(nodes, nodes))
    _, part = connected_components(links, directed=False)
    return np.asarray(part, dtype=np.intp)


def _rebuilt(
    edges: ArrayLike, nodes: int, labels: Sequence[str], positions: ArrayLike | None
) -> Circuit:
    return Circuit(edges, nodes, labels=labels, positions=positions)


def _edge_array(edges: ArrayLike) -> NDArray[np.intp]:
    try:
        pairs = np.asarray(edges)
    except ValueError as error:
        raise CircuitError(f"the 'edges' of a Circuit must be pairs of nodes: {error}") from None
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.size == 0:
        raise CircuitError(
            f"the 'edges' of a Circuit must have the shape (E, 2) with E >= 1, "
            f"got {pairs.shape} instead"
        )
    if not np.issubdtype(pairs.dtype, np.integer):
        raise CircuitError(
            f"the 'edges' of a Circuit must be pairs of integer node indices, "
            f"got {pairs.dtype} instead"
        )
    return pairs.astype(np.intp)


def _check_nodes(nodes: int) -> None:
    if isinstance(nodes, bool) or not isinstance(nodes, int | np.integer):
        raise CircuitError(
            f"the 'nodes' of a Circuit must be an integer, got {shown(nodes)} instead"
        )


def _check_edges(pairs: NDArray[np.intp], nodes: int) -> None:
    outside = np.flatnonzero((pairs < 0).any(axis=1) | (pairs >= nodes).any(axis=1))
    if outside.size:
        edge = int(outside[0])
        raise CircuitError(
            f"edge {edge} of a Circuit must join nodes in [0, {nodes}), "
            f"got {tuple(pairs[edge].tolist())} instead"
        )
    loops = np.flatnonzero(pairs[:, 0] == pairs[:, 1])
    if loops.size:
        edge = int(loops[0])
        raise CircuitError(
            f"an edge of a Circuit must join two different nodes, "
            f"got the self-loop {tuple(pairs[edge].tolist())} as edge {edge}"
        )


def _check_labels(labels: tuple[str, ...], nodes: int) -> None:
    if len(labels) != nodes:
        raise CircuitError(
            f"the 'labels' of a Circuit must be as many as its {nodes} nodes, "
            f"got {len(labels)} instead"
        )
    if len(set(labels)) != nodes:
        repeated = next(label for label in labels if labels.count(label) > 1)
        raise CircuitError(
            f"the 'labels' of a Circuit must all differ, got {shown(repeated)} twice"
        )


def _check_isolated(pairs: NDArray[np.intp], nodes: int, labels: Sequence[object] | None) -> None:
    reached = set(pairs.ravel().tolist())
    if len(reached) < nodes:
        isolated = islice((node for node in range(nodes) if node not in reached), 8)
        shown = [str(node if labels is None else labels[node]) for node in isolated]
        raise CircuitError(
            f"every node of a Circuit must have an edge, "
            f"got none at {_listed(shown, nodes - len(reached))}"
        )


def _listed(labels: Sequence[str], count: int) -> str:
    named = ", ".join(map(shown, labels))
    more = f" and {count - len(labels)} more" if count > len(labels) else ""
    return f"node{'s' if count > 1 else ''} {named}{more}"


def _position_array(positions: ArrayLike | None, nodes: int) -> NDArray[np.float64] | None:
    if positions is None:
        return None
    try:
        places = np.array(positions, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CircuitError(
            f"the 'positions' of a Circuit must be pairs of numbers: {error}"
        ) from None
    if places.shape != (nodes, 2):
        raise CircuitError(
            f"the 'positions' of a Circuit must have the shape ({nodes}, 2), "
            f"got {places.shape} instead"
        )
    if not np.isfinite(places).all():
        node = int(np.flatnonzero(~np.isfinite(places).all(axis=1))[0])
        raise CircuitError(
            f"the 'positions' of a Circuit must be finite, "
            f"got {tuple(places[node].tolist())} for node {node} instead"
        )
    places.flags.writeable = False
    return places


def _read_only(array: NDArray[np.intp]) -> NDArray[np.intp]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _or_empty(array: NDArray[np.float64] | None) -> NDArray[np.float64]:
    return np.empty((0, 2)) if array is None else array
