"""The network of a recorded run, as it was at any of its times: built again, and nothing is run."""

from __future__ import annotations

from functools import cached_property
from itertools import takewhile
from math import inf, nextafter

import numpy as np

from ..agents.supervisor import SupervisorAgent
from ..analysis.trajectories import path
from ..engine.errors import AnalysisError, shown
from ..engine.networks.network import FloatArray, IndexArray, Network
from ..engine.records.run import Run
from ..engine.streams import Streams
from .scenario import Scenario


def twin_of(run: Run, at: float | None = None, datum: int | None = None) -> Network:
    """Return the network of a run as it was; see `~ohmtick.engine.records.run.Run.twin`."""
    return RecordedRun(run).twin(at, datum)


class RecordedRun:
    """What a record and its scenario say together: the network, what was presented, and when.

    Parameters
    ----------
    run
        Any run, in memory or from its folder.

    Attributes
    ----------
    scenario : Scenario
        The run's own.
    dataset : Dataset
        What was presented.

    Raises
    ------
    ScenarioError
        When its scenario names kinds that are not known here.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.scenario = Scenario(**run.scenario)
        self._streams = Streams(run.summary["seed"])
        self.dataset, _ = self.scenario.task.datasets(self._streams)

    @cached_property
    def span(self) -> float:
        """How much time was simulated, s."""
        return float(self.run.summary.get("simulated_s") or self.scenario.horizon)

    @cached_property
    def presentations(self) -> tuple[FloatArray, IndexArray]:
        """When data were presented, s, and which, each shape (P,); an epoch is D of them."""
        drawn = self.scenario.supervisor.presentations(len(self.dataset.inputs), self._streams)
        # A run is half open: what was to come at its horizon has not happened.
        end = self.span if self.run.summary["interrupted"] else nextafter(self.span, 0.0)
        shown_by_then = list(takewhile(lambda each: each[0] <= end, drawn))
        times, data = zip(*shown_by_then, strict=True)
        return np.array(times), np.array(data, dtype=np.intp)

    def conductances(self, at: float, *, before: bool = False) -> FloatArray:
        """Return the conductances just after the events of a time, S, shape (E,).

        Parameters
        ----------
        at
            s.
        before
            Those that a datum is presented to: before the actuations of that time, after its cuts.
        """
        import pandas as pd

        run = self.run
        columns = ["time_s", "edge", "conductance_after_S"]
        events = pd.concat(list(run.batches(columns)), ignore_index=True)
        start = run.edges["conductance_start_S"].to_numpy()
        values: FloatArray = path(events, start, [nextafter(at, -inf) if before else at])[0]
        values[run.cuts <= at] = 0.0
        return values

    def network(self, conductances: FloatArray) -> Network:
        """Return the network, with these conductances, S; no datum is presented."""
        scenario = self.scenario
        return scenario.edges.mismatch.network(
            self.run.circuit,
            conductances,
            scenario.task.source_labels(),
            scenario.task.target_labels(),
            scenario.supervisor.nudge,
            self._streams,
        )

    def twin(self, at: float | None = None, datum: int | None = None) -> Network:
        """Return the network as it was just after the events of a time, s; see `Run.twin`.

        Raises
        ------
        AnalysisError
            For a time that was not simulated, or a datum that is not there.
        """
        count = len(self.dataset.inputs)
        if at is not None and not 0.0 <= at <= self.span:
            raise AnalysisError(f"'at' must lie within the {self.span} s of the run, got {at}")
        if datum is not None and datum not in range(count):
            raise AnalysisError(f"'datum' must lie in [0, {count}), got {shown(datum)}")
        times, data = self.presentations
        last = int(np.searchsorted(times, self.span if at is None else at, side="right")) - 1
        supervisor = SupervisorAgent(self.scenario.supervisor, self.dataset, self._streams)
        now = self.run.conductances if at is None else self.conductances(at)
        if self.dataset.classes is None:
            twin = self.network(now)
        else:  # what is desired of classes was measured when their epoch began
            began = float(times[last - last % count])
            twin = self.network(self.conductances(began, before=True))
            supervisor.begin_epoch(twin)
            for edge, conductance in enumerate(now.tolist()):
                twin.set_conductance(edge, conductance)
        supervisor.present(twin, int(data[last] if datum is None else datum))
        return twin
