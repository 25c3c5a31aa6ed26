"""Power: what both copies turn into heat, and what clamping adds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..frames import check_frame
from .style import DISTINCT, as_written, log_axis, spans, stacked


def power(frame: pd.DataFrame) -> tuple[Axes, Axes]:
    """Power of the free copy against time, and below what the clamp adds to it.

    Axes are logarithmic where all values are positive and span a factor of three.

    Parameters
    ----------
    frame : DataFrame
        What `Run.power` returns, in order of its times, or the probes of a run that measured it.

    Returns
    -------
    tuple of Axes

    Raises
    ------
    AnalysisError
        If a column is missing, or the frame is empty.
    """
    check_frame(frame, ["time_s", "free_W", "clamped_W"], "frame", "power")
    added = frame["clamped_W"] - frame["free_W"]
    upper, lower = stacked(heights=(1.0, 1.0))
    labels = ("free copy (W)", "added by\nclamping (W)")
    for ax, watts, label, colour in zip(
        (upper, lower), (frame["free_W"], added), labels, DISTINCT, strict=False
    ):
        ax.plot(frame["time_s"], watts, ".", markersize=2.5, color=colour)
        if (watts > 0.0).all() and spans(watts, 3.0):
            ax.set_yscale("log")
            log_axis(ax.yaxis, float(np.min(watts)), float(np.max(watts)))
        ax.set(ylabel=label)
        as_written(ax)
    lower.set(xlabel="time (s)")
    return upper, lower
