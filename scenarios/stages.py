"""The stages of a run: what its scenario's schedule makes of it, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..agents.supervisor import Dataset, Supervisor, SupervisorAgent
from ..engine.streams import Streams
from .scenario import Scenario
from .tasks.base import Task


@dataclass(frozen=True)
class Stage:
    """What holds from a time on.

    Attributes
    ----------
    number : int
        From 0, which begins the run.
    time : float
        When it begins, s.
    settings : Supervisor
        How data are presented.
    train, test : Dataset
        What is presented, and what is tested; sources and targets in the first task's order.
    presenting : int
        The number of the stage with which its presentations began.
    since : float
        When they began, s.
    tasked : int
        The number of the stage that brought its data.
    """

    number: int
    time: float
    settings: Supervisor
    train: Dataset
    test: Dataset
    presenting: int = 0
    since: float = 0.0
    tasked: int = 0

    @property
    def presents_anew(self) -> bool:
        """Whether presentations begin with it, and do not go on."""
        return self.presenting == self.number

    @property
    def has_task(self) -> bool:
        """Whether it brings data of its own."""
        return self.tasked == self.number

    def supervisor(self, streams: Streams) -> SupervisorAgent:
        """Return who presents in it, from the first presentation on."""
        return SupervisorAgent(self.settings, self.train, streams, self.since, self.presenting)


def stages_of(scenario: Scenario, streams: Streams) -> list[Stage]:
    """Return the stages of a run, with their data.

    What a task draws is what it would draw in a run of its own of the same seed.
    """
    found = [Stage(0, 0.0, scenario.supervisor, *scenario.task.datasets(streams))]
    changes = zip(scenario.schedule, scenario.later_stages, strict=True)
    for number, (change, later) in enumerate(changes, start=1):
        last = found[-1]
        data, tasked = (last.train, last.test), last.tasked
        if change.task is not None:
            train, test = later.task.datasets(streams)
            tasked = number
            data = _as_of(train, later.task, scenario.task), _as_of(test, later.task, scenario.task)
        began = (number, change.at) if change.presents_anew else (last.presenting, last.since)
        found.append(Stage(number, change.at, later.supervisor, *data, *began, tasked))
    return found


def _as_of(dataset: Dataset, task: Task, first: Task) -> Dataset:
    """Return the data of a task with sources and targets in the order of the first task."""
    held, wanted = task.source_labels(), list(task.target_labels())
    columns = [held.index(label) for label in first.source_labels()]
    inputs = np.ascontiguousarray(dataset.inputs[:, columns])  # as kernels take them
    desired = dataset.desired
    if desired is not None:
        order = [wanted.index(label) for label in first.target_labels()]
        desired = np.ascontiguousarray(desired[:, order])
    return replace(dataset, inputs=inputs, desired=desired)


@dataclass(frozen=True)
class Beginning:
    """A stage begins: the intervention that its change is.

    Attributes
    ----------
    stage : Stage
    begin : callable
        Sets it on a simulation.
    """

    stage: Stage
    begin: Callable[[Any, Stage], None]

    @property
    def time(self) -> float:
        """When, s."""
        return self.stage.time

    def apply(self, simulation: Any) -> None:
        """Begin it."""
        simulation.stage = self.stage.number
        self.begin(simulation, self.stage)
