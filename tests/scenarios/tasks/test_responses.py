"""Several data, written out."""

from __future__ import annotations

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.streams import Streams

TEXT = """
horizon = 4.0
[circuit]
kind = "breadboard"
[[task.data]]
sources = { 3 = 4.0, 9 = 0.0 }
targets = { 4 = 1.0, 6 = 2.0 }
[[task.data]]
sources = { 9 = 1.0, 3 = 2.0 }
targets = { 6 = 1.2, 4 = 1.1 }
[task]
kind = "responses"
[edges.rule]
kind = "sign"
[edges.resistor]
kind = "digital_potentiometer"
[edges.clock]
kind = "periodic"
"""


def test_each_datum_is_presented_in_turn_and_tested() -> None:
    scenario = ot.Scenario.from_toml(TEXT)
    train, test = scenario.task.datasets(Streams(0))
    np.testing.assert_array_equal(train.inputs, [[4.0, 0.0], [2.0, 1.0]])
    assert train.desired is not None
    np.testing.assert_array_equal(train.desired, [[1.0, 2.0], [1.1, 1.2]])
    assert test is train
    run = ot.run(scenario)
    assert set(run.events["datum"]) == {0, 1}
    assert ot.Scenario.from_toml(scenario.to_toml()) == scenario
    outputs = run.predict(train.inputs)
    assert run.summary["final_error"] == pytest.approx(np.mean((outputs - train.desired) ** 2))


def test_one_datum_is_what_allostery_is() -> None:
    one = {"kind": "allostery", "sources": {"3": 5.0, "9": 0.0}, "targets": {"4": 3.0, "6": 1.0}}
    many = {"kind": "responses", "data": [{"sources": one["sources"], "targets": one["targets"]}]}
    bench = ot.load("breadboard-iii").replace(horizon=20.0)
    first, second = (ot.run(bench.replace(task=task), seed=4) for task in (one, many))
    assert first.events.equals(second.events)


def test_data_of_other_nodes_are_named() -> None:
    wrong = TEXT.replace("targets = { 6 = 1.2, 4 = 1.1 }", "targets = { 6 = 1.2, 5 = 1.1 }")
    says = r"'data.1.targets' must be of the nodes of the first, \['4', '6'\], got \['5', '6'\]"
    with pytest.raises(ScenarioError, match=says):
        ot.Scenario.from_toml(wrong)
