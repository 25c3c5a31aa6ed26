"""Studies of networks that have learned: pushed a little off, do they come back?

Near a solution learning is linear, so that theory has something exact to say of it. A solution is
found first, by learning in lockstep with small steps; then its conductances, each changed by a
thousandth or so, are where the runs of the study start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.streams import FloatArray
from .running import run
from .scenario import Scenario
from .study import Study

if TYPE_CHECKING:
    from ..engine.circuit import Circuit

#: Relative s.d. of what conductances are pushed by.
PUSH = 1e-3
#: How far a solution is from the bounds of the resistors, which are not linear.
WIDE = {"edges.resistor.k_min": 1e-3, "edges.resistor.k_max": 1e3}
#: α λ of runs with a latency: small steps, so that many make up a motion.
SMALL = 0.1


def solution(scenario: Scenario, seed: int) -> tuple[FloatArray, float]:
    """Let a network learn, and return its conductances, S, and its largest curvature, V²/S.

    It starts from conductances drawn between 1/3 and 3 S.
    """
    from ..analysis.curvature import curvature

    rng = np.random.default_rng(seed)
    circuit = _circuit(scenario)
    start = 3.0 ** rng.uniform(-1.0, 1.0, len(circuit.edges))
    task = scenario.task
    learning = scenario.replace(
        **WIDE,
        **{"edges.resistor.start": tuple(start.tolist()), "edges.clock": {"kind": "periodic"}},
        horizon=400.0,
        probe=None,
    )
    conductances = run(learning, seed=seed).conductances
    assert task.kind == "allostery"
    found = curvature(circuit, conductances, task.sources, task.target_labels())
    return conductances, found.largest


def late(
    scenario: Scenario,
    clocks: Sequence[dict[str, Any]],
    seeds: int,
    products: Sequence[float],
    **settings: Any,
) -> Study:
    """Return a study of how late edges may act near a solution.

    Parameters
    ----------
    scenario
        Allostery with the continuous rule and a clock of 1 s.
    clocks
        The clocks to compare.
    seeds
        How many solutions.
    products
        Values of α λ τ / T: learning rate times curvature times latency over period.
    **settings
        Of the study.

    Returns
    -------
    Study
        Each row of the study is a solution and a product, ``label = "solution product"``.
    """
    rows: dict[str, list[Any]] = {key: [] for key in _ROWS}
    for seed in range(seeds):
        conductances, steepest = solution(scenario, seed)
        for product in products:
            latency = product / SMALL
            _add(rows, f"{seed} {product:g}", conductances, seed, SMALL / steepest)
            rows["edges.latency"].append(latency)
            rows["horizon"].append(12.0 * latency + 1.0)
            rows["probe.period"].append(latency / 8.0)
    return _study(scenario, rows, clocks, settings)


def fast(
    scenario: Scenario,
    clocks: Sequence[dict[str, Any]],
    seeds: int,
    products: Sequence[float],
    **settings: Any,
) -> Study:
    """Return a study of how large steps may be near a solution.

    The parameters are those of `late`, but for `products`, the values of α λ.
    """
    rows: dict[str, list[Any]] = {key: [] for key in _ROWS}
    for seed in range(seeds):
        conductances, steepest = solution(scenario, seed)
        for product in products:
            _add(rows, f"{seed} {product:g}", conductances, seed, product / steepest)
            rows["edges.latency"].append(0.0)
            rows["horizon"].append(13.0)
            rows["probe.period"].append(0.5)
    return _study(scenario, rows, clocks, settings)


_ROWS = (
    "label",
    "edges.resistor.start",
    "edges.rule.learning_rate",
    "edges.latency",
    "horizon",
    "probe.period",
)


def _add(
    rows: dict[str, list[Any]], label: str, conductances: FloatArray, seed: int, rate: float
) -> None:
    push = 1.0 + PUSH * np.random.default_rng(seed).standard_normal(conductances.size)
    rows["label"].append(label)
    rows["edges.resistor.start"].append((conductances * push).tolist())
    rows["edges.rule.learning_rate"].append(rate)


def _study(
    scenario: Scenario,
    rows: dict[str, list[Any]],
    clocks: Sequence[dict[str, Any]],
    settings: dict[str, Any],
) -> Study:
    return Study(
        scenario.replace(**WIDE),
        paired=rows,
        grid={"edges.clock": list(clocks)},
        seeds=1,
        probes=True,
        metrics=("final_error", "initial_error", "largest_curvature"),
        **settings,
    )


def _circuit(scenario: Scenario) -> Circuit:
    from ..engine.streams import Streams

    return scenario.circuit.build(Streams(0))
