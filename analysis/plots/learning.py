"""What changes over time or lag, with its spread over seeds: learning curves and displacements."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.typing import ColorType

from ..frames import require
from ..units import COLUMNS
from .groups import legend, told_apart
from .style import LEGEND, as_written, axes_for, band, log_axis, spans

Ends = tuple[pd.Series, pd.Series]
#: Entries of a legend of numbers.
KEYS = 6


def quartiles(cells: Any) -> Ends:
    """Return the lower and the upper quartile of each cell."""
    return cells.quantile(0.25), cells.quantile(0.75)


def _confidence(cells: Any) -> Ends:
    """Return the order statistics between which the median lies with 95 % confidence."""
    from scipy.stats import binom

    def rank(values: pd.Series) -> int:
        return max(int(binom.ppf(0.025, len(values), 0.5)) - 1, 0)

    lower = cells.agg(lambda values: np.sort(values)[rank(values)])
    return lower, cells.agg(lambda values: np.sort(values)[-1 - rank(values)])


#: The ends of the band around a median, by name.
BANDS: dict[str, Callable[[Any], Ends]] = {"quartiles": quartiles, "confidence": _confidence}


def medians(
    frame: pd.DataFrame, at: str, x: str, y: str, ends: Callable[[Any], Ends] = quartiles
) -> pd.DataFrame:
    """Return `hue`, `x`, `y`, `low`, `high`: medians over the rows that share a hue and `at`.

    Where none do, `low` and `high` are missing.
    """
    rows = pd.DataFrame({"hue": frame["hue"], "at": frame[at], "x": frame[x], "y": frame[y]})
    cells = rows.astype({"x": float, "y": float}).groupby(["hue", "at"], observed=True)
    curve = cells[["x", "y"]].median()
    if (cells.size() > 1).any():
        curve["low"], curve["high"] = ends(cells["y"])
    return curve.reset_index()


def draw_medians(
    ax: Axes, curve: pd.DataFrame, colours: dict[Hashable, ColorType], **line: Any
) -> None:
    """Draw a line a hue, and its band where it has one."""
    for level, colour in colours.items():
        own = curve[curve["hue"] == level]
        ax.plot(own["x"], own["y"], color=colour, label=str(level), linewidth=1.0, **line)
        if "low" in own:
            band(ax, own["x"], own["low"], own["high"], colour)


def learning_curve(
    probes: pd.DataFrame,
    hue: str | None = None,
    *,
    x: str = "time_s",
    y: str = "error",
    band: Literal["quartiles", "confidence"] = "quartiles",
    ax: Axes | None = None,
) -> Axes:
    """Error against time, on an axis that is logarithmic where it falls by a factor of three.

    Where several rows share a time (and a hue), as the seeds of a study do, the line is their
    median and the band says how far they spread, or how well the median is known. Of more than six
    numbers of a hue every so many is in the legend.

    Parameters
    ----------
    probes : DataFrame
        Probes of one run, or of several in one frame; also what `analysis.learning_curve` returns.
    x : str, default "time_s"
        Column of the horizontal axis: `time_s`, `updates` or `updates_per_edge`. Rows are matched
        by `time_s` all the same, and drawn at their median `x`.
    y : str, default "error"
        Column of the vertical axis: `error`, `relative_error`, or `accuracy`, whose axis is linear.
        A logarithmic axis leaves out what is not positive.
    band : {"quartiles", "confidence"}, default "quartiles"
        From the lower to the upper quartile; or the interval between two order statistics that
        holds the median with a confidence of at least 95 %, whatever the distribution. Of fewer
        than six rows it runs from the least to the largest, and holds the median less surely.

    References
    ----------
    H. A. David, H. N. Nagaraja, Order Statistics (2003), section 7.1, for the confidence interval.
    """
    where = "learning_curve"
    require(band in BANDS, "band", where, f"be {' or '.join(map(repr, BANDS))}", repr(band))
    probes, hue, colours = told_apart(probes, ["time_s", x, y], "probes", where, hue)
    curve = medians(probes, "time_s", x, y, BANDS[band])
    ax = axes_for(ax)
    draw_medians(ax, curve, colours)
    positive = curve.loc[curve["y"] > 0, "y"]
    if y != "accuracy" and spans(positive, 3.0):
        ax.set_yscale("log", nonpositive="mask")
        log_axis(ax.yaxis, positive.min(), positive.max())
    ax.set(xlabel=COLUMNS.get(x, x), ylabel=COLUMNS.get(y, y))
    if hue:
        handles, labels = ax.get_legend_handles_labels()
        if pd.api.types.is_numeric_dtype(probes["hue"]) and len(labels) > KEYS:
            shown = np.linspace(0, len(labels) - 1, KEYS).round().astype(int)
            handles, labels = [handles[i] for i in shown], [labels[i] for i in shown]
        # Errors fall and accuracies rise: the corner that is likely to be free.
        corner = "lower right" if y == "accuracy" else "upper right"
        how = LEGEND | {"frameon": True, "edgecolor": "none", "loc": corner}
        # Long names would leave no room for the axes.
        ax.legend(handles, labels, title=hue, **how).set_in_layout(False)
    return as_written(ax)


def displacement(
    frame: pd.DataFrame,
    hue: str | None = None,
    *,
    msd_label: str = "mean squared\ndisplacement",
    ax: Axes | None = None,
) -> Axes:
    """Mean squared displacement against lag, on logarithmic axes.

    A displacement of zero, as in a limit cycle at multiples of its period, is drawn on the lower
    edge as an open circle: a logarithmic axis has no place for it.

    Parameters
    ----------
    frame : DataFrame
        `lag`, s, and `msd`, one row a lag, or one a lag and run; where several rows share a lag
        (and a hue) the line is their median and the band runs between the quartiles.
    msd_label : str
        What the vertical axis says, with the unit of the frame.
    """
    frame, hue, colours = told_apart(frame, ["lag", "msd"], "frame", "displacement", hue)
    curve = medians(frame, "lag", "lag", "msd")
    curve = curve[curve["x"] > 0]
    positive, still = curve[curve["y"] > 0], curve[curve["y"] == 0]
    ax = axes_for(ax)
    draw_medians(ax, positive, colours, marker=".", markersize=3)
    if len(positive):
        ax.set(xscale="log", yscale="log")
        for axis, values in ((ax.xaxis, positive["x"]), (ax.yaxis, positive["y"])):
            log_axis(axis, values.min(), values.max())
    for level, own in still.groupby("hue", observed=True):
        ax.plot(
            own["x"],
            [0.02] * len(own),
            "o",
            transform=ax.get_xaxis_transform(),
            ms=3,
            mfc="none",
            color=colours[level],
            label=f"{level}: zero" if hue else "zero",
        )
    ax.set(xlabel="lag (s)", ylabel=msd_label)
    if hue is None and len(still):
        ax.legend(**LEGEND)
    legend(ax, hue, colours)
    return as_written(ax)
