"""The probe: measures the test error without touching anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import simpy
from pydantic import Field

from ..engine.events import Kind
from ..engine.kernels.measure import accuracy, mean_square
from ..engine.networks.network import Network
from ..engine.settings import MOST_SECONDS, Settings
from ..engine.simulation import Simulation
from ..engine.state import KEPT_AT_FIRST
from ..engine.streams import FloatArray
from .supervisor import Dataset, SupervisorAgent


class Probe(Settings):
    """When the test error is measured."""

    period: float = Field(0.848528, gt=0, le=MOST_SECONDS)
    """Time between measurements, s; the first is at 0. By default 0.6 √2 s, with which no clock of
    a round period keeps step: a reading once a period sees one phase of a cycle only."""


class ProbeAgent:
    """Measures how well the free copy answers the whole test set.

    It asks the network how it responds, which is a function of the conductances alone: the
    presented datum stays, no agent's draw is used, and no row of the event log changes.

    Parameters
    ----------
    dataset
        The test set.
    supervisor
        Who knows what is desired.
    period
        Time between measurements, s.
    criterion
        What ends the run; nothing by default.

    Attributes
    ----------
    probes : int
        How many there were.
    kept : ndarray
        What the criterion for stopping keeps; see `~ohmtick.engine.kernels.stopping`.
    """

    def __init__(
        self,
        dataset: Dataset,
        supervisor: SupervisorAgent,
        period: float,
        criterion: FloatArray | None = None,
    ) -> None:
        self.probes = 0
        self.criterion = criterion
        self.kept = np.array(KEPT_AT_FIRST)
        self.dataset = dataset
        self.label = dataset.label
        self.supervisor = supervisor
        self.period = period

    def process(self, simulation: Simulation) -> Iterator[simpy.Event]:
        """Measure at 0 and after every period, behind all other events of the instant."""
        for number in count(self.probes):
            yield simulation.at(number * self.period, Kind.PROBE, 0)
            row = {"time_s": simulation.now, "updates": simulation.updates}
            simulation.probes.append(row | self.measure(simulation.twin))
            self.probes += 1
            if self.criterion is not None:
                simulation.stopped_by = self._met(self.criterion, simulation.probes[-1])
                if simulation.stopped_by:
                    simulation.stop()

    def _met(self, criterion: FloatArray, row: dict[str, float]) -> int:
        from ..engine.kernels.stopping import met  # compiled: slow to import

        return int(met(criterion, self.kept, row["error"], row.get("accuracy", 0.0)))

    def measure(self, twin: Network) -> dict[str, float]:
        """Return the test error, V², and for classes the accuracy.

        The error is the mean over data and targets of ``(v_target - desired)²``. A datum counts
        as classified when its outputs lie nearest, in the Euclidean distance, to what is
        desired of its own class.
        """
        inputs, desired = self.dataset.inputs, self.supervisor.table_of(self.dataset)
        outputs = -desired[self.label]
        twin.respond(inputs, outputs, add=True)
        measured = {"error": mean_square(outputs)}
        if self.dataset.classes is not None:
            twin.respond(inputs, outputs)
            measured["accuracy"] = accuracy(outputs, self.label, desired)
        return measured
