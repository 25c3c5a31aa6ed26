"""Claim 5: whether clocks that drift fall back into step, and whether the error shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...phases import order_parameter
from ...statistics import bootstrap
from ..claims import Records, Result
from ..drawing import LEGEND, letters, panels, quartiles, spread
from ..estimates import ratio
from ..tables import by_seed, groups

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...studies.record import StudyRecord

IN_STEP, APART = 0.9, 0.5


def judge_drift(result: Result, drift: Records, recurrence: Records | None) -> None:
    """Follow the order parameter of identical clocks, and the error beside it."""
    record = next(iter(drift.values()))
    order = _order_of(record, np.arange(5.0, 1995.0, 5.0))
    result.tables["claim5_drift"] = order
    late = order[(order["label"] == "wander 3 %") & (order["time_s"] > 1000.0)]
    edges = int(late["edges"].iloc[0])
    random = np.sqrt(np.pi / (4.0 * edges))
    result.judge(
        f"Clocks that wander by 3 % are no more in step than random ones, √(π/4E) = {random:.2f}",
        "mean order parameter after 1000 periods over that, mean over seeds",
        bootstrap(late.groupby("seed")["order"].mean() / random, "mean"),
        below=1.2,
        above=0.8,
    )
    wide = by_seed(record.table(), "settled_error")
    result.judge(
        "The error falls as identical clocks drift out of step",
        "ratio of settled errors, wander 3 % to no wander, geometric mean",
        ratio(wide["wander 3 %"], wide["no wander"]),
        below=1.0,
        main=True,
    )
    again = _recurrence(result, next(iter(recurrence.values()))) if recurrence else None
    result.figures["claim5_drift"] = (
        _figure(record, order, again),
        "a Order parameter of sixteen identical clocks that start in step (median and quartiles "
        "over seeds; dotted: independent clocks). b Their error meanwhile (median over seeds and "
        "25 periods). c Four clocks of a divider: error over its mean while the order "
        "parameter is in each range.",
    )


def _order_of(record: StudyRecord, times: np.ndarray) -> pd.DataFrame:
    """Return the order parameter of each run over time."""
    frames = []
    events = record.events(columns=["edge", "sensed_s"])
    labels = ["label"] if "label" in events else []
    for key, own in groups(events, [*labels, "seed"]):
        frame = order_parameter(own, times).rename(columns={"order_parameter": "order"})
        for name, value in zip([*labels, "seed"], key, strict=True):
            frame[name] = value
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _recurrence(result: Result, record: StudyRecord) -> pd.DataFrame:
    """Say how often four clocks come into step again, and what the error does then."""
    times = np.arange(500.0, 2490.0, 1.0)
    order = _order_of(record, times)
    edges = int(order["edges"].iloc[0])
    phases = np.random.default_rng(0).uniform(0.0, 2.0 * np.pi, (200_000, edges))
    expected = float(np.mean(np.abs(np.exp(1j * phases).mean(axis=1)) > IN_STEP))
    share = order.groupby("seed")["order"].apply(lambda r: float((r > IN_STEP).mean()))
    result.judge(
        f"Four drifting clocks come back into step (order above {IN_STEP}) as often as chance has "
        f"it, {expected:.3f} of the time",
        "fraction of the time over that, mean over seeds",
        bootstrap(share / expected, "mean"),
        below=1.3,
        above=0.7,
        main=True,
    )
    probes = record.probes()
    probes = probes[probes["time_s"] >= times[0]]
    # The mean over a period, as the error moves within each.
    error = probes.groupby(["seed", np.floor(probes["time_s"])])["error"].mean()
    order = order.join(error, on=["seed", "time_s"]).dropna()
    together = order[order["order"] > IN_STEP].groupby("seed")["error"].mean()
    apart = order[order["order"] < APART].groupby("seed")["error"].mean()
    both = together.index.intersection(apart.index)
    result.judge(
        "While they are in step the error is above what it is apart",
        f"ratio of mean errors, order above {IN_STEP} to below {APART}, geometric mean over seeds",
        ratio(together[both], apart[both]),
        above=1.0,
    )
    return order


def _figure(record: StudyRecord, order: pd.DataFrame, again: pd.DataFrame | None) -> Figure:
    figure, axes = panels(1, 2 if again is None else 3, 2.6)
    colours = {"wander 1 %": "C0", "wander 3 %": "C1", "no wander": "black"}
    for label, own in groups(order, "label"):
        low, middle, high = quartiles(own.groupby("time_s")["order"])
        axes[0, 0].plot(middle, color=colours[label], lw=1, label=label)
        axes[0, 0].fill_between(low.index, low, high, color=colours[label], alpha=0.2, lw=0)
    random = np.sqrt(np.pi / (4.0 * float(order["edges"].iloc[0])))
    axes[0, 0].axhline(random, color="0.4", ls=":", lw=1)
    axes[0, 0].set(xlabel="time (s)", ylabel="order parameter", ylim=(0.0, 1.05))
    axes[0, 0].legend(**LEGEND)
    probes = record.probes()
    probes["bin"] = 25.0 * np.floor(probes["time_s"] / 25.0) + 12.5
    for label, own in groups(probes, "label"):
        axes[0, 1].plot(own.groupby("bin")["error"].median(), color=colours[label], lw=1)
    axes[0, 1].set(yscale="log", xlabel="time (s)", ylabel="error (V²)")
    if again is not None:
        bins = np.linspace(0.0, 1.0, 11)
        where = bins[np.searchsorted(bins, again["order"]) - 1] + 0.5 * bins[1]
        again["relative"] = again["error"] / again.groupby("seed")["error"].transform("mean")
        table = again.assign(where=where).pivot_table(
            index="seed", columns="where", values="relative"
        )
        middle = [bootstrap(table[x].dropna(), "mean", resamples=1000) for x in table]
        ends = np.array([(each.low, each.value, each.high) for each in middle]).T
        spread(axes[0, 2], table.columns, ends, "black", capsize=1.5)
        axes[0, 2].set(xlabel="order parameter", ylabel="error / its mean", ylim=(0.0, None))
    letters(axes.flat)
    return figure
