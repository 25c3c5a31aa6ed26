"""What happened: read recorded events and probes, never run anything.

Every function takes a tidy frame, one row an actuation (events) or one row a probe (probes), and
returns a tidy frame or a small record. The figures are in `ohmtick.analysis.plots`, which is
imported on its own because seaborn is slow to load; for the same reason functions, not modules,
import pandas.
"""

from .crossing import threshold
from .learning import SettledError, learning_curve, settled_error, time_to
from .metrics import metric
from .phases import order_parameter
from .stability import allan_deviation, allan_deviations
from .statistics import bootstrap, compare, rank_correlation
from .studies.responses import comparisons, heat_map, influence, response, thresholds
from .timing import interval_statistics, staleness, staleness_statistics, tick_intervals
from .voltages import node_voltages

__all__ = [
    "SettledError",
    "allan_deviation",
    "allan_deviations",
    "bootstrap",
    "compare",
    "comparisons",
    "heat_map",
    "influence",
    "interval_statistics",
    "learning_curve",
    "metric",
    "node_voltages",
    "order_parameter",
    "rank_correlation",
    "response",
    "settled_error",
    "staleness",
    "staleness_statistics",
    "threshold",
    "thresholds",
    "tick_intervals",
    "time_to",
]
