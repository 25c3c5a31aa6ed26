"""Data of one's own: a table in a file."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from ...agents.supervisor import Dataset
from ...engine.errors import shortened, shown
from ...engine.records.attached import AttachedFile
from ...engine.settings import Frozen
from ...engine.streams import MOST_SEED, FloatArray, Streams
from ..attached import FromFile
from ..columns import Column, columns_of
from ..labels import Label, Output, Voltages, Volts, text_keys
from .base import Task
from .scaling import Scale, Scaling, scale_of
from .splitting import Rows, draw_rows

#: No number of a table is larger: the range of a column is a number still. No voltage, V.
MOST_VALUE, MOST_VOLTS = 1e300, 1e9
#: Tables whose numbers are kept: a study asks for them once a run.
_KEPT = 4

Columns = Annotated[Frozen[Label], BeforeValidator(text_keys)]


class Table(Task, FromFile, kind="table"):
    """The rows of a table: columns drive sources, others say what the outputs shall be.

    A row is a datum. Its outputs are given in columns, or it belongs to a class, which the outputs
    shall tell as in a `classification`: what is desired of a class is the free response to the mean
    training input of the class, measured anew once an epoch.

    Rows to test on are drawn; of classes the same part of each. The others are learned from, in an
    order that is drawn as well. Numbers are volts, unless they are scaled, which the rows to learn
    from say how.
    """

    inputs: Columns = Field(min_length=1)
    """Column = label of the node that it drives."""
    outputs: Annotated[Frozen[Output], BeforeValidator(text_keys)] = Field(
        default_factory=dict, validate_default=True
    )
    """Column = label of the target that shall have its voltage; or two labels, the difference of
    which shall be that."""
    classes: str | None = None
    """Column of the class that each row belongs to, whole numbers or text; instead of outputs."""
    targets: tuple[Output, ...] = ()
    """Labels of the targets that shall tell the class; of two labels, their difference."""
    fixed: Voltages = Field(default_factory=dict, validate_default=True)
    """Node label = V, for sources that do not vary."""
    test: float = Field(0.2, ge=0, lt=1)
    """Part of the rows that is not learned from, but tested on; with 0 all are learned from, and
    tested on."""
    seed: int | None = Field(None, ge=0, le=MOST_SEED)
    """Draws the same rows to test on in every run; without it, each seed of a run has its own."""
    scaling: Scaling = "none"
    """Numbers of the inputs are volts (none); or become volts, each column by its own range, or all
    by the same V a unit."""
    low: Volts = 0.0
    """Voltage for the smallest training value of an input (for 0 with common scaling), V."""
    high: Volts = 5.0
    """Voltage for the largest (of all inputs with common scaling), V."""
    output_scaling: Scaling = "none"
    """The same of the outputs."""
    output_low: Volts = 0.0
    """Voltage for the smallest training value of an output (for 0 with common scaling), V."""
    output_high: Volts = 5.0
    """Voltage for the largest (of all outputs with common scaling), V."""
    separation: float = Field(1.0, gt=0, le=100)
    """How far apart the clamp pulls the classes, in units of how far apart their mean responses
    are."""

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        file = AttachedFile("example.csv", b"a,b\n1,0.5\n2,1.0\n3,1.5\n4,2.0\n5,2.5\n")
        return cls(file=file, inputs={"a": "3"}, outputs={"b": "4"}, fixed={"9": 0.0})

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.outputs) == bool(self.classes):
            both = "both" if self.outputs else "neither"
            raise ValueError(f"either 'outputs' or 'classes' must be given, got {both}")
        if bool(self.targets) != bool(self.classes):
            raise ValueError(
                "'targets' are of 'classes', and must be given with it and only then; each of the "
                f"'outputs' names its own, got {shown(self.targets)}"
            )
        for low, high in (("low", "high"), ("output_low", "output_high")):
            if getattr(self, low) >= getattr(self, high):
                raise ValueError(
                    f"{high!r} must exceed {low} = {getattr(self, low)} V, "
                    f"got {getattr(self, high)} V"
                )
        labels = self.class_labels() or [None]
        for label, members, tested in zip(labels, self._members, self._tested, strict=True):
            if members <= tested or (self.test and not tested):
                of = f" of the class {shown(label)}" if self.classes else ""
                raise ValueError(
                    f"'test' must leave rows{of} to learn from and to test on, got {self.test}, "
                    f"which makes {tested} of {members} rows to test on"
                )
        return self

    @property
    def _content(self) -> _Content:
        return _content(
            self.file.content,
            self.file,
            tuple(self.inputs),
            tuple(self.outputs),
            self.classes,
            self.scaling == "none",
            self.output_scaling == "none",
        )

    @property
    def _members(self) -> list[int]:
        """How many rows there are of each class; without classes, of all."""
        counts: list[int] = np.bincount(self._content.classes, minlength=1).tolist()
        return counts

    @property
    def _tested(self) -> list[int]:
        """How many of these are tested on."""
        return [round(self.test * members) for members in self._members]

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return [*self.inputs.values(), *self.fixed]

    def target_labels(self) -> list[str | tuple[str, ...]]:
        """Return the labels of the targets, in the order of the outputs."""
        return [*self.outputs.values(), *self.targets]

    def data_counts(self) -> tuple[int, int]:
        """Return how many data there are to learn from, and to test on."""
        rows, tested = sum(self._members), sum(self._tested)
        return rows - tested, tested or rows

    def rows(self, streams: Streams) -> tuple[Rows, Rows]:
        """Return which rows of the table are learned from, and which are tested on.

        Datum n of a run is row ``rows(Streams(seed))[0][n]`` of the table, from 0.
        """
        streams = streams if self.seed is None else Streams(self.seed)
        test, train = draw_rows(self._content.classes, self._tested, streams)
        return train, test if test.size else train

    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        """Return what is presented, and what is tested."""
        train, test = self.rows(streams)
        content = self._content
        inputs = self.source_voltages(content.inputs, streams)
        if self.classes:
            classes = content.classes
            return (
                Dataset(inputs=inputs[train], classes=classes[train], separation=self.separation),
                Dataset(inputs=inputs[test], classes=classes[test]),
            )
        desired = self.desired_voltages(content.outputs, streams)
        return (
            Dataset(inputs=inputs[train], desired=desired[train]),
            Dataset(inputs=inputs[test], desired=desired[test]),
        )

    def input_names(self) -> list[str]:
        """Return the columns that drive sources."""
        return list(self.inputs)

    def class_labels(self) -> list[Any]:
        """Return the labels of the classes, sorted; none without classes."""
        return self._content.labels

    def source_voltages(self, inputs: FloatArray, streams: Streams) -> FloatArray:
        """Return the voltages of all sources, V, shape (D, S), for rows of the inputs' columns."""
        learned = self._content.inputs[self.rows(streams)[0]]
        scale = self._scale(learned, self.scaling, self.low, self.high, self.inputs)
        held = np.tile(list(self.fixed.values()), (len(inputs), 1))
        return np.hstack([scale.volts(inputs), held])

    def desired_voltages(self, outputs: FloatArray, streams: Streams) -> FloatArray:
        """Return what is desired, V, shape (D, T), for rows of the outputs' columns."""
        learned = self._content.outputs[self.rows(streams)[0]]
        low, high = self.output_low, self.output_high
        return self._scale(learned, self.output_scaling, low, high, self.outputs).volts(outputs)

    def _scale(
        self, learned: FloatArray, scaling: Scaling, low: float, high: float, names: Any
    ) -> Scale:
        called = [f"the column {shown(name)}" for name in names]
        remedy = "leave it out, learn from more rows, or set the scaling to 'common'"
        return scale_of(learned, scaling, low, high, called, remedy)


class _Content(NamedTuple):
    """What the file of a table holds."""

    inputs: FloatArray
    """Shape (D, F)."""
    outputs: FloatArray
    """Shape (D, T); (D, 0) where there are classes."""
    classes: Rows
    """The number of the class of each row, shape (D,); 0 where there are none."""
    labels: list[Any]
    """Of the classes, sorted."""


@lru_cache(_KEPT)
def _content(
    content: bytes,
    name: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    classes: str | None,
    inputs_are_volts: bool,
    outputs_are_volts: bool,
) -> _Content:
    """Return what is in some columns of a file; a table never changes, so it is read once.

    Raises
    ------
    ValueError
        For what is no table, and for columns that hold what they must not.
    """
    named = {f"inputs.{column}": column for column in inputs}
    named |= {f"outputs.{column}": column for column in outputs}
    wanted = named | ({} if classes is None else {"classes": classes})
    columns = columns_of(AttachedFile(name, content), wanted, classes)
    if not columns[inputs[0]].size:
        raise ValueError(f"'file' must have rows of data, got none in {shown(name)}")
    volts = [inputs_are_volts] * len(inputs) + [outputs_are_volts] * len(outputs)
    numbers = [
        _numbers(columns[column], key, MOST_VOLTS if are_volts else MOST_VALUE)
        for (key, column), are_volts in zip(named.items(), volts, strict=True)
    ]
    both = np.column_stack(numbers)
    both.flags.writeable = False
    labels: list[Any] = []
    number = np.zeros(len(both), dtype=np.intp)
    if classes is not None:
        found, number = np.unique(class_column(columns[classes], "'classes'"), return_inverse=True)
        labels = found.tolist()
    if len(labels) == 1:
        raise ValueError(
            f"'classes' must be a column of at least 2 classes, got {shown(labels[0])} in each row"
        )
    return _Content(both[:, : len(inputs)], both[:, len(inputs) :], number, labels)


def _numbers(column: Column, key: str, most: float) -> FloatArray:
    """Return a column as numbers, shape (D,).

    Raises
    ------
    ValueError
        For what is no number, and for one that is not finite, or is larger than `most`.
    """
    if column.dtype.kind not in "biuf":
        row = next((row for row, value in enumerate(column) if not _is_number(value)), 0)
        raise ValueError(
            f"{shortened(key)!r} must be a column of numbers, got {_cell(column, row)}"
        )
    numbers: FloatArray = column.astype(np.float64)
    wrong = np.flatnonzero(~(np.abs(numbers) <= most))  # or not a number
    if wrong.size:
        raise ValueError(
            f"{shortened(key)!r} must be a column of finite numbers of at most {most:g}, "
            f"got {_cell(numbers, int(wrong[0]))}"
        )
    return numbers


def class_column(column: Column, what: str) -> Column:
    """Return labels of classes as whole numbers or as text, shape (D,).

    Raises
    ------
    ValueError
        For anything else.
    """
    if column.dtype.kind in "biuU":
        return column.astype(np.int64) if column.dtype.kind == "b" else column
    if column.dtype.kind == "f":
        wrong = np.flatnonzero(~(np.abs(column) < 2.0**53) | (column != np.round(column)))
    else:
        wrong = np.flatnonzero([not isinstance(label, str) for label in column])
    if wrong.size:
        got = _cell(column, int(wrong[0]))
        raise ValueError(f"{what} must be whole numbers or text, got {got}")
    return column.astype(np.int64 if column.dtype.kind == "f" else str)


def _cell(column: Column, row: int) -> str:
    value = column[row]
    return f"{shown(value.item() if isinstance(value, np.generic) else value)} in row {row} from 0"


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True
