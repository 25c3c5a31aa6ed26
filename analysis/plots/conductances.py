"""Trajectories of the conductances over time."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from ..frames import check_frame, require
from ..units import COLUMNS
from .groups import beside, group_colours, group_legend, named_groups
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

    The axis is logarithmic where the largest conductance is over ten times the smallest. Of more
    than 150 edges 150 are drawn, evenly spread by number, unless `edges` names them. Time has 1000
    bins: of the actuations of an edge in one bin the lowest, the highest and the last are drawn, so
    the envelope is whole and only what is finer than the print is left out.

    Parameters
    ----------
    events : DataFrame
        Events of one run, or a stretch of them.
    initial : array_like, shape (E,), optional
        Conductances before the first event, S. They add the edges that never act, as level lines;
        the others start from their own `conductance_before_S` anyway.
    edges : iterable of int, optional
        The edges to draw; by default all.
    groups : array_like of str, shape (E,), optional
        The group of every edge, "" for none, as a run's `edges` have them; edges then have the
        colour of their group, and the legend is of groups.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With one line an edge, in ascending order, from the time of the first event to the last. Up
        to ten edges have a legend, more a colour bar; both are beside the axes, so give axes of
        your own a constrained layout.

    Raises
    ------
    AnalysisError
        If a column is missing, the frame is empty, `initial` is not one-dimensional, an edge has no
        entry in `groups`, or one in `edges` has neither events nor an initial value.
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
    steps = pd.DataFrame(
        {
            "edge": chosen,
            "time_s": begin,
            "conductance_after_S": [before[edge] for edge in chosen],
        }
    )
    steps = pd.concat([steps, ordered.loc[kept, list(steps)]], ignore_index=True)
    ends = steps.drop_duplicates("edge", keep="last").assign(time_s=end)
    steps = pd.concat([steps, ends], ignore_index=True)

    ax = axes_for(ax)
    few = len(chosen) <= len(DISTINCT)
    norm = Normalize(chosen[0], chosen[-1])
    colours = dict(zip(chosen, DISTINCT, strict=False)) if few else {}
    if names is not None:
        of_group = group_colours(names)
        colours = {edge: of_group[names[edge]] for edge in chosen}
    sns.lineplot(
        steps,
        x="time_s",
        y="conductance_after_S",
        hue="edge",
        hue_order=chosen,
        palette=colours or {edge: ORDERED(norm(edge)) for edge in chosen},
        estimator=None,
        sort=False,
        drawstyle="steps-post",
        legend="full" if few and names is None else False,
        linewidth=0.8 if few else 0.5,
        ax=ax,
    )
    if spans(steps["conductance_after_S"], 10.0):
        ax.set_yscale("log")
    ax.set(xlabel=COLUMNS["time_s"], ylabel="conductance (S)")
    ax.margins(x=0.02)
    if names is not None:
        group_legend(ax, names)
    elif few:
        ax.legend(title="edge", **beside())  # lines wander everywhere inside the axes
    else:
        whole = MaxNLocator(6, integer=True)
        key = ax.figure.colorbar(ScalarMappable(norm, ORDERED), ax=ax, ticks=whole, aspect=30)
        key.set_label("edge", size=ax.yaxis.label.get_fontsize())
        key.ax.tick_params(labelsize="small")
    return ax
