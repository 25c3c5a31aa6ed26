"""What happened: read recorded events and probes, never run anything.

Every function takes a tidy frame, one row an actuation (events) or one row a probe (probes), and
returns a tidy frame or a small record. The figures are in `ohmtick.analysis.plots`, which is
imported on its own because seaborn is slow to load; for the same reason functions, not modules,
import pandas.
"""

from .learning import FinalError, final_error, learning_curve, time_to
from .timing import (
    allan_deviation,
    interval_statistics,
    staleness,
    staleness_statistics,
    tick_intervals,
)

__all__ = [
    "FinalError",
    "allan_deviation",
    "final_error",
    "interval_statistics",
    "learning_curve",
    "staleness",
    "staleness_statistics",
    "tick_intervals",
    "time_to",
]
