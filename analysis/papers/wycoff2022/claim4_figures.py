"""Figures of claim 4: both kinds of mini-batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import NullFormatter, ScalarFormatter

from ...statistics import Estimate
from ..drawing import curve, letters, panels
from ..estimates import proportion, ratio
from ..tables import by_seed, columns
from .update_noise import FULL, KINDS, draw_noise, fractions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A run has left a poor minimum when it settles at less than half of what the full update does.
ESCAPED = 0.5


def draw_minibatches(runs: pd.DataFrame, noise: pd.DataFrame) -> Figure:
    """Draw the noise of updates, settled errors, displacements and escapes."""
    figure, axes = panels(2, 3, 4.6)
    draw_noise(axes[0, 0], axes[0, 1], noise)
    _draw_errors(axes[0, 2], runs, "")
    _draw_errors(axes[1, 0], runs, "-continuous")
    sign = runs[runs["scenario"] == "minibatch-realisable"]
    _draw_displacement(axes[1, 1], sign)
    _draw_escape(axes[1, 2], runs)
    letters(axes.flat)
    return figure


def _draw_errors(ax: Axes, runs: pd.DataFrame, rule: str) -> None:
    for task, style in (("realisable", "-"), ("unrealisable", "--")):
        own = runs[runs["scenario"] == f"minibatch-{task}{rule}"]
        wide = by_seed(own, "settled_error").clip(lower=1e-300)
        for kind, (colour, _) in KINDS.items():
            parts = fractions(wide, kind)
            found = [ratio(wide[label], wide[FULL]) for label in parts]
            whole = Estimate(value=1.0, low=1.0, high=1.0, seeds=0)
            curve(ax, [1.0, *parts.values()], [whole, *found], colour, style)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_yticks([0.5, 1.0, 2.0], ["0.5", "1", "2"])
    name = "continuous" if rule else "sign rule"
    ax.set(xlabel="fraction", ylabel=f"error / full ({name})")


def _draw_displacement(ax: Axes, runs: pd.DataFrame) -> None:
    lags = dict(sorted(columns(runs, "displacement_").items(), key=lambda each: each[1]))
    for label, colour, style in (
        (FULL, "black", "none"), ("edges 1/2", "C0", "-"), ("edges 1/16", "C0", "--"),
        ("data 1/2", "C1", "-"), ("data 1/16", "C1", "--"),
    ):  # fmt: skip
        own = runs[runs["label"] == label]
        middle = own[list(lags)].median().rename(lags)
        seen = middle[middle > 0.0]
        ax.plot(seen.index, seen, ls=style, color=colour, marker="o", ms=2.5, lw=1, label=label)
    ax.set(xscale="log", yscale="log", xlabel="lag (s)", ylabel="displacement² (steps²)")
    ax.legend(fontsize=6.5, frameon=False)


def _draw_escape(ax: Axes, runs: pd.DataFrame) -> None:
    own = runs[runs["scenario"] == "minibatch-realisable"]
    wide = by_seed(own, "settled_error")
    for kind, (colour, what) in KINDS.items():
        parts = fractions(wide, kind)
        found = [proportion(wide[label] < ESCAPED * wide[FULL]) for label in parts]
        curve(ax, list(parts.values()), found, colour, label=what)
    ax.set_xscale("log", base=2)
    ax.set(xlabel="fraction", ylabel="escaped")
