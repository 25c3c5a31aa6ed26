"""From a scenario to a simulation: draws the circuit, builds the agents, sets them on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ..agents.clock import Clock
from ..agents.edge import EdgeAgent
from ..agents.probe import ProbeAgent
from ..agents.rules import RuleFunction
from ..agents.supervisor import SupervisorAgent
from ..engine.eventlog import EventLog
from ..engine.simulation import Agent, Simulation
from ..engine.streams import Streams
from ..engine.twin import TwinNetwork
from .scenario import Edges, Scenario


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A simulation that stands ready, and the agents that are of interest afterwards."""

    simulation: Simulation
    edges: list[EdgeAgent]
    probe: ProbeAgent


def build(
    scenario: Scenario,
    seed: int,
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
    log
        Where actuations are recorded.
    clock, rule, agent
        Stand in for the scenario's clock, for its rule's function (in the unit of the rule that
        it replaces), and for the edges' class.

    Raises
    ------
    OhmtickError
        When the drawn circuit does not fit the scenario.
    """
    streams = Streams(seed)
    circuit = scenario.circuit.build(streams)
    train, test = scenario.task.lessons(streams)
    parts = scenario.edges
    resistors = parts.resistor.build(len(circuit.edges), parts.rule.unit, streams)
    twin = TwinNetwork(
        circuit,
        np.array([resistor.conductance for resistor in resistors]),
        sources=scenario.task.source_labels(),
        targets=scenario.task.target_labels(),
        nudge=scenario.supervisor.nudge,
    )
    simulation = Simulation(twin, horizon=scenario.horizon, log=log)
    supervisor = SupervisorAgent(scenario.supervisor, train, streams)
    keeps_time = parts.clock if clock is None else clock
    edges = [
        agent(
            edge,
            chain.from_iterable(keeps_time.ticks(edge, len(resistors), streams, scenario.horizon)),
            resistor,
            parts.rule.function if rule is None else rule,
            learning_rate=parts.rule.learning_rate,
            nudge=scenario.supervisor.nudge,
            latencies=latencies(parts, edge, streams),
            errors=parts.comparator.errors(edge, streams),
        )
        for edge, resistor in enumerate(resistors)
    ]
    probe = ProbeAgent(test, supervisor, scenario.probe.period if scenario.probe else np.inf)
    supervisor.begin_epoch(twin)
    supervisor.present(twin, 0)
    acting: list[Agent] = [supervisor, *edges, *([probe] if scenario.probe else [])]
    for each in acting:
        simulation.add(each)
    return Experiment(simulation=simulation, edges=edges, probe=probe)


def latencies(parts: Edges, edge: int, streams: Streams) -> Iterator[float] | None:
    """Yield the time from each sense of an edge to its actuation, s; None where it is nothing.

    ``latency * (1 + latency_jitter * ξ)`` with ξ normal, truncated so that a latency lies
    within [0, 2 * latency].
    """
    if not parts.latency:
        return None
    return _latencies(parts.latency, parts.latency_jitter, edge, streams)


def _latencies(latency: float, jitter: float, edge: int, streams: Streams) -> Iterator[float]:
    first, count = 0, 64
    while True:
        factors = np.ones(count)
        if jitter:
            factors += jitter * streams.normals("edge.latency", edge, first, count, 1.0 / jitter)
        yield from (latency * factors).tolist()
        first += count
