"""Tells what a run costs before it is made: time and memory, from the structure of its circuit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.events import event_dtypes
from ..engine.memory import in_bytes
from ..engine.networks.network import split_pairs
from ..engine.records.event_log import MEMORY_ROWS
from ..engine.streams import Streams
from .running import check_engine
from .scenario import Scenario, as_scenario, naming
from .sizes import check_run_memory, data_bytes, events_of, spans_of

if TYPE_CHECKING:
    from ..engine.solver.costs import Costs
    from ..engine.solver.symbolic import Symbolic

# What things take on one core beside the walks of `engine.solver.costs`, ns, measured on the same
# machine (docs/performance.md): the loop's part of an act, and a tick that a gate does not let
# pass; what targets and sources, and each pair of them, add to a change; a presentation; a probe,
# each pair of target and source, and each datum, which it measures. A node that is ordered.
_LOOP_NS, _TICK_NS = 100.0, 30.0
_HELD_NS, _PAIR_NS = 1.0, 0.6
_PRESENT_NS = 450.0
_PROBE_NS, _TRANSFER_NS, _DATUM_NS, _ANSWER_NS = 150.0, 0.15, 2.0, 0.45
_EDGE_POWER_NS = 3.5
_NODE_NS = 20_000.0
#: An edge in a term of the series by which voltages relax, and how many terms an event takes where
#: several fall into a time constant; see docs/relaxation.md.
_TERM_NS, _TERMS = 2.4, 8.0
#: Walks on a larger factor than so many bytes wait for memory, in this power of its size.
_CACHED_B, _WAITS = 1e8, 0.35
#: What the SimPy engine's heap takes more for an act, for each time that the edges can be halved.
_SIMPY_NS = 800.0
#: Bytes of a node and of an edge beside the factor, of a row of the probes in memory, and of a row
#: of the event log on disk.
_NODE_B, _EDGE_B, _PROBE_B, _ROW_B = 400.0, 200.0, 400.0, 36.0
#: A set of nodes that parts a planar circuit of N nodes has at most √(8 N) (Lipton, Tarjan 1979).
_PLANAR = 8.0
#: An event on a planar circuit, ns: to begin, and a node. How much more is worth a word.
_PLANAR_NS, _PLANAR_NODE_NS, _MUCH_MORE = 700.0, 1.0, 4.0


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a run costs, within a factor of two on a machine of today."""

    events: float
    """Ticks, presentations and measurements until the horizon."""
    event_s: float
    """Time that an edge takes to act: it reads both drops and changes its device, s."""
    run_s: float
    """Time of the whole run, s, once its kernels are compiled, which takes half a minute once."""
    memory_B: float
    """Most memory that is taken beside the some 300 MB of Python and its libraries, bytes: by the
    network, its factor, that of the state which the run ends in, the data, the log's rows and
    the probes."""
    log_B: float
    """Size of the event log on disk, bytes."""
    reasons: tuple[str, ...] = ()
    """Where the time and the memory go, a line each."""
    advice: str = ""
    """What is worth changing before it is run; "" for nothing."""

    def __repr__(self) -> str:
        """Return it in words, some lines."""
        lines = [
            f"{self.events:,.0f} events, {duration(self.event_s)} for an edge to act: "
            f"about {duration(self.run_s)}, {in_bytes(self.memory_B)} of memory, "
            f"a log of {in_bytes(self.log_B)}",
            *(f"  {reason}" for reason in self.reasons),
        ]
        return "\n".join([*lines, *([self.advice] if self.advice else [])])


def estimate(
    scenario: Scenario | str | Path | Mapping[str, Any],
    seed: int | None = None,
    engine: str = "auto",
) -> Estimate:
    """Tell what a run takes before it is made.

    The circuit is built and its elimination ordered, which says how many numbers each event
    touches; no number of the factor is made, and nothing is run. What a ``[stop]`` may save is not
    known.

    Parameters
    ----------
    scenario, seed, engine
        As for `ohmtick.run`; ``"auto"`` is taken to be the compiled engine. A circuit that is drawn
        differs from seed to seed.

    Raises
    ------
    TooLargeError
        When it would not fit into this machine's memory.
    OhmtickError
        For an unknown engine, and when the drawn circuit does not fit the scenario.

    Examples
    --------
    >>> found = estimate("breadboard-iii")
    >>> round(found.events)
    6871
    >>> found.run_s < 1.0
    True
    """
    from ..engine.solver.costs import costs_of
    from ..engine.solver.layout import numbers_in
    from ..engine.solver.symbolic import analyse

    check_engine(engine)
    with naming(scenario):
        scenario = as_scenario(scenario)
        check_run_memory(scenario)
        circuit = scenario.circuit.build(Streams(scenario.seed if seed is None else seed))
    clamped, _ = split_pairs(scenario.task.target_labels())
    sources = [circuit.index(label) for label in scenario.task.source_labels()]
    targets = [circuit.index(label) for label in clamped]
    symbolic = analyse(circuit.edges, circuit.nodes, sources, targets)
    cost, copies = costs_of(symbolic), 2 if scenario.edges.mismatch.conductance else 1
    held = _HELD_NS * (len(sources) + len(targets))
    settle = _PAIR_NS * len(targets) * (len(targets) / 2 + len(sources))
    factor_B = 8.0 * copies * numbers_in(symbolic)
    waits = max(1.0, factor_B / _CACHED_B) ** _WAITS
    cost = cost._replace(
        read=copies * (waits * cost.read + held),
        change=copies * (waits * cost.change + settle),
        elimination=copies * cost.elimination,
        solution=copies * cost.solution,
    )
    edges = len(circuit.edges)
    loop = _LOOP_NS + (_SIMPY_NS * math.log2(edges + 2) if engine == "simpy" else 0.0)
    shares = list(_shares(scenario, edges))
    acts = sum(share.acts for share in shares)
    relaxes = scenario.physics.kind != "equilibrium"
    relaxing = _TERMS * _TERM_NS * edges if relaxes else 0.0
    acting = sum(share.acts * (loop + relaxing + share.act_ns(cost)) for share in shares)
    passed = _TICK_NS * sum(share.ticks - share.acts for share in shares)
    times = {
        "acts": acting + passed,
        "presentations": _presentations(scenario) * (_PRESENT_NS + settle),
        "probes": _probes(scenario)
        * sum(
            span / scenario.horizon * _probe_ns(stage, len(sources), len(targets), edges, cost)
            for stage, span in spans_of(scenario)
        ),
        "start": _NODE_NS * circuit.nodes + cost.elimination,
    }
    row_B = sum(each.itemsize for each in event_dtypes(scenario.edges.records_values).values())
    rows_B = row_B * min(acts, MEMORY_ROWS)
    data_B = data_bytes(scenario)
    beside_B = _NODE_B * circuit.nodes + _EDGE_B * edges + _PROBE_B * _probes(scenario)
    took = {name: duration(1e-9 * nanoseconds) for name, nanoseconds in times.items()}
    return Estimate(
        events=events_of(scenario),
        event_s=1e-9 * (acting / acts if acts else loop + relaxing + cost.read + cost.change),
        run_s=1e-9 * sum(times.values()),
        memory_B=2.0 * factor_B + rows_B + data_B + beside_B,
        log_B=_ROW_B * acts,
        reasons=(
            f"acts of {edges:,} edges, {acts:,.0f}: {took['acts']}; by itself a read takes "
            f"{duration(1e-9 * cost.read)}, a change {duration(1e-9 * cost.change)}",
            *(
                [f"of which to relax takes {duration(1e-9 * relaxing)}; more where events are rare"]
                if relaxes
                else []
            ),
            f"presentations, {_presentations(scenario):,.0f}: {took['presentations']}",
            f"probes, {_probes(scenario):,.0f} of {scenario.task.data_counts()[1]:,} data and "
            f"{len(targets)} targets: {took['probes']}",
            f"ordering {circuit.nodes:,} nodes and the first factor: {took['start']}",
            f"the factor: {in_bytes(factor_B)}; the data: {in_bytes(data_B)}; "
            f"the log in memory: {in_bytes(rows_B)}",
        ),
        advice=_advice(circuit.nodes, symbolic, cost.read + cost.change),
    )


@dataclass(frozen=True)
class _Share:
    """Edges of one group: how often they tick and act, and how many act at one instant."""

    ticks: float
    acts: float
    batch: int
    together: float

    def act_ns(self, cost: Costs) -> float:
        """Return what a read and its part of a change take, ns.

        Many reads of one state solve for all voltages once, many changes make one new factor.
        """
        reads = min(self.together * cost.read, 2.0 * cost.solution)
        changes = min(self.together * cost.change / self.batch, cost.elimination)
        return (reads + changes) / self.together


def _shares(scenario: Scenario, edges: int) -> Iterator[_Share]:
    """Yield the groups of edges that learn."""
    for _, made, count in scenario.edges.shares(edges):
        clock = made["clock"]
        if not count or not made["resistor"].learns:
            continue
        ticks = count * scenario.horizon / clock.mean_interval()
        gate = getattr(clock, "gate", 1.0)
        steady = not any(getattr(clock, name, 1.0) for name in ("spread", "jitter", "wander"))
        aligned = steady and getattr(clock, "phase", "") == "aligned"
        together = max(1.0, gate * count) if aligned else 1.0
        yield _Share(ticks, gate * ticks, made["batch"], together)


def _presentations(scenario: Scenario) -> float:
    """Return how many presentations there are."""
    return sum(
        math.ceil(span / stage.supervisor.period) if stage.task.data_counts()[0] > 1 else 1
        for stage, span in spans_of(scenario)
    )


def _probes(scenario: Scenario) -> float:
    """Return how many probes there are; the start and the end are measured in any case."""
    return 2.0 + (scenario.horizon / scenario.probe.period if scenario.probe else 0.0)


def _probe_ns(scenario: Scenario, sources: int, targets: int, edges: int, cost: Costs) -> float:
    """Return what a probe takes, ns: how targets respond, all data, and what else it sees."""
    transfer = _PROBE_NS + _TRANSFER_NS * targets * (targets + 1) * sources
    data = scenario.task.data_counts()[1] * (_DATUM_NS + _ANSWER_NS * targets * sources)
    probe = scenario.probe
    seen = 0.0 if probe is None or not probe.observed() else cost.solution
    return transfer + data + seen + (_EDGE_POWER_NS * edges if probe and probe.power else 0.0)


def _advice(nodes: int, symbolic: Symbolic, event_ns: float) -> str:
    """Return what would make events cheaper, where the circuit is far from planar."""
    widest, planar = int(np.diff(symbolic.first).max(initial=0)), math.sqrt(_PLANAR * nodes)
    planar_ns = _PLANAR_NS + _PLANAR_NODE_NS * nodes
    if widest <= planar or event_ns <= _MUCH_MORE * planar_ns:
        return ""
    return (
        f"this circuit is far from planar: {widest:,} nodes have to be eliminated as one block, "
        f"where {planar:,.0f} suffice to part a planar one of {nodes:,}, so that an event takes "
        f"{duration(1e-9 * event_ns)} and not about {duration(1e-9 * planar_ns)}; fewer or shorter "
        "long-range edges help, and so does a circuit that is a lattice or of kind 'delaunay'"
    )


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(1.234e-5)
    '12.3 µs'
    >>> duration(7200.0)
    '2 h'
    """
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    for unit, length in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
