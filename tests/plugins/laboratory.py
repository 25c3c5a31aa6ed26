"""A plug-in as a laboratory would write it: kinds of its own, in one file."""

from pydantic import Field

from ohmtick import Circuit
from ohmtick.analysis.metrics import metric
from ohmtick.analysis.report.figures import figure
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.circuits.base import CircuitKind


class Ladder(CircuitKind, kind="ladder"):
    """Two rails that are joined by rungs."""

    rungs: int = Field(ge=2, le=10_000)
    """How many."""

    @classmethod
    def example(cls) -> "Ladder":
        """Return a small one."""
        return cls(rungs=3)

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return 3 * self.rungs - 2

    def labels(self) -> list[str]:
        """Return the labels of the nodes: of the left rail, then of the right one."""
        return [f"{rail}{rung}" for rail in "LR" for rung in range(self.rungs)]

    def build(self, streams: Streams) -> Circuit:
        """Return the circuit."""
        rungs = [(rung, self.rungs + rung) for rung in range(self.rungs)]
        rails = [(node, node + 1) for left, _ in rungs[:-1] for node in (left, self.rungs + left)]
        labels = self.labels()
        return Circuit(rungs + rails, nodes=len(labels), labels=labels)


@metric
def largest_staleness(run: Run) -> float:
    """Most actuations of others between a reading and its actuation."""
    return float(run.events["staleness"].max())


@figure
def drops(run: Run) -> object:
    """Drops of the free copy.

    What each edge read, over time.
    """
    from matplotlib import pyplot as plt

    _, axes = plt.subplots()
    axes.plot(run.events["sensed_s"], run.events["drop_free_V"], ".")
    axes.set(xlabel="time (s)", ylabel="drop (V)")
    return axes
