"""The supervisor: presents data, and holds the desired voltages that the clamp pulls towards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import simpy
from numpy.typing import NDArray
from pydantic import Field

from ..engine.events import Kind
from ..engine.networks.network import Network
from ..engine.settings import MOST_SECONDS, Settings
from ..engine.simulation import Appointment, Simulation
from ..engine.streams import FloatArray, Streams
from .clocks.periodic import PeriodicClock

#: The supervisor's number among the agents; no circuit has so many edges.
SUPERVISOR = 1 << 32


@dataclass(frozen=True, kw_only=True, repr=False)
class Dataset:
    """Data: input voltages, and for each either desired outputs or the class it belongs to."""

    inputs: FloatArray
    """Source voltages of each datum, V, shape (D, S)."""
    desired: FloatArray | None = None
    """Desired target voltages, V, shape (D, T)."""
    classes: NDArray[np.intp] | None = None
    """The class of each datum, shape (D,), where outputs are desired of classes."""
    separation: float = 1.0
    """How far apart the clamp pulls the classes, in units of how far apart their means are."""

    def __repr__(self) -> str:
        data, sources = self.inputs.shape
        outputs = (
            f"{self.desired.shape[1]} targets"
            if self.desired is not None
            else "no outputs"
            if self.classes is None
            else f"{np.unique(self.classes).size} classes"
        )
        return f"Dataset({data} data, {sources} sources, {outputs})"

    @property
    def label(self) -> NDArray[np.int64]:
        """Which row of the desired voltages belongs to each datum, shape (D,)."""
        label = np.arange(len(self.inputs)) if self.classes is None else self.classes
        return label.astype(np.int64)

    def class_means(self) -> FloatArray:
        """Return the mean input of each class, V, shape (C, S)."""
        assert self.classes is not None
        members = [self.inputs[self.classes == c] for c in range(self.classes.max() + 1)]
        return np.array([inputs.mean(axis=0) for inputs in members])

    def class_inputs(self) -> FloatArray:
        """Return the inputs to which the network is asked to respond at each epoch, V.

        The circuit is linear, so the response to ``m + separation * (m_c - m)``, with m_c the
        mean input of a class and m the mean of these, lies as much further from the middle than
        that to m_c. The former are what the clamp pulls towards, the latter what is desired.

        Returns
        -------
        ndarray
            The former in C rows and then the latter in C rows; one set of rows where they are
            the same. Shape (2C or C, S).
        """
        means = self.class_means()
        if self.separation == 1.0:
            return means
        middle = means.mean(axis=0)
        return np.vstack([middle + self.separation * (means - middle), means])


class Supervisor(Settings):
    """How data are presented, and how hard the targets are clamped."""

    nudge: float = Field(0.5, gt=0, le=1e9)
    """η: how far the clamp moves the targets towards the desired voltages."""
    order: Literal["cyclic", "shuffled", "random"] = "cyclic"
    """In turn; in a new order each epoch; or each drawn anew from all."""
    period: float = Field(1.0, gt=0, le=MOST_SECONDS)
    """Time for which a datum is presented, s."""
    jitter: float = Field(0.0, ge=0)
    """Relative s.d. of the presentations about their grid, as a `PeriodicClock`'s."""

    def presentations(
        self, data: int, streams: Streams, since: float = 0.0, stage: int = 0
    ) -> Iterator[tuple[float, int]]:
        """Yield the time, s, and the number of each datum presented.

        The first is presented at once, whatever the jitter; a single one is presented once.

        Parameters
        ----------
        data
            How many there are.
        since
            When they begin, s.
        stage
            The number of the stage with which they begin: each has draws of its own.
        """
        agent = SUPERVISOR + stage
        order = self._order(data, streams, agent)
        pairs = zip(self._times(streams, since, agent), order, strict=False)
        return islice(pairs, 1) if data == 1 else pairs

    def _times(self, streams: Streams, since: float, agent: int) -> Iterator[float]:
        clock = PeriodicClock(period=self.period, jitter=self.jitter)
        for first, times in clock.all_ticks(agent, 1, streams):
            if first == 0:
                times[0] = 0.0
            yield from (since + times).tolist()

    def _order(self, data: int, streams: Streams, agent: int) -> Iterator[int]:
        epoch = 0
        while True:
            if self.order == "cyclic":
                yield from range(data)
            else:
                draws = streams.uniforms("supervisor.order", agent, epoch * data, data)
                shuffled = self.order == "shuffled"
                yield from (np.argsort(draws) if shuffled else (draws * data).astype(int)).tolist()
            epoch += 1


class SupervisorAgent:
    """Presents the dataset to both copies of the network.

    Outputs desired of a class are the free response to the mean input of the class; they are
    measured anew at the start of each epoch, as on the bench, and stay as they are through it.
    With a `separation` the clamp pulls the outputs further apart than that.

    Parameters
    ----------
    settings
        The order and the times of the presentations.
    dataset
        What is presented.
    streams
        The run's random streams.
    since, stage
        As of `Supervisor.presentations`.

    Attributes
    ----------
    presented : int
        How many presentations there were since.
    """

    def __init__(
        self,
        settings: Supervisor,
        dataset: Dataset,
        streams: Streams,
        since: float = 0.0,
        stage: int = 0,
    ) -> None:
        self._streams = streams
        self._awaited: Appointment | None = None
        self.begin(settings, dataset, since, stage)

    def begin(self, settings: Supervisor, dataset: Dataset, since: float, stage: int) -> None:
        """Begin to present anew; on the SimPy engine with another `process`."""
        self.presented, self.since, self.stage = 0, since, stage
        self.settings = settings
        self.dataset = dataset
        self.class_inputs = None if dataset.classes is None else dataset.class_inputs()
        self._class_desired: FloatArray | None = None
        self._desired = dataset.desired

    def presentations(self) -> Iterator[tuple[float, int]]:
        """Yield the time, s, and the number of each datum that is still to be presented."""
        pairs = self.settings.presentations(
            len(self.dataset.inputs), self._streams, self.since, self.stage
        )
        return islice(pairs, self.presented, None)

    def process(self, simulation: Simulation) -> Iterator[simpy.Event]:
        """Present one datum after the other."""
        if self._awaited is not None:
            simulation.cancel(self._awaited)
        data = len(self.dataset.inputs)
        for count, (time, datum) in enumerate(self.presentations(), start=self.presented):
            self._awaited = simulation.at(time, Kind.PRESENT, SUPERVISOR)
            yield self._awaited
            if count % data == 0:
                self.begin_epoch(simulation.twin)
            simulation.datum = datum
            self.present(simulation.twin, datum, time)
            self.presented += 1

    def begin_epoch(self, twin: Network) -> None:
        """Measure what is desired of each class, where the data have classes."""
        if self.class_inputs is not None:
            if self._class_desired is None:
                self._class_desired = np.empty((len(self.class_inputs), len(twin.outputs)))
            twin.respond(self.class_inputs, self._class_desired)
            self._desired = self.desired_of(self.dataset)

    def go_on(self, presented: int, class_desired: FloatArray) -> None:
        """Go on after so many presentations, with what was desired of each class then."""
        self.presented = presented
        if self._class_desired is not None:
            self._class_desired[:] = class_desired
            self._desired = self.desired_of(self.dataset)

    def present(self, twin: Network, datum: int, time: float = 0.0) -> None:
        """Apply one datum to the twin network, at a time, s."""
        assert self._desired is not None
        twin.present(self.dataset.inputs[datum], self._desired[datum], time)

    def table_of(self, dataset: Dataset) -> FloatArray:
        """Return the rows that the labels of a dataset name, V; those of classes change.

        Of the dataset that is presented, that is what the clamp pulls towards.
        """
        if dataset.desired is not None:
            return dataset.desired
        table = self._class_desired if dataset is self.dataset else self.class_desired
        assert table is not None
        return table

    def desired_of(self, dataset: Dataset) -> FloatArray:
        """Return the voltages desired of a dataset at present, V, shape (D, T)."""
        return self.table_of(dataset)[dataset.label]

    @property
    def class_table(self) -> FloatArray | None:
        """What the clamp pulls towards, and what is desired, of each class in this epoch, V."""
        return self._class_desired

    @property
    def class_desired(self) -> FloatArray | None:
        """What is desired of each class in this epoch, V, shape (C, T); None without classes."""
        if self._class_desired is None or self.dataset.classes is None:
            return None
        return self._class_desired[-(int(self.dataset.classes.max()) + 1) :]
