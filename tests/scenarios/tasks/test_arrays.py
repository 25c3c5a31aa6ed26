"""A task of data that are in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

import ohmtick as ot
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.tasks import from_arrays

BENCH = ot.load("breadboard-iii").replace(horizon=5.0)
RNG = np.random.default_rng(8)
X = RNG.uniform(0.0, 5.0, (20, 2))
Y = X @ [[0.5], [0.25]]
NODES: dict[str, Any] = {"sources": ["3", 8], "targets": ["4"], "fixed": {"9": 0.0}}
CLASSES = np.repeat([2, 5], [12, 8])


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        (X, Y),
        (X.tolist(), Y[:, 0]),
        (pd.DataFrame(X, columns=["a", "b"]), pd.Series(Y[:, 0], name="c")),
        (pd.DataFrame(X), pd.DataFrame(Y, columns=["y"])),
    ],
    ids=["arrays", "lists", "frame and series", "frames"],
)
def test_a_run_learns_from_what_was_given(inputs: Any, outputs: Any) -> None:
    task = from_arrays(inputs, outputs, **NODES, seed=3)
    run = ot.run(BENCH.replace(task=task), seed=11)
    learned, _ = task.rows(Streams(11))
    volts = run.data.pivot_table(index="datum", columns="node", values="voltage_V")
    np.testing.assert_array_equal(volts[["3", "8"]], X[learned])
    np.testing.assert_array_equal(volts["4"], Y[learned, 0])
    assert task.data_counts() == (16, 4)


def test_names_of_columns_are_kept() -> None:
    frame = pd.DataFrame(X, columns=["od280/od315", "a.b"])
    task = from_arrays(frame, pd.Series(CLASSES, name="sort"), classes=True, **NODES)
    assert dict(task.inputs) == {"od280/od315": "3", "a.b": "8"}
    assert task.classes == "sort"
    assert task.class_labels() == [2, 5]
    assert dict(from_arrays(X, Y, **NODES).inputs) == {"x0": "3", "x1": "8"}


@pytest.mark.parametrize(
    "labels",
    [CLASSES.astype(str), pd.Series(CLASSES.astype(str)), pd.Categorical(CLASSES.astype(str))],
)
def test_text_is_classes(labels: Any) -> None:
    assert from_arrays(X, labels, **NODES).class_labels() == ["2", "5"]


def test_the_same_data_have_the_same_name_and_others_another() -> None:
    first, same, other = (from_arrays(x, Y, **NODES) for x in (X, X.copy(), X + 1e-9))
    assert first == same
    assert first.file == same.file
    assert first.file != other.file


def test_a_folder_of_such_a_run_runs_again(tmp_path: Any) -> None:
    task = from_arrays(*load_wine(return_X_y=True), sources=[f"{n}" for n in range(13)],
                       targets=[20, 21, 22], classes=True, scaling="feature")  # fmt: skip
    lattice = {"kind": "square_lattice", "rows": 5, "cols": 5}
    run = ot.run(BENCH.replace(circuit=lattice, task=task), out=tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "moved")
    again = ot.run(tmp_path / "moved")
    assert again.events.equals(ot.open_run(tmp_path / "moved").events)
    assert run.summary["final_accuracy"] == again.summary["final_accuracy"]


def test_a_masked_array_without_masked_entries_is_an_array() -> None:
    task = from_arrays(np.ma.masked_array(X), np.ma.masked_array(Y), **NODES)
    assert task == from_arrays(X, Y, **NODES)


MISTAKES: list[tuple[Any, Any, dict[str, Any], str]] = [
    (X[:, 0], Y, {}, r"X must have the shape \(data, columns\) .* got \(20,\)"),
    (X[:0], Y[:0], {}, r"X must have the shape .* got \(0, 2\)"),
    (X[:19], Y, {}, "X and Y must have as many rows, got 19 and 20"),
    (X, Y, {"sources": ["3"]}, "'sources' must be a list of 2 labels, the columns of X, got"),
    (X, Y, {"sources": "38"}, "'sources' must be a list of 2 labels"),
    (X, Y, {"sources": [3, "3"]}, "'sources' must all differ"),
    (X, Y, {"targets": ["4", "6"]}, "'targets' must be a list of 1 labels, the columns of Y, got"),
    (X, CLASSES, {}, "Y holds whole numbers, .* give classes=True or classes=False"),
    (X, Y, {"classes": True}, r"Y must have the shape \(data,\) to hold classes, got \(20, 1\)"),
    (X, Y[:, 0], {"classes": True}, "the classes of Y must be whole numbers or text, got .* row 0"),
    (X, np.where(Y > 1.0, np.nan, Y), {}, "'outputs.y0' must be a column of finite numbers"),
    (X, Y, {"scalling": "none"}, "scalling is not a key .* the nearest is 'scaling'"),
    (pd.DataFrame(X, columns=["a", "a"]), Y, {}, "columns of X must all differ, got 'a' twice"),
    (X, pd.Series(Y[:, 0], name="x0"), {}, "columns of X and Y must all differ, got 'x0' in both"),
    (np.array([[1, object()]] * 20), Y, {}, "X and Y must hold numbers, or classes in text"),
    (X * 1j, Y, {}, "X and Y must hold numbers, or classes in text"),
    (
        np.ma.masked_greater(X, 4.0),
        Y,
        {},
        r"X must have .* got a masked one at \(\d+, [01]\); leave",
    ),
    (
        X,
        np.ma.masked_greater(Y[:, 0], 2.0),
        {},
        r"Y must have .* a masked one at \(\d+,\); leave out",
    ),
    (
        X,
        np.ma.masked_equal(CLASSES, 5),
        {"classes": True},
        r"Y must have .* masked one at \(12,\);",
    ),
    ([[1.0, 2.0], [3.0]], Y, {}, "X must have rows of one length"),
    (X, [[1.0], [2.0, 3.0]], {}, "Y must have rows of one length"),
    (X, Y, {"targets": None}, "'targets' must be a list of 1 labels, the columns of Y, got None"),
    (X, Y, {"sources": 3}, "'sources' must be a list of 2 labels, the columns of X, got 3"),
    (X, Y, {"fixed": ["0"]}, r"'fixed' must be a mapping, a voltage for each label, got \['0'\]"),
    (X, Y, {"fixed": 0.5}, "'fixed' must be a mapping, a voltage for each label, got 0.5"),
    (X, Y, {"test": 1.0}, "test must be less than 1, got 1.0 instead"),
]


@pytest.mark.parametrize(("inputs", "outputs", "settings", "says"), MISTAKES)
def test_a_mistake_gets_one_clear_message(
    inputs: Any, outputs: Any, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(ScenarioError, match=says) as caught:
        from_arrays(inputs, outputs, **NODES | settings)
    assert len(str(caught.value).splitlines()) == 1
