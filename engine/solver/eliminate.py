"""Make the factor from the conductances: eliminate every node, star by star.

Taking out node j leaves the conductance c_rj c_sj / d_j between each two of its later neighbours,
d_j = sum_r c_rj. Nothing is ever subtracted, so every entry comes out to a few units of its own
last place, however many decades the conductances span (the diagonal as a row sum: Grassmann,
Taksar and Heyman 1985), and d_j vanishes exactly where a part touches no source.

The nodes of one supernode are eliminated together in a dense panel; what they leave between the
rows below is a triangle that the parent takes over (multifrontal: Duff and Reid 1983).

References
----------
W. K. Grassmann, M. I. Taksar, D. P. Heyman, "Regenerative analysis and steady state
distributions for Markov chains", Oper. Res. 33 (1985).
I. S. Duff, J. K. Reid, "The multifrontal solution of indefinite sparse symmetric linear
systems", ACM Trans. Math. Softw. 9 (1983).
"""

from __future__ import annotations

from ..kernels.kernel import Ints, Reals, kernel
from .boundary import settle
from .layout import (
    AT_PLACE,
    AT_RECORD,
    AT_ROWS,
    AT_SLOT,
    AT_STACK,
    AT_WEIGHT,
    EDGES,
    END,
    FIRST,
    LAST_CHILD,
    PANEL,
    PARENT,
    PREVIOUS_SIBLING,
    RECORD,
    ROW_COUNT,
    ROW_START,
    SUPERNODES,
    column_offset,
)


@kernel
def refactor(real: Reals, index: Ints, conductances: Reals) -> int:
    """Make the factor anew from all the conductances, S, shape (E,).

    Returns
    -------
    int
        -1, or the first position whose node is tied to no later one: singular.
    """
    real[: index[AT_WEIGHT]] = 0.0
    for edge in range(index[EDGES]):
        slot = index[index[AT_SLOT] + edge]
        if slot >= 0:
            real[slot] += conductances[edge]
    top = index[AT_STACK]
    failed = -1
    for s in range(index[SUPERNODES]):
        record = index[AT_RECORD] + RECORD * s
        first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
        width, height = end - first, end - first + count
        panel = real[index[record + PANEL] :]
        passes_on = index[record + PARENT] >= 0
        size = count * (count + 1) // 2 if passes_on else 0
        triangle = real[top : top + size]
        triangle[:] = 0.0
        bottom = _take_children(real, index, record, top, panel, triangle)
        column = _eliminate(panel, width, height, triangle, passes_on)
        if column >= 0 and failed < 0:
            failed = first + column
        if bottom < top:
            for entry in range(size):
                real[bottom + entry] = triangle[entry]
        top = bottom + size
    settle(real, index)
    return failed


@kernel
def _take_children(
    real: Reals, index: Ints, record: int, top: int, panel: Reals, triangle: Reals
) -> int:
    """Add the children's triangles, on top of the stack; return where the lowest starts."""
    child = index[record + LAST_CHILD]
    if child < 0:
        return top
    first, end, count = index[record + FIRST], index[record + END], index[record + ROW_COUNT]
    width, height = end - first, end - first + count
    at_rows = index[AT_ROWS] + index[record + ROW_START]
    place = index[index[AT_PLACE] :]
    for row in range(count):
        place[index[at_rows + row]] = row
    bottom = top
    while child >= 0:
        below = index[AT_RECORD] + RECORD * child
        rows = index[below + ROW_COUNT]
        child_rows = index[index[AT_ROWS] + index[below + ROW_START] :]
        bottom -= rows * (rows + 1) // 2
        at = bottom
        own = 0
        while own < rows and child_rows[own] < end:
            own += 1
        for a in range(rows):
            if a < own:
                column = child_rows[a] - first
                offset = column_offset(column, height) - column
                for b in range(a + 1, own):
                    panel[offset + child_rows[b] - first] += real[at + b - a]
                offset += width
                for b in range(own, rows):
                    panel[offset + place[child_rows[b]]] += real[at + b - a]
            elif triangle.size > 0:
                column = place[child_rows[a]]
                offset = column_offset(column, count) - column
                for b in range(a + 1, rows):
                    triangle[offset + place[child_rows[b]]] += real[at + b - a]
            at += rows - a
        child = index[below + PREVIOUS_SIBLING]
    return bottom


@kernel
def _eliminate(panel: Reals, width: int, height: int, triangle: Reals, passes_on: bool) -> int:
    """Eliminate a panel's columns; return the first that is tied to nothing, or -1.

    Blocks of four: within a block column by column, then all four at once from everything to
    their right, then c_rj becomes M_rj = c_rj / d_j.
    """
    failed = -1
    j = 0
    while j < width:
        block = min(4, width - j)
        for c in range(j, j + block):
            at = column_offset(c, height)
            resistance = 1.0 / _total(panel[at + 1 : at + height - c])
            if not 0.0 < resistance < 1e300 and failed < 0:
                failed = c
            panel[at] = resistance
            for s in range(c + 1, j + block):
                share = panel[at + s - c] * resistance
                right = panel[column_offset(s, height) + 1 : column_offset(s + 1, height)]
                left = panel[at + s - c + 1 : at + height - c]
                for r in range(height - s - 1):
                    right[r] += share * left[r]
        if block == 4:
            _update_four(panel, width, height, j, triangle, passes_on)
        else:
            for c in range(j, j + block):
                _update_one(panel, width, height, c, j + block, triangle, passes_on)
        for c in range(j, j + block):
            at = column_offset(c, height)
            resistance = panel[at]
            column = panel[at + 1 : at + height - c]
            for r in range(height - c - 1):
                column[r] *= resistance
        j += block
    return failed


@kernel
def _total(column: Reals) -> float:
    """Add up a column, in four interleaved sums."""
    s0 = s1 = s2 = s3 = 0.0
    whole = column.size - column.size % 4
    for r in range(0, whole, 4):
        s0 += column[r]
        s1 += column[r + 1]
        s2 += column[r + 2]
        s3 += column[r + 3]
    for r in range(whole, column.size):
        s0 += column[r]
    return (s0 + s1) + (s2 + s3)


@kernel
def _update_four(
    panel: Reals, width: int, height: int, j: int, triangle: Reals, passes_on: bool
) -> None:
    """c_rs <- c_rs + sum_q c_rq c_sq / d_q over the four columns q from j, for all s past them."""
    at0 = column_offset(j, height) - j
    at1 = column_offset(j + 1, height) - j - 1
    at2 = column_offset(j + 2, height) - j - 2
    at3 = column_offset(j + 3, height) - j - 3
    r0, r1, r2, r3 = panel[at0 + j], panel[at1 + j + 1], panel[at2 + j + 2], panel[at3 + j + 3]
    for s in range(j + 4, height if passes_on else width):
        f0, f1 = panel[at0 + s] * r0, panel[at1 + s] * r1
        f2, f3 = panel[at2 + s] * r2, panel[at3 + s] * r3
        c0, c1 = panel[at0 + s + 1 : at0 + height], panel[at1 + s + 1 : at1 + height]
        c2, c3 = panel[at2 + s + 1 : at2 + height], panel[at3 + s + 1 : at3 + height]
        if s < width:
            right = panel[column_offset(s, height) + 1 : column_offset(s + 1, height)]
        else:
            count = height - width
            right = triangle[
                column_offset(s - width, count) + 1 : column_offset(s - width + 1, count)
            ]
        for r in range(height - s - 1):
            right[r] += (f0 * c0[r] + f1 * c1[r]) + (f2 * c2[r] + f3 * c3[r])


@kernel
def _update_one(
    panel: Reals,
    width: int,
    height: int,
    c: int,
    begin: int,
    triangle: Reals,
    passes_on: bool,
) -> None:
    """c_rs <- c_rs + c_rc c_sc / d_c for all s from `begin`."""
    at = column_offset(c, height) - c
    resistance = panel[at + c]
    for s in range(begin, height if passes_on else width):
        share = panel[at + s] * resistance
        left = panel[at + s + 1 : at + height]
        if s < width:
            right = panel[column_offset(s, height) + 1 : column_offset(s + 1, height)]
        else:
            count = height - width
            right = triangle[
                column_offset(s - width, count) + 1 : column_offset(s - width + 1, count)
            ]
        for r in range(height - s - 1):
            right[r] += share * left[r]
