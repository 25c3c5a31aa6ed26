"""The functions of rules and devices, compiled: those that come with it, and anybody's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import FunctionType
from typing import Any

from numba import njit

from ..engine.errors import OhmtickError
from ..engine.kernels.kernel import Function, kernel
from ..engine.kernels.pointers import RULE, address_of
from .frozen import frozen

#: What may stand in for a scenario's rule in one run: a function of ``(drop_free, drop_clamped,
#: conductance, learning_rate, nudge)`` that returns the change, in the unit of that rule.
RuleFunction = Callable[[float, float, float, float, float], float]
_PACKAGE = __name__.partition(".")[0]


def compiled(function: Function, signature: Any) -> Function | None:
    """Return a function compiled for a signature, or None where numba cannot.

    Both engines then evaluate it by the same code, to the bit. That of the latest functions is
    kept, and used again where nothing that numba made part of it has changed.

    Parameters
    ----------
    function
        Of scalars and rows; of one that numba has compiled already, that which it was made of.
    signature
        One of `~ohmtick.engine.kernels.pointers`.
    """
    plain = getattr(function, "py_func", function)
    try:
        if getattr(plain, "__module__", "").partition(".")[0] == _PACKAGE:
            return _built_in(plain)
        known = frozen(plain) if isinstance(plain, FunctionType) else None
        if known is None:
            return _compile(plain, signature)
        return _compile_once(_Source((known, str(signature)), plain, signature))
    except Exception:  # numba has many ways to say that it cannot
        return None


def adapted(function: RuleFunction) -> Function | None:
    """Return a stand-in for a rule as a rule's `change`, compiled; None where numba cannot.

    See `~ohmtick.agents.learning.stand_in`.

    Raises
    ------
    OhmtickError
        For a function that does not take the five arguments of one.
    """
    _check_arguments(function)
    plain = getattr(function, "py_func", function)
    known = frozen(plain) if isinstance(plain, FunctionType) else None
    try:
        if known is None:
            return _adapt(plain)
        return _adapt_once(_Source(known, plain, RULE))
    except Exception:  # as above
        return None


@dataclass(frozen=True)
class _Source:
    """A function, which is equal to another that compiles to the same."""

    known: Hashable
    function: Function = field(compare=False)
    signature: Any = field(compare=False)


@cache
def _built_in(function: Function) -> Function:
    return kernel(function)


def _compile(function: Function, signature: Any) -> Function:
    made: Any = njit(error_model="numpy", nogil=True)(function)
    address_of(made, signature)
    return made  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def _compile_once(source: _Source) -> Function:
    return _compile(source.function, source.signature)


def _adapt(function: RuleFunction) -> Function:
    inner: Any = njit(error_model="numpy", nogil=True)(function)

    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Any,
        parameters: Any,
        nudge: float,
    ) -> Any:
        return inner(drop_free, drop_clamped, value, parameters[0], nudge)

    return _compile(change, RULE)


@lru_cache(maxsize=16)
def _adapt_once(source: _Source) -> Function:
    return _adapt(source.function)


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
