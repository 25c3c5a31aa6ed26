"""Metrics: what a study asks of each of its runs, by name.

A metric is a function of a `~ohmtick.engine.records.run.Run` that returns a number. `metric` makes
one known under its own name:

>>> from ohmtick.analysis.metrics import METRICS, metric
>>> @metric
... def largest_staleness(run):
...     "Most actuations of others between a reading and its actuation."
...     return run.events["staleness"].max()

A metric that cannot be told of a run is NaN, and a time that is never reached is infinite, so that
medians over seeds mean something.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ...engine.errors import AnalysisError, nearest, shown
from ...engine.registry import Family
from .. import learning

if TYPE_CHECKING:
    from ...engine.records.run import Run

Metric = Callable[["Run"], float]
M = TypeVar("M", bound=Callable[[Any], Any])

#: Every known metric by its name.
METRICS: Family[Metric] = Family("metric")
#: What a study measures that names no metric.
DEFAULT = ("settled_error", "best_error", "final_error", "time_to_tenth", "updates")

_SPARE_EVENTS: set[str] = set()


@overload
def metric(function: M) -> M: ...
@overload
def metric(*, events: bool) -> Callable[[M], M]: ...
def metric(function: M | None = None, *, events: bool = True) -> M | Callable[[M], M]:
    """Make a function of a run known as a metric, under its own name; use it as a decorator.

    Parameters
    ----------
    function
        Takes a run and returns a number; its first line says what it is.
    events
        Whether it looks at the run's events. A study that keeps no event logs, and whose metrics
        do not ask for them, records none, which saves memory.

    Raises
    ------
    AnalysisError
        When another metric is known under that name.
    """
    return partial(_register, events=events) if function is None else _register(function, events)


def _register(function: M, events: bool) -> M:
    name = getattr(function, "__name__", "")
    known = METRICS.registered(name)
    same = known is not None and known.__module__ == function.__module__  # imported once more
    if not name.isidentifier() or not name.isascii():
        raise AnalysisError(f"a metric must have a name, got {name or function!r}")
    if known is not None and not same:
        raise AnalysisError(f"the metric {name!r} must have a name of its own; another one has it")
    if same:
        METRICS.remove(name)
    METRICS.add(name, function)
    if not events:
        _SPARE_EVENTS.add(name)
    return function


def name_of(function: Metric) -> str:
    """Return the name that a function is known by, as a metric; make it known if it is not."""
    name = getattr(function, "__name__", "")
    if METRICS.get(name) is not function:
        _register(function, events=True)
    return name


def known(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of some metrics; refuse one that is unknown, or that is named twice."""
    asked = tuple(names)
    for name in asked:
        if not isinstance(name, str):
            raise AnalysisError(f"a metric must be named by text, got {shown(name)} instead")
        if name not in METRICS:
            hint = nearest(name, METRICS) or "'ohmtick list kinds' names all"
            raise AnalysisError(
                "a metric must be one that comes with Ohmtick, or that an import or --plugin "
                f"brings, got {shown(name)} instead; {hint}"
            )
        if asked.count(name) > 1:
            raise AnalysisError(f"a metric must be named once, got {shown(name)} twice")
    return asked


def need_events(names: Iterable[str]) -> bool:
    """Whether any of these metrics looks at a run's events."""
    return any(name not in _SPARE_EVENTS for name in names)


def measure(run: Run, names: Iterable[str]) -> dict[str, float]:
    """Return some metrics of a run, by name."""
    return {name: float(METRICS[name](run)) for name in names}


@metric(events=False)
def initial_error(run: Run) -> float:
    """Test error of the first conductances, V²."""
    return float(run.summary["initial_error"])


@metric(events=False)
def final_error(run: Run) -> float:
    """Test error of the last conductances, V²."""
    return float(run.summary["final_error"])


@metric(events=False)
def settled_error(run: Run) -> float:
    """Mean test error over the last quarter of the run, V²."""
    return _settled(run, "error", "mean")


@metric(events=False)
def fluctuation(run: Run) -> float:
    """S.d. of the test error over the last quarter of the run, V²."""
    return _settled(run, "error", "fluctuation")


@metric(events=False)
def best_error(run: Run) -> float:
    """Lowest test error that a probe met, V²."""
    return float(run.probes["error"].min())


@metric(events=False)
def time_to_half(run: Run) -> float:
    """Time at which the test error is first below half of its first value, s."""
    return _time_to(run, 0.5)


@metric(events=False)
def time_to_tenth(run: Run) -> float:
    """Time at which the test error is first below a tenth of its first value, s."""
    return _time_to(run, 0.1)


@metric(events=False)
def updates(run: Run) -> float:
    """Actuations of the whole network."""
    return float(run.summary["updates"])


@metric(events=False)
def updates_per_edge(run: Run) -> float:
    """Actuations an edge."""
    return float(run.summary["updates"]) / len(run.edges)


@metric(events=False)
def final_accuracy(run: Run) -> float:
    """Fraction of the test data that the last conductances classify; NaN without classes."""
    accuracy = run.summary.get("final_accuracy")  # null where the last task has no classes
    return math.nan if accuracy is None else float(accuracy)


@metric(events=False)
def settled_accuracy(run: Run) -> float:
    """Mean accuracy over the last quarter of the run; NaN without classes."""
    return _settled(run, "accuracy", "mean")


@metric
def mean_staleness(run: Run) -> float:
    """Mean number of other actuations between a reading and its actuation."""
    return float(run.events["staleness"].mean())


@metric
def saturated(run: Run) -> float:
    """Fraction of the actuations that changed nothing, as at an end of the resistor's range."""
    events = run.events
    return float((events["conductance_after_S"] == events["conductance_before_S"]).mean())


def _settled(run: Run, column: str, what: str) -> float:
    if column not in run.probes or run.probes.empty:
        return math.nan
    as_error = run.probes[["time_s"]].assign(error=run.probes[column])
    return float(getattr(learning.settled_error(as_error), what))


def _time_to(run: Run, fraction: float) -> float:
    if run.probes.empty:
        return math.nan
    time = learning.time_to(run.probes, fraction)
    return math.inf if math.isnan(time) else time
