"""One event: read the drops over an edge, or change its conductance, along one path.

The factor. Eliminate the nodes one by one. A node j that is tied to the later nodes r by the
conductances c_rj sits at their weighted mean,

    v_j = sum_r M_rj v_r,    M_rj = c_rj / d_j,    d_j = sum_r c_rj,

and taking it out leaves c_rs + c_rj c_sj / d_j between r and s: the star-mesh transformation.
With the sources as last rows, never eliminated, L = I - M and D = diag(d_j) are the factors of
the Laplacian of the whole circuit, L D L^T; every weight M_rj lies in [0, 1] and a column's
weights add to one. The diagonal of a panel holds the resistance 1 / d_j.

A read. The drop over the edge (i, j) is b^T v with b = e_i - e_j. Replacing each eliminated
node by the mean that it sits at turns b into weights on the nodes that are left,

    for each column j on the path:    w_r <- w_r + w_j M_rj  for r > j,    w_j <- 0,

until only targets and sources carry weight. Then drop = w . v on that boundary, where both
copies' voltages are known. Only columns on the tree path from min(i, j) ever carry weight.

A change. A + delta b b^T has the same structure, and its factor follows on the same path from
the same weights (Gill, Golub, Murray, Saunders 1974, method C1; Davis and Hager 1999 for the
sparse case), with t_j = det A'_jj / det A_jj, the ratio of the leading determinants:

    t' = t + delta w_j^2 / d_j,    beta = delta w_j / (d_j t'),    d_j <- d_j t' / t,
    w_r <- w_r + w_j M_rj,    M_rj <- M_rj - beta w_r    for r > j,    t <- t'.

References
----------
P. E. Gill, G. H. Golub, W. Murray, M. A. Saunders, "Methods for modifying matrix
factorizations", Math. Comp. 28 (1974).
T. A. Davis, W. W. Hager, "Modifying a sparse Cholesky factorization", SIAM J. Matrix Anal. 20
(1999).
"""

from __future__ import annotations

from ..kernels.kernel import Ints, Reals, kernel
from .boundary import settle
from .layout import (
    AT_CLAMPED,
    AT_ENDS,
    AT_FREE,
    AT_LOCAL,
    AT_RECORD,
    AT_ROWS,
    AT_SUPERNODE,
    AT_WEIGHT,
    END,
    FIRST,
    INTERIOR,
    NODES,
    PANEL,
    RECORD,
    ROW_COUNT,
    ROW_START,
    UNKNOWNS,
)
from .panel import carry, modify

#: A change that leaves less than this of a determinant cancels too many digits: refactor. (What
#: weak ties magnify is for `panel` to see, what many changes add up to for `network` to bound.)
LEAST_RATIO = 1e-7


@kernel(inline=True)
def drops(real: Reals, index: Ints, edge: int) -> tuple[float, float]:
    """Return the drop over an edge, first node minus second, free and clamped, V."""
    interior = index[INTERIOR]
    column = _raise_ends(real, index, edge)
    while column < interior:
        column = _carry_on(real, index, column)
    return _meet_boundary(real, index)


@kernel(inline=True)
def add(real: Reals, index: Ints, edge: int, delta: float) -> int:
    """Add `delta` to the conductance of an edge, S.

    Returns
    -------
    int
        -1, or a position whose pivot would lose too many digits, or vanish: the factor is then
        spoilt, and `refactor` must make it anew or name the singular node.
    """
    unknowns = index[UNKNOWNS]
    column = _raise_ends(real, index, edge)
    ratio = 1.0
    failed = -1
    while column < unknowns:
        above, ratio = _modify_on(real, index, column, delta, ratio)
        if not ratio > LEAST_RATIO and failed < 0:
            failed = column
        column = above
    _finish_change(real, index)
    return failed


@kernel(inline=True)
def _raise_ends(real: Reals, index: Ints, edge: int) -> int:
    """Put the weights +1 and -1 on an edge's ends; return the position eliminated first."""
    weight = index[AT_WEIGHT]
    plus, minus = index[index[AT_ENDS] + 2 * edge], index[index[AT_ENDS] + 2 * edge + 1]
    real[weight + plus] = 1.0
    real[weight + minus] = -1.0
    lower: int = min(plus, minus)
    return lower


@kernel(inline=True)
def _meet_boundary(real: Reals, index: Ints) -> tuple[float, float]:
    """Return weights . voltages over targets and sources for both copies; clear the weights."""
    at_free, at_clamped = index[AT_FREE], index[AT_CLAMPED]
    at = index[AT_WEIGHT] + index[INTERIOR]
    free = 0.0
    clamped = 0.0
    for place in range(index[NODES] - index[INTERIOR]):
        share = real[at + place]
        real[at + place] = 0.0
        free += share * real[at_free + place]
        clamped += share * real[at_clamped + place]
    return free, clamped


@kernel(inline=True)
def _finish_change(real: Reals, index: Ints) -> None:
    """Clear the weights on the sources, and let the targets follow."""
    at = index[AT_WEIGHT]
    for place in range(at + index[UNKNOWNS], at + index[NODES]):
        real[place] = 0.0
    settle(real, index)


@kernel(inline=True)
def _carry_on(real: Reals, index: Ints, column: int) -> int:
    """Carry weights through the rest of a column's supernode; return the next column."""
    record = index[AT_RECORD] + RECORD * index[index[AT_SUPERNODE] + column]
    first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
    stop = min(end, index[INTERIOR])
    at = _enter(real, index, record, column)
    carry(real, index[record + PANEL], end - first + count, at, column - first, stop - first)
    return _leave(real, index, record, at, column, stop)


@kernel(inline=True)
def _modify_on(
    real: Reals, index: Ints, column: int, delta: float, ratio: float
) -> tuple[int, float]:
    """Modify the rest of a column's supernode; return the next column and the ratio t."""
    record = index[AT_RECORD] + RECORD * index[index[AT_SUPERNODE] + column]
    first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
    at = _enter(real, index, record, column)
    ratio = modify(
        real, index[record + PANEL], end - first + count, at, column - first, end - first,
        delta, ratio,
    )  # fmt: skip
    return _leave(real, index, record, at, column, end), ratio


@kernel(inline=True)
def _enter(real: Reals, index: Ints, record: int, column: int) -> int:
    """Return where the weights of a supernode's columns and rows lie together.

    That is where they are already if the rows follow the columns; else they are brought there,
    from `column` on: before it there are none.
    """
    first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
    at_rows = index[AT_ROWS] + index[record + ROW_START]
    weight, local = index[AT_WEIGHT], index[AT_LOCAL]
    if count == 0 or index[at_rows + count - 1] == end + count - 1:
        in_place: int = weight + first
        return in_place
    for place in range(column, end):
        real[local + place - first] = real[weight + place]
    below = local + end - first
    for place in range(count):
        real[below + place] = real[weight + index[at_rows + place]]
    elsewhere: int = local
    return elsewhere


@kernel(inline=True)
def _leave(real: Reals, index: Ints, record: int, at: int, column: int, stop: int) -> int:
    """Clear the weights of the columns before `stop`, hand on the rest; return the next column."""
    first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
    at_rows, weight = index[AT_ROWS] + index[record + ROW_START], index[AT_WEIGHT]
    for place in range(column, stop):
        real[weight + place] = 0.0
    if at != weight + first:
        for place in range(stop, end):
            real[weight + place] = real[at + place - first]
        below = at + end - first
        for place in range(count):
            real[weight + index[at_rows + place]] = real[below + place]
    if stop < end:
        return stop
    above: int = index[at_rows] if count > 0 else index[NODES]
    return above
