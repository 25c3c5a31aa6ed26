"""A trained network, asked: what it answers, how well, and which classes it takes for which."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.recorded import stage_of
from ..engine.errors import AnalysisError, nearest, shortened, shown
from ..engine.records.run import Run
from ..engine.streams import FloatArray, Streams
from .columns import first_masked
from .replay import Replay

if TYPE_CHECKING:
    import pandas as pd


class Predictor:
    """A network with the last conductances of a run, to be asked any number of times.

    Parameters
    ----------
    run
        In memory or opened from its folder. For classes it needs its events: what is desired of
        them was measured when the last epoch began.

    Raises
    ------
    ScenarioError
        When the run's scenario names kinds that are not known here.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        scenario = run.scenario.stages[stage_of(run)]
        self._task, self._streams = scenario.task, Streams(run.summary["seed"])
        self._train, self._test = self._task.datasets(self._streams)
        self._twin = scenario.edges.mismatch.network(
            run.circuit,
            run.conductances,
            self._task.source_labels(),
            self._task.target_labels(),
            scenario.supervisor.nudge,
            self._streams,
        )

    def predict(self, X: Any) -> FloatArray:
        """Return the outputs, V; see `~ohmtick.engine.records.run.Run.predict`."""
        return self._outputs(self._inputs(X))

    def classify(self, X: Any) -> NDArray[Any]:
        """Return labels of classes; see `~ohmtick.engine.records.run.Run.classify`."""
        labels = np.array(self._labels)
        return labels[self._nearest(self._inputs(X))]

    def score(self, X: Any, Y: Any) -> float:
        """Return the accuracy, or R²; see `~ohmtick.engine.records.run.Run.score`."""
        inputs = self._inputs(X)
        if self._train.classes is not None:
            return float(np.mean(self._nearest(inputs) == self._numbers(Y, len(inputs))))
        from sklearn.metrics import r2_score

        outputs = self._outputs(inputs)
        given = _floats(Y, "Y")
        given = given[:, np.newaxis] if given.ndim == 1 else given
        if given.shape != outputs.shape:
            raise AnalysisError(f"Y must have the shape {outputs.shape}, got {given.shape}")
        if len(given) < 2:
            raise AnalysisError("a score of outputs is of at least 2 data, got 1")
        return float(r2_score(self._task.desired_voltages(given, self._streams), outputs))

    def confusion(self) -> pd.DataFrame:
        """Count what is taken for what; see `~ohmtick.engine.records.run.Run.confusion`."""
        import pandas as pd
        from sklearn.metrics import confusion_matrix

        names = self._labels
        taken = self._nearest(self._test.inputs)
        return pd.DataFrame(
            confusion_matrix(self._test.classes, taken, labels=np.arange(len(names))),
            index=pd.Index(names, name="class"),
            columns=pd.Index(names, name="taken for"),
        )

    def _outputs(self, volts: FloatArray) -> FloatArray:
        """Return the free outputs for source voltages, V."""
        outputs = np.zeros((len(volts), len(self._twin.outputs)))
        self._twin.respond(np.ascontiguousarray(volts), outputs)
        return outputs

    def _nearest(self, volts: FloatArray) -> NDArray[np.intp]:
        """Return the number of the class whose desired outputs lie nearest, shape (D,)."""
        outputs = self._outputs(volts)
        distances = ((outputs[:, np.newaxis] - self._desired) ** 2).sum(axis=2)
        return np.asarray(distances.argmin(axis=1))

    @cached_property
    def _desired(self) -> FloatArray:
        """What was desired of each class last, V, shape (C, O)."""
        replay = Replay(self._run)
        replay.to(replay.span)
        desired = replay.class_desired
        assert desired is not None
        first = list(self._run.scenario.task.target_labels())  # in their order the run had them
        return desired[:, [first.index(label) for label in self._task.target_labels()]]

    @cached_property
    def _labels(self) -> list[Any]:
        """The labels of the classes."""
        if self._train.classes is None:
            kind = self._task.kind
            raise AnalysisError(
                f"a task of kind {kind!r} has no classes here: its outputs are voltages"
            )
        return self._task.class_labels() or list(range(int(self._train.classes.max()) + 1))

    def _inputs(self, X: Any) -> FloatArray:
        """Return the source voltages, V, shape (D, S), for inputs in the units of the data."""
        names = self._task.input_names()
        columns = getattr(X, "columns", None)
        there = [] if columns is None else [str(column) for column in columns]
        numbered = there == [str(place) for place in range(len(there))]  # as pandas does by itself
        if not numbered or {*there} & {*names}:
            for name in names:
                if there.count(name) != 1:
                    hint = nearest(name, there)
                    remedy = "" if {*there} & {*names} else "; X.to_numpy() goes by position"
                    raise AnalysisError(
                        f"X must have one column {shown(name)}, got {there.count(name)}"
                        + (f"; {hint}" if hint else "")
                        + remedy
                    )
            X = X.iloc[:, [there.index(name) for name in names]]
        values = _floats(X, "X")
        if values.ndim != 2 or values.shape[1] != len(names) or not len(values):
            raise AnalysisError(
                f"X must have the shape (data, {len(names)}), a column for each of "
                f"{shortened(', '.join(names))}; got {values.shape}"
            )
        return self._task.source_voltages(values, self._streams)

    def _numbers(self, Y: Any, count: int) -> NDArray[np.intp]:
        """Return the numbers of classes that are given by their labels, or by these numbers."""
        given = np.asarray(Y)
        if given.shape != (count,):
            raise AnalysisError(
                f"Y must have the shape ({count},), a class each, got {given.shape}"
            )
        number = {label: place for place, label in enumerate(self._labels)}
        if given.dtype.kind in "iu" and isinstance(self._labels[0], str):
            number = {place: place for place in range(len(self._labels))}
        for label in given.tolist():
            if label not in number:
                hint = nearest(str(label), map(str, number))
                raise AnalysisError(
                    f"Y must hold classes that were learned, got {shown(label)}; {hint}"
                )
        return np.array([number[label] for label in given.tolist()], dtype=np.intp)


def _floats(values: Any, what: str) -> FloatArray:
    if place := first_masked(values):
        raise AnalysisError(f"{what} must have all its entries, got a masked one at {place}")
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"{what} must hold numbers: {error}") from None
    if not np.isfinite(numbers).all():
        place = tuple(int(each) for each in np.argwhere(~np.isfinite(numbers))[0])
        raise AnalysisError(f"{what} must hold finite numbers, got {numbers[place]} at {place}")
    return numbers
