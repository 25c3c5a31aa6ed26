"""The edge: waits for its clock, senses both drops, waits for its latency, actuates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite, sqrt
from typing import NamedTuple

import simpy

from ..engine.errors import OhmtickError
from ..engine.events import Actuation, Kind
from ..engine.simulation import Simulation
from .resistor import Resistor
from .rules import RuleFunction


class Reading(NamedTuple):
    """What an edge sensed, and what it decided to do about it."""

    time: float
    datum: int
    drop_free: float
    drop_clamped: float
    change: float
    updates: int
    """Actuations in the whole network before it."""


class EdgeAgent:
    """One edge of the network: an autonomous agent that knows nothing but its own two drops.

    Subclass it and override `decide` for an edge with a mind of its own, or `process` for one
    that acts at other moments.

    Parameters
    ----------
    edge
        Its number.
    ticks
        The times at which it acts, s, ascending.
    resistor
        Its resistor, which it alone changes.
    rule, learning_rate, nudge
        The learning rule and its two parameters.
    latencies
        The time from each sense to its actuation, s; none by default.
    errors
        The errors of each reading of the two drops, V; none by default.
    batch
        Readings from which it makes up its mind.
    """

    def __init__(
        self,
        edge: int,
        ticks: Iterable[float],
        resistor: Resistor,
        rule: RuleFunction,
        *,
        learning_rate: float = 1.0,
        nudge: float = 1.0,
        latencies: Iterator[float] | None = None,
        errors: Iterator[tuple[float, float]] | None = None,
        batch: int = 1,
    ) -> None:
        self.edge = edge
        self.ticks = ticks
        self.resistor = resistor
        self.rule = rule
        self.learning_rate = learning_rate
        self.nudge = nudge
        self.latencies = latencies
        self.errors = errors
        self.batch = batch
        self._gathered = 0
        self._squares = [0.0, 0.0]

    def process(self, simulation: Simulation) -> Iterator[simpy.Event]:
        """Act on every tick; readings whose latency outlasts the period are in flight together."""
        for time in self.ticks:
            yield simulation.at(time, Kind.SENSE, self.edge)
            reading = self.sense(simulation)
            done = time if self.latencies is None else time + next(self.latencies)
            if reading is not None:
                simulation.call_at(done, Kind.ACTUATE, self.edge, self.actuate, simulation, reading)

    def sense(self, simulation: Simulation) -> Reading | None:
        """Read both drops, as well as the comparator can, and decide; None while it gathers."""
        free, clamped = seen_free, seen_clamped = simulation.twin.drops(self.edge)
        if self.errors is not None:
            free_error, clamped_error = next(self.errors)
            seen_free, seen_clamped = free + free_error, clamped + clamped_error
        if self.batch > 1:
            self._gathered += 1
            self._squares[0] += seen_free * seen_free
            self._squares[1] += seen_clamped * seen_clamped
            if self._gathered < self.batch:
                return None
            seen_free, seen_clamped = (sqrt(total / self.batch) for total in self._squares)
            self._gathered, self._squares = 0, [0.0, 0.0]
        change = self.decide(seen_free, seen_clamped)
        if not isfinite(change):
            raise OhmtickError(
                f"the change that the rule asks for must be finite, got {change} at edge "
                f"{self.edge}, {simulation.now} s"
            )
        return Reading(simulation.now, simulation.datum, free, clamped, change, simulation.updates)

    def decide(self, drop_free: float, drop_clamped: float) -> float:
        """Return the change that the rule asks for at these drops, V, as the edge sees them.

        Of a batch of readings, these are the root mean squares.
        """
        conductance = self.resistor.conductance
        return self.rule(drop_free, drop_clamped, conductance, self.learning_rate, self.nudge)

    def actuate(self, simulation: Simulation, reading: Reading) -> None:
        """Write the resistor as the reading decided."""
        before = self.resistor.conductance
        after = self.resistor.change(reading.change)
        simulation.twin.set_conductance(self.edge, after)
        simulation.record(
            Actuation(
                simulation.now,
                reading.time,
                self.edge,
                reading.datum,
                reading.drop_free,
                reading.drop_clamped,
                before,
                after,
                simulation.updates - reading.updates,
            )
        )
