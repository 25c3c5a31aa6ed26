"""The compiled event loop: the same order, the same draws, the same kernels as the SimPy engine.

`advance` processes events until it needs what only Python can give, says what, and is called
again: more ticks, more presentations, room in the log, a new epoch, a check. It holds no lock, so
that runs in several threads go on side by side.

Only four things can come next: a presentation, the first tick in the heap of ticks, the first
reading in the heap of those in flight, or a probe. Taking the earliest, and at equal times the
first of these four, is the total order ``(time, kind, agent)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .devices import Devices, changed
from .heap import lift, sink
from .layout import AT_CONDUCTANCE
from .measure import accuracy, mean_squared_error, responses
from .network import NOTHING, SOLVE, present, set_conductance
from .pointers import read_at, rule_at, step_at
from .voltages import transfer

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
#: A function known by its address.
Function = Callable[..., Any]

#: Why `advance` returned.
BUDGET, HORIZON, TICKS, PRESENTATIONS, LOG, PROBES, CHECK, CHECK_AND_LOG, FULL = range(9)
SINGULAR, BACKWARDS, LAWLESS = range(9, 12)

# Counters that outlive a call.
UPDATES, READINGS, IN_FLIGHT, DATUM, NEXT_PRESENTATION, PRESENTED, ROWS, PROBE_ROWS, PROBED = range(
    9
)
COUNTERS = 9
# Times that outlive a call, s.
NOW, END, NEXT_PROBE, PROBE_PERIOD = range(4)
TIMES = 4
# Whose address stands where.
READ, TAKE_IN, RENEW_FACTOR, SOLVE_ALL, RULE = range(5)
#: A tie between readings of one instant goes by edge, then by the order of the readings.
READING_BITS = 40


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


class Flights(NamedTuple):
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


class Desk(NamedTuple):
    """What the supervisor presents, and when, as far as it is known."""

    time: Reals
    datum: Ints
    lessons: Data
    class_means: Reals
    """Mean inputs of the classes, V, shape (C, S); none without classes."""
    gain: Reals
    """Room for the transfer of the network, shape (T, S)."""


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


class ProbeRows(NamedTuple):
    """What probes measured."""

    time_s: Reals
    updates: Ints
    error: Reals
    accuracy: Reals


@njit(nogil=True, cache=True, error_model="numpy")
def advance(
    real: Reals, index: Ints, addresses: Ints, edges: Edges, devices: Devices,
    flights: Flights, desk: Desk, test: Data, rows: Rows, probes: ProbeRows, counters: Ints,
    times: Reals, learning_rate: float, nudge: float, budget: int,
) -> int:  # fmt: skip
    """Process up to `budget` events in order, and return why it stopped."""
    read, rule = read_at(addresses[READ]), rule_at(addresses[RULE])
    take_in, renew = step_at(addresses[TAKE_IN]), step_at(addresses[RENEW_FACTOR])
    solve = step_at(addresses[SOLVE_ALL])
    # Arrays by names of their own: taking one out of a tuple costs an atomic count of references,
    # which over an event's fifty would cost more than the physics does.
    ticks, latency, error_free, error_clamped, used, filled, next_tick, number, heap = edges
    slots, landing, tie, sensed, datum, drop_free, drop_clamped, change, updates_then = flights
    time_s, sensed_s, edge_, datum_, free_V, clamped_V, before_S, after_S, staleness = rows
    lessons_time = desk.time
    for _ in range(budget):
        presentation = lessons_time[counters[NEXT_PRESENTATION]]
        tick = next_tick[heap[0]]
        arrival = landing[slots[0]] if counters[IN_FLIGHT] > 0 else np.inf
        probe = times[NEXT_PROBE]
        now = min(min(presentation, tick), min(arrival, probe))
        if not now < times[END]:
            return HORIZON
        if presentation == now:
            reason = _present(real, index, take_in, renew, desk, counters, nudge)
        elif tick == now:
            reason = _sense(
                real, index, read, renew, solve, rule, ticks, latency, error_free, error_clamped,
                used, filled, next_tick, number, heap, slots, landing, tie, sensed, datum,
                drop_free, drop_clamped, change, updates_then, counters, learning_rate, nudge,
            )  # fmt: skip
        elif arrival == now:
            reason = _actuate(
                real, index, devices, slots, landing, tie, sensed, datum, drop_free,
                drop_clamped, change, updates_then, time_s, sensed_s, edge_, datum_, free_V,
                clamped_V, before_S, after_S, staleness, counters,
            )  # fmt: skip
        else:
            reason = _probe(real, index, take_in, renew, desk, test, probes, counters, times)
        if reason in (FULL, SINGULAR):
            return reason  # and the event has still to happen
        times[NOW] = now
        if reason != BUDGET:
            return reason
    return BUDGET


@njit(nogil=True, cache=True, error_model="numpy", forceinline=True)
def _present(
    real: Reals, index: Ints, take_in: Function, renew: Function, desk: Desk, counters: Ints,
    nudge: float,
) -> int:  # fmt: skip
    """Present the next datum; at the start of an epoch measure what is desired of each class."""
    lessons, place = desk.lessons, counters[NEXT_PRESENTATION]
    if desk.class_means.size > 0 and counters[PRESENTED] % lessons.label.size == 0:
        if not _settle(real, index, take_in, renew):
            return SINGULAR
        transfer(real, index, desk.gain)
        responses(desk.gain, desk.class_means, lessons.desired)
    datum = desk.datum[place]
    present(real, index, lessons.inputs[datum], lessons.desired[lessons.label[datum]], nudge)
    counters[DATUM] = datum
    counters[PRESENTED] += 1
    counters[NEXT_PRESENTATION] = place + 1
    return PRESENTATIONS if place + 1 == desk.time.size else BUDGET


@njit(nogil=True, cache=True, error_model="numpy", forceinline=True)
def _sense(
    real: Reals, index: Ints, read: Function, renew: Function, solve: Function, rule: Function,
    ticks: Reals, latency: Reals, error_free: Reals, error_clamped: Reals, used: Ints,
    filled: Ints, next_tick: Reals, number: Ints, heap: Ints, slots: Ints, landing: Reals,
    tie: Ints, sensed: Reals, datum: Ints, drop_free: Reals, drop_clamped: Reals, change: Reals,
    updates_then: Ints, counters: Ints, learning_rate: float, nudge: float,
) -> int:  # fmt: skip
    """Let the edge that ticks first read its drops and decide; its reading is then in flight."""
    if counters[IN_FLIGHT] == slots.size:
        return FULL
    edge = heap[0]
    needed, free, clamped = read(real, index, edge)
    while needed != NOTHING:
        if needed == SOLVE:
            solve(real, index)
        elif renew(real, index) >= 0:
            return SINGULAR
        needed, free, clamped = read(real, index, edge)
    tick = used[edge]
    now = ticks[edge, tick]
    error = tick if error_free.shape[1] > 1 else 0
    asked = rule(
        free + error_free[edge, error],
        clamped + error_clamped[edge, error],
        real[index[AT_CONDUCTANCE] + edge],
        learning_rate,
        nudge,
    )
    if not np.isfinite(asked):
        return LAWLESS
    late = latency[edge, tick if latency.shape[1] > 1 else 0]
    slot = slots[counters[IN_FLIGHT]]
    landing[slot] = now + late
    tie[slot] = (edge << READING_BITS) + counters[READINGS]
    sensed[slot] = now
    datum[slot] = counters[DATUM]
    drop_free[slot] = free
    drop_clamped[slot] = clamped
    change[slot] = asked
    updates_then[slot] = counters[UPDATES]
    lift(slots, landing, tie, counters[IN_FLIGHT])
    counters[IN_FLIGHT] += 1
    counters[READINGS] += 1
    used[edge] = tick + 1
    if tick + 1 == filled[edge]:
        return TICKS
    next_tick[edge] = ticks[edge, tick + 1]
    sink(heap, heap.size, next_tick, number)
    return BUDGET if next_tick[edge] >= now else BACKWARDS


@njit(nogil=True, cache=True, error_model="numpy", forceinline=True)
def _actuate(
    real: Reals, index: Ints, devices: Devices, slots: Ints, landing: Reals, tie: Ints,
    sensed: Reals, datum: Ints, drop_free: Reals, drop_clamped: Reals, change: Reals,
    updates_then: Ints, time_s: Reals, sensed_s: Reals, edge_: NDArray[np.int32],
    datum_: NDArray[np.int32], free_V: Reals, clamped_V: Reals, before_S: Reals, after_S: Reals,
    staleness: Ints, counters: Ints,
) -> int:  # fmt: skip
    """Let the first reading in flight change its edge's resistor, and log it."""
    slot, last = slots[0], counters[IN_FLIGHT] - 1
    slots[0] = slots[last]
    slots[last] = slot
    counters[IN_FLIGHT] = last
    sink(slots, last, landing, tie)
    edge = tie[slot] >> READING_BITS
    before = real[index[AT_CONDUCTANCE] + edge]
    after = changed(devices, edge, before, change[slot])
    due = set_conductance(real, index, edge, after)
    row = counters[ROWS]
    time_s[row] = landing[slot]
    sensed_s[row] = sensed[slot]
    edge_[row] = edge
    datum_[row] = datum[slot]
    free_V[row] = drop_free[slot]
    clamped_V[row] = drop_clamped[slot]
    before_S[row] = before
    after_S[row] = after
    staleness[row] = counters[UPDATES] - updates_then[slot]
    counters[ROWS] = row + 1
    counters[UPDATES] += 1
    if row + 1 == time_s.size:
        return CHECK_AND_LOG if due else LOG
    return CHECK if due else BUDGET


@njit(nogil=True, cache=True, error_model="numpy")
def _probe(
    real: Reals, index: Ints, take_in: Function, renew: Function, desk: Desk, test: Data,
    probes: ProbeRows, counters: Ints, times: Reals,
) -> int:  # fmt: skip
    """Measure the test error without touching anything."""
    if not _settle(real, index, take_in, renew):
        return SINGULAR
    transfer(real, index, desk.gain)
    row = counters[PROBE_ROWS]
    probes.time_s[row] = times[NEXT_PROBE]
    probes.updates[row] = counters[UPDATES]
    probes.error[row] = mean_squared_error(desk.gain, test.inputs, test.label, test.desired)
    if desk.class_means.size > 0:
        probes.accuracy[row] = accuracy(desk.gain, test.inputs, test.label, test.desired)
    counters[PROBE_ROWS] = row + 1
    counters[PROBED] += 1
    times[NEXT_PROBE] = counters[PROBED] * times[PROBE_PERIOD]
    return PROBES if row + 1 == probes.time_s.size else BUDGET


@njit(nogil=True, cache=True, error_model="numpy")
def _settle(real: Reals, index: Ints, take_in: Function, renew: Function) -> bool:
    """Bring the factor up to date; return whether the circuit has one."""
    return take_in(real, index) == NOTHING or renew(real, index) < 0
