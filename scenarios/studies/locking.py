"""One process at a time for a folder."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...engine.errors import RecordError, reason
from ...engine.records.writing import sweep, write_text

#: The file that is locked, which stays empty, and the one that says by whom.
LOCK, HOLDER = ".lock", ".holder"
#: Characters that are read of the latter.
MOST = 200


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if need be; the lock ends with the process, however that ends.

    The file that is locked is never written to, and never followed elsewhere: a folder may come
    from somebody else.

    Raises
    ------
    RecordError
        When another process, here or elsewhere, holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _opened(folder / LOCK)
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot write the study folder {folder}: {reason(error)}") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordError(
                f"the study folder {folder} is in use by {_holder(folder)}: wait for it, or give "
                "another folder"
            ) from None
        except OSError as error:
            raise RecordError(f"cannot lock the study folder {folder}: {reason(error)}") from None
        try:
            _tell(folder)
            yield
        finally:
            with suppress(OSError):
                (folder / HOLDER).unlink()
    finally:
        os.close(file)


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(f"{path.name} is a symbolic link") from None
        raise
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(f"{path.name} is no file")
    return file


def _tell(folder: Path) -> None:
    """Say who holds the folder; where the disk is full, nobody is told."""
    sweep(folder, HOLDER)
    with suppress(RecordError):
        write_text(folder / HOLDER, f"process {os.getpid()} on {socket.gethostname()}\n")


def _holder(folder: Path) -> str:
    try:
        file = os.open(folder / HOLDER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return "another process"
    with os.fdopen(file, encoding="utf-8", errors="replace") as text:
        said = "".join(char for char in text.read(MOST) if char.isprintable()).strip()
    return said or "another process"
