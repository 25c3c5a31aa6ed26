"""Conditions on columns: which runs of a study, and which rows of their event logs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

from ...engine.errors import AnalysisError, nearest

if TYPE_CHECKING:
    import pandas as pd

#: A column, a comparison and a value: ``("time_s", ">=", 300.0)``.
Condition = tuple[str, str, Any]
#: Conditions that all hold; or columns with the value, or the list of values, that each has.
Where = Sequence[Condition] | Mapping[str, Any]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": eq,
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "in": lambda column, values: column.isin(list(values)),
    "not in": lambda column, values: ~column.isin(list(values)),
}


def conditions(where: Where | None, columns: Collection[str]) -> list[Condition]:
    """Return conditions on known columns.

    Raises
    ------
    AnalysisError
        For an unknown column, with the nearest, or an unknown comparison.
    """
    if isinstance(where, Mapping):
        where = [
            (column, "in" if isinstance(value, list | tuple | set) else "==", value)
            for column, value in where.items()
        ]
    found = []
    for condition in where or ():
        try:
            column, comparison, value = condition
        except (TypeError, ValueError):
            raise AnalysisError(
                f"a condition must be (column, comparison, value), got {condition!r} instead"
            ) from None
        if column not in columns:
            raise AnalysisError(f"there is no column {column!r}; {nearest(str(column), columns)}")
        if comparison not in _COMPARE:
            known = ", ".join(_COMPARE)
            raise AnalysisError(f"a comparison must be one of {known}, got {comparison!r} instead")
        found.append((column, comparison, value))
    return found


def holding(frame: pd.DataFrame, where: Sequence[Condition]) -> pd.DataFrame:
    """Return the rows of a frame for which all conditions hold."""
    for column, comparison, value in where:
        frame = frame[_COMPARE[comparison](frame[column], value)]
    return frame
