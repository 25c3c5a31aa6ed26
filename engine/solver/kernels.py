"""The compiled kernels that a twin network calls, gathered so that they are imported once."""

from __future__ import annotations

from functools import cache

from ..kernels.kernel import Function, Ints
from ..kernels.pointers import READ_ARRAYS, WRITE_ARRAYS, addresses_of, entry
from .factor import build, node_at
from .layout import AT_CONDUCTANCE, AT_DESIRED, AT_FREE
from .power import observe, spend
from .updates import (
    apply_changes,
    checked,
    invalidate,
    present,
    read,
    refactorize,
    set_conductance,
    solve,
)
from .voltages import imbalance, respond, transfer, voltages

__all__ = [
    "AT_CONDUCTANCE",
    "AT_DESIRED",
    "AT_FREE",
    "addresses",
    "apply_changes",
    "build",
    "checked",
    "imbalance",
    "invalidate",
    "node_at",
    "observe",
    "present",
    "reader",
    "refactorize",
    "respond",
    "solve",
    "spend",
    "transfer",
    "voltages",
    "writer",
]


def reader() -> Function:
    """Return what reads the drops over an edge, at the least cost of a call from Python."""
    return entry(read, READ_ARRAYS)


def writer() -> Function:
    """Return what changes one conductance, likewise."""
    return entry(set_conductance, WRITE_ARRAYS)


@cache
def addresses() -> Ints:
    """Return where the kernels lie that compiled code calls."""
    return addresses_of(_CALLED)


_CALLED = (read, set_conductance, present, respond, apply_changes, refactorize, solve, observe)
