"""The memristor: pulses set and reset it by unequal steps, no two of them alike."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from ...engine.kernels.draws import standard_normal
from ...engine.kernels.kernel import Row
from ...engine.streams import FloatArray, Streams
from ..rules.base import Unit
from .base import LEAST, MOST, EdgeNumbers, Resistor, check_bounds, one_an_edge, start_draws


class Memristor(Resistor, kind="memristor", units=("steps",), draws=True):
    """A memristive device that pulses move between two conductances.

    One step down in resistance is a *set* pulse, one step up a *reset* pulse::

        set:    k += set_step * (1 - x)^window * c,      x = (k - k_min) / (k_max - k_min)
        reset:  k -= reset_step * x^window * c,          c = 1 + cycle_spread * ξ

    with ξ standard normal at each pulse, c no less than 0, and k kept inside the bounds. With
    ``window = 0`` all steps are equal up to a hard bound; with 1 they shrink in proportion to what
    is left, so that repeated pulses approach a bound exponentially. Devices differ: each has steps
    of its own, ``set_step * (1 + device_spread * ξ)`` and likewise `reset_step`, truncated to stay
    positive. A change of several steps, or of a part of one, is one pulse of so many times the
    height.

    References
    ----------
    Fusi, Abbott, Nature Neurosci. 10, 485 (2007), for soft bounds; Chen, Peng, Yu, IEEE Trans.
    Comput.-Aided Des. 37, 3067 (2018), for asymmetry and variability of analog synaptic devices.
    """

    k_min: float = Field(1e-6, ge=LEAST)
    """Smallest conductance, S."""
    k_max: float = Field(1e-4, le=MOST)
    """Largest conductance, S."""
    start: Literal["random", "circuit"] | float | tuple[float, ...] = "random"
    """First conductance, S, of all or of each; ``"random"`` is uniform between the bounds, and
    ``"circuit"`` what the circuit says of each."""
    set_step: float = Field(2e-6, gt=0)
    """Largest step of a set pulse, S."""
    reset_step: float = Field(3e-6, gt=0)
    """Largest step of a reset pulse, S."""
    window: float = Field(1.0, ge=0)
    """How steeply steps shrink towards the bounds; 0 for not at all."""
    device_spread: float = Field(0.0, ge=0)
    """Relative s.d. of the steps over the devices."""
    cycle_spread: float = Field(0.0, ge=0)
    """Relative s.d. of each step over the pulses of one device."""

    @model_validator(mode="after")
    def _check(self) -> Memristor:
        check_bounds(self.k_min, self.k_max, self.start)
        return self

    def starts(self, edges: EdgeNumbers, streams: Streams) -> FloatArray:
        """Return each edge's first conductance, S, shape (n,)."""
        if self.start == "random":
            return self.k_min + (self.k_max - self.k_min) * start_draws(edges, streams)
        return one_an_edge(self.start, edges)

    def parameters(self, unit: Unit) -> tuple[float, ...]:
        """Return the bounds and the steps, S, the window, and the spread from cycle to cycle."""
        return (
            self.k_min, self.k_max, self.set_step, self.reset_step, self.window, self.cycle_spread,
        )  # fmt: skip

    def device_parameters(
        self, unit: Unit, edges: EdgeNumbers, streams: Streams
    ) -> FloatArray | None:
        """Return the parameters with each device's own steps, shape (n, 6)."""
        if not self.device_spread:
            return None
        rows = np.tile(self.parameters(unit), (edges.size, 1))
        bound = 0.99 / self.device_spread  # no step shrinks below a hundredth
        most = int(edges.max(initial=-1)) + 1
        drawn = streams.normals("resistor.device", 0, 0, 2 * most, bound).reshape(-1, 2)
        rows[:, 2:4] *= 1.0 + self.device_spread * drawn[edges]
        return rows

    @staticmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        """Return the conductance after a pulse, S."""
        low, high = parameters[0], parameters[1]
        filled = (value - low) / (high - low)
        if amount < 0.0:
            step = -amount * parameters[2] * (1.0 - filled) ** parameters[4]
        else:
            step = -amount * parameters[3] * filled ** parameters[4]
        if parameters[5]:
            step *= max(1.0 + parameters[5] * standard_normal(draw), 0.0)
        after: float = min(max(value + step, low), high)
        return after
