"""How much memory this machine has, and what would not fit into it."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from functools import cache
from pathlib import Path

from .errors import TooLargeError

#: Where Linux says how much a container may take.
_CONTAINER = Path("/sys/fs/cgroup/memory.max")
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


@cache  # asked for several times in a run
def machine_bytes() -> int:
    """Return the memory that this process can have, bytes: the machine's, or its limit."""
    most = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        most.append(limit)
    with suppress(OSError, ValueError):  # there is no container, or it says "max"
        most.append(int(_CONTAINER.read_text(encoding="ascii")))
    return min(most)


def check_memory(what: str, needed: float) -> None:
    """Refuse what cannot fit into memory, before any of it is taken.

    Parameters
    ----------
    what
        Begins the message: what asks for it.
    needed
        Bytes that it takes at least.

    Raises
    ------
    TooLargeError
        With both numbers.
    """
    if needed > (there := machine_bytes()):
        raise TooLargeError(
            f"{what} would take at least {in_bytes(needed)} of memory, and this machine has "
            f"{in_bytes(there)}"
        )


def in_bytes(count: float) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> in_bytes(1.5e9)
    '1.5 GB'
    """
    for unit in _UNITS[:-1]:
        if count < 1000.0:
            return f"{count:.3g} {unit}"
        count /= 1000.0
    return f"{count:.3g} {_UNITS[-1]}"
