"""From a scenario to a simulation: makes its parts, chooses the engine, and sets them on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ..agents.device import Device, edge_rule
from ..agents.edge import EdgeAgent
from ..agents.faults import CutterAgent
from ..agents.schedule import Schedule
from ..agents.supervisor import Dataset, SupervisorAgent
from ..agents.timing import Timing, one_by_one, ticks_of
from ..engine.compiled.state import Data
from ..engine.errors import OhmtickError
from ..engine.records.event_log import EventLog
from ..engine.simulation import Agent, Simulation
from .parts import Parts, parts_of
from .scenario import Scenario
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
    not_compiled: str = ""
    """Why ``engine="auto"`` did not take the compiled one, in words."""


def build(
    scenario: Scenario,
    seed: int,
    engine: str = "auto",
    *,
    log: EventLog | None = None,
    stand_ins: StandIns = NONE,
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

    Raises
    ------
    OhmtickError
        When the drawn circuit does not fit the scenario, or the compiled engine is asked for and
        cannot run it.
    """
    parts = parts_of(scenario, seed, stand_ins)
    log = EventLog(values=scenario.edges.records_values) if log is None else log
    refusals = parts.learning.not_compiled
    if stand_ins.agent is not EdgeAgent:
        refusals.append("an edge of another class than EdgeAgent")
    if engine == "compiled" and refusals:
        raise OhmtickError(
            f"the compiled engine cannot run {' and '.join(refusals)}; engine='simpy' can"
        )
    if engine == "simpy" or refusals:
        simulation = _on_simpy(scenario, parts, log, stand_ins.agent)
        why = " and ".join(refusals) if engine == "auto" else ""
        return Experiment(simulation=simulation, parts=parts, engine="simpy", not_compiled=why)
    compiled = _compiled(scenario, parts, log)
    return Experiment(simulation=compiled, parts=parts, engine="compiled")


def _on_simpy(
    scenario: Scenario, parts: Parts, log: EventLog, agent: type[EdgeAgent]
) -> Simulation:
    """Return the reference engine with all agents in it."""
    streams, learning = parts.streams, parts.learning
    conductances = parts.twin.conductances.tolist()
    nudge, horizon = scenario.supervisor.nudge, scenario.horizon

    def edge_agent(edge: int, timing: Timing) -> Agent:
        assert timing.clock is not None
        ticks = ticks_of(timing.clock, edge, len(conductances), streams, horizon)
        return agent(
            edge,
            chain.from_iterable(ticks),
            Device(learning, edge, conductances[edge]),
            edge_rule(learning, edge, nudge),
            latencies=one_by_one(timing.latencies, edge),
            errors=one_by_one(timing.errors, edge),
            batch=timing.batch,
        )

    acting: list[Agent] = [parts.supervisor]
    for timing in parts.timings:
        if timing.clock is not None:
            acting += [edge_agent(edge, timing) for edge in timing.edges.tolist()]
    acting += [parts.probe] if scenario.probe else []
    acting += [CutterAgent(parts.cuts)] if parts.cuts else []
    simulation = Simulation(parts.twin, horizon=horizon, log=log)
    for each in acting:
        simulation.add(each)
    return simulation


def _compiled(scenario: Scenario, parts: Parts, log: EventLog) -> CompiledSimulation:
    """Return the compiled engine with all that its loop is handed."""
    from ..engine.compiled.cuts import CutSimulation

    edges, streams, supervisor = len(parts.twin.circuit.edges), parts.streams, parts.supervisor
    return CutSimulation(
        parts.twin,
        cuts=parts.cuts,
        horizon=scenario.horizon,
        log=log,
        schedule=Schedule(parts.timings, edges, streams, scenario.horizon),
        rules=parts.learning.rules,
        devices=parts.learning.devices,
        nudge=scenario.supervisor.nudge,
        presentations=scenario.supervisor.presentations(len(parts.train.inputs), streams),
        train=_data(parts.train, supervisor),
        test=_data(parts.test, supervisor),
        class_means=supervisor.class_inputs,
        probe_period=parts.probe.period,
        observed=parts.probe.observed,
        nodes=parts.probe.nodes(parts.twin.circuit),
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
