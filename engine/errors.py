"""The exceptions a caller may meet; all derive from `OhmtickError`. And what is warned of."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from itertools import islice
from math import isfinite, log10
from reprlib import Repr
from typing import Any

#: Characters of a user's value that a message quotes.
MOST_SHOWN = 80
#: Characters of a path.
MOST_OF_PATH = 400
#: Names among which a near one is looked for.
MOST_NAMES = 10_000


class OhmtickError(Exception):
    """Root of every error that Ohmtick raises on purpose."""

    def __str__(self) -> str:
        """Return the message, safe to print: a file may have put escapes into it."""
        return visible(super().__str__())


class CircuitError(OhmtickError, ValueError):
    """A circuit, or what is attached to it, is not one that physics allows."""


class SingularCircuitError(CircuitError):
    """Kirchhoff's laws leave a voltage undetermined: a part touches no source."""


class ScenarioError(OhmtickError, ValueError):
    """A scenario names an unknown key, or holds a value that its rule forbids."""


class FunctionError(OhmtickError):
    """A function of somebody's own, of a rule or a device, raised an exception: its cause."""


class TooLargeError(OhmtickError, MemoryError):
    """More is asked for than the machine, or any machine, has memory or time for."""


class RecordError(OhmtickError, OSError):
    """A run, or a scenario file, could not be read from disk or written to it."""


class AnalysisError(OhmtickError, ValueError):
    """An analysis was given numbers, or a frame, that it cannot be made of."""


class OhmtickWarning(UserWarning):
    """Something that may be meant, but would mislead if it were not."""


# What a terminal may obey instead of showing it, what reorders the text around it, and what nothing
# can encode: control characters but tabs and ends of lines, separators, bidirectional overrides,
# lone surrogates.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Return a text with control characters written out, so that a terminal shows them.

    Examples
    --------
    >>> print(visible("a title\x1b[31m in red"))
    a title\u001b[31m in red
    """
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Short(Repr):
    """Python's own way to write a value, but for what is long or deep."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxtuple = self.maxlist = self.maxdict = 16
        self.maxstring = self.maxother = 2 * MOST_SHOWN

    def repr_int(self, value: int, level: int) -> str:
        if value.bit_length() < 256:
            return repr(value)
        # Python refuses to write out thousands of digits.
        return f"an integer of some {int(value.bit_length() * log10(2.0)) + 1} digits"

    def repr_dict(self, value: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return "{...}"
        items = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value[key], level - 1)}"
            for key in islice(value, self.maxdict)
        ]
        return "{" + ", ".join(items + ["..."] * (len(value) > self.maxdict)) + "}"


_SHORT = _Short()


def shown(value: object) -> str:
    """Return a user's value as a message quotes it: as Python writes it, cut where it is long.

    Examples
    --------
    >>> shown("1 s")
    "'1 s'"
    >>> len(shown("a" * 1_000_000)) == MOST_SHOWN
    True
    """
    return shortened(_SHORT.repr(value))


def shortened(text: object, most: int = MOST_SHOWN) -> str:
    """Return a name, a line or a path as a message holds it: in one line, visible, not too long."""
    line = visible(str(text)[: 2 * most]).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= most else line[: most - 3] + "..."


def refuse_device(what: str, edge: int, time: float, value: float, conductance: float) -> None:
    """Raise the error of a device whose value, or conductance, S, is none that a circuit can have.

    Parameters
    ----------
    what
        Which device, in words.
    edge, time
        Where, and when, s.
    value, conductance
        After a change; equal where the value is the conductance.

    Raises
    ------
    CircuitError
        Always.
    """
    if isfinite(value):
        found = f"conductance of {what} must be finite and not negative, got {conductance} S"
    else:
        found = f"value of {what} must be finite, got {value}"
    raise CircuitError(f"the {found} at edge {edge}, {time} s")


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
    names = [str(candidate) for candidate in islice(valid, MOST_NAMES)]
    close = difflib.get_close_matches(name[: 2 * MOST_SHOWN], names, n=1, cutoff=0.5)
    if close:
        return f"the nearest is {shown(close[0])}"
    if 0 < len(names) <= 16:
        return "there are " + ", ".join(map(shown, names))
    return ""
