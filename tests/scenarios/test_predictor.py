"""What a trained network answers, how well, and which classes it takes for which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics import accuracy_score, confusion_matrix, r2_score

import ohmtick as ot
from ohmtick.engine.errors import AnalysisError
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams

BENCH = ot.load("breadboard-iii").replace(horizon=60.0)
RNG = np.random.default_rng(8)
X = RNG.uniform(0.0, 5.0, (40, 2))
Y = X @ [[0.5], [0.25]]


def solved(run: Run, held: dict[str, np.ndarray[Any, Any]], target: str) -> Any:
    """Return the voltages of a node by a dense solution of Kirchhoff's law, shape (D,)."""
    labels = run.nodes["node"].tolist()
    laplacian = np.zeros((len(labels), len(labels)))
    for _, edge in run.edges.iterrows():
        first, second = labels.index(edge["first"]), labels.index(edge["second"])
        for one, other in ((first, second), (second, first)):
            laplacian[one, one] += edge["conductance_final_S"]
            laplacian[one, other] -= edge["conductance_final_S"]
    known = [labels.index(label) for label in held]
    free = [node for node in range(len(labels)) if node not in known]
    currents = -laplacian[np.ix_(free, known)] @ np.array(list(held.values()))
    volts = np.linalg.solve(laplacian[np.ix_(free, free)], currents)
    return volts[free.index(labels.index(target))]


@pytest.fixture(scope="module")
def regression() -> Run:
    task = ot.tasks.from_arrays(
        X, Y, sources=["3", "8"], targets=["4"], fixed={"9": 1.0},
        scaling="feature", output_scaling="common", output_high=4.0,
    )  # fmt: skip
    return ot.run(BENCH.replace(task=task), seed=3)


def test_predictions_keep_kirchhoffs_law(regression: Run) -> None:
    learned, _ = regression.scenario.task.rows(Streams(3))
    low, high = X[learned].min(axis=0), X[learned].max(axis=0)
    volts = (5.0 * (X - low) / (high - low)).T
    expected = solved(regression, {"3": volts[0], "8": volts[1], "9": np.ones(40)}, "4")
    np.testing.assert_allclose(regression.predict(X)[:, 0], expected, rtol=1e-12)


def test_a_score_of_outputs_is_that_of_scikit_learn(regression: Run) -> None:
    learned, tested = regression.scenario.task.rows(Streams(3))
    wanted = 4.0 * Y[tested] / Y[learned].max()
    outputs = regression.predict(X[tested])
    assert regression.score(X[tested], Y[tested]) == pytest.approx(r2_score(wanted, outputs))
    assert regression.score(X[tested], Y[tested, 0]) == regression.score(X[tested], Y[tested])
    error = np.mean((wanted - outputs) ** 2)
    assert regression.summary["final_error"] == pytest.approx(error, rel=1e-12)


def test_columns_of_a_frame_are_found_by_name(regression: Run) -> None:
    frame = pd.DataFrame({"x1": X[:, 1], "more": 0.0, "x0": X[:, 0]})
    np.testing.assert_array_equal(regression.predict(frame), regression.predict(X))
    nameless = pd.DataFrame(X)
    np.testing.assert_array_equal(regression.predict(nameless), regression.predict(X))
    others = pd.DataFrame(X, columns=["b", "a"])
    for ask in (regression.predict, lambda frame: regression.score(frame, Y)):
        with pytest.raises(
            ot.OhmtickError, match=r"column 'x0', got 0; .*X.to_numpy\(\) goes by p"
        ):
            ask(others)
    masked = np.ma.masked_array(X, mask=False)
    np.testing.assert_array_equal(regression.predict(masked), regression.predict(X))
    masked[3, 1] = np.ma.masked
    with pytest.raises(ot.OhmtickError, match=r"X must have all .* a masked one at \(3, 1\)"):
        regression.predict(masked)


def test_where_nothing_is_scaled_inputs_are_volts() -> None:
    task = {"kind": "linear_regression", "inputs": [3, 8], "ground": [9], "targets": [4]}
    run = ot.run(BENCH.replace(task=task), seed=1)
    expected = solved(run, {"3": X[:, 0], "8": X[:, 1], "9": np.zeros(40)}, "4")
    np.testing.assert_allclose(run.predict(X)[:, 0], expected, rtol=1e-12)
    alone = ot.run(BENCH, seed=1)
    sources = list(alone.scenario["task"]["sources"])
    expected = solved(alone, dict(zip(sources, X.T, strict=True)), "4")
    np.testing.assert_allclose(alone.predict(X)[:, 0], expected, rtol=1e-12)


@pytest.fixture(scope="module")
def iris() -> Run:
    return ot.run(ot.load("breadboard-iris-95").replace(horizon=330.0), seed=2)


def test_accuracy_and_confusion_are_those_of_the_last_probe(iris: Run) -> None:
    task = iris.scenario.task
    _, tested = task.rows(Streams(2))
    features, classes = load_iris(return_X_y=True)
    columns = [load_iris().feature_names.index(f"{name} (cm)") for name in task.input_names()]
    given = features[tested][:, columns]
    taken = iris.classify(given)
    names = load_iris().target_names
    true = names[classes[tested]]
    assert iris.score(given, classes[tested]) == iris.summary["final_accuracy"]
    assert iris.score(given, true) == accuracy_score(true, taken)
    confusion = iris.confusion()
    np.testing.assert_array_equal(confusion, confusion_matrix(true, taken))
    assert confusion.loc["setosa"].sum() == 40
    assert confusion.columns.tolist() == names.tolist()


def test_classes_of_ones_own_have_their_labels(tmp_path: Any) -> None:
    wine = load_wine()
    labels = np.array(["red", "rosé", "white"])[wine.target]
    task = ot.tasks.from_arrays(
        wine.data[:, [6, 12]], labels, sources=["3", "8"], targets=["4", "6"],
        fixed={"9": 2.5}, scaling="feature", seed=5,
    )  # fmt: skip
    run = ot.run(BENCH.replace(task=task), seed=3, out=tmp_path / "run")
    assert set(run.classify(wine.data[:, [6, 12]])) <= {"red", "rosé", "white"}
    confusion = ot.open_run(tmp_path / "run").confusion()
    assert confusion.index.tolist() == ["red", "rosé", "white"]
    accuracy = np.trace(confusion) / confusion.to_numpy().sum()
    assert accuracy == pytest.approx(run.summary["final_accuracy"])


MISTAKES: list[tuple[str, tuple[Any, ...], str]] = [
    ("predict", (X[:, :1],), r"X must have the shape \(data, 2\), a column .* x0, x1; got"),
    ("predict", (X[0],), r"X must have the shape .* got \(2,\)"),
    ("predict", ([["a", "b"]],), "X must hold numbers"),
    ("predict", (np.where(X > 4.9, np.inf, X),), "X must hold finite numbers, got inf at"),
    ("predict", (pd.DataFrame({"x0": [1.0], "x2": 1.0}),), "X must have one column 'x1', got 0"),
    ("score", (X, Y[:-1]), r"Y must have the shape \(40, 1\), got \(39, 1\)"),
    ("score", (X[:1], Y[:1]), "a score of outputs is of at least 2 data"),
    ("classify", (X,), "a task of kind 'table' has no classes here"),
    ("confusion", (), "a task of kind 'table' has no classes here"),
]


@pytest.mark.parametrize(("method", "given", "says"), MISTAKES)
def test_a_mistake_gets_one_clear_message(
    regression: Run, method: str, given: tuple[Any, ...], says: str
) -> None:
    with pytest.raises(AnalysisError, match=says):
        getattr(regression, method)(*given)


def test_an_unknown_class_is_named(iris: Run) -> None:
    given = np.ones((2, 4))
    with pytest.raises(AnalysisError, match="classes that were learned, got 'rose'; there are"):
        iris.score(given, ["rose", "setosa"])
    with pytest.raises(AnalysisError, match="classes that were learned, got 3"):
        iris.score(given, [3, 1])
    with pytest.raises(AnalysisError, match=r"Y must have the shape \(2,\)"):
        iris.score(given, [1])
