"""Claim 2: with discrete resistors and the sign rule, desynchrony helps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ...statistics import Comparison, bootstrap, tabulated
from ..claims import Records, Result
from ..drawing import LEGEND, letters, panels, spread
from ..estimates import estimate_of, exp, ratios, resampled
from ..tables import by_seed, groups, log_ratios, readings, tables_of
from ..verdicts import interval
from .protocols import PROTOCOLS, REFERENCE, draw_sweep, tables_by_clock

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

METRICS = {"settled_error": "settled error", "fluctuation": "its s.d.", "best_error": "best error"}
#: What is moved, and what its axis says.
SWEEPS = {
    "positions": ("edges.resistor.positions", "positions"),
    "offset": ("edges.comparator.offset", "offset s.d. (V)"),
    "noise": ("edges.comparator.noise", "noise s.d. (V)"),
}
NAMES = METRICS | {"fluctuation": "fluctuation of the settled error"}


def judge(result: Result, series: Mapping[str, Records]) -> None:
    """Compare what the sign rule settles at, protocol by protocol, paired by seed."""
    runs = tables_of({**series["discrete"], **series.get("discrete-large", {})})
    cells = _cells(runs)
    result.tables["claim2_runs"] = runs
    result.tables["claim2_cells"] = cells
    bench = cells[cells["scenario"].str.startswith("breadboard")]
    for label in ("p = 0.1", "Poisson", "uniform"):
        for metric in METRICS:
            rows = bench[(bench["label"] == label) & (bench["metric"] == metric)]
            worst = rows.sort_values("high").iloc[-1]
            result.judge(
                f"The {NAMES[metric]} is lower under {label!r} than in lockstep, in each task",
                f"ratio to p = 1, geometric mean, worst of {len(rows)} bench tasks "
                f"({worst['scenario'].removeprefix('breadboard-')})",
                estimate_of(worst),
                below=1.0,
                main=metric == "settled_error",
            )
    large = cells[cells["scenario"].str.startswith("discrete")]
    for scenario, rows in groups(large[large["metric"] == "settled_error"], "scenario"):
        row = rows[rows["label"] == "p = 0.1"].iloc[0]
        result.judge(
            f"So it is with {scenario.removeprefix('discrete-')} edges",
            "ratio of settled errors, p = 0.1 to p = 1, geometric mean",
            estimate_of(row),
            below=1.0,
        )
    result.text = [
        f"{len(runs)} runs of the bench's tasks, and of larger networks with the same parts. "
        "A run settles at the mean error over its last quarter; its fluctuation is the s.d. of "
        "the error there. Errors are read at times that no clock keeps step with, so that these "
        f"are taken over all phases of a cycle. The best error is the lowest of {readings(runs)}. "
        "Ratios are paired by seed: the start is the same.",
    ]
    for name in SWEEPS:
        if name in series:
            _sweep(result, name, series[name])
    result.figures["claim2_discrete"] = (
        _draw_protocols(runs),
        "Settled error, its fluctuation and the best error of each protocol: median over seeds "
        "with 95 % interval.",
    )
    if any(name in series for name in SWEEPS):
        result.figures["claim2_where"] = (
            _draw_sweeps({name: series[name] for name in SWEEPS if name in series}),
            "Settled error against the number of positions, and against offset and noise of the "
            "comparators: median over seeds with 95 % interval (task iii).",
        )


def _cells(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the ratios of each task and metric to lockstep."""
    found: dict[tuple[str, str, str], Comparison] = {}
    for scenario, cell in groups(runs, "scenario"):
        for metric in METRICS:
            each = ratios(by_seed(cell, metric).clip(lower=1e-300), REFERENCE)
            found |= {(scenario, metric, label): own for label, own in each.items()}
    return tabulated(found, ["scenario", "metric", "label"], ("lower",))


def _sweep(result: Result, name: str, records: Records) -> None:
    """Say for each clock where, along a parameter, it stops helping."""
    key, _ = SWEEPS[name]
    runs = tables_by_clock(records)
    result.tables[f"claim2_{name}"] = runs
    levels = np.sort(runs[key].unique())
    for label in ("p = 0.1", "uniform", "Poisson"):
        cells = [log_ratios(own, "settled_error", REFERENCE)[label] for _, own in groups(runs, key)]
        logs = np.array(cells)
        worst = int(np.argmax(logs.mean(axis=1)))
        least = exp(bootstrap(logs[worst], "mean"))
        if name == "positions":
            result.judge(
                f"{label!r} helps at any number of positions",
                f"ratio of settled errors to p = 1, worst ({levels[worst]:.0f} positions)",
                least,
                below=1.0,
            )
            continue
        where = resampled(partial(_crossing, levels, logs), logs.shape[1])
        result.text.append(
            f"{label!r} helps at every {name} that was tried."
            if np.isinf(where.value)
            else f"{label!r} stops helping, that is to settle lower than lockstep, at a comparator "
            f"{name} of {interval(where)} V."
        )
        result.judge(
            f"{label!r} does no harm at any comparator {name}",
            f"ratio of settled errors to p = 1, worst ({levels[worst]:g} V)",
            least,
            below=1.5,
        )


def _crossing(levels: np.ndarray, logs: np.ndarray, seeds: np.ndarray) -> float:
    """Return where the mean ratio of some seeds first rises to none; infinite if never.

    Between levels it is interpolated on a logarithmic axis.
    """
    ratio = logs[:, seeds].mean(axis=1)
    helps = ratio < 0.0
    if helps.all():
        return np.inf
    place = int(np.argmin(helps))
    if place == 0:
        return float(levels[0])
    if levels[place - 1] == 0.0:
        return float(levels[place])
    part = ratio[place - 1] / (ratio[place - 1] - ratio[place])
    return float(levels[place - 1] * (levels[place] / levels[place - 1]) ** part)


def _draw_protocols(runs: pd.DataFrame) -> Figure:
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


def _draw_sweeps(series: Mapping[str, Records]) -> Figure:
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
