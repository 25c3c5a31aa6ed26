"""What holds of every kind of task."""

import numpy as np
import pytest

from ohmtick.agents.supervisor import Dataset
from ohmtick.engine.records.attached import with_content
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.attached import attached
from ohmtick.scenarios.tasks.base import Task


def check_task(kind: str) -> None:
    task = Task.family[kind].example()
    sources, targets = task.source_labels(), task.target_labels()
    assert len({*sources, *targets}) == len(sources) + len(targets)
    assert sources
    assert targets
    both = task.datasets(Streams(5))
    assert tuple(len(dataset.inputs) for dataset in both) == task.data_counts()
    for dataset, again in zip(both, task.datasets(Streams(5)), strict=True):
        check_lessons(dataset, len(sources), len(targets))
        np.testing.assert_array_equal(dataset.inputs, again.inputs)
    tables = with_content(task.model_dump(exclude_none=True), attached(task))
    assert Task.chosen(tables) == task
    check_answers(task, both[0])


def check_answers(task: Task, learned: Dataset) -> None:
    """What is asked of a trained network has a column an input, and a source each."""
    asked = np.ones((3, len(task.input_names())))
    volts = task.source_voltages(asked, Streams(5))
    assert volts.shape == (3, len(task.source_labels()))
    if learned.classes is not None:
        assert len(task.class_labels()) == learned.classes.max() + 1
    else:
        assert not task.class_labels()


def check_lessons(dataset: Dataset, sources: int, targets: int) -> None:
    data = len(dataset.inputs)
    assert dataset.inputs.shape == (data, sources)
    assert np.isfinite(dataset.inputs).all()
    assert (dataset.desired is None) != (dataset.classes is None)
    if dataset.desired is not None:
        assert dataset.desired.shape == (data, targets)
        assert np.isfinite(dataset.desired).all()
    if dataset.classes is not None:
        assert dataset.classes.shape == (data,)


@pytest.mark.parametrize("kind", Task.family)
def test_a_task_is_what_it_says(kind: str) -> None:
    check_task(kind)
