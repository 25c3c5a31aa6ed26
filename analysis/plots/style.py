"""What all figures share: their size, colours, labels, curves, and what they leave out."""

from collections.abc import Hashable, Iterable
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import ListedColormap
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter, StrMethodFormatter
from matplotlib.typing import ColorType

from ...engine.errors import shortened
from ..frames import require

FIGURE = (3.4, 2.4)  # in, one column of a journal
BINS = 1000  # over the time axis, each finer than a 300 dpi dot at column width
ROWS = 150  # edges that can still be told apart at column width
MOST_LETTERS = 60  # of a title, a label or an entry of a legend
#: How a legend is written.
LEGEND: dict[str, Any] = {"fontsize": "small", "title_fontsize": "small", "frameon": False}

DISTINCT: list[ColorType] = list(sns.color_palette("colorblind"))
# Viridis without its yellow end, which is too pale for a line on white.
ORDERED = ListedColormap(mpl.colormaps["viridis"](np.linspace(0.0, 0.9, 256)), name="viridis")


def panels(*shape: int, size: tuple[float, float], **settings: Any) -> Any:
    """Return the Axes of a new figure, as `matplotlib.pyplot.subplots` makes them."""
    with sns.plotting_context("paper"), sns.axes_style("ticks"):
        figure, axes = plt.subplots(*shape, figsize=size, layout="constrained", **settings)
    sns.despine(fig=figure)
    return axes


def axes_for(ax: Axes | None, size: tuple[float, float] = FIGURE) -> Axes:
    """Return the Axes given, or those of a new figure of column width."""
    found: Axes = panels(size=size) if ax is None else ax
    return found


def stacked(heights: tuple[float, float]) -> npt.NDArray[np.object_]:
    """Return two Axes of a new figure of column width, one above the other on one x axis."""
    size = (FIGURE[0], 1.3 * FIGURE[1])
    axes: npt.NDArray[np.object_] = panels(2, size=size, height_ratios=heights, sharex=True)
    return axes


def as_written(ax: Axes) -> Axes:
    """Have a user's words shown letter by letter, and not beyond the figure.

    In titles, labels and the legend a ``$`` then begins no formula, and what is long is cut.
    """
    texts = [ax.title, ax.xaxis.label, ax.yaxis.label]
    if (legend := ax.get_legend()) is not None:
        texts += [*legend.get_texts(), legend.get_title()]
    for text in texts:
        text.set_parse_math(False)
        if len(text.get_text()) > MOST_LETTERS:
            text.set_text(shortened(text.get_text(), MOST_LETTERS))
    return ax


def spans(values: npt.ArrayLike, factor: float) -> bool:
    """Whether numbers, but for infinite ones, are positive and span more than a factor."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    return bool(known.size and known.min() > 0 and known.max() > factor * known.min())


def log_axis(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic axis: its decades, or 1, 2, 5 where there are less than three."""
    if high < 100.0 * low:
        axis.set_major_locator(LogLocator(10.0, subs=(1.0, 2.0, 5.0)))
        short = low >= 1e-3 and high < 1e4
        plain = StrMethodFormatter("{x:g}")
        powers = LogFormatterSciNotation(minor_thresholds=(np.inf, np.inf))
        axis.set_major_formatter(plain if short else powers)
    axis.set_minor_formatter(NullFormatter())


def palette_of(levels: pd.Series) -> dict[Hashable, ColorType]:
    """Give each level a colour: in order for numbers and for many, else easy to tell apart."""
    numeric = pd.api.types.is_numeric_dtype(levels.dtype)
    names: list[Hashable] = (levels.sort_values() if numeric else levels).unique().tolist()
    if numeric or len(names) > len(DISTINCT):
        return dict(zip(names, map(tuple, ORDERED(np.linspace(0.0, 1.0, len(names)))), strict=True))
    return dict(zip(names, DISTINCT, strict=False))


def band(ax: Axes, x: pd.Series, low: pd.Series, high: pd.Series, colour: ColorType) -> None:
    """Shade what lies between two curves."""
    ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)


def choose_edges(known: list[int], edges: Iterable[int] | None, where: str) -> list[int]:
    """Choose the edges to draw, ascending: those named, or as many of the known as can be seen."""
    if edges is None:
        rows = np.linspace(0, len(known) - 1, min(len(known), ROWS))
        return [known[row] for row in rows.round().astype(int)]
    named = sorted({int(edge) for edge in edges})
    require(named, "edges", where, "name at least one edge", "none")
    strange = next((edge for edge in named if edge not in known), None)
    require(strange is None, "edges", where, "name edges in the events", strange)
    return named


def bins_of(time: pd.Series, begin: float, end: float) -> pd.Series:
    """Return the bin between begin and end that each time lies in."""
    return ((time - begin) * (BINS / ((end - begin) or 1.0))).astype(int)
