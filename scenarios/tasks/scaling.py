"""From the numbers of a table to voltages: scaled by the data to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...engine.errors import ScenarioError
from ...engine.streams import FloatArray

Scaling = Literal["feature", "common", "none"]


@dataclass(frozen=True)
class Scale:
    """A straight line from numbers to volts, a column its own or all the same one.

    ``volts = low + (value - smallest) / (largest - smallest) * (high - low)``
    """

    smallest: FloatArray
    """What becomes `low`, shape (F,)."""
    largest: FloatArray
    """What becomes `high`, shape (F,)."""
    low: float
    """V."""
    high: float
    """V."""

    def volts(self, values: FloatArray) -> FloatArray:
        """Return voltages, V, for rows of values, each of shape (D, F)."""
        share = (values - self.smallest) / (self.largest - self.smallest)
        return self.low + share * (self.high - self.low)


def scale_of(
    values: FloatArray, scaling: Scaling, low: float, high: float, names: list[str], remedy: str
) -> Scale:
    """Return the scale that data set.

    Parameters
    ----------
    values
        To learn from, shape (D, F).
    scaling
        Each column by its own range (``"feature"``), all by one number of volts a unit, of which
        the largest value gets `high` (``"common"``), or as they are (``"none"``).
    low, high
        V.
    names
        What a message calls each column.
    remedy
        What a message says that helps.

    Raises
    ------
    ScenarioError
        For what cannot be scaled: a column that is constant, or no value that is positive.
    """
    smallest, largest = values.min(axis=0), values.max(axis=0)
    if scaling == "none":
        return Scale(np.zeros_like(smallest), np.ones_like(largest), 0.0, 1.0)
    if scaling == "common":
        smallest, largest = np.zeros_like(smallest), np.full_like(largest, largest.max())
        if not largest[0] > 0.0:
            raise ScenarioError(
                f"the largest of all numbers to learn from must be positive to be scaled in "
                f"common, got {largest[0]:g}; set the scaling to 'feature'"
            )
    if (constant := np.flatnonzero(largest == smallest)).size:
        place = constant[0]
        raise ScenarioError(
            f"{names[place]} must vary among the data to learn from to be scaled by its range, got "
            f"{smallest[place]:g} in all {len(values)}; {remedy}"
        )
    return Scale(smallest, largest, low, high)
