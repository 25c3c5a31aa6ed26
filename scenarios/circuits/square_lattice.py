"""Rows and columns of nodes."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from ...engine import lattices
from ...engine.circuit import Circuit
from ...engine.streams import Streams
from .base import MOST_NODES, Numbered


class SquareLattice(Numbered, kind="square_lattice"):
    """A square lattice, open or periodic."""

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

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(rows=3, cols=3)

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
