"""When the edges ticked: a raster, and the order parameter of their clocks."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..frames import check_frame, require
from ..phases import order_parameter as order_of
from ..units import COLUMNS
from .groups import group_colours, group_legend, legend, named_groups, told_apart
from .style import BINS, DISTINCT, axes_for, bins_of, choose_edges, stacked

WINDOW = 20  # ticks an edge in the default raster


def ticks(
    events: pd.DataFrame,
    start: float | None = None,
    stop: float | None = None,
    *,
    edges: Iterable[int] | None = None,
    groups: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Raster of the times at which the edges sensed: one row an edge, one mark a tick.

    Rows lie at 0, 1, … from the bottom, in ascending order of the edges, whose numbers they bear.
    A tick is there if it was acted on: see `analysis.timing`. Of ticks closer than a thousandth of
    the window, whose marks would cover one another, the first is drawn.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order.
    start, stop : float, optional
        The window [start, stop), s. By default it opens at the first tick, and is as long as an
        edge takes for 20 ticks on average, so that single ticks can be seen.
    edges : iterable of int, optional
        The edges to draw; by default all that act, and of more than 150 so many, evenly spread by
        number.
    """
    where = "ticks"
    check_frame(events, ["edge", "sensed_s"], "events", where)
    acting = np.unique(events["edge"]).tolist()
    sensed = events["sensed_s"]
    begin = float(sensed.min()) if start is None else start
    if stop is None:
        last = float(sensed.max())
        interval = (last - float(sensed.min())) * len(acting) / len(events) or 1.0
        stop = min(begin + WINDOW * interval, last + interval)
    require(begin < stop, "start", where, f"be before the window's end at {stop} s", begin)
    window = events.loc[(sensed >= begin) & (sensed < stop), ["edge", "sensed_s"]]
    rule = "open a window that holds ticks"
    require(not window.empty, "start", where, rule, f"[{begin}, {stop})")

    chosen = choose_edges(acting, edges, where)
    bins = bins_of(window["sensed_s"], begin, stop)
    marks = window["sensed_s"].groupby([window["edge"], bins]).min().groupby("edge")
    times = {edge: group.to_numpy() for edge, group in marks}
    ax = axes_for(ax)
    colours = [DISTINCT[0]]
    if groups is not None:
        names = named_groups(groups, where, max(acting) + 1)
        colours = [group_colours(names)[names[edge]] for edge in chosen]
        group_legend(ax, names)
    ax.eventplot(
        [times.get(edge, np.empty(0)) for edge in chosen],
        lineoffsets=list(range(len(chosen))),
        linelengths=0.8,
        linewidths=0.8,
        colors=colours,
    )
    steps = MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]).tick_values(0, len(chosen) - 1)
    rows = [int(row) for row in steps if 0 <= row < len(chosen)]
    ax.set_yticks(rows, [str(chosen[row]) for row in rows])
    ax.set(xlabel=COLUMNS["time_s"], ylabel="edge", xlim=(begin, stop))
    return ax


def order_parameter(order: pd.DataFrame, hue: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Order parameter of the clocks over time, from 0 to 1.

    A dashed line is where as many clocks without any order would be on average, √(π / 4E). Left out
    are times at which less than nine tenths of the clocks have a phase: few clocks are always in
    step.

    Parameters
    ----------
    order : DataFrame
        `time_s`, `order_parameter` and `edges`, as `analysis.order_parameter` returns.
    """
    columns = ["time_s", "order_parameter", "edges"]
    order, hue, colours = told_apart(order, columns, "order", "order_parameter", hue)
    ax = axes_for(ax)
    for level, own in order.groupby("hue", sort=False):
        clocks = int(own["edges"].max())
        known = own["order_parameter"].where(own["edges"] >= 0.9 * clocks)
        ax.plot(own["time_s"], known, color=colours[level], linewidth=0.9, label=str(level))
        if clocks > 1:
            colour = colours[level] if hue else "0.35"
            ax.axhline(np.sqrt(np.pi / (4 * clocks)), color=colour, linewidth=0.8, linestyle="--")
    legend(ax, hue, colours)
    ax.set(xlabel=COLUMNS["time_s"], ylabel="order\nparameter", ylim=(0.0, 1.05))
    ax.set_yticks([0.0, 0.5, 1.0])
    return ax


def ticks_and_order(
    events: pd.DataFrame,
    start: float | None = None,
    stop: float | None = None,
    *,
    period: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
) -> npt.NDArray[np.object_]:
    """Raster of the ticks, and below it the order parameter of the clocks at the same times.

    Of groups, each of two clocks or more has an order of its own. Returns two Axes of a new figure.

    Parameters
    ----------
    events, start, stop
        As for `ticks`.
    period : float or array_like, shape (E,), optional
        As for `analysis.order_parameter`.
    """
    raster, order = panels = stacked(heights=(2.2, 1.0))
    ticks(events, start, stop, groups=groups, ax=raster)
    begin, end = raster.get_xlim()
    times = np.linspace(begin, end, BINS)
    apart, hue, _ = told_apart(events, ["edge"], "events", "ticks_and_order", groups=groups)
    found = [
        order_of(own, times, period).assign(group=name)
        for name, own in apart.groupby("hue")
        if own["edge"].min() < own["edge"].max()
    ]
    if not found:
        found, hue = [order_of(events, times, period)], None
    order_parameter(pd.concat(found, ignore_index=True), hue, ax=order)
    if hue:
        order.get_legend().remove()  # it stands beside the raster
    raster.set_xlabel("")
    raster.figure.align_ylabels(panels)
    return panels
