"""What a function is to numba: its code, and the values that are constants to it."""

from __future__ import annotations

import builtins
from collections.abc import Hashable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

#: Whose functions and types stay what they are.
_FIXED = {"builtins", "cmath", "math", "numpy", "operator"}
#: Bytes of the largest array that is worth a comparison.
_LARGE = 1 << 16


class _Unknown(Exception):  # noqa: N818 - says that it cannot be told
    """A value of which numba may take more than can be seen from here."""


def frozen(function: FunctionType) -> Hashable | None:
    """Return all that a function's compiled code depends on.

    That is its code and its defaults, and of what it names the globals and the variables of
    enclosing functions, which are constants to numba: as they are now. Functions of which this is
    equal compile to the same.

    Returns
    -------
    hashable or None
        None where it cannot be told, as with a mutable object: whoever keeps compiled code then
        must not.
    """
    try:
        return _function(function, {id(function)})
    except _Unknown:
        return None


def _function(function: FunctionType, seen: set[int]) -> Hashable:
    names = sorted(set(_names(function.__code__)))
    known = vars(builtins) | function.__globals__
    try:
        enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:  # of a variable that has no value yet
        raise _Unknown from None
    values = {
        "defaults": function.__defaults__,
        "keyword defaults": tuple((function.__kwdefaults__ or {}).items()),
        "enclosed": tuple(enclosed),
        **{f"global {name}": known[name] for name in names if name in known},
    }
    return (
        function.__code__,
        *((what, _value(value, names, seen)) for what, value in values.items()),
    )


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of globals and attributes in some code, and in functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _value(value: Any, names: list[str], seen: set[int]) -> Hashable:
    """Return what is equal for equal constants: 1 and 1.0 differ, and so do 0.0 and -0.0."""
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes):
        return kind, value
    if kind in (float, complex):
        return kind, repr(value)
    if isinstance(value, np.generic):
        return value.dtype, value.tobytes()
    if kind is tuple:
        return kind, tuple(_value(each, names, seen) for each in value)
    if kind is np.ndarray and not value.dtype.hasobject and value.nbytes <= _LARGE:
        return value.dtype, value.shape, value.strides, value.tobytes()
    if isinstance(value, ModuleType):
        if id(value) in seen:
            return value
        within = vars(value)
        inside = [(name, within[name]) for name in names if name in within]
        return value, *((n, _value(each, names, seen | {id(value)})) for n, each in inside)
    if isinstance(value, np.ufunc) or _origin(value) in _FIXED:
        return id(value), value
    plain = getattr(value, "py_func", value)  # of one that numba has compiled
    if isinstance(plain, FunctionType):
        if id(plain) in seen:
            return plain
        return id(value), value, _function(plain, seen | {id(plain)})
    raise _Unknown


def _origin(value: Any) -> str:
    """Return the package that a function or a type belongs to."""
    module = getattr(value, "__module__", None) if callable(value) else None
    return module.partition(".")[0] if isinstance(module, str) else ""
