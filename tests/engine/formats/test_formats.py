"""Files of circuits: what is written is read again, and each mistake is named."""

from __future__ import annotations

import io
import json
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ohmtick as ot
from ohmtick.engine.errors import CircuitError
from ohmtick.engine.formats.files import read_circuit
from ohmtick.engine.formats.graph_files import write_graphml, write_json
from ohmtick.engine.formats.netlist import write_netlist
from ohmtick.tests.ngspice import ngspice

LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)
NUMBERS = st.floats(-1e12, 1e12)


@st.composite
def circuits(draw: st.DrawFn) -> tuple[ot.Circuit, list[float]]:
    """Return a circuit, parallel edges and odd labels among it, and its conductances, S."""
    labels = draw(st.lists(LABELS, min_size=2, max_size=8, unique=True))
    nodes = range(len(labels))
    joined = [(node, draw(st.sampled_from([n for n in nodes if n != node]))) for node in nodes]
    more = draw(st.lists(st.sampled_from(joined), max_size=6))
    edges = draw(st.permutations(joined + [(head, tail) for tail, head in more]))
    places = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=len(labels), max_size=len(labels))
    circuit = ot.Circuit(edges, labels=labels, positions=draw(st.none() | places))
    conductances = st.lists(st.floats(1e-15, 1e15), min_size=len(edges), max_size=len(edges))
    return circuit, draw(conductances)


@given(circuits())
def test_what_is_written_is_read_again(drawn: tuple[ot.Circuit, list[float]]) -> None:
    circuit, conductances = drawn
    graph = circuit.to_networkx(conductances)
    held = {0: ("source0", 1.5)}
    for name, text in (
        ("net.graphml", write_graphml(graph)),
        ("net.json", write_json(graph)),
        ("net.cir", write_netlist(circuit, np.array(conductances), held, "A title")),
    ):
        again, read = read_circuit(name, text.encode())
        assert again == circuit
        assert read is not None
        if name == "net.cir":  # which has resistances
            np.testing.assert_allclose(read, conductances, rtol=4e-16)
        else:
            assert read.tolist() == conductances
    assert ot.Circuit.from_networkx(graph) == circuit
    assert ot.Circuit.from_networkx(circuit.to_networkx()) == circuit


def test_a_graph_of_somebody_else() -> None:
    """Without numbers of edges, with whole numbers as nodes, with places as x and y."""
    graph: nx.Graph[int] = nx.Graph([(3, 1), (1, 2)])
    for node, place in {3: 0.5, 1: 1.5, 2: 2.5}.items():
        graph.nodes[node].update(x=place, y=-place, colour="red")
    wanted = ot.Circuit(
        [(0, 1), (1, 2)], labels=["3", "1", "2"], positions=[[0.5, -0.5], [1.5, -1.5], [2.5, -2.5]]
    )
    file = io.BytesIO()
    nx.write_graphml(graph, file)
    assert read_circuit("net.graphml", file.getvalue()) == (wanted, None)
    for links in ("links", "edges"):
        text = json.dumps(nx.node_link_data(graph, edges=links))
        assert read_circuit("NET.JSON", text.encode()) == (wanted, None)
    graph.edges[1, 2]["conductance"] = 2.0
    with pytest.raises(CircuitError, match="must have a 'conductance' or none, got 1 of 2 without"):
        read_circuit("net.json", json.dumps(nx.node_link_data(graph, edges="edges")).encode())
    assert ot.Circuit.from_networkx(graph) == wanted
    graph.edges[3, 1]["conductance"] = 3.0
    text = json.dumps(nx.node_link_data(graph, edges="edges"))
    circuit, conductances = read_circuit("net.json", text.encode())
    assert circuit == wanted
    assert conductances is not None
    assert conductances.tolist() == [3.0, 2.0]


VALUES = ["1k", "1.5K", "2meg", "2MEG", "3m", "4u", "5.5e3", "6e-3k", ".5", "7.", "8kohm", "9Ohm",
          "1mil", "2t", "3g", "4n", "5p", "6f", "1e3", "12"]  # fmt: skip


def test_resistances_are_those_that_spice_reads() -> None:
    lines = [f"R{number} a b {value}" for number, value in enumerate(VALUES)]
    text = "\n".join(["title", *lines, "V0 a 0 1", "V1 b 0 0", ".end", ""])
    circuit, conductances = read_circuit("net.sp", text.encode())
    assert len(circuit.edges) == len(VALUES)
    asked = "\n".join(f"print @r{number}[resistance]" for number in range(len(VALUES)))
    found = ngspice(text, asked)
    ohm = [found[f"@r{number}[resistance]"] for number in range(len(VALUES))]
    np.testing.assert_allclose(1.0 / np.array(conductances), ohm, rtol=1e-12)


def test_a_netlist_of_somebody_else() -> None:
    text = """A bridge, R9 x y 1k
* a comment
Rone IN mid
+ 1k     ; the first
R2 mid out R=2k
r3 Mid 0 3k  $ to ground
.param_of_none
Vin in 0 dc 5
.control
alter r2 = 7
.endc
.tran 1u 1m
+ uic
R4 out gnd 4k
.end
R5 a b 5k
"""
    with pytest.raises(
        CircuitError, match=r"line 7: a netlist must .* commands that are not known"
    ):
        read_circuit("net.cir", text.encode())
    text = text.replace(".param_of_none\n", ".backanno\n")
    circuit, conductances = read_circuit("net.cir", text.encode())
    assert circuit.labels == ("IN", "mid", "out", "0")
    assert circuit.edges.tolist() == [[0, 1], [1, 2], [1, 3], [2, 3]]
    assert conductances is not None
    np.testing.assert_allclose(conductances, [1e-3, 5e-4, 1 / 3e3, 2.5e-4])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.cir", b"\x00\xff\x01", "must be a netlist, got what is no UTF-8 text"),
        ("a.cir", b"", "must be a netlist with resistors, got none"),
        ("a.cir", b"R1 a b 1k\nR2 a b 1k", "line 1: the first line of a netlist must be its title"),
        ("a.cir", b"t\nC1 a b 1k", "line 2: a netlist must have resistors, and voltage sources"),
        ("a.cir", b"t\nV1 a b 1", "from a node to the ground, got 'V1 a b 1'"),
        ("a.cir", b"t\n.include x", "must have its resistors in itself, got '.include x'"),
        (
            "a.cir",
            b"t\n.Param r=1",
            "line 2: a netlist must have its numbers written out, and no pa",
        ),
        ("a.cir", b"t\n.temp 27", "resistances that are the same at all temperatures, got '.temp"),
        ("a.cir", b"t\n.model r r", "must have resistors without models, got '.model r r'"),
        ("a.cir", b"t\nR1 a b 0", "with a positive number, got 'R1 a b 0'"),
        ("a.cir", b"t\nR1 a b -1", "with a positive number"),
        ("a.cir", b"t\nR1 a b 1e999", "with a positive number"),
        ("a.cir", b"t\nR1 a b 4k7", "with a positive number"),
        ("a.cir", b"t\nR1 a b 1k tc1=2", "a resistor must be 'Rname node node resistance'"),
        ("a.cir", b"t\nR1 a a 1k", "the self-loop"),
        ("a.cir", b't\n*node a "\\q"\nR1 a b 1', "line 2: must be '*node name \"label\" x y'"),
        ("a.cir", b't\n*node a "a" 1 x\nR1 a b 1', "line 2: must be '*node name \"label\" x y'"),
        ("a.cir", b't\n*node a "\\ud800"\nR1 a b 1', "must have labels that are text"),
        ("a.graphml", b"junk", "must be GraphML, which it is not: ParseError"),
        ("a.graphml", b"<graphml/>", "must be GraphML, which it is not"),
        ("a.graphml", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", "without a document type of its own"),
        ("a.json", b"[1", "must be the JSON of networkx.node_link_data, which it is not: JSOND"),
        ("a.json", b"[]", "must be the JSON of networkx.node_link_data"),
        ("a.json", b"[" * 100_000, "which it is not: RecursionError"),
        ("a.json", b'{"nodes": [], "edges": []}', "must have the shape (E, 2)"),
        ("a.txt", b"", "must end in .graphml, .json, .cir, .sp, .spice, got 'a.txt' instead"),
    ],
)
def test_a_mistake_is_named(name: str, content: bytes, says: str) -> None:
    with pytest.raises(CircuitError) as caught:
        read_circuit(name, content)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_no_entity_is_expanded_in_any_encoding(encoding: str) -> None:
    named = encoding.removesuffix("-le").removesuffix("-be")
    head = f'<?xml version="1.0" encoding="{named}"?>'
    mark = "\ufeff" if encoding.endswith("e") else ""
    nodes = '<node id="&a;"/><node id="b"/><edge source="&a;" target="b"/>'
    types = '<!DOCTYPE graphml [<!ENTITY a "n">]>'

    def file(types: str, name: str) -> bytes:
        graph = f'<graph edgedefault="undirected">{nodes}</graph>'.replace("&a;", name)
        body = f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{graph}</graphml>'
        return (mark + head + types + body).encode(encoding)

    with pytest.raises(CircuitError, match="must be GraphML without a document type of its own"):
        read_circuit("net.graphml", file(types, "&a;"))
    circuit, _ = read_circuit("net.graphml", file("<!-- <!DOCTYPE x> -->", "n"))
    assert circuit.labels == ("n", "b")


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ({"first": "c"}, "the 'first' of an edge must be one of its ends ('a', 'b'), got 'c'"),
        ({"conductance": "much"}, "must be a number, S, got 'much' at edge 0, between 'a' and 'b'"),
    ],
)
def test_what_an_edge_cannot_have(link: dict[str, Any], says: str) -> None:
    graph = nx.Graph([("a", "b", link)])
    text = json.dumps(nx.node_link_data(graph, edges="edges"))
    with pytest.raises(CircuitError) as caught:
        read_circuit("net.json", text.encode())
    assert says in str(caught.value)
