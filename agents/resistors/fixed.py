"""The resistor that does not learn."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from ...engine.kernels.kernel import Row
from ...engine.streams import FloatArray, Streams
from .base import LEAST, MOST, OF_CIRCUIT, EdgeNumbers, Resistor, one_an_edge


class FixedResistor(Resistor, kind="fixed", units=("siemens", "steps", "volts"), learns=False):
    """A resistor that keeps its conductance: its edge never acts, and logs nothing."""

    conductance_S: Literal["circuit"] | float | tuple[float, ...] = Field(1.0)
    """Conductance, S, of all or of each; ``"circuit"`` is what the circuit says of each."""

    @model_validator(mode="after")
    def _check(self) -> FixedResistor:
        for conductance in () if self.conductance_S == OF_CIRCUIT else np.ravel(self.conductance_S):
            if not LEAST <= conductance <= MOST:
                raise ValueError(
                    f"'conductance_S' must lie in [{LEAST:g}, {MOST:g}] S, got {conductance}"
                )
        return self

    def starts(self, edges: EdgeNumbers, streams: Streams) -> FloatArray:
        """Return each edge's conductance, S, shape (n,)."""
        return one_an_edge(self.conductance_S, edges)

    def parameters(self, unit: Any) -> tuple[float, ...]:
        """Return nothing."""
        return ()

    @staticmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        """Return the conductance as it is, S."""
        return value
