"""Rules and devices as Python calls them: the same machine code that the compiled loop calls.

Each takes the address of a function, and rows as matrices of one row; what stays the same from call
to call comes first, so that it can be bound.
"""

from __future__ import annotations

from numba import float64, int64

from .draws import uniform
from .kernel import Ints, Reals, kernel
from .pointers import change_at, conductance_at, row_of, rule_at


@kernel
def asked(
    rule: int, state: Reals, parameters: Reals, nudge: float, drop_free: float, drop_clamped: float,
    value: float,
) -> float:  # fmt: skip
    """Return the change that a rule asks for; see `Rule.change`."""
    return rule_at(rule)(  # type: ignore[no-any-return]
        drop_free, drop_clamped, value, row_of(state, 0), row_of(parameters, 0), nudge
    )


@kernel
def changed(
    change: int, state: Reals, parameters: Reals, value: float, amount: float, draw: float
) -> float:
    """Return a device's value after a change; see `Resistor.change`."""
    return change_at(change)(  # type: ignore[no-any-return]
        value, amount, row_of(state, 0), row_of(parameters, 0), draw
    )


@kernel
def conducted(conductance: int, parameters: Reals, value: float) -> float:
    """Return what a device conducts at a value, S."""
    return conductance_at(conductance)(value, row_of(parameters, 0))  # type: ignore[no-any-return]


@kernel
def drawn(key: Ints, edge: int, actuation: int) -> float:
    """Return the draw of an edge's actuation, uniform in (0, 1)."""
    return uniform(key, edge, actuation)


_MATRIX = float64[:, ::1]
#: Signatures of the above, for `~ohmtick.engine.kernels.pointers.entry`.
ASKED = float64(int64, _MATRIX, _MATRIX, float64, float64, float64, float64)
CHANGED = float64(int64, _MATRIX, _MATRIX, float64, float64, float64)
CONDUCTED = float64(int64, _MATRIX, float64)
DRAWN = float64(int64[::1], int64, int64)
