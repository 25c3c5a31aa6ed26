"""Devices and rules driven by both engines' kernels at once, and whole runs by both engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.agents.device import Device, edge_rule
from ohmtick.agents.learning import Group, Learning, learning_of
from ohmtick.agents.resistors.base import Resistor
from ohmtick.agents.resistors.continuous import ContinuousResistor
from ohmtick.agents.rules.base import Rule, Unit
from ohmtick.engine.compiled.loop import _changed
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.scenario import Scenario
from ohmtick.tests.contracts.examples import ASKING


def learning(rule: Rule, resistor: Resistor, edges: int = 1, seed: int = 1) -> Learning:
    """Return the arrays of edges that are all alike."""
    return learning_of([Group(np.arange(edges), rule, resistor)], edges, Streams(seed))


class Driven:
    """A device of one edge as each engine changes it.

    Parameters
    ----------
    resistor, unit, edge, edges, seed
        What it is, in what its changes are, which of how many edges it is, and of which run.
    """

    def __init__(
        self, resistor: Resistor, unit: Unit, edge: int = 0, edges: int = 1, seed: int = 1
    ) -> None:
        simpy, compiled = (learning(ASKING[unit], resistor, edges, seed) for _ in range(2))
        start = float(simpy.conductances()[edge])
        self.device, self.edge, self.devices = Device(simpy, edge, start), edge, compiled.devices

    @property
    def conductance(self) -> float:
        """S."""
        return self.device.conductance

    def change(self, amount: float) -> float:
        """Let both engines' kernels take a change; return the conductance then, S."""
        after = self.device.change(amount)
        assert _changed(self.devices, self.edge, amount) == after
        assert self.devices.value[self.edge] == self.device.value
        return after


class Asked:
    """A rule of one edge as each engine asks it, and as Python does."""

    def __init__(self, rule: Rule, nudge: float) -> None:
        resistor = ContinuousResistor()
        self.rule, self.nudge = rule, nudge
        self.compiled = edge_rule(learning(rule, resistor), 0, nudge)
        self.state = [0.0] * rule.state_size

    def __call__(self, drop_free: float, drop_clamped: float, value: float) -> float:
        """Return the change that it asks for."""
        asked = self.compiled(drop_free, drop_clamped, value)
        python = self.rule.change(
            drop_free, drop_clamped, value, self.state, list(self.rule.parameters()), self.nudge
        )
        assert python == asked
        return asked


def starts(resistor: Resistor, edges: int | Sequence[int], seed: int = 8) -> NDArray[np.float64]:
    """Return the conductances at first of some edges, S, of the first so many if it is a number."""
    numbers = np.arange(edges) if isinstance(edges, int) else np.array(edges)
    streams = Streams(seed)
    values = resistor.starts(numbers, streams)
    if type(resistor).conductance is None:
        return values
    return np.array([resistor.conductance(value, resistor.parameters("steps")) for value in values])


def assert_equal(one: Run, other: Run) -> None:
    assert_frame_equal(one.events, other.events, check_exact=True)
    assert_frame_equal(one.probes, other.probes, check_exact=True)
    assert one.conductances.tobytes() == other.conductances.tobytes()
    volatile = {"wall_s", "updates_per_s", "engine", "not_compiled"}
    assert {key: one.summary[key] for key in one.summary.keys() - volatile} == {
        key: other.summary[key] for key in other.summary.keys() - volatile
    }


def assert_same(one: Run, other: Run) -> None:
    """Hold runs against each other that may have been gone on with at any time."""
    for name in ("events", "probes", "edges", "nodes", "data"):
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    for key in ("initial_error", "final_error", "updates", "simulated_s", "stopped_by"):
        assert one.summary[key] == other.summary[key]
    assert one.state is not None
    assert other.state is not None
    mine, theirs = one.state.to_arrays(), other.state.to_arrays()
    assert [name for name in mine if mine[name].tobytes() != theirs[name].tobytes()] == []


def assert_engines_agree(scenario: Scenario, seed: int = 0, **stand_ins: Any) -> Run:
    """Run a scenario on both engines and hold them against each other; return the run."""
    ran = [ot.run(scenario, seed, engine, **stand_ins) for engine in ("simpy", "compiled")]
    assert [run.summary["engine"] for run in ran] == ["simpy", "compiled"]
    assert_equal(*ran)
    return ran[1]
