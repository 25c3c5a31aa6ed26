"""Claim 5, beyond the paper: which desynchrony, drifting clocks, latency, large steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...statistics import Estimate, bootstrap, compare
from ...studies.responses import thresholds
from .drifting import judge_drift
from .findings import Records, Result, geometric, groups, number, over_tasks, readings, tables_of
from .stability import judge_stability
from .style import CLOCKS, PROTOCOLS, letters, panels, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOCKSTEP = "lockstep"


def judge(series: Mapping[str, Records]) -> Result:
    """Rank the clocks; follow drifting ones; hold latency and step size against theory."""
    result = Result("Beyond the paper", claim=5)
    _judge_clocks(result, series["clocks"])
    if "drift" in series:
        judge_drift(result, series["drift"], series.get("recurrence"))
    judge_stability(result, series["late"], series["fast"], series.get("beyond"))
    if "latency" in series:
        _judge_latency(result, series["latency"])
    return result


def _judge_clocks(result: Result, records: Records) -> None:
    runs = tables_of(records)
    ratios = _pooled(runs)
    result.tables["claim5_clocks"] = ratios
    settled = ratios[ratios["metric"] == "settled_error"].sort_values("value")
    best = ratios[ratios["metric"] == "best_error"].sort_values("value")
    result.text.append(
        f"Of {len(settled)} ways to be out of step {settled['label'].iloc[0]!r} settles lowest, at "
        f"{number(settled['value'].iloc[0])} of lockstep; the best error of all is met under "
        f"{best['label'].iloc[0]!r}, at {number(best['value'].iloc[0])}. Errors are read at "
        f"times that no clock keeps step with; the best error is the lowest of {readings(runs)}."
    )
    tasks = over_tasks(runs)
    wide = geometric(runs, "settled_error")
    first, second = settled["label"].iloc[:2]
    result.judge(
        "The protocol that settles lowest settles lower than the runner-up",
        f"ratio of settled errors, {first!r} to {second!r}, {tasks}",
        compare(wide[first], wide[second], "ratios", "geometric_mean"),
        below=1.0,
    )
    small, large = "lockstep + jitter 1 %", "lockstep + jitter 10 %"
    result.judge(
        "Without latency a jitter of 1 % settles where one of 10 % does",
        f"ratio of settled errors, {tasks}",
        compare(wide[small], wide[large], "ratios", "geometric_mean"),
        above=0.8,
        below=1.25,
    )
    least = geometric(runs, "best_error")
    for one, other, frame, what in (
        ("round robin", "Poisson", wide, "settled"),
        ("Poisson", "round robin", least, "best"),
        ("lockstep + jitter 1 %", LOCKSTEP, wide, "settled"),
        ("gate 0.02", "gate 0.5", wide, "settled"),
    ):
        result.judge(
            f"{one!r} has a lower {what} error than {other!r}",
            f"ratio of {what} errors, {tasks}",
            compare(frame[one], frame[other], "ratios", "geometric_mean"),
            below=1.0,
            main="robin" in one + other,
        )
    result.figures["claim5_clocks"] = (
        _clocks(ratios),
        "Settled, and best, error over that of lockstep: geometric mean over tasks and seeds with "
        "95 % interval.",
    )


def _pooled(runs: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for metric in ("settled_error", "best_error"):
        wide = geometric(runs, metric)
        for label in wide.columns.drop(LOCKSTEP):
            found = compare(wide[label], wide[LOCKSTEP], "ratios", "geometric_mean")
            rows.append((metric, label, found.value, found.low, found.high, found.seeds))
    return pd.DataFrame(rows, columns=["metric", "label", "value", "low", "high", "seeds"])


def _clocks(ratios: pd.DataFrame) -> Figure:
    figure, axes = panels(1, 2, 3.0, sharey=True)
    for ax, metric in zip(axes.flat, ("settled_error", "best_error"), strict=True):
        own = ratios[ratios["metric"] == metric]
        points(ax, list(own["label"]), list(own["value"]), list(own["low"]), list(own["high"]))
        ax.axvline(1.0, color="0.6", lw=0.8, zorder=0)
        ax.set(xscale="log", xlabel=f"{metric.replace('_', ' ')} / lockstep")
    letters(axes.flat)
    return figure


def _judge_latency(result: Result, records: Records) -> None:
    """Say how late an edge of the bench may act before its error doubles."""
    runs = tables_of(records)
    runs["label"] = runs["edges.clock"].map(CLOCKS)
    runs = runs.drop(columns="edges.clock")
    result.tables["claim5_latency"] = runs
    key = "edges.latency"
    for label, own in groups(runs, "label"):
        found = thresholds(own, [key], "settled_error", reference={key: 0.0}).iloc[0]
        learning = float(own[own[key] == 0.0]["time_to_tenth"].median())
        longest = own[own[key] == own[key].max()]
        stale = float(longest["mean_staleness"].median())
        result.text.append(
            f"Sign rule under {label!r}: the settled error doubles at a latency of "
            f"{found['threshold']:.2g} [{found['low']:.2g}, {found['high']:.2g}] periods, "
            f"{found['threshold'] / learning:.2g} of the time to a tenth of the error. "
            f"At the longest, {own[key].max():g} periods, {number(stale)} actuations of others lie "
            "between a reading and its actuation."
        )
    exponents = []
    for _, own in groups(runs[(runs["label"] == "p = 1") & (runs[key] >= 1.0)], "seed"):
        x, y = np.log(1.0 + 2.0 * own[key]), np.log(own["settled_error"])
        exponents.append(float(np.polyfit(x, y, 1)[0]))
    result.judge(
        "Under the sign rule in lockstep the error grows as the square of the overshoot, 1 + 2 τ/T",
        "exponent of the settled error in 1 + 2 τ/T, median over seeds",
        bootstrap(exponents),
        below=2.3,
        above=1.7,
    )
    figure, axes = panels(1, 1, 2.7)
    ax = axes[0, 0]
    for label, own in groups(runs, "label"):
        levels = np.sort(own[key].unique())
        errors = [bootstrap(own[own[key] == x]["settled_error"], resamples=500) for x in levels]
        _line(ax, levels, errors, label)
    lockstep = runs[runs["label"] == "p = 1"]
    start = float(lockstep[lockstep[key] == 1.0]["settled_error"].median())
    levels = np.geomspace(0.5, runs[key].max(), 50)
    ax.plot(levels, start * ((1 + 2 * levels) / 3.0) ** 2, color="0.4", ls="--", lw=0.8,
            label="(1 + 2 τ/T)²")  # fmt: skip
    ax.set_xscale("symlog", linthresh=0.25, linscale=0.4)
    ax.set(yscale="log", xlabel="latency over period, τ/T", ylabel="settled error (V²)")
    ax.legend(fontsize=7, frameon=False)
    result.figures["claim5_latency"] = (
        figure,
        "Settled error of the sign rule against latency (task ii): median over seeds with 95 % "
        "interval. Dashed: the square of how far an edge overshoots, from the lockstep run at "
        "τ = T.",
    )


def _line(ax: Axes, x: Any, found: list[Estimate], label: str) -> None:
    colour = PROTOCOLS[label]
    ax.plot(x, [each.value for each in found], marker="o", ms=3, lw=1, color=colour, label=label)
    ax.fill_between(x, [each.low for each in found], [each.high for each in found], lw=0,
                    alpha=0.2, color=colour)  # fmt: skip
