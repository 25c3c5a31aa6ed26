"""The colour scale of conductances: logarithmic, with round numbers on its bar."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.ticker import EngFormatter, FixedLocator, NullLocator

from .style import ORDERED


def log_norm(
    conductances: npt.NDArray[np.float64], bounds: tuple[float, float] | None = None
) -> LogNorm:
    """Return the logarithmic scale of some conductances, which has two different ends."""
    positive = conductances[conductances > 0.0]
    low, high = bounds or (
        (float(positive.min()), float(positive.max())) if positive.size else (1.0, 1.0)
    )
    if low == high:
        low, high = low / 2.0, high * 2.0
    return LogNorm(low, high, clip=True)


def conductance_key(ax: Axes | npt.NDArray[np.object_], norm: LogNorm, aspect: float = 30) -> None:
    """Draw the colour bar of conductances below axes."""
    some = cast(Axes, np.ravel(np.asarray(ax, dtype=object))[0])
    figure = some.figure
    bar = figure.colorbar(
        ScalarMappable(norm, ORDERED), ax=ax, orientation="horizontal", aspect=aspect, pad=0.02
    )
    assert norm.vmin is not None
    assert norm.vmax is not None
    bar.set_label("conductance", size=some.yaxis.label.get_fontsize())
    bar.ax.xaxis.set_major_locator(FixedLocator(round_places(norm.vmin, norm.vmax)))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.xaxis.set_major_formatter(EngFormatter("S"))
    bar.ax.tick_params(labelsize="small")


def round_places(low: float, high: float) -> list[float]:
    """Return round numbers between two bounds on a logarithmic axis, two at least, few."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for digits in ((1,), (1, 3), (1, 2, 5), tuple(range(1, 10))):
        every = max(1, round(np.log10(high / low) / 5)) if digits == (1,) else 1
        found = [d * 10.0**p for p in powers[::every] for d in digits]
        inside = [at for at in found if low * (1 - 1e-9) <= at <= high * (1 + 1e-9)]
        apart = [at for at in inside if _is_apart(at, inside, low, high)]
        if len(apart) >= 3:
            return apart[:: max(1, len(apart) // 5)]
    return [low, high]


def _is_apart(at: float, places: list[float], low: float, high: float) -> bool:
    """Whether a place is far enough from the one before it for both their labels."""
    before = [place for place in places if place < at]
    return not before or np.log(at / before[-1]) > 0.1 * np.log(high / low)
