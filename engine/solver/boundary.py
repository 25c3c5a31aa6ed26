"""What is held: source voltages, and target voltages that follow the free copy.

A new datum changes these few numbers and nothing of the factor.
"""

from __future__ import annotations

from ..kernels.kernel import Ints, Reals, kernel
from .layout import (
    AT_CLAMPED,
    AT_DESIRED,
    AT_FREE,
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
    UNKNOWNS,
    column_offset,
)


@kernel
def present(real: Reals, index: Ints, voltages: Reals, desired: Reals, nudge: float) -> None:
    """Hold the sources at `voltages`, and nudge the clamped targets towards `desired`."""
    targets = index[UNKNOWNS] - index[INTERIOR]
    for source in range(index[NODES] - index[UNKNOWNS]):
        real[index[AT_FREE] + targets + source] = voltages[source]
        real[index[AT_CLAMPED] + targets + source] = voltages[source]
    for output in range(index[OUTPUTS]):
        real[index[AT_DESIRED] + output] = desired[output]
    real[index[AT_DESIRED] + targets] = nudge
    settle(real, index)


@kernel(inline=True)
def settle(real: Reals, index: Ints) -> None:
    """Let the targets follow: v_T free, and v_T + nudge (desired - v_T) clamped; pairs as `share`.

    The targets are the last columns, so v_j = sum_r M_rj v_r over the boundary alone.
    """
    interior, unknowns = index[INTERIOR], index[UNKNOWNS]
    if interior == unknowns:
        return
    record = index[AT_RECORD] + RECORD * (index[SUPERNODES] - 1)
    first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
    at_rows = index[AT_ROWS] + index[record + ROW_START]
    at_free, at_clamped, at_desired = index[AT_FREE], index[AT_CLAMPED], index[AT_DESIRED]
    nudge = real[at_desired + unknowns - interior]
    height = end - first + count
    for column in range(unknowns - 1, interior - 1, -1):
        at = index[record + PANEL] + column_offset(column - first, height)
        voltage = 0.0
        for row in range(column + 1, end):
            voltage += real[at + row - column] * real[at_free + row - interior]
        for place in range(count):
            source = index[at_rows + place] - interior
            voltage += real[at + end - column + place] * real[at_free + source]
        target = column - interior
        real[at_free + target] = voltage
        real[at_clamped + target] = voltage + nudge * (real[at_desired + target] - voltage)
    if index[OUTPUTS] < unknowns - interior:
        share(real, index)


@kernel
def share(real: Reals, index: Ints) -> None:
    """Clamp the targets of outputs that may be of a pair: each of its nodes takes half of the pull.

    The output of a pair is o = v_1 - v_2. Clamped, v_1 + pull / 2 and v_2 - pull / 2 have the
    output o + pull, with pull = nudge (desired - o), and their mean stays.
    """
    at_free, at_clamped, at_desired = index[AT_FREE], index[AT_CLAMPED], index[AT_DESIRED]
    nudge = real[at_desired + index[UNKNOWNS] - index[INTERIOR]]
    for output in range(index[OUTPUTS]):
        first = index[index[AT_OUTPUT] + 2 * output]
        second = index[index[AT_OUTPUT] + 2 * output + 1]
        voltage, desired = real[at_free + first], real[at_desired + output]
        if second < 0:
            real[at_clamped + first] = voltage + nudge * (desired - voltage)
        else:
            other = real[at_free + second]
            half = 0.5 * nudge * (desired - (voltage - other))
            real[at_clamped + first] = voltage + half
            real[at_clamped + second] = other - half
