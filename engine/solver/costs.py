"""What work on a factor costs, told from its structure alone, before a number of it is made."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels.kernel import Ints
from .loops import compiled_when_large
from .symbolic import Symbolic

# What things cost, ns, fitted to the breadboard and lattices of 25 to 65 536 nodes, to 25 %. On a
# walk: a stop, and a column and an entry that it modifies, or an entry that it reads. To eliminate:
# to begin, an entry, a product. To solve for all voltages: to begin, an entry.
_STOP_NS, _COLUMN_NS, _CHANGE_NS, _READ_NS = 57.0, 1.9, 0.23, 0.165
_ELIMINATE_NS, _ENTRY_NS, _PRODUCT_NS = 420.0, 3.2, 0.21
_SOLVE_NS, _SOLVED_NS = 140.0, 1.05


class Costs(NamedTuple):
    """What is done with a factor takes, ns."""

    change: float
    """A change of a mean edge."""
    elimination: float
    """Making the factor anew."""
    read: float
    """A read of a mean edge."""
    solution: float
    """All voltages of both copies."""


def break_even(symbolic: Symbolic) -> tuple[int, int]:
    """Return how many changes, and how many reads of one state, are worth a walk each.

    Beyond the first number `refactor` is cheaper, beyond the second `voltages`. Both follow from
    the counts of what is done for a mean edge, times what each took when measured.
    """
    if symbolic.first.size < 2:
        return 1, 1
    cost = costs_of(symbolic)
    if not cost.change > 0.0:
        return 1, 1
    return max(1, int(cost.elimination / cost.change)), max(1, int(cost.solution / cost.read))


def costs_of(symbolic: Symbolic) -> Costs:
    """Return what work on a factor of this structure takes, ns.

    The sums, over what is done, of what that took when measured.
    """
    costs = _costs(
        symbolic.first,
        symbolic.row_start,
        symbolic.parent,
        symbolic.supernode,
        symbolic.ends,
        symbolic.unknowns,
    )
    return Costs(*map(float, costs))


@compiled_when_large
def _costs(
    first: Ints, row_start: Ints, parent: Ints, supernode: Ints, ends: Ints, unknowns: int
) -> tuple[float, float, float, float]:
    """Return the cost of a mean change, an elimination, a mean read, and a whole solution, ns."""
    made = parent.size
    change = np.zeros(made)
    reading = np.zeros(made)
    elimination = _ELIMINATE_NS
    solution = _SOLVE_NS
    for s in range(made - 1, -1, -1):
        width = first[s + 1] - first[s]
        height = width + row_start[s + 1] - row_start[s]
        entries = width * height - width * (width - 1) / 2
        change[s] = _STOP_NS + _COLUMN_NS * width + _CHANGE_NS * entries
        reading[s] = _STOP_NS + _READ_NS * entries
        if parent[s] >= 0:
            change[s] += change[parent[s]]
            reading[s] += reading[parent[s]]
        products = 0.0
        for column in range(width):
            products += 0.5 * float(height - column) ** 2
        elimination += _ENTRY_NS * entries + _PRODUCT_NS * products
        solution += _SOLVED_NS * entries
    changes = 0.0
    readings = 0.0
    for edge in range(ends.shape[0]):
        low = min(ends[edge, 0], ends[edge, 1])
        if low < unknowns:
            changes += change[supernode[low]]
            readings += reading[supernode[low]]
    return changes / ends.shape[0], elimination, readings / ends.shape[0], solution
