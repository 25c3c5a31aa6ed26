"""Circuits as GraphML, and as the JSON node-link data of networkx."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from ..circuit import Circuit
from ..errors import CircuitError, shortened, shown
from ..graphs import conductances_of
from ..networks.network import FloatArray

if TYPE_CHECKING:
    import networkx as nx

#: What no XML can hold, or what its readers turn into something else.
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


def read_graphml(content: bytes) -> tuple[Circuit, FloatArray | None]:
    """Return the circuit that a GraphML file holds, and its conductances, S, if it says them.

    Raises
    ------
    CircuitError
        When it is not GraphML, or its graph is no circuit.
    """
    import networkx as nx

    _check_xml(content)
    return _circuit(lambda: nx.read_graphml(BytesIO(content)), "GraphML")


def _check_xml(content: bytes) -> None:
    """Refuse what is no XML, and a document type, which may define entities without end."""

    def refuse(*_: object) -> None:
        raise CircuitError("must be GraphML without a document type of its own")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse  # met in any encoding, and before what it defines
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise CircuitError(f"must be GraphML, which it is not: ParseError: {error}") from None


def read_json(content: bytes) -> tuple[Circuit, FloatArray | None]:
    """Return the circuit that JSON node-link data hold, and its conductances, S, if they say them.

    Raises
    ------
    CircuitError
        When they are no node-link data, or their graph is no circuit.
    """
    import networkx as nx

    def graph() -> nx.Graph[Any]:
        tables = json.loads(content)
        return nx.node_link_graph(tables, edges="links" if "links" in tables else "edges")

    return _circuit(graph, "the JSON of networkx.node_link_data")


def _circuit(read: Callable[[], nx.Graph[Any]], what: str) -> tuple[Circuit, FloatArray | None]:
    try:
        graph = read()
    except Exception as error:  # whatever other people's readers say of what is no such file
        said = f"{type(error).__name__}: {shortened(error)}"
        raise CircuitError(f"must be {what}, which it is not: {said}") from None
    return Circuit.from_networkx(graph), conductances_of(graph)


def write_graphml(graph: nx.MultiGraph[str]) -> str:
    """Return the GraphML of a circuit's graph; ``pos`` becomes ``x`` and ``y``.

    Raises
    ------
    CircuitError
        For a label that XML cannot hold.
    """
    import networkx as nx

    for label in graph:
        if not label or _NO_XML.search(label):
            raise CircuitError(f"GraphML cannot hold the label {shown(label)}; .json can")
    written = graph.copy()
    for _, data in written.nodes(data=True):
        if "pos" in data:
            data["x"], data["y"] = data.pop("pos")
    file = BytesIO()
    nx.write_graphml_xml(written, file)
    return file.getvalue().decode("utf-8")


def write_json(graph: nx.MultiGraph[str]) -> str:
    """Return the node-link data of a circuit's graph as JSON."""
    import networkx as nx

    return json.dumps(nx.node_link_data(graph, edges="edges"), indent=1, allow_nan=False) + "\n"
