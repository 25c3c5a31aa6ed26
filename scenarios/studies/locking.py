"""One process at a time for a folder."""

from __future__ import annotations

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
#: Bytes that are read of the latter.
MOST = 200
#: A folder may come from somebody else: nothing in it is followed elsewhere, or waited for.
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if need be; the lock ends with the process, however that ends.

    Raises
    ------
    RecordError
        When another process, here or elsewhere, holds it, or it cannot be written.
    """
    file = _acquired(folder)
    holder = folder / HOLDER
    try:
        sweep(folder, HOLDER)
        with suppress(RecordError):  # where the disk is full, nobody is told
            write_text(holder, f"process {os.getpid()} on {socket.gethostname()}\n")
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        with suppress(
            OSError
        ):  # a forked process, of the user's executor perhaps, has the file too
            fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)


def _acquired(folder: Path) -> int:
    lock, cannot = folder / LOCK, "write"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if lock.is_symlink():
            raise OSError(f"{LOCK} is a symbolic link")
        file = os.open(lock, os.O_RDWR | os.O_CREAT | _OPEN, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(f"{LOCK} is no file")
            cannot = "lock"
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(file)
            raise
    except BlockingIOError:
        raise RecordError(
            f"the study folder {folder} is in use by {_holder(folder)}: wait for it, or give "
            "another folder"
        ) from None
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot {cannot} the study folder {folder}: {reason(error)}") from None
    return file


def _holder(folder: Path) -> str:
    said = ""
    with suppress(OSError), os.fdopen(os.open(folder / HOLDER, _OPEN), "rb") as file:
        said = file.read(MOST).decode(errors="replace")
    return "".join(char for char in said if char.isprintable()).strip() or "another process"
