"""What an edge is made of: its resistor, and the comparator that reads the drops."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ..engine.errors import CircuitError, shown
from ..engine.settings import Settings
from ..engine.streams import FloatArray, Streams
from .clock import blocks

if TYPE_CHECKING:
    from ..engine.compiled.devices import Devices

#: Conductances, S, and resistances, Ω, beyond these drown all others in the rounding.
LEAST, MOST = 1e-15, 1e15
#: A rule's change is a conductance, S, or a number of steps of resistance.
Unit = Literal["siemens", "steps"]


class Resistor(Protocol):
    """One edge's resistor in a run: what it conducts now, and how it takes a change."""

    conductance: float
    """S."""

    def change(self, amount: float) -> float:
        """Take a rule's change as far as the device can, and return the new conductance, S."""
        ...


class ContinuousResistor(Settings):
    """A resistor that takes any conductance in ``[k_min, k_max]``.

    Changes in siemens add to the conductance, steps add ``step`` to the resistance; either way
    the bounds hold.
    """

    kind: Literal["continuous"] = "continuous"
    k_min: float = Field(1e-6, ge=LEAST)
    """Smallest conductance, S."""
    k_max: float = Field(1e3, le=MOST)
    """Largest conductance, S."""
    start: Literal["random"] | float | tuple[float, ...] = 1.0
    """First conductance, S, of all or of each; ``"random"`` is uniform in its logarithm."""
    step: float = Field(781.25, gt=0)
    """What one step of the sign rule changes, Ω."""

    @model_validator(mode="after")
    def _check(self) -> ContinuousResistor:
        if self.k_min >= self.k_max:
            raise ValueError(f"'k_max' must exceed k_min = {self.k_min} S, got {self.k_max}")
        if self.start != "random":
            for start in np.ravel(self.start).tolist():
                if not self.k_min <= start <= self.k_max:
                    raise ValueError(
                        f"'start' must lie in [k_min, k_max] = [{self.k_min}, {self.k_max}] S, "
                        f"got {shown(start)}"
                    )
        return self

    def starts(self, edges: int, streams: Streams) -> FloatArray:
        """Return each edge's first conductance, S, shape (E,)."""
        if self.start == "random":
            draws = streams.uniforms("resistor.start", 0, 0, edges)
            return np.asarray(self.k_min * (self.k_max / self.k_min) ** draws)
        return _one_an_edge(self.start, edges)

    def build(self, edges: int, unit: Unit, streams: Streams) -> list[Resistor]:
        """Return one resistor an edge, at its first conductance."""
        kind = _ByConductance if unit == "siemens" else _ByResistance
        return [kind(k, self) for k in self.starts(edges, streams).tolist()]

    def lower(self, edges: int, unit: Unit, streams: Streams) -> tuple[Devices, FloatArray]:
        """Return all resistors as arrays, and their first conductances, S, shape (E,)."""
        from ..engine.compiled.devices import CONTINUOUS_SIEMENS, CONTINUOUS_STEPS, Devices

        kind = CONTINUOUS_SIEMENS if unit == "siemens" else CONTINUOUS_STEPS
        none, nowhere = np.empty(0), np.empty(0, np.int64)
        devices = Devices(kind, nowhere, none, none, self.k_min, self.k_max, self.step)
        return devices, self.starts(edges, streams)


class DigitalPotentiometer(Settings):
    """A resistor with discrete positions; pulses past either end do nothing.

    Positions are numbered from 1 to `positions`, so that no position is a short circuit. With
    linear spacing ``R = full_scale * position / positions``; with logarithmic spacing the
    resistances run from the same smallest to the same largest one in equal ratios. A step moves
    by one position. A change in siemens moves to the position nearest in resistance to what is
    asked for, so that a change below half a step is lost.

    The defaults are those of the laboratory's AD5220: 128 positions of 781.25 Ω.
    """

    kind: Literal["digital_potentiometer"] = "digital_potentiometer"
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
            for start in np.ravel(self.start).tolist():
                if not 1 <= start <= self.positions:
                    raise ValueError(
                        f"'start' must be a position from 1 to {self.positions}, got {shown(start)}"
                    )
        return self

    def resistances(self) -> FloatArray:
        """Return the resistance at each position, Ω, shape (positions,), ascending."""
        position = np.arange(1, self.positions + 1)
        if self.spacing == "linear":
            return self.full_scale * position / self.positions
        downwards = (self.positions - position) / (self.positions - 1)
        return self.full_scale * float(self.positions) ** -downwards

    def starts(self, edges: int, streams: Streams) -> NDArray[np.int64]:
        """Return each edge's first position, counted from 0, shape (E,)."""
        if self.start == "random":
            draws = streams.uniforms("resistor.start", 0, 0, edges)
            return np.floor(draws * self.positions).astype(np.int64)
        if self.start == "middle":
            return np.full(edges, self.positions // 2 - 1)
        return _one_an_edge(self.start, edges).astype(np.int64) - 1

    def build(self, edges: int, unit: Unit, streams: Streams) -> list[Resistor]:
        """Return one potentiometer an edge, at its first position."""
        ohms = self.resistances().tolist()
        siemens = [1.0 / resistance for resistance in ohms]
        kind = _ByWanted if unit == "siemens" else _ByPulse
        return [kind(index, ohms, siemens) for index in self.starts(edges, streams).tolist()]

    def lower(self, edges: int, unit: Unit, streams: Streams) -> tuple[Devices, FloatArray]:
        """Return all potentiometers as arrays, and their first conductances, S, shape (E,)."""
        from ..engine.compiled.devices import POSITIONS_SIEMENS, POSITIONS_STEPS, Devices

        kind = POSITIONS_SIEMENS if unit == "siemens" else POSITIONS_STEPS
        ohms, positions = self.resistances(), self.starts(edges, streams)
        siemens = 1.0 / ohms
        return Devices(kind, positions, ohms, siemens, 0.0, 0.0, 0.0), siemens[positions]


class _ByConductance:
    """Continuous, changed in siemens: ``k = min(max(k + dk, k_min), k_max)``."""

    def __init__(self, conductance: float, part: ContinuousResistor) -> None:
        self.conductance = conductance
        self._low, self._high = part.k_min, part.k_max

    def change(self, amount: float) -> float:
        self.conductance = min(max(self.conductance + amount, self._low), self._high)
        return self.conductance


class _ByResistance:
    """Continuous, changed by steps: ``1/k`` moves by ``amount * step``, within the bounds."""

    def __init__(self, conductance: float, part: ContinuousResistor) -> None:
        self.conductance = conductance
        self._low, self._high = part.k_min, part.k_max
        self._step = part.step

    def change(self, amount: float) -> float:
        resistance = 1.0 / self.conductance + amount * self._step
        # At or below zero resistance the conductance saturates at the upper end.
        wanted = 1.0 / resistance if resistance * self._high > 1.0 else self._high
        self.conductance = max(wanted, self._low)
        return self.conductance


class _ByPulse:
    """Discrete, changed by steps: the wiper moves by so many positions, to an end at most."""

    def __init__(self, index: int, ohms: list[float], siemens: list[float]) -> None:
        self._index, self._siemens, self._last = index, siemens, len(siemens) - 1
        self.conductance = siemens[index]

    def change(self, amount: float) -> float:
        wanted = self._index + round(amount)
        self._index = 0 if wanted < 0 else min(wanted, self._last)
        self.conductance = self._siemens[self._index]
        return self.conductance


class _ByWanted:
    """Discrete, changed in siemens: the wiper moves to the position nearest in resistance."""

    def __init__(self, index: int, ohms: list[float], siemens: list[float]) -> None:
        self._ohms, self._siemens = ohms, siemens
        self.conductance = siemens[index]

    def change(self, amount: float) -> float:
        wanted = self.conductance + amount
        index = self._nearest(1.0 / wanted) if wanted > 0.0 else len(self._ohms) - 1
        self.conductance = self._siemens[index]
        return self.conductance

    def _nearest(self, resistance: float) -> int:
        above = min(bisect_left(self._ohms, resistance), len(self._ohms) - 1)
        below = max(above - 1, 0)
        closer = self._ohms[above] - resistance < resistance - self._ohms[below]
        return above if closer else below


class Comparator(Settings):
    """How well an edge reads its drops.

    The laboratory's edge decides ``|drop_clamped| > |drop_free|`` by two comparators and an
    XOR: one tells the sign of ``drop_clamped - drop_free``, the other that of ``drop_clamped +
    drop_free``. Each has an input offset of its own, ``e_- = offset * ξ_-`` and ``e_+``, drawn
    once a device, and noise drawn at each reading. The edge then acts on::

        free' = drop_free + (e_+ - e_-) / 2,    clamped' = drop_clamped + (e_+ + e_-) / 2

    which is the same thing for the sign rule and carries over to any other.
    """

    offset: float = Field(0.0, ge=0, le=1e9)
    """S.d. of the offsets over the devices, V."""
    noise: float = Field(0.0, ge=0, le=1e9)
    """S.d. of the noise of each reading, V."""

    def errors(self, edge: int, streams: Streams) -> Iterator[tuple[float, float]] | None:
        """Yield the errors of the free and the clamped reading, V, a pair for each reading.

        None where readings are exact.
        """
        return self._errors(edge, streams) if self.offset or self.noise else None

    def draw(self, edge: int, first: int, count: int, streams: Streams) -> FloatArray:
        """Return the errors of readings ``first … first + count``, V, shape (count, 2)."""
        each = self.offset * streams.normals("comparator.offset", 0, 2 * edge, 2)
        pairs = np.broadcast_to(each, (count, 2))
        if self.noise:
            noise = streams.normals("comparator.noise", edge, 2 * first, 2 * count)
            pairs = pairs + self.noise * noise.reshape(-1, 2)
        minus, plus = pairs.T
        return np.stack([(plus - minus) / 2.0, (plus + minus) / 2.0], axis=1)

    def _errors(self, edge: int, streams: Streams) -> Iterator[tuple[float, float]]:
        for first, count in blocks():
            yield from map(tuple, self.draw(edge, first, count, streams).tolist())


def _one_an_edge(start: object, edges: int) -> FloatArray:
    starts = np.asarray(start, dtype=np.float64)
    if starts.shape not in ((), (edges,)):
        raise CircuitError(
            f"'start' must be one value or one for each of the {edges} edges, "
            f"got {starts.size} instead"
        )
    return np.broadcast_to(starts, (edges,)).copy()
