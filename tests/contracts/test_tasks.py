"""What holds of every kind of task."""

import numpy as np
import pytest

from ohmtick.agents.supervisor import Lessons
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.tasks.base import Task


def check_task(kind: str) -> None:
    task = Task.family[kind].example()
    sources, targets = task.source_labels(), task.target_labels()
    assert len({*sources, *targets}) == len(sources) + len(targets)
    assert sources
    assert targets
    both = task.lessons(Streams(5))
    assert tuple(len(lessons.inputs) for lessons in both) == task.data_counts()
    for lessons, again in zip(both, task.lessons(Streams(5)), strict=True):
        check_lessons(lessons, len(sources), len(targets))
        np.testing.assert_array_equal(lessons.inputs, again.inputs)
    assert Task.chosen(task.model_dump(exclude_none=True)) == task


def check_lessons(lessons: Lessons, sources: int, targets: int) -> None:
    data = len(lessons.inputs)
    assert lessons.inputs.shape == (data, sources)
    assert np.isfinite(lessons.inputs).all()
    assert (lessons.desired is None) != (lessons.classes is None)
    if lessons.desired is not None:
        assert lessons.desired.shape == (data, targets)
        assert np.isfinite(lessons.desired).all()
    if lessons.classes is not None:
        assert lessons.classes.shape == (data,)


@pytest.mark.parametrize("kind", Task.family)
def test_a_task_is_what_it_says(kind: str) -> None:
    check_task(kind)
