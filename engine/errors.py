"""The exceptions a caller may meet; all derive from `OhmtickError`. And what is warned of."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable


class OhmtickError(Exception):
    """Root of every error that Ohmtick raises on purpose."""


class CircuitError(OhmtickError, ValueError):
    """A circuit, or what is attached to it, is not one that physics allows."""


class SingularCircuitError(CircuitError):
    """Kirchhoff's laws leave a voltage undetermined: a part touches no source."""


class ScenarioError(OhmtickError, ValueError):
    """A scenario names an unknown key, or holds a value that its rule forbids."""


class RecordError(OhmtickError, OSError):
    """A run, or a scenario file, could not be read from disk or written to it."""


class AnalysisError(OhmtickError, ValueError):
    """An analysis was given numbers, or a frame, that it cannot be made of."""


class OhmtickWarning(UserWarning):
    """Something that may be meant, but would mislead if it were not."""


def reason(error: Exception) -> str:
    """Return what the operating system says is wrong, in one line, without paths and numbers."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else " ".join(str(error).split())


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return a hint at the valid name closest to `name`.

    Parameters
    ----------
    name
        What the user wrote.
    valid
        The names that would have been understood.

    Returns
    -------
    str
        ``"the nearest is 'x'"``, or all the names where none is close and they are few, or
        ``""``.

    Examples
    --------
    >>> nearest("perod", ["period", "phase"])
    "the nearest is 'period'"
    """
    names = [str(candidate) for candidate in valid]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"the nearest is {close[0]!r}"
    if 0 < len(names) <= 16:
        return "there are " + ", ".join(repr(candidate) for candidate in names)
    return ""
