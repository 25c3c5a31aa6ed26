"""All voltages of both copies at once, how outputs follow inputs, and a check on both.

Every eliminated node sits at the weighted mean of later ones, v_j = sum_r M_rj v_r, with weights
that are positive and add to one. So voltages follow from the last column back to the first, and
no voltage leaves the range of those on the boundary: sources for the free copy, sources and
nudged targets for the clamped one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..kernels.kernel import Ints, Reals, kernel
from ..kernels.measure import add_responses
from ..kernels.network import NOTHING
from .layout import (
    AT_CLAMPED,
    AT_FREE,
    AT_ORDER,
    AT_OUTPUT,
    AT_RECORD,
    AT_ROWS,
    END,
    FIRST,
    INTERIOR,
    NODES,
    OUTPUTS,
    PANEL,
    RECORD,
    ROW_COUNT,
    ROW_START,
    SUPERNODES,
    TALLEST,
    UNKNOWNS,
    column_offset,
)

_1, _2, _3, _4 = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)


@kernel(allocates=True)
def voltages(real: Reals, index: Ints, free: Reals, clamped: Reals) -> None:
    """Write the voltage of every node, V, to `free` and `clamped`, both of shape (N,)."""
    nodes, interior = index[NODES], index[INTERIOR]
    by_place = np.empty((2, nodes))
    for place in range(nodes - interior):
        by_place[0, interior + place] = real[index[AT_FREE] + place]
        by_place[1, interior + place] = real[index[AT_CLAMPED] + place]
    local = np.empty((2, index[TALLEST]))
    for s in range(index[SUPERNODES] - 1, -1, -1):
        record = index[AT_RECORD] + RECORD * s
        first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
        at_rows = index[AT_ROWS] + index[record + ROW_START]
        stop = min(end, interior)
        for copy in range(2):
            for place in range(stop, end):
                local[copy, place - first] = by_place[copy, place]
            for place in range(count):
                local[copy, end - first + place] = by_place[copy, index[at_rows + place]]
        _average(real, index[record + PANEL], end - first + count, stop - first, local)
        for copy in range(2):
            for place in range(first, stop):
                by_place[copy, place] = local[copy, place - first]
    for place in range(nodes):
        node = index[index[AT_ORDER] + place]
        free[node] = by_place[0, place]
        clamped[node] = by_place[1, place]


@kernel
def transfer(real: Reals, index: Ints, gain: Reals) -> None:
    """Write the (T, S) matrix that takes source voltages to free target voltages to `gain`.

    Its rows are non-negative and add to one. Column s is what the targets see of a unit voltage
    at source s.
    """
    interior, unknowns = index[INTERIOR], index[UNKNOWNS]
    if interior == unknowns:
        return
    record = index[AT_RECORD] + RECORD * (index[SUPERNODES] - 1)
    first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
    at_rows = index[AT_ROWS] + index[record + ROW_START]
    for column in range(unknowns - 1, interior - 1, -1):
        at = index[record + PANEL] + column_offset(column - first, end - first + count)
        target = column - interior
        for source in range(gain.shape[1]):
            gain[target, source] = 0.0
        for place in range(count):
            source = index[at_rows + place] - unknowns
            gain[target, source] += real[at + end - column + place]
        for row in range(column + 1, end):
            share = real[at + row - column]
            for source in range(gain.shape[1]):
                gain[target, source] += share * gain[row - interior, source]


@kernel(allocates=True)
def respond(real: Reals, index: Ints, inputs: Reals, outputs: Reals) -> int:
    """Add the free outputs for each row of `inputs`, shape (D, S), to `outputs`, (D, O), V."""
    gain = np.empty((index[UNKNOWNS] - index[INTERIOR], index[NODES] - index[UNKNOWNS]))
    transfer(real, index, gain)
    if index[OUTPUTS] < gain.shape[0]:
        gain = differences(index, gain)
    add_responses(gain, inputs, outputs)
    return NOTHING


@kernel(allocates=True)
def differences(index: Ints, gain: Reals) -> Reals:
    """Return how outputs follow sources, shape (O, S), from how targets do, (T, S)."""
    found = np.empty((index[OUTPUTS], gain.shape[1]))
    for output in range(index[OUTPUTS]):
        first = index[index[AT_OUTPUT] + 2 * output]
        second = index[index[AT_OUTPUT] + 2 * output + 1]
        for source in range(gain.shape[1]):
            found[output, source] = gain[first, source]
            if second >= 0:
                found[output, source] -= gain[second, source]
    return found


@kernel(allocates=True)
def imbalance(edges: Ints, conductances: Reals, held: NDArray[np.bool_], volts: Reals) -> float:
    """Return how far any node is from the mean of its neighbours that Kirchhoff's law asks for, V.

    max_i |sum_e k_e (v_i - v_j)| / sum_e k_e over the nodes i that are not held.

    Parameters
    ----------
    edges
        Shape (E, 2).
    conductances
        Shape (E,), S.
    held
        Which nodes are held at a voltage, shape (N,): sources, and in the clamped copy targets.
    volts
        Node voltages, shape (N,), V.
    """
    current = np.zeros(volts.size)
    total = np.zeros(volts.size)
    for edge in range(edges.shape[0]):
        tail, head, k = edges[edge, 0], edges[edge, 1], conductances[edge]
        through = k * (volts[tail] - volts[head])
        current[tail] += through
        current[head] -= through
        total[tail] += k
        total[head] += k
    worst: float = 0.0
    for node in range(volts.size):
        if not held[node]:
            miss: float = abs(current[node]) / total[node]
            if np.isnan(miss):
                return miss
            worst = max(worst, miss)
    return worst


@kernel
def _average(real: Reals, panel: int, height: int, stop: int, v: Reals) -> None:
    """v_j = sum_r M_rj v_r for the columns before `stop`, last to first, four at a time."""
    free, clamped = v[0], v[1]
    j = stop
    while j % 4:
        j -= 1
        at = panel + column_offset(j, height) - j
        f = c = 0.0
        for r in range(j + 1, height):
            f += real[at + r] * free[r]
            c += real[at + r] * clamped[r]
        free[j], clamped[j] = f, c
    while j > 0:
        j -= 4
        a0 = np.uintp(panel + column_offset(j, height) - j)
        a1 = np.uintp(panel + column_offset(j + 1, height) - j - 1)
        a2 = np.uintp(panel + column_offset(j + 2, height) - j - 2)
        a3 = np.uintp(panel + column_offset(j + 3, height) - j - 3)
        f0 = f1 = f2 = f3 = c0 = c1 = c2 = c3 = 0.0
        for r in range(np.uintp(j + 4), np.uintp(height)):
            f, c = free[r], clamped[r]
            m0, m1, m2, m3 = real[a0 + r], real[a1 + r], real[a2 + r], real[a3 + r]
            f0, f1, f2, f3 = f0 + m0 * f, f1 + m1 * f, f2 + m2 * f, f3 + m3 * f
            c0, c1, c2, c3 = c0 + m0 * c, c1 + m1 * c, c2 + m2 * c, c3 + m3 * c
        q = np.uintp(j)
        m32, m21, m31 = real[a2 + q + _3], real[a1 + q + _2], real[a1 + q + _3]
        m10, m20, m30 = real[a0 + q + _1], real[a0 + q + _2], real[a0 + q + _3]
        f2 += m32 * f3
        c2 += m32 * c3
        f1 += m21 * f2 + m31 * f3
        c1 += m21 * c2 + m31 * c3
        f0 += m10 * f1 + m20 * f2 + m30 * f3
        c0 += m10 * c1 + m20 * c2 + m30 * c3
        free[j], free[j + 1], free[j + 2], free[j + 3] = f0, f1, f2, f3
        clamped[j], clamped[j + 1], clamped[j + 2], clamped[j + 3] = c0, c1, c2, c3
