"""Addresses of what is kept elsewhere: which are allowed, and the file systems behind them.

All use of fsspec goes through this file. Some of its file systems run code by nature (a scheduler's
workers answer in pickles, references are made by templates) and addresses can be chained so that
one hides in another, so only plain stores are allowed.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RecordError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

#: What an address may begin with, before its ``://``.
PROTOCOLS = ("file", "s3", "gs", "abfs")


def is_address(place: str) -> bool:
    """Whether this is an address, and no path on this machine."""
    return "://" in place


def check_place(place: str) -> str:
    """Return a path, or an address of an allowed protocol, and refuse all others.

    Raises
    ------
    ValueError
        With the rule, for an address that is chained (``::``) or of another protocol.
    """
    if "::" in place:
        raise ValueError(f"must be one path or address, and not be chained by '::', got {place!r}")
    if not place.strip() or "\0" in place:
        raise ValueError(f"must be a path or an address, got {place!r}")
    protocol, is_url, _ = place.partition("://")
    if is_url and protocol not in PROTOCOLS:
        allowed = ", ".join(f"{name}://" for name in PROTOCOLS)
        close = get_close_matches(protocol.lower(), PROTOCOLS, n=1)
        hint = f"; the nearest is '{close[0]}://'" if close else ""
        raise ValueError(f"must be a path, or an address of {allowed}, got {place!r}{hint}")
    return place


def file_system(place: str) -> tuple[AbstractFileSystem, str]:
    """Return the file system of a path or an address, and the path in it.

    Raises
    ------
    ValueError
        As `check_place`; each file system has errors of its own, too.
    """
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    if not is_address(place):
        return LocalFileSystem(), str(Path(place).absolute())
    files, path = url_to_fs(check_place(place))
    return files, path


def upload(folder: Path, address: str) -> None:
    """Copy the files of a folder to an address.

    Raises
    ------
    RecordError
        When it cannot be written there.
    """
    try:
        files, path = file_system(address)
        files.makedirs(path, exist_ok=True)
        for file in sorted(folder.iterdir()):
            files.put_file(str(file), f"{path}/{file.name}")
    except Exception as error:  # each file system has errors of its own
        raise RecordError(f"cannot keep a run at {address}: {error}") from error


def lies_in(folder: Path, place: str) -> bool:
    """Whether a place, which somebody else may have noted, is below a folder; links count."""
    if is_address(place) or Path(place).is_absolute() or ".." in Path(place).parts:
        return False
    try:
        return (folder / place).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # of loops, and NULs
        return False
