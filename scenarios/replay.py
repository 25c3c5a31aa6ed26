"""A recorded run again, without its agents: its network as it was at any time."""

from __future__ import annotations

from bisect import bisect_right
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..agents.supervisor import Dataset, Supervisor, SupervisorAgent
from ..analysis.frames import refusal, require
from ..analysis.recorded import span_of
from ..analysis.voltages import data_of, mismatch_of
from ..engine.errors import AnalysisError, nearest, shown
from ..engine.networks.network import FloatArray, Network, Target
from ..engine.records.run import Run
from ..engine.streams import Streams

if TYPE_CHECKING:
    import pandas as pd

#: The copies of a network.
COPIES = ("free", "clamped")
#: The columns of `Replay.power` and of `Replay.energy`.
POWER = ("free_W", "clamped_W", "free_sources_W", "clamped_sources_W", "clamped_clamp_W")
ENERGY = ("free_J", "clamped_J")


class Replay:
    """The network of a recorded run, as it was just after the events of one time after the other.

    What edges wrote, and when they were cut, is taken from the record; what was presented when
    follows from the scenario and the seed. Outputs desired of classes are measured anew at the
    start of each epoch, as in the run.

    Parameters
    ----------
    run
        In memory or opened from its folder, with its events.

    Attributes
    ----------
    twin : Network
        Both copies at `time`. Read it; write nothing.
    time : float
        s; it only goes on.
    datum : int
        The number of what is presented.
    span : float
        How much time the run simulated, s.

    Raises
    ------
    AnalysisError
        When the record does not say what was presented.
    RecordError
        When it has no events.

    Examples
    --------
    >>> import ohmtick as ot
    >>> replay = ot.Replay(ot.run("breadboard-iii"))
    >>> replay.to(100.0)
    >>> free, clamped = replay.twin.voltages()
    """

    def __init__(self, run: Run) -> None:
        streams = Streams(run.summary["seed"])
        settings = Supervisor(**run.tables.get("supervisor", {}))
        data, sources, targets = _presented(run, streams)
        self.time, self.datum, self.span = 0.0, 0, span_of(run)
        self.twin: Network = mismatch_of(run).network(
            run.circuit,
            run.edges["conductance_start_S"].to_numpy(copy=True),
            sources,
            targets,
            settings.nudge,
            streams,
        )
        self._supervisor = SupervisorAgent(settings, data, streams)
        self._epoch, horizon = len(data.inputs), float(run.tables["horizon"])
        presentations = settings.presentations(self._epoch, streams)
        happened = takewhile(lambda each: each[0] <= self.span and each[0] < horizon, presentations)
        self._shown, self._data = map(list, zip(*happened, strict=True))
        self._times, self._edges, self._conductances = _written(run)
        cut = np.sort(run.cuts[run.cuts <= self.span])
        # Cuts come before, and what edges write after what is presented at the same instant.
        self._before = np.searchsorted(self._times, self._shown, "left") + (
            np.searchsorted(cut, self._shown, "right") - np.searchsorted(cut, self._shown, "left")
        )
        self._next = self._position = 0

    def __repr__(self) -> str:
        return f"Replay({self.twin!r}, time={self.time:g} s of {self.span:g} s, datum={self.datum})"

    def to(self, time: float) -> None:
        """Go on to a time, s.

        Raises
        ------
        AnalysisError
            For a time that is over, or that the run did not come to.
        """
        require(self.time <= time <= self.span, "time", "Replay.to", self._bounds, time)
        last = bisect_right(self._shown, time) - 1
        if last >= self._next:
            epoch = last - last % self._epoch
            if epoch >= self._next:
                self._write(self._before[epoch])
                self._present(epoch)
            self._present(last)
        self._write(int(np.searchsorted(self._times, time, "right")))
        self.time = float(time)

    @property
    def class_desired(self) -> FloatArray | None:
        """What is desired of each class in this epoch, V, shape (C, O); None without classes."""
        return self._supervisor.class_desired

    def twin_at(self, at: float | None = None, datum: int | None = None) -> Network:
        """Go on to a time, s, and return the network; see `Run.twin`."""
        time = self.span if at is None else at
        require(self.time <= time <= self.span, "at", "Run.twin", self._bounds, shown(at))
        self.to(time)
        if datum is not None:
            known = datum in range(self._epoch)
            rule = f"be one of the {self._epoch} that were presented, from 0"
            require(known, "datum", "Run.twin", rule, shown(datum))
            self.datum = int(datum)
            self._supervisor.present(self.twin, self.datum, time)
        return self.twin

    def energy_to(self, time: float) -> tuple[float, float]:
        """Go on to a time, s; return what the copies dissipate until then, J.

        The power is constant from event to event, so that is an exact sum.

        Raises
        ------
        AnalysisError
            As `to`.
        """
        require(self.time <= time <= self.span, "time", "Replay.energy_to", self._bounds, time)
        spent = np.zeros(2)
        while self._next < len(self._shown) and self._shown[self._next] <= time:
            spent += self._spend(self._before[self._next], self._shown[self._next])
            self._present(self._next)
        spent += self._spend(int(np.searchsorted(self._times, time, "right")), float(time))
        free, clamped = spent.tolist()
        return free, clamped

    @property
    def _bounds(self) -> str:
        return f"lie in [{self.time:g}, {self.span:g}] s"

    def voltages(self, times: ArrayLike, copy: str = "free") -> pd.DataFrame:
        """Return node voltages; see `~ohmtick.engine.records.run.Run.voltages`."""
        import pandas as pd

        if copy not in COPIES:
            rule = f"be one of {', '.join(map(repr, COPIES))}"
            hint = nearest(str(copy), COPIES)
            raise AnalysisError(f"{refusal('copy', 'Run.voltages', rule, shown(copy))}; {hint}")
        asked, order = self._asked(times, "Run.voltages")
        volts = np.empty((asked.size, self.twin.circuit.nodes))
        for row in order:
            self.to(asked[row])
            volts[row] = self.twin.voltages()[COPIES.index(copy)]
        index = pd.Index(asked, name="time_s")
        return pd.DataFrame(volts, index, columns=list(self.twin.circuit.labels))

    def power(self, times: ArrayLike) -> pd.DataFrame:
        """Return what is dissipated, and who delivers it; see `Run.power`."""
        import pandas as pd

        asked, order = self._asked(times, "Run.power")
        watts = np.empty((asked.size, len(POWER)))
        for row in order:
            self.to(asked[row])
            watts[row] = *self.twin.power(), *self.twin.delivered()
        return pd.DataFrame({"time_s": asked, **dict(zip(POWER, watts.T, strict=True))})

    def energy(self, times: ArrayLike | None = None) -> pd.DataFrame:
        """Return what has been dissipated from this time on; see `Run.energy`."""
        import pandas as pd

        asked, order = self._asked(self.span if times is None else times, "Run.energy")
        joules, spent = np.empty((asked.size, len(ENERGY))), np.zeros(len(ENERGY))
        for row in order:
            spent += self.energy_to(asked[row])
            joules[row] = spent
        return pd.DataFrame({"time_s": asked, **dict(zip(ENERGY, joules.T, strict=True))})

    def _asked(self, times: ArrayLike, where: str) -> tuple[FloatArray, NDArray[np.intp]]:
        """Return the times that somebody asks for, s, and the order in which they come."""
        try:
            asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        except (TypeError, ValueError):
            asked = np.empty((0, 0))
        require(asked.ndim == 1, "times", where, "be a time or a list of times, s", shown(times))
        outside = asked[~((asked >= self.time) & (asked <= self.span))]
        require(
            not outside.size, "times", where, self._bounds, outside[0] if outside.size else None
        )
        return asked, np.argsort(asked, kind="stable")

    def _present(self, place: int) -> None:
        """Present what was presented at that place; begin its epoch where it is the first."""
        if place % self._epoch == 0:
            self._supervisor.begin_epoch(self.twin)
        self.datum = self._data[place]
        self._supervisor.present(self.twin, self.datum, self._shown[place])
        self._next = place + 1

    def _write(self, position: int) -> None:
        """Write what was written before a position of the record: the last of each edge."""
        part = slice(self._position, position)
        edges, places = np.unique(self._edges[part][::-1], return_index=True)
        last = self._conductances[part][::-1][places]
        for edge, conductance in zip(edges.tolist(), last.tolist(), strict=True):
            self.twin.set_conductance(edge, conductance)
        self._position = position

    def _spend(self, position: int, stop: float) -> tuple[float, float]:
        part = slice(self._position, position)
        spent = self.twin.energy(
            self._edges[part], self._conductances[part], self._times[part], self.time, stop
        )
        self._position, self.time = position, stop
        return spent


def _presented(run: Run, streams: Streams) -> tuple[Dataset, list[int], list[Target]]:
    """Return what was presented in a run, and its sources and targets."""
    data = data_of(run)
    if data is None:
        raise AnalysisError("this run does not record its data, so its voltages are not known")
    sources, targets = data.sources.tolist(), data.outputs
    if data.desired is not None:
        return Dataset(inputs=data.inputs, desired=data.desired), sources, targets
    of_task, _ = run.scenario.task.datasets(streams)
    if of_task.classes is None or not np.array_equal(of_task.inputs, data.inputs):
        raise AnalysisError(
            "the data that this run records are not those of its task, as it is here; what is "
            "desired of their classes is not known"
        )
    return of_task, sources, targets


def _written(run: Run) -> tuple[FloatArray, NDArray[np.int64], FloatArray]:
    """Return when which conductance was written to which edge, s and S, in order; cuts first."""
    import pandas as pd

    events = pd.concat(run.batches(["time_s", "edge", "conductance_after_S"]))
    cut = np.flatnonzero(run.cuts <= span_of(run))
    times = np.concatenate([run.cuts[cut], events["time_s"]])
    order = np.argsort(times, kind="stable")
    return (
        times[order],
        np.concatenate([cut, events["edge"]]).astype(np.int64)[order],
        np.concatenate([np.zeros(cut.size), events["conductance_after_S"]])[order],
    )
