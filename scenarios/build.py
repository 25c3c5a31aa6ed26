"""From a scenario to a simulation: makes its parts, chooses the engine, and sets them on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ..agents.device import Device, edge_rule
from ..agents.edge import EdgeAgent
from ..agents.schedule import Schedule
from ..agents.state import go_on_from, state_of
from ..agents.supervisor import Dataset, SupervisorAgent
from ..agents.timing import Timing, one_by_one, passed, ticks_of
from ..engine.compiled.state import Data, Stopping
from ..engine.errors import OhmtickError
from ..engine.interventions import Intervention
from ..engine.records.event_log import EventLog
from ..engine.simulation import Simulation
from ..engine.state import State
from .parts import Parts, parts_of
from .scenario import Scenario
from .stages import Stage
from .stand_ins import NONE, StandIns

if TYPE_CHECKING:
    from ..engine.compiled.simulation import CompiledSimulation


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A simulation that stands ready, and the parts that it was made of."""

    simulation: Simulation | CompiledSimulation
    parts: Parts
    engine: str
    """``"simpy"`` or ``"compiled"``."""
    state: Callable[[], State]
    """Returns all that what comes next depends on; between two events only."""
    not_compiled: str = ""
    """Why ``engine="auto"`` did not take the compiled one, in words."""


def build(
    scenario: Scenario,
    seed: int,
    engine: str = "auto",
    *,
    log: EventLog | None = None,
    stand_ins: StandIns = NONE,
    state: State | None = None,
    interventions: Sequence[Intervention] = (),
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
    stand_ins
        What stands in for parts of the scenario.
    state
        Where it goes on from; by default it begins.
    interventions
        What is done from outside, beside what the scenario says.

    Raises
    ------
    OhmtickError
        When the drawn circuit does not fit the scenario, or the compiled engine is asked for and
        cannot run it.
    """
    parts = parts_of(scenario, seed, stand_ins, state, interventions)
    log = EventLog(values=scenario.edges.records_values) if log is None else log
    refusals = parts.learning.not_compiled
    if stand_ins.agent is not EdgeAgent:
        refusals.append("an edge of another class than EdgeAgent")
    if engine == "compiled" and refusals:
        raise OhmtickError(
            f"the compiled engine cannot run {' and '.join(refusals)}; engine='simpy' can"
        )
    if engine == "simpy" or refusals:
        why = " and ".join(refusals) if engine == "auto" else ""
        return _on_simpy(scenario, parts, log, stand_ins.agent, why)
    simulation = _compiled(scenario, parts, log)
    return Experiment(simulation=simulation, parts=parts, engine="compiled", state=simulation.state)


def _on_simpy(
    scenario: Scenario, parts: Parts, log: EventLog, agent: type[EdgeAgent], why: str
) -> Experiment:
    """Return the reference engine with all agents in it, and why it is not the compiled one."""
    streams, learning, state = parts.streams, parts.learning, parts.state
    conductances = parts.twin.conductances.tolist()
    nudge, horizon = parts.twin.nudge, scenario.horizon

    def edge_agent(edge: int, timing: Timing) -> EdgeAgent:
        assert timing.clock is not None
        over = 0 if state is None else int(state.ticks[edge])
        blocks = ticks_of(timing.clock, edge, len(conductances), streams, horizon)
        return agent(
            edge,
            chain(passed(blocks, over, edge), chain.from_iterable(blocks)),
            Device(learning, edge, conductances[edge]),
            edge_rule(learning, edge, nudge),
            latencies=one_by_one(timing.latencies, edge, over),
            errors=one_by_one(timing.errors, edge, over),
            batch=timing.batch,
        )

    acting = [
        edge_agent(edge, timing)
        for timing in parts.timings
        if timing.clock is not None
        for edge in timing.edges.tolist()
    ]
    start = 0.0 if state is None else state.time
    simulation = Simulation(parts.twin, horizon=horizon, log=log, start=start)
    if state is not None:
        go_on_from(state, simulation, acting, parts.supervisor, parts.probe)
    simulation.add(parts.supervisor)
    for each in acting:
        simulation.add(each)
    if scenario.probe:
        simulation.add(parts.probe)

    def begin(simulation: Simulation, stage: Stage) -> None:
        parts.begin(stage)
        for each in acting:
            each.rule = edge_rule(learning, each.edge, parts.twin.nudge)
        if stage.presents_anew:
            simulation.add(parts.supervisor)

    simulation.intervene(parts.all_interventions(begin))
    state_now = partial(state_of, simulation, acting, parts.supervisor, parts.probe, learning)
    return Experiment(
        simulation=simulation, parts=parts, engine="simpy", state=state_now, not_compiled=why
    )


def _compiled(scenario: Scenario, parts: Parts, log: EventLog) -> CompiledSimulation:
    """Return the compiled engine with all that its loop is handed."""
    from ..engine.compiled.simulation import CompiledSimulation

    edges, streams, supervisor = len(parts.twin.circuit.edges), parts.streams, parts.supervisor
    state, criterion = parts.state, parts.probe.criterion
    over = None if state is None else state.ticks
    supervisor.presented = 0 if state is None else state.presented

    def begin(simulation: CompiledSimulation, stage: Stage) -> None:
        parts.begin(stage)
        simulation.nudge = parts.twin.nudge
        if stage.presents_anew:
            train, test = (_data(each, supervisor) for each in (stage.train, stage.test))
            simulation.present_anew(
                supervisor.presentations(), train, test, supervisor.class_inputs
            )

    return CompiledSimulation(
        parts.twin,
        horizon=scenario.horizon,
        log=log,
        schedule=Schedule(parts.timings, edges, streams, scenario.horizon, over),
        rules=parts.learning.rules,
        devices=parts.learning.devices,
        nudge=parts.twin.nudge,
        presentations=supervisor.presentations(),
        train=_data(parts.stage.train, supervisor),
        test=_data(parts.stage.test, supervisor),
        class_means=supervisor.class_inputs,
        probe_period=parts.probe.period,
        observed=parts.probe.observed,
        nodes=parts.probe.nodes(parts.twin.circuit),
        stopping=Stopping(np.empty(0) if criterion is None else criterion, parts.probe.kept),
        accuracy=parts.probe.accuracy,
        interventions=parts.all_interventions(begin),
        state=state,
        functions=parts.learning,
    )


def _data(dataset: Dataset, supervisor: SupervisorAgent) -> Data:
    desired = supervisor.table_of(dataset)
    if dataset.desired is not None:
        desired = np.ascontiguousarray(desired, dtype=np.float64)
    # Else not a copy: the loop writes what is desired of classes where the supervisor reads it.
    return Data(
        inputs=np.ascontiguousarray(dataset.inputs, dtype=np.float64),
        label=dataset.label,
        desired=desired,
    )
