"""Claim 5: how late edges may act, and how large steps may be, against theory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...curvature import largest_delay, largest_gated_step, largest_step
from ..claims import Records, Result
from ..drawing import legend_above, letters, panels, quartiles, spread
from ..estimates import median_by_seed
from ..tables import groups, of_each_run, tables_of
from .protocols import CLOCKS, PROTOCOLS, REFERENCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: In units of the latency, where growth near a solution is measured.
EARLY, LATE = (4.0, 8.0), (8.0, 12.0)


def judge_stability(result: Result, late: Records, fast: Records, far: Records | None) -> None:
    """Hold pushes off a solution, and learning from afar, against linear theory."""
    growth = _judge_late(result, late)
    steps = _judge_fast(result, fast)
    beyond = None if far is None else _judge_beyond(result, far)
    result.figures["claim5_stability"] = (
        _stability(growth, steps, beyond),
        "a Growth of a small push off a solution (one target) over one latency τ, against the "
        "product of learning rate, largest curvature and latency over the period; line: theory "
        "without a free parameter, Re W(−x); dashed: π/2. Median over solutions with quartiles, "
        "as in b and c. b Growth over one period against learning rate times curvature, without "
        "latency; dashed: 2. c Learning from afar with the latency of a: the product at the end, "
        "of the curvature that was found, against that which is found without latency; it does "
        "not stay above π/2.",
    )


def _growths(records: Records, unit: str | None) -> pd.DataFrame:
    """Return the growth of the miss near each solution, over a latency or over a second."""
    rows = []
    for name, record in records.items():
        scenario = name.rpartition("-")[0]  # one study a seed
        table = record.table().set_index(["label", "edges.clock"])
        for (label, clock), own in groups(record.probes(), ["label", "edges.clock"]):
            time, error = own["time_s"].to_numpy(), own["error"].to_numpy()
            if unit is not None:
                time = time / float(own[unit].iloc[0])
            rows.append(
                {
                    "scenario": scenario, "seed": int(own["seed"].iloc[0]),
                    "product": float(label), "label": CLOCKS[clock],
                    "growth": _growth(time, error) if unit else _decay(time, error),
                    "participation": table.loc[(label, clock), "participation"],
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _growth(time: np.ndarray, error: np.ndarray) -> float:
    """Return the rate of the miss from the largest error in two windows, each over a period."""
    early = error[(time >= EARLY[0]) & (time < EARLY[1])].max()
    late = error[(time >= LATE[0]) & (time <= LATE[1])].max()
    return float(0.5 * np.log(late / early) / (LATE[0] - EARLY[0]))


def _decay(time: np.ndarray, error: np.ndarray) -> float:
    return float(0.5 * np.log(max(error[-1], 1e-300) / error[0]) / (time[-1] - time[0]))


def _crossings(growth: pd.DataFrame, label: str) -> pd.Series:
    """Return, by scenario and seed, the product from which on a push grows.

    The factor by which a push is multiplied is interpolated, and not its logarithm, since in
    lockstep it is linear in the product. Infinite where none grows; 0 where a push grows already at
    the smallest product that was tried, so that the true one lies below.
    """
    return of_each_run(growth[growth["label"] == label], _crossing)


def _crossing(own: pd.DataFrame) -> float:
    x, y = own.sort_values("product")[["product", "growth"]].to_numpy().T
    grows = np.flatnonzero(y > 0.0)
    if not grows.size or grows[0] == 0:
        return 0.0 if grows.size else np.inf
    place = grows[0]
    before, after = np.exp(y[place - 1 : place + 1])
    part = (1.0 - before) / (after - before)
    return float(x[place - 1] + part * (x[place] - x[place - 1]))


def _judge_late(result: Result, records: Records) -> pd.DataFrame:
    growth = _growths(records, "edges.latency")
    result.tables["claim5_late"] = growth
    predicted = largest_delay(1.0)
    for label in ("p = 1", "p = 0.1", "uniform", "Poisson"):
        result.judge(
            f"The latency that learning bears under {label!r} is π/2 over its fastest rate",
            "measured over predicted, median over solutions",
            median_by_seed(_crossings(growth, label) / predicted),
            below=1.15,
            above=0.85,
            main=label == "Poisson",
        )
    result.text.append(
        "Near a solution the continuous rule is the motion dx/dt = −(α λ / T) x(t − τ) of the "
        "miss, with λ the largest curvature, which follows from the conductances alone. It decays "
        "for α λ τ / T below π/2: an edge may act π/2 learning times late, where T / α λ is the "
        "time in which the steepest miss falls by e."
    )
    return growth


def _judge_fast(result: Result, records: Records) -> pd.DataFrame:
    steps = _growths(records, None)
    result.tables["claim5_fast"] = steps
    result.judge(
        "Steps in lockstep converge up to α λ = 2",
        "measured over predicted, median over solutions",
        median_by_seed(_crossings(steps, REFERENCE) / largest_step()),
        below=1.1,
        above=0.9,
        main=True,
    )
    single = steps[steps["scenario"].str.endswith("one")]
    least = single.groupby(["scenario", "seed", "product"])["participation"].first().reset_index()
    shares = least[least["product"] == least["product"].min()].set_index(["scenario", "seed"])
    bound = shares["participation"].map(lambda n: largest_gated_step(0.1, n))
    measured = _crossings(single, "p = 0.1")
    result.judge(
        "Gated steps (p = 0.1) converge further, at least to 2 / (p + (1 − p) / n)",
        "measured over predicted, median over solutions of one target",
        median_by_seed(measured.clip(upper=single["product"].max()) / bound),
        above=1.0,
    )
    for label in ("uniform", "Poisson"):
        reached = _crossings(steps, label).clip(upper=steps["product"].max())
        result.judge(
            f"Edges that act one by one ({label!r}) converge at steps at which lockstep does not",
            "largest α λ over 2, median over solutions (at least; where none diverged, the largest "
            "that was tried)",
            median_by_seed(reached / largest_step()),
            above=1.5,
            main=label == "Poisson",
        )
    return steps


def _judge_beyond(result: Result, records: Records) -> pd.DataFrame:
    runs = tables_of(records)
    runs["label_"] = runs["edges.clock"].map(CLOCKS)
    runs["product"] = runs["label"].astype(float)
    runs["scenario"] = runs["scenario"].str.rpartition("-")[0]  # one study a seed
    runs["found"] = (
        runs["edges.rule.learning_rate"] * runs["largest_curvature"] * runs["edges.latency"]
    )
    runs["learned"] = runs["final_error"] / runs["initial_error"]
    runs["log"] = np.log(runs["learned"].clip(lower=1e-300))
    kept = runs[["scenario", "seed", "label_", "product", "found", "learned", "log"]]
    result.tables["claim5_beyond"] = kept
    late = kept[(kept["product"] > largest_delay(1.0)) & (kept["product"] <= 3.0)]
    per = late.groupby(["scenario", "seed"])
    result.judge(
        "Learning that is too late for the solution it would have found fails",
        "error at the end over error at the start, geometric mean over products from π/2 to 3, "
        "median over solutions",
        median_by_seed(np.exp(per["log"].mean())),
        above=0.1,
    )
    result.judge(
        "Learning that is too late finds a flatter solution, one that bears the latency",
        "product of the curvature found over π/2, median over solutions",
        median_by_seed(per["found"].median() / largest_delay(1.0)),
        below=1.0,
        main=True,
    )
    return kept


def _stability(growth: pd.DataFrame, steps: pd.DataFrame, beyond: pd.DataFrame | None) -> Figure:
    from scipy.special import lambertw

    figure, axes = panels(1, 2 if beyond is None else 3, 2.7)
    first, second = axes[0, 0], axes[0, 1]
    single = growth[growth["scenario"].str.endswith("one")]
    for ax, frame in ((first, single), (second, steps[steps["scenario"].str.endswith("one")])):
        for label, own in groups(frame, "label"):
            ends = quartiles(own.groupby("product")["growth"])
            spread(ax, ends[1].index, ends, PROTOCOLS[label], lw=0.8, label=label)
        ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    x = np.linspace(0.2, 3.0, 200)
    first.plot(x, [lambertw(-each).real for each in x.tolist()], color="0.3", lw=1)
    first.axvline(largest_delay(1.0), color="0.4", ls="--", lw=0.8)
    first.set(xlabel="α λ τ / T", ylabel="growth over τ", ylim=(-1.1, 0.6))
    second.axvline(largest_step(), color="0.4", ls="--", lw=0.8)
    second.set(xscale="log", xlabel="α λ", ylabel="growth over T", ylim=(-1.5, 1.0))
    legend_above(figure, second, ncols=4, fontsize=8)
    if beyond is not None:
        third = axes[0, 2]
        for label, own in groups(beyond, "label_"):
            ends = quartiles(own.groupby("product")["found"])
            spread(third, ends[1].index, ends, PROTOCOLS[label], lw=0.8)
        across = [beyond["product"].min(), beyond["product"].max()]
        third.plot(across, across, color="0.6", lw=0.8)
        third.axhline(largest_delay(1.0), color="0.4", ls="--", lw=0.8)
        third.set(xscale="log", yscale="log", xlabel="α λ τ / T without latency",
                  ylabel="α λ τ / T found")  # fmt: skip
    letters(axes.flat)
    return figure
