"""Metrics of where the resistors went, for studies: cycles, states, displacement, dimension.

They look at the second half of a run, when it has settled, at one sample a second, and count
potentiometers in positions and continuous resistors in siemens. A study whose edges act once a
second on average so gets one sample an update, whatever its clocks.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from . import trajectories
from .curvature import Curvature, curvature
from .metrics import METRICS, metric

if TYPE_CHECKING:
    from ..engine.record import Run

#: Lags, s, for each of which there is a metric ``displacement_<lag>``.
LAGS = (1, 2, 3, 4, 5, 6, 10, 20, 30, 50, 100, 200, 300, 500, 1000)


def settled_path(run: Run) -> npt.NDArray[np.float64]:
    """Return the second half of a run at one sample a second, in positions or siemens, (T, E).

    Edges that were cut are left out: they have no position any more.
    """
    walk = _PATHS.get(run)  # several metrics ask for it
    if walk is None:
        horizon = float(run.summary["simulated_s"])
        times = np.arange(math.floor(horizon / 2.0), math.ceil(horizon), dtype=np.float64)
        walk = trajectories.path(run.events, run.edges["conductance_start_S"], times)
        walk = walk[:, np.isnan(run.cuts)]
        resistor = run.scenario["edges"]["resistor"]
        if resistor["kind"] == "digital_potentiometer":
            walk = trajectories.steps(walk, resistor["full_scale"] / resistor["positions"])
        _PATHS[run] = walk
    return walk


_PATHS: WeakKeyDictionary[Run, npt.NDArray[np.float64]] = WeakKeyDictionary()


@metric
def cycle_period(run: Run) -> float:
    """Period of the limit cycle that a run ends in, s; infinite where there is none."""
    cycle = trajectories.limit_cycle(settled_path(run))
    return math.inf if cycle is None else float(cycle.period)


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
    from ..engine.circuit import Circuit

    pairs = zip(run.edges["first"], run.edges["second"], strict=True)
    place = {label: number for number, label in enumerate(run.nodes["node"])}
    circuit = Circuit(
        edges=[(place[one], place[other]) for one, other in pairs],
        nodes=len(place),
        labels=list(place),
    )
    return curvature(circuit, run.conductances, task["sources"], list(task["targets"]))


def _displacement(lag: int, run: Run) -> float:
    walk = settled_path(run)
    if lag >= len(walk):
        return math.nan
    return float(trajectories.displacement(walk, [lag])["msd"].iloc[0])


for _lag in LAGS:
    METRICS[f"displacement_{_lag}"] = partial(_displacement, _lag)
