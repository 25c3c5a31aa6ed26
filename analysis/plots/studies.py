"""Figures of studies: response curves, heat maps, comparisons, samples.

Each takes a tidy frame, as `ohmtick.analysis.studies.responses` makes them, and, if the figure is
to be composed, the Axes to draw on; it returns the Axes, and never shows, saves or sets a global
style.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from ...engine.errors import shortened
from ..frames import check_frame
from ..units import named
from .style import DISTINCT, MOST_LETTERS, as_written, axes_for, spans

SIZE = (3.4, 2.6)  # in, one column of a journal
#: A positive axis that spans more than this is logarithmic.
DECADES = 20.0
#: Units of keys and metrics, by name; those of known metrics need not be said.
Units = Mapping[str, str] | None
#: What is written where a seed is alone.
ONE_SEED = "no interval: one seed"


def response_curve(
    response: pd.DataFrame,
    x: str,
    hue: str | None = None,
    *,
    metric: str = "value",
    thresholds: pd.DataFrame | None = None,
    factor: float = 2.0,
    units: Units = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric against a parameter: the statistic over the seeds, and its interval.

    Parameters
    ----------
    response : DataFrame
        What `analysis.response` returns: ``x`` (and ``hue``), ``value``, ``low``, ``high``.
    x : str
        Column of the horizontal axis; logarithmic where it is positive and spans over a factor of
        20, and linear up to its smallest positive value where it also has a zero.
    hue : str, optional
        Column that tells the curves apart.
    metric : str
        Label of the vertical axis, which is logarithmic where all is positive and spans a factor
        of 3.
    thresholds, factor : DataFrame and float, optional
        What `analysis.thresholds` returns, and its factor: a cross on each curve marks where it
        meets the factor, and a bar the interval, with an arrow where that ends beyond what was
        tried.
    units : mapping, optional
        The unit of each key and metric, as in `~ohmtick.analysis.studies.record.StudyRecord.units`.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With one line a hue, in the frame's order.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    group = [] if hue is None else [hue]
    check_frame(response, [x, *group, "value", "low", "high"], "response", "response_curve")
    ax = axes_for(ax, SIZE)
    parts: list[tuple[Hashable, pd.DataFrame]] = [("", response)]
    if hue is not None:
        parts = list(response.groupby(hue, sort=False))
    colours = DISTINCT if len(parts) <= len(DISTINCT) else sns.color_palette("viridis", len(parts))
    for (level, part), colour in zip(parts, colours, strict=False):
        curve = part.replace([np.inf, -np.inf], np.nan).sort_values(x)
        ax.plot(curve[x], curve["value"], "o-", color=colour, ms=3, lw=1, label=str(level))
        band = {"color": colour, "alpha": 0.2, "linewidth": 0}
        ax.fill_between(curve[x], curve["low"], curve["high"], **band)
    if thresholds is not None:
        for (level, _), colour in zip(parts, colours, strict=False):
            rows = thresholds if hue is None else thresholds[thresholds[hue] == level]
            _mark(ax, rows, factor, colour)
    _scale(ax, response[x].to_numpy(dtype=float))
    if spans(response[["value", "low", "high"]], 3.0):
        ax.set_yscale("log")
    ax.set(xlabel=_name(x, units), ylabel=_name(metric, units))
    _say_one_seed(ax, response)
    if hue is not None:
        title = None if hue == "label" else _name(hue, units)
        ax.legend(title=title, fontsize="x-small", title_fontsize="x-small", frameon=False)
    return as_written(ax)


def heat_map(
    matrix: pd.DataFrame, *, metric: str = "", units: Units = None, ax: Axes | None = None
) -> Axes:
    """Draw a metric over two parameters, coloured on a logarithmic scale where it spans decades.

    Parameters
    ----------
    matrix : DataFrame
        What `analysis.heat_map` returns: a row a value of y, a column a value of x.
    metric : str
        Label of the colour bar.
    units : mapping, optional
        The unit of each key and metric, as in `~ohmtick.analysis.studies.record.StudyRecord.units`.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With y upwards; cells without a number stay blank.

    Raises
    ------
    AnalysisError
        If the matrix is empty.
    """
    check_frame(matrix, [], "matrix", "heat_map")
    ax = axes_for(ax, SIZE)
    shown = matrix.iloc[::-1].replace([np.inf, -np.inf], np.nan)
    values = shown.to_numpy(dtype=float)
    log = LogNorm(np.nanmin(values), np.nanmax(values)) if spans(values, 3.0) else None
    sns.heatmap(
        shown,
        cmap="viridis",
        norm=log,
        cbar_kws={"label": _name(metric, units)},
        xticklabels=[_number(value) for value in matrix.columns],
        yticklabels=[_number(value) for value in matrix.index[::-1]],
        ax=ax,
    )
    x, y = (_name(str(each.name), units) for each in (matrix.columns, matrix.index))
    ax.set(xlabel=x, ylabel=y)
    ax.tick_params(axis="y", rotation=0)
    return as_written(ax)


def comparison(
    comparisons: pd.DataFrame,
    keys: list[str],
    *,
    metric: str = "",
    base: float = 1.0,
    units: Units = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each cell against the reference, with its interval: one row a cell.

    Parameters
    ----------
    comparisons : DataFrame
        What `analysis.comparisons` returns.
    keys : list of str
        Columns that name a cell.
    metric : str
        Whose ratio it is, for the label.
    base : float
        Where the reference lies: 1 for ratios, 0 for differences.
    units : mapping, optional
        The unit of each key and metric, as in `~ohmtick.analysis.studies.record.StudyRecord.units`.
    ax : Axes, optional
        Where to draw; by default a new figure of column width, as high as its rows need.

    Returns
    -------
    Axes
        In the frame's order from the top.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    check_frame(comparisons, [*keys, "value", "low", "high"], "comparisons", "comparison")
    rows = len(comparisons)
    ax = axes_for(ax, (SIZE[0], 0.8 + 0.22 * rows))
    place = np.arange(rows)[::-1]
    value, low, high = (comparisons[name].to_numpy() for name in ("value", "low", "high"))
    ax.errorbar(
        value, place, xerr=[value - low, high - value], fmt="o", ms=3, lw=1, color=DISTINCT[0]
    )
    ax.axvline(base, color="0.5", lw=0.8, ls=":")
    names = [", ".join(_number(row[key]) for key in keys) for _, row in comparisons.iterrows()]
    ax.set_yticks(place, names, fontsize="x-small")
    ends = np.concatenate([low, high])
    if base > 0 and np.isfinite(ends).all() and spans(ends, 3.0):
        ax.set_xscale("log")
    ax.set_ylim(-0.6, rows - 0.4)
    words = metric.replace("_", " ")  # a ratio has no unit
    ax.set(xlabel=f"{words} / reference" if base else f"{_name(metric, units)} - reference")
    _say_one_seed(ax, comparisons)
    return as_written(ax)


def scatter(
    cells: pd.DataFrame, x: str, y: str, *, units: Units = None, ax: Axes | None = None
) -> Axes:
    """Draw sampled cells: a metric against one of the keys that were sampled together.

    Parameters
    ----------
    cells : DataFrame
        One row a cell or a run.
    x, y : str
        Its columns.
    units : mapping, optional
        The unit of each key and metric, as in `~ohmtick.analysis.studies.record.StudyRecord.units`.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With logarithmic axes where the numbers call for them.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    check_frame(cells, [x, y], "cells", "scatter")
    ax = axes_for(ax, SIZE)
    shown = cells.replace([np.inf, -np.inf], np.nan).dropna(subset=[x, y])
    ax.plot(shown[x], shown[y], ".", color=DISTINCT[0], alpha=0.6, ms=4)
    if len(shown):
        _scale(ax, shown[x].to_numpy(dtype=float))
        if spans(shown[y], 3.0):
            ax.set_yscale("log")
    ax.set(xlabel=_name(x, units), ylabel=_name(y, units))
    return as_written(ax)


def _mark(ax: Axes, thresholds: pd.DataFrame, factor: float, colour: Any) -> None:
    """Mark thresholds that were met, each with its interval as far as there is one.

    An arrow is an end that lies beyond what was tried.
    """
    for row in thresholds.to_dict("records"):
        if not np.isfinite(row["threshold"]):
            continue
        height = factor * row["value"]
        ax.plot(row["threshold"], height, "X", color=colour, ms=6, mec="white", mew=0.7)
        if np.isnan(row["low"]):
            continue
        ends = np.clip([row["low"], row["high"]], *sorted([row["reference"], row["furthest"]]))
        # Above the cross, whose white rim would hide a short one.
        ax.plot(ends, [height, height], "-", color=colour, lw=0.8)
        if np.isinf([row["low"], row["high"]]).any():
            arrow = "<" if row["furthest"] < row["reference"] else ">"
            ax.plot(row["furthest"], height, arrow, color=colour, ms=4)


def _say_one_seed(ax: Axes, frame: pd.DataFrame) -> None:
    """Write into a figure that there are no intervals, where each value is of one seed."""
    alone = frame["value"].notna() & frame["low"].isna()
    if alone.any():
        text = ONE_SEED if alone[frame["value"].notna()].all() else "some of one seed: no interval"
        ax.text(0.02, 0.98, text, transform=ax.transAxes, va="top", fontsize="x-small")


def _scale(ax: Axes, x: np.ndarray[Any, Any]) -> None:
    """Make the horizontal axis logarithmic where its numbers are spread so."""
    positive = np.unique(x[x > 0])
    if positive.size < 3 or (x < 0).any() or positive[-1] <= DECADES * positive[0]:
        return
    if (x == 0).any():
        ax.set_xscale("symlog", linthresh=positive[0], linscale=0.5)
    else:
        ax.set_xscale("log")


def _name(name: str, units: Units) -> str:
    words, parenthesis, unit = named(name, units).partition(" (")
    return words.replace("_", " ") + parenthesis + unit


def _number(value: Any) -> str:
    """Return a value as the label of a tick, on which ``$`` would begin a formula."""
    return (
        f"{value:.3g}"
        if isinstance(value, float)
        else shortened(value, MOST_LETTERS).replace("$", r"\$")
    )
