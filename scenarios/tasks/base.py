"""What every kind of task must say of itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from ...agents.supervisor import Dataset
from ...engine.kind import Kind
from ...engine.streams import FloatArray, Streams

#: Data to learn from, or to test on; what fits into memory is less.
MOST_DATA = 10**12
#: A weight of an input, as bounded as the voltages are.
Coefficient = Annotated[float, Field(ge=-1e9, le=1e9)]


class Task(Kind, family="task"):
    """Base of all tasks: which nodes are sources and targets, and the data.

    How many data there are is known before they are made, so that a run that would not fit into
    memory is refused at once.
    """

    @abstractmethod
    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""

    @abstractmethod
    def target_labels(self) -> Sequence[str | tuple[str, ...]]:
        """Return the labels of the targets, in the order of the outputs.

        Where an output is the difference of two nodes, that is a pair of labels.
        """

    @abstractmethod
    def data_counts(self) -> tuple[int, int]:
        """Return how many data there are to learn from, and to test on."""

    @abstractmethod
    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        """Return what is presented, and what is tested.

        Parameters
        ----------
        streams
            The run's, for data that are drawn: ``streams.generator("task")``.

        Returns
        -------
        tuple of Dataset
            ``inputs`` of shape (data, sources), V; ``desired`` of shape (data, outputs), V, or
            ``classes`` of shape (data,).
        """

    # What follows is for asking a trained network, and holds of a task whose data are voltages.

    def input_names(self) -> list[str]:
        """Return what each column of an input is called: by default the labels of all sources."""
        return self.source_labels()

    def class_labels(self) -> list[Any]:
        """Return the labels of the classes, in the order of their numbers; none without classes."""
        return []

    def source_voltages(self, inputs: FloatArray, streams: Streams) -> FloatArray:
        """Return the voltages of all sources, V, shape (D, S).

        Parameters
        ----------
        inputs
            In the units of the data, shape (D, F): a column for each of `input_names`.
        streams
            The run's: where the data to learn from set the scale.
        """
        return inputs

    def desired_voltages(self, outputs: FloatArray, streams: Streams) -> FloatArray:
        """Return what is desired, V, shape (D, O), of outputs in the units of the data."""
        return outputs
