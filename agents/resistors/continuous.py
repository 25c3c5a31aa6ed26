"""The resistor that takes any conductance between two bounds."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from ...engine.kernels.kernel import Row
from ...engine.streams import FloatArray, Streams
from ..rules.base import Unit
from .base import LEAST, MOST, EdgeNumbers, Resistor, check_bounds, one_an_edge, start_draws


class ContinuousResistor(Resistor, kind="continuous", units=("siemens", "steps")):
    """A resistor that takes any conductance in ``[k_min, k_max]``.

    Changes in siemens add to the conductance, steps add ``step`` to the resistance; either way
    the bounds hold.
    """

    k_min: float = Field(1e-6, ge=LEAST)
    """Smallest conductance, S."""
    k_max: float = Field(1e3, le=MOST)
    """Largest conductance, S."""
    start: Literal["random", "circuit"] | float | tuple[float, ...] = 1.0
    """First conductance, S, of all or of each; ``"random"`` is uniform in its logarithm, and
    ``"circuit"`` what the circuit says of each."""
    step: float = Field(781.25, gt=0)
    """What one step of the sign rule changes, Ω."""

    @model_validator(mode="after")
    def _check(self) -> ContinuousResistor:
        check_bounds(self.k_min, self.k_max, self.start)
        return self

    def starts(self, edges: EdgeNumbers, streams: Streams) -> FloatArray:
        """Return each edge's first conductance, S, shape (n,)."""
        if self.start == "random":
            draws = start_draws(edges, streams)
            return np.asarray(self.k_min * (self.k_max / self.k_min) ** draws)
        return one_an_edge(self.start, edges)

    def parameters(self, unit: Unit) -> tuple[float, ...]:
        """Return the bounds, S, the step, Ω, or 0 where changes are conductances."""
        return self.k_min, self.k_max, self.step if unit == "steps" else 0.0

    @staticmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        """Return the conductance after a change, S."""
        low, high, step = parameters[0], parameters[1], parameters[2]
        if step == 0.0:
            return min(max(value + amount, low), high)
        resistance = 1.0 / value + amount * step
        # At or below zero resistance the conductance saturates at the upper end.
        wanted = 1.0 / resistance if resistance * high > 1.0 else high
        return max(wanted, low)
