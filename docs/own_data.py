"""Learns scikit-learn's wine and digits on resistor networks, beside linear models of equal size.

``.venv/bin/python -P docs/own_data.py`` prints the table of `your_work.md`: the accuracy on rows
that were not learned from, the mean of ten seeds with its 95 % interval. ``--seeds 2`` is short.
Settings were chosen on the seeds 0 and 1; the table is of others, from 100 on.
"""

import argparse
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ohmtick as ot
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.tasks.table import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Coupled learning with continuous resistors; a datum a second, in a new order each epoch.
BENCH = ot.load("breadboard-iris").replace(
    **{
        "edges.rule": {"kind": "coupled_learning", "learning_rate": 3e-3},
        "edges.resistor": {"kind": "continuous", "k_min": 1e-5, "k_max": 1e-2, "start": 1e-3},
        "supervisor.nudge": 0.1,
        "probe": None,
    }
)
#: The first seed of the table.
FIRST = 100
#: What is desired of the output of a datum's own class, and of the others, V.
OWN, OTHER = 0.55, 0.45


def mirrored(X: Floats) -> Floats:
    """Return each feature and its mirror image: conductances give no negative weights."""
    return np.hstack([X, X.max() - X])


def crossbar(X: Floats, y: Ints, scaling: str) -> ot.Scenario:
    """Return a network of an edge from each source to each of the outputs, one a class."""
    classes = int(y.max()) + 1
    sources = [f"x{n}" for n in range(2 * X.shape[1])]
    targets = [f"y{n}" for n in range(classes)]
    wanted = np.where(y[:, np.newaxis] == np.arange(classes), OWN, OTHER)
    task = ot.tasks.from_arrays(
        mirrored(X), wanted, sources=sources, targets=targets, test=0.3, scaling=scaling, high=1.0
    )
    edges = [(source, target) for source in sources for target in targets]
    return BENCH.replace(circuit={"kind": "edge_list", "edges": edges}, task=task, horizon=6000.0)


def differences(X: Floats, y: Ints, scaling: str) -> ot.Scenario:
    """Return a crossbar whose outputs are differences of two nodes, with weights of either sign."""
    classes = int(y.max()) + 1
    sources = [f"x{n}" for n in range(X.shape[1])]
    targets = [(f"y{n}", f"z{n}") for n in range(classes)]
    half = (OWN - OTHER) / 2.0
    wanted = np.where(y[:, np.newaxis] == np.arange(classes), half, -half)
    task = ot.tasks.from_arrays(
        X, wanted, sources=sources, targets=targets, fixed={"low": 0.0, "high": 1.0},
        test=0.3, scaling=scaling, high=1.0,
    )  # fmt: skip
    nodes = [node for pair in targets for node in pair]
    edges = [(source, node) for source in [*sources, "low", "high"] for node in nodes]
    return BENCH.replace(circuit={"kind": "edge_list", "edges": edges}, task=task, horizon=3000.0)


def lattice(X: Floats, y: Ints, scaling: str, side: int, targets: int) -> ot.Scenario:
    """Return a square lattice; sources and targets are drawn among its nodes."""
    place = np.random.default_rng(0).permutation(side * side).tolist()
    inputs = 2 * X.shape[1]
    task = ot.tasks.from_arrays(
        mirrored(X), y, sources=place[:inputs], targets=place[inputs : inputs + targets],
        test=0.3, classes=True, scaling=scaling, high=1.0, separation=2.0,
    )  # fmt: skip
    circuit = {"kind": "square_lattice", "rows": side, "cols": side}
    return BENCH.replace(circuit=circuit, task=task, horizon=3000.0)


def accuracies(X: Floats, y: Ints, scaling: str, side: int, targets: int, seed: int) -> list[float]:
    """Return the accuracy of each model on held-out rows, drawn by a seed."""
    found = []
    for inputs, scenario in (
        (mirrored(X), crossbar(X, y, scaling)),
        (X, differences(X, y, scaling)),
        (mirrored(X), lattice(X, y, scaling, side, targets)),
    ):
        assert isinstance(scenario.task, Table)
        _, tested = scenario.task.rows(Streams(seed))
        run = ot.run(scenario, seed=seed)
        if scenario.task.classes:
            found.append(run.score(inputs[tested], y[tested]))
        else:
            taken = run.predict(inputs[tested]).argmax(axis=1)
            found.append(float(np.mean(taken == y[tested])))
    return found + linear(X, y, seed)


def linear(X: Floats, y: Ints, seed: int) -> list[float]:
    """Return the accuracy of least squares and of logistic regression on the crossbars' rows."""
    learned, tested = crossbar(X, y, "none").task.rows(Streams(seed))
    wanted = np.where(y[:, np.newaxis] == np.arange(y.max() + 1), OWN, OTHER)
    readout = LinearRegression().fit(X[learned], wanted[learned])
    regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    regression.fit(X[learned], y[learned])
    return [
        float(np.mean(readout.predict(X[tested]).argmax(axis=1) == y[tested])),
        float(regression.score(X[tested], y[tested])),
    ]


def table(seeds: int) -> Iterator[str]:
    """Yield the lines of the table."""
    yield (
        "| data | crossbar, mirrored | crossbar of differences | square lattice | least squares "
        "| logistic regression |"
    )
    yield "|---|---|---|---|---|---|"
    for name, load, scaling, side, targets in (
        ("wine", load_wine, "feature", 12, 12),
        ("digits", load_digits, "common", 20, 30),
    ):
        X, y = load(return_X_y=True)
        if name == "digits":
            X = X[:, X.std(axis=0) > 1.0]  # the margins are nearly always white
        drawn = range(FIRST, FIRST + seeds)
        rows = np.array([accuracies(X, y, scaling, side, targets, seed) for seed in drawn])
        mean, error = rows.mean(axis=0), stats.sem(rows, axis=0)
        half = stats.t.ppf(0.975, seeds - 1) * error
        cells = [f"{100 * m:.1f} ± {100 * h:.1f} %" for m, h in zip(mean, half, strict=True)]
        yield f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    for line in table(parser.parse_args().seeds):
        print(line, flush=True)
