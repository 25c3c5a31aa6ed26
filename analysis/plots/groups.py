"""Groups of edges in figures: the colour of each, and a legend beside the data."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType

from ..frames import require
from .style import as_written, palette_of

#: What edges of no group are called, and their grey.
REST, GREY = "other edges", "#7f7f7f"
#: What marks the edges of groups, one after another; nodes are other shapes.
MARKS = "^vX*P<>"


def named_groups(groups: npt.ArrayLike, where: str, edges: int = 0) -> list[str]:
    """Return the name of each edge's group, `REST` for none.

    Parameters
    ----------
    groups
        Titles, the `group` of a run's `edges`; shape (E,).
    where
        The function that was called.
    edges
        How many there must be at least.

    Raises
    ------
    AnalysisError
        When there is not one for each edge.
    """
    titles = np.asarray(groups, dtype=object)
    fits = titles.ndim == 1 and len(titles) >= edges
    require(fits, "groups", where, "be one for each of the edges", f"shape {titles.shape}")
    return [str(title) or REST for title in titles]


def group_colours(names: Sequence[str]) -> dict[str, ColorType]:
    """Give each group its colour, in the order of titles and their numbers, and the rest grey.

    Examples
    --------
    >>> list(group_colours(["group 10", "other edges", "group 2", "group 10"]))
    ['group 2', 'group 10', 'other edges']
    """
    own: list[Hashable] = sorted({*names} - {REST}, key=_numbered)
    colours = {str(name): colour for name, colour in palette_of(own, numeric=False).items()}
    return colours | ({REST: GREY} if REST in names else {})


def with_groups(
    events: pd.DataFrame, groups: npt.ArrayLike, where: str
) -> tuple[pd.DataFrame, dict[Any, ColorType]]:
    """Return the events with a column `group`, the name of their edge's, and all colours."""
    edges = events["edge"].to_numpy()
    names = named_groups(groups, where, int(edges.max()) + 1)
    return events.assign(group=np.array(names, dtype=object)[edges]), group_colours(names)


def group_legend(ax: Axes, names: Sequence[str], *, marks: bool = False) -> None:
    """Draw the legend of groups beside the axes; the data are everywhere inside them."""
    shapes = group_marks(names)
    keys = {
        name: Line2D([], [], color=colour, marker=shapes[name], markersize=5, linewidth=0)
        if marks
        else Line2D([], [], color=colour, linewidth=1.5)
        for name, colour in group_colours(names).items()
        if not marks or name in shapes
    }
    ax.legend([*keys.values()], [*keys], title="group", **beside())
    as_written(ax)


def group_marks(names: Sequence[str]) -> dict[str, str]:
    """Give each group a mark; edges of none have none."""
    return {
        name: MARKS[at % len(MARKS)] for at, name in enumerate(group_colours(names)) if name != REST
    }


def beside() -> dict[str, Any]:
    """Return how a legend stands beside its axes."""
    return {
        "loc": "upper left",
        "bbox_to_anchor": (1.0, 1.0),
        "borderaxespad": 0.0,
        "handlelength": 1.2,
        "fontsize": "small",
        "title_fontsize": "small",
        "frameon": False,
    }


def _numbered(title: Hashable) -> list[str | int]:
    parts = re.split(r"(\d+)", str(title))
    return [int(part) if part.isdecimal() else part for part in parts]
