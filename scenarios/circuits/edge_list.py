"""A circuit of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ...engine.circuit import Circuit
from ...engine.errors import shown
from ...engine.settings import Frozen
from ...engine.streams import Streams
from ..labels import Pair, Place, text_keys
from .base import MOST_EDGES, CircuitKind


class EdgeList(CircuitKind, kind="edge_list"):
    """A circuit written out: pairs of labels, in the order of the edges."""

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

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(edges=(("a", "b"), ("b", "c"), ("c", "a")))

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

    def check(self, sources: Sequence[str]) -> None:
        """Refuse a circuit that falls into parts: two circuits in one file are a mistake."""
        circuit = self.build(Streams(0))
        part = circuit.parts()
        if part.max():
            cut_off = (part != part[circuit.index(sources[0])]).nonzero()[0]
            raise ValueError(
                f"circuit.edges: the circuit must be connected, got {circuit.name(cut_off)} in "
                f"another part than source {shown(sources[0])}"
            )
