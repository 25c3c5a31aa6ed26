"""Claim 2: with discrete resistors and the sign rule, desynchrony helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...statistics import Estimate, bootstrap, compare
from .findings import Records, Result, by_seed, groups, interval, readings, resampled, tables_of
from .style import CLOCKS, PROTOCOLS, letters, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REFERENCE = "p = 1"
METRICS = {"settled_error": "settled error", "fluctuation": "its s.d.", "best_error": "best error"}
NAMES = METRICS | {"fluctuation": "fluctuation of the settled error"}
SWEEPS = {
    "positions": ("edges.resistor.positions", "positions"),
    "offset": ("edges.comparator.offset", "offset s.d. (V)"),
    "noise": ("edges.comparator.noise", "noise s.d. (V)"),
}


def judge(series: Mapping[str, Records]) -> Result:
    """Compare what the sign rule settles at, protocol by protocol, paired by seed."""
    result = Result("Discretised: desynchrony helps", claim=2)
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
                _estimate(worst),
                below=1.0,
                main=metric == "settled_error",
            )
    large = cells[cells["scenario"].str.startswith("discrete")]
    for scenario, rows in groups(large[large["metric"] == "settled_error"], "scenario"):
        row = rows[rows["label"] == "p = 0.1"].iloc[0]
        result.judge(
            f"So it is with {scenario.removeprefix('discrete-')} edges",
            "ratio of settled errors, p = 0.1 to p = 1, geometric mean",
            _estimate(row),
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
        _protocols(runs),
        "Settled error, its fluctuation and the best error of each protocol: median over seeds "
        "with 95 % interval.",
    )
    if any(name in series for name in SWEEPS):
        result.figures["claim2_where"] = (
            _sweeps(series),
            "Settled error against the number of positions, and against offset and noise of the "
            "comparators: median over seeds with 95 % interval (task iii).",
        )
    return result


def _cells(runs: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for scenario, cell in groups(runs, "scenario"):
        for metric in METRICS:
            wide = by_seed(cell, metric).clip(lower=1e-300)
            for label in wide.columns.drop(REFERENCE):
                found = compare(wide[label], wide[REFERENCE], "ratios", "geometric_mean")
                rows.append(
                    (scenario, metric, label, found.value, found.low, found.high, found.seeds,
                     found.lower)
                )  # fmt: skip
    names = ["scenario", "metric", "label", "value", "low", "high", "seeds", "lower"]
    return pd.DataFrame(rows, columns=names)


def _sweep(result: Result, name: str, records: Records) -> None:
    """Say for each clock where, along a parameter, it stops helping."""
    key, _ = SWEEPS[name]
    runs = tables_of(records)
    runs["label"] = runs["edges.clock"].map(CLOCKS)
    runs = runs.drop(columns="edges.clock")
    result.tables[f"claim2_{name}"] = runs
    levels = np.sort(runs[key].unique())
    for label in ("p = 0.1", "uniform", "Poisson"):
        ratio = _log_ratios(runs, key, label)
        if name == "positions":
            worst = int(np.argmax(ratio.mean(axis=1)))
            result.judge(
                f"{label!r} helps at any number of positions",
                f"ratio of settled errors to p = 1, worst ({levels[worst]:.0f} positions)",
                _exp(bootstrap(ratio[worst], "mean")),
                below=1.0,
            )
            continue
        where = resampled(
            lambda seeds, ratio=ratio: _crossing(levels, ratio[:, seeds].mean(axis=1)),  # type: ignore[misc]
            ratio.shape[1],
        )
        if np.isinf(where.value):
            result.text.append(f"{label!r} helps at every {name} that was tried.")
        else:
            result.text.append(
                f"{label!r} stops helping, that is to settle lower than lockstep, at a comparator "
                f"{name} of {interval(where)} V."
            )
        worst = int(np.argmax(ratio.mean(axis=1)))
        result.judge(
            f"{label!r} does no harm at any comparator {name}",
            f"ratio of settled errors to p = 1, worst ({levels[worst]:g} V)",
            _exp(bootstrap(ratio[worst], "mean")),
            below=1.5,
        )


def _log_ratios(runs: pd.DataFrame, key: str, label: str) -> np.ndarray:
    """Return the logarithm of each seed's ratio to lockstep at each level, shape (L, S)."""
    logs = []
    for _, cell in groups(runs, key):
        wide = np.log(by_seed(cell, "settled_error").clip(lower=1e-300))
        logs.append((wide[label] - wide[REFERENCE]).to_numpy())
    return np.array(logs)


def _crossing(levels: np.ndarray, ratio: np.ndarray) -> float:
    """Return where the ratio last rises to none, on a logarithmic axis; infinite if never."""
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


def _exp(found: Estimate) -> Estimate:
    low, high = np.exp(found.low), np.exp(found.high)
    return Estimate(value=float(np.exp(found.value)), low=low, high=high, seeds=found.seeds)


def _estimate(row: pd.Series) -> Estimate:
    return Estimate(
        value=float(row["value"]), low=float(row["low"]), high=float(row["high"]),
        seeds=int(row["seeds"]),
    )  # fmt: skip


def _protocols(runs: pd.DataFrame) -> Figure:
    scenarios = list(dict.fromkeys(runs["scenario"]))
    figure, axes = panels(len(METRICS), len(scenarios), 5.2, sharex="col", sharey="row")
    labels = list(dict.fromkeys(runs["label"]))
    for col, scenario in enumerate(scenarios):
        for row, (metric, what) in enumerate(METRICS.items()):
            ax = axes[row, col]
            wide = by_seed(runs[runs["scenario"] == scenario], metric)
            for number, label in enumerate(labels):
                found = bootstrap(wide[label], resamples=1000)
                _point(ax, number, found, PROTOCOLS[label])
            ax.set_yscale("log")
            ax.set_xticks(range(len(labels)), labels, rotation=90)
            if col == 0:
                ax.set_ylabel(f"{what} (V²)", fontsize=8)
        name = scenario.replace("breadboard-", "task ").replace("discrete-", "")
        axes[0, col].set_title(name if "task" in name else f"{name} edges", fontsize=8)
    return figure


def _point(ax: Axes, x: float, found: Estimate, colour: Any) -> None:
    low = max(found.low, 1e-12)
    value = max(found.value, 1e-12)
    ax.errorbar(
        [x], [value], yerr=[[value - low], [max(found.high, low) - value]], fmt="o", ms=3, lw=1,
        capsize=1.5, color=colour,
    )  # fmt: skip


def _sweeps(series: Mapping[str, Records]) -> Figure:
    names = [name for name in SWEEPS if name in series]
    figure, axes = panels(1, len(names), 2.5, sharey=True)
    for ax, name in zip(axes.flat, names, strict=True):
        key, what = SWEEPS[name]
        runs = tables_of(series[name])
        levels = np.sort(runs[key].unique())
        for clock, own in groups(runs, "edges.clock"):
            label = CLOCKS[clock]
            found = [bootstrap(own[own[key] == x]["settled_error"], resamples=500) for x in levels]
            ax.plot(levels, [each.value for each in found], color=PROTOCOLS[label], lw=1, ms=3,
                    marker="o", label=label)  # fmt: skip
            ax.fill_between(
                levels, [each.low for each in found], [each.high for each in found],
                color=PROTOCOLS[label], alpha=0.2, lw=0,
            )  # fmt: skip
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
    axes.flat[0].legend(fontsize=7, frameon=False)
    letters(axes.flat)
    return figure
