"""Learning rules by address: the built-in ones, and any other that numba can compile."""

from __future__ import annotations

from typing import Any

from numba import njit

from ..engine.pointers import RULE, address_of
from .rules import RuleFunction, coupled_learning, sign

_BUILT_IN: dict[RuleFunction, Any] = {
    function: njit(cache=True, error_model="numpy")(function)
    for function in (coupled_learning, sign)
}


def compiled_rule(function: RuleFunction) -> tuple[int, RuleFunction] | None:
    """Return a rule's address, and the same machine code as a function; None if it has neither.

    Both engines then evaluate a user's rule by the same code, to the bit.
    """
    try:
        plain = getattr(function, "py_func", function)  # of one that numba has compiled already
        compiled: Any = _BUILT_IN.get(plain) or njit(error_model="numpy")(plain)
        return address_of(compiled, RULE), compiled
    except Exception:  # numba has many ways to say that it cannot
        return None
