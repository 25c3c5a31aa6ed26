"""Claim 3: it helps because the network explores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ... import trajectories
from ..claims import Records, Result
from ..estimates import median_by_seed, ratio, seeds_that
from ..tables import columns, geometric, of_each_run, over_tasks, readings, tables_of
from .claim3_figures import draw_exploration
from .protocols import REFERENCE

if TYPE_CHECKING:
    import pandas as pd

#: Where the displacement is fitted, s.
FITTED = (2, 30)
#: Of the bench.
EDGES = 16


def judge(result: Result, series: Mapping[str, Records]) -> None:
    """Look at where the potentiometers go once settled, in samples of a second."""
    runs = tables_of(series["exploration"])
    lags = _displacements(runs)
    result.tables["claim3_runs"] = runs
    counted = runs.groupby(["scenario", "label", "cycle_period"], sort=False).size()
    result.tables["claim3_cycles"] = counted.rename("runs").reset_index()
    result.tables["claim3_displacement"] = lags
    lockstep = runs[runs["label"] == REFERENCE]
    result.judge(
        "In lockstep, with nine seeds in ten or more, all tasks end in a limit cycle of period 2",
        f"fraction of the seeds with which all {runs['scenario'].nunique()} tasks do",
        seeds_that(lockstep, lockstep["cycle_period"] == 2.0),
        above=0.9,
        main=True,
    )
    even = lags[(lags["label"] == REFERENCE) & (lags["lag"] % 2 == 0)]
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
        draw_exploration(series["portrait"], lags, runs),
        "a Mean squared displacement against lag, all potentiometers (median and quartiles; zeros "
        "are drawn on the lower edge). b The settled second half of one run each, on the first "
        "two principal axes of all. c Settled and best error, median over the runs of all tasks "
        "with quartiles. d How many different states the runs "
        "of b have visited.",
    )


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


def _is_it_why(result: Result, runs: pd.DataFrame) -> None:
    """Hold protocols that do not explore against those that do."""
    tasks = over_tasks(runs)
    orderly = runs[runs["label"] == "round robin"]
    result.judge(
        "A round robin explores nothing: it ends in a cycle, too",
        "fraction of the seeds with which all tasks end in a limit cycle",
        seeds_that(orderly, np.isfinite(orderly["cycle_period"])),
        above=0.7,
    )
    for metric, one, other, bounds, main, statement in (
        (
            "settled", "round robin", REFERENCE, {"above": 0.8}, True,
            "A lower settled error needs exploration, so a round robin settles no lower than "
            "lockstep",
        ),
        (
            "best", "Poisson", "round robin", {"below": 1.0}, True,
            "Exploration finds better solutions than order does",
        ),
        (
            "settled", "Poisson", "round robin", {"below": 1.0}, False,
            "Exploration settles lower than order does",
        ),
    ):  # fmt: skip
        errors = geometric(runs, f"{metric}_error")
        effect = f"ratio of {metric} errors, {one} to {other}, {tasks}"
        result.judge(statement, effect, ratio(errors[one], errors[other]), main=main, **bounds)
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
    lags = columns(runs, "displacement_")
    long = runs.melt(
        ["scenario", "label", "seed"], list(lags), var_name="lag", value_name="msd"
    ).dropna(subset="msd")
    long["lag"] = long["lag"].map(lags)
    return long


def _exponents(lags: pd.DataFrame) -> pd.Series:
    """Return the exponent of each run's displacement."""
    fitted = lags[lags["lag"].between(*FITTED) & (lags["msd"] > 0.0)]

    def exponent(own: pd.DataFrame) -> float | None:
        known = len(own) > 2
        return np.polyfit(np.log(own["lag"]), np.log(own["msd"]), 1)[0] if known else None

    return of_each_run(fitted, exponent)
