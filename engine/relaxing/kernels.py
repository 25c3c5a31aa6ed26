"""A network that relaxes, as both engines call it; see `~ohmtick.engine.kernels.network`.

Where its voltages are those at equilibrium, it is asked as if there were no capacitors: the log of
a circuit that always settles between two events is that of equilibrium, bit for bit. They are
looked up when a change sets them going.

A circuit too stiff for steps has no factor to be had: whoever needs one is told so, and then asks
the network what is wrong.

The names are those of `~ohmtick.engine.solver.kernels`, so that a network calls either alike.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from ..kernels.kernel import Function, Ints, Reals, kernel
from ..kernels.network import NEEDS_FACTOR, NOTHING
from ..kernels.pointers import READ_ARRAYS, WRITE_ARRAYS, addresses_of, entry, pointer_at
from ..solver import kernels as settled
from ..solver import power as settled_power
from ..solver import updates
from ..solver import voltages as settled_voltages
from ..solver.layout import (
    AT_CONDUCTANCE,
    AT_DESIRED,
    AT_FREE,
    AT_VOLTAGE,
    EDGES,
    NODES,
    SOLVED,
)
from ..solver.voltages import imbalance
from .advance import advance
from .layout import (
    AT_CAPACITANCE,
    AT_END,
    AT_ENDS,
    AT_KEPT,
    AT_NOW,
    AT_PLACE,
    AT_RATE,
    AT_ROW,
    AT_START,
    AT_TIME,
    AT_WEIGHT,
    BEGIN,
    MOVING,
    PRESENTED,
    REALS,
    SETTLED,
    STIFF,
    TARGETS,
    lay_out,
)

__all__ = ["AT_CONDUCTANCE", "AT_DESIRED", "AT_FREE", "AT_TIME", "STIFF", "imbalance"]


def build(
    edges: Ints, nodes: int, sources: Ints, targets: Ints, capacitances: Reals
) -> tuple[Reals, Ints]:
    """Analyse a circuit, and lay it out; capacitances of every node, F, shape (N,)."""
    real, index, _ = settled.build(edges, nodes, sources, targets)
    return lay_out(real, index, edges, targets, sources, capacitances)


@kernel
def read(real: Reals, index: Ints, edge: int, time: float) -> tuple[int, float, float]:
    """Return the drop over an edge in each copy at a time, V, and what is needed first."""
    advance(real, index, time)
    if index[SETTLED]:
        return updates.read(pointer_at(real, 0), pointer_at(index, BEGIN), edge, time)
    if index[STIFF]:
        return NEEDS_FACTOR, np.nan, np.nan
    first = index[AT_NOW] + 2 * index[index[AT_ENDS] + 2 * edge]
    second = index[AT_NOW] + 2 * index[index[AT_ENDS] + 2 * edge + 1]
    return NOTHING, real[first] - real[second], real[first + 1] - real[second + 1]


@kernel
def set_conductance(real: Reals, index: Ints, edge: int, conductance: float, time: float) -> bool:
    """Change an edge's conductance, S; return whether a check is due."""
    if conductance == real[index[AT_CONDUCTANCE] + edge]:
        return False
    advance(real, index, time)
    _set_going(pointer_at(real, 0), pointer_at(index, 0))
    due: bool = updates.set_conductance(
        pointer_at(real, 0), pointer_at(index, BEGIN), edge, conductance, time
    )
    for end in range(2):
        _weigh(real, index, edge, end)
        row = index[index[AT_ENDS] + 2 * edge + end]
        if row < index[MOVING]:
            _add_up(real, index, row)
    return due


@kernel
def present(
    real: Reals, index: Ints, inputs: Reals, desired: Reals, nudge: float, time: float
) -> int:
    """Hold the sources at `inputs`, and the clamped targets towards `desired`, V, at once.

    On the first datum both copies have settled.
    """
    advance(real, index, time)
    _set_going(pointer_at(real, 0), pointer_at(index, 0))
    updates.present(real, index[BEGIN : index[AT_END]], inputs, desired, nudge, time)
    index[PRESENTED] = 1
    sources = index[AT_NOW] + 2 * index[MOVING]
    for source in range(inputs.size):
        real[sources + 2 * source] = real[sources + 2 * source + 1] = inputs[source]
    for target in range(index[TARGETS]):
        voltage = real[index[AT_NOW] + 2 * target]
        real[index[AT_NOW] + 2 * target + 1] = voltage + nudge * (desired[target] - voltage)
    return NOTHING


@kernel
def respond(real: Reals, index: Ints, inputs: Reals, outputs: Reals) -> int:
    """Add the outputs at which the free copy settles for each row of `inputs` to `outputs`."""
    answer: int = settled_voltages.respond(real, index[BEGIN : index[AT_END]], inputs, outputs)
    return answer


@kernel
def transfer(real: Reals, index: Ints, gain: Reals) -> None:
    """Write how the targets of the free copy settle to `gain`, shape (T, S)."""
    settled_voltages.transfer(real, index[BEGIN : index[AT_END]], gain)


@kernel
def apply_changes(real: Reals, index: Ints) -> int:
    """Bring the factor up to date; return what it needs."""
    needed: int = updates.apply_changes(pointer_at(real, 0), pointer_at(index, BEGIN))
    return NEEDS_FACTOR if index[STIFF] else needed


@kernel
def refactorize(real: Reals, index: Ints) -> int:
    """Make the factor anew; return -1 or the position that failed."""
    failed: int = updates.refactorize(real, index[BEGIN : index[AT_END]])
    return 0 if index[STIFF] else failed


@kernel
def solve(real: Reals, index: Ints) -> int:
    """Have all voltages at equilibrium at hand, where the factor is up to date; return -1."""
    return updates.solve(real, index[BEGIN : index[AT_END]])


@kernel
def voltages(real: Reals, index: Ints, free: Reals, clamped: Reals) -> None:
    """Write the voltages at which every node settles, V, to `free` and `clamped`."""
    settled_voltages.voltages(real, index[BEGIN : index[AT_END]], free, clamped)


@kernel
def voltages_at(real: Reals, index: Ints, time: float, free: Reals, clamped: Reals) -> None:
    """Write every node's voltage at a time, V; nothing changes. The factor is up to date."""
    since, was = real[index[AT_TIME]], index[SETTLED]
    _look(real, index, time)
    if index[SETTLED]:
        voltages(real, index, free, clamped)
    else:
        for node in range(index[NODES]):
            at = index[AT_NOW] + 2 * index[index[AT_ROW] + node]
            free[node], clamped[node] = real[at], real[at + 1]
    _look_away(real, index, since, was)


@kernel
def observe(real: Reals, index: Ints, nodes: Ints, time: float, row: Reals) -> int:
    """Write what an observer asks for; see `~ohmtick.engine.solver.power.observe`."""
    since, was = real[index[AT_TIME]], index[SETTLED]
    _look(real, index, time)
    if index[SETTLED]:
        settled_power.observe(real, index[BEGIN : index[AT_END]], nodes, time, row)
    else:
        own = row.size - 2 * nodes.size
        for copy in range(2):
            if own:
                row[copy] = _dissipated(real, index, copy)
            for place in range(nodes.size):
                at = index[AT_NOW] + 2 * index[index[AT_ROW] + nodes[place]]
                row[own + 2 * place + copy] = real[at + copy]
    _look_away(real, index, since, was)
    return NOTHING


@kernel
def invalidate(index: Ints) -> None:
    """Note that any number of conductances were changed."""
    updates.invalidate(index[BEGIN : index[AT_END]])


@kernel
def checked(index: Ints) -> None:
    """Note that the factor is being checked."""
    updates.checked(index[BEGIN : index[AT_END]])


@kernel
def spread(real: Reals, index: Ints) -> None:
    """Have all weights follow the conductances."""
    for edge in range(index[EDGES]):
        for end in range(2):
            _weigh(real, index, edge, end)
    for row in range(index[MOVING]):
        _add_up(real, index, row)


@kernel
def set_going(real: Reals, index: Ints) -> None:
    """Have the voltages at hand from which a change sets out."""
    _set_going(pointer_at(real, 0), pointer_at(index, 0))


def begin(index: Ints) -> None:
    """Note that there was no datum yet, on the first of which it has settled."""
    index[PRESENTED], index[SETTLED] = 0, 1


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


@kernel(allocates=True)  # nothing, but numba has `carray` for such only
def _set_going(real_at: Any, index_at: Any) -> None:
    """Take over the voltages at equilibrium, where these are the present ones.

    A circuit that has none any more stays as it is, and the next read says so.
    """
    if not (index_at[SETTLED] and index_at[PRESENTED]):
        return
    real, index = carray(real_at, index_at[REALS]), carray(index_at, index_at[AT_END])
    own = index[BEGIN : index[AT_END]]
    needed = updates.apply_changes(real_at, pointer_at(index_at, BEGIN))
    if needed != NOTHING and updates.refactorize(real, own) >= 0:
        return
    if not own[SOLVED]:
        updates.solve(real, own)
    index_at[SETTLED] = 0
    nodes = index_at[NODES]
    for node in range(nodes):
        at = index_at[AT_NOW] + 2 * index_at[index_at[AT_ROW] + node]
        real_at[at] = real_at[index_at[AT_VOLTAGE] + node]
        real_at[at + 1] = real_at[index_at[AT_VOLTAGE] + nodes + node]


@kernel(inline=True)
def _weigh(real: Reals, index: Ints, edge: int, end: int) -> None:
    """Have the weight of an edge at one of its ends follow its conductance."""
    place = index[index[AT_PLACE] + 2 * edge + end]
    if place >= 0:
        row = index[index[AT_ENDS] + 2 * edge + end]
        conductance = real[index[AT_CONDUCTANCE] + edge]
        real[index[AT_WEIGHT] + place] = conductance / real[index[AT_CAPACITANCE] + row]


@kernel(inline=True)
def _add_up(real: Reals, index: Ints, row: int) -> None:
    """Have the rate of a row follow its weights: all anew, so that nothing drifts."""
    rate = 0.0
    for place in range(index[index[AT_START] + row], index[index[AT_START] + row + 1]):
        rate += real[index[AT_WEIGHT] + place]
    real[index[AT_RATE] + row] = rate


@kernel(inline=True)
def _look(real: Reals, index: Ints, time: float) -> None:
    """Go on to a time, s, for a look only: events that follow must not round otherwise."""
    for place in range(2 * index[NODES]):
        real[index[AT_KEPT] + place] = real[index[AT_NOW] + place]
    advance(real, index, time)


@kernel(inline=True)
def _look_away(real: Reals, index: Ints, since: float, was: int) -> None:
    """Go back to where a look began."""
    real[index[AT_TIME]], index[SETTLED] = since, was
    for place in range(2 * index[NODES]):
        real[index[AT_NOW] + place] = real[index[AT_KEPT] + place]


@kernel(inline=True)
def _dissipated(real: Reals, index: Ints, copy: int) -> float:
    """Return the power that the edges of a copy turn into heat, sum of k * drop², W."""
    power = 0.0
    for edge in range(index[EDGES]):
        first = index[AT_NOW] + 2 * index[index[AT_ENDS] + 2 * edge] + copy
        second = index[AT_NOW] + 2 * index[index[AT_ENDS] + 2 * edge + 1] + copy
        drop = real[first] - real[second]
        power += real[index[AT_CONDUCTANCE] + edge] * drop * drop
    return power
