"""The edge: waits for its clock, senses both drops, waits for its latency, actuates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, isfinite, sqrt
from typing import NoReturn

import simpy

from ..engine.errors import FunctionError, OhmtickError, refuse_device, shown
from ..engine.events import Kind
from ..engine.simulation import Simulation
from .device import Device, EdgeRule

# Looked up once: naming a member of an enum takes longer than a rule does.
_SENSE, _ACTUATE = Kind.SENSE, Kind.ACTUATE
#: What an edge sensed, and what it decided to do about it: the arguments of `EdgeAgent.actuate`.
Reading = tuple[float, int, float, float, float, int]


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
    device
        Its device, which it alone changes.
    rule
        How it learns: a function of both drops, V, and the device's value.
    latencies
        The time from each sense to its actuation, s; none by default.
    errors
        The errors of each reading of the two drops, V; none by default.
    batch
        Readings from which it makes up its mind.

    Attributes
    ----------
    senses : int
        How many ticks it has acted on.
    gathered : int
        Readings of its batch that it has.
    squares : list of float
        The sums of the squares of both drops over these, V².
    """

    def __init__(
        self,
        edge: int,
        ticks: Iterable[float],
        device: Device,
        rule: EdgeRule,
        *,
        latencies: Iterator[float] | None = None,
        errors: Iterator[tuple[float, float]] | None = None,
        batch: int = 1,
    ) -> None:
        self.edge = edge
        self.ticks = ticks
        self.device = device
        self.rule = rule
        self.latencies = latencies
        self.errors = errors
        self.batch = batch
        self.senses = 0
        self.gathered = 0
        self.squares = [0.0, 0.0]

    def process(self, simulation: Simulation) -> Iterator[simpy.Event]:
        """Act on every tick; readings whose latency outlasts the period are in flight together."""
        ticks = iter(self.ticks)
        time = next(ticks, None)
        while time is not None:
            yield simulation.at(time, _SENSE, self.edge)
            reading = self.sense(simulation)
            done = time if self.latencies is None else time + next(self.latencies)
            following = next(ticks, None)
            if reading is None:
                pass
            elif done == time != following and simulation.instant_is_over():
                self.actuate(simulation, *reading)  # as it would next, without the detour
            else:
                simulation.call_at(done, _ACTUATE, self.edge, self.actuate, simulation, *reading)
            time = following

    def sense(self, simulation: Simulation) -> Reading | None:
        """Read both drops, as well as the comparator can, and decide; None while it gathers."""
        self.senses += 1
        now = simulation.env._now
        free, clamped = seen_free, seen_clamped = simulation.twin.drops(self.edge, now)
        if self.errors is not None:
            free_error, clamped_error = next(self.errors)
            seen_free, seen_clamped = free + free_error, clamped + clamped_error
        if self.batch > 1:
            self.gathered += 1
            self.squares[0] += seen_free * seen_free
            self.squares[1] += seen_clamped * seen_clamped
            if self.gathered < self.batch:
                return None
            seen_free, seen_clamped = (sqrt(total / self.batch) for total in self.squares)
            self.gathered, self.squares = 0, [0.0, 0.0]
        try:
            change = self.decide(seen_free, seen_clamped)
        except FunctionError as error:
            self._refuse(error, now)
        try:
            finite = isfinite(change)
        except (TypeError, ValueError, OverflowError):  # of what is no number
            finite = False
        if not finite:
            raise OhmtickError(
                f"the change that the rule asks for must be finite, got {shown(change)} at edge "
                f"{self.edge}, {simulation.now} s"
            )
        return now, simulation.datum, free, clamped, change, simulation.updates

    def decide(self, drop_free: float, drop_clamped: float) -> float:
        """Return the change that the rule asks for at these drops, V, as the edge sees them.

        Of a batch of readings, these are the root mean squares.
        """
        return self.rule(drop_free, drop_clamped, self.device.value)

    def actuate(
        self,
        simulation: Simulation,
        sensed: float,
        datum: int,
        drop_free: float,
        drop_clamped: float,
        change: float,
        updates: int,
    ) -> None:
        """Write the device as a reading decided.

        Parameters
        ----------
        simulation
            Where it happens.
        sensed
            When the edge read, s.
        datum
            Which datum was presented then.
        drop_free, drop_clamped
            The true drops then, V.
        change
            What the rule asked for, in its unit.
        updates
            Actuations in the whole network before the reading.
        """
        edge, device, now = self.edge, self.device, simulation.env._now
        before, value = device.conductance, device.value
        try:
            after = device.change(change)
        except FunctionError as error:
            self._refuse(error, now)
        if not (0.0 <= after < inf and isfinite(device.value)):
            refuse_device(device.what, edge, now, device.value, after)
        simulation.twin.set_conductance(edge, after, now)
        stale = simulation.updates - updates
        values = (value, device.value) if simulation.log.values else ()
        row = (now, sensed, edge, datum, drop_free, drop_clamped, before, after, stale)
        simulation.record(*row, *values) if values else simulation.record(*row)

    def _refuse(self, error: FunctionError, now: float) -> NoReturn:
        """Say where and when a function raised."""
        raise OhmtickError(f"{error} at edge {self.edge}, {now} s") from error.__cause__
