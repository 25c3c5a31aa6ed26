"""A digest of all that an object of a user's does: its code, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from types import BuiltinFunctionType, MethodType, ModuleType
from typing import Any

from pydantic import BaseModel

from .studies.code import Reader


def whole_digest(what: object) -> str | None:
    """Return the digest of a function, a class or an object; None where something in it has none.

    Beside what `~ohmtick.scenarios.studies.code.own_code` covers, objects count by what they hold,
    as they would be copied, and methods by what they are bound to. A lock, an open file or a
    generator has no digest.
    """
    kind = what if hasattr(what, "__qualname__") else type(what)
    home = str(getattr(kind, "__module__", None) or "").partition(".")[0]
    try:
        told = "\n".join(_Whole(home).of(what))
    except Exception:  # whatever other people's objects raise of being copied
        return None
    return sha256(told.encode("utf-8", "backslashreplace")).hexdigest()


class _Whole(Reader):
    """Tells of what objects hold, too."""

    def _of_object(self, value: Any) -> Iterator[str]:
        if isinstance(value, MethodType):
            yield from self._of_all((value.__func__, value.__self__))
        elif isinstance(value, BuiltinFunctionType):
            yield f"{value.__module__} {value.__qualname__}"
            if not isinstance(value.__self__, ModuleType | None):
                yield from self.of(value.__self__)
        elif isinstance(value, cached_property):
            yield from self.of(value.func)
        elif type(value).__module__ == "_abc":  # what a class remembers of its subclasses
            return
        elif isinstance(value, BaseModel):  # without what it has computed since it was made
            yield from self.of(type(value))
            yield from self.of({name: getattr(value, name) for name in type(value).model_fields})
            yield from self.of(value.__pydantic_private__)
        else:
            yield from super()._of_object(value)
            reduced = value.__reduce_ex__(4)
            if isinstance(reduced, str):  # it is known by that name
                yield reduced
                return
            yield from self._of_all(reduced[:3])
            for items in reduced[3:5]:
                yield from self.of(None if items is None else list(items))
