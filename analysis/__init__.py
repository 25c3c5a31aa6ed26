"""What happened: read recorded events and probes, never run anything.

Every function takes a tidy frame, one row an actuation (events) or one row a probe (probes), and
returns a tidy frame or a small record. The figures are in `ohmtick.analysis.plots`, which is
imported on its own because seaborn is slow to load; for the same reason functions, not modules,
import pandas.
"""

from .learning import FinalError, final_error, learning_curve, time_to
from .phases import order_parameter
from .stability import allan_deviation, allan_deviations
from .timing import (
    interval_statistics,
    staleness,
    staleness_statistics,
    tick_intervals,
)
from .voltages import node_voltages

__all__ = [
    "FinalError",
    "allan_deviation",
    "allan_deviations",
    "final_error",
    "interval_statistics",
    "learning_curve",
    "node_voltages",
    "order_parameter",
    "staleness",
    "staleness_statistics",
    "tick_intervals",
    "time_to",
]
