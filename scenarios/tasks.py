"""The `[task]` table of a scenario: what the network is to learn."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from ..agents.supervisor import Lessons
from ..engine.errors import ScenarioError, shortened, shown
from ..engine.settings import Frozen, Settings
from ..engine.streams import FloatArray, Streams
from .circuits import Label, Voltages, Volts, text_keys

#: Data to learn from, or to test on; what fits into memory is less.
MOST_DATA = 10**12
#: A weight of an input, as bounded as the voltages are.
Coefficient = Annotated[float, Field(ge=-1e9, le=1e9)]


class Allostery(Settings):
    """One datum: given source voltages shall give the desired target voltages."""

    kind: Literal["allostery"] = "allostery"
    sources: Voltages = Field(min_length=1)
    """Node label = V."""
    targets: Voltages = Field(min_length=1)
    """Node label = desired V."""

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return list(self.sources)

    def target_labels(self) -> list[str]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.targets)

    def lessons(self, streams: Streams) -> tuple[Lessons, Lessons]:
        """Return what is presented, and what is tested: the same datum."""
        datum = Lessons(
            inputs=np.array([list(self.sources.values())]),
            desired=np.array([list(self.targets.values())]),
        )
        return datum, datum


class LinearRegression(Settings):
    """Many data: the targets shall be linear functions of the inputs.

    ``desired = coefficients @ inputs`` for inputs drawn uniformly from ``[low, high]``. A
    resistor network answers with weighted means of its source voltages, so coefficients that it
    can learn are not negative and sum to at most 1, the rest being the weight of the ground.
    """

    kind: Literal["linear_regression"] = "linear_regression"
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

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return [*self.inputs, *self.ground]

    def target_labels(self) -> list[str]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.targets)

    def lessons(self, streams: Streams) -> tuple[Lessons, Lessons]:
        """Return what is presented, and what is tested."""
        rng = streams.generator("task")
        weights = self._weights(rng)
        return self._draw(self.data, weights, rng), self._draw(self.test, weights, rng)

    def _weights(self, rng: np.random.Generator) -> FloatArray:
        if self.coefficients != "random":
            return np.array(self.coefficients)
        shares = len(self.inputs) + bool(self.ground)
        return rng.dirichlet(np.ones(shares), len(self.targets))[:, : len(self.inputs)]

    def _draw(self, count: int, weights: FloatArray, rng: np.random.Generator) -> Lessons:
        varied = rng.uniform(self.low, self.high, (count, len(self.inputs)))
        return Lessons(
            inputs=np.hstack([varied, np.zeros((count, len(self.ground)))]),
            desired=varied @ weights.T,
        )


class Classification(Settings):
    """Many data in classes: the outputs shall tell the class.

    Features drive sources, scaled by the training data: each so that its own range becomes
    ``[low, high]``, or all by one number of volts a centimetre, ``(high - low)`` over the largest
    of all their values. The outputs desired of a class are the free response to the mean training
    input of the class, measured anew once an epoch, as on the bench.

    To answer every input alike would fulfil that too, and learning tends to it. A `separation`
    above 1 prevents this: the clamp then pulls the outputs of a class to where its mean response
    would lie if it were that much further from the middle of all classes.
    """

    kind: Literal["classification"] = "classification"
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

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return [*self.inputs, *self.fixed]

    def target_labels(self) -> list[str]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.targets)

    def lessons(self, streams: Streams) -> tuple[Lessons, Lessons]:
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
            Lessons(inputs=inputs[train], classes=classes[train], separation=self.separation),
            Lessons(inputs=inputs[test], classes=classes[test]),
        )


IRIS_FEATURES = ("sepal length", "sepal width", "petal length", "petal width")
IRIS_CLASSES, IRIS_FLOWERS = 3, 150


def _iris(columns: list[int]) -> tuple[FloatArray, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    from sklearn.datasets import load_iris

    features, classes = load_iris(return_X_y=True)
    return features[:, columns], classes.astype(np.intp)


#: Any of the tasks that a scenario can name.
AnyTask = Annotated[Allostery | LinearRegression | Classification, Field(discriminator="kind")]
