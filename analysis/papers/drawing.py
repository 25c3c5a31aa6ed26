"""How the figures of a report look: one page wide, estimates as points or as lines with bands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..statistics import Estimate

WIDTH = 7.0  # in, both columns of a journal
LEGEND: dict[str, Any] = {"fontsize": 7, "frameon": False}
MARKS: dict[str, Any] = {"fmt": "o", "ms": 3, "lw": 1}


def panels(rows: int, cols: int, height: float, **settings: Any) -> tuple[Figure, Any]:
    """Return a figure of page width and its Axes, shape (rows, cols)."""
    with sns.plotting_context("paper", font_scale=0.85), sns.axes_style("ticks"):
        figure, axes = plt.subplots(
            rows, cols, figsize=(WIDTH, height), layout="constrained", squeeze=False, **settings
        )
    for ax in axes.flat:
        sns.despine(ax=ax)
        ax.tick_params(labelsize=7)
    return figure, axes


def letters(axes: Iterable[Axes]) -> None:
    """Put a letter over each of the Axes."""
    for letter, ax in zip("abcdefghij", axes, strict=False):
        ax.set_title(letter, loc="left", fontsize=9, fontweight="bold")


def legend_above(figure: Figure, *axes: Axes, **settings: Any) -> None:
    """Put the legend of some Axes above the figure, each label once."""
    known = [zip(*ax.get_legend_handles_labels(), strict=True) for ax in axes]
    drawn = {label: handle for each in known for handle, label in each}
    how: dict[str, Any] = {"loc": "outside upper center", "frameon": False} | settings
    figure.legend(drawn.values(), drawn, **how)


def points(
    ax: Axes,
    table: pd.DataFrame,
    *,
    colour: Any = "black",
    shift: float = 0.0,
    label: str | None = None,
) -> None:
    """Draw a table of estimates with their intervals, a row each, the first on top."""
    value, low, high = (table[name].to_numpy() for name in ("value", "low", "high"))
    how: dict[str, Any] = MARKS | {"color": colour, "capsize": 1.5, "label": label}
    ax.errorbar(value, np.arange(len(table)) + shift, xerr=[value - low, high - value], **how)
    ax.set_yticks(range(len(table)), table["label"])
    ax.set_ylim(len(table) - 0.5, -0.5)


def curve(
    ax: Axes,
    x: npt.ArrayLike,
    found: Sequence[Estimate],
    colour: Any,
    style: str = "-",
    label: str | None = None,
) -> None:
    """Draw estimates along an axis: a line, and a band for their intervals."""
    value, low, high = (
        [getattr(each, name) for each in found] for name in ("value", "low", "high")
    )
    ax.plot(x, value, style, marker="o", ms=3, lw=1, color=colour, label=label)
    ax.fill_between(x, low, high, lw=0, alpha=0.2, color=colour)


def spread(ax: Axes, x: Any, ends: Any, colour: Any, **settings: Any) -> None:
    """Draw points with bars, given the lower ends, the points, and the upper ends."""
    low, middle, high = ends
    across = [np.subtract(middle, low), np.subtract(high, middle)]
    how: dict[str, Any] = MARKS | {"color": colour} | settings
    ax.errorbar(x, middle, yerr=across, **how)


def quartiles(cells: Any) -> tuple[Any, Any, Any]:
    """Return the lower quartile, the median and the upper quartile of groups of numbers."""
    return cells.quantile(0.25), cells.quantile(0.5), cells.quantile(0.75)
