"""One of the data sets that come with scikit-learn, told apart by class."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from ...agents.supervisor import Dataset
from ...engine.errors import nearest, shortened, shown
from ...engine.settings import Frozen
from ...engine.streams import FloatArray, Streams
from ..labels import Output, Voltages, Volts, text_keys
from .base import Task
from .scaling import Scale, Scaling, scale_of
from .splitting import Rows, draw_rows


class Classification(Task, kind="classification"):
    """Many data in classes: the outputs shall tell the class.

    Features drive sources, scaled by the training data: each so that its own range becomes
    ``[low, high]``, or all by one number of volts a unit (of iris: a centimetre), ``(high - low)``
    over the largest of all their values. The outputs desired of a class are the free response to
    the mean training input of the class, measured anew once an epoch, as on the bench.

    To answer every input alike would fulfil that too, and learning tends to it. A `separation`
    above 1 prevents this: the clamp then pulls the outputs of a class to where its mean response
    would lie if it were that much further from the middle of all classes.
    """

    dataset: Literal["iris", "wine", "digits", "breast_cancer"] = "iris"
    """One of those that scikit-learn ships."""
    inputs: Annotated[Frozen[str | int], BeforeValidator(text_keys)] = Field(min_length=1)
    """Node label = name of the feature that drives it, as scikit-learn calls it, or its number from
    0 (of digits: 8 a row)."""
    fixed: Voltages = Field(default_factory=dict, validate_default=True)
    """Node label = V, for sources that do not vary."""
    targets: tuple[Output, ...] = Field(min_length=1)
    """Labels of the targets; of two labels, their difference is the output."""
    training: int = Field(30, ge=1)
    """Data to learn from, the same number of each class; all others are tested on."""
    scaling: Scaling = "feature"
    """Each feature by its own range, or all by the same V a unit (of iris: V/cm), so that one that
    varies little in nature does so on the bench; with none, numbers are volts."""
    separation: float = Field(1.0, gt=0, le=100)
    """How far apart the clamp pulls the classes, in units of how far apart their mean responses
    are."""
    low: Volts = 0.0
    """Voltage for the smallest training value of a feature (for 0 with common scaling), V."""
    high: Volts = 5.0
    """Voltage for the largest (of all features with common scaling), V."""

    @model_validator(mode="after")
    def _check(self) -> Classification:
        if self.low >= self.high:
            raise ValueError(f"'high' must exceed low = {self.low} V, got {self.high} V")
        known = bundled(self.dataset)
        for label, feature in self.inputs.items():
            if known.column(feature) is None:
                names = ", ".join(map(repr, known.names)) if len(known.names) < 5 else "a feature"
                hint = nearest(str(feature), known.names)
                raise ValueError(
                    f"'inputs.{shortened(label)}' must be one of {names}, or a number below "
                    f"{len(known.names)}, got {shown(feature)}; {hint}".removesuffix("; ")
                )
        sizes = np.bincount(known.classes)
        if self.training % len(sizes) or self.training >= len(known.classes):
            raise ValueError(
                f"'training' must be a multiple of the {len(sizes)} classes below the "
                f"{len(known.classes)} data, got {shown(self.training)}"
            )
        if self.training > len(sizes) * sizes.min():
            raise ValueError(
                f"'training' must be at most {len(sizes) * sizes.min()}, as the smallest of the "
                f"{len(sizes)} classes has {sizes.min()} data, got {self.training}"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(inputs={"3": "petal length"}, fixed={"9": 2.5}, targets=("4",))

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return [*self.inputs, *self.fixed]

    def target_labels(self) -> list[str | tuple[str, ...]]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.targets)

    def data_counts(self) -> tuple[int, int]:
        """Return how many data there are to learn from, and to test on."""
        return self.training, len(bundled(self.dataset).classes) - self.training

    def rows(self, streams: Streams) -> tuple[Rows, Rows]:
        """Return which rows of the set are learned from, and which are tested on."""
        classes = bundled(self.dataset).classes
        return draw_rows(classes, self.training // (int(classes.max()) + 1), streams)

    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        """Return what is presented, and what is tested."""
        train, test = self.rows(streams)
        classes = bundled(self.dataset).classes
        inputs = self.source_voltages(self._features, streams)
        return (
            Dataset(inputs=inputs[train], classes=classes[train], separation=self.separation),
            Dataset(inputs=inputs[test], classes=classes[test]),
        )

    def input_names(self) -> list[str]:
        """Return the names of the features, in the order of the inputs."""
        names = bundled(self.dataset).names
        return [names[column] for column in self._columns]

    def class_labels(self) -> list[Any]:
        """Return the names of the classes; of digits, the digits."""
        return bundled(self.dataset).labels

    def source_voltages(self, inputs: FloatArray, streams: Streams) -> FloatArray:
        """Return the voltages of all sources, V, shape (D, S), for rows of the features."""
        held = np.tile(list(self.fixed.values()), (len(inputs), 1))
        return np.hstack([self._scale(streams).volts(inputs), held])

    def _scale(self, streams: Streams) -> Scale:
        train, _ = self.rows(streams)
        names = [
            f"the feature {name!r} of 'inputs.{shortened(label)}'"
            for label, name in zip(self.inputs, self.input_names(), strict=True)
        ]
        remedy = "raise 'training', or set scaling to 'common'"
        return scale_of(self._features[train], self.scaling, self.low, self.high, names, remedy)

    @property
    def _columns(self) -> list[int]:
        found = map(bundled(self.dataset).column, self.inputs.values())
        return [column for column in found if column is not None]

    @property
    def _features(self) -> FloatArray:
        return bundled(self.dataset).features[:, self._columns]


class Bundled(NamedTuple):
    """A data set that comes with scikit-learn."""

    features: FloatArray
    """Shape (D, F)."""
    names: list[str]
    """Of the features, without their unit."""
    classes: Rows
    """Shape (D,)."""
    labels: list[Any]
    """Of the classes."""

    def column(self, feature: str | int) -> int | None:
        """Return the column of a feature, by its name or its number; None where there is none."""
        if isinstance(feature, str):
            return self.names.index(feature) if feature in self.names else None
        return feature if 0 <= feature < len(self.names) else None


@cache
def bundled(dataset: str) -> Bundled:
    """Return a data set that comes with scikit-learn, by its name there."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{dataset}")()
    return Bundled(
        found.data,
        [str(name).removesuffix(" (cm)") for name in found.feature_names],
        found.target.astype(np.intp),
        found.target_names.tolist(),
    )
