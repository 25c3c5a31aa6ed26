"""The resistor with discrete positions, as the laboratory has it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ...engine.kernels.kernel import Row
from ...engine.streams import FloatArray, Streams
from ..rules.base import Unit
from .base import MOST, EdgeNumbers, Resistor, one_an_edge, start_draws


class DigitalPotentiometer(
    Resistor, kind="digital_potentiometer", units=("siemens", "steps"), state_size=1
):
    """A resistor with discrete positions; pulses past either end do nothing.

    Positions are numbered from 1 to `positions`, so that no position is a short circuit. With
    linear spacing ``R = full_scale * position / positions``; with logarithmic spacing the
    resistances run from the same smallest to the same largest one in equal ratios. A step moves
    by one position. A change in siemens moves to the position nearest in resistance to what is
    asked for, so that a change below half a step is lost.

    The defaults are those of the laboratory's AD5220: 128 positions of 781.25 Ω. The value is the
    conductance; the position is the device's state, counted from 0.
    """

    positions: int = Field(128, ge=2, le=1 << 20)
    """Number of positions."""
    full_scale: float = Field(100e3, gt=0, le=MOST)
    """Resistance at the last position, Ω; at least 1e-15 Ω a position."""
    spacing: Literal["linear", "logarithmic"] = "linear"
    """Equal steps, or equal ratios, of resistance."""
    start: Literal["random", "middle"] | int | tuple[int, ...] = "random"
    """First position, of all or of each; ``"middle"`` is half of `positions`, as at power-up."""

    @model_validator(mode="after")
    def _check(self) -> DigitalPotentiometer:
        if self.full_scale / self.positions < 1 / MOST:
            raise ValueError(
                f"'full_scale' must be at least {1 / MOST:g} Ω a position, "
                f"got {self.full_scale} Ω for {self.positions}"
            )
        if not isinstance(self.start, str):
            for start in np.ravel(self.start):
                if not 1 <= start <= self.positions:
                    raise ValueError(
                        f"'start' must be a position from 1 to {self.positions}, got {start}"
                    )
        return self

    def resistances(self) -> FloatArray:
        """Return the resistance at each position, Ω, shape (positions,), ascending."""
        position = np.arange(1, self.positions + 1)
        if self.spacing == "linear":
            return self.full_scale * position / self.positions
        downwards = (self.positions - position) / (self.positions - 1)
        return self.full_scale * float(self.positions) ** -downwards

    def starts(self, edges: EdgeNumbers, streams: Streams) -> FloatArray:
        """Return each edge's first conductance, S, shape (n,)."""
        siemens: FloatArray = 1.0 / self.resistances()
        return siemens[self.start_positions(edges, streams)]

    def states(self, edges: EdgeNumbers, streams: Streams) -> FloatArray:
        """Return each edge's first position, counted from 0, shape (n, 1)."""
        return self.start_positions(edges, streams)[:, None].astype(np.float64)

    def start_positions(self, edges: EdgeNumbers, streams: Streams) -> NDArray[np.int64]:
        """Return each edge's first position, counted from 0, shape (n,)."""
        if self.start == "random":
            draws = start_draws(edges, streams)
            return np.floor(draws * self.positions).astype(np.int64)
        if self.start == "middle":
            return np.full(edges.size, self.positions // 2 - 1)
        return one_an_edge(self.start, edges).astype(np.int64) - 1

    def parameters(self, unit: Unit) -> tuple[float, ...]:
        """Return the last position, whether changes are steps, and siemens, then ohms, at each."""
        ohms = self.resistances()
        steps = float(unit == "steps")
        return self.positions - 1.0, steps, *(1.0 / ohms).tolist(), *ohms.tolist()

    @staticmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        """Return the conductance after a change, S."""
        last = int(parameters[0])
        if parameters[1]:
            place = int(state[0]) + round(min(max(amount, -float(last)), float(last)))
            place = 0 if place < 0 else min(place, last)
        elif value + amount <= 0.0:
            place = last
        else:
            ohms, wanted = 3 + last, 1.0 / (value + amount)
            low, high = 0, last + 1  # the first position whose resistance is not below it
            while low < high:
                middle = (low + high) // 2
                if parameters[ohms + middle] < wanted:
                    low = middle + 1
                else:
                    high = middle
            above = min(low, last)
            below = above - 1 if above > 0 else 0
            closer = parameters[ohms + above] - wanted < wanted - parameters[ohms + below]
            place = above if closer else below
        state[0] = float(place)
        return parameters[2 + place]
