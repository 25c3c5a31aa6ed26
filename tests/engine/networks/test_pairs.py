"""Outputs that are differences of two nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ohmtick.engine.circuit import Circuit
from ohmtick.engine.errors import CircuitError
from ohmtick.engine.networks.equilibrium import TwinNetwork
from ohmtick.engine.networks.mismatch import MismatchedTwins
from ohmtick.engine.networks.network import Target
from ohmtick.tests import oracle

RNG = np.random.default_rng(3)
NODES = 12
EDGES = [(a, b) for a in range(NODES) for b in range(a) if RNG.uniform() < 0.5]
CONDUCTANCES = RNG.uniform(0.1, 3.0, len(EDGES))
SOURCES, NUDGE = [0, 5], 0.3
TARGETS: list[Target] = [(7, 2), 9, (4, 11)]
HELD = [7, 2, 9, 4, 11]
INPUTS, DESIRED = np.array([2.0, -1.0]), np.array([0.8, 0.1, -0.6])
RELATIVE = 1.0 + RNG.uniform(-0.2, 0.2, (2, len(EDGES)))


def matrix(conductances: Any) -> np.ndarray[Any, Any]:
    return oracle.laplacian(np.array(EDGES), NODES, conductances)


def outputs(volts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.array([volts[7] - volts[2], volts[9], volts[4] - volts[11]])


@pytest.fixture(params=[False, True], ids=["alike", "mismatched"])
def twin(request: pytest.FixtureRequest) -> TwinNetwork:
    given = Circuit(EDGES, NODES), CONDUCTANCES, SOURCES, TARGETS, NUDGE
    made = MismatchedTwins(*given, relative=RELATIVE) if request.param else TwinNetwork(*given)
    made.present(INPUTS, DESIRED)
    return made


def solved(twin: TwinNetwork, conductances: Any) -> tuple[Any, Any]:
    """Return the voltages of both copies, each solved densely, with the pull written out."""
    free_k, clamped_k = np.ones((2, 1)) * conductances
    if isinstance(twin, MismatchedTwins):
        free_k, clamped_k = RELATIVE * conductances
    free = oracle.hold(matrix(free_k), SOURCES, INPUTS)
    pull = NUDGE * (DESIRED - outputs(free))
    moved = free[HELD] + [pull[0] / 2, -pull[0] / 2, pull[1], pull[2] / 2, -pull[2] / 2]
    held = np.concatenate([INPUTS, moved])
    return free, oracle.hold(matrix(clamped_k), SOURCES + HELD, held)


def test_each_node_of_a_pair_takes_half_of_the_pull(twin: TwinNetwork) -> None:
    for found, expected in zip(twin.voltages(), solved(twin, CONDUCTANCES), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    free, clamped = map(outputs, twin.voltages())
    np.testing.assert_allclose(clamped, free + NUDGE * (DESIRED - free), atol=1e-13)


def test_drops_follow_what_edges_write(twin: TwinNetwork) -> None:
    conductances = CONDUCTANCES.copy()
    for edge in RNG.permutation(len(EDGES))[:15].tolist():
        conductances[edge] = RNG.uniform(0.1, 3.0)
        twin.set_conductance(edge, conductances[edge])
        free, clamped = solved(twin, conductances)
        first, second = EDGES[edge]
        expected = free[first] - free[second], clamped[first] - clamped[second]
        np.testing.assert_allclose(twin.drops(edge), expected, rtol=0, atol=1e-12)
    assert twin.imbalance() < 1e-13


def test_responses_are_differences(twin: TwinNetwork) -> None:
    inputs = RNG.uniform(-5.0, 5.0, (4, 2))
    found = np.empty((4, 3))
    twin.respond(inputs, found)
    free_k = RELATIVE[0] * CONDUCTANCES if isinstance(twin, MismatchedTwins) else CONDUCTANCES
    expected = [outputs(oracle.hold(matrix(free_k), SOURCES, row)) for row in inputs]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(inputs @ twin.transfer().T, expected, atol=1e-12)
    np.testing.assert_allclose(twin.transfer().sum(axis=1), [0.0, 1.0, 0.0], atol=1e-13)


def test_desired_outputs_are_kept_where_only_inputs_change(twin: TwinNetwork) -> None:
    twin.present(INPUTS, DESIRED + 1.0)
    twin.present(desired=DESIRED)
    before = np.array(twin.voltages())
    twin.present(INPUTS)
    np.testing.assert_array_equal(np.array(twin.voltages()), before)


def test_mistakes_are_named() -> None:
    circuit = Circuit(EDGES, NODES)
    with pytest.raises(CircuitError, match=r"a node or a pair of nodes, got \(1, 2, 3\)"):
        TwinNetwork(circuit, 1.0, SOURCES, [(1, 2, 3)], 0.5)
    with pytest.raises(CircuitError, match="'targets' of a TwinNetwork must all differ"):
        TwinNetwork(circuit, 1.0, SOURCES, [(7, 2), (2, 4)], 0.5)
    with pytest.raises(CircuitError, match="a target must not be a source"):
        TwinNetwork(circuit, 1.0, SOURCES, [(7, 0)], 0.5)
    with pytest.raises(CircuitError, match="'desired' of a datum must be 1 finite voltages"):
        TwinNetwork(circuit, 1.0, SOURCES, [(7, 2)], 0.5).present(desired=[1.0, 2.0])
