"""The timing of the edges: their intervals, the stability of their clocks, their staleness."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator
from matplotlib.typing import ColorType

from ..frames import check_frame, require
from ..stability import allan_deviations
from ..timing import staleness as staleness_of
from ..timing import tick_intervals
from .groups import group_legend, with_groups
from .style import DISTINCT, ORDERED, as_written, axes_for

#: Up to how many edges have an Allan deviation each; of more, the spread over edges is drawn.
EACH = 30
#: From how many bars a histogram of the staleness is drawn as steps.
BARS = 40


def intervals(
    events: pd.DataFrame,
    hue: str | None = None,
    *,
    bins: int = 60,
    groups: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Histogram of the intervals between the ticks of each edge, over all edges.

    Parameters
    ----------
    events : DataFrame
        Events of one run, or of several with a `hue`. With a gate below 1 the intervals are those
        between the ticks that were acted on: multiples of the clock's own.
    hue : str, optional
        Column that tells runs apart; each has a histogram of area 1.
    bins : int, default 60
        How many bins from the shortest interval to the longest.
    groups : array_like of str, shape (E,), optional
        The group of every edge, "" for none, as a run's `edges` have them: in the place of a `hue`,
        each group has a histogram of its own.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        The density, 1/s, against the interval, s. Where all intervals are equal to 1e-9 of their
        length there is one bar around them.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    column = [] if hue is None else [hue]
    check_frame(events, ["edge", "sensed_s", *column], "events", "intervals")
    if groups is not None:
        require(hue is None, "groups", "intervals", "be given without a hue", hue)
        hue = "group"
        events, colours = with_groups(events, groups, "intervals")
    if hue is None:
        found = tick_intervals(events).assign(hue="")
    else:
        runs = events.groupby(hue, sort=False)
        parts = [tick_intervals(own).assign(hue=key) for key, own in runs]
        found = pd.concat(parts, ignore_index=True)
    ax = axes_for(ax)
    ax.set(xlabel="interval between ticks (s)", ylabel="density (1/s)")
    if found.empty:
        return ax
    if groups is None:
        colours = dict(zip(found["hue"].unique(), DISTINCT, strict=False))
    low, high = float(found["interval_s"].min()), float(found["interval_s"].max())
    if high - low < 1e-9 * high:
        low, high = 0.95 * low, 1.05 * high
        bins = 21
    edges = np.linspace(low, high, bins + 1)
    sns.histplot(
        found,
        x="interval_s",
        hue="hue",
        hue_order=list(colours),
        palette=colours,
        bins=edges.tolist(),
        stat="density",
        common_norm=False,
        element="step",
        alpha=0.35,
        linewidth=0.8,
        legend=hue is not None and groups is None,
        ax=ax,
    )
    if groups is not None:
        group_legend(ax, list(colours))
    ax.set(xlabel="interval between ticks (s)", ylabel="density (1/s)")
    return as_written(ax)


def allan(deviations: pd.DataFrame, *, guides: bool = True, ax: Axes | None = None) -> Axes:
    """Allan deviation of the clocks against the averaging time, on logarithmic axes.

    Parameters
    ----------
    deviations : DataFrame
        `edge`, `tau_s`, `allan_deviation`, as `analysis.allan_deviations` returns; or the events of
        one run, from which it is made. Up to 30 edges have a line each, in the order of their
        numbers; of more there is the median and the range from the lowest tenth to the highest.
    guides : bool, default True
        Whether to draw the slopes of jitter (τ^-1) and of wander (τ^-1/2), dashed and dotted.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        A deviation of zero, of a clock without noise, is not on it.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    if "sensed_s" in deviations:
        deviations = allan_deviations(deviations)
    check_frame(deviations, ["edge", "tau_s", "allan_deviation"], "deviations", "allan")
    ax = axes_for(ax)
    # What is left of a perfect grid after rounding is no deviation.
    seen = deviations[deviations["allan_deviation"] > 1e-12]
    over = seen.groupby("tau_s")["allan_deviation"]
    middle = over.median()
    edges = np.unique(deviations["edge"])
    if edges.size <= EACH:
        shade = dict(zip(edges.tolist(), np.linspace(0.0, 1.0, edges.size), strict=True))
        for edge, own in seen.groupby("edge"):
            ax.plot(own["tau_s"], own["allan_deviation"], color=ORDERED(shade[edge]), linewidth=0.7)
    else:
        low, high = over.quantile(0.1), over.quantile(0.9)
        ax.fill_between(middle.index, low, high, color=DISTINCT[0], alpha=0.25, linewidth=0)
        ax.plot(middle.index, middle, color=DISTINCT[0], linewidth=1.0)
    if guides and len(middle) > 1:
        tau = np.array([middle.index[0], middle.index[-1]])
        for slope, name, style in ((-1.0, "jitter", "--"), (-0.5, "wander", ":")):
            level = 1.6 * float(over.max().iloc[0]) * (tau / tau[0]) ** slope
            how: dict[str, Any] = {"color": "0.35", "linewidth": 0.9, "linestyle": style}
            ax.plot(tau, level, label=f"slope of {name}", **how)
        ax.legend(fontsize="small", frameon=False, loc="lower left")
    if len(seen):
        ax.set(xscale="log", yscale="log")
        ax.xaxis.set_major_locator(LogLocator(10.0, numticks=8))
    ax.set(xlabel="averaging time τ (s)", ylabel="Allan deviation")
    return ax


def staleness(
    events: pd.DataFrame,
    hue: str | None = None,
    *,
    groups: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Fraction of actuations against their staleness.

    Parameters
    ----------
    events : DataFrame
        Events of one run, or of several with a `hue`, with the column `staleness`: how many other
        actuations fell between an edge's sense and its actuate.
    hue : str, optional
        Column that tells runs apart.
    groups : array_like of str, shape (E,), optional
        The group of every edge, "" for none, as a run's `edges` have them: in the place of a `hue`,
        each group has fractions of its own.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        A bar a value; for a wide range, steps.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    check_frame(events, ["staleness", *([hue] if hue else [])], "events", "staleness")
    colours: dict[Any, ColorType] = {}
    if groups is not None:
        require(hue is None, "groups", "staleness", "be given without a hue", hue)
        check_frame(events, ["edge"], "events", "staleness")
        hue = "group"
        events, colours = with_groups(events, groups, "staleness")
    parts = [("", events)] if hue is None else list(events.groupby(hue, sort=False))
    ax = axes_for(ax)
    for row, (name, own) in enumerate(parts):
        table = staleness_of(own)
        colour = colours.get(name, DISTINCT[row % len(DISTINCT)])
        value, fraction = table["staleness"].to_numpy(), table["fraction"].to_numpy()
        if len(parts) == 1 and value.max() <= BARS:
            ax.bar(value, fraction, color=colour, width=0.8)
        else:
            every = np.arange(value.max() + 2)
            filled = np.zeros(every.size)
            filled[value] = fraction
            ax.step(every, filled, where="mid", color=colour, linewidth=0.9, label=name)
    if groups is not None:
        group_legend(ax, list(colours))
    elif hue:
        ax.legend(title=hue, fontsize="small", title_fontsize="small", frameon=False)
    ax.set_xlim(-0.6, max(4.0, float(events["staleness"].max())) + 0.6)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.set(xlabel="staleness (other actuations)", ylabel="fraction of actuations")
    ax.set_ylim(bottom=0.0)
    return as_written(ax)
