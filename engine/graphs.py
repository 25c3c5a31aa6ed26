"""Circuits as networkx graphs, there and back: nothing of a circuit is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError, shown

if TYPE_CHECKING:
    import networkx as nx

    from .circuit import Circuit

FloatArray = NDArray[np.float64]

#: What an edge's conductance may be called, S.
CONDUCTANCES = ("conductance_S", "conductance")


class GraphParts(NamedTuple):
    """What a graph says of a circuit.

    Attributes
    ----------
    edges : ndarray of int, shape (E, 2)
        In the order of the attribute ``edge``, where each has another; gaps are closed.
    labels : list of str
    positions : list of pairs, or None
        Where every node has one.
    """

    edges: NDArray[np.intp]
    labels: list[str]
    positions: list[Any] | None


def graph_of(circuit: Circuit, conductances: Sequence[float] | None) -> nx.MultiGraph[str]:
    """Return the graph of a circuit; see `~ohmtick.engine.circuit.Circuit.to_networkx`."""
    import networkx as nx

    graph: nx.MultiGraph[str] = nx.MultiGraph()
    for index, label in enumerate(circuit.labels):
        place = (
            {} if circuit.positions is None else {"pos": tuple(circuit.positions[index].tolist())}
        )
        graph.add_node(label, **place)
    for edge, (tail, head) in enumerate(circuit.edges.tolist()):
        first, second = circuit.labels[tail], circuit.labels[head]
        conducts = {} if conductances is None else {CONDUCTANCES[0]: float(conductances[edge])}
        graph.add_edge(first, second, key=edge, edge=edge, first=first, **conducts)
    return graph


def parts_of(graph: nx.Graph[Any]) -> GraphParts:
    """Return what a graph says of a circuit.

    Raises
    ------
    CircuitError
        For a directed graph, a self-loop, or an edge whose ``first`` is neither of its ends.
    """
    if graph.is_directed():
        raise CircuitError(
            "from_networkx must be given an undirected graph, got a directed one instead; "
            "to_undirected() makes one of it"
        )
    number = {node: index for index, node in enumerate(graph.nodes)}
    ends = [_directed(tail, head, data.get("first")) for tail, head, data in _links(graph)]
    edges = np.array([(number[tail], number[head]) for tail, head in ends], dtype=np.intp)
    return GraphParts(edges.reshape(-1, 2), [str(node) for node in number], _positions(graph))


def conductances_of(graph: nx.Graph[Any]) -> FloatArray | None:
    """Return the conductances of a graph's edges, S, in their order, shape (E,); None without any.

    Raises
    ------
    CircuitError
        Where only some edges have one, or one is no number.
    """
    links = _links(graph)
    datas = [data for *_, data in links]
    name = next((name for name in CONDUCTANCES if any(name in data for data in datas)), None)
    if name is None:
        return None
    lacking = sum(name not in data for data in datas)
    if lacking:
        raise CircuitError(
            f"every edge must have a {name!r} or none, got {lacking} of {len(links)} without"
        )
    conductances = np.empty(len(links))
    for edge, (tail, head, data) in enumerate(links):
        try:
            conductances[edge] = float(data[name])
        except (TypeError, ValueError):
            raise CircuitError(
                f"the {name!r} of an edge must be a number, S, got {shown(data[name])} at edge "
                f"{edge}, between {shown(tail)} and {shown(head)}"
            ) from None
    return conductances


def _links(graph: nx.Graph[Any]) -> list[tuple[Any, Any, dict[str, Any]]]:
    """Return the edges of a graph, in the order of their numbers where each has its own."""
    links = list(graph.edges(data=True))
    numbers = [data.get("edge") for _, _, data in links]
    if all(type(each) is int for each in numbers) and len(set(numbers)) == len(links):
        links.sort(key=lambda link: int(link[2]["edge"]))
    return links


def _directed(tail: Any, head: Any, first: Any) -> tuple[Any, Any]:
    """Return the ends of an edge, of which the first is the one that is said to be."""
    if tail == head:
        raise CircuitError(
            "an edge of a Circuit must join two different nodes, "
            f"got the self-loop {shown((tail, head))}"
        )
    if first is None or str(first) == str(tail):
        return tail, head
    if str(first) != str(head):
        raise CircuitError(
            f"the 'first' of an edge must be one of its ends {shown((tail, head))}, "
            f"got {shown(first)} instead"
        )
    return head, tail


def _positions(graph: nx.Graph[Any]) -> list[Any] | None:
    """Return where each node is: its ``pos``, or its ``x`` and ``y``; None if any has none."""
    places = [
        data.get("pos", (data["x"], data["y"]) if {"x", "y"} <= data.keys() else None)
        for _, data in graph.nodes(data=True)
    ]
    return places if places and all(place is not None for place in places) else None
