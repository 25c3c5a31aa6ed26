"""Studies of networks that have learned: pushed a little off, they come back, or do not.

Near a solution learning is linear, so that theory has something exact to say of it. A solution is
found first, by learning in lockstep with small steps; then its conductances, each changed by a
thousandth or so, are where the runs of the study start. One seed draws all of it: circuit, first
conductances, push and clocks, each for a purpose of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...analysis.curvature import curvature
from ...analysis.runs import open_run
from ...analysis.studies.record import open_study
from ...engine.errors import OhmtickError
from ...engine.streams import FloatArray, Streams
from ..in_step import OUT_OF_STEP
from ..scenario import Scenario
from ..studies.study import Study
from ..tasks.allostery import Allostery

if TYPE_CHECKING:
    from ...engine.records.run import Run

# The purposes of draws keep the names that they had first, or findings would change.
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


def solution(scenario: Scenario, seed: int, folder: Path) -> tuple[FloatArray, float]:
    """Let a network learn, and return its conductances, S, and its largest curvature, V²/S.

    It starts from conductances drawn between 1/3 and 3 S, on the circuit that all runs of this
    seed have.

    Parameters
    ----------
    scenario
        Allostery with the continuous rule.
    seed
        Of this run, and of those that begin where it ends.
    folder
        Where the run is kept; one that is there already is not repeated.

    Raises
    ------
    OhmtickError
        When the copies of the network mismatch, of which the curvature knows nothing.
    """
    if mismatch := scenario.edges.mismatch.conductance:
        raise OhmtickError(
            "edges.mismatch.conductance must be 0 in a study near a solution, since the curvature "
            f"of its error is that of copies that are alike, got {mismatch}"
        )
    task = scenario.task
    assert isinstance(task, Allostery)
    learning = scenario.replace(
        **WIDE,
        **{"edges.resistor.start": _start(scenario, seed), "edges.clock": {"kind": "periodic"}},
        horizon=400.0,
        probe=None,
    )
    conductances = learned(learning, seed, folder).conductances
    circuit = scenario.circuit.build(Streams(seed))
    found = curvature(circuit, conductances, task.sources, task.target_labels())
    return conductances, found.largest


def learned(scenario: Scenario, seed: int, folder: Path) -> Run:
    """Return a run of a scenario, done once and kept as a study of its own."""
    title = f"What is learned with seed {seed}"
    metrics = ("initial_error", "final_error")
    study = Study(scenario, title=title, seeds=(seed,), events=True, metrics=metrics)
    study.run(folder, workers=1)
    record = open_study(folder)
    if len(failures := record.failures()):
        raise OhmtickError(f"the run of {folder} failed: {failures['error'].iloc[0]}")
    return open_run(record.folders()["folder"].iloc[0])


def late(scenario: Scenario, seed: int, products: Sequence[float], folder: Path) -> Study:
    """Return a study of how late edges may act near a solution.

    Parameters
    ----------
    scenario
        Allostery with the continuous rule.
    seed
        Of the solution, the push off it, and all runs.
    products
        Values of α λ τ / T: learning rate times largest curvature times latency over period.
    folder
        Where the run that finds the solution is kept.

    Returns
    -------
    Study
        Its rows are the products, which are their labels.
    """
    conductances, steepest = solution(scenario, seed, folder)
    rows = [
        _row(product, SMALL / steepest, latency, 12.0 * latency + 1.0, latency / 8.0)
        for product in products
        for latency in [product / SMALL]
    ]
    title = "How late may an edge act near a solution?"
    return _study(scenario, seed, _pushed(conductances, seed), rows, title)


def beyond(scenario: Scenario, seed: int, products: Sequence[float], folder: Path) -> Study:
    """Return a study of what becomes of learning that is later than a solution bears.

    It begins where the solution was learned from; the parameters are those of `late`.
    """
    _, steepest = solution(scenario, seed, folder)
    rows = [
        _row(product, SMALL / steepest, latency, 40.0 * latency + 200.0, latency)
        for product in products
        for latency in [product / SMALL]
    ]
    title = "What becomes of learning that is too late for a solution?"
    return _study(scenario, seed, _start(scenario, seed), rows, title)


def fast(scenario: Scenario, seed: int, products: Sequence[float], folder: Path) -> Study:
    """Return a study of how large steps may be near a solution.

    The parameters are those of `late`, but for `products`, the values of α λ.
    """
    conductances, steepest = solution(scenario, seed, folder)
    rows = [_row(product, product / steepest, 0.0, 7.0, 0.5) for product in products]
    title = "How large may steps be near a solution?"
    return _study(scenario, seed, _pushed(conductances, seed), rows, title)


def noise(scenario: Scenario, seed: int, batches: Study, folder: Path) -> Study:
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
    folder
        Where the run that learns is kept.

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
    learning = scenario.replace(**full, horizon=5.0 * scenario.horizon, probe=None)
    done = learned(learning, seed, folder).edges
    for where in ("start", "learned"):
        column = "conductance_start_S" if where == "start" else "conductance_final_S"
        for number, label in enumerate(paired["label"]):
            rows["label"].append(f"{where}|{label}|{seed}")
            rows["edges.resistor.start"].append(done[column].tolist())
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


def _row(
    product: float, learning_rate: float, latency: float, horizon: float, probe: float
) -> dict[str, Any]:
    """Return a row of a study; `probe` is about how often it reads, s."""
    return {
        "label": f"{product:g}",
        "edges.rule.learning_rate": learning_rate,
        "edges.latency": latency,
        "horizon": horizon,
        "probe.period": OUT_OF_STEP * 2.0 ** round(np.log2(probe)),
    }


def _study(
    scenario: Scenario, seed: int, start: list[float], rows: list[dict[str, Any]], title: str
) -> Study:
    return Study(
        scenario.replace(**WIDE, **{"edges.resistor.start": start}),
        title=title,
        paired={key: [row[key] for row in rows] for key in rows[0]},
        grid={"edges.clock": CLOCKS},
        seeds=(seed,),
        probes=True,
        metrics=("initial_error", "final_error", "largest_curvature", "participation"),
    )


def _pushed(conductances: FloatArray, seed: int) -> list[float]:
    draws = Streams(seed).normals("near_solutions.push", 0, 0, conductances.size)
    low, high = WIDE.values()  # an edge may be at its end
    return list(np.clip(conductances * (1.0 + PUSH * draws), low, high).tolist())


def _start(scenario: Scenario, seed: int) -> list[float]:
    """Return conductances uniform in their logarithm, S, one an edge of this seed's circuit."""
    streams = Streams(seed)
    edges = len(scenario.circuit.build(streams).edges)
    draws = streams.uniforms("near_solutions.start", 0, 0, edges)
    return list((3.0 ** (2.0 * draws - 1.0)).tolist())
