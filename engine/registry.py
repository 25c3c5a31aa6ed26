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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from .errors import OhmtickError, nearest

#: Where installed packages announce modules that hold kinds.
ENTRY_POINTS = "ohmtick.kinds"
PACKAGE = __name__.partition(".")[0]
#: The parts of the package that a result depends on: all but tests and documentation.
PARTS = ("agents", "analysis", "engine", "scenarios")
#: Digests of modules that were not read from where their name says, by name.
DIGESTS: dict[str, str] = {}
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
    _origins: dict[str, Origin | None] = field(default_factory=dict)

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
            raise OhmtickError(
                f"no {self.name} that comes with Ohmtick, or that an import or --plugin brought, "
                f"is called {kind!r}; {nearest(kind, self)}".rstrip("; ")
            )
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

    def get(self, kind: object, default: Any = None) -> Any:
        """Return a member, or the default."""
        return self._members[str(kind)] if kind in self else default

    def registered(self, kind: str) -> M | None:
        """Return a member that is registered by now, or None; asks no installed package.

        For what registers: Ohmtick itself may be half imported.
        """
        return self._members.get(kind)

    def add(self, kind: str, member: M, of: object = None) -> M:
        """Register a member; one that was defined anew, in a notebook say, replaces itself.

        Parameters
        ----------
        of
            The class or function that the member is made of, where it is neither.

        Raises
        ------
        OhmtickError
            When the name is taken, or is none that a file could hold as a bare word.
        """
        if not kind.isidentifier() or not kind.isascii():
            raise OhmtickError(
                f"the name of a {self.name} must be letters, digits and '_', got {kind!r} instead"
            )
        what: Any = member if of is None else of
        module, name = what.__module__, what.__qualname__
        if kind in self._members:
            held = self._origins[kind] or Origin(f"{PACKAGE} itself", name, "")
            if (held.module, held.name) != (module, name) and not (
                self._origins[kind] is None and is_ours(module)
            ):
                raise OhmtickError(
                    f"the {self.name} {kind!r} of {module} must have another name: "
                    f"{held.module} has registered one of that name"
                )
        self._members[kind] = member
        self._origins[kind] = None if is_ours(module) else Origin(module, name, _digest(what))
        return member

    def remove(self, kind: str) -> None:
        """Remove a member."""
        del self._members[kind], self._origins[kind]

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Remove at the end what was registered meanwhile."""
        before = dict(self._members), dict(self._origins)
        try:
            yield
        finally:
            self._members, self._origins = before

    def module(self, kind: str) -> str:
        """Return the module that a kind is from; "" for one of Ohmtick's."""
        self[kind]
        origin = self._origins[kind]
        return "" if origin is None else origin.module

    def origin(self, kind: str) -> Origin | None:
        """Return where a kind comes from, as it was when registered; None for one of Ohmtick's.

        Raises
        ------
        OhmtickError
            When its source cannot be told.
        """
        self[kind]
        origin = self._origins[kind]
        if origin is not None and not origin.sha256:
            raise OhmtickError(
                f"the source of the {self.name} {kind!r} of {origin.module} cannot be read, so no "
                "record could say what ran: write it in a file"
            )
        return origin


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


def load_folder(package: str, *, folders: bool = False) -> None:
    """Import every module of a folder of kinds, so that a new file there is a new kind.

    Parameters
    ----------
    package
        The folder's.
    folders
        Whether a kind is a folder there, and not a file.
    """
    for module in pkgutil.iter_modules(sys.modules[package].__path__):
        if module.ispkg or not folders:
            import_module(f"{package}.{module.name}")


def is_ours(module: str) -> bool:
    """Whether a module comes with Ohmtick: tests and other people's do not."""
    top, _, rest = module.partition(".")
    return top == PACKAGE and rest.partition(".")[0] in PARTS


def _digest(what: Any) -> str:
    """Return the digest of the file that holds a class or function; "" where there is none.

    Of what was typed into a notebook it is the digest of its own source.
    """
    if what.__module__ in DIGESTS:
        return DIGESTS[what.__module__]
    file = getattr(sys.modules.get(what.__module__), "__file__", None)
    with suppress(OSError, TypeError):
        if file is not None and Path(file).suffix == ".py":
            return hashlib.sha256(Path(file).read_bytes()).hexdigest()
        return hashlib.sha256(inspect.getsource(what).encode()).hexdigest()
    return ""
