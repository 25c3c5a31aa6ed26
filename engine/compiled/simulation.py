"""The compiled engine: gives the compiled event loop what it asks for, until the horizon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from ..errors import OhmtickError, refuse_device
from ..events import EVENT_DTYPES, VALUE_DTYPES
from ..interventions import Intervention
from ..kernels.heap import sink
from ..kernels.kernel import Function, Ints
from ..kernels.pointers import entry_for
from ..kernels.stopping import GOES_ON
from ..networks.network import Network
from ..records.event_log import CHUNK_ROWS, EventLog
from ..simulation import Observer
from ..state import InFlight, State
from ..streams import FloatArray
from . import loop
from .state import (
    Data,
    Devices,
    Edges,
    PendingReadings,
    Presentations,
    ProbeRows,
    Rows,
    Rules,
    Stopping,
)

#: Seconds of work between two looks at the outside world.
SLICE_S = 0.05
#: Presentations and probes known or kept at a time.
BLOCK = 4096
NO_NODES: Ints = np.empty(0, np.int64)


class Schedule(Protocol):
    """Who knows what edges are going to do."""

    ahead: Edges

    @property
    def ticks(self) -> Ints:
        """How many ticks each edge has acted on, shape (E,)."""
        ...

    def refill(self, edge: int) -> None:
        """Look further ahead for an edge whose known ticks are all used."""
        ...


class Functions(Protocol):
    """The functions of rules and devices."""

    def device(self, edge: int) -> str:
        """Return what the device of an edge is, in words."""
        ...


class CompiledSimulation:
    """The same simulation as `~ohmtick.engine.simulation.Simulation`, at the speed of its kernels.

    It runs the built-in agents, which whoever builds it has turned into arrays, and consumes the
    same draws in the same order: both engines' logs are equal, bit for bit.

    Parameters
    ----------
    twin
        The network.
    horizon
        Simulated end time, s; half open.
    log
        Where actuations are recorded.
    schedule
        What the edges are going to do.
    rules, devices
        How they learn, and what they change.
    nudge
        How far the clamp moves the targets.
    presentations
        Times, s, and numbers of the data presented.
    train, test
        What is presented and what is tested.
    class_means
        Mean inputs of the classes, V, shape (C, S), or none.
    probe_period
        Time between probes, s; infinite for none.
    stopping
        What ends the run, and what that keeps.
    observed, nodes
        The names of what probes see besides: the power of the free and the clamped copy, if they
        do, and the voltage of each of some nodes in either.
    accuracy
        Whether probes measure one, NaN where there are no classes.
    interventions
        What is done to it from outside, the first one first.
    state
        Where it goes on from; the schedule, rules and devices are there already. By default it
        begins.
    functions
        What rules and devices do, which lives as long as their addresses are in use.

    Attributes
    ----------
    updates : int
        Actuations so far.
    stage : int
        How many changes of the scenario's schedule there were.
    now : float
        The simulated time, s.
    nudge : float
        How far the clamp moves the targets, at present.
    stopped : bool
        Whether `stop` ended the run before its horizon.
    cuts : dict of int to float
        When edges were cut, s, by edge.
    """

    def __init__(
        self,
        twin: Network,
        *,
        horizon: float,
        log: EventLog,
        schedule: Schedule,
        rules: Rules,
        devices: Devices,
        nudge: float,
        presentations: Iterator[tuple[float, int]],
        train: Data,
        test: Data,
        class_means: FloatArray | None,
        probe_period: float,
        functions: Functions,
        stopping: Stopping,
        observed: Sequence[str] = (),
        nodes: Ints = NO_NODES,
        accuracy: bool = False,
        interventions: Sequence[Intervention] = (),
        state: State | None = None,
    ) -> None:
        self.twin, self.horizon, self.log = twin, float(horizon), log
        self.stopped = False
        self.stage = 0
        self.cuts: dict[int, float] = {}
        self._interventions = [each for each in interventions if each.time < self.horizon]
        self._stopping = stopping
        self._schedule, self._rules, self._devices = schedule, rules, devices
        self._functions = functions
        self.nudge = float(nudge)
        self._addresses = twin.addresses()
        self._pending = _pending(max(64, len(twin.circuit.edges) + 1))
        self._rows = _rows(CHUNK_ROWS, self.log.values)
        self._probe_rows = _probe_rows(BLOCK, len(observed), nodes)
        self._probed = [_probe_rows(0, len(observed), nodes)]
        self._observed = list(observed)
        self._measured = ["time_s", "updates", "error"]
        self._measured += ["accuracy"] if accuracy else []
        self._counters = np.zeros(loop.COUNTERS, np.int64)
        self._times = np.zeros(loop.TIMES)
        self._times[loop.END] = self.horizon
        self._times[loop.PROBE_PERIOD] = probe_period
        self._times[loop.NEXT_PROBE] = 0.0 if np.isfinite(probe_period) else np.inf
        self._loop: Function = loop.advance
        self.present_anew(presentations, train, test, class_means)
        if state is not None:
            self._go_on_from(state)
        self._advance(0)  # so that compilation belongs to the building and not to the run

    def present_anew(
        self,
        presentations: Iterator[tuple[float, int]],
        train: Data,
        test: Data,
        class_means: FloatArray | None,
    ) -> None:
        """Present and test other data from now on; the parameters are those of the class."""
        self._presentations, self._test = presentations, test
        self._counters[loop.PRESENTED] = 0
        self._presented = Presentations(
            time=np.empty(0),
            datum=np.empty(0, np.int64),
            dataset=train,
            class_means=np.empty((0, 0)) if class_means is None else class_means,
            outputs=np.zeros((len(test.inputs), len(self.twin.outputs))),
        )
        self._more_presentations()

    @property
    def updates(self) -> int:
        """Actuations so far."""
        return int(self._counters[loop.UPDATES])

    @property
    def now(self) -> float:
        """The simulated time, s."""
        return float(self._times[loop.NOW])

    @property
    def probe(self) -> dict[str, float] | None:
        """What the latest probe measured; None before the first."""
        count = int(self._counters[loop.PROBE_ROWS])
        block = self._probe_rows if count else self._probed[-1]
        if not block.time_s.size:
            return None
        measured = {name: getattr(block, name)[count - 1].item() for name in self._measured}
        return measured | dict(zip(self._observed, block.observed[count - 1].tolist(), strict=True))

    @property
    def stopped_by(self) -> int:
        """What ended the run: a number of `~ohmtick.engine.kernels.stopping`."""
        return int(self._counters[loop.STOPPED_BY])

    def state(self) -> State:
        """Return all that what comes next depends on; between two events only."""
        counters, edges = self._counters, self._schedule.ahead
        real, index = self.twin.saved()
        return State(
            time=self.now,
            updates=self.updates,
            probes=int(counters[loop.PROBED]),
            stage=self.stage,
            presented=int(counters[loop.PRESENTED]),
            datum=int(counters[loop.DATUM]),
            ticks=self._schedule.ticks,
            gathered=edges.gathered.copy(),
            squares=edges.squares.copy(),
            value=self._devices.value.copy(),
            actuations=self._devices.actuations.copy(),
            rule_state=self._rules.state.copy(),
            device_state=self._devices.state.copy(),
            class_desired=self._class_desired.copy(),
            in_flight=self._in_flight(),
            cut_edge=np.array([*self.cuts], np.int64),
            cut_s=np.array([*self.cuts.values()], np.float64),
            stopping=self._stopping.kept.copy(),
            real=real,
            index=index,
        )

    def _in_flight(self) -> InFlight:
        pending, count = self._pending, int(self._counters[loop.IN_FLIGHT])
        used = pending.slots[:count]
        used = used[np.lexsort((pending.tie[used], pending.time[used]))]
        held = {**pending._asdict(), "edge": pending.tie >> loop.READING_BITS}
        return InFlight(*(held[name][used] for name in InFlight._fields))

    def _go_on_from(self, state: State) -> None:
        """Take over all but what rules, devices and the schedule have of a state."""
        counters, edges = self._counters, self._schedule.ahead
        counters[loop.UPDATES], counters[loop.DATUM] = state.updates, state.datum
        counters[loop.PRESENTED], counters[loop.PROBED] = state.presented, state.probes
        self.stage, self.cuts = state.stage, state.cuts
        self._times[loop.NOW] = state.time
        if state.probes:
            self._times[loop.NEXT_PROBE] = state.probes * self._times[loop.PROBE_PERIOD]
        edges.gathered[:], edges.squares[:] = state.gathered, state.squares
        self._class_desired[:] = state.class_desired
        self._stopping.kept[:] = state.stopping
        flight, count = state.in_flight, state.in_flight.time.size
        self._pending = _pending(max(self._pending.slots.size, 2 * count))
        for name in set(InFlight._fields) - {"edge"}:
            getattr(self._pending, name)[:count] = getattr(flight, name)
        self._pending.tie[:count] = (flight.edge << loop.READING_BITS) + np.arange(count)
        counters[loop.IN_FLIGHT] = counters[loop.READINGS] = count  # sorted, hence a heap
        self.twin.restore(state.real, state.index)

    @property
    def _class_desired(self) -> FloatArray:
        """What the clamp pulls towards of each class in this epoch, V; (0, 0) without classes."""
        classes = self._presented.class_means.size > 0
        return self._presented.dataset.desired if classes else np.empty((0, 0))

    def probe_columns(self) -> dict[str, FloatArray]:
        """Return what the probes measured, an array a column."""
        self._keep_probes()
        measured = {
            name: np.concatenate([getattr(block, name) for block in self._probed])
            for name in self._measured
        }
        observed = np.concatenate([block.observed for block in self._probed]).T
        return measured | dict(zip(self._observed, observed, strict=True))

    def stop(self) -> None:
        """End the run after the present event, or when the loop next returns from its events."""
        self.stopped = True

    def run(self, watch: Observer | None = None, poll: Observer | None = None) -> None:
        """Process events until the horizon; as `~ohmtick.engine.simulation.Simulation.run`."""
        observers = [each for each in (watch, poll) if each is not None]
        if watch is not None:  # the loop is entered anew after each probe
            self._counters[loop.WATCHED] = 1
            self._loop = entry_for(loop.advance, self._arguments(0))
        for each in observers:
            each(self)
        whole = False
        for intervention in self._interventions:
            self._times[loop.END] = intervention.time
            self._process(watch, poll)
            if self.stopped:
                break
            self._times[loop.NOW] = intervention.time
            intervention.apply(self)
        else:
            self._times[loop.END] = self.horizon
            whole = self._process(watch, poll)
        stopped = self.stopped and not whole
        for each in observers:
            each(self)
        self.stopped = stopped

    def _process(self, watch: Observer | None, poll: Observer | None) -> bool:
        """Process the events of the stretch that ends at `END`; return whether it came to that."""
        answers: dict[int, Callable[[], None]] = {
            loop.BUDGET: lambda: None,
            loop.TICKS: self._more_ticks,
            loop.PRESENTATIONS: self._more_presentations,
            loop.LOG: self._keep_rows,
            loop.PROBES: lambda: self._take_probe(watch),
            loop.CHECK: self.twin.check,
            loop.CHECK_AND_LOG: self._check_and_keep_rows,
            loop.FULL: self._more_pending,
            loop.SINGULAR: self.twin.refuse_singular,
            loop.BACKWARDS: self._refuse_backwards,
            loop.NOT_FINITE: self._refuse_rule,
            loop.NO_CONDUCTANCE: self._refuse_device,
        }
        if not (self._schedule.ahead.next_tick >= self.now).all():
            self._refuse_backwards()
        budget, looked, reason = 64, perf_counter(), loop.BUDGET
        while not self.stopped:
            reason = self._advance(budget)
            if reason == loop.HORIZON:
                break
            answers[reason]()
            took = perf_counter() - looked
            if reason == loop.BUDGET:
                budget = min(2 * budget, 1 << 30) if took < SLICE_S else max(budget // 2, 1)
            if reason == loop.BUDGET or took > SLICE_S:
                looked = perf_counter()
                if poll is not None:
                    poll(self)
        self._keep_rows()
        return reason == loop.HORIZON

    def _advance(self, budget: int) -> int:
        """Process up to `budget` events; return what is asked for."""
        reason: int = self._loop(*self._arguments(budget))
        return reason

    def _arguments(self, budget: int) -> tuple[Any, ...]:
        return (
            self.twin.real, self.twin.index, self._addresses, self._schedule.ahead,
            self._rules, self._devices, self._pending, self._presented, self._test, self._rows,
            self._probe_rows, self._stopping, self._counters, self._times, self.nudge, budget,
        )  # fmt: skip

    def _more_ticks(self) -> None:
        edges = self._schedule.ahead
        edge = int(edges.heap[0])
        self._schedule.refill(edge)
        sink(edges.heap, edges.heap.size, edges.next_tick, edges.number)
        if not edges.next_tick[edge] >= self.now:
            self._refuse_backwards(edge)

    def _more_presentations(self) -> None:
        ahead = list(islice(self._presentations, BLOCK))
        times, data = zip(*ahead, strict=True) if ahead else ((np.inf,), (0,))
        self._presented = self._presented._replace(
            time=np.array([*times, np.inf] if len(ahead) < BLOCK else times, dtype=np.float64),
            datum=np.array([*data, 0] if len(ahead) < BLOCK else data, dtype=np.int64),
        )
        self._counters[loop.NEXT_PRESENTATION] = 0

    def _keep_rows(self) -> None:
        count = int(self._counters[loop.ROWS])
        if count:
            full = count == CHUNK_ROWS
            columns = [item for item in self._rows._asdict().items() if item[1].size]
            self.log.extend({name: rows if full else rows[:count].copy() for name, rows in columns})
            if full:  # the log keeps the arrays
                self._rows = _rows(CHUNK_ROWS, self.log.values)
        self._counters[loop.ROWS] = 0

    def _check_and_keep_rows(self) -> None:
        self._keep_rows()
        self.twin.check()

    def _take_probe(self, watch: Observer | None) -> None:
        if self._counters[loop.PROBE_ROWS] == BLOCK:
            self._keep_probes()
        if self.stopped_by != GOES_ON:
            self.stop()
        if watch is not None:
            watch(self)

    def _keep_probes(self) -> None:
        count = int(self._counters[loop.PROBE_ROWS])
        if count:
            columns = self._probe_rows._asdict()
            nodes = columns.pop("nodes")
            kept = {name: rows[:count].copy() for name, rows in columns.items()}
            self._probed.append(ProbeRows(**kept, nodes=nodes))
        self._counters[loop.PROBE_ROWS] = 0

    def _more_pending(self) -> None:
        old, used = self._pending, int(self._counters[loop.IN_FLIGHT])
        self._pending = _pending(2 * used)
        for kept, room in zip(old, self._pending, strict=True):
            room[:used] = kept

    def _refuse_backwards(self, edge: int | None = None) -> None:
        edges = self._schedule.ahead
        back = ~(edges.next_tick >= self.now)  # or not a number
        edge = int(np.flatnonzero(back)[0]) if edge is None else edge
        raise OhmtickError(
            f"the time of the next sense of agent {edge} must not lie before the present "
            f"{self.now} s, got {edges.next_tick[edge]} s instead"
        )

    def _refuse_rule(self) -> None:
        edge = int(self._schedule.ahead.heap[0])
        slot = self._pending.slots[self._counters[loop.IN_FLIGHT]]
        raise OhmtickError(
            f"the change that the rule asks for must be finite, got {self._pending.change[slot]} "
            f"at edge {edge}, "
            f"{self._schedule.ahead.next_tick[edge]} s"
        )

    def _refuse_device(self) -> None:
        slot = self._pending.slots[self._counters[loop.IN_FLIGHT]]
        edge = int(self._pending.tie[slot] >> loop.READING_BITS)
        value, conductance = float(self._devices.value[edge]), float(self._pending.change[slot])
        refuse_device(self._functions.device(edge), edge, self.now, value, conductance)


def _pending(capacity: int) -> PendingReadings:
    return PendingReadings(
        slots=np.arange(capacity, dtype=np.int64),
        time=np.zeros(capacity),
        tie=np.zeros(capacity, np.int64),
        sensed=np.zeros(capacity),
        datum=np.zeros(capacity, np.int64),
        drop_free=np.zeros(capacity),
        drop_clamped=np.zeros(capacity),
        change=np.zeros(capacity),
        updates=np.zeros(capacity, np.int64),
    )


def _rows(capacity: int, values: bool) -> Rows:
    own = {name: np.empty(capacity, dtype) for name, dtype in EVENT_DTYPES.items()}
    held = capacity if values else 0
    return Rows(**own, **{name: np.empty(held, dtype) for name, dtype in VALUE_DTYPES.items()})


def _probe_rows(capacity: int, observed: int, nodes: Ints) -> ProbeRows:
    return ProbeRows(
        time_s=np.empty(capacity),
        updates=np.empty(capacity, np.int64),
        error=np.empty(capacity),
        accuracy=np.empty(capacity),
        observed=np.empty((capacity, observed)),
        nodes=nodes,
    )
