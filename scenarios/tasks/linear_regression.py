"""Outputs that are linear in the inputs."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ...agents.supervisor import Dataset
from ...engine.errors import shown
from ...engine.streams import FloatArray, Streams
from ..labels import Label, Volts
from .base import MOST_DATA, Coefficient, Task


class LinearRegression(Task, kind="linear_regression"):
    """Many data: the targets shall be linear functions of the inputs.

    ``desired = coefficients @ inputs`` for inputs drawn uniformly from ``[low, high]``. A
    resistor network answers with weighted means of its source voltages, so coefficients that it
    can learn are not negative and sum to at most 1, the rest being the weight of the ground.
    """

    inputs: tuple[Label, ...] = Field(min_length=1)
    """Labels of the sources that carry the inputs."""
    ground: tuple[Label, ...] = ()
    """Labels of the sources held at 0 V."""
    targets: tuple[Label, ...] = Field(min_length=1)
    """Labels of the targets."""
    coefficients: Literal["random"] | tuple[tuple[Coefficient, ...], ...] = "random"
    """A row a target, a number an input; ``"random"`` draws each row uniformly from the rows that
    are not negative and sum to 1 with the weight of the ground, if there is any."""
    data: int = Field(50, ge=1, le=MOST_DATA)
    """Data to learn from."""
    test: int = Field(200, ge=1, le=MOST_DATA)
    """Data to test on, drawn separately."""
    low: Volts = 0.0
    """Lowest input, V."""
    high: Volts = 1.0
    """Highest input, V."""

    @model_validator(mode="after")
    def _check(self) -> LinearRegression:
        if self.low >= self.high:
            raise ValueError(f"'high' must exceed low = {self.low} V, got {self.high} V")
        if self.coefficients != "random":
            shape = (len(self.targets), len(self.inputs))
            rows = [len(row) for row in self.coefficients]
            if rows != [shape[1]] * shape[0]:
                raise ValueError(
                    f"'coefficients' must be {shape[0]} rows (targets) of {shape[1]} (inputs), "
                    f"got rows of {shown(rows)}"
                )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(inputs=("3", "8"), ground=("9",), targets=("4",), data=6, test=5)

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return [*self.inputs, *self.ground]

    def target_labels(self) -> list[str]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.targets)

    def data_counts(self) -> tuple[int, int]:
        """Return how many data there are to learn from, and to test on."""
        return self.data, self.test

    def input_names(self) -> list[str]:
        """Return the labels of the sources that carry the inputs."""
        return list(self.inputs)

    def source_voltages(self, inputs: FloatArray, streams: Streams) -> FloatArray:
        """Return the voltages of all sources, V, shape (D, S): the inputs, and the ground."""
        return np.hstack([inputs, np.zeros((len(inputs), len(self.ground)))])

    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        """Return what is presented, and what is tested."""
        rng = streams.generator("task")
        weights = self._weights(rng)
        return self._draw(self.data, weights, rng), self._draw(self.test, weights, rng)

    def _weights(self, rng: np.random.Generator) -> FloatArray:
        if self.coefficients != "random":
            return np.array(self.coefficients)
        shares = len(self.inputs) + bool(self.ground)
        return rng.dirichlet(np.ones(shares), len(self.targets))[:, : len(self.inputs)]

    def _draw(self, count: int, weights: FloatArray, rng: np.random.Generator) -> Dataset:
        varied = rng.uniform(self.low, self.high, (count, len(self.inputs)))
        return Dataset(
            inputs=np.hstack([varied, np.zeros((count, len(self.ground)))]),
            desired=varied @ weights.T,
        )
