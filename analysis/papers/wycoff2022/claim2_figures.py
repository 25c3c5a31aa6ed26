"""Figures of claim 2: what protocols settle at, and along which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...statistics import bootstrap
from ..claims import Records
from ..drawing import LEGEND, curve, letters, panels, spread
from ..tables import by_seed, groups
from .protocols import PROTOCOLS, tables_by_clock

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METRICS = {"settled_error": "settled error", "fluctuation": "its s.d.", "best_error": "best error"}
#: What is moved, and what its axis says.
SWEEPS = {
    "positions": ("edges.resistor.positions", "positions"),
    "offset": ("edges.comparator.offset", "offset s.d. (V)"),
    "noise": ("edges.comparator.noise", "noise s.d. (V)"),
}


def draw_protocols(runs: pd.DataFrame) -> Figure:
    """Draw what each protocol settles at: a row a metric, a column a task."""
    scenarios = list(dict.fromkeys(runs["scenario"]))
    figure, axes = panels(len(METRICS), len(scenarios), 5.2, sharex="col", sharey="row")
    labels = list(dict.fromkeys(runs["label"]))
    for col, scenario in enumerate(scenarios):
        for row, (metric, what) in enumerate(METRICS.items()):
            ax = axes[row, col]
            wide = by_seed(runs[runs["scenario"] == scenario], metric)
            for number, label in enumerate(labels):
                found = bootstrap(wide[label], resamples=1000)
                value, low = max(found.value, 1e-12), max(found.low, 1e-12)
                ends = [[low], [value], [max(found.high, low)]]
                spread(ax, [number], ends, PROTOCOLS[label], capsize=1.5)
            ax.set_yscale("log")
            ax.set_xticks(range(len(labels)), labels, rotation=90)
            if col == 0:
                ax.set_ylabel(f"{what} (V²)", fontsize=8)
        name = scenario.replace("breadboard-", "task ").replace("discrete-", "")
        axes[0, col].set_title(name if "task" in name else f"{name} edges", fontsize=8)
    return figure


def draw_sweeps(series: Mapping[str, Records]) -> Figure:
    """Draw settled errors against each parameter, a line a clock."""
    figure, axes = panels(1, len(series), 2.5, sharey=True)
    for ax, (name, records) in zip(axes.flat, series.items(), strict=True):
        key, what = SWEEPS[name]
        levels = draw_sweep(ax, tables_by_clock(records), key)
        ax.set_yscale("log")
        if name == "positions":
            ax.set_xscale("log", base=2)
            ax.set_xticks(levels, [f"{x:.0f}" for x in levels])
        else:
            ax.set_xscale("symlog", linthresh=float(levels[1]), linscale=0.5)
            ax.set_xlim(left=0.0)
            ax.set_xticks([0.0, 1e-3, 1e-2, 1e-1], ["0", "$10^{-3}$", "$10^{-2}$", "$10^{-1}$"])
        ax.set_xlabel(what, fontsize=8)
    axes.flat[0].set_ylabel("settled error (V²)", fontsize=8)
    axes.flat[0].legend(**LEGEND)
    letters(axes.flat)
    return figure


def draw_sweep(ax: Axes, runs: pd.DataFrame, key: str) -> npt.NDArray[np.float64]:
    """Draw settled errors against a parameter, a line a clock, and return its levels."""
    levels = np.sort(runs[key].unique())
    for label, own in groups(runs, "label"):
        errors = [bootstrap(own[own[key] == x]["settled_error"], resamples=500) for x in levels]
        curve(ax, levels, errors, PROTOCOLS[label], label=label)
    return levels
