"""Metrics of where the resistors went, for studies: cycles, states, displacement, dimension.

They look at the second half of a run, when it has settled: see `~ohmtick.analysis.settled`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import AnalysisError
from .. import trajectories
from ..curvature import Curvature, curvature
from ..settled import nominal_period, settled_path
from ..voltages import mismatch_of
from .base import METRICS, metric

if TYPE_CHECKING:
    from ...engine.records.run import Run

#: Lags, in nominal periods, for each of which there is a metric ``displacement_<lag>``.
LAGS = (1, 2, 3, 4, 5, 6, 10, 20, 30, 50, 100, 200, 300, 500, 1000)


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
    return math.nan if (found := _curvature(run)) is None else found.largest


@metric(events=False)
def participation(run: Run) -> float:
    """How many edges share in the correction of the outputs; of one datum only."""
    return math.nan if (found := _curvature(run)) is None else found.participation


def _curvature(run: Run) -> Curvature | None:
    task = run.tables["task"]
    if task["kind"] != "allostery":
        return None
    if mismatch := mismatch_of(run).conductance:
        raise AnalysisError(
            "the curvature of learning is that of copies which share each conductance, and "
            f"edges.mismatch.conductance is {mismatch:g} in this run"
        )
    sources, targets = task["sources"], list(task["targets"])
    return curvature(run.circuit, run.conductances, sources, targets)


def _displacement(lag: int) -> Callable[[Run], float]:
    def displacement(run: Run) -> float:
        walk = settled_path(run)
        if lag >= len(walk):
            return math.nan
        return float(trajectories.displacement(walk, [lag])["msd"].iloc[0])

    ago = "a period" if lag == 1 else f"{lag} periods"
    displacement.__doc__ = (
        f"How far resistors are from where they were {ago} ago, squared and summed."
    )
    return displacement


for _lag in LAGS:
    METRICS.add(f"displacement_{_lag}", _displacement(_lag))
