"""The order of elimination: nested dissection, the elimination tree, its postorder.

Eliminating a node joins all its neighbours that are left. The *elimination tree* records who
feels it first: the parent of column j is the first later column that j touches once the columns
before j are gone. What happens at a node is felt only on the path from it to the root, so short
paths are what the order is chosen for.

References
----------
A. George, "Nested dissection of a regular finite element mesh", SIAM J. Numer. Anal. 10 (1973).
J. W. H. Liu, "The role of elimination trees in sparse factorization", SIAM J. Matrix Anal. 11
(1990).
"""

from __future__ import annotations

import numpy as np
import pymetis

from ..kernels.kernel import Ints
from .loops import compiled_when_large


def neighbours(edges: Ints, nodes: int) -> tuple[Ints, Ints]:
    """Return each node's neighbours in compressed rows: ``adjacent[start[i]:start[i + 1]]``.

    Parallel edges count once.

    Parameters
    ----------
    edges
        Shape (E, 2), no self-loops.
    nodes
        Number of nodes, N.

    Returns
    -------
    start : ndarray of int64, shape (N + 1,)
    adjacent : ndarray of int64
    """
    from scipy.sparse import coo_array

    tails = np.concatenate([edges[:, 0], edges[:, 1]])
    heads = np.concatenate([edges[:, 1], edges[:, 0]])
    links = coo_array((np.ones(tails.size, np.bool_), (tails, heads)), shape=(nodes, nodes))
    rows = links.tocsr()
    rows.sum_duplicates()
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int64)


def dissect(edges: Ints, inner: Ints) -> Ints:
    """Order the inner nodes by nested dissection of the graph that they induce.

    Parameters
    ----------
    edges
        Edges between any nodes, shape (E, 2).
    inner
        The nodes to order.

    Returns
    -------
    ndarray of int64
        The inner nodes in order of elimination.
    """
    local = np.full(edges.max(initial=0) + 1, -1, np.int64)
    local[inner] = np.arange(inner.size)
    inside = local[edges]
    inside = inside[(inside >= 0).all(axis=1)]
    if inside.size == 0:
        return inner.copy()
    start, adjacent = neighbours(inside, inner.size)
    graph = pymetis.CSRAdjacency(start, adjacent)
    new_to_old, _ = pymetis.nested_dissection(graph, options=pymetis.Options(seed=1))
    return inner[np.asarray(new_to_old, dtype=np.int64)]


@compiled_when_large
def relabel(start: Ints, adjacent: Ints, order: Ints, position: Ints) -> tuple[Ints, Ints]:
    """Rewrite compressed neighbour rows from nodes to positions in the order."""
    new_start = np.empty_like(start)
    new_adjacent = np.empty_like(adjacent)
    fill = 0
    for place in range(order.size):
        new_start[place] = fill
        for entry in range(start[order[place]], start[order[place] + 1]):
            new_adjacent[fill] = position[adjacent[entry]]
            fill += 1
    new_start[order.size] = fill
    return new_start, new_adjacent


@compiled_when_large
def elimination_tree(start: Ints, adjacent: Ints, columns: int) -> Ints:
    """Return the parent of each column, -1 at a root.

    Row i of the factor is non-zero on the tree paths that climb from i's earlier neighbours, and
    i becomes the parent of every root met on the way. ``shortcut`` compresses the climbed paths
    (Liu 1990, algorithm 4.2).

    Parameters
    ----------
    start, adjacent
        Neighbours by position, compressed rows.
    columns
        How many positions, from the first, are eliminated.
    """
    parent = np.full(columns, -1, np.int64)
    shortcut = np.full(columns, -1, np.int64)
    for row in range(columns):
        for entry in range(start[row], start[row + 1]):
            column = adjacent[entry]
            while column < row:
                above = shortcut[column]
                shortcut[column] = row
                if above == -1:
                    parent[column] = row
                    break
                column = above
    return parent


@compiled_when_large
def postorder(parent: Ints) -> Ints:
    """Return the columns so that every subtree is contiguous and ends in its root.

    Children keep their order. An explicit stack: a path of the tree may be long.
    """
    columns = parent.size
    first_child = np.full(columns + 1, -1, np.int64)
    next_sibling = np.full(columns, -1, np.int64)
    for column in range(columns - 1, -1, -1):
        above = parent[column] if parent[column] >= 0 else columns
        next_sibling[column] = first_child[above]
        first_child[above] = column
    order = np.empty(columns, np.int64)
    stack = np.empty(columns + 1, np.int64)
    done = 0
    root = first_child[columns]
    while root >= 0:
        depth = 1
        stack[0] = root
        while depth > 0:
            top = stack[depth - 1]
            child = first_child[top]
            if child >= 0:
                first_child[top] = next_sibling[child]
                stack[depth] = child
                depth += 1
            else:
                order[done] = top
                done += 1
                depth -= 1
        root = next_sibling[root]
    return order


@compiled_when_large
def column_counts(start: Ints, adjacent: Ints, parent: Ints) -> Ints:
    """Return the number of entries below the diagonal in each column of the factor.

    Row i is the union of the paths that climb from i's earlier neighbours towards i; each new
    column met gains an entry. Rows past the last column (the boundary) count too; their paths
    end at a root. The cost is the number of entries of the factor.
    """
    columns = parent.size
    count = np.zeros(columns, np.int64)
    seen = np.full(columns, -1, np.int64)
    for row in range(start.size - 1):
        for entry in range(start[row], start[row + 1]):
            column = adjacent[entry]
            while 0 <= column < min(row, columns) and seen[column] != row:
                seen[column] = row
                count[column] += 1
                column = parent[column]
    return count
