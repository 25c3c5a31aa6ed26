"""Reads a file that a user named, whatever that name turns out to stand for."""

from __future__ import annotations

import errno
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from ..errors import ScenarioError, shortened

#: No scenario, study or summary is longer.
MOST_CHARACTERS = 1 << 26


def read_text(path: str | Path) -> str:
    """Return the text of a regular file.

    Raises
    ------
    OSError
        When it cannot be read, is a directory, a device or a pipe (which may never end, or never
        begin), or is longer than `MOST_CHARACTERS`.
    ValueError
        When no file can have that name, or (UnicodeDecodeError) it does not hold UTF-8 text.
    """
    with open(path, encoding="utf-8-sig", opener=_opened) as file:
        text = file.read(MOST_CHARACTERS + 1)  # some editors begin a file with a mark: -sig
    if len(text) > MOST_CHARACTERS:
        raise OSError(f"it is longer than {MOST_CHARACTERS} characters")
    return text


def read_bytes(path: str | Path, most: int) -> bytes:
    """Return what is in a regular file of at most so many bytes; raises what `read_text` does."""
    with open(path, "rb", opener=_opened) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(f"it is longer than {most} bytes")
    return content


def _opened(path: str, flags: int) -> int:
    """Open a regular file; what else it may be is not read, and who writes to it not waited for."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError("it is no regular file")
    return descriptor


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
