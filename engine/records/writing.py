"""Files and folders that are whole or absent: one idiom for all that is written.

What is new is made beside its place under a name that nobody can have put there before, brought to
the disk, and renamed. Whatever stops that in between, an exception or a signal that raises one,
takes what was begun along; a process that is killed leaves it under its temporary name.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from ..errors import RecordError, reason

#: What a disk says, or the system of its files, when it takes no more; such errors name no file.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
#: The temporary name of a folder.
_PARTIAL = re.compile(r"\.[^/]*\.[0-9a-f]{8}\.partial")


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give an empty file in the same folder, with the same suffix, and rename it at the end.

    A file that was there before stays as it was until then; a link is replaced, and not followed.

    Raises
    ------
    RecordError
        When the file cannot be written; then nothing is left. Other errors pass.
    """
    wanted = Path(path)
    if not wanted.name:
        raise RecordError(f"cannot write {wanted}: it is no name of a file")
    partial = wanted.with_name(f".{wanted.stem}.{secrets.token_hex(4)}.partial{wanted.suffix}")
    with _saying(f"cannot write {wanted}", partial, wanted):
        if wanted.exists() and not wanted.is_file():  # a device would be replaced by a file
            raise RecordError(f"cannot write {wanted}: it is there, and is no file")
        try:
            _create(partial)  # what cannot be written had better be known before it is made
            yield partial
            _to_disk(partial)
            partial.replace(wanted)
            _names_to_disk(wanted.parent)
        finally:
            with suppress(OSError, ValueError):
                partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole file of text.

    Raises
    ------
    RecordError
        When it cannot be written; a file that was there before then stays as it was.
    """
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def sweep(folder: Path, name: str) -> None:
    """Remove what killed processes left of a file; only for who knows that nobody writes it."""
    stem, suffix = Path(name).stem, Path(name).suffix
    for left in folder.glob(f".{stem}.{'[0-9a-f]' * 8}.partial{suffix}"):
        with suppress(OSError):
            left.unlink()


@dataclass
class Folder:
    """A folder in the making."""

    partial: Path
    """Where it is written."""
    path: Path
    """Where it will be; known for certain when it is there."""


@contextmanager
def new_folder(path: str | Path, *, numbered: bool = False) -> Iterator[Folder]:
    """Make a folder under a temporary name, and give it its own name if all goes well.

    Parameters
    ----------
    path
        What it shall be called.
    numbered
        Call it ``path-2``, ``path-3``, … where the name is taken. It is picked at the end, so
        that of several writers at once each gets one.

    Raises
    ------
    RecordError
        When something of that name exists, or the folder cannot be written. Where the name was
        taken in the meantime, the folder is kept under a free one, which the message holds.
        Errors that are none of writing it pass.
    """
    wanted = Path(path)
    cannot = f"cannot write the run folder {wanted}"
    with _saying(cannot, wanted):
        if not numbered and _exists(wanted):
            raise RecordError(f"the run folder {wanted} must be a new one, but it exists already")
    # A name that nobody else writes to, in this process or after one that was killed.
    partial = wanted.with_name(f".{wanted.name}.{secrets.token_hex(4)}.partial")
    try:
        with _saying(cannot, partial, wanted), _made(partial):
            folder = Folder(partial, wanted)
            yield folder
            for file in partial.rglob("*"):
                _to_disk(file)
            _names_to_disk(partial)
            folder.path = _claim(partial, wanted)
            _names_to_disk(wanted.parent)
    except RecordError as error:  # it may name a file in a folder that nobody asked for
        raise RecordError(_PARTIAL.sub(lambda _: wanted.name, str(error))) from error
    if folder.path != wanted and not numbered:
        raise RecordError(
            f"the run folder {wanted} must be a new one, but it appeared in the meantime; "
            f"what was written is kept in {folder.path}"
        )


@contextmanager
def _saying(what: str, *places: Path) -> Iterator[None]:
    """Turn errors of writing these places into one that says what cannot be done."""
    try:
        yield
    except RecordError:
        raise
    except OSError as error:
        if not _is_of_writing(error, places):
            raise
        raise RecordError(f"{what}: {reason(error)}") from error


def _is_of_writing(error: OSError, places: tuple[Path, ...]) -> bool:
    """Whether an error is the disk's, and not that of something else that is done meanwhile."""
    if not isinstance(error.filename, str | bytes | os.PathLike):
        return error.errno in _FULL
    named = Path(os.fsdecode(error.filename))
    return any(place in (named, *named.parents) or named in place.parents for place in places)


def _create(path: Path) -> None:
    """Make an empty file that is not there yet, not even as a link to elsewhere."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, 0o666))
    except ValueError as error:  # of a NUL in the path
        raise OSError(errno.EINVAL, str(error), str(path)) from None


def _to_disk(file: Path) -> None:
    """Wait until a file is on the disk."""
    held = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(held)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that knows of no such thing
            raise OSError(error.errno, os.strerror(error.errno or 0), str(file)) from error
    finally:
        os.close(held)


def _names_to_disk(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system lets that be asked."""
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(held)
        finally:
            os.close(held)


@contextmanager
def _made(partial: Path) -> Iterator[None]:
    """Make a folder, and remove it unless it is renamed."""
    above: list[Path] = []
    try:
        try:
            above += [parent for parent in partial.parents if not parent.exists()]
            partial.mkdir(parents=True)
        except ValueError as error:  # of a NUL in the path
            raise OSError(errno.EINVAL, str(error), str(partial)) from None
        yield
    finally:
        with suppress(ValueError):
            shutil.rmtree(partial, ignore_errors=True)
        for parent in above:  # those that were made for it, from the innermost
            with suppress(OSError, ValueError):  # it holds what was wanted
                parent.rmdir()


def _claim(partial: Path, wanted: Path) -> Path:
    """Rename to the wanted name, or else to the first free one after it; return which."""
    more = (wanted.with_name(f"{wanted.name}-{number}") for number in count(2))
    for path in chain([wanted], more):
        if not _exists(path):
            # Should another writer be faster, then its folder is not empty, and this one fails.
            try:
                return partial.rename(path)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                    raise
    raise AssertionError("numbers do not end")


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()
