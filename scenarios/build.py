"""From a scenario to a simulation: draws the circuit, builds the agents, sets them on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ..agents.clock import Clock, blocks, ticks_of
from ..agents.edge import EdgeAgent
from ..agents.faults import CutterAgent, Draws, FailingClock
from ..agents.probe import ProbeAgent
from ..agents.rules import RuleFunction
from ..agents.supervisor import Lessons, SupervisorAgent
from ..engine.circuit import Circuit
from ..engine.errors import OhmtickError
from ..engine.eventlog import EventLog
from ..engine.simulation import Agent, Simulation
from ..engine.streams import FloatArray, Streams
from ..engine.twin import TwinNetwork
from .scenario import Edges, Scenario
from .sizes import check_run_memory
from .stand_ins import is_stand_in

if TYPE_CHECKING:
    from ..engine.compiled import CompiledSimulation
    from ..engine.lowered import Data


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A simulation that stands ready, and the probe that measures before and after."""

    simulation: Simulation | CompiledSimulation
    probe: ProbeAgent
    lessons: Lessons
    """What is presented."""
    engine: str
    """``"simpy"`` or ``"compiled"``."""


class _Bench:
    """What both engines build first: the circuit, the lessons, the random streams."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        check_run_memory(scenario)
        self.scenario = scenario
        self.streams = Streams(seed)
        self.circuit: Circuit = scenario.circuit.build(self.streams)
        self.train, self.test = scenario.task.lessons(self.streams)
        self.faults = scenario.edges.faults.times(self.circuit, self.streams)

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return len(self.circuit.edges)

    @property
    def cuts(self) -> dict[int, float]:
        """When edges are cut, s, by edge."""
        return self.faults if self.scenario.edges.faults.effect == "cut" else {}

    def clock(self, clock: Clock) -> Clock:
        """Return a clock that stops where edges fail."""
        if not self.faults:
            return clock
        return FailingClock(clock, self.faults, self.latencies() if self.cuts else None)

    def latencies(self) -> Draws | None:
        """Return what draws the latencies of readings; None where there are none."""
        parts = self.scenario.edges
        return partial(draw_latencies, parts, streams=self.streams) if parts.latency else None

    def twin(self, conductances: FloatArray) -> TwinNetwork:
        return TwinNetwork(
            self.circuit,
            conductances,
            sources=self.scenario.task.source_labels(),
            targets=self.scenario.task.target_labels(),
            nudge=self.scenario.supervisor.nudge,
        )

    def observers(self, twin: TwinNetwork) -> tuple[SupervisorAgent, ProbeAgent]:
        supervisor = SupervisorAgent(self.scenario.supervisor, self.train, self.streams)
        supervisor.begin_epoch(twin)
        probe = self.scenario.probe
        return supervisor, ProbeAgent(self.test, supervisor, probe.period if probe else np.inf)


def build(
    scenario: Scenario,
    seed: int,
    engine: str = "auto",
    *,
    log: EventLog | None = None,
    clock: Clock | None = None,
    rule: RuleFunction | None = None,
    agent: type[EdgeAgent] = EdgeAgent,
) -> Experiment:
    """Build the simulation that a scenario describes.

    Parameters
    ----------
    scenario
        What to simulate.
    seed
        The run's seed.
    engine
        ``"simpy"``, ``"compiled"``, or ``"auto"`` for the compiled one where it can run this: any
        clock, any rule that numba can compile, but edges of no other class than `EdgeAgent`, no
        comparator of one's own, and no resistor of one's own that does not define its ``lower``.
    log
        Where actuations are recorded.
    clock, rule, agent
        Stand in for the scenario's clock, for its rule's function (in the unit of the rule that
        it replaces), and for the edges' class.

    Raises
    ------
    OhmtickError
        When the drawn circuit does not fit the scenario, or the compiled engine is asked for and
        cannot run it.
    """
    bench, parts = _Bench(scenario, seed), scenario.edges
    clock = bench.clock(scenario.edges.clock if clock is None else clock)
    log = EventLog() if log is None else log
    function = scenario.edges.rule.function if rule is None else rule
    if engine == "simpy" and rule is None:
        return _on_simpy(bench, log, clock, function, agent)
    from ..agents.pointers import compiled_rule

    compiled = compiled_rule(function)
    refusals = {
        "an edge of another class than EdgeAgent": agent is not EdgeAgent,
        "a rule that numba cannot compile": compiled is None,
        **{f"edges.{name} of the class {kind}": True for name, kind in _not_lowered(parts)},
    }
    if engine == "compiled" and any(refusals.values()):
        reason = " and ".join(what for what, refused in refusals.items() if refused)
        raise OhmtickError(f"the compiled engine cannot run {reason}; engine='simpy' can")
    if engine == "simpy" or compiled is None or any(refusals.values()):
        return _on_simpy(bench, log, clock, compiled or function, agent)
    return _compiled(bench, log, clock, compiled)


def _not_lowered(parts: Edges) -> Iterator[tuple[str, str]]:
    """Yield the key and the class of what does on SimPy what the compiled loop knows nothing of.

    Of a subclass that says how it is lowered we believe it.
    """
    for name, lowers in (("resistor", "lower"), ("comparator", None)):
        part, field = getattr(parts, name), type(parts).model_fields[name]
        if is_stand_in(part, field) and lowers not in vars(type(part)):
            yield name, type(part).__qualname__


def _on_simpy(
    bench: _Bench, log: EventLog, clock: Clock, rule: RuleFunction, agent: type[EdgeAgent]
) -> Experiment:
    scenario, parts, streams = bench.scenario, bench.scenario.edges, bench.streams
    resistors = parts.resistor.build(bench.edges, parts.rule.unit, streams)
    twin = bench.twin(np.array([resistor.conductance for resistor in resistors]))
    simulation = Simulation(twin, horizon=scenario.horizon, log=log)
    supervisor, probe = bench.observers(twin)
    edges = [
        agent(
            edge,
            chain.from_iterable(ticks_of(clock, edge, bench.edges, streams, scenario.horizon)),
            resistor,
            rule,
            learning_rate=parts.rule.learning_rate,
            nudge=scenario.supervisor.nudge,
            latencies=latencies(parts, edge, streams),
            errors=parts.comparator.errors(edge, streams),
            batch=parts.batch,
        )
        for edge, resistor in enumerate(resistors)
    ]
    acting: list[Agent] = [supervisor, *edges, *([probe] if scenario.probe else [])]
    acting += [CutterAgent(bench.cuts)] if bench.cuts else []
    for each in acting:
        simulation.add(each)
    return Experiment(simulation=simulation, probe=probe, lessons=bench.train, engine="simpy")


def _compiled(bench: _Bench, log: EventLog, clock: Clock, rule: RuleFunction) -> Experiment:
    from ..agents.schedule import Schedule
    from ..engine.cuts import CutSimulation

    scenario, parts, streams = bench.scenario, bench.scenario.edges, bench.streams
    devices, start = parts.resistor.lower(bench.edges, parts.rule.unit, streams)
    twin = bench.twin(start)
    supervisor, probe = bench.observers(twin)
    reads_badly = parts.comparator.offset or parts.comparator.noise
    schedule = Schedule(
        clock,
        bench.edges,
        streams,
        scenario.horizon,
        latencies=bench.latencies(),
        errors=partial(parts.comparator.draw, streams=streams) if reads_badly else None,
    )
    simulation = CutSimulation(
        twin,
        cuts=bench.cuts,
        horizon=scenario.horizon,
        log=log,
        schedule=schedule,
        devices=devices,
        rule=rule,
        learning_rate=parts.rule.learning_rate,
        nudge=scenario.supervisor.nudge,
        batch=parts.batch,
        presentations=scenario.supervisor.presentations(len(bench.train.inputs), streams),
        train=_data(bench.train, supervisor),
        test=_data(bench.test, supervisor),
        class_means=supervisor.class_inputs,
        probe_period=probe.period,
    )
    return Experiment(simulation=simulation, probe=probe, lessons=bench.train, engine="compiled")


def _data(lessons: Lessons, supervisor: SupervisorAgent) -> Data:
    from ..engine.lowered import Data

    desired = supervisor.table_of(lessons)
    if lessons.desired is not None:
        desired = np.ascontiguousarray(desired, dtype=np.float64)
    # Else not a copy: the loop writes what is desired of classes where the supervisor reads it.
    return Data(
        inputs=np.ascontiguousarray(lessons.inputs, dtype=np.float64),
        label=lessons.label,
        desired=desired,
    )


def latencies(parts: Edges, edge: int, streams: Streams) -> Iterator[float] | None:
    """Yield the time from each sense of an edge to its actuation, s; None where it is nothing."""
    if not parts.latency:
        return None
    drawn = (draw_latencies(parts, edge, first, count, streams) for first, count in blocks())
    return chain.from_iterable(block.tolist() for block in drawn)


def draw_latencies(parts: Edges, edge: int, first: int, count: int, streams: Streams) -> FloatArray:
    """Return the latencies of an edge's readings ``first … first + count``, s, shape (count,).

    ``latency * (1 + latency_jitter * ξ)`` with ξ normal, truncated so that a latency lies
    within [0, 2 * latency].
    """
    factors = np.ones(count)
    if parts.latency_jitter:
        bound = 1.0 / parts.latency_jitter
        factors += parts.latency_jitter * streams.normals("edge.latency", edge, first, count, bound)
    return parts.latency * factors
