"""The laboratory's own circuit."""

from __future__ import annotations

from ...engine import lattices
from ...engine.circuit import Circuit
from ...engine.streams import Streams
from .base import CircuitKind


class Breadboard(CircuitKind, kind="breadboard"):
    """The laboratory network."""

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
