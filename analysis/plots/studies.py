"""Figures of studies, from the frames of `ohmtick.analysis.studies.responses`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.typing import ColorType

from ...engine.errors import shortened
from ..frames import check_frame
from ..units import named
from .style import DISTINCT, LEGEND, MOST_LETTERS, as_written, axes_for, band, palette_of, spans

SIZE = (3.4, 2.6)  # in, one column of a journal
#: A positive horizontal axis that spans more than this is logarithmic, and a vertical one.
DECADES, FALL = 20.0, 3.0
Units = Mapping[str, str] | None


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
    metric : str
        Label of the vertical axis, which is logarithmic where all is positive and spans a factor
        of 3.
    thresholds, factor : DataFrame and float, optional
        What `analysis.thresholds` returns, and its factor: a cross on each curve marks where it
        meets the factor, and a bar the interval, with an arrow where that ends beyond what was
        tried.
    """
    needed = [x, *([hue] if hue else []), "value", "low", "high"]
    check_frame(response, needed, "response", "response_curve")
    ax = axes_for(ax, SIZE)
    levels = response[hue].map(str) if hue else pd.Series("", index=response.index)
    colours = palette_of(levels)
    for level, colour in colours.items():
        curve = response[levels == level].replace([np.inf, -np.inf], np.nan).sort_values(x)
        ax.plot(curve[x], curve["value"], "o-", color=colour, ms=3, lw=1, label=level)
        band(ax, curve[x], curve["low"], curve["high"], colour)
    for row in [] if thresholds is None else thresholds.to_dict("records"):
        if (level := str(row[hue]) if hue else "") in colours:
            _mark(ax, row, factor, colours[level])
    _scale(ax, response[x].to_numpy(dtype=float))
    if spans(response[["value", "low", "high"]], FALL):
        ax.set_yscale("log")
    ax.set(xlabel=_name(x, units), ylabel=_name(metric, units))
    _say_one_seed(ax, response)
    if hue is not None:
        title = None if hue == "label" else _name(hue, units)
        ax.legend(title=title, **LEGEND | {"fontsize": "x-small", "title_fontsize": "x-small"})
    return as_written(ax)


def heat_map(
    matrix: pd.DataFrame, *, metric: str = "", units: Units = None, ax: Axes | None = None
) -> Axes:
    """Draw a metric over two parameters, coloured on a logarithmic scale where it spans decades.

    Parameters
    ----------
    matrix : DataFrame
        What `analysis.heat_map` returns: a row a value of y, which goes upwards, a column a value
        of x; cells without a number stay blank.
    metric : str
        Label of the colour bar.
    """
    check_frame(matrix, [], "matrix", "heat_map")
    ax = axes_for(ax, SIZE)
    shown = matrix.iloc[::-1].replace([np.inf, -np.inf], np.nan)
    values = shown.to_numpy(dtype=float)
    sns.heatmap(
        shown,
        cmap="viridis",
        norm=LogNorm(np.nanmin(values), np.nanmax(values)) if spans(values, FALL) else None,
        cbar_kws={"label": _name(metric, units)},
        xticklabels=[*map(_number, shown.columns)],
        yticklabels=[*map(_number, shown.index)],
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
    """Draw each cell against the reference, with its interval: one row a cell, the first on top.

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
    """
    check_frame(comparisons, [*keys, "value", "low", "high"], "comparisons", "comparison")
    rows = len(comparisons)
    ax = axes_for(ax, (SIZE[0], 0.8 + 0.22 * rows))
    place = np.arange(rows)[::-1]
    value, low, high = (comparisons[name].to_numpy() for name in ("value", "low", "high"))
    how: dict[str, Any] = {"fmt": "o", "ms": 3, "lw": 1, "color": DISTINCT[0]}
    ax.errorbar(value, place, xerr=[value - low, high - value], **how)
    ax.axvline(base, color="0.5", lw=0.8, ls=":")
    names = [", ".join(map(_number, row)) for row in comparisons[keys].itertuples(index=False)]
    ax.set_yticks(place, names, fontsize="x-small")
    ends = np.concatenate([low, high])
    if base > 0 and np.isfinite(ends).all() and spans(ends, FALL):
        ax.set_xscale("log")
    ax.set_ylim(-0.6, rows - 0.4)
    words = metric.replace("_", " ")  # a ratio has no unit
    ax.set(xlabel=f"{words} / reference" if base else f"{_name(metric, units)} - reference")
    _say_one_seed(ax, comparisons)
    return as_written(ax)


def scatter(
    cells: pd.DataFrame, x: str, y: str, *, units: Units = None, ax: Axes | None = None
) -> Axes:
    """Draw sampled cells, a row each: a metric against one of the keys sampled together.

    The axes are logarithmic where those of `response_curve` would be.
    """
    check_frame(cells, [x, y], "cells", "scatter")
    ax = axes_for(ax, SIZE)
    shown = cells.replace([np.inf, -np.inf], np.nan).dropna(subset=[x, y])
    ax.plot(shown[x], shown[y], ".", color=DISTINCT[0], alpha=0.6, ms=4)
    _scale(ax, shown[x].to_numpy(dtype=float))
    if spans(shown[y], FALL):
        ax.set_yscale("log")
    ax.set(xlabel=_name(x, units), ylabel=_name(y, units))
    return as_written(ax)


def _mark(ax: Axes, row: Mapping[Any, Any], factor: float, colour: ColorType) -> None:
    """Mark a threshold that was met, and its interval: an arrow, if it ends beyond what was tried.

    The interval lies above the cross, whose white rim would hide a short one.
    """
    if not np.isfinite(row["threshold"]):
        return
    height, interval = factor * row["value"], np.array([row["low"], row["high"]])
    ax.plot(row["threshold"], height, "X", color=colour, ms=6, mec="white", mew=0.7)
    if not np.isnan(row["low"]):
        ends = interval.clip(*sorted([row["reference"], row["furthest"]]))
        ax.plot(ends, [height, height], "-", color=colour, lw=0.8)
        if np.isinf(interval).any():
            arrow = "<" if row["furthest"] < row["reference"] else ">"
            ax.plot(row["furthest"], height, arrow, color=colour, ms=4)


def _say_one_seed(ax: Axes, frame: pd.DataFrame) -> None:
    """Write into a figure that there are no intervals, where each value is of one seed."""
    alone = frame.loc[frame["value"].notna(), "low"].isna()
    if alone.any():
        text = "no interval: one seed" if alone.all() else "some of one seed: no interval"
        ax.text(0.02, 0.98, text, transform=ax.transAxes, va="top", fontsize="x-small")


def _scale(ax: Axes, x: npt.NDArray[np.float64]) -> None:
    """Make the horizontal axis logarithmic where its numbers are spread so."""
    positive = np.unique(x[x > 0])
    if positive.size < 3 or (x < 0).any() or not spans(positive, DECADES):
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
    if isinstance(value, float):
        return f"{value:.3g}"
    return shortened(value, MOST_LETTERS).replace("$", r"\$")
