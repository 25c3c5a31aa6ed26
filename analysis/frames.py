"""What every analysis asks of its frames, and the one grammar in which it refuses."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..engine.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd


def refusal(parameter: str, where: str, rule: str, got: object) -> str:
    """Message for a refused value, in the package's one grammar."""
    return f"The '{parameter}' parameter of {where} must {rule}, got {got} instead"


def require(holds: object, parameter: str, where: str, rule: str, got: object) -> None:
    """Refuse a value that does not keep a rule.

    Raises
    ------
    AnalysisError
        Where it does not hold.
    """
    if not holds:
        raise AnalysisError(refusal(parameter, where, rule, got))


def whole_numbers(
    values: npt.ArrayLike, most: int, parameter: str, where: str, among: str
) -> list[int]:
    """Return whole numbers from 1 to the most that can be; refuse all others."""
    found = np.asarray(values)
    rule = f"hold whole numbers from 1 to {most} for {among}"
    require(found.ndim == 1 and found.dtype.kind in "iu", parameter, where, rule, values)
    outside: list[int] = found[(found < 1) | (found > most)].tolist()
    require(not outside, parameter, where, rule, outside[0] if outside else None)
    numbers: list[int] = found.tolist()
    return numbers


def check_frame(frame: pd.DataFrame, columns: Collection[str], parameter: str, where: str) -> None:
    """Refuse anything but a frame with the given columns and at least one row."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise TypeError(refusal(parameter, where, "be a DataFrame", type(frame).__name__))
    missing = [column for column in columns if column not in frame]
    rule = f"have the {'column' if len(missing) == 1 else 'columns'} {', '.join(missing)}"
    got = ", ".join(map(str, frame.columns)) or "no columns"
    require(not missing, parameter, where, rule, got)
    require(not frame.empty, parameter, where, "have at least one row", "an empty frame")


def check_ascending(
    time: npt.NDArray[np.float64], parameter: str, where: str, what: str = ""
) -> None:
    """Refuse times that step back, as they do where two runs were put into one frame."""
    # Written so that a NaN, which compares false, is refused too.
    back = np.flatnonzero(~(time[1:] >= time[:-1]))
    if back.size:
        row = int(back[0])
        got = f"{time[row + 1]} after {time[row]} in row {row + 1}"
        raise AnalysisError(refusal(parameter, where, f"be sorted{what}", got))
