"""The settings of a kind as the numbers that its kernel gets."""

from __future__ import annotations

from pydantic import BaseModel


def numbers(settings: BaseModel) -> tuple[float, ...]:
    """Return the fields that are numbers, in the order in which they are declared."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return tuple(float(value) for value in values if isinstance(value, int | float))
