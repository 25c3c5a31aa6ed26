"""How a network that relaxes lies in memory: what it is at equilibrium, and what it is now.

The reals begin with those of the network at equilibrium, and the integers with a header like its
own, so that whoever looks for conductances finds them. Then come where the parts below lie, the
integers of the network at equilibrium, and the parts.

Nodes are in rows: targets, then all others that are not held, then sources; the first two move.
Of each node that moves the weights k / C of its edges lie together, each with the row at its other
end. Voltages of a row lie side by side, free and clamped.
"""

from __future__ import annotations

import numpy as np

from ..kernels.kernel import Ints, Reals
from ..solver.layout import HEADER

AT_END = HEADER  # index: where the integers at equilibrium end
REALS = HEADER + 1  # how many reals there are
MOVING = HEADER + 2  # rows that move
TARGETS = HEADER + 3
SETTLED = HEADER + 4  # whether the voltages are those at equilibrium
PRESENTED = HEADER + 5  # whether there was a datum
AT_ROW = HEADER + 6  # index: the row of each node, N
AT_START = HEADER + 7  # index: where the weights of each row that moves begin, and where they end
AT_OTHER = HEADER + 8  # index: the row at the other end of each weight's edge
AT_PLACE = HEADER + 9  # index: where the weights of an edge at its two ends are, 2 E; or -1
AT_ENDS = HEADER + 10  # index: the rows of an edge's two ends, 2 E
AT_QUEUE = HEADER + 11  # index: scratch, rows in the order in which a search finds them
AT_PARENT = HEADER + 12  # index: scratch, from which row each was found; -1 before it is
AT_TIME = HEADER + 13  # real: when the voltages hold, s
AT_SPREAD = HEADER + 14  # real: ln of all capacitance over the least of a node
AT_CAPACITANCE = HEADER + 15  # real: of each row that moves, F
AT_NOW = HEADER + 16  # real: voltages by row, 2 N
AT_TERM = HEADER + 17  # real: a term of their series, 2 N; zero at the sources
AT_NEXT = HEADER + 18  # real: the next one
AT_KEPT = HEADER + 19  # real: scratch, 2 N
AT_WEIGHT = HEADER + 20  # real: k / C of each edge at each end that moves, 1/s
AT_RATE = HEADER + 21  # real: their sum at each row that moves, 1/s
AT_LOAD = HEADER + 22  # real: scratch, what lies behind each row, F
AT_DELAY = HEADER + 23  # real: scratch, how long each row takes, s
AT_TIE = HEADER + 24  # real: scratch, the conductance between each row and its parent, S
STIFF = HEADER + 25  # whether some time was too long for the steps that it takes
BEGIN = HEADER + 26  # where the integers at equilibrium begin


def lay_out(
    real: Reals, index: Ints, edges: Ints, targets: Ints, sources: Ints, capacitances: Reals
) -> tuple[Reals, Ints]:
    """Return the state of a network that relaxes; its weights are those of no conductances yet.

    Parameters
    ----------
    real, index
        The state of the network at equilibrium.
    edges
        Pairs of nodes, shape (E, 2).
    targets, sources
        Nodes.
    capacitances
        Of every node, F, shape (N,); positive.
    """
    nodes = capacitances.size
    inner = np.setdiff1d(np.arange(nodes), np.concatenate([targets, sources]))
    order = np.concatenate([targets, inner, sources])
    row = np.empty(nodes, np.int64)
    row[order] = np.arange(nodes)
    moving = nodes - sources.size
    ends = row[edges].ravel()  # of edge e at 2 e and 2 e + 1
    by_row = np.argsort(ends, kind="stable")
    by_row = by_row[ends[by_row] < moving]
    place = np.full(ends.size, -1)
    place[by_row] = np.arange(by_row.size)
    held = capacitances[order[:moving]]
    header = np.zeros(BEGIN, np.int64)
    header[:HEADER] = index[:HEADER]
    parts = {
        AT_ROW: row,
        AT_START: np.searchsorted(ends[by_row], np.arange(moving + 1)),
        AT_OTHER: ends[by_row ^ 1],
        AT_PLACE: place,
        AT_ENDS: ends,
        AT_QUEUE: np.zeros(moving, np.int64),
        AT_PARENT: np.zeros(moving, np.int64),
    }
    spread = np.log(held.sum() / held.min()) if moving else 0.0
    reals = {
        AT_TIME: np.zeros(1),
        AT_SPREAD: np.array([spread]),
        AT_CAPACITANCE: held,
        **{at: np.zeros(2 * nodes) for at in (AT_NOW, AT_TERM, AT_NEXT, AT_KEPT)},
        AT_WEIGHT: np.zeros(by_row.size),
        **{at: np.zeros(moving) for at in (AT_RATE, AT_LOAD, AT_DELAY, AT_TIE)},
    }
    _place(header, parts, BEGIN + index.size)
    header[REALS] = _place(header, reals, real.size)
    header[[AT_END, MOVING, TARGETS, SETTLED]] = BEGIN + index.size, moving, targets.size, 1
    return (
        np.concatenate([real, *reals.values()]),
        np.concatenate([header, index, *parts.values()]).astype(np.int64, copy=False),
    )


def _place(header: Ints, parts: dict[int, Reals] | dict[int, Ints], begin: int) -> int:
    """Note where each part begins, one after the other from `begin` on; return where they end."""
    for at, part in parts.items():
        header[at] = begin
        begin += part.size
    return begin
