"""Trajectories of the conductances over time."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from ..frames import check_frame, require
from ..units import COLUMNS
from .groups import BESIDE, group_colours, group_legend, named_groups
from .style import DISTINCT, ORDERED, axes_for, bins_of, choose_edges, spans


def conductances(
    events: pd.DataFrame,
    initial: npt.ArrayLike | None = None,
    *,
    edges: Iterable[int] | None = None,
    groups: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Conductance of every edge over time, as steps.

    One line an edge, in ascending order, from the first event to the last, on an axis that is
    logarithmic where the largest conductance is over ten times the smallest. Up to ten edges have a
    legend, more a colour bar. Time has 1000 bins: of the actuations of an edge in one bin the
    lowest, the highest and the last are drawn, so the envelope is whole and only what is finer than
    the print is left out.

    Parameters
    ----------
    events : DataFrame
        Events of one run, or a stretch of them.
    initial : array_like, shape (E,), optional
        Conductances before the first event, S. They add the edges that never act, as level lines;
        the others start from their own `conductance_before_S` anyway.
    edges : iterable of int, optional
        The edges to draw; by default all, and of more than 150 so many, evenly spread by number.
    """
    where = "conductances"
    needed = ["time_s", "edge", "conductance_before_S", "conductance_after_S"]
    check_frame(events, needed, "events", where)
    before: dict[int, float] = {}
    if initial is not None:
        values = np.asarray(initial, dtype=float)
        shape = f"an array of shape {values.shape}"
        require(values.ndim == 1, "initial", where, "be one-dimensional", shape)
        before.update(enumerate(values.tolist()))
    begin, end = float(events["time_s"].min()), float(events["time_s"].max())
    ordered = events[needed].sort_values("time_s", kind="stable", ignore_index=True)
    first = ordered.drop_duplicates("edge")
    before.update(zip(first["edge"].tolist(), first["conductance_before_S"].tolist(), strict=True))

    names = None if groups is None else named_groups(groups, where, max(before) + 1)
    chosen = choose_edges(sorted(before), edges, where)
    ordered = ordered[ordered["edge"].isin(chosen)]
    bins = bins_of(ordered["time_s"], begin, end)
    cells = ordered["conductance_after_S"].groupby([ordered["edge"], bins])
    kept = np.unique(np.concatenate([cells.idxmin(), cells.idxmax(), cells.tail(1).index]))
    steps = dict(list(ordered.loc[kept].groupby("edge")))

    ax = axes_for(ax)
    few = len(chosen) <= len(DISTINCT)
    norm = Normalize(chosen[0], chosen[-1])
    of_group = group_colours(names or [])
    low, high = np.inf, -np.inf
    for row, edge in enumerate(chosen):
        own = steps.get(edge, ordered.iloc[:0])
        height = np.r_[before[edge], own["conductance_after_S"]]
        low, high = min(low, height.min()), max(high, height.max())
        ax.plot(
            np.r_[begin, own["time_s"], end],
            np.r_[height, height[-1]],
            color=of_group[names[edge]] if names else DISTINCT[row] if few else ORDERED(norm(edge)),
            drawstyle="steps-post",
            linewidth=0.8 if few else 0.5,
            label=str(edge),
        )
    if spans([low, high], 10.0):
        ax.set_yscale("log")
    ax.set(xlabel=COLUMNS["time_s"], ylabel="conductance (S)")
    ax.margins(x=0.02)
    if names is not None:
        group_legend(ax, names)
    elif few:
        ax.legend(title="edge", **BESIDE)
    else:
        whole = MaxNLocator(6, integer=True)
        key = ax.figure.colorbar(ScalarMappable(norm, ORDERED), ax=ax, ticks=whole, aspect=30)
        key.set_label("edge", size=ax.yaxis.label.get_fontsize())
        key.ax.tick_params(labelsize="small")
    return ax
