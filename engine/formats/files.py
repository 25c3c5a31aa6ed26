"""Which format a file has, by its suffix."""

from __future__ import annotations

from pathlib import PurePath

from ..circuit import Circuit
from ..errors import CircuitError, shown
from ..networks.network import FloatArray
from .graph_files import read_graphml, read_json
from .netlist import read_netlist

#: What files of netlists are called.
SPICE = (".cir", ".sp", ".spice")
_READERS = {".graphml": read_graphml, ".json": read_json, **dict.fromkeys(SPICE, read_netlist)}


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name.

    Raises
    ------
    CircuitError
        When it is of no format that is known.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in _READERS:
        raise CircuitError(f"must end in {', '.join(_READERS)}, got {shown(name)} instead")
    return suffix


def read_circuit(name: str, content: bytes) -> tuple[Circuit, FloatArray | None]:
    """Return the circuit that a file holds, and the conductances of its edges, S, if it says them.

    Parameters
    ----------
    name
        Of the file: its suffix says its format.
    content
        What is in it.

    Raises
    ------
    CircuitError
        When it is of no format that is known, or what it holds is no circuit.
    """
    circuit, conductances = _READERS[suffix_of(name)](content)
    for label in circuit.labels:
        try:
            label.encode()
        except UnicodeEncodeError:  # no other file could hold it
            raise CircuitError(f"must have labels that are text, got {shown(label)}") from None
    return circuit, conductances
