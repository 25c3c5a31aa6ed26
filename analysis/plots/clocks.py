"""The timing of the edges: their intervals, the stability of their clocks, their staleness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator

from ..stability import allan_deviations
from ..timing import staleness as staleness_of
from ..timing import tick_intervals
from .groups import GROUP, legend, told_apart
from .learning import draw_medians, medians
from .style import LEGEND, ORDERED, as_written, axes_for

#: Up to how many edges have an Allan deviation each; of more, the spread over edges is drawn.
EACH = 30
#: From how many bars a histogram of the staleness is drawn as steps.
BARS = 40


def intervals(
    events: pd.DataFrame,
    hue: str | None = None,
    *,
    groups: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Histogram of the intervals between the ticks of each edge, over all edges.

    The density, 1/s, against the interval, s. Where all intervals are equal to 1e-9 of their
    length there is one bar around them.

    Parameters
    ----------
    events : DataFrame
        Events of one run, or of several with a `hue`, each with a histogram of area 1. With a gate
        below 1 the intervals are those between the ticks that were acted on: multiples of the
        clock's own.
    """
    columns = ["edge", "sensed_s"]
    events, hue, colours = told_apart(events, columns, "events", "intervals", hue, groups)
    parts = [tick_intervals(own).assign(hue=key) for key, own in events.groupby("hue", sort=False)]
    found = pd.concat(parts, ignore_index=True)
    ax = axes_for(ax)
    if len(found):
        low, high = float(found["interval_s"].min()), float(found["interval_s"].max())
        equal = high - low < 1e-9 * high
        edges = np.linspace(0.95 * low, 1.05 * high, 22) if equal else np.linspace(low, high, 61)
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
            legend=hue is not None,
            ax=ax,
        )
        if hue == GROUP:
            legend(ax, hue, colours)
    ax.set(xlabel="interval between ticks (s)", ylabel="density (1/s)")
    return as_written(ax)


def allan(
    deviations: pd.DataFrame,
    *,
    guides: bool = True,
    groups: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Allan deviation of the clocks against the averaging time, on logarithmic axes.

    A deviation of zero, of a clock without noise, is not on it.

    Parameters
    ----------
    deviations : DataFrame
        `edge`, `tau_s`, `allan_deviation`, as `analysis.allan_deviations` returns; or the events of
        one run, from which it is made. Up to 30 edges have a line each, in the order of their
        numbers; of more there is the median and the range from the lowest tenth to the highest.
    guides : bool, default True
        Whether to draw the slopes of jitter (τ^-1) and of wander (τ^-1/2), dashed and dotted.
    """
    if "sensed_s" in deviations:
        deviations = allan_deviations(deviations)
    columns = ["edge", "tau_s", "allan_deviation"]
    deviations, hue, colours = told_apart(deviations, columns, "deviations", "allan", groups=groups)
    ax = axes_for(ax)
    # What is left of a perfect grid after rounding is no deviation.
    seen = deviations[deviations["allan_deviation"] > 1e-12]
    edges = np.unique(deviations["edge"])
    if edges.size <= EACH:
        shades = dict(zip(edges.tolist(), ORDERED(np.linspace(0.0, 1.0, edges.size)), strict=True))
        for (edge, name), own in seen.groupby(["edge", "hue"]):
            colour = colours[name] if hue else shades[edge]
            ax.plot(own["tau_s"], own["allan_deviation"], color=colour, linewidth=0.7)
    elif len(seen):
        tenths = medians(
            seen, "tau_s", "tau_s", "allan_deviation", lambda x: (x.quantile(0.1), x.quantile(0.9))
        )
        draw_medians(ax, tenths, colours)
    lines: list[Line2D] = []
    highest = seen.groupby("tau_s")["allan_deviation"].max()
    if guides and len(highest) > 1:
        tau = np.array([highest.index[0], highest.index[-1]])
        for slope, name, style in ((-1.0, "jitter", "--"), (-0.5, "wander", ":")):
            level = 1.6 * highest.iloc[0] * (tau / tau[0]) ** slope
            lines += ax.plot(tau, level, style, color="0.35", lw=0.9, label=f"slope of {name}")
        slopes = ax.legend(handles=lines, loc="lower left", **LEGEND)
        if hue:
            ax.add_artist(slopes)  # else the next legend would take its place
    legend(ax, hue, colours)
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
    """Fraction of actuations against their staleness: a bar a value; for a wide range, steps.

    Parameters
    ----------
    events : DataFrame
        Events of one run, or of several with a `hue`, with the column `staleness`: how many other
        actuations fell between an edge's sense and its actuate.
    """
    events, hue, colours = told_apart(events, ["staleness"], "events", "staleness", hue, groups)
    most = int(events["staleness"].max())
    ax = axes_for(ax)
    for name, own in events.groupby("hue", sort=False):
        fraction = staleness_of(own).set_index("staleness")["fraction"]
        if len(colours) == 1 and most <= BARS:
            ax.bar(fraction.index, fraction, color=colours[name], width=0.8)
        else:
            steps = fraction.reindex(range(fraction.index.max() + 2), fill_value=0.0)
            ax.step(steps.index, steps, "-", color=colours[name], where="mid", lw=0.9, label=name)
    legend(ax, hue, colours)
    ax.set_xlim(-0.6, max(4.0, most) + 0.6)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.set(xlabel="staleness (other actuations)", ylabel="fraction of actuations")
    ax.set_ylim(bottom=0.0)
    return as_written(ax)
