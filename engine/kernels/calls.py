"""Rules and devices as Python calls them: the same machine code that the compiled loop calls.

Each takes first where everything lies that stays the same from call to call; `bound` puts that
together. Numba needs longer to take an array from Python than most rules need to run, so there is
one array, of addresses.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import numpy as np
from numba import float64, int64

from .draws import uniform
from .kernel import Function, Ints, Reals, kernel
from .pointers import change_at, conductance_at, entry, row_at, rule_at


@kernel
def asked(at: Ints, drop_free: float, drop_clamped: float, value: float) -> float:
    """Return the change that a rule asks for; see `Rule.change`.

    `at` has the addresses of the rule, its state, its parameters and the nudge.
    """
    return rule_at(at[0])(  # type: ignore[no-any-return]
        drop_free, drop_clamped, value, row_at(at[1]), row_at(at[2]), row_at(at[3])[0]
    )


@kernel
def changed(at: Ints, value: float, amount: float, draw: float) -> float:
    """Return a device's value after a change; see `Resistor.change`.

    `at` has the addresses of the change, the device's state and its parameters.
    """
    return change_at(at[0])(  # type: ignore[no-any-return]
        value, amount, row_at(at[1]), row_at(at[2]), draw
    )


@kernel
def conducted(at: Ints, value: float) -> float:
    """Return what a device conducts at a value, S.

    `at` has the addresses of the function and of the device's parameters.
    """
    return conductance_at(at[0])(value, row_at(at[1]))  # type: ignore[no-any-return]


@kernel
def drawn(key: Ints, edge: int, actuation: int) -> float:
    """Return the draw of an edge's actuation, uniform in (0, 1)."""
    return uniform(key, edge, actuation)


_AT = int64[::1]
#: Signatures of the above, for `bound` and `~ohmtick.engine.kernels.pointers.entry`.
ASKED = float64(_AT, float64, float64, float64)
CHANGED = float64(_AT, float64, float64, float64)
CONDUCTED = float64(_AT, float64)
DRAWN = float64(int64[::1], int64, int64)


class _Addresses(np.ndarray[Any, np.dtype[np.int64]]):
    """Addresses, and what must not go while they are in use."""

    rows: tuple[Reals, ...]


def bound(call: Function, signature: Any, function: int, *rows: Reals) -> Function:
    """Return one of the above for a function at an address and its rows, each contiguous.

    The function, unlike the rows, has to be kept by somebody else.
    """
    numbers = [function, *(row.__array_interface__["data"][0] for row in rows)]
    at = np.array(numbers, dtype=np.int64).view(_Addresses)
    at.rows = rows
    return MethodType(entry(call, signature), at)  # a call of it is cheaper than of a partial
