"""Kinds of a laboratory's own: the file that docs/kinds.md writes."""
# mypy: ignore-errors

import numpy as np
from matplotlib import pyplot as plt
from pydantic import Field

import ohmtick as ot
from ohmtick.agents import Clock, Comparator, Resistor, Rule
from ohmtick.agents.supervisor import Dataset
from ohmtick.analysis.metrics import metric
from ohmtick.analysis.report.figures import figure
from ohmtick.scenarios.circuits import CircuitKind
from ohmtick.scenarios.studies.samplers import sampler
from ohmtick.scenarios.tasks import Task


class Bursting(Clock, kind="bursting"):
    """Ticks some times in a row, then pauses."""

    period: float = Field(1.0, gt=0)
    """From one burst to the next, s."""
    burst: int = Field(3, ge=1, le=1000)
    """Ticks in a burst."""
    pace: float = Field(1e-3, gt=0)
    """Between two ticks of a burst, s."""

    def ticks(self, edge, edges, streams, horizon):
        """Yield the ticks of an edge, s, a burst at a time."""
        begin = self.period * streams.uniforms("bursting.phase", edge, 0, 1)[0]
        while begin < horizon:
            yield begin + self.pace * np.arange(self.burst)
            begin += max(self.period, self.pace * self.burst)

    def mean_interval(self):
        """Return about how long it takes from one tick to the next, s."""
        return self.period / self.burst


class Patient(Rule, kind="patient", unit="steps", state_size=1):
    """The sign rule, but a step is made only after several readings that agree in a row."""

    patience: int = Field(2, ge=1)
    """Readings that have to agree."""

    @staticmethod
    def change(drop_free, drop_clamped, value, state, parameters, nudge):
        """Return a step up, a step down or none."""
        direction = 1.0 if abs(drop_clamped) > abs(drop_free) else -1.0
        if state[0] * direction < 0.0:
            state[0] = 0.0
        state[0] += direction
        if abs(state[0]) < parameters[0]:
            return 0.0
        state[0] = 0.0
        return direction


class Noisy(Resistor, kind="noisy", units=("steps",), draws=True):
    """A device whose steps differ from pulse to pulse."""

    start: float = Field(1e-3, gt=0)
    """First conductance, S."""
    step: float = Field(2e-5, gt=0)
    """Mean step, S."""
    noise: float = Field(0.3, ge=0, le=1)
    """Steps are uniform within so much of the mean, relative."""
    k_min: float = Field(1e-4, gt=0)
    """Smallest conductance, S."""
    k_max: float = Field(1e-2, gt=0)
    """Largest conductance, S."""

    def starts(self, edges, streams):
        """Return the first value of each of these edges: of this device its conductance, S."""
        return np.full(edges.size, self.start)

    @staticmethod
    def change(value, amount, state, parameters, draw):
        """Return the conductance after a step, S: up in resistance is down in conductance."""
        step = parameters[1] * (1.0 + parameters[2] * (2.0 * draw - 1.0))
        return min(max(value - amount * step, parameters[3]), parameters[4])


class Rounding(Comparator, kind="rounding"):
    """Reads with an error that is uniform within one digit."""

    digit: float = Field(1e-3, gt=0)
    """Of the voltmeter, V."""

    def draw(self, edge, first, count, streams):
        """Return the errors of some readings, of the free and of the clamped drop, V."""
        drawn = streams.uniforms("rounding", edge, 2 * first, 2 * count)
        return self.digit * (drawn.reshape(count, 2) - 0.5)


class Ladder(CircuitKind, kind="ladder"):
    """Two rails that are joined by rungs."""

    rungs: int = Field(ge=2, le=10_000)
    """How many."""

    @classmethod
    def example(cls):
        """Return a small one, for the contract tests."""
        return cls(rungs=3)

    @property
    def edge_count(self):
        """Number of edges."""
        return 3 * self.rungs - 2

    def labels(self):
        """Return the labels of the nodes: of the left rail, then of the right one."""
        return [f"{rail}{rung}" for rail in "LR" for rung in range(self.rungs)]

    def build(self, streams):
        """Return the circuit."""
        n = self.rungs
        rungs = [(rung, n + rung) for rung in range(n)]
        rails = [(node, node + 1) for node in range(2 * n - 1) if node != n - 1]
        return ot.Circuit(rungs + rails, nodes=2 * n, labels=self.labels())


class Divider(Task, kind="divider"):
    """Inputs of many sizes, of each of which the output shall be the same part."""

    part: float = Field(0.4, ge=0, le=1)
    """Which."""
    data: int = Field(8, ge=1)
    """To learn from, and as many to test on."""

    def source_labels(self):
        """Return the labels of the sources, in the order of the inputs."""
        return ["L0", "R1"]

    def target_labels(self):
        """Return the labels of the targets, in the order of the outputs."""
        return ["R0"]

    def data_counts(self):
        """Return how many data there are to learn from, and to test on."""
        return self.data, self.data

    def datasets(self, streams):
        """Return what is presented, and what is tested."""
        rng = streams.generator("task")

        def drawn():
            volts = rng.uniform(1.0, 5.0, (self.data, 1))
            return Dataset(inputs=volts * [1.0, 0.0], desired=self.part * volts)

        return drawn(), drawn()


@metric
def largest_staleness(run):
    """Most actuations of others between a reading and its actuation."""
    return float(run.events["staleness"].max())


@figure
def drops(run):
    """Drops of the free copy.

    What each edge read, over time.
    """
    _, axes = plt.subplots()
    axes.plot(run.events["sensed_s"], run.events["drop_free_V"], ".")
    axes.set(xlabel="time (s)", ylabel="drop (V)")
    return axes


@sampler
def kronecker(count, keys, rng):
    """Evenly spread points: multiples of irrational numbers, shifted at random."""
    steps = np.sqrt(2.0 + np.arange(keys) * 3.0)
    return (np.outer(np.arange(count), steps) + rng.random(keys)) % 1.0
