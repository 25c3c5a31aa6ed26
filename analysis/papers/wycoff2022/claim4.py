"""Claim 4: a fraction of the edges is like a fraction of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import NullFormatter, ScalarFormatter

from ...statistics import Estimate, bootstrap
from ..claims import Records, Result
from ..drawing import curve, letters, panels
from ..estimates import proportion, ratio
from ..tables import by_seed, columns, groups, tables_of
from .update_noise import FULL, KINDS, draw_noise, fractions, judge_noise, noise_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FITTED = (2, 30)
#: A run has left a poor minimum when it settles at less than half of what the full update does.
ESCAPED = 0.5


def judge(result: Result, series: Mapping[str, Records]) -> None:
    """Compare the two kinds of mini-batch: noise, settled error, diffusion, escape."""
    runs = tables_of(series["minibatch"])
    result.tables["claim4_runs"] = runs
    noise = noise_of(series["update-noise"])
    result.tables["claim4_noise"] = noise
    judge_noise(result, noise)
    _judge_diffusion(result, runs[runs["scenario"] == "minibatch-realisable"])
    for scenario, own in groups(runs, "scenario"):
        _judge_errors(result, scenario, own)
    result.text = [
        "All edges act once a second on average. A fraction p of the edges: at each step each edge "
        "acts with probability p on the mean of all sixteen data. A fraction f of the data: at "
        "each step all edges act on the mean of 16 f data, in an order that is new each epoch. The "
        "mean is that of the squared drops, so that coupled learning takes the mean of its changes "
        "and the sign rule the sign of it: one step of R up where Σ (drop_clamped² − drop_free²) "
        "is above zero.",
        "Theory for one step at a state whose full update is u, with S the covariance of the "
        "updates that single data ask for: a fraction of the edges has the mean p u and the "
        "covariance p (1 − p) diag(u²); a fraction of the data has the mean u and the covariance "
        "(1 − f) / f · S / 15. Scaled to the same mean, both carry the same factor (1 − p) / p. "
        "S is taken from the updates that each datum asks for of the state, with the data that "
        "this state has learned; fractions of one datum are S by definition, and left out where "
        "theory is tested.",
    ]
    result.figures["claim4_minibatches"] = (
        _draw(runs, noise),
        "a Noise of the updates of one state (trace of the covariance of a step, over the squared"
        " full update), measured against predicted; open: after learning. b Its effective "
        "dimension. c, d Settled error against the fraction, sign rule and continuous rule "
        "(solid: a task that can be fulfilled, dashed: one that cannot), over that of the full "
        "update, geometric mean with 95 % interval. e Mean squared displacement, sign rule. f "
        "Fraction of the seeds that settle at less than half the error of the full update, sign "
        "rule.",
    )


def _judge_diffusion(result: Result, runs: pd.DataFrame) -> None:
    """Say whether the sign rule diffuses among solutions under either kind of mini-batch."""
    held = columns(runs, "displacement_")
    lags = {name: lag for name, lag in held.items() if FITTED[0] <= lag <= FITTED[1]}
    full = runs[runs["label"] == FULL]
    result.judge(
        "With all data and in lockstep the sign rule ends in a cycle of period 2",
        "fraction of the seeds whose displacement is zero at a lag of 2",
        proportion(full["displacement_2"] == 0.0),
        above=0.8,
    )
    for label in ("edges 1/4", "data 1/4"):
        own = runs[runs["label"] == label]
        moved = own[list(lags)].to_numpy()
        moves = (moved > 0.0).all(axis=1)
        exponents = np.polyfit(np.log(list(lags.values())), np.log(moved[moves]).T, 1)[0]
        result.judge(
            f"With {label.replace('1/4', '(1/4)')} the sign rule diffuses among solutions",
            "exponent of the displacement, lags 2 to 30 s, median",
            bootstrap(exponents),
            above=0.85,
            below=1.15,
            main=True,
        )


def _judge_errors(result: Result, scenario: str, runs: pd.DataFrame) -> None:
    """Compare the settled errors of both kinds with that of the full update."""
    wide = by_seed(runs, "settled_error").clip(lower=1e-300)
    rule = "continuous rule" if scenario.endswith("continuous") else "sign rule"
    task = "cannot be fulfilled" if "unrealisable" in scenario else "can be fulfilled"
    for label in ("edges 1/16", "data 1/16"):
        result.judge(
            f"Under the {rule}, {label.replace('1/16', '(1/16)')} end no higher than the full "
            f"update, a task that {task}",
            "ratio of settled errors, geometric mean",
            ratio(wide[label], wide[FULL]),
            below=1.1,
        )
    if rule == "sign rule":
        result.judge(
            f"The sign rule gains as much from fewer data as from fewer edges ({task})",
            "ratio of settled errors, edges (1/16) to data (1/16), geometric mean",
            ratio(wide["edges 1/16"], wide["data 1/16"]),
            below=1.25,
            above=0.8,
            main=True,
        )


def _draw(runs: pd.DataFrame, noise: pd.DataFrame) -> Figure:
    """Draw the noise of updates, settled errors, displacements and escapes."""
    figure, axes = panels(2, 3, 4.6)
    draw_noise(axes[0, 0], axes[0, 1], noise)
    _draw_errors(axes[0, 2], runs, "")
    _draw_errors(axes[1, 0], runs, "-continuous")
    sign = runs[runs["scenario"] == "minibatch-realisable"]
    _draw_displacement(axes[1, 1], sign)
    _draw_escape(axes[1, 2], runs)
    letters(axes.flat)
    return figure


def _draw_errors(ax: Axes, runs: pd.DataFrame, rule: str) -> None:
    for task, style in (("realisable", "-"), ("unrealisable", "--")):
        own = runs[runs["scenario"] == f"minibatch-{task}{rule}"]
        wide = by_seed(own, "settled_error").clip(lower=1e-300)
        for kind, (colour, _) in KINDS.items():
            parts = fractions(wide, kind)
            found = [ratio(wide[label], wide[FULL]) for label in parts]
            whole = Estimate(value=1.0, low=1.0, high=1.0, seeds=0)
            curve(ax, [1.0, *parts.values()], [whole, *found], colour, style)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_yticks([0.5, 1.0, 2.0], ["0.5", "1", "2"])
    name = "continuous" if rule else "sign rule"
    ax.set(xlabel="fraction", ylabel=f"error / full ({name})")


def _draw_displacement(ax: Axes, runs: pd.DataFrame) -> None:
    lags = dict(sorted(columns(runs, "displacement_").items(), key=lambda each: each[1]))
    for label, colour, style in (
        (FULL, "black", "none"), ("edges 1/2", "C0", "-"), ("edges 1/16", "C0", "--"),
        ("data 1/2", "C1", "-"), ("data 1/16", "C1", "--"),
    ):  # fmt: skip
        own = runs[runs["label"] == label]
        middle = own[list(lags)].median().rename(lags)
        seen = middle[middle > 0.0]
        ax.plot(seen.index, seen, ls=style, color=colour, marker="o", ms=2.5, lw=1, label=label)
    ax.set(xscale="log", yscale="log", xlabel="lag (s)", ylabel="displacement² (steps²)")
    ax.legend(fontsize=6.5, frameon=False)


def _draw_escape(ax: Axes, runs: pd.DataFrame) -> None:
    own = runs[runs["scenario"] == "minibatch-realisable"]
    wide = by_seed(own, "settled_error")
    for kind, (colour, what) in KINDS.items():
        parts = fractions(wide, kind)
        found = [proportion(wide[label] < ESCAPED * wide[FULL]) for label in parts]
        curve(ax, list(parts.values()), found, colour, label=what)
    ax.set_xscale("log", base=2)
    ax.set(xlabel="fraction", ylabel="escaped")
