"""Claim 4: a fraction of the edges is like a fraction of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..statistics import Estimate, bootstrap, compare
from .findings import Records, Result, by_seed, groups, names, proportion, tables_of
from .style import letters, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..studies import StudyRecord

DATA = 16
FULL = "all"
#: A run has left a poor minimum when it settles at less than half of what the full update does.
ESCAPED = 0.5
FITTED = (2, 30)
KINDS = {"edges": ("C0", "fraction of the edges"), "data": ("C1", "fraction of the data")}


def judge(series: Mapping[str, Records]) -> Result:
    """Compare the two kinds of mini-batch: noise, final error, diffusion, escape."""
    result = Result("The mini-batch analogy", claim=4)
    runs = tables_of(series["minibatch"])
    result.tables["claim4_runs"] = runs
    noise = _noise(series["update-noise"])
    result.tables["claim4_noise"] = noise
    _judge_noise(result, noise)
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
        "But the one noise is independent from edge to edge and vanishes with the update; the "
        "other acts along the gradients of the data and does not, unless every datum is answered.",
    ]
    result.figures["claim4_minibatches"] = (
        _figure(runs, noise),
        "a Noise of the updates of one state (trace of the covariance of a step, over the squared"
        " full update), measured against predicted; open: after learning. b Its effective "
        "dimension. c, d Settled error against the fraction, sign rule and continuous rule "
        "(solid: a task that can be fulfilled, dashed: one that cannot), over that of the full "
        "update, geometric mean with 95 % interval. e Mean squared displacement, sign rule. f "
        "Fraction of the seeds that settle at less than half the error of the full update, sign "
        "rule.",
    )
    return result


def _noise(records: Records) -> pd.DataFrame:
    """Return the mean and the covariance of the steps of one state, a row a state and protocol."""
    import pandas as pd

    rows = []
    for scenario, record in records.items():
        table = record.table()
        states: dict[tuple[str, str], np.ndarray] = {}
        for row, steps in _steps(record, table):
            where, rest = row["label"].split(" ", 1)
            protocol, seed = rest.rsplit(" ", 1)
            if protocol == FULL:
                states[where, seed] = steps.mean(axis=0)
            full = states[where, seed]
            kind, fraction = _kind(protocol)
            if protocol == "data 1/16":
                states[where + "S", seed] = np.cov(steps.T, bias=True)
            rows.append(
                {
                    "scenario": scenario, "where": where, "seed": int(seed), "label": protocol,
                    "kind": kind, "fraction": fraction, "steps": len(steps),
                    "full": float(full @ full), "_steps": steps, "_full": full,
                }
            )  # fmt: skip
        for row in rows:
            spread = states[row["where"] + "S", str(row["seed"])]
            row |= _compared(row.pop("_steps"), row.pop("_full"), spread, row)
    return pd.DataFrame(rows)


def _compared(
    steps: np.ndarray, full: np.ndarray, spread: np.ndarray, row: Mapping[str, object]
) -> dict[str, float]:
    """Return the noise of a protocol's steps as measured and as predicted."""
    part = float(row["fraction"])  # type: ignore[arg-type]
    measured = np.cov(steps.T, bias=True)
    if row["kind"] == "edges":
        predicted = part * (1.0 - part) * np.diag(full**2)
    else:
        # Single data drawn without replacement: the covariance of one is S itself.
        predicted = (1.0 - part) / part / (DATA - 1.0) * spread
    total = float(np.trace(measured))
    return {
        "noise": total / float(full @ full),
        "predicted": float(np.trace(predicted)) / float(full @ full),
        "overlap": _overlap(measured, predicted),
        "dimension": total**2 / float(np.sum(measured**2)) if total > 0.0 else np.nan,
    }


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the cosine between two covariances as vectors; 1 where they have the same form."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.sum(one * other)) / size if size > 0.0 else np.nan


def _steps(record: StudyRecord, table: pd.DataFrame):  # type: ignore[no-untyped-def]
    """Yield each run's row and its steps, one row a step and a column an edge."""
    from ..runs import open_run

    kept = record.folders().set_index("label")["folder"]
    for _, row in table.iterrows():
        run = open_run(kept[row["label"]])
        events = run.events
        step = float(row["supervisor.period"]) * float(row["edges.batch"])
        number = np.rint(events["time_s"].to_numpy() / step).astype(int)
        number -= number.min()
        last = int(np.floor(float(run.summary["simulated_s"]) / step)) - 1
        changes = np.zeros((last + 1, len(run.edges)))
        within = number <= last
        change = (events["conductance_after_S"] - events["conductance_before_S"]).to_numpy()
        np.add.at(changes, (number[within], events["edge"].to_numpy()[within]), change[within])
        yield row, changes


def _kind(label: str) -> tuple[str, float]:
    if label == FULL:
        return "edges", 1.0
    kind, fraction = label.split(" ")
    return kind, 1.0 / float(fraction.split("/")[1])


def _judge_noise(result: Result, noise: pd.DataFrame) -> None:
    part = noise[noise["fraction"] < 1.0]
    for kind, (_, what) in KINDS.items():
        own = part[part["kind"] == kind]
        ratio = own["noise"] / own["predicted"]
        result.judge(
            f"The noise of a {what} is that of theory",
            "measured over predicted, median over states and fractions",
            bootstrap(ratio),
            below=1.1,
            above=0.9,
        )
    wide = part.pivot_table(index=["where", "seed", "fraction"], columns="kind", values="noise")
    learned, start = wide.xs("learned"), wide.xs("start")
    result.judge(
        "Before learning the two noises are alike in size, at equal means",
        "noise per mean², edges over data, median over states and fractions",
        bootstrap(_scaled(start)),
        below=2.0,
        above=0.5,
        main=True,
    )
    result.judge(
        "They are after learning, too",
        "noise per mean², edges over data, median over states and fractions",
        bootstrap(_scaled(learned)),
        below=2.0,
        above=0.5,
        main=True,
    )


def _judge_diffusion(result: Result, runs: pd.DataFrame) -> None:
    """Say whether the sign rule diffuses among solutions under either kind of mini-batch."""
    lags = [lag for lag in (2, 3, 4, 5, 6, 10, 20, 30) if FITTED[0] <= lag <= FITTED[1]]
    full = runs[runs["label"] == FULL]
    result.judge(
        "With all data and in lockstep the sign rule ends in a cycle of period 2",
        "fraction of the seeds whose displacement is zero at a lag of 2",
        proportion(full["displacement_2"] == 0.0),
        above=0.8,
    )
    for label in ("edges 1/4", "data 1/4"):
        own = runs[runs["label"] == label]
        moved = own[[f"displacement_{lag}" for lag in lags]].to_numpy()
        moves = (moved > 0.0).all(axis=1)
        exponents = np.polyfit(np.log(lags), np.log(moved[moves]).T, 1)[0]
        result.judge(
            f"With {label.replace('1/4', '(1/4)')} it diffuses among solutions",
            "exponent of the displacement, lags 2 to 30 s, median",
            bootstrap(exponents),
            above=0.85,
            below=1.15,
            main=True,
        )


def _scaled(wide: Any) -> Any:
    """Return the ratio of the noises where the steps of edges are scaled to the full update."""
    fraction = wide.index.get_level_values("fraction").to_numpy()
    return (wide["edges"].to_numpy() / fraction**2) / wide["data"].to_numpy()


def _judge_errors(result: Result, scenario: str, runs: pd.DataFrame) -> None:
    """Compare the settled errors of both kinds with that of the full update."""
    wide = by_seed(runs, "settled_error").clip(lower=1e-300)
    rule = "continuous rule" if scenario.endswith("continuous") else "sign rule"
    task = "cannot be fulfilled" if "unrealisable" in scenario else "can be fulfilled"
    for label in ("edges 1/16", "data 1/16"):
        ratio = compare(wide[label], wide[FULL], "ratios", "geometric_mean")
        result.judge(
            f"Under the {rule}, {label.replace('1/16', '(1/16)')} end no higher than the full "
            f"update, a task that {task}",
            "ratio of settled errors, geometric mean",
            ratio,
            below=1.1,
        )
    if rule == "sign rule":
        both = compare(wide["edges 1/16"], wide["data 1/16"], "ratios", "geometric_mean")
        result.judge(
            f"The sign rule gains as much from fewer data as from fewer edges ({task})",
            "ratio of settled errors, edges (1/16) to data (1/16), geometric mean",
            both,
            below=1.25,
            above=0.8,
            main=True,
        )


def _figure(runs: pd.DataFrame, noise: pd.DataFrame) -> Figure:
    figure, axes = panels(2, 3, 4.6)
    _draw_noise(axes[0, 0], axes[0, 1], noise)
    _draw_errors(axes[0, 2], runs, "")
    _draw_errors(axes[1, 0], runs, "-continuous")
    sign = runs[runs["scenario"] == "minibatch-realisable"]
    _draw_displacement(axes[1, 1], sign)
    _draw_escape(axes[1, 2], runs)
    letters(axes.flat)
    return figure


def _draw_noise(ax, dimensions, noise: pd.DataFrame) -> None:  # type: ignore[no-untyped-def]
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
    ax.legend(fontsize=7, frameon=False)
    dimensions.set_xscale("log", base=2)
    dimensions.set(xlabel="fraction", ylabel="dimension of the noise")


def _draw_errors(ax, runs: pd.DataFrame, rule: str) -> None:  # type: ignore[no-untyped-def]
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    for task, style in (("realisable", "-"), ("unrealisable", "--")):
        own = runs[runs["scenario"] == f"minibatch-{task}{rule}"]
        wide = by_seed(own, "settled_error").clip(lower=1e-300)
        for kind, (colour, _) in KINDS.items():
            labels = [label for label in names(wide) if label.startswith(kind)]
            found = [compare(wide[x], wide[FULL], "ratios", "geometric_mean") for x in labels]
            x = [1.0, *(_kind(label)[1] for label in labels)]
            _draw_line(ax, x, [Estimate(value=1.0, low=1.0, high=1.0, seeds=0), *found], colour,
                       style)  # fmt: skip
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_yticks([0.5, 1.0, 2.0], ["0.5", "1", "2"])
    name = "continuous" if rule else "sign rule"
    ax.set(xlabel="fraction", ylabel=f"error / full ({name})")


def _draw_line(ax, x, found, colour: str, style: str) -> None:  # type: ignore[no-untyped-def]
    ax.plot(x, [each.value for each in found], style, marker="o", ms=3, lw=1, color=colour)
    ax.fill_between(x, [each.low for each in found], [each.high for each in found], lw=0,
                    alpha=0.2, color=colour)  # fmt: skip


def _draw_displacement(ax, runs: pd.DataFrame) -> None:  # type: ignore[no-untyped-def]
    lags = sorted(
        int(name.split("_")[1]) for name in names(runs) if name.startswith("displacement_")
    )
    for label, colour, style in (
        (FULL, "black", "none"), ("edges 1/2", "C0", "-"), ("edges 1/16", "C0", "--"),
        ("data 1/2", "C1", "-"), ("data 1/16", "C1", "--"),
    ):  # fmt: skip
        own = runs[runs["label"] == label]
        middle = np.array([own[f"displacement_{lag}"].median() for lag in lags])
        seen = middle > 0.0
        ax.plot(np.array(lags)[seen], middle[seen], ls=style, color=colour, marker="o", ms=2.5,
                lw=1, label=label)  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="lag (s)", ylabel="displacement² (steps²)")
    ax.legend(fontsize=6.5, frameon=False)


def _draw_escape(ax, runs: pd.DataFrame) -> None:  # type: ignore[no-untyped-def]
    own = runs[runs["scenario"] == "minibatch-realisable"]
    wide = by_seed(own, "settled_error")
    for kind, (colour, what) in KINDS.items():
        labels = [label for label in names(wide) if label.startswith(kind)]
        found = [proportion(wide[label] < ESCAPED * wide[FULL]) for label in labels]
        _draw_line(ax, [_kind(label)[1] for label in labels], found, colour, "-")
        ax.lines[-1].set_label(what)
    ax.set_xscale("log", base=2)
    ax.set(xlabel="fraction", ylabel="escaped")
