"""Clusters of strong edges on weak ties: conductances of up to thirty decades, read and changed.

A cluster's nodes share one voltage that weak ties alone decide, so that the rounding of what is
strong can drown it. The oracle writes down Kirchhoff's laws and solves them with 120 digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from random import Random
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

import ohmtick as ot
from ohmtick.engine.solver.layout import AT_WEIGHT

FloatArray = NDArray[np.float64]

#: What the engine promises: every voltage, relative to the largest source voltage, here 1 V.
PROMISE = 1e-9


@dataclass(frozen=True)
class Clusters:
    """A random circuit of clusters and two sources, all of which weak edges tie together."""

    nodes: int
    edges: list[tuple[int, int]]
    conductances: list[float]
    sources: list[int]
    targets: list[int]
    desired: list[float]

    def twin(self) -> ot.TwinNetwork:
        twin = ot.TwinNetwork(
            ot.Circuit(self.edges, self.nodes), self.conductances, self.sources, self.targets, 0.5
        )
        twin.present([1.0, 0.0], self.desired)
        return twin


def clusters(random: Random, span: float) -> Clusters:
    """Draw a circuit whose weakest and strongest edges lie `span` apart, about 1 S."""
    count, size = random.randint(2, 4), random.randint(2, 6)
    nodes = count * size + 2
    edges: list[tuple[int, int]] = []
    values: list[float] = []
    for cluster in range(count):
        members = range(cluster * size, (cluster + 1) * size)
        tree = [(members[random.randrange(place)], members[place]) for place in range(1, size)]
        loops = [random.sample(members, 2) for _ in range(random.randint(0, size))]
        edges += tree + [(first, second) for first, second in loops]
        values += [span ** random.uniform(0.3, 0.5)] * (len(edges) - len(values))
    groups = [[*range(c * size, (c + 1) * size)] for c in range(count)] + [[nodes - 2], [nodes - 1]]
    random.shuffle(groups)
    ties = [(groups[random.randrange(place)], groups[place]) for place in range(1, count + 2)]
    more = [random.sample(groups, 2) for _ in range(random.randint(0, 4))]
    ties += [(one, other) for one, other in more]
    edges += [(random.choice(one), random.choice(other)) for one, other in ties]
    values += [span**-0.5] * len(ties)
    name = random.sample(range(nodes), nodes)
    targets = random.sample(name[:-2], random.randint(0, 2))
    return Clusters(
        nodes=nodes,
        edges=[(name[first], name[second]) for first, second in edges],
        conductances=values,
        sources=name[-2:],
        targets=targets,
        desired=[random.random() for _ in targets],
    )


def kirchhoff(circuit: Clusters, conductances: FloatArray, held: dict[int, Any]) -> list[Any]:
    """Solve for the voltages with 120 digits: the held nodes' are given, elsewhere they balance."""
    row = {node: place for place, node in enumerate(set(range(circuit.nodes)) - held.keys())}
    matrix, current = mpmath.zeros(len(row)), mpmath.zeros(len(row), 1)
    for ends, conductance in zip(circuit.edges, conductances.tolist(), strict=True):
        for node, other in (ends, ends[::-1]):
            if node in row:
                matrix[row[node], row[node]] += conductance
                if other in row:
                    matrix[row[node], row[other]] -= conductance
                else:
                    current[row[node]] += conductance * held[other]
    found = mpmath.lu_solve(matrix, current)
    return [held[node] if node in held else found[row[node]] for node in range(circuit.nodes)]


def exact(circuit: Clusters, conductances: FloatArray) -> FloatArray:
    """The voltages of the free and the clamped copy, V, shape (2, N)."""
    with mpmath.workdps(120):
        sources = dict(zip(circuit.sources, (mpmath.mpf(1), mpmath.mpf(0)), strict=True))
        free = kirchhoff(circuit, conductances, sources)
        clamp = {
            target: (free[target] + desired) / 2
            for target, desired in zip(circuit.targets, circuit.desired, strict=True)
        }
        clamped = kirchhoff(circuit, conductances, sources | clamp)
        return np.array([free, clamped], dtype=np.float64)


def assert_exact(circuit: Clusters, twin: ot.TwinNetwork) -> None:
    expected = exact(circuit, twin.conductances)
    first, second = np.transpose(circuit.edges)
    drops = np.transpose([twin.drops(edge) for edge in range(len(circuit.edges))])
    np.testing.assert_allclose(
        drops, expected[:, first] - expected[:, second], rtol=0.0, atol=PROMISE
    )
    np.testing.assert_allclose(twin.voltages(), expected, rtol=0.0, atol=PROMISE)


@pytest.mark.parametrize("decades", [12, 16, 20, 22, 24, 26, 28, 30])
@pytest.mark.parametrize("seed", range(4))
def test_clusters_on_weak_ties_are_exact_after_hundreds_of_changes(seed: int, decades: int) -> None:
    """Edges change by small factors about their own, and a few go anywhere in the span."""
    random, span = Random(seed), 10.0**decades
    circuit = clusters(random, span)
    twin = circuit.twin()
    for change in range(400):
        edge = random.randrange(len(circuit.edges))
        anywhere = random.random() < 0.02
        usual = circuit.conductances[edge] * 10.0 ** random.uniform(-0.5, 0.5)
        twin.set_conductance(edge, span ** random.uniform(-0.5, 0.5) if anywhere else usual)
        twin.drops(random.randrange(len(circuit.edges)))
        if change in (199, 399):
            assert_exact(circuit, twin)


@pytest.mark.parametrize("decades", [12, 20, 26, 30])
def test_edges_that_wander_over_all_decades_are_exact(decades: int) -> None:
    """Strong edges become weak ones and the other way round, a few decades at a time."""
    random = Random(decades)
    circuit = clusters(random, 10.0**decades)
    twin = circuit.twin()
    logs = np.log10(circuit.conductances)
    for change in range(600):
        edge = random.randrange(len(circuit.edges))
        logs[edge] = np.clip(logs[edge] + random.uniform(-3.0, 3.0), -decades / 2, decades / 2)
        twin.set_conductance(edge, 10.0 ** logs[edge])
        twin.drops(random.randrange(len(circuit.edges)))
        if change % 200 == 199:
            assert_exact(circuit, twin)


def test_the_check_sees_a_cluster_that_is_off_as_one() -> None:
    """Each node of it lies where its neighbours' mean is, so that Kirchhoff's law tells nothing."""
    edges = [(0, 2), (2, 3), (3, 4), (2, 4), (4, 1)]
    circuit = Clusters(5, edges, [1e-12, 1e6, 1e6, 1e6, 1e-12], [0, 1], [], [])
    blind = 0
    weights = circuit.twin().index[AT_WEIGHT]  # the factor's numbers lie before these
    for more, less in permutations(range(weights), 2):
        twin = circuit.twin()
        before = np.array(twin.voltages())
        twin.real[more] += 0.125
        twin.real[less] -= 0.125
        off = np.abs(twin.voltages() - before).max()
        if off > 0.01 and twin.imbalance() < 1e-12:
            blind += 1
            twin.check()
            assert twin.refactorizations == 1
            assert_exact(circuit, twin)
    assert blind > 0
