"""What runs cost that take time to settle, and that are stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import ohmtick as ot
from ohmtick.docs.bench_cases import (
    BREADBOARD,
    Options,
    Row,
    Stopwatch,
    bound,
    medians,
    run,
    scenario,
)

#: Of networks that relax, by nodes: events of a run, and what one may take, us.
RELAXING = {64: (40_000, 5.0), 1024: (10_000, 60.0), 16_384: (5_000, 1200.0)}


def relaxing(options: Options) -> Iterator[Row]:
    """Time events of lattices whose nodes take about as long to settle as an edge to act again.

    C / k is 1 s, as is the period of the clocks.
    """
    about_one = {
        "edges.rule": {"kind": "coupled_learning", "learning_rate": 1e-3},
        "edges.resistor": {"kind": "continuous", "start": 1.0},
    }
    physics = {"kind": "relaxation", "capacitance": 1.0}
    for nodes, (events, most) in RELAXING.items():
        count = options.effort * events
        run(nodes, count / 10, physics=physics, **about_one)  # compiled, read from the disk
        measures: dict[str, Callable[[], float]] = {
            "relaxing": partial(run, nodes, count, physics=physics, **about_one),
            "settled": partial(run, nodes, count, **about_one),
        }
        cost = medians(options.repeats, measures)
        yield bound(
            "event, relaxing", nodes, 1e6 * cost["relaxing"], "us", most,
            baseline="event, compiled", baseline_value=1e6 * cost["settled"],
        )  # fmt: skip


def stopping(options: Options) -> Iterator[Row]:
    """Time runs that a `[stop]`, and a function, end, beside plain runs to the same event."""
    for nodes in (BREADBOARD, 1024):
        chosen = scenario(nodes, 1e6).replace(probe={"period": 0.7390851})
        ends = 0.739 * round(options.effort * 40_000 / (16 if nodes == BREADBOARD else 2000))
        few = chosen.replace(horizon=ends)
        lowest = float(ot.run(few, seed=1).probes["error"].iloc[:-1].min())
        stopped = few.replace(horizon=1e3 * ends, stop={"error_below": lowest * (1.0 + 1e-12)})
        end = float(ot.run(stopped, seed=1).summary["simulated_s"])
        plain = few.replace(horizon=end * (1.0 + 1e-12))
        measures: dict[str, Callable[[], float]] = {
            "plain": partial(_seconds, plain),
            "[stop]": partial(_seconds, stopped),
            "stop=": partial(_seconds, stopped.replace(stop=None), lowest * (1.0 + 1e-12)),
        }
        cost = medians(4 * options.repeats, measures)
        for name in ("[stop]", "stop="):
            ratio = cost[name] / cost["plain"]
            yield bound(f"run ended by {name}, of the plain one", nodes, ratio, "", 1.05)


def _seconds(chosen: ot.Scenario, below: float | None = None) -> float:
    """Run a scenario, until its error is below a threshold perhaps; return CPU seconds."""
    watch = Stopwatch()
    stop = None if below is None else lambda probe: probe["error"] < below
    ot.run(chosen, seed=1, engine="compiled", stop=stop, poll=watch)
    return watch.seconds
