"""The event engine: owns the SimPy environment, keeps the total order, runs to a horizon."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from heapq import heapify, heappush
from typing import Any, Protocol

import simpy

from .errors import OhmtickError
from .events import Kind
from .interventions import Intervention
from .networks.network import Network
from .records.event_log import EventLog

#: Events between two looks at the outside world.
POLL_EVERY = 1024

# SimPy breaks ties of time by an integer priority; ours is the kind in the high bits and the
# agent in the low ones, above the priorities 0 and 1 that SimPy uses itself.
_AGENT_BITS = 40
#: The number of who intervenes, among the agents; no circuit has so many edges.
_FROM_OUTSIDE = 1 << 33


class Appointment(simpy.Event):
    """A SimPy event at an absolute time, ordered among those of its instant by kind and agent.

    `simpy.Timeout` adds a delay to the present time, which would round: two clocks on one grid
    must meet exactly. `Simulation.at` makes appointments.
    """

    _ok = True
    _value = None
    #: What is done then, where somebody asked for it by `Simulation.call_at`.
    arguments: tuple[Any, ...] | None = None

    # `Simulation.at` sets the rest, to save a call an event.
    __init__ = object.__init__


class Agent(Protocol):
    """Whoever acts in a simulation."""

    def process(self, simulation: Simulation) -> Iterator[simpy.Event]:
        """Yield the events to wait for, as SimPy processes do."""
        ...


class Watched(Protocol):
    """What a watcher may look at, whichever engine runs.

    Between its start and its end a run is watched at its probes, where both engines are in the
    same state. What a watcher makes of that is therefore the same on both.
    """

    horizon: float
    stopped: bool

    @property
    def now(self) -> float:
        """The simulated time, s."""
        ...

    @property
    def updates(self) -> int:
        """Actuations so far."""
        ...

    @property
    def probe(self) -> dict[str, float] | None:
        """The latest probe, as in `Simulation.probes`; None before the first."""
        ...

    def stop(self) -> None:
        """End the run after the present event; nothing, once the run is over."""
        ...


#: Called with the simulation that runs; see `Simulation.run`.
Observer = Callable[[Watched], None]


class Simulation:
    """A twin network, agents, and the order in which they act.

    Parameters
    ----------
    twin
        The network that the agents read and write.
    horizon
        Simulated end time, s. Half open: events at ``t < horizon`` happen.
    log
        Where actuations are recorded; a new log in memory by default.
    start
        The time at which it begins, s.

    Attributes
    ----------
    env : simpy.Environment
        For agents that use more of SimPy than `at`.
    updates : int
        Actuations so far.
    datum : int
        Which datum is presented.
    stage : int
        How many changes of the scenario's schedule there were.
    probes : list of dict
        One row a probe: ``time_s``, ``updates``, ``error`` (V²), for classes ``accuracy``.
    stopped : bool
        Whether `stop` ended the run before its horizon.
    stopped_by : int
        What ended it: a number of `~ohmtick.engine.kernels.stopping`.
    cuts : dict of int to float
        When edges were cut, s, by edge.
    """

    def __init__(
        self,
        twin: Network,
        *,
        horizon: float,
        log: EventLog | None = None,
        start: float = 0.0,
    ) -> None:
        if not 0.0 < horizon < float("inf"):
            raise OhmtickError(
                f"the 'horizon' of a Simulation must be positive and finite, got {horizon} instead"
            )
        self.twin = twin
        self.horizon = float(horizon)
        self.log = EventLog() if log is None else log
        self.cuts: dict[int, float] = {}
        self.env = simpy.Environment(start)
        self.updates = 0
        self.datum = 0
        self.stage = 0
        self.stopped_by = 0
        self.probes: list[dict[str, float]] = []
        self.stopped = False
        self._processes: list[simpy.Process] = []

    @property
    def now(self) -> float:
        """The simulated time, s."""
        return float(self.env._now)

    @property
    def probe(self) -> dict[str, float] | None:
        """The latest row of `probes`; None before the first."""
        return dict(self.probes[-1]) if self.probes else None

    def add(self, agent: Agent) -> None:
        """Let an agent take part, from time 0 on."""
        process = self.env.process(agent.process(self))  # type: ignore[arg-type]
        self._processes.append(process)

    def _raise_failure(self) -> None:
        """Raise what an agent raised: SimPy makes another error of it, and loses some of it."""
        for process in self._processes:
            if process.triggered and not process.ok:
                raise process.value  # type: ignore[misc]

    def at(self, time: float, kind: Kind, agent: int) -> Appointment:
        """Return the event that an agent waits for to act at `time`, s.

        Raises
        ------
        OhmtickError
            For a time that has passed, or NaN.
        """
        env = self.env
        if not time >= env._now:
            raise OhmtickError(
                f"the time of the next {kind.name.lower()} of agent {agent} must not lie before "
                f"the present {self.now} s, got {time} s instead"
            )
        appointment: Appointment = Appointment()
        appointment.env = env
        appointment.callbacks = []
        rank = (kind << _AGENT_BITS) | agent
        heappush(env._queue, (time, rank, next(env._eid), appointment))  # type: ignore[misc]
        return appointment

    def cancel(self, appointment: Appointment) -> None:
        """Take an appointment back, for which nobody waits any more."""
        queue = self.env._queue
        queue[:] = [entry for entry in queue if entry[-1] is not appointment]
        heapify(queue)

    def call_at(
        self, time: float, kind: Kind, agent: int, action: Callable[..., Any], *args: Any
    ) -> None:
        """Have ``action(*args)`` done at `time`, s, in the agent's place in the order."""
        appointment = self.at(time, kind, agent)
        appointment.arguments = args
        appointment.callbacks.append(lambda _: action(*args))

    def awaited(self, kind: Kind) -> Iterator[tuple[float, int, tuple[Any, ...]]]:
        """Yield what `call_at` asked for and is still to be done, in order.

        Yields
        ------
        tuple
            When, s; the agent; the arguments.
        """
        for time, rank, _, event in sorted(self.env._queue, key=lambda entry: entry[:3]):
            arguments = getattr(event, "arguments", None)
            if rank >> _AGENT_BITS == kind and arguments is not None:
                yield time, rank & ((1 << _AGENT_BITS) - 1), arguments

    def intervene(self, interventions: Sequence[Intervention]) -> None:
        """Have some things done from outside, the first one first."""
        self._processes.append(self.env.process(self._intervening(interventions)))

    def _intervening(
        self, interventions: Sequence[Intervention]
    ) -> Generator[simpy.Event, None, None]:
        for each in interventions:
            yield self.at(each.time, Kind.INTERVENTION, _FROM_OUTSIDE)
            each.apply(self)

    def instant_is_over(self) -> bool:
        """Return whether the run goes on and nothing else is due at the present time.

        Whoever was going to act last at this instant may then do so at once.
        """
        queue = self.env._queue
        return not self.stopped and (not queue or queue[0][0] > self.env._now)

    def record(self, *actuation: float) -> None:
        """Count an actuation and log it: the fields of an `~ohmtick.engine.events.Actuation`."""
        self.updates += 1
        self.log.append(actuation)

    def probe_columns(self) -> dict[str, list[float]]:
        """Return what the probes measured, a list a column."""
        return {name: [row[name] for row in self.probes] for name in (self.probes or [{}])[0]}

    def stop(self) -> None:
        """End the run after the event that is being processed."""
        self.stopped = True

    def run(self, watch: Observer | None = None, poll: Observer | None = None) -> None:
        """Process events in order until the horizon, or until `stop` is called.

        Parameters
        ----------
        watch
            Called before the first event, after each probe, and at the end. It must change
            nothing, but may `stop` the run, which then ends with the event of that probe: the same
            event on either engine.
        poll
            Called before the first event, now and then by the wall clock, and at the end: for who
            shows progress, or stops a run that nobody wants any more. It must change nothing
            else. Where a run ends that it stops depends on how fast the machine is.
        """
        observers = [each for each in (watch, poll) if each is not None]
        for each in observers:
            each(self)
        try:
            self._process(watch, poll)
        except Exception:
            self._raise_failure()
            raise
        if self.stopped:  # before the error came to be told, perhaps
            self._raise_failure()
        stopped = self.stopped
        for each in observers:
            each(self)
        self.stopped = stopped

    def _process(self, watch: Observer | None, poll: Observer | None) -> None:
        queue, step, probes, seen = self.env._queue, self.env.step, self.probes, len(self.probes)
        while True:
            for _ in range(POLL_EVERY):
                if self.stopped or not queue or not queue[0][0] < self.horizon:
                    return
                step()
                if watch is not None and len(probes) > seen:
                    seen = len(probes)
                    watch(self)
            if poll is not None:
                poll(self)
