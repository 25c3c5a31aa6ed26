"""The `[circuit]` table of a scenario: which circuit to build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..engine import lattices
from ..engine.circuit import Circuit
from ..engine.errors import nearest, shown
from ..engine.settings import Frozen, Settings
from ..engine.streams import MOST_SEED, Streams

#: The largest circuits: 4 million nodes, and 16 million edges.
MOST_NODES, MOST_EDGES = 1 << 22, 1 << 24


def _text(label: object) -> object:
    whole = isinstance(label, int | np.integer) and not isinstance(label, bool)
    return str(label) if whole else label


def text_keys(table: object) -> object:
    """Return a table with its labels as text."""
    if not isinstance(table, Mapping):
        return table
    return {_text(key): value for key, value in table.items()}


def _no_loop(pair: tuple[str, ...]) -> tuple[str, ...]:
    if pair[0] == pair[1]:
        raise ValueError(f"must join two different nodes, got the self-loop {shown(pair)} instead")
    return pair


#: A node's label; whole numbers are welcome and mean their digits.
Label = Annotated[str, BeforeValidator(_text)]
#: A voltage, V. Its square, and the sum of many, is a finite number.
Volts = Annotated[float, Field(ge=-1e9, le=1e9)]
#: A voltage for each of some labels, V.
Voltages = Annotated[Frozen[Volts], BeforeValidator(text_keys)]
#: A place to draw a node at.
Place = Annotated[tuple[float, ...], Field(min_length=2, max_length=2)]
#: The two ends of an edge.
Pair = Annotated[tuple[Label, ...], Field(min_length=2, max_length=2), AfterValidator(_no_loop)]


class _Named(Settings):
    """A circuit whose labels are known before it is built."""

    @property
    def edge_count(self) -> int | None:
        """Number of edges; None where only building tells."""
        return None

    def labels(self) -> list[str]:
        """Return the labels of the nodes."""
        raise NotImplementedError

    def strangers(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that are no node's label."""
        known = set(self.labels())
        return [name for name in names if name not in known]

    def hint(self, name: str) -> str:
        """Return what a stranger may have been meant to be."""
        return nearest(name, self.labels())


class Breadboard(_Named):
    """The laboratory network."""

    kind: Literal["breadboard"] = "breadboard"

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return len(lattices.breadboard().edges)

    def labels(self) -> list[str]:
        """Return the labels of the nodes."""
        return list(lattices.breadboard().labels)

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return lattices.breadboard()


class _Numbered(_Named):
    """A circuit whose labels are the numbers of its nodes; they are many, and never listed."""

    @property
    def node_count(self) -> int:
        raise NotImplementedError

    def labels(self) -> list[str]:
        """Return the labels of the nodes."""
        return [str(node) for node in range(self.node_count)]

    def strangers(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that are no node's label."""
        return [name for name in names if not self._has(name)]

    def hint(self, name: str) -> str:
        """Return what a stranger may have been meant to be."""
        return f"there are '0' to '{self.node_count - 1}'"

    def _has(self, name: str) -> bool:
        short = name.isdecimal() and len(name) <= len(str(self.node_count))
        return short and str(int(name)) == name and int(name) < self.node_count


class SquareLattice(_Numbered):
    """A square lattice, open or periodic."""

    kind: Literal["square_lattice"] = "square_lattice"
    rows: int = Field(ge=1, le=MOST_NODES)
    """Number of rows."""
    cols: int = Field(ge=1, le=MOST_NODES)
    """Number of columns; ``rows * cols`` is bounded as each of them is."""
    periodic: bool = False
    """Whether the last row and column are joined to the first."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.node_count > MOST_NODES:
            raise ValueError(
                f"must have at most {MOST_NODES} nodes, got {self.rows} x {self.cols} instead"
            )
        return self

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return self.rows * self.cols

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        lost = 0 if self.periodic else self.rows + self.cols  # those that would close the rings
        return 2 * self.node_count - lost

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return lattices.square_lattice(self.rows, self.cols, periodic=self.periodic)


class _Drawn(_Numbered):
    nodes: int
    """Number of nodes."""
    seed: int | None = Field(None, ge=0, le=MOST_SEED)
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
    nodes: int = Field(ge=3, le=MOST_NODES)
    """Number of nodes."""

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return lattices.delaunay(self.nodes, seed=self._streams(streams).generator("circuit"))


class Random(_Drawn):
    """A connected random network."""

    kind: Literal["random"] = "random"
    nodes: int = Field(ge=2, le=MOST_NODES)
    """Number of nodes."""
    edges: int = Field(ge=1, le=MOST_EDGES)
    """Number of edges, from a tree to every pair."""

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return self.edges

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        generator = self._streams(streams).generator("circuit")
        return lattices.random_circuit(self.nodes, self.edges, seed=generator)


class EdgeList(_Named):
    """A circuit written out: pairs of labels, in the order of the edges."""

    kind: Literal["edge_list"] = "edge_list"
    edges: tuple[Pair, ...] = Field(min_length=1, max_length=MOST_EDGES)
    """Pairs of node labels."""
    positions: Annotated[Frozen[Place], BeforeValidator(text_keys)] | None = None
    """Where to draw each node, arbitrary units."""

    @field_validator("positions")
    @classmethod
    def _check(
        cls, positions: Mapping[str, Place] | None, info: ValidationInfo
    ) -> Mapping[str, Place] | None:
        if positions is not None and "edges" in info.data:
            labels = {label for pair in info.data["edges"] for label in pair}
            for which, names in (
                ("none for", labels - set(positions)),
                ("the unknown", set(positions) - labels),
            ):
                if names:
                    raise ValueError(
                        f"must name every node once, got {which} {shown(min(names))} instead"
                    )
        return positions

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return len(self.edges)

    def labels(self) -> list[str]:
        """Return the labels of the nodes, in the order of their first edge."""
        return list(dict.fromkeys(label for pair in self.edges for label in pair))

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        labels = self.labels()
        number = {label: index for index, label in enumerate(labels)}
        places = None if self.positions is None else [self.positions[name] for name in labels]
        pairs = [[number[label] for label in pair] for pair in self.edges]
        return Circuit(pairs, nodes=len(labels), labels=labels, positions=places)


#: Any of the circuits that a scenario can name.
AnyCircuit = Annotated[
    Breadboard | SquareLattice | Delaunay | Random | EdgeList, Field(discriminator="kind")
]
