"""Learning curves: the error against time or updates, with its spread over seeds."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from ..frames import check_frame, require
from ..units import COLUMNS
from .style import KEYS, as_written, axes_for, log_axis, palette_of, spans

Ends = tuple[pd.Series, pd.Series]


def _quartiles(cells: Any) -> Ends:
    return cells.quantile(0.25), cells.quantile(0.75)


def _confidence(cells: Any) -> Ends:
    """Return the order statistics between which the median lies with 95 % confidence."""
    from scipy.stats import binom

    def rank(values: pd.Series) -> int:
        return max(int(binom.ppf(0.025, len(values), 0.5)) - 1, 0)

    lower = cells.agg(lambda values: np.sort(values)[rank(values)])
    return lower, cells.agg(lambda values: np.sort(values)[-1 - rank(values)])


#: The ends of the band around a median, by name.
BANDS: dict[str, Callable[[Any], Ends]] = {"quartiles": _quartiles, "confidence": _confidence}


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
    median and the band says how far they spread, or how well the median is known.

    Parameters
    ----------
    probes : DataFrame
        Probes of one run, or of several in one frame; also what `analysis.learning_curve` returns.
    hue : str, optional
        Column that tells the lines apart. Numbers are coloured in order (viridis), and of more than
        six every so many is in the legend; anything else takes seaborn's colour-blind palette.
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
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With one line a hue, in the order of the legend.

    Raises
    ------
    AnalysisError
        If a column is missing, the frame is empty, or the band is unknown.

    References
    ----------
    H. A. David, H. N. Nagaraja, Order Statistics (2003), section 7.1, for the confidence interval.
    """
    names = " or ".join(map(repr, BANDS))
    require(band in BANDS, "band", "learning_curve", f"be {names}", repr(band))
    group = [] if hue is None else [hue]
    check_frame(probes, dict.fromkeys(["time_s", x, y, *group]), "probes", "learning_curve")
    lines = pd.DataFrame({"hue": probes[hue] if hue else "", "time_s": probes["time_s"]})
    lines[["x", "y"]] = probes[[x, y]].to_numpy(dtype=float)
    cells = lines.groupby(["hue", "time_s"], observed=True)
    curve = cells[["x", "y"]].median()
    curve["lower"], curve["upper"] = BANDS[band](cells["y"])
    curve = curve.reset_index()
    numeric = pd.api.types.is_numeric_dtype(curve["hue"].dtype)
    palette = palette_of(curve["hue"].unique().tolist(), numeric)

    ax = axes_for(ax)
    sns.lineplot(
        curve,
        x="x",
        y="y",
        hue="hue",
        hue_order=list(palette),
        palette=palette,
        estimator=None,
        sort=False,
        legend="full" if hue else False,
        linewidth=1.0,
        ax=ax,
    )
    if (cells.size() > 1).any():
        for level, colour in palette.items():
            own = curve[curve["hue"] == level]
            ax.fill_between(
                own["x"], own["lower"], own["upper"], color=colour, alpha=0.2, linewidth=0
            )
    positive = curve.loc[curve["y"] > 0, "y"]
    if y != "accuracy" and spans(positive, 3.0):
        ax.set_yscale("log")
        log_axis(ax.yaxis, positive.min(), positive.max())
    ax.set(xlabel=COLUMNS.get(x, x), ylabel=COLUMNS.get(y, y))
    if hue:
        handles, labels = ax.get_legend_handles_labels()
        if numeric and len(labels) > KEYS:
            shown = np.linspace(0, len(labels) - 1, KEYS).round().astype(int)
            handles, labels = [handles[i] for i in shown], [labels[i] for i in shown]
        legend = ax.legend(
            handles,
            labels,
            title=hue,
            # Errors fall and accuracies rise: the corner that is likely to be free.
            loc="lower right" if y == "accuracy" else "upper right",
            fontsize="small",
            title_fontsize="small",
            edgecolor="none",
        )
        legend.set_in_layout(False)  # long names would leave no room for the axes
    return as_written(ax)
