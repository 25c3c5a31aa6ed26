"""What is measured: the cost of an event by size, and what else the engine promises."""

from __future__ import annotations

import math
import resource
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

import ohmtick as ot
from ohmtick.docs.bench_baselines import (
    FreshSolves,
    SparseSolves,
    bare_solves,
    dense_inverse,
    empty_loop,
    ready,
    touched_paths,
)
from ohmtick.docs.bench_cases import (
    BREADBOARD,
    MILLION,
    Options,
    Row,
    bound,
    cpu_seconds,
    edge_count,
    medians,
    row,
    run,
    run_on_simpy,
    scenario,
)
from ohmtick.docs.bench_runs import relaxing, stopping

COMPILED, ON_SIMPY = "event, compiled", "event, SimPy engine"
FRESH, SPLU, EMPTY = "SimPy, fresh NumPy solve", "SciPy splu + solves", "empty compiled loop"
PATH, BARE = "path read and written once", "two bare numpy.linalg.solve"

#: What the ratio of an event's cost must be at least, by nodes and baseline.
LEAST = {
    (9, FRESH): 200.0,
    (9, EMPTY): 2.5 / 20.0,
    (1024, FRESH): 5000.0,
    (16_384, SPLU): 300.0,
    (262_144, SPLU): 300.0,
}
Cost = Callable[[], float]


def events(options: Options) -> Iterator[Row]:
    """Time an event at each size, read and change and log, beside every baseline that can."""
    compiled: dict[int, float] = {}
    for nodes in options.sizes:
        cost = medians(options.repeats if nodes < 100_000 else 3, _costs(nodes, options))
        microseconds = {name: 1e6 * seconds for name, seconds in cost.items()}
        compiled[nodes] = ours = microseconds.pop(COMPILED)
        for baseline, theirs in microseconds.items():
            least = LEAST.get((nodes, baseline))
            yield row(COMPILED, nodes, ours, "us", baseline, theirs, least=least)
        if nodes == BREADBOARD:
            yield from _from_simpy(microseconds)
    yield from _growth({nodes: cost for nodes, cost in compiled.items() if nodes >= 4096})


def _costs(nodes: int, options: Options) -> dict[str, Cost]:
    """Return what can be timed at a size, each in CPU seconds per event."""
    count = 1_000_000 if nodes == BREADBOARD else 1e7 / (nodes + 10) + 1000
    count = int(max(1000, options.effort * count))
    run(nodes, 1000)  # compiled, read from the disk: not the events' cost
    costs: dict[str, Cost] = {
        COMPILED: partial(run, nodes, count),
        EMPTY: partial(empty_loop, nodes, int(3e6 * options.effort)),
        PATH: partial(touched_paths, nodes, count),
    }
    if nodes <= 4096:
        often = min(100_000 if nodes == BREADBOARD else 10 * edge_count(nodes), 20_000)
        costs[ON_SIMPY] = partial(run_on_simpy, nodes, often)
    if nodes <= options.largest_dense:
        few = max(2, int(min(1000, 1e10 / nodes**3)))
        costs[FRESH] = partial(run_on_simpy, nodes, few, FreshSolves)
        costs[BARE] = partial(bare_solves, nodes, few)
        often = int(max(4, min(1_000_000, 4e9 / nodes**2) * options.effort))
        costs["dense inverse, rank one"] = partial(dense_inverse, nodes, often)
    costs[SPLU] = _sparse(nodes)
    return costs


def _sparse(nodes: int) -> Cost:
    twin, conductances = ready(nodes)
    solves = SparseSolves(twin, [4.0, 0.0], [1.0, 2.0])
    often = max(1, min(100, 100_000 // nodes))

    def seconds() -> float:
        return cpu_seconds(lambda: [solves.solve(conductances) for _ in range(often)]) / often

    return seconds


def _from_simpy(microseconds: dict[str, float]) -> Iterator[Row]:
    ours, theirs = microseconds[ON_SIMPY], microseconds[FRESH]
    yield row(ON_SIMPY, BREADBOARD, ours, "us", FRESH, theirs, least=20.0)


def _growth(cost: dict[int, float]) -> Iterator[Row]:
    if len(cost) > 1:
        exponent = np.polyfit(np.log(list(cost)), np.log(list(cost.values())), 1)[0]
        name = f"growth of an event from {min(cost)} nodes, exponent"
        yield bound(name, max(cost), float(exponent), "", 1.05)


def step(options: Options) -> Iterator[Row]:
    """Time a synchronous step: every edge changes, both copies are read at every node."""
    nodes = 10_000
    twin, conductances = ready(nodes)
    solves = SparseSolves(twin, [4.0, 0.0], [1.0, 2.0])
    other = conductances * np.random.default_rng(0).uniform(0.9, 1.1, conductances.size)

    def ours() -> None:
        twin.set_conductances(other)
        twin.voltages()

    ours()
    cost = medians(
        options.repeats,
        {
            "ours": lambda: cpu_seconds(ours),
            "splu": lambda: cpu_seconds(lambda: solves.solve(other)),
        },
    )
    yield row(
        "synchronous step", nodes, 1e3 * cost["ours"], "ms",
        SPLU, 1e3 * cost["splu"], least=1.0,
    )  # fmt: skip


def drift(options: Options) -> Iterator[Row]:
    """Redraw single conductances over six decades, a million times, and solve afresh at the end."""
    for nodes in (9, 100):
        count = int(1e6 * options.effort)
        twin, conductances = ready(nodes)
        rng = np.random.default_rng(0)
        edges = rng.integers(conductances.size, size=(2, count))
        twin.set_conductances(10.0 ** rng.uniform(-6, 0, conductances.size))
        values = 10.0 ** rng.uniform(-6, 0, count)
        for changed, value, read in zip(edges[0].tolist(), values.tolist(), edges[1].tolist(),
                                        strict=True):  # fmt: skip
            twin.set_conductance(changed, value)
            twin.drops(read)
        miss = _miss(twin)
        yield bound(f"drift after {count:g} events, six decades", nodes, miss, "V of 4 V", 4e-9)
        yield bound(
            "  refactored by the self-check", nodes, twin.refactorizations, "times", math.inf
        )


def _miss(twin: ot.TwinNetwork) -> float:
    """Return how far the drops of all edges are from those of a fresh dense solve, V."""
    fresh = FreshSolves(twin)
    fresh.present([4.0, 0.0], [1.0, 2.0])
    edges = range(len(twin.circuit.edges))
    ours = np.array([twin.drops(edge) for edge in edges])
    theirs = np.array([fresh.drops(edge) for edge in edges])
    return float(np.abs(ours - theirs).max())


def log(options: Options) -> Iterator[Row]:
    """Log a long run to disk from a process of its own: bytes an event, and memory."""
    count = 1e8 if options.long else 3e6 * options.effort
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        found: dict[str, float] = alone.submit(logged_run, count).result()
    name = f"{found['events']:g} events logged to disk"
    yield bound(name, BREADBOARD, found["bytes"], "B an event", 45.0)
    yield bound("  resident memory, most", BREADBOARD, found["most_GB"], "GB", 1.5)
    growth = found["end_GB"] - found["tenth_GB"]
    yield bound("  its growth from 10 % on", BREADBOARD, growth, "GB", 0.1)
    yield bound("  time", BREADBOARD, found["us"], "us an event", math.inf)


def logged_run(count: float) -> dict[str, float]:
    """Run the breadboard with its log on disk; return events, bytes and us an event, GB."""
    memory: list[tuple[float, float]] = []
    chosen = scenario(BREADBOARD, count)

    def poll(simulation: Any) -> None:
        memory.append((simulation.now / chosen.horizon, resident_gb()))

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        start = process_time()
        result = ot.run(chosen, seed=1, out=out, poll=poll)
        took = process_time() - start
        size = (out / "events.parquet").stat().st_size
    updates = int(result.summary["updates"])
    tenth = next(gb for share, gb in memory if share >= 0.1)
    return {
        "events": updates,
        "bytes": size / updates,
        "us": 1e6 * took / updates,
        "tenth_GB": tenth,
        "end_GB": memory[-1][1],
        "most_GB": most_resident_gb(),
    }


def resident_gb() -> float:
    """Return the resident memory of this process, GB (the most so far where there is no /proc)."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return most_resident_gb()
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e9


def most_resident_gb() -> float:
    """Return the most that this process has had resident, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def threads(options: Options) -> Iterator[Row]:
    """Run two runs in two threads beside one alone, by the clock on the wall."""
    for nodes, count in ((BREADBOARD, 3_000_000), (1024, 400_000)):
        run_once = partial(_whole_run, nodes, int(count * options.effort))
        run_once(0)

        def together(each: Callable[[int], None] = run_once) -> float:
            start = perf_counter()
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(each, (1, 2)))
            return perf_counter() - start

        def alone(each: Callable[[int], None] = run_once) -> float:
            start = perf_counter()
            each(1)
            return perf_counter() - start

        wall = medians(options.repeats, {"together": together, "alone": alone})
        yield row(
            "two runs in two threads, rate", nodes, 2.0 / wall["together"], "runs/s",
            "one run", 1.0 / wall["alone"], more_is_better=True, least=1.8,
        )  # fmt: skip


def _whole_run(nodes: int, count: int, seed: int) -> None:
    ot.run(scenario(nodes, count), seed=seed, engine="compiled")


def million(options: Options) -> Iterator[Row]:
    """Build a million nodes and run a thousand events, in a process of its own."""
    if not options.million:
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        found: dict[str, float] = alone.submit(million_run).result()
    yield bound("event, compiled", MILLION, found["us"], "us", math.inf)
    yield bound("  building and 1000 events", MILLION, found["seconds"], "s", math.inf)
    yield bound("  resident memory, most", MILLION, found["GB"], "GB", 4.0)
    ours, theirs = found["us"], 1e6 * _sparse(MILLION)()
    yield row("event, compiled", MILLION, ours, "us", SPLU, theirs)


def million_run() -> dict[str, float]:
    """Run it; return us an event, seconds in all, and the most memory, GB."""
    start = process_time()
    cost = run(MILLION, 1000)
    return {"us": 1e6 * cost, "seconds": process_time() - start, "GB": most_resident_gb()}


#: All measures by name.
MEASURES: dict[str, Callable[[Options], Iterator[Row]]] = {
    measure.__name__: measure
    for measure in (events, step, relaxing, stopping, drift, log, threads, million)
}
