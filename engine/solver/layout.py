"""How a factor lies in memory: one array of reals, one of integers.

Compiled kernels are called for a single event, also from Python, where each array argument costs
more than the arithmetic on a small circuit. So everything a kernel needs is in two flat arrays,
and the first integers say where each part starts. Nothing here is ever resized.

A panel of width w and m rows is stored by columns, each from its diagonal down: entry (r, c) of
the lower trapezoid is at ``c m - c (c - 1) / 2 + r - c``. A walk up a path thus reads memory
strictly forward, panel after panel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels.kernel import Ints, Reals, kernel
from .loops import compiled_when_large
from .symbolic import Symbolic

# The header, index[0 .. HEADER - 1]: sizes, then where each part starts.
NODES, INTERIOR, UNKNOWNS, EDGES, SUPERNODES = range(5)
AT_ENDS = 5  # index: positions of an edge's two ends, 2 E
AT_SLOT = 6  # index: where an edge's conductance enters the panels, E; -1 between two sources
AT_SUPERNODE = 7  # index: the supernode of a column
AT_RECORD = 8  # index: RECORD integers a supernode, see below
AT_ROWS = 9  # index: rows below the supernodes
AT_ORDER = 10  # index: the node at each position
AT_PLACE = 11  # index: scratch of the elimination, a local row for each position
AT_WEIGHT = 12  # real: weights of the walk by position, N; zero between walks
AT_LOCAL = 13  # real: weights of the walk within one supernode
AT_FREE = 14  # real: boundary voltages of the free copy: targets, sources
AT_CLAMPED = 15  # real: the same of the clamped copy
AT_DESIRED = 16  # real: desired outputs, room up to the number of targets, and the nudge
AT_STACK = 17  # real: scratch of the elimination, update triangles
AT_NODES = 18  # index: an edge's two ends as nodes, 2 E
AT_CHANGED = 19  # index: edges changed since the last read, MOST_CHANGES
AT_DELTA = 20  # real: by how much, S
AT_CONDUCTANCE = 21  # real: present conductances, S, E
AT_VOLTAGE = 22  # real: voltages by node, free and then clamped, 2 N
AT_PEAK = 23  # real: largest conductances since the factor was made, S, E
# The ledger of `network`.
MOST_CHANGES = 24  # changes between two reads beyond which a refactorisation is cheaper
MOST_WALKS = 25  # reads of one state beyond which solving for all voltages is cheaper
CHANGES = 26  # changes since the last read
APPLIED = 27  # how many of these the factor has taken
READS = 28  # walks since the last change
SOLVED = 29  # whether AT_VOLTAGE is up to date
UNCHECKED = 30  # changes since the last check
TALLEST = 31  # rows of the tallest panel
OUTPUTS = 32  # how many outputs the targets make; fewer than these where some are of a pair
AT_OUTPUT = 33  # index: the targets of each output, 2 OUTPUTS; of a single one the second is -1
HEADER = 34

# A supernode's record: one cache line.
FIRST, END, ROW_START, ROW_COUNT, PANEL, PARENT, LAST_CHILD, PREVIOUS_SIBLING = range(8)
RECORD = 8


class Factor(NamedTuple):
    """A factor in memory: what kernels take, and the structure that it was made from."""

    real: Reals
    ints: Ints
    symbolic: Symbolic


def allocate(
    symbolic: Symbolic, most_changes: int, most_walks: int, outputs: Ints | None = None
) -> Factor:
    """Lay a factor out in memory; its numbers are those of no circuit until `refactor`.

    Parameters
    ----------
    symbolic
        The structure.
    most_changes, most_walks
        How many changes, and how many reads, are worth a walk each.
    outputs
        The targets, by their place among these, of each output, shape (O, 2): its voltage is that
        of the first less that of the second; -1 for no second. By default each is an output.
    """
    nodes, edges = symbolic.order.size, symbolic.ends.shape[0]
    record, panel_size, stack_size, tallest = _records(
        symbolic.first, symbolic.row_start, symbolic.parent
    )
    slot = _slots(symbolic.ends, symbolic.unknowns, symbolic.supernode, symbolic.rows, record)
    header = np.zeros(HEADER, np.int64)
    header[:5] = nodes, symbolic.interior, symbolic.unknowns, edges, record.shape[0]
    header[[MOST_CHANGES, MOST_WALKS, TALLEST]] = most_changes, most_walks, tallest
    if outputs is None:
        targets = np.arange(symbolic.unknowns - symbolic.interior)
        outputs = np.column_stack([targets, np.full_like(targets, -1)])
    header[OUTPUTS] = len(outputs)
    parts = {
        AT_ENDS: symbolic.ends.ravel(),
        AT_SLOT: slot,
        AT_SUPERNODE: symbolic.supernode,
        AT_RECORD: record.ravel(),
        AT_ROWS: symbolic.rows,
        AT_ORDER: symbolic.order,
        AT_PLACE: np.zeros(nodes, np.int64),
        AT_NODES: symbolic.order[symbolic.ends].ravel(),
        AT_CHANGED: np.zeros(most_changes, np.int64),
        AT_OUTPUT: outputs.ravel(),
    }
    header[list(parts)] = HEADER + _starts([part.size for part in parts.values()])
    boundary = nodes - symbolic.interior
    sizes = {
        AT_WEIGHT: nodes,
        AT_LOCAL: tallest,
        AT_FREE: boundary,
        AT_CLAMPED: boundary,
        AT_DESIRED: symbolic.unknowns - symbolic.interior + 1,
        AT_STACK: stack_size,
        AT_DELTA: most_changes,
        AT_CONDUCTANCE: edges,
        AT_VOLTAGE: 2 * nodes,
        AT_PEAK: edges,
    }
    starts = panel_size + _starts([*sizes.values(), 0])
    header[list(sizes)] = starts[:-1]
    index = np.concatenate([header, *parts.values()]).astype(np.int64, copy=False)
    return Factor(np.zeros(int(starts[-1])), index, symbolic)


def numbers_in(symbolic: Symbolic) -> int:
    """Return how many numbers, of 8 bytes each, `allocate` lays out, but for changes and reads.

    None of them is made; each target is taken for an output.
    """
    nodes, edges = symbolic.order.size, symbolic.ends.shape[0]
    record, panels, stack, tallest = _records(symbolic.first, symbolic.row_start, symbolic.parent)
    targets, boundary = symbolic.unknowns - symbolic.interior, nodes - symbolic.interior
    ints = HEADER + 5 * edges + 2 * nodes + symbolic.supernode.size + symbolic.rows.size
    ints += 2 * targets
    reals = panels + stack + tallest + 3 * nodes + 2 * edges + 2 * boundary + targets + 1
    return int(ints + record.size + reals)


def _starts(sizes: list[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes[:-1])]).astype(np.int64)


@compiled_when_large
def _records(first: Ints, row_start: Ints, parent: Ints) -> tuple[Ints, int, int, int]:
    """Return the supernodes' records, the sizes of panels and stack, the most rows of one panel.

    The stack holds the update triangles of supernodes whose parents have yet to take them. A
    supernode puts its own on top of its children's before it drops these.
    """
    made = parent.size
    record = np.full((made, RECORD), -1, np.int64)
    panel = 0
    tallest = 0
    held = 0
    most = 0
    for s in range(made):
        width, below = first[s + 1] - first[s], row_start[s + 1] - row_start[s]
        record[s, FIRST], record[s, END] = first[s], first[s + 1]
        record[s, ROW_START], record[s, ROW_COUNT] = row_start[s], below
        record[s, PANEL], record[s, PARENT] = panel, parent[s]
        height = width + below
        panel += width * height - width * (width - 1) // 2
        tallest = max(tallest, height)
        triangle = below * (below + 1) // 2 if parent[s] >= 0 else 0
        most = max(most, held + triangle)
        child = record[s, LAST_CHILD]
        while child >= 0:
            rows = record[child, ROW_COUNT]
            held -= rows * (rows + 1) // 2
            child = record[child, PREVIOUS_SIBLING]
        held += triangle
        if parent[s] >= 0:
            record[s, PREVIOUS_SIBLING] = record[parent[s], LAST_CHILD]
            record[parent[s], LAST_CHILD] = s
    return record, panel, most, tallest


@compiled_when_large
def _slots(ends: Ints, unknowns: int, supernode: Ints, rows: Ints, record: Ints) -> Ints:
    """Return where in the panels each edge's conductance enters, -1 between two sources."""
    slot = np.full(ends.shape[0], -1, np.int64)
    for edge in range(ends.shape[0]):
        low, high = min(ends[edge, 0], ends[edge, 1]), max(ends[edge, 0], ends[edge, 1])
        if low >= unknowns:
            continue
        s = record[supernode[low]]
        width, count = s[END] - s[FIRST], s[ROW_COUNT]
        if high < s[END]:
            row = high - s[FIRST]
        else:
            begin = s[ROW_START]
            row = width + np.searchsorted(rows[begin : begin + count], high)
        column = low - s[FIRST]
        slot[edge] = s[PANEL] + column_offset(column, width + count) + row - column
    return slot


@kernel(inline=True)
def column_offset(column: int, height: int) -> int:
    """Return where column `column` of a panel starts: at its diagonal entry."""
    return column * height - column * (column - 1) // 2
