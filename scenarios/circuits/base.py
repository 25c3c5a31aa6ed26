"""What every kind of circuit must say of itself."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Self

from pydantic import Field

from ...engine.circuit import Circuit
from ...engine.errors import nearest, shown
from ...engine.graphs import conductances_of
from ...engine.kind import Kind
from ...engine.networks.network import FloatArray
from ...engine.streams import MOST_SEED, Streams

#: The largest circuits: 4 million nodes, and 16 million edges.
MOST_NODES, MOST_EDGES = 1 << 22, 1 << 24


class CircuitKind(Kind, family="circuit"):
    """Base of all circuits: a member says its `labels` and builds itself.

    Its labels are known before it is built, so that a task that names others is refused at once.
    A `Circuit` or a networkx graph is taken for an ``edge_list``.
    """

    @classmethod
    def chosen(cls, settings: object) -> Self:
        """Return the member that a table describes, that is given already, or that is a circuit."""
        networkx = sys.modules.get("networkx")
        if networkx is not None and isinstance(settings, networkx.Graph):
            circuit = Circuit.from_networkx(settings)
            return super().chosen(_written_out(circuit, conductances_of(settings)))
        return super().chosen(_written_out(settings) if isinstance(settings, Circuit) else settings)

    @property
    def edge_count(self) -> int | None:
        """Number of edges; None where only building tells."""
        return None

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.labels())

    @abstractmethod
    def labels(self) -> list[str]:
        """Return the labels of the nodes, in the order of the circuit."""

    @abstractmethod
    def build(self, streams: Streams) -> Circuit:
        """Return the circuit, in which the nodes have these labels.

        Parameters
        ----------
        streams
            The run's, for a circuit that is drawn: ``streams.generator("circuit")``.
        """

    def edge_conductances(self) -> FloatArray | None:
        """Return what the edges conduct, S, shape (E,); None where the circuit does not say."""
        return None

    def unknown_labels(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that are no node's label."""
        known = set(self.labels())
        return [name for name in names if name not in known]

    def hint(self, name: str) -> str:
        """Return what a stranger may have been meant to be."""
        return nearest(name, self.labels())

    def check(self, sources: Sequence[str]) -> None:
        """Refuse what is wrong with the circuit, as far as it is known before a run.

        Parameters
        ----------
        sources
            Labels of the task's sources.

        Raises
        ------
        ValueError
            What is wrong; the message begins with the key, such as ``circuit.edges:``.
        """


def _written_out(circuit: Circuit, conductances: FloatArray | None = None) -> dict[str, object]:
    """Return the table of a circuit that is written out; see `edge_list.EdgeList`."""
    labels, places = circuit.labels, circuit.positions
    edges = [(labels[tail], labels[head]) for tail, head in circuit.edges.tolist()]
    table: dict[str, object] = {"kind": "edge_list", "edges": edges}
    if labels != tuple(dict.fromkeys(label for pair in edges for label in pair)):
        table["nodes"] = labels
    if places is not None:
        table["positions"] = dict(zip(labels, places.tolist(), strict=True))
    if conductances is not None:
        table["conductances"] = conductances
    return table


def check_connected(key: str, circuit: Circuit, source: str) -> None:
    """Refuse a circuit that falls into parts: two circuits in one file are a mistake.

    Raises
    ------
    ValueError
        Which nodes are in another part than a source; `key` begins the message.
    """
    part = circuit.parts()
    if part.max():
        cut_off = (part != part[circuit.index(source)]).nonzero()[0]
        raise ValueError(
            f"{key}: the circuit must be connected, got {circuit.name(cut_off)} in "
            f"another part than source {shown(source)}"
        )


class Numbered(CircuitKind):
    """A circuit whose labels are the numbers of its nodes; they are many, and never listed."""

    @property
    @abstractmethod
    def node_count(self) -> int:
        """Number of nodes."""

    def labels(self) -> list[str]:
        """Return the labels of the nodes."""
        return [str(node) for node in range(self.node_count)]

    def unknown_labels(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that are no node's label."""
        return [name for name in names if not self._has(name)]

    def hint(self, name: str) -> str:
        """Return what a stranger may have been meant to be."""
        return f"there are '0' to '{self.node_count - 1}'"

    def _has(self, name: str) -> bool:
        short = name.isdecimal() and len(name) <= len(str(self.node_count))
        return short and str(int(name)) == name and int(name) < self.node_count


class Drawn(Numbered):
    """A circuit that is drawn, by its own seed or by the run's."""

    nodes: int
    """Number of nodes."""
    seed: int | None = Field(None, ge=0, le=MOST_SEED)
    """Draws the same circuit in every run; without it, each seed of a run has its own."""

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return self.nodes

    def seeded(self, streams: Streams) -> Streams:
        """Return what to draw from: the streams of its own seed, or else the run's."""
        return streams if self.seed is None else Streams(self.seed)
