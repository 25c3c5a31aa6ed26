"""Power: what the edges of both copies turn into heat, in one state and along a series of changes.

In one state it is the sum of k * drop² over the edges. Along a series it follows each change on the
path of its edge, from what the factor knows. With the sources held at u, a change of a conductance
by delta changes the power of the free copy by the drops before and after it,

    P' = P + delta * drop * drop',

by Tellegen's theorem for two networks that are held alike. And the power at any voltages is what
is between the sources and sum_j d_j (v_j - sum_r M_rj v_r)², over the columns j of the factor, of
which only those of clamped targets are not at the mean of later ones. So clamping adds, exactly,

    P_clamped - P_free = sum_t d_t (w_t - sum_r M_rt w_r)²,

over the targets t, with w how far the clamp moves them: never less than nothing.
"""

from __future__ import annotations

import numpy as np

from ..kernels.kernel import Ints, Reals, kernel
from ..kernels.network import NEEDS_FACTOR, NOTHING
from .layout import (
    APPLIED,
    AT_CLAMPED,
    AT_CONDUCTANCE,
    AT_FREE,
    AT_NODES,
    AT_RECORD,
    AT_VOLTAGE,
    CHANGES,
    EDGES,
    END,
    FIRST,
    INTERIOR,
    NODES,
    PANEL,
    RECORD,
    ROW_COUNT,
    SOLVED,
    SUPERNODES,
    UNCHECKED,
    UNKNOWNS,
    column_offset,
)
from .updates import CHECK_EVERY, apply_changes, refactorize, set_conductance, solve
from .walk import drops


@kernel
def observe(real: Reals, index: Ints, nodes: Ints, time: float, row: Reals) -> int:
    """Write what an observer asks for to `row`; the factor is up to date.

    Parameters
    ----------
    nodes
        Shape (n,).
    time
        s.
    row
        Shape (2 + 2n,) or (2n,): the power of the free and of the clamped copy, W, where there is
        room for it, and then for each node its voltage in either, V.
    """
    if not index[SOLVED]:
        solve(real, index)
    at = row.size - 2 * nodes.size
    if at:
        row[0], row[1] = dissipated(real, index, 0), dissipated(real, index, 1)
    for node in nodes:
        row[at] = real[index[AT_VOLTAGE] + node]
        row[at + 1] = real[index[AT_VOLTAGE] + index[NODES] + node]
        at += 2
    return NOTHING


@kernel
def spend(
    real: Reals, index: Ints, edges: Ints, conductances: Reals, times: Reals, start: float,
    stop: float, energy: Reals,
) -> int:  # fmt: skip
    """Write conductances, each at its time; add what both copies dissipate meanwhile to `energy`.

    The factor is up to date. Returns what is needed then: nothing, or a factor made anew, of a
    circuit that became singular or after many changes.

    Parameters
    ----------
    edges, conductances, times
        What is written, S, and when, s, ascending; shape (C,) each.
    start, stop
        From when until when, s.
    energy
        Shape (2,), J.
    """
    solve(real, index)
    free, added, now = dissipated(real, index, 0), clamping(real, index), start
    for place in range(edges.size):
        energy[0] += free * (times[place] - now)
        energy[1] += (free + added) * (times[place] - now)
        now = times[place]
        free += rewrite(real, index, edges[place], conductances[place])
        added = clamping(real, index)
        if np.isnan(free):
            return NEEDS_FACTOR
    energy[0] += free * (stop - now)
    energy[1] += (free + added) * (stop - now)
    return NEEDS_FACTOR if index[UNCHECKED] >= CHECK_EVERY else NOTHING


@kernel
def dissipated(real: Reals, index: Ints, copy: int) -> float:
    """Return the power of the free copy, 0, or the clamped one, 1, W, at voltages at hand."""
    volts, ends, k = index[AT_VOLTAGE] + copy * index[NODES], index[AT_NODES], index[AT_CONDUCTANCE]
    power = 0.0
    for edge in range(index[EDGES]):
        first, second = index[ends + 2 * edge], index[ends + 2 * edge + 1]
        drop = real[volts + first] - real[volts + second]
        power += real[k + edge] * drop * drop
    return power


@kernel
def clamping(real: Reals, index: Ints) -> float:
    """Return what the clamp adds to the power of a copy whose targets are not held, W.

    The targets are the last columns. The factor is up to date.
    """
    interior, unknowns = index[INTERIOR], index[UNKNOWNS]
    if interior == unknowns:
        return 0.0
    record = index[AT_RECORD] + RECORD * (index[SUPERNODES] - 1)
    first, end = index[record + FIRST], index[record + END]
    height = end - first + index[record + ROW_COUNT]
    clamped, free = index[AT_CLAMPED] - interior, index[AT_FREE] - interior
    power = 0.0
    for column in range(interior, unknowns):
        at = index[record + PANEL] + column_offset(column - first, height) - column
        moved = real[clamped + column] - real[free + column]
        for row in range(column + 1, end):
            moved -= real[at + row] * (real[clamped + row] - real[free + row])
        power += moved * moved / real[at + column]
    return power


@kernel
def rewrite(real: Reals, index: Ints, edge: int, conductance: float) -> float:
    """Write a conductance, S; return by how much the power changes that the free sources deliver.

    The factor is up to date, before and after. NaN where the circuit becomes singular.
    """
    delta = conductance - real[index[AT_CONDUCTANCE] + edge]
    before, _ = drops(real, index, edge)
    set_conductance(real, index, edge, conductance, 0.0)
    if apply_changes(real, index) != NOTHING and refactorize(real, index) >= 0:
        return np.nan
    index[CHANGES] = index[APPLIED] = 0
    after, _ = drops(real, index, edge)
    change: float = delta * before * after
    return change
