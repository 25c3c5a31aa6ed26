"""How far the network wanders: the mean squared displacement of its resistors against lag."""

from __future__ import annotations

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from ..frames import check_frame
from .style import as_written, axes_for, log_axis, palette_of


def displacement(
    frame: pd.DataFrame,
    hue: str | None = None,
    *,
    lag_label: str = "lag (s)",
    msd_label: str = "mean squared\ndisplacement",
    ax: Axes | None = None,
) -> Axes:
    """Mean squared displacement against lag, on logarithmic axes.

    Parameters
    ----------
    frame : DataFrame
        `lag` and `msd`, one row a lag, or one a lag and run; where several rows share a lag (and a
        hue) the line is their median and the band runs from the lower to the upper quartile.
    hue : str, optional
        Column that tells the lines apart.
    lag_label, msd_label : str
        What the axes say, with the unit of the frame.
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        A displacement of zero, as in a limit cycle at multiples of its period, is drawn on the
        lower edge as an open circle: a logarithmic axis has no place for it.

    Raises
    ------
    AnalysisError
        If a column is missing or the frame is empty.
    """
    group = [] if hue is None else [hue]
    check_frame(frame, ["lag", "msd", *group], "frame", "displacement")
    rows = frame.assign(hue=frame[hue] if hue else "")
    cells = rows.groupby(["hue", "lag"], observed=True)["msd"]
    curve = pd.DataFrame(
        {"msd": cells.median(), "lower": cells.quantile(0.25), "upper": cells.quantile(0.75)}
    ).reset_index()
    numeric = pd.api.types.is_numeric_dtype(curve["hue"].dtype)
    palette = palette_of(curve["hue"].unique().tolist(), numeric)
    ax = axes_for(ax)
    positive = curve[(curve["msd"] > 0) & (curve["lag"] > 0)]
    for level, colour in palette.items():
        own = positive[positive["hue"] == level]
        how: dict[str, Any] = {"color": colour, "linewidth": 1.0, "marker": ".", "markersize": 3}
        ax.plot(own["lag"], own["msd"], label=str(level), **how)
        if (cells.size() > 1).any():
            ax.fill_between(own["lag"], own["lower"], own["upper"], color=colour, alpha=0.2, lw=0)
    if len(positive):
        ax.set(xscale="log", yscale="log")
        log_axis(ax.xaxis, positive["lag"].min(), positive["lag"].max())
        log_axis(ax.yaxis, positive["msd"].min(), positive["msd"].max())
    still = curve[(curve["msd"] == 0) & (curve["lag"] > 0)]
    for level, own in still.groupby("hue", observed=True):
        ax.plot(
            own["lag"],
            [0.02] * len(own),
            transform=ax.get_xaxis_transform(),
            linestyle="none",
            marker="o",
            ms=3,
            mfc="none",
            color=palette[level],
            label="zero" if hue is None else f"{level!s}: zero",
        )
    ax.set(xlabel=lag_label, ylabel=msd_label)
    if hue or len(still):
        ax.legend(title=hue, fontsize="small", title_fontsize="small", frameon=False)
    sns.despine(ax=ax)
    return as_written(ax)
