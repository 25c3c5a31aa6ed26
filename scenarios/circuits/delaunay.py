"""A disordered planar circuit."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from ...engine import lattices
from ...engine.circuit import Circuit
from ...engine.streams import Streams
from .base import MOST_NODES, Drawn


class Delaunay(Drawn, kind="delaunay"):
    """The Delaunay triangulation of random points."""

    nodes: int = Field(ge=3, le=MOST_NODES)
    """Number of nodes."""

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(nodes=9)

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return lattices.delaunay(self.nodes, seed=self.seeded(streams).generator("circuit"))
