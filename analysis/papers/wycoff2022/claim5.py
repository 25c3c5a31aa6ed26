"""Claim 5, beyond the paper: which desynchrony, drifting clocks, latency, large steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ...statistics import bootstrap, tabulated
from ...studies.responses import thresholds
from ..claims import Records, Result
from ..drawing import LEGEND, letters, panels, points
from ..estimates import ratio, ratios
from ..tables import geometric, groups, over_tasks, readings, tables_of
from ..verdicts import number
from .drifting import judge_drift
from .protocols import REFERENCE, draw_sweep, tables_by_clock
from .stability import judge_stability

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LOCKSTEP = "lockstep"


def judge(result: Result, series: Mapping[str, Records]) -> None:
    """Rank the clocks; follow drifting ones; hold latency and step size against theory."""
    _judge_clocks(result, series["clocks"])
    if "drift" in series:
        judge_drift(result, series["drift"], series.get("recurrence"))
    judge_stability(result, series["late"], series["fast"], series.get("beyond"))
    if "latency" in series:
        _judge_latency(result, series["latency"])


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
    errors = {what: geometric(runs, f"{what}_error") for what in ("settled", "best")}
    wide = errors["settled"]
    first, second = settled["label"].iloc[:2]
    result.judge(
        "The protocol that settles lowest settles lower than the runner-up",
        f"ratio of settled errors, {first!r} to {second!r}, {tasks}",
        ratio(wide[first], wide[second]),
        below=1.0,
    )
    result.judge(
        "Without latency a jitter of 1 % settles where one of 10 % does",
        f"ratio of settled errors, {tasks}",
        ratio(wide["lockstep + jitter 1 %"], wide["lockstep + jitter 10 %"]),
        above=0.8,
        below=1.25,
    )
    for one, other, what in (
        ("round robin", "Poisson", "settled"),
        ("Poisson", "round robin", "best"),
        ("lockstep + jitter 1 %", LOCKSTEP, "settled"),
        ("gate 0.02", "gate 0.5", "settled"),
    ):
        result.judge(
            f"{one!r} has a lower {what} error than {other!r}",
            f"ratio of {what} errors, {tasks}",
            ratio(errors[what][one], errors[what][other]),
            below=1.0,
            main="robin" in one + other,
        )
    result.figures["claim5_clocks"] = (
        _clocks(ratios),
        "Settled, and best, error over that of lockstep: geometric mean over tasks and seeds with "
        "95 % interval.",
    )


def _pooled(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the ratios of each metric and clock to lockstep."""
    found = {
        (metric, label): own
        for metric in ("settled_error", "best_error")
        for label, own in ratios(geometric(runs, metric), LOCKSTEP).items()
    }
    return tabulated(found, ["metric", "label"])


def _clocks(ratios: pd.DataFrame) -> Figure:
    figure, axes = panels(1, 2, 3.0, sharey=True)
    for ax, metric in zip(axes.flat, ("settled_error", "best_error"), strict=True):
        points(ax, ratios[ratios["metric"] == metric])
        ax.axvline(1.0, color="0.6", lw=0.8, zorder=0)
        ax.set(xscale="log", xlabel=f"{metric.replace('_', ' ')} / lockstep")
    letters(axes.flat)
    return figure


def _judge_latency(result: Result, records: Records) -> None:
    """Say how late an edge of the bench may act before its error doubles."""
    runs = tables_by_clock(records)
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
    for _, own in groups(runs[(runs["label"] == REFERENCE) & (runs[key] >= 1.0)], "seed"):
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
    draw_sweep(ax, runs, key)
    lockstep = runs[runs["label"] == REFERENCE]
    start = float(lockstep[lockstep[key] == 1.0]["settled_error"].median())
    levels = np.geomspace(0.5, runs[key].max(), 50)
    ax.plot(levels, start * ((1 + 2 * levels) / 3.0) ** 2, color="0.4", ls="--", lw=0.8,
            label="(1 + 2 τ/T)²")  # fmt: skip
    ax.set_xscale("symlog", linthresh=0.25, linscale=0.4)
    ax.set(yscale="log", xlabel="latency over period, τ/T", ylabel="settled error (V²)")
    ax.legend(**LEGEND)
    result.figures["claim5_latency"] = (
        figure,
        "Settled error of the sign rule against latency (task ii): median over seeds with 95 % "
        "interval. Dashed: the square of how far an edge overshoots, from the lockstep run at "
        "τ = T.",
    )
