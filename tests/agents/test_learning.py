"""The rules learn what they are said to: gradients, invariants, and the bench's tasks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import ohmtick as ot
from ohmtick.agents.rules.coupled_learning import CoupledLearning
from ohmtick.scenarios.scenario import library

FloatArray = NDArray[np.float64]


CIRCUIT, SOURCES, INPUTS = ot.breadboard(), [2, 8], np.array([4.0, 0.0])


def reduced_laplacian(k: FloatArray) -> tuple[FloatArray, FloatArray, list[int]]:
    """The Laplacian among the unknown nodes, and the currents that the sources drive into them."""
    laplacian = np.zeros((CIRCUIT.nodes, CIRCUIT.nodes))
    for (first, second), siemens in zip(CIRCUIT.edges, k, strict=True):
        laplacian[[first, second], [first, second]] += siemens
        laplacian[[first, second], [second, first]] -= siemens
    inner = [node for node in range(CIRCUIT.nodes) if node not in SOURCES]
    return laplacian[np.ix_(inner, inner)], -laplacian[np.ix_(inner, SOURCES)] @ INPUTS, inner


def outputs(k: FloatArray, targets: list[int]) -> FloatArray:
    """The free target voltages, by a dense solve of Kirchhoff's laws."""
    laplacian, current, inner = reduced_laplacian(k)
    voltages = np.asarray(np.linalg.solve(laplacian, current), dtype=np.float64)
    return voltages[[inner.index(node) for node in targets]]


def sensitivities(k: FloatArray, targets: list[int]) -> FloatArray:
    """d v_target / d k by central differences, shape (E, T)."""
    small = 1e-5
    return np.array(
        [
            (outputs(k + small * unit, targets) - outputs(k - small * unit, targets)) / (2 * small)
            for unit in np.eye(len(k))
        ]
    )


def coupled_steps(k: FloatArray, targets: list[int], desired: FloatArray) -> FloatArray:
    """The steps of coupled learning at a tiny nudge and α = 1, shape (E,)."""
    twin = ot.TwinNetwork(CIRCUIT, k, SOURCES, targets, nudge=1e-7)
    twin.present(INPUTS, desired)
    return np.array(
        [
            CoupledLearning.change(*twin.drops(edge), k[edge], [], [1.0], 1e-7)
            for edge in range(len(k))
        ]
    )


@pytest.mark.parametrize("seed", range(5))
def test_coupled_learning_is_the_gradient_step(seed: int) -> None:
    """With one target: -α times the gradient of ½ (v - desired)², over the output resistance."""
    rng = np.random.default_rng(seed)
    k, target, desired = rng.uniform(0.2, 3.0, 16), [int(rng.integers(3, 8))], rng.uniform(0, 4, 1)
    laplacian, _, inner = reduced_laplacian(k)
    at = inner.index(target[0])
    resistance = np.linalg.inv(laplacian)[at, at]
    gradient = sensitivities(k, target) @ (outputs(k, target) - desired)
    np.testing.assert_allclose(
        coupled_steps(k, target, desired),
        -gradient / resistance,
        atol=1e-5 * np.abs(gradient / resistance).max(),
    )


@pytest.mark.parametrize("seed", range(5))
def test_with_several_targets_the_metric_is_their_mutual_resistance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, targets, desired = rng.uniform(0.2, 3.0, 16), [3, 7, 0], rng.uniform(0, 4, 3)
    laplacian, _, inner = reduced_laplacian(k)
    at = [inner.index(node) for node in targets]
    metric = np.linalg.inv(np.linalg.inv(laplacian)[np.ix_(at, at)])
    expected = sensitivities(k, targets) @ metric @ (desired - outputs(k, targets))
    np.testing.assert_allclose(
        coupled_steps(k, targets, desired), expected, atol=1e-5 * np.abs(expected).max()
    )


@pytest.mark.parametrize("nudge", [1e-3, 1e-2])
def test_the_sum_of_squares_is_conserved_to_the_order_of_the_nudge(nudge: float) -> None:
    """d Σ k² = 2 Σ k dk is α/η times the difference of two powers, which is of order η².

    What finite steps add, Σ dk², belongs to the integrator and not to the rule.
    """
    scenario = ot.load("random-143").replace(
        **{
            "supervisor.nudge": nudge,
            "edges.resistor.k_min": 1e-9,
            "edges.rule.learning_rate": 0.5,
            "edges.clock": {"kind": "periodic"},
            "horizon": 60.0,
        }
    )
    run = ot.run(scenario, seed=1)
    before = run.events["conductance_before_S"]
    change = run.events["conductance_after_S"] - before
    assert np.ptp(run.conductances) > 1.0  # single edges change a lot
    drift = np.sum(2.0 * before * change) / 143.0
    assert -0.05 * nudge < drift < 0.0
    assert np.sum(run.conductances**2) / 143.0 == pytest.approx(
        1.0 + drift + np.sum(change**2) / 143.0, abs=1e-12
    )


@pytest.mark.parametrize("task", ["ii", "iii", "iv", "v"])
def test_the_bench_learns_its_tasks(task: str) -> None:
    """The error falls at least tenfold; the median over seeds falls a thousandfold."""
    ratios = []
    for seed in range(5):
        summary = ot.run(f"breadboard-{task}", seed=seed).summary
        ratios.append(summary["final_error"] / summary["initial_error"])
    assert max(ratios) < 0.1
    assert np.median(ratios) < 1e-3


@pytest.mark.parametrize("name", library())
def test_every_scenario_of_the_library_learns(name: str) -> None:
    summary = ot.run(name, seed=0).summary
    if ot.load(name).task.model_dump().get("separation", 1.0) > 1.0:  # errors grow as classes part
        assert summary["final_accuracy"] > summary["initial_accuracy"]
        return
    assert summary["final_error"] < summary["initial_error"] / 2
