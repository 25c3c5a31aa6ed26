"""Metrics of where the resistors went, for studies: cycles, states, displacement, dimension.

They look at the second half of a run, when it has settled, and count potentiometers in positions
and continuous resistors in siemens. They read the path from the events, once each nominal period:
the mean time between two actions of an edge, which is the clock's period, times the batch, over
the gate. So they get one sample an action, whatever the clocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ...engine.errors import AnalysisError
from .. import trajectories
from ..curvature import Curvature, curvature
from ..voltages import mismatch_of
from . import METRICS, metric

if TYPE_CHECKING:
    from ...engine.records.run import Run

#: Lags, in nominal periods, for each of which there is a metric ``displacement_<lag>``.
LAGS = (1, 2, 3, 4, 5, 6, 10, 20, 30, 50, 100, 200, 300, 500, 1000)
#: Fewer samples repeat nothing and move nowhere.
LEAST_SAMPLES = 3
#: How long after each period a path is read, in periods: what is written at just that time, up to
#: the rounding of a latency that was added to it, has happened.
JUST_AFTER = 1e-6


def nominal_period(run: Run) -> float:
    """Return the mean time between two actions of an edge, s.

    Raises
    ------
    AnalysisError
        Where no edge ever acts, or another clock than the scenario's made them act.
    """
    for part, other in (run.summary.get("stand_ins") or {}).items():
        if part in ("clock", "agent"):
            raise AnalysisError(
                f"a path is read once a period of the scenario's clock, and {other['name']} stood "
                f"in as the {part} of this run; use ohmtick.analysis.trajectories with its times"
            )
    edges = run.scenario["edges"]
    if edges.get("groups"):
        raise AnalysisError(
            "a path is read once for each time that an edge acts, and edges.groups may act at "
            "different times, or change different devices"
        )
    clock = edges["clock"]
    if clock["kind"] not in ("periodic", "poisson"):
        raise AnalysisError(
            "a path is read once a period of a periodic or a Poisson clock, got the clock "
            f"{clock['kind']!r}; use ohmtick.analysis.trajectories with its times"
        )
    if not clock["gate"]:
        raise AnalysisError(
            "a path is read once for each time that an edge acts, and at edges.clock.gate = 0.0 "
            "none does"
        )
    return float(clock["period"] * edges["batch"] / clock["gate"])


def settled_path(run: Run) -> npt.NDArray[np.float64]:
    """Return the second half of a run, a sample a nominal period, in positions or siemens, (T, E).

    Edges that were cut are left out: they have no position any more.

    Raises
    ------
    AnalysisError
        Where the period is not defined, or the half has fewer than `LEAST_SAMPLES` of them.
    """
    walk = _PATHS.get(run)  # several metrics ask for it
    if walk is None:
        period, span = nominal_period(run), float(run.summary["simulated_s"])
        count = np.arange(math.floor(span / period / 2.0), math.ceil(span / period))
        if count.size < LEAST_SAMPLES:
            raise AnalysisError(
                f"the second half of a run must have at least {LEAST_SAMPLES} periods of "
                f"{period:g} s for a metric of its path, got {span / 2.0:g} s"
            )
        times = period * (count + JUST_AFTER)
        walk = trajectories.path(run.events, run.edges["conductance_start_S"], times)
        walk = walk[:, np.isnan(run.cuts)]
        resistor = run.scenario["edges"]["resistor"]
        if resistor["kind"] == "digital_potentiometer":
            scale = (resistor[key] for key in ("positions", "full_scale", "spacing"))
            walk = trajectories.positions(walk, *scale)
        _PATHS[run] = walk
    return walk


_PATHS: WeakKeyDictionary[Run, npt.NDArray[np.float64]] = WeakKeyDictionary()


@metric
def cycle_period(run: Run) -> float:
    """Period of the limit cycle that a run ends in, s; infinite where there is none."""
    cycle = trajectories.limit_cycle(settled_path(run))
    return math.inf if cycle is None else cycle.period * nominal_period(run)


@metric
def distinct_states(run: Run) -> float:
    """Fraction of the samples, once settled, in which the network is where it never was before."""
    visited = trajectories.distinct_states(settled_path(run))
    return float(visited[-1]) / visited.size


@metric
def effective_dimension(run: Run) -> float:
    """In how many directions the settled path spreads."""
    return trajectories.effective_dimension(settled_path(run))


@metric
def spread_of_states(run: Run) -> float:
    """Root mean square distance, over edges, of the settled path from its middle."""
    walk = settled_path(run)
    return float(np.sqrt(walk.var(axis=0).mean()))


@metric(events=False)
def largest_curvature(run: Run) -> float:
    """Largest curvature of coupled learning at the last conductances, V²/S; of one datum only."""
    found = _curvature(run)
    return math.nan if found is None else found.largest


@metric(events=False)
def participation(run: Run) -> float:
    """How many edges share in the correction of the outputs; of one datum only."""
    found = _curvature(run)
    return math.nan if found is None else found.participation


def _curvature(run: Run) -> Curvature | None:
    task = run.scenario["task"]
    if task["kind"] != "allostery":
        return None
    if mismatch_of(run).conductance:
        raise AnalysisError(
            "the curvature of learning is that of copies which share each conductance, and "
            f"edges.mismatch.conductance is {mismatch_of(run).conductance:g} in this run"
        )
    from ...engine.circuit import Circuit

    pairs = zip(run.edges["first"], run.edges["second"], strict=True)
    place = {label: number for number, label in enumerate(run.nodes["node"])}
    circuit = Circuit(
        edges=[(place[one], place[other]) for one, other in pairs],
        nodes=len(place),
        labels=list(place),
    )
    return curvature(circuit, run.conductances, task["sources"], list(task["targets"]))


def _displacement(lag: int) -> Callable[[Run], float]:
    def displacement(run: Run) -> float:
        """How far resistors are from where they were some periods ago, squared and summed."""
        walk = settled_path(run)
        if lag >= len(walk):
            return math.nan
        return float(trajectories.displacement(walk, [lag])["msd"].iloc[0])

    return displacement


for _lag in LAGS:
    METRICS.add(f"displacement_{_lag}", _displacement(_lag))
