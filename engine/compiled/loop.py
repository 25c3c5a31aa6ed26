"""The compiled event loop: the same order, the same draws, the same kernels as the SimPy engine.

`advance` processes events until it needs what only Python can give, says what, and is called
again: more ticks, more presentations, room in the log, a new epoch, a check. It holds no lock, so
that runs in several threads go on side by side.

Only four things can come next: a presentation, the first tick in the heap of ticks, the first
reading in the heap of those in flight, or a probe. Taking the earliest, and at equal times the
first of these four, is the total order ``(time, kind, agent)``.
"""

from __future__ import annotations

import numpy as np

from ..kernels.draws import uniform
from ..kernels.heap import lift, sink
from ..kernels.kernel import Function, Ints, Reals, kernel
from ..kernels.measure import accuracy, clear, mean_square, negate_desired
from ..kernels.network import (
    APPLY,
    NEEDS_VOLTAGES,
    NOTHING,
    OBSERVE,
    PRESENT,
    READ,
    REFACTORIZE,
    RESPOND,
    SOLVE,
    WRITE,
)
from ..kernels.pointers import (
    change_at,
    conductance_at,
    observe_at,
    pointer_at,
    present_at,
    read_at,
    respond_at,
    row_of,
    rule_at,
    step_at,
    write_at,
)
from ..kernels.stopping import GOES_ON, met
from ..solver.layout import AT_CONDUCTANCE
from .state import (
    Data,
    Devices,
    Edges,
    PendingReadings,
    Presentations,
    ProbeRows,
    Rows,
    Rules,
    Stopping,
)

#: Why `advance` returned.
BUDGET, HORIZON, TICKS, PRESENTATIONS, LOG, PROBES, CHECK, CHECK_AND_LOG, FULL = range(9)
SINGULAR, BACKWARDS, NOT_FINITE, NO_CONDUCTANCE = range(9, 13)

# Counters that outlive a call.
UPDATES, READINGS, IN_FLIGHT, DATUM, NEXT_PRESENTATION, PRESENTED, ROWS, PROBE_ROWS = range(8)
# How many probes there were; whether somebody looks at each; what the run is stopped by.
PROBED, WATCHED, STOPPED_BY = range(8, 11)
COUNTERS = 11
# Times that outlive a call, s.
NOW, END, NEXT_PROBE, PROBE_PERIOD = range(4)
TIMES = 4
#: A tie between readings of one instant goes by edge, then by the order of the readings: the number
#: of the edge, up to 2^26, above that of the reading, which may start anew after 2^37.
READING_BITS = 37
LAST_READING = (1 << READING_BITS) - 1


@kernel
def advance(
    real: Reals, index: Ints, addresses: Ints, edges: Edges, rules: Rules, devices: Devices,
    pending: PendingReadings, presentations: Presentations, test: Data, rows: Rows,
    probes: ProbeRows, stopping: Stopping, counters: Ints, times: Reals, nudge: float, budget: int,
) -> int:  # fmt: skip
    """Process up to `budget` events in order, and return why it stopped."""
    read, write = read_at(addresses[READ]), write_at(addresses[WRITE])
    present, respond = present_at(addresses[PRESENT]), respond_at(addresses[RESPOND])
    apply, refactorize = step_at(addresses[APPLY]), step_at(addresses[REFACTORIZE])
    solve, observe = step_at(addresses[SOLVE]), observe_at(addresses[OBSERVE])
    for _ in range(budget):
        presentation = presentations.time[counters[NEXT_PRESENTATION]]
        tick = edges.next_tick[edges.heap[0]]
        arrival = pending.time[pending.slots[0]] if counters[IN_FLIGHT] > 0 else np.inf
        now = min(min(presentation, tick), min(arrival, times[NEXT_PROBE]))
        if not now < times[END]:
            return HORIZON
        if presentation == now:
            reason = _present(
                real, index, present, respond, apply, refactorize, presentations, counters, nudge
            )
        elif tick == now:
            reason = _sense(
                real, index, read, refactorize, solve, rules, devices, edges, pending, counters,
                nudge,
            )  # fmt: skip
        elif arrival == now:
            reason = _actuate(real, index, write, devices, pending, rows, counters)
        else:
            reason = _probe(
                real, index, respond, apply, refactorize, observe, presentations, test, probes,
                stopping, counters, times,
            )  # fmt: skip
        if reason in (FULL, SINGULAR):
            return reason  # and the event has still to happen
        times[NOW] = now
        if reason != BUDGET:
            return reason
    return BUDGET


@kernel(inline=True)
def _present(
    real: Reals, index: Ints, present: Function, respond: Function, apply: Function,
    refactorize: Function, presentations: Presentations, counters: Ints, nudge: float,
) -> int:  # fmt: skip
    """Present the next datum; at the start of an epoch measure what is desired of each class."""
    dataset, place = presentations.dataset, counters[NEXT_PRESENTATION]
    if presentations.class_means.size > 0 and counters[PRESENTED] % dataset.label.size == 0:
        if not _settle(real, index, apply, refactorize):
            return SINGULAR
        clear(dataset.desired)
        respond(real, index, presentations.class_means, dataset.desired)
    datum = presentations.datum[place]
    desired = dataset.desired[dataset.label[datum]]
    present(real, index, dataset.inputs[datum], desired, nudge, presentations.time[place])
    counters[DATUM] = datum
    counters[PRESENTED] += 1
    counters[NEXT_PRESENTATION] = place + 1
    return PRESENTATIONS if place + 1 == presentations.time.size else BUDGET


@kernel(inline=True)
def _sense(
    real: Reals, index: Ints, read: Function, refactorize: Function, solve: Function,
    rules: Rules, devices: Devices, edges: Edges, pending: PendingReadings, counters: Ints,
    nudge: float,
) -> int:  # fmt: skip
    """Let the edge that ticks first read its drops.

    With the last reading of a batch it decides, and the reading is then in flight.
    """
    if counters[IN_FLIGHT] == pending.slots.size:
        return FULL
    edge = edges.heap[0]
    tick = edges.used[edge]
    now = edges.ticks[edge, tick]
    needed, free, clamped = read(pointer_at(real, 0), pointer_at(index, 0), edge, now)
    while needed != NOTHING:
        if needed == NEEDS_VOLTAGES:
            solve(real, index)
        elif refactorize(real, index) >= 0:
            return SINGULAR
        needed, free, clamped = read(pointer_at(real, 0), pointer_at(index, 0), edge, now)
    error = tick if edges.error_free.shape[1] > 1 else 0
    seen_free = free + edges.error_free[edge, error]
    seen_clamped = clamped + edges.error_clamped[edge, error]
    batch = edges.batch[edge]
    if batch > 1:
        seen_free, seen_clamped = _gather(edges, edge, seen_free, seen_clamped, batch)
    if batch == 1 or edges.gathered[edge] == 0:
        row = rules.row[edge]
        change = rule_at(rules.change[row])(
            seen_free, seen_clamped, devices.value[edge], row_of(rules.state, edge),
            row_of(rules.parameters, row), nudge,
        )  # fmt: skip
        slot = pending.slots[counters[IN_FLIGHT]]
        pending.change[slot] = change
        if not np.isfinite(change):
            return NOT_FINITE
        pending.time[slot] = now + edges.latency[edge, tick if edges.latency.shape[1] > 1 else 0]
        pending.tie[slot] = (edge << READING_BITS) + (counters[READINGS] & LAST_READING)
        pending.sensed[slot] = now
        pending.datum[slot] = counters[DATUM]
        pending.drop_free[slot] = free
        pending.drop_clamped[slot] = clamped
        pending.updates[slot] = counters[UPDATES]
        lift(pending.slots, pending.time, pending.tie, counters[IN_FLIGHT])
        counters[IN_FLIGHT] += 1
        counters[READINGS] += 1
    edges.used[edge] = tick + 1
    if tick + 1 == edges.filled[edge]:
        return TICKS
    edges.next_tick[edge] = edges.ticks[edge, tick + 1]
    sink(edges.heap, edges.heap.size, edges.next_tick, edges.number)
    return BUDGET if edges.next_tick[edge] >= now else BACKWARDS


@kernel(inline=True)
def _gather(
    edges: Edges, edge: int, free: float, clamped: float, batch: int
) -> tuple[float, float]:
    """Add a reading to an edge's batch; return the root mean squares, which count if it is full."""
    edges.squares[edge, 0] += free * free
    edges.squares[edge, 1] += clamped * clamped
    free = np.sqrt(edges.squares[edge, 0] / batch)
    clamped = np.sqrt(edges.squares[edge, 1] / batch)
    edges.gathered[edge] += 1
    if edges.gathered[edge] == batch:
        edges.gathered[edge] = 0
        edges.squares[edge, 0] = 0.0
        edges.squares[edge, 1] = 0.0
    return free, clamped


@kernel(inline=True)
def _actuate(
    real: Reals, index: Ints, write: Function, devices: Devices, pending: PendingReadings,
    rows: Rows, counters: Ints,
) -> int:  # fmt: skip
    """Let the first reading in flight change its edge's resistor, and log it."""
    slot, last = pending.slots[0], counters[IN_FLIGHT] - 1
    pending.slots[0] = pending.slots[last]
    pending.slots[last] = slot
    counters[IN_FLIGHT] = last
    sink(pending.slots, last, pending.time, pending.tie)
    edge = pending.tie[slot] >> READING_BITS
    before = real[index[AT_CONDUCTANCE] + edge]
    value = devices.value[edge]
    after = _changed(devices, edge, pending.change[slot])
    if not (0.0 <= after < np.inf and np.isfinite(devices.value[edge])):
        pending.change[slot] = after
        return NO_CONDUCTANCE
    due = write(pointer_at(real, 0), pointer_at(index, 0), edge, after, pending.time[slot])
    row = counters[ROWS]
    rows.time_s[row] = pending.time[slot]
    rows.sensed_s[row] = pending.sensed[slot]
    rows.edge[row] = edge
    rows.datum[row] = pending.datum[slot]
    rows.drop_free_V[row] = pending.drop_free[slot]
    rows.drop_clamped_V[row] = pending.drop_clamped[slot]
    rows.conductance_before_S[row] = before
    rows.conductance_after_S[row] = after
    rows.staleness[row] = counters[UPDATES] - pending.updates[slot]
    if rows.value_before.size > 0:
        rows.value_before[row] = value
        rows.value_after[row] = devices.value[edge]
    counters[ROWS] = row + 1
    counters[UPDATES] += 1
    if row + 1 == rows.time_s.size:
        return CHECK_AND_LOG if due else LOG
    return CHECK if due else BUDGET


@kernel(inline=True)
def _changed(devices: Devices, edge: int, amount: float) -> float:
    """Let an edge's device take a change; return its conductance then, S."""
    row, draw = devices.row[edge], 0.5
    if devices.draws[row]:
        draw = uniform(devices.key, edge, devices.actuations[edge])
        devices.actuations[edge] += 1
    parameters = row_of(devices.parameters, row)
    value = change_at(devices.change[row])(
        devices.value[edge], amount, row_of(devices.state, edge), parameters, draw
    )
    devices.value[edge] = value
    if devices.conductance[row] == 0:
        return value
    return conductance_at(devices.conductance[row])(value, parameters)


@kernel
def _probe(
    real: Reals, index: Ints, respond: Function, apply: Function, refactorize: Function,
    observe: Function, presentations: Presentations, test: Data, probes: ProbeRows,
    stopping: Stopping, counters: Ints, times: Reals,
) -> int:  # fmt: skip
    """Measure the test error, and look at what is presented, without touching anything."""
    if not _settle(real, index, apply, refactorize):
        return SINGULAR
    row = counters[PROBE_ROWS]
    probes.time_s[row] = times[NEXT_PROBE]
    probes.updates[row] = counters[UPDATES]
    negate_desired(test.label, test.desired, presentations.outputs)
    respond(real, index, test.inputs, presentations.outputs)
    probes.error[row] = mean_square(presentations.outputs)
    probes.accuracy[row] = np.nan
    if presentations.class_means.size > 0:
        clear(presentations.outputs)
        respond(real, index, test.inputs, presentations.outputs)
        probes.accuracy[row] = accuracy(presentations.outputs, test.label, test.desired)
    if probes.observed.shape[1] > 0:
        observe(real, index, probes.nodes, times[NEXT_PROBE], probes.observed[row])
    counters[PROBE_ROWS] = row + 1
    counters[PROBED] += 1
    times[NEXT_PROBE] = counters[PROBED] * times[PROBE_PERIOD]
    counters[STOPPED_BY] = met(
        stopping.criterion, stopping.kept, probes.error[row], probes.accuracy[row]
    )
    if counters[STOPPED_BY] != GOES_ON or counters[WATCHED] or row + 1 == probes.time_s.size:
        return PROBES
    return BUDGET


@kernel
def _settle(real: Reals, index: Ints, apply: Function, refactorize: Function) -> bool:
    """Bring the network up to date; return whether the circuit has a solution."""
    return apply(real, index) == NOTHING or refactorize(real, index) < 0
