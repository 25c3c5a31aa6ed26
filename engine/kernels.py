"""The compiled kernels that a twin network calls, gathered so that they are imported once."""

from .factor import build, node_at
from .layout import AT_CONDUCTANCE, AT_FREE
from .measure import responses
from .network import (
    LARGE,
    RENEW,
    SOLVE,
    checked,
    forget,
    present,
    read,
    read_in_one_walk,
    renew,
    set_conductance,
    solve,
    take_in,
)
from .voltages import imbalance, transfer, voltages

__all__ = [
    "AT_CONDUCTANCE",
    "AT_FREE",
    "LARGE",
    "RENEW",
    "SOLVE",
    "build",
    "checked",
    "forget",
    "imbalance",
    "node_at",
    "present",
    "read",
    "read_in_one_walk",
    "renew",
    "responses",
    "set_conductance",
    "solve",
    "take_in",
    "transfer",
    "voltages",
]
