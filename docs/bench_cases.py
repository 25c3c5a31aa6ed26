"""What the benchmarks have in common: sizes, scenarios, the clock, and a row of the table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

import ohmtick as ot
from ohmtick.scenarios.build import build

#: Nodes of the networks: the breadboard, then square lattices.
BREADBOARD = 9
SIZES = (9, 100, 1024, 4096, 16_384, 65_536, 262_144)
MILLION = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Options:
    """How much to measure."""

    repeats: int = 5
    """A figure is the median of so many."""
    sizes: tuple[int, ...] = SIZES
    effort: float = 1.0
    """Scales how many events are timed at once."""
    million: bool = False
    long: bool = False
    largest_dense: int = 4096
    """Nodes beyond which no dense matrix is made."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: a figure, the same of a baseline in the same run, and their ratio."""

    measure: str
    nodes: int
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float
    """Baseline over value where less is better, value over baseline where more is."""
    target: str = ""
    met: str = ""


def row(
    measure: str,
    nodes: int,
    value: float,
    unit: str,
    baseline: str = "",
    baseline_value: float = math.nan,
    *,
    more_is_better: bool = False,
    least: float | None = None,
) -> Row:
    """Return a row; with `least`, the ratio must be at least that."""
    ratio = value / baseline_value if more_is_better else baseline_value / value
    return Row(
        measure=measure,
        nodes=nodes,
        value=value,
        unit=unit,
        baseline=baseline,
        baseline_value=baseline_value,
        ratio=ratio,
        target="" if least is None else f"ratio >= {least:g}",
        met="" if least is None else _verdict(ratio >= least),
    )


def bound(measure: str, nodes: int, value: float, unit: str, most: float, **more: Any) -> Row:
    """Return a row whose figure itself must be at most `most`."""
    return Row(
        measure=measure,
        nodes=nodes,
        value=value,
        unit=unit,
        baseline=more.get("baseline", ""),
        baseline_value=more.get("baseline_value", math.nan),
        ratio=more.get("baseline_value", math.nan) / value if value else math.nan,
        target=f"<= {most:g} {unit}".rstrip(),
        met=_verdict(value <= most),
    )


def _verdict(met: bool) -> str:
    return "yes" if met else "NO"


def edge_count(nodes: int) -> int:
    """Return the number of edges of the network with so many nodes."""
    side = math.isqrt(nodes)
    return 16 if nodes == BREADBOARD else 2 * side * (side - 1)


def scenario(nodes: int, events: float) -> ot.Scenario:
    """Return the scenario that is timed: sign rule, a clock an edge with its own phase, no probe.

    Nine nodes are the laboratory's breadboard as the library has it, 5 % jitter included. Any
    other square number is a lattice: sources at two opposite corners, targets at the others.
    The horizon is where `events` actuations have happened.
    """
    task = ot.load("breadboard-iii").replace(probe=None, horizon=events / edge_count(nodes))
    if nodes == BREADBOARD:
        return task
    side, last = math.isqrt(nodes), nodes - 1
    corners = [str(node) for node in (0, last, side - 1, nodes - side)]
    return task.replace(
        **{
            "circuit": {"kind": "square_lattice", "rows": side, "cols": side},
            "task.sources": {corners[0]: 4.0, corners[1]: 0.0},
            "task.targets": {corners[2]: 1.0, corners[3]: 2.0},
            "edges.clock.jitter": 0.0,
        }
    )


class Stopwatch:
    """Times the events of a run apart from its set-up: a `poll` for `ohmtick.run`.

    It reads the CPU time of the process, which the work of others on the machine does not
    lengthen much.
    """

    def __init__(self) -> None:
        self._start: float | None = None
        self.seconds = 0.0

    def __call__(self, simulation: object) -> None:
        """Take the time; the first call starts it."""
        now = process_time()
        self._start = now if self._start is None else self._start
        self.seconds = now - self._start


def run(nodes: int, events: float, **changes: Any) -> float:
    """Run a scenario with some changes as a user would; return CPU seconds per event."""
    watch = Stopwatch()
    chosen = scenario(nodes, events).replace(**changes)
    result = ot.run(chosen, seed=1, engine="compiled", poll=watch)
    return watch.seconds / max(1, int(result.summary["updates"]))


def run_on_simpy(
    nodes: int, events: float, twin: Callable[[ot.TwinNetwork], Any] | None = None
) -> float:
    """Run the SimPy engine, on another twin network perhaps; return CPU seconds per event.

    The time starts once every edge's process stands ready.
    """
    simulation: Any = build(scenario(nodes, events), 1, "simpy").simulation
    if twin is not None:
        simulation.twin = twin(simulation.twin)
    while not simulation.env.peek() > 0.0:
        simulation.env.step()
    start = process_time()
    simulation.run()
    return float((process_time() - start) / max(1, simulation.updates))


def medians(repeats: int, runs: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Return the median of each of several measures, taken in turn so that they share the noise."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, measure in runs.items():
            taken[name].append(measure())
    return {name: median(values) for name, values in taken.items()}


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the CPU time of one call, s."""
    start = process_time()
    call()
    return process_time() - start
