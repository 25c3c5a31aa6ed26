"""Files that a scenario names: read once, when it is validated; then they are part of it.

A kind that has one derives from `FromFile` as well, and finds it in ``self.file.content``::

    class Table(Task, FromFile, kind="table"): ...

``replace``, copies and workers keep the content, and never read it again. What writes a scenario
into a folder writes its files beside it (`carried`), so that the folder can be moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path, PurePath
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationInfo, field_validator
from pydantic_core import CoreSchema, core_schema

from ..engine.errors import MOST_OF_PATH, nearest, reason, shortened, shown
from ..engine.records.attached import AttachedFile
from ..engine.records.reading import read_bytes
from ..engine.settings import Settings

#: The largest file that a scenario may have, bytes: it is held in memory, and sent to workers.
MOST_BYTES = 1 << 28
_FOLDER: ContextVar[Path] = ContextVar("folder", default=Path())
M = TypeVar("M", bound=BaseModel)


@contextmanager
def relative_to(folder: Path | None) -> Iterator[None]:
    """Let names of files begin at a folder; without one, as elsewhere, at the working folder."""
    before = _FOLDER.set(Path() if folder is None else folder)
    try:
        yield
    finally:
        _FOLDER.reset(before)


class _Path:
    """Takes the path of a file, which is read, or an `AttachedFile`, which has been."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )


def _read(name: object) -> AttachedFile:
    if isinstance(name, AttachedFile):
        return name
    if not isinstance(name, str | PurePath) or not str(name):
        raise ValueError(f"must be the path of a file, got {shown(name)} instead")
    name = str(name)
    path = _FOLDER.get() / name
    try:
        return AttachedFile(name, read_bytes(path, MOST_BYTES))
    except (OSError, ValueError) as error:  # a ValueError is of a NUL in the path
        where = shortened(_FOLDER.get().absolute(), MOST_OF_PATH)
        raise ValueError(
            f"must be a file that can be read, got {shown(name)} in {where}: "
            f"{reason(error)}{_neighbour(path)}"
        ) from None


def _neighbour(path: Path) -> str:
    """Return a hint at the file of the same kind that may have been meant."""
    try:
        beside = [file.name for file in path.parent.glob(f"*{path.suffix}")]
    except (OSError, ValueError):
        return ""
    hint = nearest(path.name, beside)
    return f"; {hint}" if hint.startswith("the nearest") and path.name not in beside else ""


class FromFile(Settings):
    """What a kind that is made of a file has, beside what it is a kind of."""

    file: Annotated[AttachedFile, _Path()]
    """Its path, from the folder of the scenario's file."""
    digest: str | None = None
    """SHA-256 of the file, without which any is taken; what a run records has it."""

    @field_validator("digest")
    @classmethod
    def _check_digest(cls, digest: str | None, info: ValidationInfo) -> str | None:
        file = info.data.get("file")
        if file is None:  # of which more has been said
            return digest
        if digest not in (None, file.digest):
            raise ValueError(
                f"must be that of the file {shown(file)}, which is {file.digest}, "
                f"got {shown(digest)} instead: the file is another one now; without the key it is "
                "taken as it is"
            )
        return str(file.digest)


def with_files(key: str, value: Any) -> Any:
    """Return a value of a study's key in which each path under a key ``file`` is read.

    Raises
    ------
    ValueError
        With the key, when a file cannot be.
    """
    if isinstance(value, Mapping):
        return {name: with_files(f"{key}.{name}", each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(with_files(key, each) for each in value)
    if not isinstance(value, str) or key.rpartition(".")[2] != "file":
        return value
    try:
        return _read(value)
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None


def attached(part: object) -> Iterator[AttachedFile]:
    """Yield the files of a scenario or a study, or of a part of one."""
    if isinstance(part, AttachedFile):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from attached(getattr(part, name))
    elif isinstance(part, Mapping):
        for each in part.values():
            yield from attached(each)
    elif isinstance(part, tuple):
        for each in part:
            yield from attached(each)


def carried(part: M) -> M:
    """Return a scenario or a study whose files have the names that they are written by."""
    if not any(attached(part)):
        return part
    # Nothing is validated, which it has been, nor kept that was found of other names.
    fields = {name: _carried(getattr(part, name)) for name in type(part).model_fields}
    return type(part).model_construct(part.model_fields_set, **fields)


def _carried(value: Any) -> Any:
    if isinstance(value, AttachedFile):
        return value.carried
    if isinstance(value, BaseModel):
        return carried(value)
    if isinstance(value, Mapping):
        return type(value)({name: _carried(each) for name, each in value.items()})  # type: ignore[call-arg]
    return tuple(map(_carried, value)) if isinstance(value, tuple) else value
