"""Two copies that conduct differently, as kernels see them: a factor each, in one state.

Each copy has a whole state of its own, as `layout` lays it out, and is solved by the same kernels,
called by address: of the first what it says of the free copy is used, of the second what it says
of the clamped one. What ties them is the clamp, which pulls the second's targets from where they
are in the first.

The names are those of `kernels`, so that a network calls either alike.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from ..kernels.kernel import Function, Ints, Reals, kernel
from ..kernels.network import (
    APPLY,
    CALLS,
    NEEDS_FACTOR,
    NOTHING,
    PRESENT,
    READ,
    REFACTORIZE,
    RESPOND,
    SOLVE,
    WRITE,
)
from ..kernels.pointers import (
    READ_ARRAYS,
    WRITE_ARRAYS,
    addresses_of,
    entry,
    pointer_at,
    present_at,
    read_at,
    respond_at,
    step_at,
    write_at,
)
from . import kernels as one
from . import updates
from .layout import (
    AT_CLAMPED,
    AT_CONDUCTANCE,
    AT_DESIRED,
    AT_FREE,
    AT_VOLTAGE,
    EDGES,
    HEADER,
    INTERIOR,
    NODES,
    SOLVED,
    UNCHECKED,
    UNKNOWNS,
)
from .power import clamping, dissipated, rewrite
from .voltages import imbalance
from .voltages import transfer as transfer_of_one

__all__ = ["AT_CONDUCTANCE", "AT_DESIRED", "AT_FREE", "imbalance"]

# After a header like that of the free copy, whose reals come first: where in the index the copies
# begin, and where the second ends; the same of the reals; where in these stand what each copy
# conducts of what is written; and the addresses of a copy's kernels.
_INDEX, _REAL, _RELATIVE, _ADDRESSES = HEADER, HEADER + 3, HEADER + 6, HEADER + 7
_BEGIN = _ADDRESSES + CALLS
#: Where the addresses of a copy's kernels stand.
ADDRESSES = slice(_ADDRESSES, _BEGIN)


def build(
    edges: Ints,
    nodes: int,
    sources: Ints,
    targets: Ints,
    relative: Reals,
    outputs: Ints | None = None,
) -> tuple[Reals, Ints]:
    """Analyse a circuit once, and lay out both its factors.

    Parameters
    ----------
    edges, nodes, sources, targets, outputs
        As for `~ohmtick.engine.solver.factor.build`.
    relative
        What each copy conducts of what is written, shape (2, E).
    """
    real, index, _ = one.build(edges, nodes, sources, targets, outputs)
    header = np.zeros(_BEGIN, np.int64)
    header[:HEADER] = index[:HEADER]
    header[AT_CONDUCTANCE] = 2 * real.size
    header[_INDEX : _INDEX + 3] = _BEGIN + index.size * np.arange(3)
    header[_REAL : _REAL + 3] = real.size * np.arange(3)
    header[_RELATIVE] = 2 * real.size + relative.shape[1]
    header[_ADDRESSES:] = one.addresses()
    written = np.zeros(relative.shape[1])
    return np.concatenate([real, real, written, relative.ravel()]), np.concatenate(
        [header, index, index]
    )


@kernel
def read(real: Reals, index: Ints, edge: int, time: float) -> tuple[int, float, float]:
    """Return the drop over an edge in each copy, V; see `~ohmtick.engine.solver.updates.read`.

    Whatever it needs it does itself. It says that it needs a factor where a copy has none.
    """
    needed = apply_changes(real, index)
    if needed:
        return needed, np.nan, np.nan
    _follow(real, index)
    read_one, solve_one = read_at(index[_ADDRESSES + READ]), step_at(index[_ADDRESSES + SOLVE])
    drop_free = drop_clamped = 0.0
    for copy in range(2):
        part, places = _copy(real, index, copy)
        needed, free, clamped = read_one(pointer_at(part, 0), pointer_at(places, 0), edge, time)
        if needed:  # all voltages: the factor is up to date
            solve_one(part, places)
            needed, free, clamped = read_one(pointer_at(part, 0), pointer_at(places, 0), edge, time)
        if copy == 0:
            drop_free = free
        else:
            drop_clamped = clamped
    return NOTHING, drop_free, drop_clamped


@kernel
def set_conductance(real: Reals, index: Ints, edge: int, conductance: float, time: float) -> bool:
    """Note an edge's new conductance, S, in both copies; return whether a check is due."""
    write_one = write_at(index[_ADDRESSES + WRITE])
    real[index[AT_CONDUCTANCE] + edge] = conductance
    due = False
    for copy in range(2):
        part = pointer_at(real, index[_REAL + copy])
        places = pointer_at(index, index[_INDEX + copy])
        relative = real[index[_RELATIVE] + copy * index[EDGES] + edge]
        if write_one(part, places, edge, conductance * relative, time):
            due = True
    return due


@kernel
def present(
    real: Reals, index: Ints, inputs: Reals, desired: Reals, nudge: float, time: float
) -> int:
    """Hold the sources of both copies, and nudge the clamped targets towards `desired`, V."""
    present_one = present_at(index[_ADDRESSES + PRESENT])
    for copy in range(2):
        part, places = _copy(real, index, copy)
        present_one(part, places, inputs, desired, nudge, time)
    return NOTHING


@kernel
def respond(real: Reals, index: Ints, inputs: Reals, outputs: Reals) -> int:
    """Add the outputs of the free copy for each row of `inputs` to `outputs`."""
    part, places = _copy(real, index, 0)
    respond_one = respond_at(index[_ADDRESSES + RESPOND])
    answer: int = respond_one(part, places, inputs, outputs)
    return answer


@kernel
def transfer(real: Reals, index: Ints, gain: Reals) -> None:
    """Write the transfer of the free copy to `gain`, shape (T, S)."""
    part, places = _copy(real, index, 0)
    transfer_of_one(part, places, gain)


@kernel
def apply_changes(real: Reals, index: Ints) -> int:
    """Bring both factors up to date, anew where it takes that; say if one is singular."""
    apply, refactorize = (
        step_at(index[_ADDRESSES + APPLY]),
        step_at(index[_ADDRESSES + REFACTORIZE]),
    )
    for copy in range(2):
        part, places = _copy(real, index, copy)
        needed: int = apply(part, places)
        if needed and refactorize(part, places) >= 0:
            return needed
    return NOTHING


@kernel
def refactorize(real: Reals, index: Ints) -> int:
    """Make both factors anew; return -1 or the position that failed."""
    refactorize = step_at(index[_ADDRESSES + REFACTORIZE])
    worst = -1
    for copy in range(2):
        part, places = _copy(real, index, copy)
        failed = refactorize(part, places)
        if failed >= 0:
            worst = failed
    return worst


@kernel
def solve(real: Reals, index: Ints) -> int:
    """Have all voltages of both copies at hand, where both factors are up to date; return -1."""
    _follow(real, index)
    solve_one = step_at(index[_ADDRESSES + SOLVE])
    for copy in range(2):
        part, places = _copy(real, index, copy)
        solve_one(part, places)
    return -1


@kernel
def voltages(real: Reals, index: Ints, free: Reals, clamped: Reals) -> None:
    """Write the voltage of every node, V, to `free` and `clamped`, both of shape (N,)."""
    solve(real, index)
    nodes = index[NODES]
    first, _ = _copy(real, index, 0)
    second, _ = _copy(real, index, 1)
    at = index[AT_VOLTAGE]
    for node in range(nodes):
        free[node] = first[at + node]
        clamped[node] = second[at + nodes + node]


@kernel
def observe(real: Reals, index: Ints, nodes: Ints, time: float, row: Reals) -> int:
    """Write what an observer asks for; see `~ohmtick.engine.solver.power.observe`."""
    _follow(real, index)
    solve_one = step_at(index[_ADDRESSES + SOLVE])
    own = row.size - 2 * nodes.size
    for copy in range(2):
        part, places = _copy(real, index, copy)
        if not places[SOLVED]:
            solve_one(part, places)
        if own:
            row[copy] = dissipated(part, places, copy)
        at = places[AT_VOLTAGE] + copy * places[NODES]
        for place in range(nodes.size):
            row[own + 2 * place + copy] = part[at + nodes[place]]
    return NOTHING


@kernel
def spend(
    real: Reals, index: Ints, edges: Ints, conductances: Reals, times: Reals, start: float,
    stop: float, energy: Reals,
) -> int:  # fmt: skip
    """Write conductances, and add up what is dissipated meanwhile.

    As `~ohmtick.engine.solver.power.spend`. The second copy has a power of its own without a clamp.
    """
    solve(real, index)
    now = start
    one, own_one = _copy(real, index, 0)
    two, own_two = _copy(real, index, 1)
    free, loose = dissipated(one, own_one, 0), dissipated(two, own_two, 0)
    clamped = loose + clamping(two, own_two)
    relative = index[_RELATIVE]
    for place in range(edges.size):
        edge, conductance = edges[place], conductances[place]
        energy[0] += free * (times[place] - now)
        energy[1] += clamped * (times[place] - now)
        now = times[place]
        real[index[AT_CONDUCTANCE] + edge] = conductance
        free += rewrite(one, own_one, edge, conductance * real[relative + edge])
        loose += rewrite(two, own_two, edge, conductance * real[relative + index[EDGES] + edge])
        if np.isnan(free) or np.isnan(loose):
            return NEEDS_FACTOR
        _follow(real, index)
        clamped = loose + clamping(two, own_two)
    energy[0] += free * (stop - now)
    energy[1] += clamped * (stop - now)
    return NEEDS_FACTOR if own_one[UNCHECKED] >= updates.CHECK_EVERY else NOTHING


@kernel
def invalidate(index: Ints) -> None:
    """Note that any number of conductances were changed."""
    for copy in range(2):
        updates.invalidate(index[index[_INDEX + copy] : index[_INDEX + copy + 1]])


@kernel
def checked(index: Ints) -> None:
    """Note that both factors are being checked."""
    for copy in range(2):
        updates.checked(index[index[_INDEX + copy] : index[_INDEX + copy + 1]])


@kernel
def spread(real: Reals, index: Ints) -> None:
    """Have each copy conduct its own of every conductance that is written."""
    edges = index[EDGES]
    for copy in range(2):
        part, places = _copy(real, index, copy)
        for edge in range(edges):
            relative = real[index[_RELATIVE] + copy * edges + edge]
            part[places[AT_CONDUCTANCE] + edge] = real[index[AT_CONDUCTANCE] + edge] * relative


def conductances(real: Reals, index: Ints) -> tuple[Reals, Reals]:
    """Return what each copy conducts, S, each shape (E,)."""
    at = index[_REAL : _REAL + 2] + index[index[_INDEX] + AT_CONDUCTANCE]
    free, clamped = (real[begin : begin + index[EDGES]].copy() for begin in at)
    return free, clamped


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


@kernel(allocates=True)  # nothing, but numba has `carray` for such only
def _read_at(real: Any, index: Any, edge: int, time: float) -> tuple[int, float, float]:
    """Read by pointers to the state, as compiled code does."""
    reals = carray(real, index[_RELATIVE] + 2 * index[EDGES])
    drops: tuple[int, float, float] = read(reals, carray(index, index[_INDEX + 2]), edge, time)
    return drops


_CALLED = (_read_at, set_conductance, present, respond, apply_changes, refactorize, solve, observe)


@kernel(inline=True)
def _copy(real: Reals, index: Ints, copy: int) -> tuple[Reals, Ints]:
    """Return the state of one copy."""
    return (
        real[index[_REAL + copy] : index[_REAL + copy + 1]],
        index[index[_INDEX + copy] : index[_INDEX + copy + 1]],
    )


@kernel(inline=True)
def _follow(real: Reals, index: Ints) -> None:
    """Clamp the second copy's targets from where those of the first are."""
    free, places = _copy(real, index, 0)
    clamped, own = _copy(real, index, 1)
    for target in range(index[UNKNOWNS] - index[INTERIOR]):
        at = places[AT_CLAMPED] + target  # and there in both
        if clamped[at] != free[at]:
            clamped[at] = free[at]
            own[SOLVED] = 0
