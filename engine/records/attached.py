"""Files that a scenario names: their content travels with it, under a name that says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, Self, TypeVar

from ..errors import RecordError, reason
from .digests import digest_of_bytes, digest_of_file
from .writing import whole_file

#: Digits of the digest that the name of a carried file ends in.
_DIGITS = 8
T = TypeVar("T")


class AttachedFile(str):
    """The name of a file, which knows what is in it.

    Parameters
    ----------
    name
        As the scenario says it.
    content
        Every byte.

    Attributes
    ----------
    content : bytes
    digest : str
        SHA-256 of the content.

    Examples
    --------
    >>> AttachedFile("data/net.csv", b"a,b").carried
    'net-1eb7c54d.csv'
    """

    content: bytes
    digest: str

    def __new__(cls, name: str, content: bytes) -> Self:
        """Return the name, with its content and the digest of that."""
        file = super().__new__(cls, name)
        file.content = content
        file.digest = digest_of_bytes(content)
        return file

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.content)

    @classmethod
    def of(cls, stem: str, suffix: str, content: bytes) -> Self:
        """Return what was never a file, such as arrays: its name is made of its digest."""
        return cls(cls(f"{stem}{suffix}", content).carried, content)

    def once(self, read: Callable[[AttachedFile], T]) -> T:
        """Return what a function makes of it, which is called once, as long as this is held."""
        made: dict[Any, T] = self.__dict__.setdefault("_made", {})
        if read not in made:
            made[read] = read(self)
        return made[read]

    @property
    def carried(self) -> Self:
        """The same under a name without a folder that no other content has."""
        path, mark = PurePath(self), f"-{self.digest[:_DIGITS]}"
        stem = path.stem.removesuffix(mark)
        stem = stem.encode()[: 200 - len(path.suffix.encode())].decode(errors="ignore")
        name = f"{stem}{mark}{path.suffix}"
        return self if name == self else type(self)(name, self.content)

    def write(self, folder: Path) -> None:
        """Write it into a folder, under its own name; what is there already is not written again.

        Raises
        ------
        RecordError
            When it cannot be written, or another file of that name is there.
        """
        path = folder / self
        try:
            there = path.exists() and digest_of_file(path)
        except OSError as error:
            raise RecordError(f"cannot write {path}: {reason(error)}") from error
        if there and there != self.digest:
            raise RecordError(f"cannot write {path}: another file of that name is there")
        if not there:
            with whole_file(path) as partial:
                partial.write_bytes(self.content)


def with_content(tables: Any, files: Iterable[AttachedFile]) -> Any:
    """Return tables of a scenario in which every ``file`` that is one of these has its content."""
    return _with_content(tables, {str(file): file for file in files})


def _with_content(held: Any, files: Mapping[str, AttachedFile]) -> Any:
    if isinstance(held, list):
        return [_with_content(each, files) for each in held]
    if not isinstance(held, dict):
        return held
    tables = {key: _with_content(value, files) for key, value in held.items()}
    file = files.get(tables["file"]) if isinstance(tables.get("file"), str) else None
    if file is not None and tables.get("digest") == file.digest:
        tables["file"] = file
    return tables
