"""Which class is taken for which."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from ..frames import check_frame
from .studies import SIZE
from .style import as_written, axes_for

#: Most classes whose counts are written out.
WRITTEN = 20


def confusion(matrix: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix, shaded by the share of each class.

    Parameters
    ----------
    matrix : DataFrame
        What `Run.confusion` returns: how many data of each class (a row) are taken for which.
    """
    check_frame(matrix, [], "matrix", "confusion")
    ax = axes_for(ax, SIZE)
    shares = matrix.div(matrix.sum(axis=1).clip(lower=1), axis=0)
    sns.heatmap(
        shares,
        vmin=0.0,
        vmax=1.0,
        cmap="Blues",
        annot=matrix if len(matrix) <= WRITTEN else None,
        fmt="d",
        square=True,
        cbar_kws={"label": "part of the class"},
        ax=ax,
    )
    ax.set(xlabel="taken for", ylabel="class")
    ax.tick_params(axis="y", rotation=0)
    return as_written(ax)
