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

from ...engine.records.frames import OTHER_EDGES
from ..frames import check_frame, require
from .style import LEGEND, as_written, palette_of

#: The column of a group, and the grey of edges of none.
GROUP, GREY = "group", "#7f7f7f"
#: What marks the edges of groups, one after another; nodes are other shapes.
MARKS = "^vX*P<>"
#: How a legend stands beside its axes; the data are everywhere inside them.
BESIDE: dict[str, Any] = LEGEND | {
    "loc": "upper left",
    "bbox_to_anchor": (1.0, 1.0),
    "borderaxespad": 0.0,
    "handlelength": 1.2,
}


def named_groups(groups: npt.ArrayLike, where: str, edges: int = 0) -> list[str]:
    """Return the name of each edge's group, also of those of none.

    Raises
    ------
    AnalysisError
        When there is not one for each edge, of which there are at least so many.
    """
    names = np.asarray(groups, dtype=object)
    fits = names.ndim == 1 and len(names) >= edges
    require(fits, "groups", where, "be one for each of the edges", f"shape {names.shape}")
    return [str(name) or OTHER_EDGES for name in names]


def group_colours(names: Sequence[str]) -> dict[Hashable, ColorType]:
    """Give each group its colour, in the order of names and their numbers, and the rest grey.

    Examples
    --------
    >>> list(group_colours(["group 10", "other edges", "group 2", "group 10"]))
    ['group 2', 'group 10', 'other edges']
    """

    def numbered(name: str) -> list[str | int]:
        return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]

    own = sorted({*names} - {OTHER_EDGES}, key=numbered)
    rest: dict[Hashable, ColorType] = {OTHER_EDGES: GREY} if OTHER_EDGES in names else {}
    return palette_of(pd.Series(own, dtype=object)) | rest


def told_apart(
    frame: pd.DataFrame,
    columns: Sequence[str],
    parameter: str,
    where: str,
    hue: str | None = None,
    groups: npt.ArrayLike | None = None,
) -> tuple[pd.DataFrame, str | None, dict[Hashable, ColorType]]:
    """Return a frame with the column `hue`, "" where nothing is told apart; what is; its colours.

    Raises
    ------
    AnalysisError
        When the frame is empty or lacks a column, or the groups are not those of its edges.
    """
    check_frame(frame, dict.fromkeys([*columns, *([hue] if hue else [])]), parameter, where)
    if groups is not None:
        require(hue is None, "groups", where, "be given without a hue", hue)
        check_frame(frame, ["edge"], parameter, where)
        edges = frame["edge"].to_numpy()
        names = named_groups(groups, where, int(edges.max()) + 1)
        hues = np.array(names, dtype=object)[edges]
        return frame.assign(hue=hues), GROUP, group_colours(names)
    if hue == GROUP:
        names = named_groups(frame[GROUP], where)
        return frame.assign(hue=names), GROUP, group_colours(names)
    frame = frame.assign(hue=frame[hue] if hue else "")
    return frame, hue, palette_of(frame["hue"])


def legend(ax: Axes, hue: str | None, colours: dict[Hashable, ColorType]) -> None:
    """Draw the legend of what is told apart, if anything is; that of groups beside the axes."""
    if hue == GROUP:
        group_legend(ax, [*map(str, colours)])
    elif hue:
        ax.legend(title=hue, **LEGEND)


def group_legend(ax: Axes, names: Sequence[str], *, marks: bool = False) -> None:
    """Draw the legend of groups beside the axes, whose marks are those of a network."""
    shapes = group_marks(names)
    keys = {
        str(name): Line2D([], [], color=colour, ms=5, lw=0 if marks else 1.5)
        for name, colour in group_colours(names).items()
        if not marks or name in shapes
    }
    for name, key in keys.items():
        key.set_marker(shapes[name] if marks else "")
    ax.legend([*keys.values()], [*keys], title=GROUP, **BESIDE)
    as_written(ax)


def group_marks(names: Sequence[str]) -> dict[Hashable, str]:
    """Give each group a mark; edges of none have none."""
    own = [name for name in group_colours(names) if name != OTHER_EDGES]
    return {name: MARKS[at % len(MARKS)] for at, name in enumerate(own)}
