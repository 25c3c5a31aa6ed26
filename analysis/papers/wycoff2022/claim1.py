"""Claim 1: with the continuous rule, desynchrony costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ...resampling import Statistic
from ...statistics import bootstrap, compare, tabulated
from ..claims import Records, Result
from ..estimates import estimate_of, resampled
from ..tables import by_seed, groups, log_ratios
from ..verdicts import interval
from .claim1_figures import draw_curves, draw_ratios
from .protocols import REFERENCE

if TYPE_CHECKING:
    import pandas as pd

#: Where errors are compared, as a fraction of the updates that an edge makes.
COMPARED = 0.9
#: An error, or a time, that is larger by less is no cost: the bound of bioequivalence trials.
MARGIN = 1.25


def judge(result: Result, series: Mapping[str, Records]) -> None:
    """Compare learning curves against updates an edge, protocol by protocol, paired by seed."""
    records = series["protocols"]
    runs = _runs(records)
    cells = _cells(runs)
    result.tables["claim1_runs"] = runs
    result.tables["claim1_cells"] = cells
    smooth = runs[runs["task"] != "classification"]
    for metric, what, how in (
        ("error", "error at equal updates", "median over seeds of the geometric mean over"),
        (
            "updates_to_tenth", "number of updates to a tenth",
            "geometric mean of the median over seeds over",
        ),
    ):  # fmt: skip
        pooled = _pooled(smooth, metric)
        result.tables[f"claim1_pooled_{metric}"] = pooled
        worst = pooled.sort_values("high").iloc[-1]
        result.judge(
            f"The {what} is less than a quarter larger without a common step",
            f"ratio to p = 1, {how} {cells['scenario'].nunique()} tasks and sizes, worst of "
            f"{len(pooled)} protocols ({worst['label']})",
            estimate_of(worst),
            below=MARGIN,
            main=True,
        )
    if (runs["task"] == "classification").any():
        pooled = _accuracies(runs[runs["task"] == "classification"])
        worst = pooled.sort_values("low").iloc[0]
        result.tables["claim1_accuracy"] = pooled
        result.judge(
            "Desynchrony tells no fewer flowers apart",
            f"difference of accuracy to p = 1, mean over sizes, worst protocol ({worst['label']})",
            estimate_of(worst),
            above=-0.02,
            main=True,
        )
    result.tables["claim1_pooled_error_mean"] = _pooled(smooth, "error", "geometric_mean")
    costs = result.tables["claim1_pooled_error_mean"].sort_values("high").iloc[-1]
    result.judge(
        "The error at equal updates is no larger at all without a common step",
        f"ratio to p = 1, geometric mean over tasks, sizes and seeds, worst protocol "
        f"({costs['label']})",
        estimate_of(costs),
        below=1.0,
        main=True,
    )
    neither, one = _censored(smooth)
    result.text = [
        f"{len(runs)} runs: {cells['scenario'].nunique()} pairs of task and network under "
        f"{runs['label'].nunique()} protocols with {runs['seed'].nunique()} seeds, paired by "
        "seed: the start, and the data, are the same. Curves are compared at equal updates an "
        f"edge; errors at {COMPARED:.0%} of them. A ratio below {MARGIN}, the bound of "
        "equivalence in clinical trials, counts as equivalent. The bound was 1.1, and there were "
        "30 seeds, before the first results were looked at.",
        f"Equivalent is not equal: under {costs['label']} the error at the end is "
        f"{interval(estimate_of(costs))} times that of lockstep in the geometric mean over all, "
        "where an interval above 1 is a cost. Classification is judged by its accuracy only: its "
        "error is the distance to what the network itself would answer, and is not in these "
        "ratios.",
        f"A run that never comes to a tenth takes for ever: where just one of a pair does "
        f"({one:.2%} of the pairs) the ratio is infinite, or zero, and medians bear it. Where "
        f"neither of a pair does ({neither:.2%}) nothing is known of their ratio, and they are "
        "left out.",
        "What cost there is has a reason. A miss whose "
        "steepness is λ is multiplied by 1 − α λ when all edges step at once, and by exp(−α λ), "
        "which is more, when they step one after the other. So desynchrony costs a fraction of "
        "about α λ / 2 of the updates, nothing where steps are small; where they are so large "
        "that α λ passes 1, the common step overshoots (claim 5).",
    ]
    result.figures["claim1_curves"] = (
        draw_curves(records),
        "Median error relative to the first against updates an edge (for classification, the "
        "fraction of flowers taken for another kind). Black: lockstep.",
    )
    result.figures["claim1_ratios"] = (
        draw_ratios(cells),
        "Error over that of lockstep at equal updates an edge, median over seeds with "
        "95 % interval. Colours: size of the network, in edges.",
    )


def _runs(records: Records) -> pd.DataFrame:
    """Return one row a run: its error at equal updates, and its updates to a tenth."""
    import pandas as pd

    rows = []
    for scenario, record in records.items():
        _, size, task = scenario.split("-")
        table = record.table().set_index(["label", "seed"])
        edges = table["updates"] / table["updates_per_edge"]
        common = COMPARED * float(table["updates_per_edge"].median())
        for (label, seed), probes in groups(record.probes(), ["label", "seed"]):
            first = float(table.loc[(label, seed), "initial_error"])
            per_edge = probes["updates"].to_numpy() / edges[(label, seed)]
            error = probes["error"].to_numpy()
            rows.append(
                {
                    "scenario": scenario, "edges": int(size), "task": task, "label": label,
                    "seed": seed, "error": _at(per_edge, error, common) / first,
                    "updates_to_tenth": _to(per_edge, error, first),
                    "accuracy": table.loc[(label, seed), "settled_accuracy"],
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _at(updates: np.ndarray, error: np.ndarray, where: float) -> float:
    """Interpolate the logarithm of the error."""
    with np.errstate(divide="ignore"):
        return float(np.exp(np.interp(where, updates, np.log(np.maximum(error, 1e-300)))))


def _to(updates: np.ndarray, error: np.ndarray, first: float) -> float:
    """Return where the error first is a tenth, between two probes; infinite if it never is."""
    x, y = np.r_[0.0, updates], np.log(np.r_[first, np.maximum(error, 1e-300)]) - np.log(first / 10)
    below = np.flatnonzero(y < 0.0)
    if not below.size:
        return np.inf
    place = int(below[0])
    part = y[place - 1] / (y[place - 1] - y[place])
    return float(x[place - 1] + part * (x[place] - x[place - 1]))


def _cells(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the median ratios of each task and size to lockstep.

    Infinite or zero where one of a pair never gets there.
    """
    found = {}
    for key, cell in groups(runs[runs["task"] != "classification"], ["scenario", "edges", "task"]):
        for metric in ("error", "updates_to_tenth"):
            for label, logs in log_ratios(cell, metric, REFERENCE).items():
                found[(*key, metric, label)] = bootstrap(np.exp(logs.dropna()), resamples=2000)
    return tabulated(found, ["scenario", "edges", "task", "metric", "label"])


def _censored(runs: pd.DataFrame) -> tuple[float, float]:
    """Return the fractions of the pairs of which neither, and just one, comes to a tenth."""
    counts = np.zeros(3)
    for _, cell in groups(runs, "scenario"):
        never = (by_seed(cell, "updates_to_tenth") == np.inf).astype(int)
        of_pairs = never.drop(columns=REFERENCE).add(never[REFERENCE], axis="index")
        counts += np.bincount(of_pairs.to_numpy().ravel(), minlength=3)
    return float(counts[2] / counts.sum()), float(counts[1] / counts.sum())


def _pooled(runs: pd.DataFrame, metric: str, over_seeds: Statistic = "median") -> pd.DataFrame:
    """Return each protocol's ratio to lockstep, over tasks, sizes and seeds.

    Of errors, the statistic over the seeds of each one's geometric mean over tasks and sizes. Of
    times, which may be infinite, the geometric mean over tasks and sizes of the median over seeds.
    """
    cells = [log_ratios(cell, metric, REFERENCE) for _, cell in groups(runs, "scenario")]
    found = {}
    for label in cells[0]:
        logs = np.array([cell[label] for cell in cells])
        found[label,] = (
            bootstrap(np.exp(logs.mean(axis=0)), over_seeds)
            if metric == "error"
            else resampled(partial(_middle, logs), logs.shape[1])
        )
    return tabulated(found, ["label"])


def _middle(logs: np.ndarray, seeds: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):  # an infinite ratio and a zero one: no number
        return float(np.exp(np.nanmedian(logs[:, seeds], axis=1).mean()))


def _accuracies(runs: pd.DataFrame) -> pd.DataFrame:
    """Return each protocol's accuracy less that of lockstep, the mean over sizes of each seed."""
    wide = runs.pivot_table(index="seed", columns="label", values="accuracy", sort=False)
    found = {
        (label,): compare(wide[label], wide[REFERENCE], "differences", "mean")
        for label in wide.columns.drop(REFERENCE)
    }
    return tabulated(found, ["label"])
