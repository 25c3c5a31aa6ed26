"""The arithmetic of a walk inside one panel: carry weights through it, or modify it.

Four columns at a time, so that each weight is loaded and stored once for four columns, and the
panel streams through once. Each entry still sees the columns in order, one product at a time:
how columns are blocked alters no bit.

Weights w start at `w` and panels at `panel`, both within `real`; row r of column j is at
``a_j + r``. Inner loops take unsigned offsets: a signed index might count from the end of the
array, and would be tested for it.
"""

from __future__ import annotations

import numpy as np

from ..kernels.kernel import Reals, kernel
from .layout import column_offset

_1, _2, _3, _4 = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)

#: A column is looked at where a change is so many times its pivot. Below that, only conductances
#: of many decades less are left, and what rounding does to the weights on them is nothing.
WIDE = 1e10
#: The most that the rounding of weights, 1e-16, may be magnified in a column of the factor.
MOST_MAGNIFIED = 1e2


@kernel(inline=True)
def carry(real: Reals, panel: int, height: int, w: int, column: int, stop: int) -> None:
    """Eliminate the columns ``column .. stop - 1`` of one panel from the weights at w."""
    j = column
    a0 = panel + column_offset(j, height) - j
    y = w + j
    while j + 4 <= stop:
        a1 = a0 + height - j - 1
        a2 = a1 + height - j - 2
        a3 = a2 + height - j - 3
        b0, b1, b2, b3 = np.uintp(a0 + j), np.uintp(a1 + j), np.uintp(a2 + j), np.uintp(a3 + j)
        x = np.uintp(y)
        w0 = real[x]
        w1 = real[x + _1] + w0 * real[b0 + _1]
        w2 = (real[x + _2] + w0 * real[b0 + _2]) + w1 * real[b1 + _2]
        w3 = real[x + _3] + w0 * real[b0 + _3]
        w3 = (w3 + w1 * real[b1 + _3]) + w2 * real[b2 + _3]
        _carry_four(
            real, x + _4, b0 + _4, b1 + _4, b2 + _4, b3 + _4, np.uintp(height - j - 4),
            w0, w1, w2, w3,
        )  # fmt: skip
        a0 = a3 + height - j - 4
        y += 4
        j += 4
    while j < stop:
        x, b0 = np.uintp(y), np.uintp(a0 + j)
        w0 = real[x]
        for r in range(_1, np.uintp(height - j)):
            real[x + r] += w0 * real[b0 + r]
        a0 += height - j - 1
        y += 1
        j += 1


@kernel(inline=True)
def _carry_four(
    real: Reals, y: np.uintp, a0: np.uintp, a1: np.uintp, a2: np.uintp, a3: np.uintp,
    rows: np.uintp,
    w0: float, w1: float, w2: float, w3: float,
) -> None:  # fmt: skip
    """w_r <- w_r + sum_j w_j M_rj over four columns, for the rows below them."""
    for r in range(rows):
        x = real[y + r] + w0 * real[a0 + r]
        x += w1 * real[a1 + r]
        x += w2 * real[a2 + r]
        x += w3 * real[a3 + r]
        real[y + r] = x


@kernel(inline=True)
def modify(
    real: Reals, panel: int, height: int, w: int, column: int, stop: int, delta: float,
    t0: float,
) -> float:  # fmt: skip
    """Eliminate columns from the weights and modify them on the way; return the ratio t.

    It is not a number where too many digits were lost.
    """
    wide = WIDE / abs(delta)
    j = column
    a0 = panel + column_offset(j, height) - j
    y = w + j
    while j + 4 <= stop:
        a1 = a0 + height - j - 1
        a2 = a1 + height - j - 2
        a3 = a2 + height - j - 3
        b0, b1, b2, b3 = np.uintp(a0 + j), np.uintp(a1 + j), np.uintp(a2 + j), np.uintp(a3 + j)
        x = np.uintp(y)
        m10, m20, m30 = real[b0 + _1], real[b0 + _2], real[b0 + _3]
        m21, m31, m32 = real[b1 + _2], real[b1 + _3], real[b2 + _3]
        d0, d1, d2, d3 = real[b0], real[b1 + _1], real[b2 + _2], real[b3 + _3]
        # The weights of the four columns, and of their rows after each elimination.
        w0 = real[x]
        w1 = real[x + _1] + w0 * m10
        w20 = real[x + _2] + w0 * m20
        w30 = real[x + _3] + w0 * m30
        w2 = w20 + w1 * m21
        w31 = w30 + w1 * m31
        w3 = w31 + w2 * m32
        g0, g1, g2, g3 = delta * w0 * d0, delta * w1 * d1, delta * w2 * d2, delta * w3 * d3
        t1 = t0 + w0 * g0
        t2 = t1 + w1 * g1
        t3 = t2 + w2 * g2
        t4 = t3 + w3 * g3
        beta0, beta1, beta2, beta3 = g0 / t1, g1 / t2, g2 / t3, g3 / t4
        real[b0] = d0 * (t0 / t1)
        real[b1 + _1] = d1 * (t1 / t2)
        real[b2 + _2] = d2 * (t2 / t3)
        real[b3 + _3] = d3 * (t3 / t4)
        real[b0 + _1] = m10 - beta0 * w1
        real[b0 + _2] = m20 - beta0 * w20
        real[b0 + _3] = m30 - beta0 * w30
        real[b1 + _2] = m21 - beta1 * w2
        real[b1 + _3] = m31 - beta1 * w31
        real[b2 + _3] = m32 - beta2 * w3
        if (d0 + d1) + (d2 + d3) > wide and _magnifies(
            real, x + _4, (b0 + _4, b1 + _4, b2 + _4, b3 + _4), np.uintp(height - j - 4),
            (w0, w1, w2, w3), (d0 / t1, d1 / t2, d2 / t3, d3 / t4), delta,
        ):  # fmt: skip
            t4 = np.nan
        _modify_four(
            real, x + _4, b0 + _4, b1 + _4, b2 + _4, b3 + _4, np.uintp(height - j - 4),
            w0, w1, w2, w3, beta0, beta1, beta2, beta3,
        )  # fmt: skip
        t0 = t4
        a0 = a3 + height - j - 4
        y += 4
        j += 4
    while j < stop:
        x, b0 = np.uintp(y), np.uintp(a0 + j)
        w0 = real[x]
        d0 = real[b0]
        g0 = delta * w0 * d0
        t1 = t0 + w0 * g0
        beta0 = g0 / t1
        real[b0] = d0 * (t0 / t1)
        if d0 > wide and _magnifies(
            real, x + _1, (b0 + _1,), np.uintp(height - j - 1), (w0,), (d0 / t1,), delta
        ):
            t1 = np.nan
        for r in range(_1, np.uintp(height - j)):
            m = real[b0 + r]
            v = real[x + r] + w0 * m
            real[b0 + r] = m - beta0 * v
            real[x + r] = v
        t0 = t1
        a0 += height - j - 1
        y += 1
        j += 1
    return t0


@kernel(inline=True)
def _modify_four(
    real: Reals, y: np.uintp, a0: np.uintp, a1: np.uintp, a2: np.uintp, a3: np.uintp,
    rows: np.uintp,
    w0: float, w1: float, w2: float, w3: float,
    beta0: float, beta1: float, beta2: float, beta3: float,
) -> None:  # fmt: skip
    """w_r <- w_r + w_j M_rj, M_rj <- M_rj - beta_j w_r, j by j, for the rows below four columns."""
    for r in range(rows):
        m0, m1, m2, m3 = real[a0 + r], real[a1 + r], real[a2 + r], real[a3 + r]
        x0 = real[y + r] + w0 * m0
        x1 = x0 + w1 * m1
        x2 = x1 + w2 * m2
        x3 = x2 + w3 * m3
        real[a0 + r] = m0 - beta0 * x0
        real[a1 + r] = m1 - beta1 * x1
        real[a2 + r] = m2 - beta2 * x2
        real[a3 + r] = m3 - beta3 * x3
        real[y + r] = x3


@kernel
def _magnifies(
    real: Reals, y: np.uintp, columns: tuple[np.uintp, ...], rows: np.uintp,
    weights: tuple[float, ...], resistances: tuple[float, ...], delta: float,
) -> bool:  # fmt: skip
    """Whether a change magnifies rounding too far in some columns, whose rows below are not yet.

    Where weak ties alone are left, as of a cluster of strong edges, the weights have cancelled to
    rounding, some 1e-16, and M_rj takes ``delta w_j w_r / (d_j t')``: rounding is magnified by
    ``delta w_r / (d_j t')``.

    Parameters
    ----------
    y, columns
        Where the weights of the rows below start, and these rows of each column.
    rows
        How many.
    weights, resistances
        w_j and ``1 / (d_j t')`` of each column.
    delta
        The change.
    """
    largest = 0.0
    for r in range(rows):
        below = real[y + r]
        for column, weight in zip(columns, weights):  # noqa: B905 - numba has no strict one
            below += weight * real[column + r]
        largest = max(largest, abs(below))
    for j in range(len(weights) - 1, -1, -1):
        largest = max(largest, abs(weights[j]))
        if not largest * abs(delta) * resistances[j] <= MOST_MAGNIFIED:
            return True
    return False
