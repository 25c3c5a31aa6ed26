"""Claim 3: it helps because the network explores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ... import trajectories
from ...statistics import compare
from .findings import (
    Records,
    Result,
    geometric,
    groups,
    median_by_seed,
    names,
    over_tasks,
    readings,
    seeds_that,
    tables_of,
)
from .style import PROTOCOLS, letters, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Where the displacement is fitted, s.
FITTED = (2, 30)
#: Of the bench.
EDGES = 16


def judge(series: Mapping[str, Records]) -> Result:
    """Look at where the potentiometers go once settled, in samples of a second."""
    result = Result("Why: exploration", claim=3)
    runs = tables_of(series["exploration"])
    lags = _displacements(runs)
    result.tables["claim3_runs"] = runs
    result.tables["claim3_cycles"] = _cycles(runs)
    result.tables["claim3_displacement"] = lags
    lockstep = runs[runs["label"] == "p = 1"]
    result.judge(
        "In lockstep, with nine seeds in ten or more, all tasks end in a limit cycle of period 2",
        f"fraction of the seeds with which all {runs['scenario'].nunique()} tasks do",
        seeds_that(lockstep, lockstep["cycle_period"] == 2.0),
        above=0.9,
        main=True,
    )
    even = lags[(lags["label"] == "p = 1") & (lags["lag"] % 2 == 0)]
    result.judge(
        "In lockstep the displacement is exactly zero at even lags, as often",
        "fraction of the seeds with which all tasks' displacement is, at all even lags",
        seeds_that(even, even["msd"] == 0.0),
        above=0.9,
    )
    samples = int(runs["horizon"].min()) // 2
    null = free_dimension(samples, EDGES)
    for label in ("p = 0.5", "p = 0.1", "Poisson"):
        result.judge(
            f"Under {label!r} the displacement grows as in diffusion",
            f"exponent of the mean squared displacement, lags {FITTED[0]} to {FITTED[1]} s",
            median_by_seed(_exponents(lags[lags["label"] == label])),
            above=0.85,
            below=1.15,
            main=label == "p = 0.1",
        )
        result.judge(
            f"Under {label!r} the network goes on to states where it never was",
            "fraction of samples that are new, median",
            median_by_seed(_of(runs, label, "distinct_states")),
            above=0.9,
        )
        result.judge(
            f"Under {label!r} it spreads in as many directions as a free random walk",
            f"effective dimension over {samples} s, median over {runs['scenario'].nunique()} "
            f"tasks, over that of free random walks of equal length and edges, {null:.2f}",
            median_by_seed(_of(runs, label, "effective_dimension") / null),
            above=0.8,
            below=1.25,
        )
    _is_it_why(result, runs)
    result.figures["claim3_exploration"] = (
        _figure(series, lags, runs),
        "a Mean squared displacement against lag, all potentiometers (median and quartiles; zeros "
        "are drawn on the lower edge). b The settled second half of one run each, on the first "
        "two principal axes of all. c Settled and best error, median over the runs of all tasks "
        "with quartiles. d How many different states the runs "
        "of b have visited.",
    )
    return result


def free_dimension(samples: int, edges: int, walks: int = 200) -> float:
    """Return the median effective dimension of random walks that nothing holds.

    A walk looks low-dimensional because its slowest modes carry most of its spread, in whatever
    space it is free to move: only what departs from this says something of the network.
    """
    rng = np.random.default_rng(0)
    paths = (rng.standard_normal((samples, edges)).cumsum(axis=0) for _ in range(walks))
    return float(np.median([trajectories.effective_dimension(path) for path in paths]))


def _of(runs: pd.DataFrame, label: str, metric: str) -> pd.Series:
    """Return a metric of one protocol, by scenario and seed."""
    return runs[runs["label"] == label].set_index(["scenario", "seed"])[metric]


def _cycles(runs: pd.DataFrame) -> pd.DataFrame:
    """Return how many runs of each task and protocol end in a cycle of which period."""
    counted = runs.groupby(["scenario", "label", "cycle_period"], sort=False).size()
    return counted.rename("runs").reset_index()


def _is_it_why(result: Result, runs: pd.DataFrame) -> None:
    """Hold protocols that do not explore against those that do."""
    tasks = over_tasks(runs)
    pooled = {metric: geometric(runs, metric) for metric in ("settled_error", "best_error")}
    orderly = runs[runs["label"] == "round robin"]
    result.judge(
        "A round robin explores nothing: it ends in a cycle, too",
        "fraction of the seeds with which all tasks end in a limit cycle",
        seeds_that(orderly, np.isfinite(orderly["cycle_period"])),
        above=0.7,
    )
    settled, best = pooled["settled_error"], pooled["best_error"]
    result.judge(
        "A lower settled error needs exploration, so a round robin settles no lower than lockstep",
        f"ratio of settled errors, round robin to p = 1, {tasks}",
        compare(settled["round robin"], settled["p = 1"], "ratios", "geometric_mean"),
        above=0.8,
        main=True,
    )
    result.judge(
        "Exploration finds better solutions than order does",
        f"ratio of best errors, Poisson to round robin, {tasks}",
        compare(best["Poisson"], best["round robin"], "ratios", "geometric_mean"),
        below=1.0,
        main=True,
    )
    result.judge(
        "Exploration settles lower than order does",
        f"ratio of settled errors, Poisson to round robin, {tasks}",
        compare(settled["Poisson"], settled["round robin"], "ratios", "geometric_mean"),
        below=1.0,
    )
    result.text = [
        f"{len(runs)} runs of the bench's tasks; the second half of each is looked at, a sample a "
        "second, which is one update of each edge on average. Errors are read at times that no "
        "clock keeps step with, so that a settled error is a mean over all phases of a cycle. The "
        f"best is the lowest of {readings(runs)}, an extremum, which what moves on lowers further "
        "the longer it is looked at; what is in a cycle does not.",
        "Three of these protocols are random, and explore. The round robin, and clocks with fixed "
        "phases, are not: each edge acts after the others in an order that stays. They tell "
        "whether it is the exploration that lowers the error, or that edges no longer all act on "
        "the same reading: in lockstep sixteen edges answer one miss, and overshoot it together.",
    ]


def _displacements(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the displacements as one row a run and lag."""
    columns = [name for name in names(runs) if name.startswith("displacement_")]
    long = runs.melt(
        ["scenario", "label", "seed"], columns, var_name="lag", value_name="msd"
    ).dropna(subset="msd")
    long["lag"] = long["lag"].str.removeprefix("displacement_").astype(int)
    return long


def _exponents(lags: pd.DataFrame) -> pd.Series:
    """Return the exponent of each run's displacement."""
    import pandas as pd

    fitted = lags[lags["lag"].between(*FITTED) & (lags["msd"] > 0.0)]
    found = {
        key: float(np.polyfit(np.log(own["lag"]), np.log(own["msd"]), 1)[0])
        for key, own in fitted.groupby(["scenario", "seed"])
        if len(own) > 2
    }
    index = pd.MultiIndex.from_tuples(list(found), names=["scenario", "seed"])
    return pd.Series(list(found.values()), index=index)


def _figure(series: Mapping[str, Records], lags: pd.DataFrame, runs: pd.DataFrame) -> Figure:
    figure, axes = panels(2, 2, 5.0)
    _draw_displacement(axes[0, 0], lags)
    walks = _walks(series["portrait"])
    _draw_portrait(axes[0, 1], walks)
    _draw_errors(axes[1, 0], runs)
    _draw_states(axes[1, 1], walks)
    letters(axes.flat)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=6, fontsize=8, frameon=False)
    return figure


def _draw_displacement(ax: Axes, lags: pd.DataFrame) -> None:
    task = "breadboard-iii"
    own_task = lags[lags["scenario"] == task]
    least = 0.5 * own_task.loc[own_task["msd"] > 0.0, "msd"].min()
    for label, own in groups(own_task, "label"):
        cells = own.groupby("lag")["msd"]
        middle = cells.median()
        shown = middle[middle > 0.0]
        joined = "none" if (middle == 0.0).any() else "-"
        ax.plot(shown.index, shown, marker="o", ms=3, lw=1, ls=joined, color=PROTOCOLS[label],
                label=label)  # fmt: skip
        if joined == "-":
            ax.fill_between(
                middle.index, cells.quantile(0.25), cells.quantile(0.75), lw=0, alpha=0.2,
                color=PROTOCOLS[label],
            )  # fmt: skip
        zero = middle.index[middle == 0.0]
        (points,) = ax.plot(zero, np.full(len(zero), least), "o", mfc="none",
                            ms=6 if label == "p = 1" else 3.5, color=PROTOCOLS[label],
                            clip_on=False)  # fmt: skip
        points.set_in_layout(False)
    ax.set(xscale="log", yscale="log", xlabel="lag (s)", ylabel="displacement² (steps²)")
    ax.set_ylim(bottom=least)


def _walks(records: Records) -> dict[str, np.ndarray]:
    """Return the settled half of each run, in positions, by protocol."""
    from ...metrics.paths import settled_path
    from ...runs import open_run

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
            low, middle, high = wide[label].quantile([0.25, 0.5, 0.75])
            ax.errorbar(
                [number + shift], [middle], yerr=[[middle - low], [high - middle]], fmt=marker,
                ms=4, lw=1, color=PROTOCOLS[label],
            )  # fmt: skip
    ax.set_yscale("log")
    ax.set_xticks(range(len(labels)), labels, rotation=30)
    ax.set_ylabel("● settled, ▼ best error (V²)")
