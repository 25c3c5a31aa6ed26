"""How far the resistors of a run wander: its displacement, in the unit that they step in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import AnalysisError
from ..engine.records.run import Run
from .report.thinning import span_of
from .trajectories import displacement, path, steps

if TYPE_CHECKING:
    import pandas as pd

#: Samples of a path, and lags that are evaluated, at most.
MOST_SAMPLES, MOST_LAGS = 20_000, 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Wandering:
    """A displacement against lag, and its unit.

    Attributes
    ----------
    frame : DataFrame
        `lag` (s), `msd`, `pairs`.
    unit : str
        "steps²" of a potentiometer with linear spacing, or else "S²".
    """

    frame: pd.DataFrame
    unit: str


def wandering(run: Run) -> Wandering:
    """Return the mean squared displacement of a run's resistors over its second half.

    The first half is left out, since learning itself would be seen in it. The path is sampled once
    a period of the clock, so that a cycle shows as zeros at the multiples of its own period.

    Parameters
    ----------
    run : Run
        A recorded run.

    Raises
    ------
    AnalysisError
        Where the second half is shorter than four periods of the clock.
    """
    edges = run.scenario.get("edges", {})
    span = span_of(run)
    period = float(edges.get("clock", {}).get("period") or span / 1000)
    period = max(period, span / 2 / MOST_SAMPLES)
    count = int(span / 2 / period)
    if count < 4:
        raise AnalysisError(f"half of it, {span / 2:g} s, is shorter than four periods")
    times = span - period * (np.arange(count, 0, -1) - 0.5)
    went = path(run.events, run.edges["conductance_start_S"], times)
    went = went[:, np.isnan(run.cuts)]  # an edge that was cut has no position any more
    resistor = edges.get("resistor", {})
    stepped = resistor.get("kind") == "digital_potentiometer" and (
        resistor.get("spacing", "linear") == "linear"
    )
    if stepped:
        went = steps(went, resistor["full_scale"] / resistor["positions"])
    lags = np.unique(np.geomspace(1, count // 2, MOST_LAGS).astype(int))
    frame = displacement(went, lags)
    return Wandering(
        frame=frame.assign(lag=frame["lag"] * period), unit="steps²" if stepped else "S²"
    )
