"""The colour scale of conductances: logarithmic, with round numbers on its bar."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.ticker import EngFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from .style import ORDERED


def log_norm(
    conductances: npt.NDArray[np.float64], bounds: tuple[float, float] | None = None
) -> LogNorm:
    """Return the logarithmic scale of some conductances, which has two different ends."""
    positive = conductances[(conductances > 0.0) & np.isfinite(conductances)]
    if bounds is None:
        bounds = (float(positive.min()), float(positive.max())) if positive.size else (1.0, 1.0)
    low, high = bounds
    return LogNorm(low, high, clip=True) if low < high else LogNorm(low / 2, high * 2, clip=True)


def conductance_key(ax: Axes | npt.NDArray[np.object_], norm: LogNorm, aspect: float = 30) -> None:
    """Draw the colour bar of conductances below axes."""
    some = cast(Axes, np.ravel(np.asarray(ax, dtype=object))[0])
    scale = ScalarMappable(norm, ORDERED)
    bar = some.figure.colorbar(scale, ax=ax, orientation="horizontal", aspect=aspect, pad=0.02)
    bar.set_label("conductance", size=some.yaxis.label.get_fontsize())
    assert norm.vmin is not None
    assert norm.vmax is not None
    bar.ax.xaxis.set_major_locator(_locator(norm.vmax / norm.vmin))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.xaxis.set_major_formatter(EngFormatter("S"))
    bar.ax.tick_params(labelsize="small")


def _locator(range_: float) -> Locator:
    """Return what puts a few round numbers on a logarithmic axis, two at least."""
    if range_ < 10.0:
        return MaxNLocator(3, steps=[1, 2, 5, 10])
    return LogLocator(10.0, (1.0,) if range_ >= 100.0 else (1.0, 3.0), numticks=5)
