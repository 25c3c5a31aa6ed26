"""Metrics of the energy that learning takes: what both copies turn into heat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .base import metric, time_to_tenth

if TYPE_CHECKING:
    from ...engine.records.run import Run


@metric
def energy(run: Run) -> float:
    """Energy that both copies turn into heat over the run, J."""
    return _until(run, None)


@metric
def energy_to_tenth(run: Run) -> float:
    """Energy until the test error is first below a tenth of its first value, J."""
    time = time_to_tenth(run)
    return _until(run, time) if math.isfinite(time) else time


@metric
def power(run: Run) -> float:
    """Mean power of both copies together over the run, W."""
    spent = run.energy()
    return float((spent["free_J"] + spent["clamped_J"]).iloc[0] / spent["time_s"].iloc[0])


def _until(run: Run, time: float | None) -> float:
    return float(run.energy(time)[["free_J", "clamped_J"]].to_numpy().sum())
