"""A recorded run again, without its agents: its network as it was at any time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf, nextafter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..agents.probe import ProbeAgent
from ..agents.supervisor import Dataset, Supervisor
from ..analysis.frames import refusal, require
from ..analysis.recorded import span_of
from ..analysis.voltages import data_of, mismatch_of, relaxes
from ..engine.errors import AnalysisError, nearest, shown
from ..engine.networks.network import FloatArray, Network, Target
from ..engine.records.run import Run
from ..engine.streams import Streams
from .stages import Stage, stages_of

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
        For what is no run, when the record does not say what was presented, or where the circuit
        takes time to settle.
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
        rule = "be a run, as ohmtick.run and ohmtick.open_run return one"
        require(isinstance(run, Run), "run", "Replay", rule, shown(run))
        if relaxes(run):
            raise AnalysisError(
                "the voltages, the power, the network and the classes of a run are worked out "
                "again at equilibrium only, and its physics.kind is "
                f"{run.tables['physics']['kind']!r}: [probe] nodes and power record these"
            )
        self._run, self._streams = run, Streams(run.summary["seed"])
        self.time, self.datum, self.span = 0.0, 0, span_of(run)
        horizon = float(run.tables["horizon"])
        end = nextafter(self.span, inf) if self.span < horizon else horizon
        stages, sources, targets = _stages(run, end, self._streams)
        self.twin: Network = mismatch_of(run).network(
            run.circuit,
            run.edges["conductance_start_S"].to_numpy(copy=True),
            sources,
            targets,
            stages[0].settings.nudge,
            self._streams,
        )
        self._supervisor = stages[0].supervisor(self._streams)
        self._placed = list(_presentations(stages, end, self._streams))
        self._shown = [each.time for each in self._placed]
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
        self._check(time, "time", "Replay.to")
        last = bisect_right(self._shown, time) - 1
        if last >= self._next:
            epoch = self._placed[last].epoch
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
        self._check(time, "at", "Run.twin")
        self.to(time)
        if datum is not None:
            count = len(self._supervisor.dataset.inputs)
            known = datum in range(count)
            rule = f"be one of the {count} that were presented, from 0"
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
        self._check(time, "time", "Replay.energy_to")
        spent = np.zeros(2)
        while self._next < len(self._shown) and self._shown[self._next] <= time:
            spent += self._spend(self._before[self._next], self._shown[self._next])
            self._present(self._next)
        spent += self._spend(int(np.searchsorted(self._times, time, "right")), float(time))
        free, clamped = spent.tolist()
        return free, clamped

    def _check(self, time: float, parameter: str, where: str) -> None:
        """Refuse what is no time, a time that is over, and one that the run did not come to."""
        number = np.ndim(time) == 0 and isinstance(time, int | float | np.number | np.ndarray)
        there = number and self.time <= time <= self.span
        require(there, parameter, where, self._bounds, time if number else shown(time))

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

    def errors(self, times: ArrayLike) -> pd.DataFrame:
        """Return how well each task of the schedule is answered; see `Run.errors`."""
        import pandas as pd

        asked, order = self._asked(times, "Run.errors")
        stages = [stage for stage in stages_of(self._run.scenario, self._streams) if stage.has_task]
        found: list[dict[str, float]] = [{"time_s": time} for time in asked.tolist()]
        for row in order:
            self.to(asked[row])
            for stage in stages:
                supervisor = stage.supervisor(self._streams)
                supervisor.begin_epoch(self.twin)
                measured = ProbeAgent(stage.test, supervisor, None).measure(self.twin)
                found[row] |= {f"{name}_{stage.number}": each for name, each in measured.items()}
        return pd.DataFrame(found)

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
        placed = self._placed[place]
        if placed.stage.presenting != self._supervisor.stage:
            self._supervisor = placed.stage.supervisor(self._streams)
        if placed.epoch == place:
            self._supervisor.begin_epoch(self.twin)
        self.twin.nudge, self.datum = placed.stage.settings.nudge, placed.datum
        self._supervisor.present(self.twin, self.datum, placed.time)
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


class _Presented(NamedTuple):
    """What is presented at a place in a run: when, s, in which stage, and where its epoch began."""

    time: float
    datum: int
    stage: Stage
    epoch: int


def _presentations(stages: Sequence[Stage], end: float, streams: Streams) -> Iterator[_Presented]:
    """Yield what is presented before an end, s; with another nudge the same once more."""
    presentations: Iterator[tuple[float, int]] = iter(())
    coming: tuple[float, int] | None = None
    place = epoch = datum = since = data = 0
    for stage, later in zip(stages, [*stages[1:], None], strict=True):
        if stage.presents_anew:
            since = place
            data = len(stage.train.inputs)
            presentations = stage.supervisor(streams).presentations()
            coming = next(presentations, None)
        else:
            yield _Presented(stage.time, datum, stage, epoch)
            since, place = since + 1, place + 1
        until = end if later is None else later.time
        while coming is not None and coming[0] < until:
            time, datum = coming
            if (place - since) % data == 0:
                epoch = place
            yield _Presented(time, datum, stage, epoch)
            place += 1
            coming = next(presentations, None)


def _stages(run: Run, end: float, streams: Streams) -> tuple[list[Stage], list[int], list[Target]]:
    """Return the stages of a run before an end, s, with the data on record; sources and targets.

    Raises
    ------
    AnalysisError
        When the record does not say what was presented.
    """
    data = data_of(run, 0)
    if data is None:
        raise AnalysisError("this run does not record its data, so its voltages are not known")
    nodes = data.sources.tolist(), data.outputs
    if data.desired is not None and not run.tables.get("schedule"):  # whatever its kinds are
        train = Dataset(inputs=data.inputs, desired=data.desired)
        settings = Supervisor(**run.tables.get("supervisor", {}))
        return [Stage(0, 0.0, settings, train, train)], *nodes
    stages = [
        replace(stage, train=_presented(run, stage))
        for stage in stages_of(run.scenario, streams)
        if stage.time < end
    ]
    return stages, *nodes


def _presented(run: Run, stage: Stage) -> Dataset:
    """Return what was presented in a stage of a run."""
    data = data_of(run, stage.number)
    assert data is not None
    if data.desired is not None:
        return Dataset(inputs=data.inputs, desired=data.desired)
    if stage.train.classes is None or not np.array_equal(stage.train.inputs, data.inputs):
        raise AnalysisError(
            "the data that this run records are not those of its task, as it is here; what is "
            "desired of their classes is not known"
        )
    return stage.train


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
