"""Asks a trained network: what it answers, how well, and which classes it takes for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents.supervisor import SupervisorAgent
from ..engine.errors import AnalysisError, nearest, shortened, shown
from ..engine.records.run import Run
from ..engine.streams import FloatArray, Streams
from .recorded import RecordedRun

if TYPE_CHECKING:
    import pandas as pd


def predict(run: Run, X: Any) -> FloatArray:
    """Return the outputs of a run's last conductances; see `Run.predict`."""
    recorded = RecordedRun(run)
    return _outputs(recorded, _inputs(recorded, X))


def classify(run: Run, X: Any) -> NDArray[Any]:
    """Return the labels of the classes that a run takes data for; see `Run.classify`."""
    recorded = RecordedRun(run)
    labels = _class_labels(recorded)
    return np.array(labels)[_nearest(recorded, _inputs(recorded, X))]


def score(run: Run, X: Any, Y: Any) -> float:
    """Return the accuracy, or the coefficient of determination; see `Run.score`."""
    recorded = RecordedRun(run)
    inputs = _inputs(recorded, X)
    if recorded.dataset.classes is not None:
        return float(np.mean(_nearest(recorded, inputs) == _numbers(recorded, Y, len(inputs))))
    from sklearn.metrics import r2_score

    outputs = _outputs(recorded, inputs)
    given = _floats(Y, "Y")
    given = given[:, np.newaxis] if given.ndim == 1 else given
    if given.shape != outputs.shape:
        raise AnalysisError(f"Y must have the shape {outputs.shape}, got {given.shape}")
    if len(given) < 2:
        raise AnalysisError("a score of outputs is of at least 2 data, got 1")
    wanted = recorded.scenario.task.desired_voltages(given, _streams(recorded))
    return float(r2_score(wanted, outputs))


def confusion(run: Run) -> pd.DataFrame:
    """Return how many test data of each class are taken for which; see `Run.confusion`."""
    import pandas as pd
    from sklearn.metrics import confusion_matrix

    recorded = RecordedRun(run)
    labels = _class_labels(recorded)
    _, test = recorded.scenario.task.datasets(_streams(recorded))
    counts = confusion_matrix(
        test.classes, _nearest(recorded, test.inputs), labels=np.arange(len(labels))
    )
    return pd.DataFrame(
        counts, index=pd.Index(labels, name="class"), columns=pd.Index(labels, name="taken for")
    )


def _outputs(recorded: RecordedRun, volts: FloatArray) -> FloatArray:
    """Return the free outputs for source voltages, V, at the last conductances."""
    twin = recorded.network(recorded.run.conductances)
    outputs = np.zeros((len(volts), len(recorded.scenario.task.target_labels())))
    twin.respond(np.ascontiguousarray(volts), outputs)
    return outputs


def _nearest(recorded: RecordedRun, volts: FloatArray) -> NDArray[np.intp]:
    """Return the number of the class whose outputs those for some source voltages lie nearest to.

    What is desired of a class is what it was in the last epoch, as of a probe.
    """
    dataset = recorded.dataset
    times, _ = recorded.presentations
    last = len(times) - 1
    began = float(times[last - last % len(dataset.inputs)])
    supervisor = SupervisorAgent(recorded.scenario.supervisor, dataset, _streams(recorded))
    supervisor.begin_epoch(recorded.network(recorded.conductances(began, before=True)))
    desired = supervisor.class_desired
    assert desired is not None
    outputs = _outputs(recorded, volts)
    distances = ((outputs[:, np.newaxis] - desired) ** 2).sum(axis=2)
    return np.asarray(distances.argmin(axis=1))


def _streams(recorded: RecordedRun) -> Streams:
    return Streams(recorded.run.summary["seed"])


def _inputs(recorded: RecordedRun, X: Any) -> FloatArray:
    """Return the source voltages, V, shape (D, S), for inputs in the units of the data."""
    task = recorded.scenario.task
    names = task.input_names()
    columns = getattr(X, "columns", None)
    if columns is not None and {*map(str, columns)} & {*names}:
        there = [str(column) for column in columns]
        for name in names:
            if there.count(name) != 1:
                hint = nearest(name, there)
                raise AnalysisError(
                    f"X must have one column {shown(name)}, got {there.count(name)}; {hint}"
                )
        X = X.iloc[:, [there.index(name) for name in names]]
    values = _floats(X, "X")
    if values.ndim != 2 or values.shape[1] != len(names) or not len(values):
        raise AnalysisError(
            f"X must have the shape (data, {len(names)}), a column for each of "
            f"{shortened(', '.join(names))}; got {values.shape}"
        )
    return task.source_voltages(values, _streams(recorded))


def _floats(values: Any, what: str) -> FloatArray:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"{what} must hold numbers: {error}") from None
    if not np.isfinite(numbers).all():
        place = tuple(int(each) for each in np.argwhere(~np.isfinite(numbers))[0])
        raise AnalysisError(f"{what} must hold finite numbers, got {numbers[place]} at {place}")
    return numbers


def _numbers(recorded: RecordedRun, Y: Any, count: int) -> NDArray[np.intp]:
    """Return the numbers of classes that are given by their labels, or by these numbers."""
    given = np.asarray(Y)
    if given.shape != (count,):
        raise AnalysisError(f"Y must have the shape ({count},), a class each, got {given.shape}")
    labels = _class_labels(recorded)
    number = {label: place for place, label in enumerate(labels)}
    if given.dtype.kind in "iu" and isinstance(labels[0], str):
        number = {place: place for place in range(len(labels))}
    for label in given.tolist():
        if label not in number:
            raise AnalysisError(
                f"Y must hold classes that were learned, got {shown(label)}; "
                f"{nearest(str(label), map(str, number))}"
            )
    return np.array([number[label] for label in given.tolist()], dtype=np.intp)


def _class_labels(recorded: RecordedRun) -> list[Any]:
    """Return the labels of the classes.

    Raises
    ------
    AnalysisError
        For a task without classes.
    """
    if recorded.dataset.classes is None:
        kind = recorded.scenario.task.kind
        raise AnalysisError(
            f"a task of kind {kind!r} has no classes here: its outputs are voltages"
        )
    labels = recorded.scenario.task.class_labels()
    return labels or list(range(int(recorded.dataset.classes.max()) + 1))
