"""The compiled kernels that a twin network calls, gathered so that they are imported once."""

from __future__ import annotations

from ..kernels.kernel import Function
from ..kernels.measure import responses
from ..kernels.pointers import READ, WRITE, entry
from .factor import build, node_at
from .layout import AT_CONDUCTANCE, AT_DESIRED, AT_FREE
from .updates import (
    RENEW,
    SOLVE,
    checked,
    forget,
    present,
    read,
    renew,
    set_conductance,
    solve,
    take_in,
)
from .voltages import imbalance, transfer, voltages

__all__ = [
    "AT_CONDUCTANCE",
    "AT_DESIRED",
    "AT_FREE",
    "RENEW",
    "SOLVE",
    "build",
    "checked",
    "forget",
    "imbalance",
    "node_at",
    "present",
    "reader",
    "renew",
    "responses",
    "solve",
    "take_in",
    "transfer",
    "voltages",
    "writer",
]


def reader() -> Function:
    """Return what reads the drops over an edge, at the least cost of a call from Python."""
    return entry(read, READ)


def writer() -> Function:
    """Return what changes one conductance, likewise."""
    return entry(set_conductance, WRITE)
