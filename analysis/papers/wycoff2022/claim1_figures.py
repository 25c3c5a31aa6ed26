"""Figures of claim 1: learning curves, and errors at equal updates over that of lockstep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import NullLocator

from ..claims import Records
from ..drawing import LEGEND, legend_above, panels, points
from ..tables import groups
from .protocols import COLOURS, PROTOCOLS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...studies.record import StudyRecord

TASKS = {
    "one": "one target",
    "two": "two targets",
    "many": "many targets",
    "regression": "regression",
    "classification": "classification",
}


def draw_curves(records: Records) -> Figure:
    """Draw median errors against updates an edge: a row a size, a column a task."""
    sizes = list(dict.fromkeys(name.split("-")[1] for name in records))
    tasks = [task for task in TASKS if any(name.endswith(task) for name in records)]
    figure, axes = panels(len(sizes), len(tasks), 0.6 + 1.45 * len(sizes), sharex="row")
    for row, size in enumerate(sizes):
        for col, task in enumerate(tasks):
            ax = axes[row, col]
            name = f"idealised-{size}-{task}"
            if col == 0:
                ax.set_ylabel(f"{size} edges\nrelative error", fontsize=8)
            if name not in records:
                ax.set(xticks=[], yticks=[])
                ax.spines[:].set_visible(False)
                continue
            if task == "classification":
                ax.set_ylabel("mistaken", fontsize=8)
            _draw_curves(ax, records[name], task)
            if row == 0:
                ax.set_title(TASKS[task], fontsize=8)
    figure.supxlabel("updates per edge", fontsize=8)
    drawn = next(ax for ax in axes.flat if ax.lines)
    legend_above(figure, drawn, ncols=len(PROTOCOLS), fontsize=7)
    return figure


def _draw_curves(ax: Axes, record: StudyRecord, task: str) -> None:
    table = record.table().set_index(["label", "seed"])
    edges = float((table["updates"] / table["updates_per_edge"]).iloc[0])
    first = table["initial_error"]
    probes = record.probes()
    probes["per_edge"] = probes["updates"] / edges
    if task == "classification":
        probes["shown"] = 1.0 - probes["accuracy"]
    else:
        whose = list(zip(probes["label"], probes["seed"], strict=True))
        probes["shown"] = probes["error"].to_numpy() / first[whose].to_numpy()
    for label, own in groups(probes, "label"):
        curve = own.groupby("time_s")[["per_edge", "shown"]].median()
        ax.plot(curve["per_edge"], curve["shown"], color=PROTOCOLS[label], lw=0.9, label=label)
    ax.set_yscale("linear" if task == "classification" else "log")


def draw_ratios(cells: pd.DataFrame) -> Figure:
    """Draw the ratios of errors to lockstep, a panel a task and a colour a size."""
    shown = cells[(cells["metric"] == "error") & (cells["task"] != "classification")]
    tasks = list(dict.fromkeys(shown["task"]))
    sizes = list(dict.fromkeys(shown["edges"]))
    figure, axes = panels(1, len(tasks), 2.5, sharey=True, sharex=True)
    for ax, task in zip(axes.flat, tasks, strict=True):
        for number, size in enumerate(sizes):
            own = shown[(shown["task"] == task) & (shown["edges"] == size)]
            if own.empty:
                continue
            shift = 0.22 * (number - (len(sizes) - 1) / 2)
            points(ax, own, colour=COLOURS[number], shift=shift, label=f"{size} edges")
        ax.axvline(1.0, color="0.6", lw=0.8, zorder=0)
        ax.set_xscale("log")
        ax.set_xticks([0.7, 1.0, 1.5, 2.0], ["0.7", "1", "1.5", "2"])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_title(TASKS[task], fontsize=8)
    figure.supxlabel("error at equal updates / that of p = 1", fontsize=8)
    legend_above(figure, *axes.flat, ncols=3, **LEGEND)
    return figure
