"""Figures of what happened: each takes tidy frames and returns the Axes that it drew on.

What they share is said here, and with each figure only what is its own:

hue : str, optional
    Column that tells curves apart. Numbers are coloured in order (viridis), anything else by
    seaborn's colour-blind palette; `group`, of a run's edges, by group, with the rest grey.
groups : array_like of str, shape (E,), optional
    The group of every edge, "" for none, as a run's `edges` have them: in the place of a hue.
units : mapping, optional
    The unit of each key and metric, as in `~ohmtick.analysis.studies.record.StudyRecord.units`.
ax : Axes, optional
    Where to draw; by default a new figure one journal column (3.4 in) wide. What stands beside
    the axes (colour bars, legends of groups) asks for a constrained layout.

None shows, saves or sets a global style: `ax.figure.savefig(...)` saves a figure,
`matplotlib.pyplot.close(ax.figure)` frees it. Frames of any length can be drawn; what is left out
is said with each figure. An `AnalysisError` says which column is missing, or that a frame is empty.
"""

from .clocks import allan, intervals, staleness
from .conductances import conductances
from .confusion import confusion
from .learning import displacement, learning_curve
from .network import network, twins
from .power import power
from .studies import comparison, heat_map, response_curve, scatter
from .style import BINS, DISTINCT, FIGURE, ORDERED, ROWS, stacked
from .ticks import order_parameter, ticks, ticks_and_order

__all__ = [
    "BINS",
    "DISTINCT",
    "FIGURE",
    "ORDERED",
    "ROWS",
    "allan",
    "comparison",
    "conductances",
    "confusion",
    "displacement",
    "heat_map",
    "intervals",
    "learning_curve",
    "network",
    "order_parameter",
    "power",
    "response_curve",
    "scatter",
    "stacked",
    "staleness",
    "ticks",
    "ticks_and_order",
    "twins",
]
