"""The registry: what a scenario, a study or a command can name, by family and kind.

A *family* is one sort of thing: clocks, rules, metrics, figures. A *kind* is one member of it,
known by its name. Members register themselves when their module is imported, whoever wrote it: a
class by deriving from the family's base with a ``kind``, a function by the family's decorator.
Whatever lists, validates, documents or tests kinds asks here, so that a new kind is one file.
"""

from __future__ import annotations

import hashlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from .errors import OhmtickError, nearest

#: Where installed packages announce modules that hold kinds.
ENTRY_POINTS = "ohmtick.kinds"
M = TypeVar("M")


@dataclass(frozen=True)
class Origin:
    """Where a kind comes from.

    Attributes
    ----------
    module, name : str
        Of its class or function.
    sha256 : str
        Digest of the file that holds it.
    """

    module: str
    name: str
    sha256: str


@dataclass
class Family(Mapping[str, M], Generic[M]):
    """All kinds of one family, by name, in the order in which they were registered.

    Parameters
    ----------
    name
        What one member is called in messages: ``"clock"``.
    """

    name: str
    _members: dict[str, M] = field(default_factory=dict)

    def __post_init__(self) -> None:
        FAMILIES[self.name] = self

    def __getitem__(self, kind: str) -> M:
        """Return a member.

        Raises
        ------
        OhmtickError
            When there is none of this name; with the nearest one.
        """
        load_installed()
        if kind not in self._members:
            raise OhmtickError(f"no {self.name} is called {kind!r}; {nearest(kind, self)}")
        return self._members[kind]

    def __iter__(self) -> Iterator[str]:
        load_installed()
        return iter(tuple(self._members))

    def __len__(self) -> int:
        load_installed()
        return len(self._members)

    def __contains__(self, kind: object) -> bool:
        load_installed()
        return kind in self._members

    def add(self, kind: str, member: M) -> M:
        """Register a member; one that was defined anew, in a notebook say, replaces itself.

        Raises
        ------
        OhmtickError
            When the name is taken, or is none that a file could hold as a bare word.
        """
        if not kind.replace("_", "a").isalnum() or not kind.isascii() or kind != kind.lower():
            raise OhmtickError(
                f"the name of a {self.name} must be lower-case letters, digits and '_', "
                f"got {kind!r} instead"
            )
        held = self._members.get(kind)
        if held is not None and _address(held) != _address(member):
            raise OhmtickError(
                f"the {self.name} {kind!r} of {_address(member)[0]} must have another name: "
                f"{_address(held)[0]} has registered one of that name"
            )
        self._members[kind] = member
        return member

    def origin(self, kind: str) -> Origin | None:
        """Return where a kind comes from; None for one that comes with Ohmtick."""
        module, name = _address(self[kind])
        if module.partition(".")[0] == __name__.partition(".")[0]:
            return None
        return Origin(module, name, _digest_of(self[kind], module))


#: Every family, by name.
FAMILIES: dict[str, Family[Any]] = {}


@cache
def load_installed() -> None:
    """Import what installed packages announce; once, and whatever a file may name.

    Raises
    ------
    OhmtickError
        When one of them cannot be imported.
    """
    for point in entry_points(group=ENTRY_POINTS):
        try:
            point.load()
        except Exception as error:  # whatever somebody else's module raises
            raise OhmtickError(
                f"the kinds of {point.value!r}, which an installed package announces, cannot be "
                f"imported: {type(error).__name__}: {error}"
            ) from error


def load_folder(package: str) -> None:
    """Import every module of a folder of kinds, so that a new file there is a new kind."""
    for module in pkgutil.iter_modules(sys.modules[package].__path__):
        import_module(f"{package}.{module.name}")


def _address(member: object) -> tuple[str, str]:
    return str(getattr(member, "__module__", "")), str(getattr(member, "__qualname__", member))


def _digest_of(member: Any, module: str) -> str:
    """Return the digest of the source of a member's module; of its own where there is no file."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is not None and Path(file).suffix == ".py":
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    try:
        return hashlib.sha256(inspect.getsource(member).encode()).hexdigest()
    except (OSError, TypeError):
        raise OhmtickError(
            f"the source of {_address(member)} cannot be read, so no record could say what ran: "
            "write it in a file"
        ) from None
