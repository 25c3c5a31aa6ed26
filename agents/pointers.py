"""Learning rules as compiled code: the built-in ones, and any other that numba can compile."""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from types import FunctionType
from typing import Any

from numba import njit

from ..engine.errors import OhmtickError
from ..engine.kernels.kernel import kernel
from ..engine.kernels.pointers import RULE, address_of
from .frozen import frozen
from .rules import RuleFunction, coupled_learning, sign

_BUILT_IN: dict[RuleFunction, Any] = {
    function: kernel(function) for function in (coupled_learning, sign)
}


def compiled_rule(function: RuleFunction) -> RuleFunction | None:
    """Return a rule compiled, or None where numba cannot.

    Both engines then evaluate a user's rule by the same code, to the bit. That of the latest rules
    is kept, and used again where nothing that numba made part of it has changed.

    Raises
    ------
    OhmtickError
        For a rule that does not take the five arguments of one.
    """
    _check_arguments(function)
    try:
        plain = getattr(function, "py_func", function)  # of one that numba has compiled already
        if plain in _BUILT_IN:
            return _BUILT_IN[plain]  # type: ignore[no-any-return]
        known = frozen(plain) if isinstance(plain, FunctionType) else None
        return _compile(plain) if known is None else _compile_once(_Source(known, plain))
    except Exception:  # numba has many ways to say that it cannot
        return None


@dataclass(frozen=True)
class _Source:
    """A rule, which is equal to another that compiles to the same."""

    known: Hashable
    function: RuleFunction = field(compare=False)


@lru_cache(maxsize=16)
def _compile_once(source: _Source) -> RuleFunction:
    return _compile(source.function)


def _compile(function: RuleFunction) -> RuleFunction:
    compiled: Any = njit(error_model="numpy")(function)
    address_of(compiled, RULE)
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
