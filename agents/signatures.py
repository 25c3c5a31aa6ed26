"""What the functions of rules and devices must look like, told where they are defined."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..engine.errors import OhmtickError


def check_arguments(what: str, function: Callable[..., Any], arguments: str) -> None:
    """Refuse a function that does not take just these arguments.

    Raises
    ------
    OhmtickError
        What it must take, and what it takes.
    """
    signature = inspect.signature(function)
    try:
        signature.bind(*arguments.split(", "))
    except TypeError:
        raise OhmtickError(f"{what} must take ({arguments}), got {signature}") from None


def check_places(what: str, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]]) -> None:
    """Refuse a function that looks for a number that is not there, as far as trying it shows.

    Compiled code has rows without a length: what lies beyond their end would be read, or written.

    Parameters
    ----------
    what
        Begins the message.
    function
        Called as Python has it.
    calls
        Arguments to try; rows are arrays of just the length that they will have.

    Raises
    ------
    OhmtickError
        Which place is not there.
    """
    for arguments in calls:
        rows = (each.copy() if isinstance(each, np.ndarray) else each for each in arguments)
        try:
            function(*rows)
        except IndexError as error:
            raise OhmtickError(
                f"{what} asks for a number of its state or of its parameters that is not there: "
                f"{error}"
            ) from None
        except Exception:  # of values that it never meets, perhaps; a run will tell
            continue
