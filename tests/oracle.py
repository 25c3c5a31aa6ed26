"""Independent answers: dense solves, brute-force fill, small circuits to ask about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ohmtick.engine import lattices

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

BREADBOARD: Ints = lattices.breadboard().edges.astype(np.int64)


@dataclass(frozen=True)
class Network:
    """A circuit with everything that an answer depends on."""

    edges: Ints
    nodes: int
    sources: list[int]
    targets: list[int]
    conductances: Reals
    voltages: Reals
    desired: Reals
    nudge: float


def square(side: int) -> Ints:
    """Return the edges of a square lattice."""
    return lattices.square_lattice(side, side).edges.astype(np.int64)


def laplacian(edges: Ints, nodes: int, conductances: Reals) -> Reals:
    """Return the dense Laplacian sum_e k_e b_e b_e^T."""
    matrix = np.zeros((nodes, nodes))
    for (tail, head), k in zip(edges, conductances, strict=True):
        matrix[tail, tail] += k
        matrix[head, head] += k
        matrix[tail, head] -= k
        matrix[head, tail] -= k
    return matrix


def hold(matrix: Reals, held: list[int], volts: Reals) -> Reals:
    """Solve Kirchhoff's law at every node that is not held."""
    answer = np.zeros(len(matrix))
    answer[held] = volts
    loose = np.setdiff1d(np.arange(len(matrix)), held)
    if loose.size:
        rows = matrix[loose]
        answer[loose] = np.linalg.solve(rows[:, loose], -rows[:, held] @ volts)
    return answer


def both_copies(net: Network, conductances: Reals | None = None) -> tuple[Reals, Reals]:
    """Return the node voltages of both copies by two dense solves that share nothing."""
    k = net.conductances if conductances is None else conductances
    matrix = laplacian(net.edges, net.nodes, k)
    free = hold(matrix, net.sources, net.voltages)
    moved = free[net.targets] + net.nudge * (net.desired - free[net.targets])
    clamped = hold(matrix, net.sources + net.targets, np.concatenate([net.voltages, moved]))
    return free, clamped


def floating(net: Network, conductances: Reals) -> set[int]:
    """Return the nodes that no conducting path leads to from a source."""
    reached, before = set(net.sources), 0
    while len(reached) > before:
        before = len(reached)
        for (tail, head), k in zip(net.edges.tolist(), conductances, strict=True):
            if k > 0.0 and (tail in reached or head in reached):
                reached |= {tail, head}
    return set(range(net.nodes)) - reached


def brute_force_structure(edges: Ints, order: Ints, columns: int) -> list[set[int]]:
    """Return the later positions tied to each column once those before it are eliminated."""
    position = np.argsort(order)
    tied: list[set[int]] = [set() for _ in order]
    for tail, head in position[edges].tolist():
        tied[tail].add(head)
        tied[head].add(tail)
    below = []
    for column in range(columns):
        later = {row for row in tied[column] if row > column}
        below.append(later)
        for row in later:
            tied[row] |= later - {row}
    return below


@st.composite
def networks(draw: st.DrawFn, most: int = 24) -> Network:
    """Draw a connected circuit: a random tree and more edges, some parallel or between sources."""
    nodes = draw(st.integers(2, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pairs = [(int(rng.integers(node)), node) for node in range(1, nodes)]
    for _ in range(draw(st.integers(0, 2 * nodes))):
        tail, head = rng.choice(nodes, 2, replace=False).tolist()
        pairs.append((tail, head))
    if draw(st.booleans()):
        pairs += [(head, tail) for tail, head in pairs[:3]]
    shuffled = rng.permutation(nodes).tolist()
    held = draw(st.integers(1, min(4, nodes)))
    wanted = draw(st.integers(0, min(5, nodes - held)))
    edges = np.array(pairs, dtype=np.int64)[rng.permutation(len(pairs))]
    decades = draw(st.sampled_from([0.3, 1.5, 3.0]))
    return Network(
        edges=rng.permuted(edges, axis=1),
        nodes=nodes,
        sources=shuffled[:held],
        targets=shuffled[held : held + wanted],
        conductances=10.0 ** rng.uniform(-decades, decades, len(edges)),
        voltages=rng.uniform(-5.0, 5.0, held),
        desired=rng.uniform(-5.0, 5.0, wanted),
        nudge=draw(st.sampled_from([0.0, 1e-3, 0.5, 1.0])),
    )
