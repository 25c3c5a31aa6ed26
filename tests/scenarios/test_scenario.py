"""Scenarios: round trips, dotted keys, and one clear message for each mistake."""

from __future__ import annotations

import copy
import pickle
import tomllib
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.agents.clocks.poisson import PoissonClock
from ohmtick.analysis import settled_error
from ohmtick.engine.errors import RecordError, ScenarioError
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.circuits.square_lattice import SquareLattice
from ohmtick.scenarios.scenario import Scenario, library
from ohmtick.scenarios.tasks.classification import Classification

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


def test_a_feature_that_does_not_vary_is_named() -> None:
    """With this seed the three flowers to learn from have sepals of one width."""
    few = ot.load("breadboard-iris").replace(**{"task.training": 3, "horizon": 1.0})
    with pytest.raises(ScenarioError) as caught:
        ot.run(few, seed=61)
    message = str(caught.value)
    assert "'sepal width' of 'inputs.8' must vary" in message
    assert "got 3 in all 3" in message
    assert len(message.splitlines()) == 1
    common = few.replace(**{"task.scaling": "common"})
    assert np.isfinite(ot.run(common, seed=61).summary["final_error"])
    assert np.isfinite(ot.run(few, seed=0).summary["final_error"])


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
    assert (changed.edges.clock.jitter, changed.horizon) == (0.2, 500.0)
    assert changed.edges.clock.phase == "uniform"
    assert changed.edges.comparator.noise == 0.001
    assert changed.circuit.labels() == [str(node) for node in range(16)]
    assert ot.load("breadboard-iii") == THREE


def test_replace_can_open_a_table_that_holds_its_defaults() -> None:
    tables = tomllib.loads(THREE.to_toml())
    del tables["edges"]["clock"]
    assert Scenario(**tables).replace(**{"edges.clock.jitter": 0.1}).edges.clock.kind == "periodic"


def test_replace_by_none_restores_the_default() -> None:
    assert THREE.replace(probe=None).probe is None
    assert THREE.replace(**{"edges.clock.phase": None}).edges.clock.phase == "aligned"


def test_a_scenario_cannot_be_changed() -> None:
    with pytest.raises(ScenarioError, match=r"frozen; \.replace\(horizon=3\.0\) returns another"):
        THREE.horizon = 3.0  # type: ignore[misc]
    with pytest.raises(ScenarioError, match=r"frozen; \.replace\(horizon=None\) returns another"):
        del THREE.horizon
    with pytest.raises(ScenarioError, match=r"the dotted key that ends in 'gate'"):
        THREE.edges.clock.gate = 0.1  # type: ignore[attr-defined]
    with pytest.raises(ScenarioError, match=r"'horizn' is not a key of Scenario; .* 'horizon'"):
        THREE.horizn = 3.0  # type: ignore[attr-defined]
    assert THREE["horizon"] == ot.load("breadboard-iii").horizon


def test_a_kind_without_keys_says_so() -> None:
    said = r"^edges\.rule\.rate is not a key \(got 1\); the kind 'sign' has no keys$"
    with pytest.raises(ScenarioError, match=said):
        THREE.replace(**{"edges.rule.rate": 1})


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
    train, test = task.datasets(Streams(3))
    for dataset, count in ((train, 50), (test, 200)):
        assert dataset.inputs.shape == (count, 3)
        assert (dataset.inputs[:, 2] == 0.0).all()
        assert dataset.inputs[:, :2].min() >= 0.0
        assert dataset.inputs[:, :2].max() <= 1.0
        x, y = dataset.inputs[:, 0], dataset.inputs[:, 1]
        assert dataset.desired is not None
        np.testing.assert_allclose(dataset.desired[:, 0], 0.2 * x + 0.5 * y, atol=1e-15)
        np.testing.assert_allclose(dataset.desired[:, 1], 0.3 * x + 0.25 * y, atol=1e-15)


def test_random_coefficients_can_be_learned_by_resistors() -> None:
    task = ot.load("lattice-regression").replace(**{"task.coefficients": "random"}).task
    train, _ = task.datasets(Streams(3))
    assert train.desired is not None
    weights, *_ = np.linalg.lstsq(train.inputs[:, :2], train.desired)
    assert (weights >= 0.0).all()
    assert (weights.sum(axis=0) <= 1.0).all()


def test_iris_is_split_by_class_and_scaled_by_the_training_data() -> None:
    task = ot.load("breadboard-iris").task
    assert isinstance(task, Classification)
    train, test = task.datasets(Streams(1))
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
    other, _ = task.datasets(Streams(2))
    assert not np.array_equal(other.inputs, train.inputs)


#: More changes to breadboard-iii, and the beginning of what they are told.
MORE_MISTAKES: list[tuple[Mapping[str, Any], str]] = [
    ({"task.targets": {}}, "task.targets must have at least 1 entry, got {} instead"),
    (
        {"circuit": {"kind": "edge_list", "edges": [["3", "4"], ["4", "9"], ["8", "8"]]}},
        "circuit.edges.2 must join two different nodes, got the self-loop ('8', '8') instead",
    ),
    (
        {
            "circuit": {
                "kind": "edge_list",
                "edges": [["3", "4"], ["4", "8"], ["8", "9"]],
                "positions": {"3": [0, 0], "4": [1, 0], "8": [2, 0]},
            }
        },
        "circuit.positions must name every node once, got none for '9' instead",
    ),
    ({"edges.resistor.start": [1, 2]}, "edges.resistor.start must be one value or one for each"),
    ({"edges.resistor.start": "midle"}, "edges.resistor.start must be"),
    ({"edges.resistor.full_scale": 1e300}, "edges.resistor.full_scale must be less than"),
    ({"edges.resistor.full_scale": 1e-300}, "edges.resistor is wrong: 'full_scale' must be at"),
    ({"edges.resistor": {"kind": "continuous", "k_min": 1e-300}}, "edges.resistor.k_min must be"),
    ({"edges.resistor": {"kind": "continuous", "k_max": 1e300}}, "edges.resistor.k_max must be"),
    ({"edges.latency_jitter": 0.1}, "edges is wrong: 'latency_jitter' must have a 'latency'"),
    ({"edges.clock.jiter": None}, "edges.clock.jiter is not a key"),
    ({"task.targets.4": 1e300}, "task.targets.4 must be less than or equal to 1000000000"),
    ({"task.sources.3": -1e300}, "task.sources.3 must be greater than or equal to -1000000000"),
    ({"horizon.x": 1.0}, "'horizon' must be a table to hold 'x', got 400.0 instead"),
]


@pytest.mark.parametrize(("changes", "says"), MORE_MISTAKES, ids=lambda item: str(item)[:40])
def test_a_mistake_is_named_at_validation(changes: Mapping[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        THREE.replace(**changes)
    assert str(caught.value).startswith(says)
    assert len(str(caught.value).splitlines()) == 1


def test_the_nearest_of_a_few_words_is_named() -> None:
    with pytest.raises(ScenarioError, match="the nearest is 'middle'"):
        THREE.replace(**{"edges.resistor.start": "midle"})


def test_a_part_on_its_own_explains_itself() -> None:
    with pytest.raises(ScenarioError) as caught:
        PeriodicClock(period=-1.0)
    assert str(caught.value) == "period must be greater than 0, got -1.0 instead"


@pytest.mark.parametrize(
    "circuit",
    [
        {"kind": "square_lattice", "rows": 10**9, "cols": 10**9},
        {"kind": "square_lattice", "rows": 1 << 12, "cols": 1 << 11},
        {"kind": "delaunay", "nodes": 10**9},
        {"kind": "random", "nodes": 10**9, "edges": 10**9},
    ],
)
def test_circuits_that_are_too_large_are_refused_at_once(circuit: dict[str, object]) -> None:
    with pytest.raises(ScenarioError, match="4194304"):
        THREE.replace(circuit=circuit)


def test_the_labels_of_a_large_lattice_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(SquareLattice.__mro__[1], "labels")
    lattice = {"kind": "square_lattice", "rows": 1 << 11, "cols": 1 << 11}
    large = THREE.replace(circuit=lattice)
    labels = ["0", "4194303", "4194304", "00", "-1", "x", "9" * 5000]
    assert large.circuit.unknown_labels(labels) == [
        "4194304", "00", "-1", "x", "9" * 5000
    ]  # fmt: skip
    with pytest.raises(ScenarioError, match="there are '0' to '4194303'"):
        THREE.replace(circuit=lattice, **{"task.sources.x": 1.0})


@pytest.mark.parametrize("name", library())
def test_the_number_of_edges_is_known_before_they_are_built(name: str) -> None:
    circuit = ot.load(name).circuit
    assert circuit.edge_count == len(circuit.build(Streams(1)).edges)


def test_the_number_of_edges_of_lattices() -> None:
    for periodic in (False, True):
        lattice = SquareLattice(rows=3, cols=5, periodic=periodic)
        assert lattice.edge_count == len(lattice.build(Streams(1)).edges)


@pytest.mark.parametrize("name", library())
def test_a_scenario_is_immutable_to_the_bottom_and_can_be_sent(name: str) -> None:
    scenario = ot.load(name)
    assert hash(scenario) == hash(ot.load(name))
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert copy.deepcopy(scenario) == scenario


def test_tables_and_lists_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        THREE.task.sources["3"] = 99.0
    start = np.arange(1, 17)
    changed = THREE.replace(**{"edges.resistor.start": start})
    start[0] = 99
    assert changed.edges.resistor.start == tuple(range(1, 17))
    assert changed == THREE.replace(**{"edges.resistor.start": list(range(1, 17))})
    assert THREE.replace(horizon=np.float32(3.0)).horizon == 3.0
    assert THREE.replace(seed=np.int64(3)).seed == 3


def test_a_new_kind_keeps_what_it_knows() -> None:
    clock = THREE.replace(**{"edges.clock.gate": 0.5, "edges.clock.kind": "poisson"}).edges.clock
    assert clock == PoissonClock(period=1.0, gate=0.5)
    with pytest.raises(ScenarioError, match=r"edges\.clock\.jitter is not a key"):
        THREE.replace(**{"edges.clock.kind": "poisson", "edges.clock.jitter": 0.1})


def test_replace_takes_a_part_and_then_a_key_of_it() -> None:
    clock = THREE.replace(
        **{"edges.clock": PoissonClock(period=3.0), "edges.clock.gate": 0.5}
    ).edges.clock
    assert clock == PoissonClock(period=3.0, gate=0.5)


def test_toml_begins_with_the_kind_and_has_no_empty_table() -> None:
    text = THREE.to_toml()
    assert "[versions]" not in text
    assert "[edges.clock]\nkind = " in text


def test_odd_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + THREE.to_toml().encode())
    assert ot.load(path) == THREE
    path.write_text(f"a = {'[' * 20_000}", encoding="utf-8")
    with pytest.raises(ScenarioError, match="nested too deeply"):
        ot.load(path)


@pytest.mark.parametrize("path", ["a" * 300, "a" * 300 + ".toml", "a/" + "b" * 300, "a\0b.toml"])
def test_impossible_paths_are_record_errors(path: str) -> None:
    with pytest.raises(RecordError, match=r"cannot read the scenario .*(too long|No such|null)"):
        ot.load(path)


def test_a_folder_that_cannot_be_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("stat", "read_text", "open"):
        monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(RecordError, match=r"scenario locked/a\.toml: Permission denied"):
        ot.load("locked/a.toml")


def test_a_name_of_the_library_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    short = THREE.replace(horizon=10.0)
    for name in ("breadboard-iii", "mine"):
        ot.run(short).save(name)
    assert ot.load("breadboard-iii") == THREE
    assert ot.load("./breadboard-iii").horizon == 10.0
    assert ot.load("mine").horizon == 10.0


def test_the_seed_may_be_numpys() -> None:
    run = ot.run(THREE.replace(horizon=3.0), seed=np.int64(3))  # type: ignore[arg-type]
    assert run.summary["seed"] == 3
    assert run.tables["seed"] == 3


def test_an_empty_frame_of_probes_has_the_types_of_a_full_one() -> None:
    short = ot.load("breadboard-iris").replace(horizon=3.0)
    full, empty = ot.run(short).probes, ot.run(short.replace(probe=None)).probes
    assert empty.empty
    assert empty.dtypes.equals(full.dtypes)


def test_replace_takes_any_name() -> None:
    with pytest.raises(ScenarioError, match="self is not a key"):
        THREE.replace(self=1)


def test_the_largest_voltages_leave_a_run() -> None:
    largest = {"task.sources.3": 1e9, "task.sources.9": -1e9, "task.targets.4": -1e9}
    run = ot.run(THREE.replace(horizon=5.0, **largest))
    assert np.isfinite(run.probes["error"]).all()


def test_analysis_errors_are_ohmticks() -> None:
    probes = ot.run(THREE.replace(horizon=5.0)).probes
    with pytest.raises(ot.OhmtickError, match="'last'") as caught:
        settled_error(probes, last=7.0)
    assert isinstance(caught.value, ValueError)


def test_the_reference_is_up_to_date() -> None:
    root = Path(__file__).resolve().parents[2]
    spec = spec_from_file_location("reference", root / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (root / "docs" / "scenarios.md").read_text(encoding="utf-8") == module.reference()
