"""The functions of rules and devices, compiled: those that come with it, and anybody's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import FunctionType
from typing import Any

from numba import njit

from ..engine.errors import OhmtickError, shortened
from ..engine.kernels.kernel import Function, kernel
from ..engine.kernels.pointers import RULE, address_of
from .frozen import frozen

#: What may stand in for a scenario's rule in one run: a function of ``(drop_free, drop_clamped,
#: conductance, learning_rate, nudge)`` that returns the change, in the unit of that rule.
RuleFunction = Callable[[float, float, float, float, float], float]
#: Characters of what numba says.
MOST_OF_A_REASON = 160
_PACKAGE = __name__.partition(".")[0]


def compiled(function: Function, signature: Any) -> tuple[Function | None, str]:
    """Return a function compiled for a signature, and ""; None where numba cannot, and why.

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
            return _built_in(plain), ""
        known = frozen(plain) if isinstance(plain, FunctionType) else None
        if known is None:
            return _compile(plain, signature), ""
        return _compile_once(_Source((known, str(signature)), plain, signature)), ""
    except Exception as error:  # numba has many ways to say that it cannot
        return None, _why(error)


def adapted(function: RuleFunction) -> tuple[Function | None, str]:
    """Return a stand-in for a rule as a rule's `change`, compiled; as `compiled` does.

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
            return _adapt(plain), ""
        return _adapt_once(_Source(known, plain, RULE)), ""
    except Exception as error:  # as above
        return None, _why(error)


def _why(error: Exception) -> str:
    """Return the first line of what numba says that is about the function and not about numba."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith("Failed in nopython mode")]
    return shortened(said[0] if said else type(error).__name__, MOST_OF_A_REASON)


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
