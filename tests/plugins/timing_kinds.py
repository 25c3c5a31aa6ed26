"""Kinds of one's own: a clock that ticks in bursts, a rule with memory, a resistor with noise.

Name this file to the command, ``--plugin timing_kinds.py``, or import it, and scenarios may name
what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ohmtick.agents.clocks import Clock
from ohmtick.agents.resistors import Resistor
from ohmtick.agents.rules import Rule
from ohmtick.engine.kernels.draws import standard_normal
from ohmtick.engine.kernels.kernel import Row
from ohmtick.engine.streams import FloatArray, Streams


class Bursting(Clock, kind="bursting"):
    """Ticks in bursts, each edge in its own time."""

    burst: int = Field(3, ge=1)
    """Ticks in a burst."""
    period: float = Field(1.0, gt=0)
    """From one burst to the next, s; a burst takes half of it."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[FloatArray]:
        """Yield a burst at a time, s, from a phase that is drawn."""
        phase = float(streams.uniforms("bursting.phase", 0, edge, 1)[0])
        within = 0.5 * np.arange(self.burst) / self.burst
        for number in range(math.ceil(horizon / self.period) + 1):
            yield self.period * (number + 0.5 * phase + within)

    def mean_interval(self) -> float:
        """Return the time between acts, s, over a burst and the pause after it."""
        return self.period / self.burst


class Patient(Rule, kind="patient", unit="steps", state_size=2):
    """The sign rule of an edge that wants to be told several times in a row."""

    times: int = Field(2, ge=1)
    """How often."""

    @staticmethod
    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Row,
        parameters: Row,
        nudge: float,
    ) -> float:
        """Return one step when the last so many readings were of one sign, and none before."""
        sign = 1.0 if abs(drop_clamped) > abs(drop_free) else -1.0
        state[1] = state[1] + 1.0 if sign == state[0] else 1.0
        state[0] = sign
        if state[1] < parameters[0]:
            return 0.0
        state[1] = 0.0
        return sign


class NoisyGate(Resistor, kind="noisy_gate", units=("steps",), value_unit="V", draws=True):
    """A transistor as a resistor, by the voltage of its gate, every write of which is noisy."""

    gain: float = Field(1e-4, gt=0)
    """Conductance at one volt above threshold, S/V."""
    step: float = Field(0.05, gt=0)
    """What a step changes the gate by, V."""
    noise: float = Field(0.0, ge=0)
    """S.d. of each write, V."""

    def starts(self, edges: NDArray[np.intp], streams: Streams) -> FloatArray:
        """Return each gate's first voltage above threshold, V, uniform from 1 to 3."""
        most = int(edges.max(initial=-1)) + 1
        draws: FloatArray = streams.uniforms("noisy_gate.start", 0, 0, most)[edges]
        return 1.0 + 2.0 * draws

    @staticmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        """Return the gate's voltage after a write, V."""
        written = value - amount * parameters[1] + parameters[2] * standard_normal(draw)
        return min(max(written, 0.1), 5.0)

    @staticmethod
    def conductance(value: float, parameters: Row) -> float:
        """Return what the channel conducts, S."""
        return value * parameters[0]
