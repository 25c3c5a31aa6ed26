"""Edges that fail: their clocks stop, or they are cut out of the circuit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import simpy
from numpy.typing import NDArray
from pydantic import Field

from ..engine.circuit import Circuit
from ..engine.errors import CircuitError
from ..engine.events import Kind
from ..engine.settings import MOST_SECONDS, Settings
from ..engine.simulation import Simulation
from ..engine.streams import FloatArray, Streams
from .timing import Draws, Ticks, ticks_of

#: The number of whoever cuts edges, among the agents; no circuit has so many edges.
CUTTER = 1 << 33


class Faults(Settings):
    """Edges that fail, and when.

    An edge whose clock has stopped keeps the conductance it has. An edge that is cut conducts
    nothing any more and no longer acts; readings that it could not write before, it does not take.

    Which edges fail is drawn, in an order that does not depend on how many do: the edges that
    fail at a fraction of 0.1 are among those at 0.2. Of cut edges the circuit stays connected.
    """

    fraction: float = Field(0.0, ge=0, le=1)
    """Fraction of the edges that fail, rounded to whole edges."""
    effect: Literal["stop", "cut"] = "stop"
    """Their clocks stop, or they are cut."""
    time: float = Field(0.0, ge=0, le=MOST_SECONDS)
    """When the first one fails, s."""
    interval: float = Field(0.0, ge=0, le=MOST_SECONDS)
    """Time from one that fails to the next, s; 0 for all at once."""

    def times(self, circuit: Circuit, streams: Streams) -> dict[int, float]:
        """Return when each edge that fails does so, s, the first one first.

        Raises
        ------
        CircuitError
            When so many edges cannot be cut without parting the circuit.
        """
        edges = len(circuit.edges)
        count = round(self.fraction * edges)
        if not count:
            return {}
        rank = streams.uniforms("faults", 0, 0, edges)
        failing = np.argsort(rank, kind="stable")
        if self.effect == "cut":
            spared = _tree(circuit.edges, circuit.nodes, failing[::-1])
            failing = failing[~spared[failing]]
            if failing.size < count:
                raise CircuitError(
                    f"edges.faults.fraction: {count} of the {edges} edges cannot be cut without "
                    f"parting the circuit, {failing.size} can"
                )
        return {
            int(edge): self.time + number * self.interval
            for number, edge in enumerate(failing[:count])
        }


def _tree(edges: NDArray[np.intp], nodes: int, order: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which edges a tree over all nodes takes, going through them in some order."""
    from scipy.sparse import coo_array  # here: only runs whose edges are cut need them
    from scipy.sparse.csgraph import minimum_spanning_tree

    ends = np.sort(edges[order], axis=1)
    _, rank = np.unique(ends, axis=0, return_index=True)  # of parallel edges, the first
    graph = coo_array((rank + 1.0, ends[rank].T), shape=(nodes, nodes))
    taken = np.zeros(len(edges), dtype=np.bool_)
    taken[order[minimum_spanning_tree(graph).data.astype(np.intp) - 1]] = True
    return taken


class FailingClock:
    """A clock that stops on some edges.

    Parameters
    ----------
    clock
        The clock that runs until then.
    until
        Edge = time from which on it does nothing, s.
    latencies
        The latencies of an edge's readings, s: an edge then takes no reading, from the first one
        on, that it could not write in time. None where it may still write what it has read.
    """

    def __init__(
        self, clock: Ticks, until: Mapping[int, float], latencies: Draws | None = None
    ) -> None:
        self._clock, self._until, self._latencies = clock, until, latencies

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float] | FloatArray]:
        """Yield the times at which an edge acts, s."""
        blocks = ticks_of(self._clock, edge, edges, streams, horizon)
        if edge not in self._until:
            yield from blocks
            return
        end, first = self._until[edge], 0
        for times in blocks:
            done = times
            if self._latencies is not None:
                done = times + self._latencies(edge, first, times.size)
            late = np.flatnonzero(done >= end)
            if late.size:
                yield times[: late[0]]
                return
            yield times
            first += times.size


class CutterAgent:
    """Cuts edges out of the circuit, before anything else happens at that time.

    Parameters
    ----------
    times
        Edge = time, s, the first one first.
    """

    def __init__(self, times: Mapping[int, float]) -> None:
        self.times = times

    def process(self, simulation: Simulation) -> Iterator[simpy.Event]:
        """Cut one edge after the other."""
        for edge, time in self.times.items():
            yield simulation.at(time, Kind.CUT, CUTTER)
            simulation.twin.set_conductance(edge, 0.0, time)
            simulation.cuts[edge] = time
