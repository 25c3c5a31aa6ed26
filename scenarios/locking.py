"""One process at a time for a folder."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from ..engine.errors import RecordError, reason

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if need be; the lock ends with the process, however that ends.

    Raises
    ------
    RecordError
        When another process, here or elsewhere, holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a+b", buffering=0)
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot write the study folder {folder}: {reason(error)}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().decode().strip() or "another process"
            raise RecordError(
                f"the study folder {folder} is in use by {holder}: wait for it, or give another "
                "folder"
            ) from None
        except OSError as error:
            raise RecordError(f"cannot lock the study folder {folder}: {reason(error)}") from None
        _note(file, f"process {os.getpid()} on {socket.gethostname()}\n")
        yield
        _note(file, "")


def _note(file: FileIO, holder: str) -> None:
    """Say who holds the folder; where the disk is full, nobody is told."""
    with suppress(OSError):
        file.truncate(0)
        file.write(holder.encode())
