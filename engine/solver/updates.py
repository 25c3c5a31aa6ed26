"""The twin network as kernels see it: changes are noted, and the next read pays for them.

Both engines call these. What is done to the factor depends on the order of changes and reads
alone, and not on who else looks: `apply_changes`, which probes call, brings the factor up to date
without counting as a read, and leaves just what the next read would have made itself.

A read after many changes refactors instead of walking for each. Many reads of one state solve for
all voltages once instead of walking for each. Both limits are counts, set once a circuit, so that
either engine takes the same way, bit for bit.
"""

from __future__ import annotations

import numpy as np

from ..kernels.kernel import Ints, Reals, kernel
from ..kernels.network import NEEDS_FACTOR, NEEDS_VOLTAGES, NOTHING
from .boundary import present as hold
from .eliminate import refactor
from .layout import (
    APPLIED,
    AT_CHANGED,
    AT_CONDUCTANCE,
    AT_DELTA,
    AT_NODES,
    AT_PEAK,
    AT_VOLTAGE,
    CHANGES,
    EDGES,
    MOST_CHANGES,
    MOST_WALKS,
    NODES,
    READS,
    SOLVED,
    UNCHECKED,
)
from .voltages import voltages
from .walk import add, drops

#: Changes between two checks of the factor against Kirchhoff's law.
CHECK_EVERY = 100_000
#: Of its largest conductance since the factor was made, what an edge may fall to. The factor's
#: rounding stays what it was when the conductance was large, so digits are lost in proportion.
LEAST_OF_PEAK = 1e-5


@kernel(inline=True)
def set_conductance(real: Reals, index: Ints, edge: int, conductance: float, time: float) -> bool:
    """Note an edge's new conductance, S; the next read pays. Return whether a check is due."""
    at = index[AT_CONDUCTANCE] + edge
    delta = conductance - real[at]
    if delta == 0.0:
        return False
    real[at] = conductance
    peak = index[AT_PEAK] + edge
    real[peak] = max(real[peak], conductance)
    if conductance < LEAST_OF_PEAK * real[peak]:
        # One change too many, with this one: the factor is made anew.
        index[CHANGES] = max(index[CHANGES], index[MOST_CHANGES])
    count = index[CHANGES]
    if count < index[MOST_CHANGES]:
        index[index[AT_CHANGED] + count] = edge
        real[index[AT_DELTA] + count] = delta
    index[CHANGES] = count + 1
    index[READS] = 0
    index[SOLVED] = 0
    index[UNCHECKED] += 1
    return index[UNCHECKED] >= CHECK_EVERY


@kernel
def invalidate(index: Ints) -> None:
    """Note that any number of conductances were changed."""
    index[CHANGES] = index[MOST_CHANGES] + 1
    index[APPLIED] = 0
    index[READS] = 0
    index[SOLVED] = 0


@kernel
def checked(index: Ints) -> None:
    """Note that the factor is being checked."""
    index[UNCHECKED] = 0


@kernel
def present(
    real: Reals, index: Ints, inputs: Reals, desired: Reals, nudge: float, time: float
) -> int:
    """Hold the sources at `inputs`, and nudge the clamped targets towards `desired`, V."""
    hold(real, index, inputs, desired, nudge)
    index[READS] = 0
    index[SOLVED] = 0
    return NOTHING


@kernel
def read(real: Reals, index: Ints, edge: int, time: float) -> tuple[int, float, float]:
    """Return the drops over an edge in both copies, V, where walks are all that this takes.

    Returns
    -------
    needed : int
        `NOTHING`, or what must be got before this is called again: `NEEDS_FACTOR` or
        `NEEDS_VOLTAGES`. The drops then mean nothing.
    free, clamped : float
    """
    needed = apply_changes(real, index)
    if needed:
        return needed, np.nan, np.nan
    index[CHANGES] = index[APPLIED] = 0
    if index[READS] < index[MOST_WALKS]:
        index[READS] += 1
        free, clamped = drops(real, index, edge)
        return NOTHING, free, clamped
    if not index[SOLVED]:
        return NEEDS_VOLTAGES, np.nan, np.nan
    first, second = index[index[AT_NODES] + 2 * edge], index[index[AT_NODES] + 2 * edge + 1]
    free_at, clamped_at = index[AT_VOLTAGE], index[AT_VOLTAGE] + index[NODES]
    return (
        NOTHING,
        real[free_at + first] - real[free_at + second],
        real[clamped_at + first] - real[clamped_at + second],
    )


@kernel
def apply_changes(real: Reals, index: Ints) -> int:
    """Bring the factor up to date by walks, without counting as a read; return what it needs."""
    count, applied = index[CHANGES], index[APPLIED]
    if applied == count:
        return NOTHING
    if count > index[MOST_CHANGES]:
        return NEEDS_FACTOR
    for place in range(applied, count):
        changed, delta = index[index[AT_CHANGED] + place], real[index[AT_DELTA] + place]
        if add(real, index, changed, delta) >= 0:
            invalidate(index)
            return NEEDS_FACTOR
    index[APPLIED] = count
    return NOTHING


@kernel
def refactorize(real: Reals, index: Ints) -> int:
    """Make the factor anew from all conductances; return -1 or the position that failed.

    A factor that failed is made anew by the next read.
    """
    at, peak, edges = index[AT_CONDUCTANCE], index[AT_PEAK], index[EDGES]
    for edge in range(edges):
        real[peak + edge] = real[at + edge]
    failed = refactor(real, index, real[at : at + edges])
    index[SOLVED] = index[UNCHECKED] = 0
    if failed >= 0:
        invalidate(index)
        return failed
    index[APPLIED] = index[CHANGES]
    return failed


@kernel
def solve(real: Reals, index: Ints) -> int:
    """Have all voltages of both copies at hand, where the factor is up to date; return -1."""
    free, nodes = index[AT_VOLTAGE], index[NODES]
    voltages(real, index, real[free : free + nodes], real[free + nodes : free + 2 * nodes])
    index[SOLVED] = 1
    return -1
