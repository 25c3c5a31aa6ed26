"""What one would use instead: fresh solves, sparse factors, a dense inverse; and an empty loop."""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

import ohmtick as ot
from ohmtick.docs.bench_cases import edge_count, scenario
from ohmtick.engine.events import EVENT_DTYPES
from ohmtick.engine.kernels.heap import sink
from ohmtick.engine.records.event_log import CHUNK_ROWS
from ohmtick.engine.solver.layout import (
    AT_ENDS,
    AT_RECORD,
    AT_ROWS,
    AT_SUPERNODE,
    END,
    FIRST,
    NODES,
    PANEL,
    RECORD,
    ROW_COUNT,
    ROW_START,
    UNKNOWNS,
    column_offset,
)
from ohmtick.scenarios.build import build

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


class FreshSolves:
    """A twin network that solves both copies anew, by NumPy, after every change.

    As one writes it first: the Laplacian is kept up to date, and what belongs to the nodes that
    are not held is picked out of it for each solve. `bare_solves` is what no such code can beat.
    """

    def __init__(self, twin: ot.TwinNetwork) -> None:
        self._edges, self._conductances = twin.circuit.edges, twin.conductances
        self._sources, self._targets, self._nudge = twin.sources, twin.targets, twin.nudge
        self._laplacian = laplacian(twin.circuit, twin.conductances)
        self._inputs, self._desired = np.zeros(twin.sources.size), np.zeros(twin.targets.size)
        self._volts: tuple[Reals, Reals] | None = None

    def present(self, inputs: ArrayLike, desired: ArrayLike, time: float = 0.0) -> None:
        """Hold the sources and clamp the targets."""
        self._inputs, self._desired = np.asarray(inputs), np.asarray(desired)
        self._volts = None

    def set_conductance(self, edge: int, conductance: float, time: float = 0.0) -> None:
        """Change one conductance, S."""
        i, j = self._edges[edge]
        delta = conductance - self._conductances[edge]
        self._conductances[edge] = conductance
        self._laplacian[[i, j, i, j], [i, j, j, i]] += delta, delta, -delta, -delta
        self._volts = None

    def drops(self, edge: int, time: float = 0.0) -> tuple[float, float]:
        """Return the drop over an edge in both copies, V."""
        free, clamped = self.voltages()
        i, j = self._edges[edge]
        return float(free[i] - free[j]), float(clamped[i] - clamped[j])

    def voltages(self) -> tuple[Reals, Reals]:
        """Return every node's voltage in both copies, V."""
        if self._volts is None:
            free = self._solve(self._sources, self._inputs)
            outputs = free[self._targets]
            nudged = outputs + self._nudge * (self._desired - outputs)
            held = np.concatenate([self._sources, self._targets])
            clamped = self._solve(held, np.concatenate([self._inputs, nudged]))
            self._volts = free, clamped
        return self._volts

    def _solve(self, held: NDArray[np.intp], volts: Reals) -> Reals:
        loose = np.delete(np.arange(len(self._laplacian)), held)
        found = np.empty(len(self._laplacian))
        found[held] = volts
        currents = -self._laplacian[np.ix_(loose, held)] @ volts
        found[loose] = np.linalg.solve(self._laplacian[np.ix_(loose, loose)], currents)
        return found


def laplacian(circuit: ot.Circuit, conductances: Reals) -> Reals:
    """Return the dense Laplacian of the whole circuit, shape (N, N)."""
    matrix = np.zeros((circuit.nodes, circuit.nodes))
    i, j = circuit.edges.T
    for rows, columns, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
        np.add.at(matrix, (rows, columns), sign * conductances)
    return matrix


def bare_solves(nodes: int, events: int) -> float:
    """Return CPU seconds of two calls of `numpy.linalg.solve`, one for each copy, and no more."""
    twin, conductances = ready(nodes)
    matrix = laplacian(twin.circuit, conductances)
    systems = []
    for held in (twin.sources, np.concatenate([twin.sources, twin.targets])):
        loose = np.delete(np.arange(nodes), held)
        systems.append((matrix[np.ix_(loose, loose)], np.ones(loose.size)))
    start = process_time()
    for _ in range(events):
        for system in systems:
            np.linalg.solve(*system)
    return (process_time() - start) / events


class SparseSolves:
    """SuperLU: one factor for both copies, solved for the free copy and for each target."""

    def __init__(self, twin: ot.TwinNetwork, inputs: ArrayLike, desired: ArrayLike) -> None:
        self._sources, self._targets, self._nudge = twin.sources, twin.targets, twin.nudge
        self._inputs, self._desired = np.asarray(inputs), np.asarray(desired)
        i, j = twin.circuit.edges.T
        nodes = twin.circuit.nodes
        self._loose = np.delete(np.arange(nodes), self._sources)
        place = np.full(nodes, -1)
        place[self._loose] = np.arange(self._loose.size)
        self._place_of_target = place[self._targets]
        rows, columns = np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i])
        inside = (place[rows] >= 0) & (place[columns] >= 0)
        self._inside = inside
        self._rows, self._columns = place[rows[inside]], place[columns[inside]]
        to_source = (place[rows] >= 0) & (place[columns] < 0)
        self._to_source = to_source
        source = np.searchsorted(np.sort(self._sources), columns[to_source])
        self._held = self._inputs[np.argsort(self._sources)][source]
        self._from = place[rows[to_source]]

    def solve(self, conductances: Reals) -> tuple[Reals, Reals]:
        """Return the voltages of all nodes but the sources in both copies, V."""
        size = self._loose.size
        values = np.concatenate([conductances, conductances, -conductances, -conductances])
        where = (self._rows, self._columns)
        matrix = csc_array((values[self._inside], where), shape=(size, size))
        right = np.zeros((size, 1 + self._targets.size))
        np.add.at(right[:, 0], self._from, -values[self._to_source] * self._held)
        right[self._place_of_target, 1 + np.arange(self._targets.size)] = 1.0
        factor = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        found = factor.solve(right)
        free, response = found[:, 0], found[:, 1:]
        miss = self._nudge * (self._desired - free[self._place_of_target])
        return free, free + response @ np.linalg.solve(response[self._place_of_target], miss)


def dense_inverse(nodes: int, events: int) -> float:
    """Return CPU seconds per event of a compiled loop on a dense inverse, rank one an event."""
    twin, _ = ready(nodes)
    matrix = laplacian(twin.circuit, twin.conductances)
    loose = np.delete(np.arange(nodes), twin.sources)
    place = np.full(nodes, -1)
    place[loose] = np.arange(loose.size)
    ends = place[twin.circuit.edges].astype(np.int64)
    inverse = np.linalg.inv(matrix[np.ix_(loose, loose)])
    volts = twin.voltages()[0][loose]
    held = np.where(twin.circuit.edges == twin.sources[0], 4.0, 0.0)
    rng = np.random.default_rng(0)
    edges = rng.integers(len(ends), size=events)
    factors = np.where(rng.random(events) < 0.5, 0.99, 1.0 / 0.99)
    targets = place[twin.targets].astype(np.int64)
    state = inverse, volts, ends, held, twin.conductances, targets
    rank_one_events(*state, edges[:2], factors[:2])  # type: ignore[arg-type]
    start = process_time()
    rank_one_events(*state, edges, factors)  # type: ignore[arg-type]
    return (process_time() - start) / events


@njit(nogil=True, error_model="numpy")
def rank_one_events(
    inverse: Reals, volts: Reals, ends: Ints, held: Reals, conductances: Reals, targets: Ints,
    edges: Ints, factors: Reals,
) -> float:  # fmt: skip
    """For each event read an edge's drops, and scale its conductance (Sherman and Morrison)."""
    size = volts.size
    column = np.empty(size)
    total = 0.0
    a, b = targets[0], targets[1]
    for event in range(edges.size):
        edge = edges[event]
        i, j = ends[edge, 0], ends[edge, 1]
        column[:] = 0.0
        drop = 0.0
        if i >= 0:
            column += inverse[i]
            drop += volts[i]
        else:
            drop += held[edge, 0]
        if j >= 0:
            column -= inverse[j]
            drop -= volts[j]
        else:
            drop -= held[edge, 1]
        own = (column[i] if i >= 0 else 0.0) - (column[j] if j >= 0 else 0.0)
        # The clamp's current, from the targets' own 2 x 2 block.
        miss_a, miss_b = 0.5 * (1.0 - volts[a]), 0.5 * (2.0 - volts[b])
        p, q, r = inverse[a, a], inverse[a, b], inverse[b, b]
        scale = 1.0 / (p * r - q * q)
        clamp_a, clamp_b = scale * (r * miss_a - q * miss_b), scale * (p * miss_b - q * miss_a)
        total += drop + column[a] * clamp_a + column[b] * clamp_b
        delta = conductances[edge] * (factors[event] - 1.0)
        conductances[edge] += delta
        share = delta / (1.0 + delta * own)
        for row in range(size):
            step = share * column[row]
            for at in range(size):
                inverse[row, at] -= step * column[at]
        volts -= share * drop * column
    return total


def ready(nodes: int) -> tuple[ot.TwinNetwork, Reals]:
    """Return the twin network of a case with its datum presented, and its conductances."""
    chosen = scenario(nodes, 1.0)
    twin: Any = build(chosen, 1, "compiled").simulation.twin
    task: Any = chosen.task
    twin.present(list(task.sources.values()), list(task.targets.values()))
    return twin, twin.conductances


def touched_paths(nodes: int, events: int) -> float:
    """Return CPU seconds per event of a loop that only reads and writes the event's path once.

    No exact event on this factor can be faster: it has to change every entry on its path.
    """
    twin, _ = ready(nodes)
    edges = np.random.default_rng(0).integers(len(twin.circuit.edges), size=events)
    touch_paths(twin.real, twin.index, edges[:2])
    start = process_time()
    touch_paths(twin.real, twin.index, edges)
    return (process_time() - start) / events


@njit(nogil=True, error_model="numpy")
def touch_paths(real: Reals, index: Ints, edges: Ints) -> int:
    """Multiply the entries on these edges' paths by almost one; return how many there were."""
    entries = 0
    for event in range(edges.size):
        ends = index[AT_ENDS] + 2 * edges[event]
        column = min(index[ends], index[ends + 1])
        while column < index[UNKNOWNS]:
            record = index[AT_RECORD] + RECORD * index[index[AT_SUPERNODE] + column]
            first, end, count = (
                index[record + FIRST],
                index[record + END],
                index[record + ROW_COUNT],
            )
            height = end - first + count
            start = index[record + PANEL] + column_offset(column - first, height)
            stop = index[record + PANEL] + column_offset(end - first, height)
            for at in range(np.uintp(start), np.uintp(stop)):
                real[at] *= 1.0000001
            entries += stop - start
            column = (
                index[index[AT_ROWS] + index[record + ROW_START]] if count > 0 else index[NODES]
            )
    return entries


def empty_loop(nodes: int, events: int) -> float:
    """Return CPU seconds per event of a compiled loop of ticks, heap and log: no physics."""
    edges = edge_count(nodes)
    phases = np.sort(np.random.default_rng(0).random(edges))
    columns = {name: np.empty(CHUNK_ROWS, dtype) for name, dtype in EVENT_DTYPES.items()}
    state = np.arange(edges), np.arange(edges), phases.copy(), phases, tuple(columns.values())
    tick_and_log(*state, 2)
    start = process_time()
    tick_and_log(*state, events)
    return (process_time() - start) / events


@njit(nogil=True, error_model="numpy")
def tick_and_log(
    heap: Ints, number: Ints, next_tick: Reals, phases: Reals, columns: Any, events: int
) -> None:
    """Take the earliest tick, write a row of the log, look up the edge's next tick, sort it in."""
    time, sensed, edges, datum, free, clamped, before, after, staleness = columns
    for event in range(events):
        edge, row = heap[0], event % time.size
        now = next_tick[edge]
        time[row] = sensed[row] = now
        edges[row], datum[row], staleness[row] = edge, 0, 0
        free[row] = clamped[row] = before[row] = after[row] = phases[edge]
        next_tick[edge] = now + 1.0
        sink(heap, heap.size, next_tick, number)
