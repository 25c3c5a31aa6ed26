"""Makes a task of data that are in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from ...engine.errors import ScenarioError, reason, shown
from ...engine.records.attached import AttachedFile
from ..attached import MOST_BYTES
from ..columns import Column, first_masked
from .table import Table, class_column

CLASS = "class"


def from_arrays(
    X: Any,
    Y: Any,
    *,
    sources: Sequence[str | int],
    targets: Sequence[str | int | tuple[str | int, str | int]],
    fixed: Mapping[str, float] | None = None,
    test: float = 0.2,
    seed: int | None = None,
    classes: bool | None = None,
    **settings: Any,
) -> Table:
    """Return a task of NumPy arrays or of pandas frames.

    The numbers become a Parquet file in memory, which goes wherever the scenario goes: to the
    workers of a study, and into the folder of a run.

    Parameters
    ----------
    X
        Inputs, shape (D, F). The columns of a DataFrame keep their names; others are x0, x1, ….
    Y
        Outputs, shape (D, T), or (D,) for one target; or the class of each datum, shape (D,). Text
        is classes, and numbers with fractions are outputs; of whole numbers `classes` has to say.
    sources
        Labels of the nodes that the columns of X drive, in their order.
    targets
        Labels of the targets: one for each column of Y, or any number that shall tell the class. A
        pair of labels is one target, the difference of two nodes.
    fixed
        Node label = V, for sources that do not vary.
    test
        Part of the data that is tested on, and not learned from; of each class the same.
    seed
        Draws the same data to test on in every run; by default each seed of a run has its own.
    classes
        Whether Y holds classes.
    **settings
        More keys of a `[task]` of kind ``"table"``, such as ``scaling="feature"``; by default
        numbers are volts.

    Raises
    ------
    ScenarioError
        For shapes that do not fit, numbers that are not finite, and whatever a `Table` refuses.

    Examples
    --------
    >>> import ohmtick as ot
    >>> X = np.random.default_rng(1).uniform(0.0, 1.0, (40, 2))
    >>> Y = X @ [[0.5], [0.2]]
    >>> task = ot.tasks.from_arrays(X, Y, sources=["3", "8"], targets=["4"], fixed={"9": 0.0})
    >>> task.data_counts()
    (32, 8)
    >>> scenario = ot.load("breadboard-iii").replace(task=task)
    """
    for what, given in (("X", X), ("Y", Y)):
        _check_mask(given, what)
    inputs = _columns(X, "X", "x")
    rows = len(next(iter(inputs.values())))
    _check_count("sources", sources, "columns of X", len(inputs))
    of_classes = _holds_classes(Y, classes)
    outputs = _columns(_one_column(Y, of_classes), "Y", CLASS if of_classes else "y")
    if (count := len(next(iter(outputs.values())))) != rows:
        raise ScenarioError(f"X and Y must have as many rows, got {rows} and {count}")
    if both := [name for name in outputs if name in inputs]:
        raise ScenarioError(f"columns of X and Y must all differ, got {shown(both[0])} in both")
    answers: dict[str, Any]
    if of_classes:
        name, labels = next(iter(outputs.items()))
        outputs = {name: _classes(labels)}
        answers = {"classes": name, "targets": targets}
    else:
        _check_count("targets", targets, "columns of Y", len(outputs))
        answers = {"outputs": dict(zip(outputs, targets, strict=True))}
    return Table(
        file=_file(inputs | outputs),
        inputs=dict(zip(inputs, map(str, sources), strict=True)),
        fixed=_voltages(fixed),
        test=test,
        seed=seed,
        **answers,
        **settings,
    )


def _columns(table: Any, what: str, prefix: str) -> dict[str, Column]:
    """Return the columns of an array or a frame, each of shape (D,), by name."""
    labels = getattr(table, "columns", None)
    if labels is None:
        array = _array(table, what)
        if array.ndim != 2 or not array.size:
            raise ScenarioError(
                f"{what} must have the shape (data, columns) and be not empty, got {array.shape}"
            )
        alone = prefix == CLASS and array.shape[1] == 1
        names = [prefix if alone else f"{prefix}{place}" for place in range(array.shape[1])]
        return dict(zip(names, array.T, strict=True))
    names = [str(label) for label in labels]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ScenarioError(f"the columns of {what} must all differ, got {shown(twice)} twice")
    if not names or not len(table):
        raise ScenarioError(f"{what} must have columns and rows, got the shape {table.shape}")
    return {name: table.iloc[:, place].to_numpy() for place, name in enumerate(names)}


def _array(values: Any, what: str) -> Column:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ScenarioError(f"{what} must have rows of one length: {reason(error)}") from None


def _check_mask(values: Any, what: str) -> None:
    """Refuse masked entries, of which what lies below the mask would be learned."""
    if place := first_masked(values):
        raise ScenarioError(
            f"{what} must have all its entries, got a masked one at {place}; leave out such rows, "
            "or say by filled(…) what they are"
        )


def _voltages(fixed: Any) -> dict[Any, Any]:
    try:
        return {} if fixed is None else dict(fixed)
    except (TypeError, ValueError):
        raise ScenarioError(
            f"'fixed' must be a mapping, a voltage for each label, got {shown(fixed)}"
        ) from None


def _one_column(Y: Any, of_classes: bool) -> Any:
    """Return Y, shape (D,) as shape (D, 1)."""
    if getattr(Y, "ndim", None) == 2 and hasattr(Y, "columns"):
        return Y
    name = getattr(Y, "name", None)
    if name is not None and hasattr(Y, "to_frame"):
        return Y.to_frame(name=str(name))
    array = _array(Y, "Y")
    if of_classes and array.ndim != 1:
        raise ScenarioError(f"Y must have the shape (data,) to hold classes, got {array.shape}")
    return array[:, np.newaxis] if array.ndim == 1 else array


def _holds_classes(Y: Any, said: bool | None) -> bool:
    """Return whether Y holds classes, which is said, or follows from what is in it."""
    array = _array(Y, "Y")
    if said is not None:
        return said
    if array.dtype.kind == "f" or (array.ndim == 2 and array.shape[1] > 1):
        return False
    if array.dtype.kind in "biu":
        raise ScenarioError(
            "Y holds whole numbers, which may be classes or voltages: give classes=True or "
            "classes=False"
        )
    return True


def _classes(labels: Column) -> Column:
    try:
        return class_column(labels, "the classes of Y")
    except ValueError as error:
        raise ScenarioError(str(error)) from None


def _check_count(what: str, labels: Any, of: str, count: int) -> None:
    listed = isinstance(labels, Sequence | np.ndarray) and not isinstance(labels, str)
    if not listed or len(labels) != count:
        raise ScenarioError(
            f"{what!r} must be a list of {count} labels, the {of}, got {shown(labels)}"
        )
    if len(set(map(str, labels))) < count:
        raise ScenarioError(f"{what!r} must all differ, got {shown(list(labels))}")


def _file(columns: dict[str, Column]) -> AttachedFile:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = pa.table({name: pa.array(column) for name, column in columns.items()})
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise ScenarioError(f"X and Y must hold numbers, or classes in text: {error}") from None
    content = BytesIO()
    parquet.write_table(table, content)
    if content.tell() > MOST_BYTES:
        raise ScenarioError(
            f"X and Y must make a file of at most {MOST_BYTES} bytes, got {content.tell()}"
        )
    return AttachedFile.of("table", ".parquet", content.getvalue())
