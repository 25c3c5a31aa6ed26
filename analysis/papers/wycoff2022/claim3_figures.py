"""Figures of claim 3: where the potentiometers go once settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ... import trajectories
from ...runs import open_run
from ...settled import settled_path
from ..claims import Records
from ..drawing import legend_above, letters, panels, quartiles, spread
from ..tables import geometric, groups
from .protocols import PROTOCOLS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_exploration(portrait: Records, lags: pd.DataFrame, runs: pd.DataFrame) -> Figure:
    """Draw displacements by run and lag, the path of one run a protocol, errors, and states."""
    figure, axes = panels(2, 2, 5.0)
    _draw_displacement(axes[0, 0], lags)
    walks = _walks(portrait)
    _draw_portrait(axes[0, 1], walks)
    _draw_errors(axes[1, 0], runs)
    _draw_states(axes[1, 1], walks)
    letters(axes.flat)
    legend_above(figure, axes[0, 0], ncols=6, fontsize=8)
    return figure


def _draw_displacement(ax: Axes, lags: pd.DataFrame) -> None:
    task = "breadboard-iii"
    own_task = lags[lags["scenario"] == task]
    least = 0.5 * own_task.loc[own_task["msd"] > 0.0, "msd"].min()
    for label, own in groups(own_task, "label"):
        low, middle, high = quartiles(own.groupby("lag")["msd"])
        shown = middle[middle > 0.0]
        joined = "none" if (middle == 0.0).any() else "-"
        ax.plot(shown.index, shown, marker="o", ms=3, lw=1, ls=joined, color=PROTOCOLS[label],
                label=label)  # fmt: skip
        if joined == "-":
            ax.fill_between(middle.index, low, high, lw=0, alpha=0.2, color=PROTOCOLS[label])
        zero = middle.index[middle == 0.0]
        (points,) = ax.plot(zero, np.full(len(zero), least), "o", mfc="none",
                            ms=6 if label == "p = 1" else 3.5, color=PROTOCOLS[label],
                            clip_on=False)  # fmt: skip
        points.set_in_layout(False)
    ax.set(xscale="log", yscale="log", xlabel="lag (s)", ylabel="displacement² (steps²)")
    ax.set_ylim(bottom=least)


def _walks(records: Records) -> dict[str, np.ndarray]:
    """Return the settled half of each run, in positions, by protocol."""
    kept = next(iter(records.values())).folders()
    pairs = zip(kept["label"], kept["folder"], strict=True)
    return {label: settled_path(open_run(folder)) for label, folder in pairs}


def _draw_states(ax: Axes, walks: Mapping[str, np.ndarray]) -> None:
    for label, walk in walks.items():
        ax.plot(np.arange(1, len(walk) + 1), trajectories.distinct_states(walk),
                color=PROTOCOLS[label], lw=2.5 if label == "p = 1" else 1.2)  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="samples (s)", ylabel="different states visited")


def _draw_portrait(ax: Axes, walks: Mapping[str, np.ndarray]) -> None:
    cloud = np.vstack([walk - walk.mean(axis=0) for walk in walks.values()])
    axes = np.linalg.svd(cloud, full_matrices=False)[2][:2]
    middle = np.mean([walk.mean(axis=0) for walk in walks.values()], axis=0)
    for label in ("Poisson", "p = 0.1", "round robin", "p = 1"):
        walk = walks[label]
        x, y = axes @ (walk - middle).T
        still = label in ("p = 1", "round robin")
        ax.plot(x, y, lw=0.6 if not still else 2.0, marker="o" if still else "none", ms=4,
                color=PROTOCOLS[label], alpha=0.8, label=label)  # fmt: skip
    ax.set(xlabel="first principal axis (steps)", ylabel="second")


def _draw_errors(ax: Axes, runs: pd.DataFrame) -> None:
    labels = list(dict.fromkeys(runs["label"]))
    for metric, marker, shift in (("settled_error", "o", -0.12), ("best_error", "v", 0.12)):
        wide = geometric(runs, metric)
        for number, label in enumerate(labels):
            ends = [[end] for end in quartiles(wide[label])]
            spread(ax, [number + shift], ends, PROTOCOLS[label], fmt=marker, ms=4)
    ax.set_yscale("log")
    ax.set_xticks(range(len(labels)), labels, rotation=30)
    ax.set_ylabel("● settled, ▼ best error (V²)")
