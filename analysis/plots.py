"""Figures: learning curve, conductances over time, ticks as a raster.

Each takes a tidy frame and, if the figure is to be composed, the Axes to draw on; it returns the
Axes, and never shows, saves or sets a global style. Without Axes it makes a figure one journal
column (3.4 in) wide: `ax.figure.savefig(...)` saves it, `matplotlib.pyplot.close(ax.figure)`
frees it. Frames of any length can be drawn; what is left out is said with each figure.
"""

from collections.abc import Hashable, Iterable

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.ticker import MaxNLocator
from matplotlib.typing import ColorType

from ..engine.errors import AnalysisError
from .frames import check_frame, refusal

FIGURE = (3.4, 2.4)  # in, one column of a journal
BINS = 1000  # over the time axis, each finer than a 300 dpi dot at column width
ROWS = 150  # edges that can still be told apart at column width
KEYS = 6  # entries of a legend of numbers
WINDOW = 20  # ticks an edge in the default raster

DISTINCT: list[ColorType] = list(sns.color_palette("colorblind"))
# Viridis without its yellow end, which is too pale for a line on white.
ORDERED = ListedColormap(mpl.colormaps["viridis"](np.linspace(0.0, 0.9, 256)), name="viridis")

LABELS = {
    "time_s": "time (s)",
    "updates": "updates",
    "updates_per_edge": "updates per edge",
    "error": "error (V²)",
    "relative_error": "error / initial error",
    "accuracy": "accuracy",
}


def learning_curve(
    probes: pd.DataFrame,
    hue: str | None = None,
    *,
    x: str = "time_s",
    y: str = "error",
    ax: Axes | None = None,
) -> Axes:
    """Error against time, on a logarithmic axis.

    Where several rows share a time (and a hue), as the seeds of a study do, the line is their
    median and the band runs from the lower to the upper quartile.

    Parameters
    ----------
    probes : DataFrame
        Probes of one run, or of several in one frame; also what `analysis.learning_curve` returns.
    hue : str, optional
        Column that tells the lines apart. Numbers are coloured in order (viridis), and of more than
        six every so many is in the legend; anything else takes seaborn's colour-blind palette.
    x : str, default "time_s"
        Column of the horizontal axis: `time_s`, `updates` or `updates_per_edge`. Rows are matched
        by `time_s` all the same, and drawn at their median `x`.
    y : str, default "error"
        Column of the vertical axis: `error`, `relative_error`, or `accuracy`, whose axis is linear.
        A logarithmic axis leaves out what is not positive.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With one line a hue, in the order of the legend.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    group = [] if hue is None else [hue]
    check_frame(probes, dict.fromkeys(["time_s", x, y, *group]), "probes", "learning_curve")
    lines = pd.DataFrame({"hue": probes[hue] if hue else "", "time_s": probes["time_s"]})
    lines[["x", "y"]] = probes[[x, y]].to_numpy(dtype=float)
    cells = lines.groupby(["hue", "time_s"], observed=True)
    curve = cells[["x", "y"]].median()
    curve["lower"] = cells["y"].quantile(0.25)
    curve["upper"] = cells["y"].quantile(0.75)
    curve = curve.reset_index()
    numeric = pd.api.types.is_numeric_dtype(curve["hue"].dtype)
    palette = _palette(curve["hue"].unique().tolist(), numeric)

    ax = _axes(ax)
    sns.lineplot(
        curve,
        x="x",
        y="y",
        hue="hue",
        hue_order=list(palette),
        palette=palette,
        estimator=None,
        sort=False,
        legend="full" if hue else False,
        linewidth=1.0,
        ax=ax,
    )
    if (cells.size() > 1).any():
        for level, colour in palette.items():
            band = curve[curve["hue"] == level]
            ax.fill_between(
                band["x"], band["lower"], band["upper"], color=colour, alpha=0.2, linewidth=0
            )
    if y != "accuracy" and (curve["y"] > 0).any():
        ax.set_yscale("log")
    ax.set(xlabel=LABELS.get(x, x), ylabel=LABELS.get(y, y))
    if hue:
        handles, labels = ax.get_legend_handles_labels()
        if numeric and len(labels) > KEYS:
            shown = np.linspace(0, len(labels) - 1, KEYS).round().astype(int)
            handles, labels = [handles[i] for i in shown], [labels[i] for i in shown]
        ax.legend(
            handles,
            labels,
            title=hue,
            # Errors fall and accuracies rise: the corner that is likely to be free.
            loc="lower right" if y == "accuracy" else "upper right",
            fontsize="small",
            title_fontsize="small",
            edgecolor="none",
        )
    return ax


def conductances(
    events: pd.DataFrame,
    initial: npt.ArrayLike | None = None,
    *,
    edges: Iterable[int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Conductance of every edge over time, as steps.

    The axis is logarithmic where the largest conductance is over ten times the smallest. Of more
    than 150 edges 150 are drawn, evenly spread by number, unless `edges` names them. Time has 1000
    bins: of the actuations of an edge in one bin the lowest, the highest and the last are drawn, so
    the envelope is whole and only what is finer than the print is left out.

    Parameters
    ----------
    events : DataFrame
        Events of one run, or a stretch of them.
    initial : array_like, shape (E,), optional
        Conductances before the first event, S. They add the edges that never act, as level lines;
        the others start from their own `conductance_before_S` anyway.
    edges : iterable of int, optional
        The edges to draw; by default all.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With one line an edge, in ascending order, from the time of the first event to the last. Up
        to ten edges have a legend, more a colour bar; both are beside the axes, so give axes of
        your own a constrained layout.

    Raises
    ------
    AnalysisError
        If a column is missing, the frame is empty, `initial` is not one-dimensional, or an edge in
        `edges` has neither events nor an initial value.
    """
    where = "conductances"
    needed = ["time_s", "edge", "conductance_before_S", "conductance_after_S"]
    check_frame(events, needed, "events", where)
    before: dict[int, float] = {}
    if initial is not None:
        values = np.asarray(initial, dtype=float)
        if values.ndim != 1:
            shape = f"an array of shape {values.shape}"
            raise AnalysisError(refusal("initial", where, "be one-dimensional", shape))
        before.update(enumerate(values.tolist()))
    begin, end = float(events["time_s"].min()), float(events["time_s"].max())
    ordered = events[needed].sort_values("time_s", kind="stable", ignore_index=True)
    first = ordered.drop_duplicates("edge")
    before.update(zip(first["edge"].tolist(), first["conductance_before_S"].tolist(), strict=True))

    chosen = _choose(sorted(before), edges, where)
    ordered = ordered[ordered["edge"].isin(chosen)]
    bins = _bins(ordered["time_s"], begin, end)
    cells = ordered["conductance_after_S"].groupby([ordered["edge"], bins])
    kept = np.unique(np.concatenate([cells.idxmin(), cells.idxmax(), cells.tail(1).index]))
    steps = pd.DataFrame(
        {
            "edge": chosen,
            "time_s": begin,
            "conductance_after_S": [before[edge] for edge in chosen],
        }
    )
    steps = pd.concat([steps, ordered.loc[kept, list(steps)]], ignore_index=True)
    ends = steps.drop_duplicates("edge", keep="last").assign(time_s=end)
    steps = pd.concat([steps, ends], ignore_index=True)

    ax = _axes(ax)
    few = len(chosen) <= len(DISTINCT)
    norm = Normalize(chosen[0], chosen[-1])
    sns.lineplot(
        steps,
        x="time_s",
        y="conductance_after_S",
        hue="edge",
        hue_order=chosen,
        palette=DISTINCT[: len(chosen)] if few else {edge: ORDERED(norm(edge)) for edge in chosen},
        estimator=None,
        sort=False,
        drawstyle="steps-post",
        legend="full" if few else False,
        linewidth=0.8 if few else 0.5,
        ax=ax,
    )
    drawn = steps["conductance_after_S"]
    if drawn.min() > 0 and drawn.max() > 10 * drawn.min():
        ax.set_yscale("log")
    ax.set(xlabel=LABELS["time_s"], ylabel="conductance (S)")
    ax.margins(x=0.02)
    if few:
        ax.legend(
            title="edge",
            # Beside the axes: lines wander everywhere inside them.
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.0,
            handlelength=1.2,
            fontsize="small",
            title_fontsize="small",
            frameon=False,
        )
    else:
        whole = MaxNLocator(6, integer=True)
        key = ax.figure.colorbar(ScalarMappable(norm, ORDERED), ax=ax, ticks=whole, aspect=30)
        key.set_label("edge", size=ax.yaxis.label.get_fontsize())
        key.ax.tick_params(labelsize="small")
    return ax


def ticks(
    events: pd.DataFrame,
    start: float | None = None,
    stop: float | None = None,
    *,
    edges: Iterable[int] | None = None,
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
        If a column is missing, the frame is empty, no tick lies in the window, or an edge in
        `edges` has no events.
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
    if not begin < stop:
        raise AnalysisError(
            refusal("start", where, f"be before the window's end at {stop} s", begin)
        )
    window = events.loc[(sensed >= begin) & (sensed < stop), ["edge", "sensed_s"]]
    if window.empty:
        held = f"[{begin}, {stop})"
        raise AnalysisError(refusal("start", where, "open a window that holds ticks", held))

    chosen = _choose(acting, edges, where)
    window = window[window["edge"].isin(chosen)]
    bins = _bins(window["sensed_s"], begin, stop)
    marks = window["sensed_s"].groupby([window["edge"], bins]).min().groupby("edge")
    times = {edge: group.to_numpy() for edge, group in marks}
    ax = _axes(ax)
    ax.eventplot(
        [times.get(edge, np.empty(0)) for edge in chosen],
        lineoffsets=list(range(len(chosen))),
        linelengths=0.8,
        linewidths=0.8,
        colors=[DISTINCT[0]],
    )
    steps = MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]).tick_values(0, len(chosen) - 1)
    rows = [int(row) for row in steps if 0 <= row < len(chosen)]
    ax.set_yticks(rows, [str(chosen[row]) for row in rows])
    ax.set(xlabel=LABELS["time_s"], ylabel="edge", xlim=(begin, stop))
    return ax


def _axes(ax: Axes | None) -> Axes:
    """Return the Axes given, or those of a new figure of column width."""
    if ax is not None:
        return ax
    with sns.plotting_context("paper"), sns.axes_style("ticks"):
        _, ax = plt.subplots(figsize=FIGURE, layout="constrained")
    sns.despine(ax=ax)
    return ax


def _palette(levels: list[Hashable], numeric: bool) -> dict[Hashable, ColorType]:
    """Give each level a colour: in order for numbers and for many, else easy to tell apart."""
    if numeric or len(levels) > len(DISTINCT):
        shades = ORDERED(np.linspace(0.0, 1.0, len(levels)))
        return {level: tuple(shade) for level, shade in zip(levels, shades, strict=True)}
    return dict(zip(levels, DISTINCT, strict=False))


def _choose(known: list[int], edges: Iterable[int] | None, where: str) -> list[int]:
    """Choose the edges to draw, ascending: those named, or as many of the known as can be seen."""
    if edges is None:
        rows = np.linspace(0, len(known) - 1, min(len(known), ROWS))
        return [known[row] for row in rows.round().astype(int)]
    named = sorted({int(edge) for edge in edges})
    if not named:
        raise AnalysisError(refusal("edges", where, "name at least one edge", "none"))
    if strange := sorted(set(named).difference(known)):
        raise AnalysisError(refusal("edges", where, "name edges in the events", strange[0]))
    return named


def _bins(time: pd.Series, begin: float, end: float) -> pd.Series:
    """Return the bin between begin and end that each time lies in."""
    return ((time - begin) * (BINS / ((end - begin) or 1.0))).astype(int)
