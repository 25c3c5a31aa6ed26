"""Claim 4: the noise of updates, of a fraction of the edges and of a fraction of the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...runs import open_run
from ..claims import Records, Result
from ..drawing import LEGEND
from ..estimates import median_by_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...studies.record import StudyRecord

DATA = 16
FULL, SINGLE = "all", "data 1/16"
#: Colour and name of both kinds of mini-batch.
KINDS = {"edges": ("C0", "fraction of the edges"), "data": ("C1", "fraction of the data")}


def noise_of(records: Records) -> pd.DataFrame:
    """Return the noise of the steps of one state as measured and as predicted.

    One row a state and protocol: ``where`` (at the start, or learned), ``seed``, ``label``,
    ``kind``, ``fraction``, ``steps`` (how many), ``noise`` and ``predicted`` (trace of the
    covariance of a step over the squared full update), ``overlap`` (cosine between the two
    covariances as vectors), ``dimension`` (participation ratio of the covariance).
    """
    rows = []
    for scenario, record in records.items():
        steps_of = {tuple(label.split("|")): steps for label, steps in _steps(record)}
        for (where, label, seed), steps in steps_of.items():
            kind, part = kind_of(label)
            singles = steps_of[where, SINGLE, seed][:DATA]  # an epoch: what each datum asks for
            full = singles.mean(axis=0)
            if kind == "edges":
                predicted = part * (1.0 - part) * np.diag(full**2)
            else:
                # Data are drawn without replacement; the covariance of single ones is S itself.
                spread = np.cov(singles.T, bias=True)
                predicted = (1.0 - part) / part / (DATA - 1.0) * spread
            rows.append(
                {
                    "scenario": scenario, "where": where, "seed": int(seed), "label": label,
                    "kind": kind, "fraction": part, "steps": len(steps),
                    **_compared(np.cov(steps.T, bias=True), predicted, float(full @ full)),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _compared(measured: np.ndarray, predicted: np.ndarray, full: float) -> dict[str, float]:
    total = float(np.trace(measured))
    size = float(np.linalg.norm(measured) * np.linalg.norm(predicted))
    return {
        "noise": total / full,
        "predicted": float(np.trace(predicted)) / full,
        "overlap": float(np.sum(measured * predicted)) / size if size > 0.0 else np.nan,
        "dimension": total**2 / float(np.sum(measured**2)) if total > 0.0 else np.nan,
    }


def _steps(record: StudyRecord) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each run's label and its steps, one row a step and a column an edge."""
    kept = record.folders().set_index("label")["folder"]
    for row in record.table().to_dict("records"):
        run = open_run(kept[row["label"]])
        step = float(row["supervisor.period"]) * float(row["edges.batch"])
        number = np.floor(run.events["time_s"].to_numpy() / step + 1e-6).astype(int)
        last = int(np.floor(float(run.summary["simulated_s"]) / step)) - 1
        changes = np.zeros((last + 1, len(run.edges)))
        within = number <= last
        change = run.events["conductance_after_S"] - run.events["conductance_before_S"]
        place = (number[within], run.events["edge"].to_numpy()[within])
        np.add.at(changes, place, change.to_numpy()[within])
        yield str(row["label"]), changes


def kind_of(label: str) -> tuple[str, float]:
    """Return which kind of mini-batch a label names, and the fraction."""
    if label == FULL:
        return "edges", 1.0
    kind, fraction = label.split(" ")
    return kind, 1.0 / float(fraction.split("/")[1])


def fractions(wide: pd.DataFrame, kind: str) -> dict[str, float]:
    """Return the columns of one kind of mini-batch, and the fraction of each."""
    labels = [str(label) for label in wide.columns if str(label).startswith(kind)]
    return {label: kind_of(label)[1] for label in labels}


def judge_noise(result: Result, noise: pd.DataFrame) -> None:
    """Hold both noises against theory, and against one another."""
    part = noise[noise["fraction"] < 1.0]
    for kind, (_, what) in KINDS.items():
        # A step on one datum has the covariance S by definition, and tests nothing.
        own = part[(part["kind"] == kind) & (part["label"] != SINGLE)].set_index("seed")
        result.judge(
            f"The noise of a {what} is that of theory",
            "measured over predicted, median over states and fractions",
            median_by_seed(own["noise"] / own["predicted"]),
            below=1.1,
            above=0.9,
        )
    wide = part.pivot_table(index=["where", "seed", "fraction"], columns="kind", values="noise")
    # The steps of edges are scaled to the full update, as those of data are.
    scaled = wide["edges"] / wide.index.get_level_values("fraction") ** 2 / wide["data"]
    for where, statement in (
        ("start", "Before learning the two noises are alike in size, at equal means"),
        ("learned", "After learning the two noises are alike in size, too"),
    ):
        result.judge(
            statement,
            "noise per mean², edges over data, median over states and fractions",
            median_by_seed(scaled.loc[[where]]),
            below=2.0,
            above=0.5,
            main=True,
        )


def draw_noise(ax: Axes, dimensions: Axes, noise: pd.DataFrame) -> None:
    """Draw measured against predicted noise, and its dimension against the fraction."""
    part = noise[noise["fraction"] < 1.0]
    for kind, (colour, what) in KINDS.items():
        for where, face in (("start", colour), ("learned", "none")):
            own = part[(part["kind"] == kind) & (part["where"] == where)]
            label = what if where == "start" else None
            ax.plot(own["predicted"], own["noise"], "o", ms=4, mec=colour, mfc=face, label=label)
            dimensions.plot(
                own["fraction"] * (1.05 if kind == "data" else 1.0), own["dimension"], "o", ms=4,
                mec=colour, mfc=face,
            )  # fmt: skip
    ends = [part["predicted"].min(), part["predicted"].max()]
    ax.plot(ends, ends, color="0.6", lw=0.8, zorder=0)
    ax.set(xscale="log", yscale="log", xlabel="predicted noise", ylabel="measured noise")
    ax.legend(**LEGEND)
    dimensions.set_xscale("log", base=2)
    dimensions.set(xlabel="fraction", ylabel="dimension of the noise")
