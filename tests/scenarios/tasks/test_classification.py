"""The data sets that come with scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import datasets

import ohmtick as ot
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.tasks.classification import Classification


@pytest.mark.parametrize("name", ["iris", "wine", "digits", "breast_cancer"])
def test_any_of_the_bundled_sets_is_split_by_class(name: str) -> None:
    known: Any = getattr(datasets, f"load_{name}")()
    first, last = (str(known.feature_names[n]).removesuffix(" (cm)") for n in (0, -1))
    classes = len(known.target_names)
    settings: dict[str, Any] = {
        "dataset": name,
        "inputs": {"0": first, "1": last, "2": len(known.feature_names) - 1},
        "targets": ["4"],
        "training": 20 * classes,
        "scaling": "none",
    }
    task = Classification(**settings)
    assert task.input_names() == [first, last, last]
    assert task.class_labels() == known.target_names.tolist()
    train, test = task.datasets(Streams(3))
    assert (len(train.inputs), len(test.inputs)) == task.data_counts()
    assert train.classes is not None
    assert np.bincount(train.classes).tolist() == [20] * classes
    learned, tested = task.rows(Streams(3))
    assert sorted([*learned, *tested]) == list(range(len(known.target)))
    np.testing.assert_array_equal(train.inputs, known.data[learned][:, [0, -1, -1]])
    np.testing.assert_array_equal(test.classes, known.target[tested])


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"dataset": "wines"}, "task.dataset must be .* the nearest is 'wine'"),
    ({"dataset": "wine", "inputs": {"3": "malic acid"}}, "the nearest is 'malic_acid'"),
    ({"dataset": "digits", "inputs": {"3": 64}}, "'inputs.3' must be .* number below 64, got 64"),
    ({"dataset": "digits", "inputs": {"3": -1}}, "'inputs.3' must be .* got -1"),
    ({"inputs": {"3": "petal"}}, "'inputs.3' must be one of 'sepal length', .* got 'petal'"),
    ({"dataset": "digits", "inputs": {"3": 1}, "training": 25}, "a multiple of the 10 classes"),
    ({"dataset": "wine", "inputs": {"3": 1}, "training": 150}, "at most 144, .* 3 classes has 48"),
    ({"training": 150}, "'training' must be a multiple of the 3 classes below the 150 data"),
]


@pytest.mark.parametrize(("settings", "says"), MISTAKES)
def test_a_mistake_gets_one_clear_message(settings: dict[str, Any], says: str) -> None:
    task = {"kind": "classification", "inputs": {"3": "petal width"}, "targets": ["4"]} | settings
    with pytest.raises(ScenarioError, match=says) as caught:
        ot.load("breadboard-iii").replace(task=task)
    assert len(str(caught.value).splitlines()) == 1
