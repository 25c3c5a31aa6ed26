"""Where the resistors of a run go once it has settled: over its second half.

The first half is left out, since learning itself would be seen in it. A path is read from the
events, once each nominal period: the mean time between two actions of an edge, which is the clock's
period, times the batch, over the gate. So it has one sample an action, whatever the clocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ..engine.errors import AnalysisError
from . import trajectories
from .recorded import groups_of, span_of

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
    edges = run.tables["edges"]
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
        resistor = run.tables["edges"]["resistor"]
        stepped = resistor["kind"] == "digital_potentiometer"
        left = np.flatnonzero(np.isnan(run.cuts))
        times = period * (count + JUST_AFTER)
        walk = _PATHS[run] = _path(run, times, left, resistor if stepped else None)
    return walk


_PATHS: WeakKeyDictionary[Run, FloatArray] = WeakKeyDictionary()


def settled_displacement(run: Run) -> tuple[pd.DataFrame, str]:
    """Return the mean squared displacement of a run's resistors over its second half, and its unit.

    The path is sampled once a period of the clock, so that a cycle shows as zeros at the multiples
    of its own period; of each group of edges at that of its own clock.

    Returns
    -------
    DataFrame
        `lag` (s), `msd`, `pairs`, as of `trajectories.displacement`, and the `group`, if the run
        has any.
    str
        "steps²" where all are potentiometers with linear spacing, or else "S²".

    Raises
    ------
    AnalysisError
        Where the second half is shorter than four periods of the clock.
    """
    import pandas as pd

    span, groups = span_of(run), groups_of(run)
    resistors = [table.get("resistor", {}) for _, table in groups.values()]
    stepped = all(
        resistor.get("kind") == "digital_potentiometer"
        and resistor.get("spacing", "linear") == "linear"
        for resistor in resistors
    )
    found = []
    for (name, (edges, table)), resistor in zip(groups.items(), resistors, strict=True):
        period = float(table.get("clock", {}).get("period") or span / 1000)
        period = max(period, span / 2 / MOST_SAMPLES)
        count = int(span / 2 / period)
        if count < 4:
            of = f" of the edges of {name!r}" if name else ""
            raise AnalysisError(f"half of it, {span / 2:g} s, is shorter than four periods{of}")
        times = span - period * (np.arange(count, 0, -1) - 0.5)
        lags = np.unique(np.geomspace(1, count // 2, MOST_LAGS).astype(int))
        own = edges[np.isnan(run.cuts[edges])]
        walk = _path(run, times, own, resistor if stepped else None)
        frame = trajectories.displacement(walk, lags)
        found.append(frame.assign(lag=frame["lag"] * period, group=name))
    whole = pd.concat(found, ignore_index=True)
    unit = "steps²" if stepped else "S²"
    return (whole if "group" in run.edges else whole.drop(columns="group")), unit


def _path(
    run: Run,
    times: npt.ArrayLike,
    edges: npt.NDArray[np.intp],
    resistor: Mapping[str, Any] | None,
) -> FloatArray:
    """Return where some resistors are at some times, shape (T, n): S, or positions of a device."""
    walk = trajectories.path(run.events, run.edges["conductance_start_S"], times)[:, edges]
    if resistor is None:
        return walk
    spacing = resistor.get("spacing", "linear")
    return trajectories.positions(walk, resistor["positions"], resistor["full_scale"], spacing)
