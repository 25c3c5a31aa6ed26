"""Studies of networks that have learned: pushed a little off, they come back, or do not.

Near a solution learning is linear, so that theory has something exact to say of it. A solution is
found first, by learning in lockstep with small steps; then its conductances, each changed by a
thousandth or so, are where the runs of the study start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.streams import FloatArray, Streams
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
#: α of runs that do not move, S/V².
STILL = 1e-6
#: What is compared.
CLOCKS: list[dict[str, Any]] = [
    {"kind": "periodic", "period": 1.0},
    {"kind": "periodic", "period": 0.1, "gate": 0.1},
    {"kind": "periodic", "period": 1.0, "phase": "uniform"},
    {"kind": "poisson", "period": 1.0},
]


def solution(scenario: Scenario, seed: int) -> tuple[FloatArray, float]:
    """Let a network learn, and return its conductances, S, and its largest curvature, V²/S.

    It starts from conductances drawn between 1/3 and 3 S.
    """
    from ..analysis.curvature import curvature

    circuit, task = _circuit(scenario), scenario.task
    learning = scenario.replace(
        **WIDE,
        **{"edges.resistor.start": _start(circuit, seed), "edges.clock": {"kind": "periodic"}},
        horizon=400.0,
        probe=None,
    )
    conductances = run(learning, seed=seed).conductances
    assert task.kind == "allostery"
    found = curvature(circuit, conductances, task.sources, task.target_labels())
    return conductances, found.largest


def late(scenario: Scenario, seeds: int, products: Sequence[float]) -> Study:
    """Return a study of how late edges may act near a solution.

    Parameters
    ----------
    scenario
        Allostery with the continuous rule.
    seeds
        How many solutions.
    products
        Values of α λ τ / T: learning rate times largest curvature times latency over period.

    Returns
    -------
    Study
        Its rows are the solutions at each product, ``label = "solution product"``.
    """
    rows = _Rows()
    for seed in range(seeds):
        conductances, steepest = solution(scenario, seed)
        for product in products:
            latency = product / SMALL
            rows.add(
                f"{seed} {product:g}",
                _pushed(conductances, seed),
                learning_rate=SMALL / steepest,
                latency=latency,
                horizon=12.0 * latency + 1.0,
                probe=latency / 8.0,
            )
    return rows.study(scenario, "How late may an edge act near a solution?")


def beyond(scenario: Scenario, seeds: int, products: Sequence[float]) -> Study:
    """Return a study of what becomes of learning that is later than a solution bears.

    It begins where the solution was learned from; the parameters are those of `late`.
    """
    rows = _Rows()
    for seed in range(seeds):
        _, steepest = solution(scenario, seed)
        for product in products:
            latency = product / SMALL
            rows.add(
                f"{seed} {product:g}",
                _start(_circuit(scenario), seed),
                learning_rate=SMALL / steepest,
                latency=latency,
                horizon=40.0 * latency + 200.0,
                probe=latency,
            )
    return rows.study(scenario, "What becomes of learning that is too late for a solution?")


def fast(scenario: Scenario, seeds: int, products: Sequence[float]) -> Study:
    """Return a study of how large steps may be near a solution.

    The parameters are those of `late`, but for `products`, the values of α λ.
    """
    rows = _Rows()
    for seed in range(seeds):
        conductances, steepest = solution(scenario, seed)
        for product in products:
            rows.add(
                f"{seed} {product:g}",
                _pushed(conductances, seed),
                learning_rate=product / steepest,
                latency=0.0,
                horizon=7.0,
                probe=0.5,
            )
    return rows.study(scenario, "How large may steps be near a solution?")


def noise(scenario: Scenario, seed: int, batches: Study) -> Study:
    """Return a study of the updates of one and the same state, before and after learning.

    Steps are so small that the network stays where it is while it takes many hundred.

    Parameters
    ----------
    scenario
        A task of many data with the continuous rule.
    seed
        Draws the data and the start.
    batches
        The study whose protocols, by label, are compared.

    Returns
    -------
    Study
        Its rows are the states under each protocol, ``label =
        "start|protocol|seed"`` and ``"learned|protocol|seed"``.
    """
    (paired,) = batches.paired
    protocols = {key: values for key, values in paired.items() if key != "label"}
    rows: dict[str, list[Any]] = {key: [] for key in ("label", "edges.resistor.start", *protocols)}
    full = {key: values[0] for key, values in protocols.items()}
    short = run(scenario.replace(**full, horizon=1.0, probe=None), seed=seed)
    learning = scenario.replace(**full, horizon=5.0 * scenario.horizon, probe=None)
    long = run(learning, seed=seed)
    start = short.edges["conductance_start_S"].tolist()
    for where, state in (("start", start), ("learned", long.conductances.tolist())):
        for number, label in enumerate(paired["label"]):
            rows["label"].append(f"{where}|{label}|{seed}")
            rows["edges.resistor.start"].append(state)
            for key, values in protocols.items():
                rows[key].append(values[number])
    return Study(
        scenario.replace(**{"edges.rule.learning_rate": STILL}, horizon=240.0, probe=None),
        title="How updates of one state differ",
        paired=rows,
        seeds=(seed,),  # the data that the state has learned
        events=True,
        metrics=("initial_error", "updates_per_edge"),
    )


class _Rows:
    """The rows of a study near a solution."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {}

    def add(
        self,
        label: str,
        start: list[float],
        *,
        learning_rate: float,
        latency: float,
        horizon: float,
        probe: float,
    ) -> None:
        row = {
            "label": label,
            "edges.resistor.start": start,
            "edges.rule.learning_rate": learning_rate,
            "edges.latency": latency,
            "horizon": horizon,
            "probe.period": probe,
        }
        for key, value in row.items():
            self.columns.setdefault(key, []).append(value)

    def study(self, scenario: Scenario, title: str) -> Study:
        return Study(
            scenario.replace(**WIDE),
            title=title,
            paired=self.columns,
            grid={"edges.clock": CLOCKS},
            seeds=1,
            probes=True,
            metrics=("initial_error", "final_error", "largest_curvature", "participation"),
        )


def _pushed(conductances: FloatArray, seed: int) -> list[float]:
    push = 1.0 + PUSH * np.random.default_rng(seed).standard_normal(conductances.size)
    return list((conductances * push).tolist())


def _start(circuit: Circuit, seed: int) -> list[float]:
    powers = np.random.default_rng(seed).uniform(-1.0, 1.0, len(circuit.edges))
    return list((3.0**powers).tolist())


def _circuit(scenario: Scenario) -> Circuit:
    return scenario.circuit.build(Streams(0))
