"""What an event is: its place in the total order, and its row in the log."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np


class Kind(IntEnum):
    """What happens at an event; events of one instant happen in this order.

    Events are ordered by ``(time, kind, agent)``. Hence edges that tick together all sense the
    same state before the first of them actuates: synchronous learning needs no code of its own.
    """

    INTERVENTION = 0
    PRESENT = 1
    SENSE = 2
    ACTUATE = 3
    PROBE = 4


class Actuation(NamedTuple):
    """One row of the event log: an edge wrote its resistor.

    Drops are the true ones at the time of the sense; what a comparator made of them is its
    own affair.
    """

    time_s: float
    sensed_s: float
    edge: int
    datum: int
    drop_free_V: float
    drop_clamped_V: float
    conductance_before_S: float
    conductance_after_S: float
    staleness: int


#: Column types of the event log, in order.
EVENT_DTYPES: dict[str, np.dtype[np.generic]] = {
    "time_s": np.dtype(np.float64),
    "sensed_s": np.dtype(np.float64),
    "edge": np.dtype(np.int32),
    "datum": np.dtype(np.int32),
    "drop_free_V": np.dtype(np.float64),
    "drop_clamped_V": np.dtype(np.float64),
    "conductance_before_S": np.dtype(np.float64),
    "conductance_after_S": np.dtype(np.float64),
    "staleness": np.dtype(np.int64),
}

#: What follows where the value of some edge's device is no conductance: the value, in its own unit.
VALUE_DTYPES: dict[str, np.dtype[np.generic]] = {
    "value_before": np.dtype(np.float64),
    "value_after": np.dtype(np.float64),
}


def event_dtypes(values: bool) -> dict[str, np.dtype[np.generic]]:
    """Return the column types of an event log, with or without the values of devices."""
    return EVENT_DTYPES | VALUE_DTYPES if values else EVENT_DTYPES
