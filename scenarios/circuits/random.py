"""A disordered circuit that is not planar."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from ...engine import lattices
from ...engine.circuit import Circuit
from ...engine.streams import Streams
from .base import MOST_EDGES, MOST_NODES, Drawn


class Random(Drawn, kind="random"):
    """A connected random network."""

    nodes: int = Field(ge=2, le=MOST_NODES)
    """Number of nodes."""
    edges: int = Field(ge=1, le=MOST_EDGES)
    """Number of edges, from a tree to every pair."""

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(nodes=9, edges=16)

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return self.edges

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        generator = self.seeded(streams).generator("circuit")
        return lattices.random_circuit(self.nodes, self.edges, seed=generator)
