"""From a scenario to a simulation: draws the circuit, builds the agents, sets them on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ..agents.clocks.base import blocks
from ..agents.comparators.base import errors
from ..agents.edge import EdgeAgent
from ..agents.faults import CutterAgent, FailingClock
from ..agents.probe import ProbeAgent
from ..agents.supervisor import Dataset, SupervisorAgent
from ..engine.circuit import Circuit
from ..engine.errors import OhmtickError
from ..engine.networks.network import Network
from ..engine.records.event_log import EventLog
from ..engine.simulation import Agent, Simulation
from ..engine.streams import FloatArray, Streams
from .edges import EdgeKind
from .scenario import Scenario
from .sizes import check_run_memory

if TYPE_CHECKING:
    from ..agents.kernels import RuleFunction
    from ..agents.learning import Learning
    from ..agents.schedule import Draws, Ticks
    from ..engine.compiled.simulation import CompiledSimulation
    from ..engine.compiled.state import Data


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A simulation that stands ready, and the probe that measures before and after."""

    simulation: Simulation | CompiledSimulation
    probe: ProbeAgent
    dataset: Dataset
    """What is presented."""
    engine: str
    """``"simpy"`` or ``"compiled"``."""


def build(
    scenario: Scenario,
    seed: int,
    engine: str = "auto",
    *,
    log: EventLog | None = None,
    clock: Ticks | None = None,
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
        clock, any rule and any resistor that numba can compile, but edges of no other class than
        `EdgeAgent`.
    log
        Where actuations are recorded.
    clock, rule, agent
        Stand in for the clock of all edges, for the function of their rule (in the unit of the
        rule that it replaces), and for the edges' class.

    Raises
    ------
    OhmtickError
        When the drawn circuit does not fit the scenario, or the compiled engine is asked for and
        cannot run it.
    """
    draft = _Draft(scenario, seed, clock, rule)
    log = EventLog(values=scenario.edges.records_values) if log is None else log
    refusals = draft.learning.not_compiled
    if agent is not EdgeAgent:
        refusals.append("an edge of another class than EdgeAgent")
    if engine == "compiled" and refusals:
        raise OhmtickError(
            f"the compiled engine cannot run {' and '.join(refusals)}; engine='simpy' can"
        )
    if engine == "simpy" or refusals:
        return _on_simpy(draft, log, agent)
    return _compiled(draft, log)


class _Draft:
    """What both engines build first: the circuit, the data, what edges learn by and change."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        clock: Ticks | None,
        rule: RuleFunction | None,
    ) -> None:
        from ..agents.learning import Group, learning_of, stand_in

        check_run_memory(scenario)
        self.scenario = scenario
        self.streams = Streams(seed)
        self.circuit: Circuit = scenario.circuit.build(self.streams)
        self.train, self.test = scenario.task.datasets(self.streams)
        self.faults = scenario.edges.faults.times(self.circuit, self.streams)
        self.kinds = scenario.edges.kinds(self.circuit, self.streams)
        self._clock = clock
        change = None if rule is None else stand_in(rule)
        self.learning: Learning = learning_of(
            [Group(kind.edges, kind.rule, kind.resistor, change) for kind in self.kinds],
            self.edges,
            self.streams,
        )

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return len(self.circuit.edges)

    @property
    def cuts(self) -> dict[int, float]:
        """When edges are cut, s, by edge."""
        return self.faults if self.scenario.edges.faults.effect == "cut" else {}

    def clock(self, kind: EdgeKind) -> Ticks | None:
        """Return what tells edges when to act, and stops where they fail; None if they never do."""
        if not kind.resistor.learns:
            return None
        clock = kind.clock if self._clock is None else self._clock
        if not self.faults:
            return clock
        return FailingClock(clock, self.faults, self.latencies(kind) if self.cuts else None)

    def latencies(self, kind: EdgeKind) -> Draws | None:
        """Return what draws the latencies of readings; None where there are none."""
        return partial(draw_latencies, kind, streams=self.streams) if kind.latency else None

    def twin(self) -> Network:
        """Return the network as it is at first."""
        task, mismatch = self.scenario.task, self.scenario.edges.mismatch
        return mismatch.network(
            self.circuit,
            self.learning.conductances(),
            task.source_labels(),
            task.target_labels(),
            self.scenario.supervisor.nudge,
            self.streams,
        )

    def observers(self, twin: Network) -> tuple[SupervisorAgent, ProbeAgent]:
        """Return who presents and who measures."""
        supervisor = SupervisorAgent(self.scenario.supervisor, self.train, self.streams)
        supervisor.begin_epoch(twin)
        return supervisor, ProbeAgent(self.test, supervisor, self.scenario.probe)


def _on_simpy(draft: _Draft, log: EventLog, agent: type[EdgeAgent]) -> Experiment:
    from ..agents.device import Device, edge_rule
    from ..agents.schedule import ticks_of

    scenario, streams, learning = draft.scenario, draft.streams, draft.learning
    twin = draft.twin()
    simulation = Simulation(twin, horizon=scenario.horizon, log=log)
    supervisor, probe = draft.observers(twin)
    conductances, nudge = twin.conductances.tolist(), scenario.supervisor.nudge
    kind_of = {edge: kind for kind in draft.kinds for edge in kind.edges.tolist()}
    clocks = {id(kind): draft.clock(kind) for kind in draft.kinds}
    acting: list[Agent] = [supervisor]
    for edge in range(draft.edges):
        kind = kind_of[edge]
        clock = clocks[id(kind)]
        if clock is not None:
            acting.append(
                agent(
                    edge,
                    chain.from_iterable(
                        ticks_of(clock, edge, draft.edges, streams, scenario.horizon)
                    ),
                    Device(learning, edge, conductances[edge]),
                    edge_rule(learning, edge, nudge),
                    latencies=latencies(kind, edge, streams),
                    errors=errors(kind.comparator, edge, streams),
                    batch=kind.batch,
                )
            )
    acting += [probe] if scenario.probe else []
    acting += [CutterAgent(draft.cuts)] if draft.cuts else []
    for each in acting:
        simulation.add(each)
    return Experiment(simulation=simulation, probe=probe, dataset=draft.train, engine="simpy")


def _compiled(draft: _Draft, log: EventLog) -> Experiment:
    from ..agents.schedule import Schedule, Timing
    from ..engine.compiled.cuts import CutSimulation

    scenario, streams, learning = draft.scenario, draft.streams, draft.learning
    twin = draft.twin()
    supervisor, probe = draft.observers(twin)
    timings = [
        Timing(
            kind.edges,
            draft.clock(kind),
            latencies=draft.latencies(kind),
            errors=None
            if kind.comparator.is_exact
            else partial(kind.comparator.draw, streams=streams),
            batch=kind.batch,
        )
        for kind in draft.kinds
    ]
    simulation = CutSimulation(
        twin,
        cuts=draft.cuts,
        horizon=scenario.horizon,
        log=log,
        schedule=Schedule(timings, draft.edges, streams, scenario.horizon),
        rules=learning.rules,
        devices=learning.devices,
        nudge=scenario.supervisor.nudge,
        presentations=scenario.supervisor.presentations(len(draft.train.inputs), streams),
        train=_data(draft.train, supervisor),
        test=_data(draft.test, supervisor),
        class_means=supervisor.class_inputs,
        probe_period=probe.period,
        observed=probe.observed,
        nodes=probe.nodes(twin.circuit),
        functions=learning,
    )
    return Experiment(simulation=simulation, probe=probe, dataset=draft.train, engine="compiled")


def _data(dataset: Dataset, supervisor: SupervisorAgent) -> Data:
    from ..engine.compiled.state import Data

    desired = supervisor.table_of(dataset)
    if dataset.desired is not None:
        desired = np.ascontiguousarray(desired, dtype=np.float64)
    # Else not a copy: the loop writes what is desired of classes where the supervisor reads it.
    return Data(
        inputs=np.ascontiguousarray(dataset.inputs, dtype=np.float64),
        label=dataset.label,
        desired=desired,
    )


def latencies(kind: EdgeKind, edge: int, streams: Streams) -> Iterator[float] | None:
    """Yield the time from each sense of an edge to its actuation, s; None where it is nothing."""
    if not kind.latency:
        return None
    drawn = (draw_latencies(kind, edge, first, count, streams) for first, count in blocks())
    return chain.from_iterable(block.tolist() for block in drawn)


def draw_latencies(
    kind: EdgeKind, edge: int, first: int, count: int, streams: Streams
) -> FloatArray:
    """Return the latencies of an edge's readings ``first … first + count``, s, shape (count,).

    ``latency * (1 + latency_jitter * ξ)`` with ξ normal, truncated so that a latency lies
    within [0, 2 * latency].
    """
    factors = np.ones(count)
    if kind.latency_jitter:
        bound = 1.0 / kind.latency_jitter
        factors += kind.latency_jitter * streams.normals("edge.latency", edge, first, count, bound)
    return kind.latency * factors
