"""Scenarios: round trips, dotted keys, and one clear message for each mistake."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.engine.errors import RecordError, ScenarioError
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.scenario import Scenario, library
from ohmtick.scenarios.tasks import Classification

THREE = ot.load("breadboard-iii")

#: A change to breadboard-iii, and what its message must hold.
MISTAKES: list[tuple[Mapping[str, Any], list[str]]] = [
    ({"horizn": 3.0}, ["horizn", "not a key", "'horizon'"]),
    ({"edges.clok": {"kind": "poisson"}}, ["edges.clok", "'edges.clock'"]),
    ({"edges.clock.jiter": 0.1}, ["edges.clock.jiter", "'edges.clock.jitter'"]),
    ({"supervisor.nugde": 0.1}, ["supervisor.nugde", "'supervisor.nudge'"]),
    ({"horizon": "long"}, ["horizon", "number", "'long'"]),
    ({"horizon": 0.0}, ["horizon", "greater than 0", "0.0"]),
    ({"horizon": float("nan")}, ["horizon", "finite", "nan"]),
    ({"horizon": float("inf")}, ["horizon", "finite", "inf"]),
    ({"horizon": True}, ["horizon", "number", "True"]),
    ({"title": 5}, ["title", "string", "5"]),
    ({"seed": -1}, ["seed", "greater than or equal to 0", "-1"]),
    ({"edges.clock.period": -1.0}, ["edges.clock.period", "greater than 0", "-1.0"]),
    ({"edges.clock.gate": 1.5}, ["edges.clock.gate", "less than or equal to 1", "1.5"]),
    ({"edges.clock.gate": -0.1}, ["edges.clock.gate", "greater than or equal to 0", "-0.1"]),
    ({"edges.clock.phase": "alligned"}, ["edges.clock.phase", "'aligned'", "'alligned'"]),
    ({"edges.clock.kind": "perodic"}, ["edges.clock", "'perodic'", "nearest is 'periodic'"]),
    ({"edges.clock": {"period": 1.0}}, ["edges.clock", "kind"]),
    ({"edges.clock": 3}, ["edges.clock", "3"]),
    ({"edges.latency": -1.0}, ["edges.latency", "greater than or equal to 0"]),
    ({"edges.rule": {"kind": "coupled_learning"}}, ["edges.rule.learning_rate", "missing"]),
    ({"edges.resistor.start": 200}, ["edges.resistor", "'start'", "1 to 128", "200"]),
    ({"edges.resistor.start": "centre"}, ["edges.resistor.start", "'middle'", "'centre'"]),
    ({"edges.resistor.start": [1, 2]}, ["start", "16 edges", "2"]),
    ({"edges.resistor.positions": 1}, ["edges.resistor.positions", "2"]),
    ({"supervisor.order": "cyclical"}, ["supervisor.order", "'cyclic'", "'cyclical'"]),
    ({"supervisor.nudge": 0}, ["supervisor.nudge", "greater than 0"]),
    ({"probe.period": 0.0}, ["probe.period", "greater than 0"]),
    ({"task.targets.3": 1.0}, ["target", "source", "'3'"]),
    ({"task.targets.12": 1.0}, ["task", "target", "'12'", "'2'"]),
    ({"task.sources.x": 1.0}, ["task", "source", "'x'"]),
    ({"task.sources": {}}, ["task.sources", "at least 1"]),
    ({"task.targets.4": "1"}, ["task.targets.4", "number", "'1'"]),
    ({"circuit.rows": 3}, ["circuit.rows", "not a key"]),
    ({"circuit": {"kind": "square_latice", "rows": 2, "cols": 2}}, ["'square_lattice'"]),
    (
        {
            "circuit": {"kind": "edge_list", "edges": [["3", "4"], ["4", "8"], ["9", "7"]]},
        },
        ["connected", "'9'", "'7'"],
    ),
    ({"circuit": {"kind": "edge_list", "edges": [["3", "4", "8"]]}}, ["circuit.edges"]),
    (
        {
            "circuit": {
                "kind": "edge_list",
                "edges": [["3", "3"], ["3", "4"], ["4", "8"], ["8", "9"]],
            }
        },
        ["self-loop"],
    ),
    ({"circuit": {"kind": "random", "nodes": 20, "edges": 3}}, ["20 nodes", "19", "got 3"]),
]


@pytest.mark.parametrize(("changes", "says"), MISTAKES, ids=lambda item: str(item)[:40])
def test_a_mistake_gets_one_clear_message(changes: Mapping[str, Any], says: list[str]) -> None:
    with pytest.raises(ot.OhmtickError) as caught:
        ot.run(THREE.replace(**changes))
    message = str(caught.value)
    for words in says:
        assert words in message
    assert len(message.splitlines()) == 1
    assert "pydantic" not in message
    assert "validation error" not in message


def test_each_mistake_has_a_line_of_its_own() -> None:
    with pytest.raises(ScenarioError) as caught:
        THREE.replace(**{"horizon": -1.0, "edges.clock.gate": 2.0, "prob": {}})
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("name", library())
def test_a_scenario_goes_through_toml_unchanged(name: str) -> None:
    scenario = ot.load(name)
    text = scenario.to_toml()
    again = Scenario.from_toml(text)
    assert again == scenario
    assert again.to_toml() == text
    assert tomllib.loads(text)["edges"]["clock"]["gate"] == scenario.edges.clock.gate  # complete


def test_replace_takes_values_and_whole_tables_and_leaves_the_original() -> None:
    changed = THREE.replace(
        **{
            "edges.clock.jitter": 0.2,
            "horizon": 500.0,
            "edges.comparator.noise": 0.001,
            "circuit": {"kind": "square_lattice", "rows": 4, "cols": 4},
        }
    )
    assert (changed.edges.clock.jitter, changed.horizon) == (0.2, 500.0)  # type: ignore[union-attr]
    assert changed.edges.clock.phase == "uniform"  # type: ignore[union-attr]
    assert changed.edges.comparator.noise == 0.001
    assert changed.circuit.labels() == [str(node) for node in range(16)]
    assert ot.load("breadboard-iii") == THREE


def test_replace_can_open_a_table_that_holds_its_defaults() -> None:
    tables = tomllib.loads(THREE.to_toml())
    del tables["edges"]["clock"]
    assert Scenario(**tables).replace(**{"edges.clock.jitter": 0.1}).edges.clock.kind == "periodic"


def test_replace_by_none_restores_the_default() -> None:
    assert THREE.replace(probe=None).probe is None
    assert THREE.replace(**{"edges.clock.phase": None}).edges.clock.phase == "aligned"  # type: ignore[union-attr]


def test_a_scenario_cannot_be_changed() -> None:
    with pytest.raises(Exception, match="frozen"):
        THREE.horizon = 3.0  # type: ignore[misc]
    with pytest.raises(Exception, match="frozen"):
        THREE.edges.clock.gate = 0.1  # type: ignore[misc]


def test_labels_may_be_numbers() -> None:
    task = {"kind": "allostery", "sources": {3: 4.0, 9: 0}, "targets": {4: 1}}
    assert THREE.replace(task=task).task.source_labels() == ["3", "9"]


def test_files(tmp_path: Path) -> None:
    good = tmp_path / "mine.toml"
    good.write_text(THREE.to_toml(), encoding="utf-8")
    assert ot.load(good) == ot.load(str(good)) == THREE
    bad = tmp_path / "bad.toml"
    bad.write_text("horizon = = 3", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"bad\.toml is not TOML: .*line 1"):
        ot.load(bad)
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match=r"bad\.toml is not TOML"):
        ot.load(bad)
    bad.write_text("horizon = -3", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"bad\.toml: .*\n?horizon must"):
        ot.load(bad)
    with pytest.raises(RecordError, match=r"mien\.toml: No such file.*nearest is 'mine\.toml'"):
        ot.load(tmp_path / "mien.toml")
    with pytest.raises(ScenarioError, match="nearest is 'breadboard-iii'"):
        ot.load("breadbord-iii")


def test_a_saved_run_is_a_scenario(tmp_path: Path) -> None:
    first = ot.run(THREE.replace(horizon=10.0), seed=21)
    first.save(tmp_path / "a")
    again = ot.load(tmp_path / "a")
    assert again.seed == 21
    assert again.versions["numpy"] == np.__version__
    assert ot.run(again).events.equals(first.events)


def test_regression_data_follow_their_coefficients() -> None:
    task = ot.load("lattice-regression").task
    train, test = task.lessons(Streams(3))
    for lessons, count in ((train, 50), (test, 200)):
        assert lessons.inputs.shape == (count, 3)
        assert (lessons.inputs[:, 2] == 0.0).all()
        assert lessons.inputs[:, :2].min() >= 0.0
        assert lessons.inputs[:, :2].max() <= 1.0
        x, y = lessons.inputs[:, 0], lessons.inputs[:, 1]
        assert lessons.desired is not None
        np.testing.assert_allclose(lessons.desired[:, 0], 0.2 * x + 0.5 * y, atol=1e-15)
        np.testing.assert_allclose(lessons.desired[:, 1], 0.3 * x + 0.25 * y, atol=1e-15)


def test_random_coefficients_can_be_learned_by_resistors() -> None:
    task = ot.load("lattice-regression").replace(**{"task.coefficients": "random"}).task
    train, _ = task.lessons(Streams(3))
    assert train.desired is not None
    weights, *_ = np.linalg.lstsq(train.inputs[:, :2], train.desired)
    assert (weights >= 0.0).all()
    assert (weights.sum(axis=0) <= 1.0).all()


def test_iris_is_split_by_class_and_scaled_by_the_training_data() -> None:
    task = ot.load("breadboard-iris").task
    assert isinstance(task, Classification)
    train, test = task.lessons(Streams(1))
    assert train.inputs.shape == (30, 5)
    assert test.inputs.shape == (120, 5)
    assert train.classes is not None
    assert test.classes is not None
    assert np.bincount(train.classes).tolist() == [10, 10, 10]
    assert np.bincount(test.classes).tolist() == [40, 40, 40]
    np.testing.assert_allclose(train.inputs[:, :4].min(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(train.inputs[:, :4].max(axis=0), 5.0)
    assert (train.inputs[:, 4] == 2.5).all()
    # No flower is in both sets, up to the few pairs of flowers that are equal in all features.
    both = {tuple(row) for row in train.inputs} & {tuple(row) for row in test.inputs}
    assert len(both) <= 3
    other, _ = task.lessons(Streams(2))
    assert not np.array_equal(other.inputs, train.inputs)
