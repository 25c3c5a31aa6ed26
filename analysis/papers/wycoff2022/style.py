"""How the figures of the report look: one page wide, colour-blind safe, one colour a protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 7.0  # in, both columns of a journal
COLOURS = sns.color_palette("colorblind")
_GATES = sns.color_palette("viridis", 6)
#: Gated protocols in order (viridis), clocks in colours of their own.
PROTOCOLS: dict[str, Any] = {
    "p = 1": "black",
    "p = 0.5": _GATES[1],
    "p = 0.2": _GATES[2],
    "p = 0.1": _GATES[3],
    "p = 0.05": _GATES[4],
    "round robin": COLOURS[5],
    "uniform": COLOURS[1],
    "jitter 10 %": COLOURS[3],
    "Poisson": COLOURS[4],
}
#: Clocks as tables write them, and what they are called.
CLOCKS = {
    '{"kind": "periodic", "period": 1.0}': "p = 1",
    '{"kind": "periodic", "period": 0.1, "gate": 0.1}': "p = 0.1",
    '{"kind": "periodic", "period": 1.0, "phase": "uniform"}': "uniform",
    '{"kind": "poisson", "period": 1.0}': "Poisson",
}


def panels(rows: int, cols: int, height: float, **settings: Any) -> tuple[Figure, Any]:
    """Return a figure of page width and its Axes, shape (rows, cols)."""
    with sns.plotting_context("paper", font_scale=0.85), sns.axes_style("ticks"):
        figure, axes = plt.subplots(
            rows,
            cols,
            figsize=(WIDTH, height),
            layout="constrained",
            squeeze=False,
            **settings,
        )
    for ax in axes.flat:
        sns.despine(ax=ax)
        ax.tick_params(labelsize=7)
    return figure, axes


def letters(axes: Iterable[Axes]) -> None:
    """Put a letter over each of the Axes."""
    for letter, ax in zip("abcdefghij", axes, strict=False):
        ax.set_title(letter, loc="left", fontsize=9, fontweight="bold")


def points(
    ax: Axes,
    rows: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    colour: Any = "black",
    shift: float = 0.0,
    label: str | None = None,
) -> None:
    """Draw estimates with their intervals, a row each, the first on top."""
    at = [number + shift for number in range(len(rows))]
    across = [
        [value - low for value, low in zip(values, lows, strict=True)],
        [high - value for value, high in zip(values, highs, strict=True)],
    ]
    ax.errorbar(
        values, at, xerr=across, fmt="o", ms=3, lw=1, color=colour, capsize=1.5, label=label
    )
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
