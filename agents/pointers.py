"""Learning rules as compiled code: the built-in ones, and any other that numba can compile."""

from __future__ import annotations

import inspect
from typing import Any

from numba import njit

from ..engine.errors import OhmtickError
from ..engine.kernel import kernel
from ..engine.pointers import RULE, address_of
from .rules import RuleFunction, coupled_learning, sign

_BUILT_IN: dict[RuleFunction, Any] = {
    function: kernel(function) for function in (coupled_learning, sign)
}


def compiled_rule(function: RuleFunction) -> RuleFunction | None:
    """Return a rule compiled, or None where numba cannot.

    Both engines then evaluate a user's rule by the same code, to the bit.

    Raises
    ------
    OhmtickError
        For a rule that does not take the five arguments of one.
    """
    _check_arguments(function)
    try:
        plain = getattr(function, "py_func", function)  # of one that numba has compiled already
        compiled: Any = _BUILT_IN.get(plain) or njit(error_model="numpy")(plain)
        address_of(compiled, RULE)
    except Exception:  # numba has many ways to say that it cannot
        return None
    return compiled  # type: ignore[no-any-return]


def _check_arguments(function: RuleFunction) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of a builtin, which does not say
        return
    try:
        signature.bind(0.0, 0.0, 0.0, 0.0, 0.0)
    except TypeError:
        raise OhmtickError(
            "a 'rule' must take (drop_free, drop_clamped, conductance, learning_rate, nudge), "
            f"got one that takes {signature}"
        ) from None
