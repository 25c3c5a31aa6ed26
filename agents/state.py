"""The state of a run on the SimPy engine, gathered from its agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..engine.events import Kind
from ..engine.simulation import Simulation
from ..engine.state import InFlight, State
from .edge import EdgeAgent
from .probe import ProbeAgent
from .supervisor import SupervisorAgent

if TYPE_CHECKING:
    from .learning import Learning


def state_of(
    simulation: Simulation,
    edges: Sequence[EdgeAgent],
    supervisor: SupervisorAgent,
    probe: ProbeAgent,
    learning: Learning,
) -> State:
    """Return all that what comes next depends on; between two events only.

    Parameters
    ----------
    edges
        Those that act.
    """
    devices, rules = learning.devices, learning.rules
    count = devices.value.size
    ticks, gathered = np.zeros((2, count), np.int64)
    squares, value = np.zeros((count, 2)), devices.value.copy()
    actuations = devices.actuations.copy()
    for agent in edges:
        ticks[agent.edge], gathered[agent.edge] = agent.senses, agent.gathered
        squares[agent.edge], value[agent.edge] = agent.squares, agent.device.value
        if actuations.size:
            actuations[agent.edge] = agent.device.actuations
    table = supervisor.class_table
    real, index = simulation.twin.saved()
    return State(
        time=simulation.now,
        updates=simulation.updates,
        probes=probe.probes,
        stage=simulation.stage,
        presented=supervisor.presented,
        datum=simulation.datum,
        ticks=ticks,
        gathered=gathered,
        squares=squares,
        value=value,
        actuations=actuations,
        rule_state=rules.state.copy(),
        device_state=devices.state.copy(),
        class_desired=np.empty((0, 0)) if table is None else table.copy(),
        in_flight=_in_flight(simulation),
        cut_edge=np.array([*simulation.cuts], np.int64),
        cut_s=np.array([*simulation.cuts.values()], np.float64),
        stopping=probe.kept.copy(),
        real=real,
        index=index,
    )


def _in_flight(simulation: Simulation) -> InFlight:
    """Return the readings that are to be actuated, whose arguments are a `Reading`."""
    rows = [
        (time, edge, *reading) for time, edge, (_, *reading) in simulation.awaited(Kind.ACTUATE)
    ]
    time, edge, sensed, datum, free, clamped, change, updates = (
        zip(*rows, strict=True) if rows else [()] * 8
    )
    whole, real = np.int64, np.float64
    return InFlight(
        time=np.array(time, real),
        edge=np.array(edge, whole),
        sensed=np.array(sensed, real),
        datum=np.array(datum, whole),
        drop_free=np.array(free, real),
        drop_clamped=np.array(clamped, real),
        change=np.array(change, real),
        updates=np.array(updates, whole),
    )


def go_on_from(
    state: State,
    simulation: Simulation,
    edges: Sequence[EdgeAgent],
    supervisor: SupervisorAgent,
    probe: ProbeAgent,
) -> None:
    """Set agents and simulation where a run was; ticks, draws and devices are there already."""
    simulation.updates, simulation.datum = state.updates, state.datum
    simulation.stage = state.stage
    simulation.cuts.update(state.cuts)
    supervisor.go_on(state.presented, state.class_desired)
    probe.probes, probe.kept[:] = state.probes, state.stopping
    for agent in edges:
        agent.senses = int(state.ticks[agent.edge])
        agent.gathered = int(state.gathered[agent.edge])
        agent.squares = state.squares[agent.edge].tolist()
    agent_of = {agent.edge: agent for agent in edges}
    for time, edge, *reading in zip(*(column.tolist() for column in state.in_flight), strict=True):
        actuate = agent_of[edge].actuate
        simulation.call_at(time, Kind.ACTUATE, edge, actuate, simulation, *reading)
