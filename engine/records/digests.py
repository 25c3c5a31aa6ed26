"""Digests, by which damage is noticed: SHA-256 of files, of bytes, and of plain values."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

#: What is said of a file whose digest is another one.
NOT_AS_WRITTEN = "it is damaged, or was changed: its SHA-256 is not the one in the summary"


def digest_of_file(path: Path) -> str:
    """Return the digest of a file, which is read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_bytes(content: bytes) -> str:
    """Return the digest of some bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_of(value: Any) -> str:
    """Return the digest of numbers, texts and bytes, and of lists and tables of them.

    The order of a table's keys does not matter.

    Examples
    --------
    >>> digest_of({"a": 1.5, "b": [None]}) == digest_of({"b": [None], "a": 1.5})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=bytes.hex)
    return digest_of_bytes(text.encode("ascii"))
