"""Symbolic analysis: where the entries of the factor are, worked out once a circuit.

Positions run interior nodes first, then the targets, then the sources. Interior nodes and
targets are eliminated, in that order; sources never are. Columns of one structure share a
*supernode*: a dense panel whose columns are ``first .. end - 1`` and whose rows are those columns
and, below them, a sorted list of later positions. Small supernodes are merged where the zeros
that this stores cost less than another stop on the path.

References
----------
C. Ashcraft, R. Grimes, "The influence of relaxed supernode partitions on the multifrontal
method", ACM Trans. Math. Softw. 15 (1989).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..kernels.kernel import Ints
from ..memory import check_memory
from .loops import compiled_when_large
from .ordering import column_counts, dissect, elimination_tree, neighbours, postorder, relabel

#: Up to this many unknowns the factor is one dense supernode (measured: on square lattices
#: several supernodes win from 20 on).
DENSE_UNKNOWNS = 16
#: A subtree of at most this many columns becomes one supernode (measured).
DENSE_SUBTREE = 12
#: Zeros that may be stored to save one stop on the path, in addition to those it would copy.
SPARE_ZEROS = 48


class Symbolic(NamedTuple):
    """The structure of a factor with N nodes, E edges and K supernodes.

    Attributes
    ----------
    order : ndarray, shape (N,)
        The node at each position.
    interior, unknowns : int
        Positions below `interior` are interior nodes, those below `unknowns` interior nodes or
        targets, the rest sources.
    ends : ndarray, shape (E, 2)
        Positions of each edge's first and second node.
    first : ndarray, shape (K + 1,)
        The columns of supernode s are ``first[s] .. first[s + 1] - 1``.
    row_start : ndarray, shape (K + 1,)
    rows : ndarray
        The rows below the columns of supernode s, ascending:
        ``rows[row_start[s]:row_start[s + 1]]``.
    parent : ndarray, shape (K,)
        The supernode of the first row, -1 where that is a source or there is none.
    supernode : ndarray, shape (unknowns,)
        The supernode of each column.
    """

    order: Ints
    interior: int
    unknowns: int
    ends: Ints
    first: Ints
    row_start: Ints
    rows: Ints
    parent: Ints
    supernode: Ints


def analyse(
    edges: ArrayLike,
    nodes: int,
    sources: ArrayLike,
    targets: ArrayLike,
    *,
    dense_unknowns: int = DENSE_UNKNOWNS,
) -> Symbolic:
    """Work out the structure of the factor of a circuit.

    Parameters
    ----------
    edges
        Pairs of nodes, shape (E, 2), no self-loops; parallel edges are allowed.
    nodes
        Number of nodes, N.
    sources, targets
        Node indices, all different; at least one source.
    dense_unknowns
        Up to this many unknowns the factor is one dense supernode.

    Raises
    ------
    TooLargeError
        When the factor would not fit into memory.
    """
    pairs = np.ascontiguousarray(edges, dtype=np.int64).reshape(-1, 2)
    held = np.asarray(sources, dtype=np.int64).ravel()
    wanted = np.asarray(targets, dtype=np.int64).ravel()
    is_inner = np.ones(nodes, np.bool_)
    is_inner[held] = is_inner[wanted] = False
    inner = np.flatnonzero(is_inner)
    interior, unknowns = inner.size, inner.size + wanted.size

    if unknowns <= dense_unknowns:
        order = np.concatenate([inner, wanted, held])
        first = np.array([0, unknowns] if unknowns else [0], np.int64)
        below = np.arange(unknowns, nodes) if unknowns else np.empty(0, np.int64)
        row_start = np.array([0, below.size] if unknowns else [0], np.int64)
        return _finish(order, interior, unknowns, pairs, first, row_start, below)

    start, adjacent = neighbours(pairs, nodes)
    order = np.concatenate([dissect(pairs, inner), wanted, held])
    columns = relabel(start, adjacent, order, _inverse(order))
    tree = elimination_tree(*columns, interior)
    ranked = postorder(tree)
    order[:interior] = order[ranked]
    rank = _inverse(ranked)
    parent = np.where(tree[ranked] >= 0, rank[tree[ranked]], -1)
    start, adjacent = relabel(start, adjacent, order, _inverse(order))
    count = column_counts(start, adjacent, parent)
    entries = int(count.sum()) + unknowns * (unknowns - interior)
    check_memory(
        f"the factor of a circuit of {nodes} nodes and {len(pairs)} edges, {entries:.2g} numbers,",
        8.0 * entries,
    )
    first = _partition(parent, count, unknowns, _touches_target(start, adjacent, parent, unknowns))
    row_start, rows = _rows(start, adjacent, first, nodes)
    return _finish(order, interior, unknowns, pairs, first, row_start, rows)


def _inverse(order: Ints) -> Ints:
    position = np.empty_like(order)
    position[order] = np.arange(order.size)
    return position


def _finish(
    order: Ints,
    interior: int,
    unknowns: int,
    pairs: Ints,
    first: Ints,
    row_start: Ints,
    rows: Ints,
) -> Symbolic:
    """Return the structure, with the supernodes' parents and the edges' ends."""
    supernode = np.repeat(np.arange(first.size - 1), np.diff(first))
    parent = np.full(first.size - 1, -1, np.int64)
    has_rows = np.diff(row_start) > 0
    nearest = rows[row_start[:-1][has_rows]]
    parent[has_rows] = np.where(
        nearest < unknowns, supernode[np.minimum(nearest, unknowns - 1)], -1
    )
    ends = _inverse(order)[pairs]
    return Symbolic(order, interior, unknowns, ends, first, row_start, rows, parent, supernode)


@compiled_when_large
def _touches_target(start: Ints, adjacent: Ints, parent: Ints, unknowns: int) -> bool:
    """Whether the last interior root is joined, through its subtree, to a target."""
    interior = parent.size
    for target in range(interior, unknowns):
        for entry in range(start[target], start[target + 1]):
            column = adjacent[entry]
            if column < interior:
                while parent[column] >= 0:
                    column = parent[column]
                if column == interior - 1:
                    return True
    return False


@compiled_when_large
def _partition(parent: Ints, count: Ints, unknowns: int, last_joins: bool) -> Ints:
    """Group columns into supernodes; all the targets make one.

    A sweep in postorder keeps the supernodes made so far on a stack. Column j opens a supernode
    of its own and swallows the one before it, c, while that is a descendant and either

    - the whole subtree of j has at most ``DENSE_SUBTREE`` columns, or
    - j is the parent of c's last column and the zeros this stores, (width of c) x (rows of the
      union - rows of c), are at most ``SPARE_ZEROS`` more than the rows of c, which the path no
      longer copies.

    A column that has the structure of the one before it less its diagonal adds no zero.
    """
    interior = parent.size
    subtree = np.ones(interior, np.int64)
    for column in range(interior):
        if parent[column] >= 0:
            subtree[parent[column]] += subtree[column]
    stack = np.empty(unknowns + 1, np.int64)
    made = 0
    for column in range(interior):
        opened = column
        oldest = column - subtree[column] + 1
        while made > 0 and stack[made - 1] >= oldest:
            last = opened - 1
            width = opened - stack[made - 1]
            zeros = width * (column - last + count[column] - count[last])
            small = subtree[column] <= DENSE_SUBTREE
            near = parent[last] >= opened and zeros <= SPARE_ZEROS + count[last]
            if not (small or near):
                break
            opened = stack[made - 1]
            made -= 1
        stack[made] = opened
        made += 1
    if unknowns > interior:
        stack[made] = interior
        made += 1
        if made > 1 and last_joins:
            width = interior - stack[made - 2]
            zeros = width * (unknowns - interior)
            if zeros <= SPARE_ZEROS:
                made -= 1
    first = np.empty(made + 1, np.int64)
    first[:made] = stack[:made]
    first[made] = unknowns
    return first


@compiled_when_large
def _rows(start: Ints, adjacent: Ints, first: Ints, nodes: int) -> tuple[Ints, Ints]:
    """Return the rows below each supernode: its neighbours' and its children's, sorted.

    rows(s) = union of {later neighbours of s's columns} and {rows of s's children}, less s's own
    columns. The storage grows by doubling.
    """
    made = first.size - 1
    row_start = np.zeros(made + 1, np.int64)
    rows = np.empty(4 * nodes, np.int64)
    seen = np.full(nodes, -1, np.int64)
    supernode = np.empty(first[made], np.int64)
    first_child = np.full(made, -1, np.int64)
    next_sibling = np.full(made, -1, np.int64)
    for s in range(made):
        supernode[first[s] : first[s + 1]] = s
    for s in range(made):
        end = first[s + 1]
        fill = row_start[s]
        if rows.size < fill + nodes:
            larger = np.empty(2 * rows.size, np.int64)
            larger[:fill] = rows[:fill]
            rows = larger
        for column in range(first[s], end):
            for entry in range(start[column], start[column + 1]):
                row = adjacent[entry]
                if row >= end and seen[row] != s:
                    seen[row] = s
                    rows[fill] = row
                    fill += 1
        child = first_child[s]
        while child >= 0:
            for entry in range(row_start[child], row_start[child + 1]):
                row = rows[entry]
                if row >= end and seen[row] != s:
                    seen[row] = s
                    rows[fill] = row
                    fill += 1
            child = next_sibling[child]
        rows[row_start[s] : fill].sort()
        row_start[s + 1] = fill
        if fill > row_start[s] and rows[row_start[s]] < first[made]:
            above = supernode[rows[row_start[s]]]
            next_sibling[s] = first_child[above]
            first_child[above] = s
    return row_start, rows[: row_start[made]].copy()
