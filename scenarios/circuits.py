"""The `[circuit]` table of a scenario: which circuit to build."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ..agents.part import Part
from ..engine import lattices
from ..engine.circuit import Circuit
from ..engine.streams import Streams


def _text(label: object) -> object:
    return str(label) if isinstance(label, int) and not isinstance(label, bool) else label


def _text_keys(table: object) -> object:
    return {_text(key): value for key, value in table.items()} if isinstance(table, dict) else table


#: A node's label; whole numbers are welcome and mean their digits.
Label = Annotated[str, BeforeValidator(_text)]
#: A voltage for each of some labels, V.
Voltages = Annotated[dict[str, float], BeforeValidator(_text_keys)]


class Breadboard(Part):
    """The laboratory network."""

    kind: Literal["breadboard"] = "breadboard"

    def labels(self) -> list[str]:
        """Return the labels of the nodes."""
        return list(lattices.breadboard().labels)

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return lattices.breadboard()


class _Numbered(Part):
    """A circuit whose labels are the numbers of its nodes."""

    @property
    def node_count(self) -> int:
        raise NotImplementedError

    def labels(self) -> list[str]:
        """Return the labels of the nodes."""
        return [str(node) for node in range(self.node_count)]


class SquareLattice(_Numbered):
    """A square lattice, open or periodic."""

    kind: Literal["square_lattice"] = "square_lattice"
    rows: int = Field(ge=1)
    cols: int = Field(ge=1)
    periodic: bool = False

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return self.rows * self.cols

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return lattices.square_lattice(self.rows, self.cols, periodic=self.periodic)


class _Drawn(_Numbered):
    nodes: int
    seed: int | None = Field(None, ge=0)
    """Draws the same circuit in every run; without it, each seed of a run has its own."""

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return self.nodes

    def _streams(self, streams: Streams) -> Streams:
        return streams if self.seed is None else Streams(self.seed)


class Delaunay(_Drawn):
    """The Delaunay triangulation of random points."""

    kind: Literal["delaunay"] = "delaunay"
    nodes: int = Field(ge=3)

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return lattices.delaunay(self.nodes, seed=self._streams(streams).generator("circuit"))


class Random(_Drawn):
    """A connected random network."""

    kind: Literal["random"] = "random"
    nodes: int = Field(ge=2)
    edges: int = Field(ge=1)

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        generator = self._streams(streams).generator("circuit")
        return lattices.random_circuit(self.nodes, self.edges, seed=generator)


class EdgeList(Part):
    """A circuit written out: pairs of labels, in the order of the edges."""

    kind: Literal["edge_list"] = "edge_list"
    edges: list[Annotated[list[Label], Field(min_length=2, max_length=2)]] = Field(min_length=1)
    positions: Annotated[
        dict[str, Annotated[list[float], Field(min_length=2, max_length=2)]] | None,
        BeforeValidator(_text_keys),
    ] = None
    """Where to draw each node."""

    def labels(self) -> list[str]:
        """Return the labels of the nodes, in the order of their first edge."""
        return list(dict.fromkeys(label for pair in self.edges for label in pair))

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        labels = self.labels()
        number = {label: index for index, label in enumerate(labels)}
        places = None
        if self.positions is not None:
            lacking = [label for label in labels if label not in self.positions]
            unknown = [label for label in self.positions if label not in number]
            if lacking or unknown:
                raise ValueError(
                    "'positions' must name every node once, got "
                    + (f"none for {lacking[0]!r}" if lacking else f"the unknown {unknown[0]!r}")
                )
            places = [self.positions[label] for label in labels]
        pairs = [[number[label] for label in pair] for pair in self.edges]
        return Circuit(pairs, nodes=len(labels), labels=labels, positions=places)


#: Any of the circuits that a scenario can name.
AnyCircuit = Annotated[
    Breadboard | SquareLattice | Delaunay | Random | EdgeList, Field(discriminator="kind")
]
