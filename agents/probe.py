"""The probe: measures the test error without touching anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import simpy
from pydantic import Field, field_validator

from ..engine.circuit import Circuit
from ..engine.errors import shown
from ..engine.events import Kind
from ..engine.kernels.measure import accuracy, mean_square
from ..engine.kernels.stopping import met
from ..engine.networks.network import IndexArray, Network
from ..engine.settings import MOST_SECONDS, Label, Settings
from ..engine.simulation import Simulation
from ..engine.state import KEPT_AT_FIRST
from ..engine.streams import FloatArray
from .supervisor import Dataset, SupervisorAgent


class Probe(Settings):
    """When the test error is measured, and what else is."""

    period: float = Field(0.848528, gt=0, le=MOST_SECONDS)
    """Time between measurements, s; the first is at 0. By default 0.6 √2 s, with which no clock of
    a round period keeps step: a reading once a period sees one phase of a cycle only."""
    power: bool = False
    """Whether the power of both copies is measured: columns `free_W` and `clamped_W`."""
    nodes: tuple[Label, ...] = ()
    """Nodes whose voltages are measured: of node 4 in the columns `free_4_V` and `clamped_4_V`."""

    @field_validator("nodes")
    @classmethod
    def _once(cls, nodes: tuple[str, ...]) -> tuple[str, ...]:
        for node in nodes:
            if nodes.count(node) > 1:
                raise ValueError(f"must name a node once, got {shown(node)} twice")
        return nodes

    def observed(self) -> list[str]:
        """Return the names of what is measured of what is presented, W and V."""
        power = ["free_W", "clamped_W"] if self.power else []
        return power + [f"{copy}_{node}_V" for node in self.nodes for copy in ("free", "clamped")]


class ProbeAgent:
    """Measures how well the free copy answers the whole test set, and looks at both copies.

    It asks the network how it responds, which is a function of the conductances alone: the
    presented datum stays, no agent's draw is used, and no row of the event log changes.

    Parameters
    ----------
    dataset
        The test set.
    supervisor
        Who knows what is desired.
    settings
        When it measures, and what else; None for never.
    criterion
        What ends the run; nothing by default.
    accuracy
        Whether there is an accuracy, NaN where the test set has no classes; by default where it
        has.

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
        settings: Probe | None,
        criterion: FloatArray | None = None,
        accuracy: bool | None = None,
    ) -> None:
        self.probes = 0
        self.criterion = criterion
        self.kept = np.array(KEPT_AT_FIRST)
        self.dataset, self.label = dataset, dataset.label
        self.accuracy = dataset.classes is not None if accuracy is None else accuracy
        self.supervisor = supervisor
        self.settings = settings
        self.observed = settings.observed() if settings else []

    def test_on(self, dataset: Dataset) -> None:
        """Measure a test set from now on; of another, what was measured before tells nothing."""
        if dataset is not self.dataset:
            self.dataset, self.label = dataset, dataset.label
            self.kept[:] = KEPT_AT_FIRST

    @property
    def period(self) -> float:
        """Time between measurements, s; infinite where there are none."""
        return self.settings.period if self.settings else np.inf

    def nodes(self, circuit: Circuit) -> IndexArray:
        """Return the nodes whose voltages are measured."""
        labels = self.settings.nodes if self.settings else ()
        return np.array([circuit.index(label) for label in labels], dtype=np.int64)

    def process(self, simulation: Simulation) -> Iterator[simpy.Event]:
        """Measure at 0 and after every period, behind all other events of the instant."""
        twin, nodes = simulation.twin, self.nodes(simulation.twin.circuit)
        for number in count(self.probes):
            yield simulation.at(number * self.period, Kind.PROBE, 0)
            row = {"time_s": simulation.now, "updates": simulation.updates}
            row |= self.measure(twin)
            if self.observed:
                row |= zip(self.observed, self._look(twin, nodes, simulation.now), strict=True)
            simulation.probes.append(row)
            self.probes += 1
            if self.criterion is not None:
                found = met(self.criterion, self.kept, row["error"], row.get("accuracy", 0.0))
                simulation.stopped_by = int(found)
                if found:
                    simulation.stop()

    def _look(self, twin: Network, nodes: IndexArray, time: float) -> list[float]:
        """Return what is observed of what is presented, W and V."""
        power = [*twin.power(time)] if self.settings and self.settings.power else []
        free, clamped = twin.voltages(time)
        return power + np.stack([free[nodes], clamped[nodes]], axis=1).ravel().tolist()

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
        if self.accuracy:
            measured["accuracy"] = np.nan
        if self.dataset.classes is not None:
            twin.respond(inputs, outputs)
            measured["accuracy"] = accuracy(outputs, self.label, desired)
        return measured
