"""What is held: source voltages, and target voltages that follow the free copy.

A new datum changes these few numbers and nothing of the factor.
"""

from __future__ import annotations

from ..kernels.kernel import Ints, Reals, kernel
from .layout import (
    AT_CLAMPED,
    AT_DESIRED,
    AT_FREE,
    AT_RECORD,
    AT_ROWS,
    END,
    FIRST,
    INTERIOR,
    NODES,
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
    for target in range(targets):
        real[index[AT_DESIRED] + target] = desired[target]
    real[index[AT_DESIRED] + targets] = nudge
    settle(real, index)


@kernel(inline=True)
def settle(real: Reals, index: Ints) -> None:
    """Let the targets follow: v_T free, and v_T + nudge (desired - v_T) clamped.

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
