"""Where the resistors of a run go once it has settled: over its second half.

The first half is left out, since learning itself would be seen in it. A path is read from the
events, once each nominal period: the mean time between two actions of an edge, which is the clock's
period, times the batch, over the gate. So it has one sample an action, whatever the clocks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ..engine.errors import AnalysisError
from . import trajectories
from .recorded import clock_of, span_of

if TYPE_CHECKING:
    import pandas as pd

    from ..engine.records.run import Run

FloatArray = npt.NDArray[np.float64]

#: Fewer samples repeat nothing and move nowhere.
LEAST_SAMPLES = 3
#: How long after each period a path is read, in periods: what is written at just that time, up to
#: the rounding of a latency that was added to it, has happened.
JUST_AFTER = 1e-6
#: Samples that a displacement is taken from, and lags of it, at most.
MOST_SAMPLES, MOST_LAGS = 20_000, 60


def nominal_period(run: Run) -> float:
    """Return the mean time between two actions of an edge, s.

    Where no edge ever acts, or another clock than the scenario's made them act, that is an
    AnalysisError.
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


def settled_path(run: Run) -> FloatArray:
    """Return the second half of a run, a sample a nominal period, in positions or siemens, (T, E).

    Edges that were cut are left out: they have no position any more. Where the period is not
    defined, or the half has fewer than `LEAST_SAMPLES` of them, that is an AnalysisError.
    """
    if (walk := _PATHS.get(run)) is None:  # several metrics ask for it
        period, span = nominal_period(run), span_of(run)
        count = np.arange(math.floor(span / period / 2.0), math.ceil(span / period))
        if count.size < LEAST_SAMPLES:
            raise AnalysisError(
                f"the second half of a run must have at least {LEAST_SAMPLES} periods of "
                f"{period:g} s for a metric of its path, got {span / 2.0:g} s"
            )
        stepped = run.scenario["edges"]["resistor"]["kind"] == "digital_potentiometer"
        walk = _PATHS[run] = _path(run, period * (count + JUST_AFTER), in_positions=stepped)
    return walk


_PATHS: WeakKeyDictionary[Run, FloatArray] = WeakKeyDictionary()


def settled_displacement(run: Run) -> tuple[pd.DataFrame, str]:
    """Return the mean squared displacement of a run's resistors over its second half, and its unit.

    The path is sampled once a period of the clock, so that a cycle shows as zeros at the multiples
    of its own period.

    Returns
    -------
    DataFrame
        `lag` (s), `msd`, `pairs`, as of `trajectories.displacement`.
    str
        "steps²" of a potentiometer with linear spacing, or else "S²".

    Raises
    ------
    AnalysisError
        Where the second half is shorter than four periods of the clock.
    """
    span = span_of(run)
    period = float(clock_of(run).get("period") or span / 1000)
    period = max(period, span / 2 / MOST_SAMPLES)
    count = int(span / 2 / period)
    if count < 4:
        raise AnalysisError(f"half of it, {span / 2:g} s, is shorter than four periods")
    resistor = run.scenario.get("edges", {}).get("resistor", {})
    stepped = resistor.get("kind") == "digital_potentiometer" and (
        resistor.get("spacing", "linear") == "linear"
    )
    times = span - period * (np.arange(count, 0, -1) - 0.5)
    lags = np.unique(np.geomspace(1, count // 2, MOST_LAGS).astype(int))
    frame = trajectories.displacement(_path(run, times, in_positions=stepped), lags)
    return frame.assign(lag=frame["lag"] * period), "steps²" if stepped else "S²"


def _path(run: Run, times: npt.ArrayLike, *, in_positions: bool) -> FloatArray:
    """Return where the resistors that were not cut are at some times, shape (T, E)."""
    walk = trajectories.path(run.events, run.edges["conductance_start_S"], times)
    walk = walk[:, np.isnan(run.cuts)]
    if not in_positions:
        return walk
    resistor = run.scenario["edges"]["resistor"]
    spacing = resistor.get("spacing", "linear")
    return trajectories.positions(walk, resistor["positions"], resistor["full_scale"], spacing)
