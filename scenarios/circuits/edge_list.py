"""A circuit of one's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Self

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ...agents.resistors.base import LEAST, MOST
from ...engine.circuit import Circuit
from ...engine.errors import shown
from ...engine.networks.network import FloatArray
from ...engine.settings import Frozen
from ...engine.streams import Streams
from ..labels import Label, Pair, Place, text_keys
from .base import MOST_EDGES, CircuitKind, check_connected


class EdgeList(CircuitKind, kind="edge_list"):
    """A circuit written out: pairs of labels, in the order of the edges."""

    edges: tuple[Pair, ...] = Field(min_length=1, max_length=MOST_EDGES)
    """Pairs of node labels."""
    nodes: tuple[Label, ...] | None = None
    """Labels of the nodes, in the order of the circuit; by default in that of their edges."""
    positions: Annotated[Frozen[Place], BeforeValidator(text_keys)] | None = None
    """Where to draw each node, arbitrary units."""
    conductances: tuple[Annotated[float, Field(ge=LEAST, le=MOST)], ...] | None = None
    """What each edge conducts, S, for resistors that start there."""

    @field_validator("conductances")
    @classmethod
    def _check_count(
        cls, conductances: tuple[float, ...] | None, info: ValidationInfo
    ) -> tuple[float, ...] | None:
        count = len(info.data.get("edges", ()))
        if conductances is not None and count and len(conductances) != count:
            raise ValueError(
                f"must be one for each of the {count} edges, got {len(conductances)} instead"
            )
        return conductances

    @field_validator("nodes")
    @classmethod
    def _check_nodes(
        cls, nodes: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        if nodes is not None and len(set(nodes)) < len(nodes):
            twice, _ = Counter(nodes).most_common(1)[0]
            raise ValueError(f"must all differ, got {shown(twice)} twice")
        if nodes is not None and "edges" in info.data:
            _check_names(set(nodes), info.data["edges"])
        return nodes

    @field_validator("positions")
    @classmethod
    def _check(
        cls, positions: Mapping[str, Place] | None, info: ValidationInfo
    ) -> Mapping[str, Place] | None:
        if positions is not None and "edges" in info.data:
            _check_names(set(positions), info.data["edges"])
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
        """Return the labels of the nodes, as given, or in the order of their first edge."""
        if self.nodes is not None:
            return list(self.nodes)
        return list(dict.fromkeys(label for pair in self.edges for label in pair))

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        labels = self.labels()
        number = {label: index for index, label in enumerate(labels)}
        places = None if self.positions is None else [self.positions[name] for name in labels]
        pairs = [[number[label] for label in pair] for pair in self.edges]
        return Circuit(pairs, nodes=len(labels), labels=labels, positions=places)

    def edge_conductances(self) -> FloatArray | None:
        """Return what the edges conduct, S, shape (E,); None where that is not said."""
        return None if self.conductances is None else np.array(self.conductances)

    def check(self, sources: Sequence[str]) -> None:
        """Refuse a circuit that falls into parts."""
        check_connected("circuit.edges", self.build(Streams(0)), sources[0])


def _check_names(names: set[str], edges: Sequence[tuple[str, ...]]) -> None:
    """Refuse names that are not those of all nodes."""
    labels = {label for pair in edges for label in pair}
    for which, wrong in (("none for", labels - names), ("the unknown", names - labels)):
        if wrong:
            raise ValueError(f"must name every node once, got {which} {shown(min(wrong))} instead")
