"""Fisher's Iris flowers, told apart."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from ...agents.supervisor import Dataset
from ...engine.errors import ScenarioError, shortened, shown
from ...engine.settings import Frozen
from ...engine.streams import FloatArray, Streams
from ..labels import Label, Voltages, Volts, text_keys
from .base import Task

IRIS_FEATURES = ("sepal length", "sepal width", "petal length", "petal width")
IRIS_CLASSES, IRIS_FLOWERS = 3, 150


class Classification(Task, kind="classification"):
    """Many data in classes: the outputs shall tell the class.

    Features drive sources, scaled by the training data: each so that its own range becomes
    ``[low, high]``, or all by one number of volts a centimetre, ``(high - low)`` over the largest
    of all their values. The outputs desired of a class are the free response to the mean training
    input of the class, measured anew once an epoch, as on the bench.

    To answer every input alike would fulfil that too, and learning tends to it. A `separation`
    above 1 prevents this: the clamp then pulls the outputs of a class to where its mean response
    would lie if it were that much further from the middle of all classes.
    """

    dataset: Literal["iris"] = "iris"
    """Fisher's Iris flowers, as scikit-learn ships them."""
    inputs: Annotated[Frozen[str], BeforeValidator(text_keys)] = Field(min_length=1)
    """Node label = name of the feature that drives it."""
    fixed: Voltages = Field(default_factory=dict, validate_default=True)
    """Node label = V, for sources that do not vary."""
    targets: tuple[Label, ...] = Field(min_length=1)
    """Labels of the targets."""
    training: int = Field(30, ge=1)
    """Data to learn from, the same number of each class; all others are tested on."""
    scaling: Literal["feature", "common"] = "feature"
    """Each feature by its own range, or all by the same V/cm, so that one that varies little in
    nature does so on the bench."""
    separation: float = Field(1.0, gt=0, le=100)
    """How far apart the clamp pulls the classes, in units of how far apart their mean responses
    are."""
    low: Volts = 0.0
    """Voltage for the smallest training value of a feature (for 0 cm with common scaling), V."""
    high: Volts = 5.0
    """Voltage for the largest (of all features with common scaling), V."""

    @model_validator(mode="after")
    def _check(self) -> Classification:
        if self.low >= self.high:
            raise ValueError(f"'high' must exceed low = {self.low} V, got {self.high} V")
        for label, feature in self.inputs.items():
            if feature not in IRIS_FEATURES:
                raise ValueError(
                    f"'inputs.{shortened(label)}' must be one of "
                    f"{', '.join(map(repr, IRIS_FEATURES))}, got {shown(feature)}"
                )
        if self.training % IRIS_CLASSES or self.training >= IRIS_FLOWERS:
            raise ValueError(
                f"'training' must be a multiple of the {IRIS_CLASSES} classes below the "
                f"{IRIS_FLOWERS} data, got {shown(self.training)}"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(inputs={"3": "petal length"}, fixed={"9": 2.5}, targets=("4",))

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return [*self.inputs, *self.fixed]

    def target_labels(self) -> list[str]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.targets)

    def data_counts(self) -> tuple[int, int]:
        """Return how many data there are to learn from, and to test on."""
        return self.training, IRIS_FLOWERS - self.training

    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        """Return what is presented, and what is tested."""
        features, classes = _iris([IRIS_FEATURES.index(name) for name in self.inputs.values()])
        order = streams.generator("task").permutation(len(classes))
        rank = np.empty(len(classes), dtype=np.intp)  # of each flower within its class
        for c in range(IRIS_CLASSES):
            members = order[classes[order] == c]
            rank[members] = np.arange(members.size)
        learns = rank[order] < self.training // IRIS_CLASSES
        train, test = order[learns], order[~learns]
        smallest, largest = features[train].min(axis=0), features[train].max(axis=0)
        if self.scaling == "common":
            smallest, largest = np.zeros_like(smallest), largest.max()
        if (constant := np.flatnonzero(largest == smallest)).size:
            label, feature = list(self.inputs.items())[constant[0]]
            raise ScenarioError(
                f"the feature {feature!r} of 'inputs.{shortened(label)}' must vary among the "
                f"flowers to learn from to be scaled by its range, got "
                f"{smallest[constant[0]]:g} cm in all {self.training}; raise 'training', or set "
                "scaling to 'common'"
            )
        volts = self.low + (features - smallest) / (largest - smallest) * (self.high - self.low)
        held = np.tile(list(self.fixed.values()), (len(classes), 1))
        inputs = np.hstack([volts, held])
        return (
            Dataset(inputs=inputs[train], classes=classes[train], separation=self.separation),
            Dataset(inputs=inputs[test], classes=classes[test]),
        )


def _iris(columns: list[int]) -> tuple[FloatArray, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    from sklearn.datasets import load_iris

    features, classes = load_iris(return_X_y=True)
    return features[:, columns], classes.astype(np.intp)
