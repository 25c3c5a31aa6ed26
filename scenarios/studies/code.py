"""What code made a result: a digest of the package's sources, and one of a metric's own.

A result is good for the code that made it. Of a release that is its version; a version that is in
the making (``.dev``) is told by its sources. A metric of a user's is told by the code that is
loaded, and not by a file that may have been edited since: of the function, and of what it
refers to.
"""

from __future__ import annotations

import functools
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ... import __version__
from ...engine.registry import PACKAGE, PARTS, is_ours

ROOT = Path(__file__).parents[2]
#: Characters of a digest.
LENGTH = 12
#: Values that their text tells.
PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
#: Where code lies that is told by its name: Python's own, and what is installed.
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib")})
_SITES = {"site-packages", "dist-packages"}  # also a user's own, and those below an environment


def sources(root: Path) -> str:
    """Return a digest of the sources of the package that lies in a folder."""
    files = [*root.glob("__init__.py")]  # none, where sources were not installed
    for part in PARTS:
        files += sorted((root / part).rglob("*.py"))
    digest = sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:LENGTH]


# As they are when they are imported: a file may be edited while a session goes on.
_SOURCES = sources(ROOT)


def code() -> str:
    """Return what tells the package's code from another: a release's version, or a digest."""
    return code_of(__version__, _SOURCES)


def code_of(version: str, digest: str) -> str:
    """Return a release's version; of one that is in the making, the digest of its sources."""
    return digest if ".dev" in version else version


#: The digests of functions that were looked at: what they refer to may change as they run.
_KNOWN: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def stored_as(name: str, function: Any) -> str:
    """Return what the ledger calls a metric: its name, of a user's own with the digest."""
    return f"{name}@{own}" if (own := own_code(function)) else name


def own_code(function: Any) -> str:
    """Return the digest of a metric's code; empty for one of the package, whose code has one.

    It covers the function's compiled code, defaults and closure, and in the same way the functions,
    classes, modules and data of a user's that it refers to by name. Numbers, text, arrays and
    containers of these count by their values, other objects by their class, and what is
    installed (or Python's own) by its name.
    """
    module = getattr(function, "__module__", None) or ""
    if is_ours(module):
        return ""
    try:
        return _KNOWN[function]
    except (KeyError, TypeError):
        home = module.partition(".")[0]
        told = "\n".join(Reader(home).of(function))
        found = sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:LENGTH]
    with suppress(TypeError):  # there is no weak reference to it
        _KNOWN[function] = found
    return found


class Reader:
    """Tells, in lines of text, of a value and of all that it refers to."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._seen: dict[Any, Any] = {}  # kept, lest an address be used again

    def of(self, value: Any, names: tuple[str, ...] = ()) -> Iterator[str]:
        """Yield the lines on a value; of a module, on what has one of the names."""
        yield type(value).__qualname__
        if isinstance(value, PLAIN):
            yield repr(value)
        elif isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
            yield f"{value.dtype} {value.shape} {sha256(value.tobytes()).hexdigest()}"
        elif isinstance(value, tuple):
            yield from self._of_all(value)
        elif isinstance(value, set | frozenset):
            yield from sorted(map(_named, value))
        elif isinstance(value, CodeType):
            yield f"{value.co_code.hex()} {value.co_exceptiontable.hex()} {value.co_names}"
            yield from self._of_all(value.co_consts)
        elif isinstance(value, ModuleType):
            yield from self._of_module(value, names)
        elif not self._is_new(id(value), value):
            yield "again"
        elif isinstance(value, FunctionType):
            yield from self._of_function(value)
        elif isinstance(value, type):
            yield from self._of_class(value)
        elif isinstance(value, list):
            yield from self._of_all(value)
        elif isinstance(value, dict):
            yield from self._of_all(item for pair in value.items() for item in pair)
        elif isinstance(value, functools.partial):
            yield from self._of_all((value.func, value.args, value.keywords))
        elif isinstance(value, property):
            yield from self._of_all((value.fget, value.fset))
        elif hasattr(value, "__wrapped__"):  # as lru_cache and numba have it
            yield from self.of(value.__wrapped__)
        else:
            yield from self._of_object(value)

    def _of_object(self, value: Any) -> Iterator[str]:
        yield getattr(value, "__qualname__", "")
        yield from self.of(type(value))

    def _of_all(self, values: Iterable[Any]) -> Iterator[str]:
        for value in values:
            yield from self.of(value)

    def _of_module(self, module: ModuleType, names: tuple[str, ...]) -> Iterator[str]:
        yield module.__name__
        if not self._is_own(module.__name__, getattr(module, "__file__", None)):
            return
        for name in names:
            if name in vars(module) and self._is_new((id(module), name), module):
                yield name
                yield from self.of(vars(module)[name], names)

    def _of_function(self, function: FunctionType) -> Iterator[str]:
        yield function.__qualname__
        if not self._is_own(function.__module__, function.__code__.co_filename):
            yield function.__module__  # of one's own it differs in a worker, where it is a script's
            return
        yield from self.of(function.__code__)
        yield from self.of((function.__defaults__, function.__kwdefaults__))
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # it is empty yet
                yield from self.of(cell.cell_contents)
        names = tuple(dict.fromkeys(_names(function.__code__)))
        for name in names:
            if name in function.__globals__:
                yield name
                yield from self.of(function.__globals__[name], names)

    def _of_class(self, kind: type) -> Iterator[str]:
        yield kind.__qualname__
        module = sys.modules.get(kind.__module__)
        if not self._is_own(kind.__module__, getattr(module, "__file__", None)):
            yield kind.__module__
            return
        yield from self._of_all(kind.__bases__)
        for name, item in vars(kind).items():
            if callable(item) or not name.startswith("__"):
                yield name
                yield from self.of(getattr(item, "__func__", item))

    def _is_new(self, what: Any, value: Any) -> bool:
        if what in self._seen:
            return False
        self._seen[what] = value
        return True

    def _is_own(self, module: str | None, file: str | None) -> bool:
        """Whether code is the user's: of the metric's package, or neither installed nor ours."""
        top = (module or "").partition(".")[0]
        if top == self._home and top != PACKAGE:
            return True
        if is_ours(module or "") or file is None:
            return top == "__main__"
        return not (file.startswith((*_INSTALLED, "<frozen")) or _SITES & {*Path(file).parts})


def _named(value: Any) -> str:
    """Return a value's text where it is plain, or the name of it or of its class."""
    if isinstance(value, PLAIN):
        return repr(value)
    return str(getattr(value, "__qualname__", type(value).__qualname__))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)
