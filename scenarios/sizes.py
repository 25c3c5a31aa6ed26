"""How large a run is, counted before any of it is made: its events, and its memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from ..agents.clocks.base import MOST_TICKS
from ..engine.memory import check_memory

if TYPE_CHECKING:
    from .scenario import Scenario

#: Events of a run: some weeks of the compiled engine on a small circuit.
MOST_EVENTS = MOST_TICKS
#: Snapshots of a run; each is written to the disk.
MOST_SNAPSHOTS = 100_000
#: Test data that the probes of a run measure.
MOST_MEASURED = 10**15

# Bytes that things take at least: a node and an edge, as a lattice of a million was measured; a row
# of the probes; a reading between its sense and its actuation; a datum's number, held twice.
_NODE, _EDGE, _PROBE, _IN_FLIGHT, _NUMBER = 500, 250, 32, 64, 16


def check_events(scenario: Scenario) -> None:
    """Refuse a scenario whose run would not end.

    Raises
    ------
    ValueError
        Which period is too short for its horizon, and how many events that makes.
    """
    if scenario.snapshot is not None:
        count = scenario.horizon / scenario.snapshot.every
        if count > MOST_SNAPSHOTS:
            raise ValueError(
                f"snapshot.every must leave a run at most {MOST_SNAPSHOTS} snapshots, got "
                f"{scenario.snapshot.every} s for a horizon of {scenario.horizon} s, which makes "
                f"{count:.2g}"
            )
    for key, (period, count) in _counts(scenario).items():
        if count > MOST_EVENTS:
            raise ValueError(
                f"{key} must leave a run at most {MOST_EVENTS:.0e} events, got {period} s for a "
                f"horizon of {scenario.horizon} s, which makes {count:.2g}"
            )
    if scenario.probe is not None:
        measured = _data(scenario)[1] * (scenario.horizon / scenario.probe.period)
        if measured > MOST_MEASURED:
            raise ValueError(
                f"probe.period must leave a run at most {MOST_MEASURED:.0e} measurements of a test "
                f"datum, got {scenario.probe.period} s for {_data(scenario)[1]} data and a horizon "
                f"of {scenario.horizon} s, which makes {measured:.2g}"
            )


def events_of(scenario: Scenario) -> float:
    """Return about how many ticks, presentations and measurements a run has."""
    return sum(
        span / scenario.horizon * sum(count for _, count in _counts(stage).values())
        for stage, span in spans_of(scenario)
    )


def spans_of(scenario: Scenario) -> Iterator[tuple[Scenario, float]]:
    """Yield what holds at first and after each change of the schedule, and for how long, s."""
    horizon = scenario.horizon
    times = [0.0, *(min(change.at, horizon) for change in scenario.schedule), horizon]
    for stage, (begin, end) in zip(scenario.stages, pairwise(times), strict=True):
        yield stage, end - begin


def _counts(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Return the period, s, of whoever acts in a run, and how often they do, by key."""
    periods = {
        f"{key}clock.period": (made["clock"].mean_interval(), edges)
        for key, made, edges in scenario.edges.shares(_edges(scenario))
        if edges and made["resistor"].learns
    }
    if _data(scenario)[0] > 1:
        periods["supervisor.period"] = scenario.supervisor.period, 1
    if scenario.probe is not None:
        periods["probe.period"] = scenario.probe.period, 1
    return {
        key: (period, agents * (scenario.horizon / period))
        for key, (period, agents) in periods.items()
    }


def check_run_memory(scenario: Scenario) -> None:
    """Refuse a scenario whose run would not fit into this machine's memory.

    Raises
    ------
    TooLargeError
        What is too large, how much it takes, and how much there is.
    """
    edges, nodes = _edges(scenario), scenario.circuit.node_count
    factors = 2 if scenario.edges.mismatch.conductance else 1
    check_memory(
        f"circuit: a network of {nodes} nodes and {edges} edges",
        factors * (_NODE * nodes + _EDGE * edges),
    )
    data, test = _all_data(scenario)
    labels = _labels(scenario)
    check_memory(
        f"task: {data} data to learn from and {test} to test on, of {labels} voltages each,",
        data_bytes(scenario),
    )
    if scenario.probe is not None:
        count = scenario.horizon / scenario.probe.period
        row = _PROBE + 8 * len(scenario.probe.observed())
        check_memory(f"probe: {count:.2g} measurements", row * count)
    for key, made, share in scenario.edges.shares(edges):
        latency = min(made["latency"], scenario.horizon) if made["resistor"].learns else 0.0
        count = share * (latency / made["clock"].mean_interval())
        what = f"{key}latency: {count:.2g} readings in flight"
        check_memory(what, _IN_FLIGHT * count)


def data_bytes(scenario: Scenario) -> float:
    """Return how many bytes the data of all stages take."""
    return float(_NUMBER * _labels(scenario) * sum(_all_data(scenario)))


def size_of(scenario: Scenario) -> str:
    """Return what takes memory in a run, in words."""
    data, test = _all_data(scenario)
    return f"its circuit has {_edges(scenario)} edges, its task {data} data and {test} to test on"


def _edges(scenario: Scenario) -> int:
    """Return the number of edges; of a triangulation, about."""
    known = scenario.circuit.edge_count
    return 3 * scenario.circuit.node_count if known is None else known


def _labels(scenario: Scenario) -> int:
    """Return the number of voltages of a datum."""
    return len(scenario.task.source_labels()) + len(scenario.task.target_labels())


def _all_data(scenario: Scenario) -> tuple[int, int]:
    """Return how many data there are in all stages, each task's counted once."""
    changes = zip(scenario.schedule, scenario.later_stages, strict=True)
    brought = (stage for change, stage in changes if change.task is not None)
    counts = [*map(_data, (scenario, *brought))]
    return sum(data for data, _ in counts), sum(test for _, test in counts)


def _data(scenario: Scenario) -> tuple[int, int]:
    """Return how many data there are to learn from, and to test on."""
    return scenario.task.data_counts()
