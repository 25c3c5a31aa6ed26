"""Figures of what happened.

Each takes a tidy frame and, if the figure is to be composed, the Axes to draw on; it returns the
Axes, and never shows, saves or sets a global style. Without Axes it makes a figure one journal
column (3.4 in) wide: `ax.figure.savefig(...)` saves it, `matplotlib.pyplot.close(ax.figure)`
frees it. Frames of any length can be drawn; what is left out is said with each figure.
"""

from .clocks import allan, intervals, staleness
from .conductances import conductances
from .displacement import displacement
from .learning import learning_curve
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
