"""A circuit from a file: GraphML, JSON, or a SPICE netlist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import field_validator

from ...engine.circuit import Circuit
from ...engine.formats.files import read_circuit
from ...engine.networks.network import FloatArray
from ...engine.records.attached import AttachedFile
from ...engine.streams import Streams
from ..attached import FromFile
from .base import MOST_EDGES, CircuitKind, check_connected


def _read(file: AttachedFile) -> tuple[Circuit, FloatArray | None]:
    circuit, conductances = read_circuit(file, file.content)
    if len(circuit.edges) > MOST_EDGES:
        raise ValueError(f"must have at most {MOST_EDGES} edges, got {len(circuit.edges)} instead")
    return circuit, conductances


class File(CircuitKind, FromFile, kind="file"):
    """A circuit from a file: `.graphml`, `.json` of networkx, a netlist (`.cir`, `.sp`, `.spice`).

    Of GraphML and JSON what `Circuit.from_networkx` says holds; of a netlist resistors are read.
    """

    @field_validator("file")
    @classmethod
    def _check_file(cls, file: AttachedFile) -> AttachedFile:
        file.once(_read)
        return file

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        netlist = b"* A triangle\nR0 a b 1k\nR1 b c 2k\nR2 c a 1k\n"
        return cls(file=AttachedFile.of("triangle", ".cir", netlist))

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return len(self.file.once(_read)[0].edges)

    def labels(self) -> list[str]:
        """Return the labels of the nodes."""
        return list(self.file.once(_read)[0].labels)

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        return self.file.once(_read)[0]

    def edge_conductances(self) -> FloatArray | None:
        """Return what the edges conduct, S, shape (E,); None where the file does not say."""
        return self.file.once(_read)[1]

    def check(self, sources: Sequence[str]) -> None:
        """Refuse a circuit that falls into parts."""
        check_connected("circuit.file", self.build(Streams(0)), sources[0])
