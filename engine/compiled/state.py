"""What the compiled loop is handed: agents, data and the log, as plain arrays.

Whoever builds a simulation makes these, so that the engine knows no agent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels.kernel import Ints, Reals


class Edges(NamedTuple):
    """What each edge is going to do, as far as it is known before it reads."""

    ticks: Reals
    """Times at which it acts, s, shape (E, B)."""
    latency: Reals
    """For each tick, the time from the reading to its actuation, s; shape (E, B) or (E, 1)."""
    error_free: Reals
    """For each tick, the error of the free reading, V; shape (E, B) or (E, 1)."""
    error_clamped: Reals
    """The same of the clamped reading."""
    used: Ints
    """How many of its ticks are over, shape (E,)."""
    filled: Ints
    """How many of its ticks are known, shape (E,)."""
    next_tick: Reals
    """The next of them, s, infinite after the last; shape (E,)."""
    number: Ints
    """The edge's number, which breaks ties; shape (E,)."""
    heap: Ints
    """Edges as a heap of their next ticks, shape (E,)."""
    batch: Ints
    """Readings from which it makes up its mind, shape (E,)."""
    gathered: Ints
    """How many readings of its batch it has, shape (E,)."""
    squares: Reals
    """The sums of the squares of both drops over these, V², shape (E, 2)."""


class Rules(NamedTuple):
    """How each edge learns. Edges of one group share a row."""

    change: Ints
    """Address of the rule's function, a number a row; shape (R,)."""
    row: Ints
    """The edge's row, shape (E,)."""
    parameters: Reals
    """Of each row, shape (R, P); what a rule has fewer of is followed by zeros."""
    state: Reals
    """The edge's own numbers, shape (E, S)."""


class Devices(NamedTuple):
    """What each edge changes. Devices that are all alike share a row."""

    change: Ints
    """Address of how a value takes a change, shape (D,)."""
    conductance: Ints
    """Address of what a value conducts, shape (D,); 0 where the value is the conductance."""
    draws: Ints
    """Whether a change uses its draw, shape (D,)."""
    row: Ints
    """The edge's row, shape (E,)."""
    parameters: Reals
    """Of each row, shape (D, P)."""
    state: Reals
    """The device's own numbers, shape (E, S)."""
    value: Reals
    """What has been learned, in the device's unit, shape (E,)."""
    actuations: Ints
    """How many changes it has taken, where it draws; shape (E,)."""
    key: Ints
    """The key of its draws, two words."""


class PendingReadings(NamedTuple):
    """Readings whose actuation is still to come, by slot."""

    slots: Ints
    """A heap of the slots in use, and after it the free ones."""
    time: Reals
    tie: Ints
    sensed: Reals
    datum: Ints
    drop_free: Reals
    drop_clamped: Reals
    change: Reals
    updates: Ints


class Data(NamedTuple):
    """Data with what is desired of them: row ``label[d]`` of `desired` belongs to datum d."""

    inputs: Reals
    """Source voltages, V, shape (D, S)."""
    label: Ints
    """Shape (D,): a number of its own for each datum, or that of its class."""
    desired: Reals
    """Desired target voltages, V, shape (D or C, T). Those of classes change at each epoch."""


class Presentations(NamedTuple):
    """What the supervisor presents, and when, as far as it is known."""

    time: Reals
    datum: Ints
    dataset: Data
    class_means: Reals
    """Mean inputs of the classes, V, shape (C, S); none without classes."""
    outputs: Reals
    """Room for the target voltages of the test data, V, shape (D, T)."""


class Rows(NamedTuple):
    """The columns of the event log, a chunk of them."""

    time_s: Reals
    sensed_s: Reals
    edge: NDArray[np.int32]
    datum: NDArray[np.int32]
    drop_free_V: Reals
    drop_clamped_V: Reals
    conductance_before_S: Reals
    conductance_after_S: Reals
    staleness: Ints
    value_before: Reals
    """Shape (0,) where the log has no values of devices, as the next."""
    value_after: Reals


class ProbeRows(NamedTuple):
    """What probes measured."""

    time_s: Reals
    updates: Ints
    error: Reals
    accuracy: Reals
    observed: Reals
    """Power, W, and voltages, V, of what is presented; shape (B, C), (B, 0) where nobody asks."""
    nodes: Ints
    """The nodes whose voltages these are, of which the columns hold no rows; shape (n,)."""
