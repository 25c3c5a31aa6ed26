"""Reads a text file that a user named, whatever that name turns out to stand for."""

from __future__ import annotations

import errno
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from .errors import ScenarioError, shortened

#: No scenario, study or summary is longer, bytes.
MOST_BYTES = 64 << 20


def read_text(path: str | Path) -> str:
    """Return the text of a regular file.

    Raises
    ------
    OSError
        When it cannot be read, is a directory, a device or a pipe (which may never end, or never
        begin), or is longer than `MOST_BYTES`.
    ValueError
        When no file can have that name, or (UnicodeDecodeError) it does not hold UTF-8 text.
    """
    # Not to wait for who writes into a pipe; a regular file does not care.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError("it is no regular file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(f"it is longer than {MOST_BYTES >> 20} MiB")
    return content.decode("utf-8-sig")  # some editors begin a file with a mark


def exists(path: Path) -> bool:
    """Whether a path leads anywhere; no error, where no file can have such a name."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def toml_tables(text: str, name: str) -> dict[str, Any]:
    """Return the tables that a TOML text holds.

    Raises
    ------
    ScenarioError
        When it is not TOML; `name` begins the message.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ScenarioError(f"{name} is nested too deeply") from None
    except ValueError as error:  # a TOMLDecodeError, or an integer of more digits than Python reads
        raise ScenarioError(f"{name} is not TOML: {shortened(str(error))}") from None
