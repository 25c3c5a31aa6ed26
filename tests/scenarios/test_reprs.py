"""What is printed of an object is a line or a few, and completion offers what a user wants."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import BaseModel

import ohmtick as ot
from ohmtick.agents.supervisor import Dataset
from ohmtick.engine.records.run import Run
from ohmtick.engine.registry import FAMILIES


@pytest.fixture(scope="module")
def run() -> Run:
    return ot.run(ot.load("breadboard-iris").replace(horizon=3.0), seed=1)


def test_reprs_are_short(run: Run) -> None:
    scenario = run.scenario
    nodes = [str(n) for n in range(10_000)]
    large = scenario.replace(circuit=ot.square_lattice(100, 100), **{"probe.nodes": nodes[:1000]})
    study = ot.Study(scenario, seeds=1000, grid={"edges.latency": np.linspace(0, 1, 500)})
    things = [
        run, run.circuit, run.twin(), run.state, ot.Replay(run), scenario, scenario.task,
        scenario.edges, large, large.circuit, large.probe, large.edges, study, study.grid,
    ]  # fmt: skip
    for thing in things:
        assert len(repr(thing)) <= 900, type(thing)
        assert "\n" not in repr(thing)
        assert len(str(thing)) <= 900, type(thing)


def test_a_repr_says_what_it_is(run: Run) -> None:
    scenario = ot.load("breadboard-iii")
    assert repr(scenario) == (
        "Scenario('Bench task iii: two sources, two targets': breadboard, 9 nodes; allostery; "
        "sign, digital_potentiometer, periodic; 400 s)"
    )
    study = ot.Study(scenario, title="How late?", seeds=20, grid={"edges.latency": [0.0, 1.0]})
    assert repr(study).startswith("Study('How late?': 2 cells × 20 seeds of 'Bench task iii")
    twin = run.twin()
    assert repr(twin) == "TwinNetwork(9 nodes, 16 edges, 5 sources, 3 targets, nudge=1)"
    volts = np.ones((20, 3))
    assert (
        repr(Dataset(inputs=volts, desired=volts[:, :2]))
        == "Dataset(20 data, 3 sources, 2 targets)"
    )
    classes = np.arange(20) % 4
    assert repr(Dataset(inputs=volts, classes=classes)) == "Dataset(20 data, 3 sources, 4 classes)"


def test_completion_shows_the_fields_and_nothing_of_pydantic() -> None:
    scenario = ot.load("breadboard-iii")
    members = [each.example() for name in ("clock", "task") for each in FAMILIES[name].values()]
    for part in (scenario, scenario.edges, scenario.supervisor, ot.Study(scenario), *members):
        names = set(dir(part))
        assert set(type(part).model_fields) <= names
        internals = set(dir(BaseModel)) - set(dir(object)) - set(type(part).model_fields)
        assert not internals & names
        assert not [name for name in names if name.startswith(("model_", "__pydantic"))]
        assert all(hasattr(part, name) for name in names - {"__abstractmethods__"})
    assert {"replace", "to_toml", "save"} <= set(dir(scenario))
    assert {"run", "cells"} <= set(dir(ot.Study(scenario)))


def test_what_is_not_listed_is_there_still() -> None:
    clock = ot.load("breadboard-iii").edges.clock
    assert type(clock)(**{**clock.model_dump(), "kind": "periodic"}) == clock
