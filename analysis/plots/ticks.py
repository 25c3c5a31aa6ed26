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
from .groups import group_colours, group_legend, named_groups
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

    Without `stop` the window is as long as an edge takes for 20 ticks on average, so that single
    ticks can be seen; the rest of the run is left out. Of more than 150 edges 150 are drawn, evenly
    spread by number, unless `edges` names them; of ticks closer than a thousandth of the window,
    whose marks would cover one another, the first. A tick is there if it was acted on: see
    `analysis.timing`.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order.
    start, stop : float, optional
        The window [start, stop), s. By default it opens at the first tick.
    edges : iterable of int, optional
        The edges to draw; by default all that act.
    groups : array_like of str, shape (E,), optional
        The group of every edge, "" for none, as a run's `edges` have them; edges then have the
        colour of their group, and the legend is of groups.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With one `EventCollection` an edge, in ascending order from the bottom. Rows lie at 0, 1, …
        and are labelled with the edge's number.

    Raises
    ------
    AnalysisError
        If a column is missing, the frame is empty, no tick lies in the window, an edge has no
        entry in `groups`, or one in `edges` has no events.
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
    window = window[window["edge"].isin(chosen)]
    bins = bins_of(window["sensed_s"], begin, stop)
    marks = window["sensed_s"].groupby([window["edge"], bins]).min().groupby("edge")
    times = {edge: group.to_numpy() for edge, group in marks}
    ax = axes_for(ax)
    colours = [DISTINCT[0]]
    if groups is not None:
        names = named_groups(groups, where, max(acting) + 1)
        of_group = group_colours(names)
        colours = [of_group[names[edge]] for edge in chosen]
        group_legend(ax, names)
    ax.eventplot(
        [times.get(edge, np.empty(0)) for edge in chosen],
        lineoffsets=list(range(len(chosen))),
        linelengths=0.8,
        linewidths=0.8,
        colors=colours,
    )
    steps = MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]).tick_values(0, len(chosen) - 1)
    rows = [int(row) for row in steps if 0 <= row < len(chosen)]
    ax.set_yticks(rows, [str(chosen[row]) for row in rows])
    ax.set(xlabel=COLUMNS["time_s"], ylabel="edge", xlim=(begin, stop))
    return ax


def order_parameter(order: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Order parameter of the clocks over time, from 0 to 1.

    Parameters
    ----------
    order : DataFrame
        `time_s`, `order_parameter` and `edges`, as `analysis.order_parameter` returns.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With a dashed line where as many clocks without any order would be on average, √(π / 4E).
        Left out are times at which less than nine tenths of the clocks have a phase: few clocks
        are always in step.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    check_frame(order, ["time_s", "order_parameter", "edges"], "order", "order_parameter")
    ax = axes_for(ax)
    clocks = int(order["edges"].max())
    known = order["order_parameter"].where(order["edges"] >= 0.9 * clocks)
    ax.plot(order["time_s"], known, color=DISTINCT[0], linewidth=0.9)
    if clocks > 1:
        ax.axhline(np.sqrt(np.pi / (4 * clocks)), color="0.35", linewidth=0.8, linestyle="--")
    ax.set(xlabel=COLUMNS["time_s"], ylabel="order\nparameter", ylim=(0.0, 1.05))
    return ax


def ticks_and_order(
    events: pd.DataFrame,
    start: float | None = None,
    stop: float | None = None,
    *,
    period: float | None = None,
    groups: npt.ArrayLike | None = None,
) -> npt.NDArray[np.object_]:
    """Raster of the ticks, and below it the order parameter of the clocks at the same times.

    Parameters
    ----------
    events : DataFrame
        Events of one run, in any order.
    start, stop : float, optional
        The window, as for `ticks`.
    period : float, optional
        As for `analysis.order_parameter`.
    groups : array_like of str, shape (E,), optional
        As for `ticks`.

    Returns
    -------
    ndarray of Axes, shape (2,)
        In a new figure of column width.

    Raises
    ------
    AnalysisError
        As `ticks`.
    """
    raster, order = stacked(heights=(2.2, 1.0))
    ticks(events, start, stop, groups=groups, ax=raster)
    begin, end = raster.get_xlim()
    times = np.linspace(begin, end, BINS)
    order_parameter(order_of(events, times, period), ax=order)
    raster.set_xlabel("")
    return np.asarray([raster, order], dtype=object)
