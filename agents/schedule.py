"""What edges are going to do, as arrays: all that is known of them before they read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..engine.lowered import Edges
from ..engine.streams import FloatArray, Streams
from .clock import Clock, PeriodicClock, ticks_of

#: Ticks known ahead: at most so many of an edge, and so many of all edges together.
MOST_AHEAD, MOST_TOGETHER = 4096, 1 << 22

#: Draws for the readings `first … first + count` of an edge.
Draws = Callable[[int, int, int], FloatArray]


class Schedule:
    """The ticks of all edges, each with its latency and its errors, some way ahead.

    The compiled engine takes them from arrays, and asks for more of an edge when these run out.

    Parameters
    ----------
    clock
        When edges act.
    edges
        How many there are.
    streams, horizon
        As a clock takes them.
    latencies
        The latencies of an edge's readings, s, shape (count,); None where there are none.
    errors
        The errors of an edge's readings of the free and the clamped drop, V, shape (count, 2);
        None where there are none.

    Attributes
    ----------
    ahead : Edges
        The arrays.
    """

    def __init__(
        self,
        clock: Clock,
        edges: int,
        streams: Streams,
        horizon: float,
        latencies: Draws | None = None,
        errors: Draws | None = None,
    ) -> None:
        self._clock, self._count, self._streams, self._horizon = clock, edges, streams, horizon
        self._latencies, self._errors = latencies, errors
        width = max(2, min(MOST_AHEAD, MOST_TOGETHER // edges))
        shape = (edges, width)
        self.ahead = Edges(
            ticks=np.empty(shape),
            latency=np.zeros(shape if latencies else (edges, 1)),
            error_free=np.zeros(shape if errors else (edges, 1)),
            error_clamped=np.zeros(shape if errors else (edges, 1)),
            used=np.zeros(edges, np.int64),
            filled=np.zeros(edges, np.int64),
            next_tick=np.empty(edges),
            number=np.arange(edges, dtype=np.int64),
            heap=np.arange(edges, dtype=np.int64),
            gathered=np.zeros(edges, np.int64),
            squares=np.zeros((edges, 2)),
        )
        self._over = np.zeros(edges, np.int64)
        self._left: dict[int, FloatArray] = {}
        self._blocks: dict[int, Iterator[FloatArray]] = {}
        if type(clock) is PeriodicClock and clock.is_plain:  # a subclass may tick as it likes
            self.ahead.ticks[:] = clock.plain_ticks(edges, width, streams)
            self._take(slice(None), width)
            for edge in range(edges) if latencies or errors else ():
                self._draw(edge, 0, width)
        else:
            for edge in range(edges):
                self.refill(edge)
        order = np.lexsort((self.ahead.number, self.ahead.next_tick))
        self.ahead.heap[:] = order  # sorted, hence a heap

    def refill(self, edge: int) -> None:
        """Look further ahead for an edge whose known ticks are all used."""
        ticks = self._next(edge)
        count = min(ticks.size, self.ahead.ticks.shape[1])
        self.ahead.ticks[edge, :count] = ticks[:count]
        self._left[edge] = ticks[count:]
        self._draw(edge, int(self._over[edge]), count)
        self._take(edge, count)

    def _next(self, edge: int) -> FloatArray:
        """Return the next ticks of an edge, at least one unless it acts no more."""
        if edge not in self._blocks:
            self._blocks[edge] = ticks_of(
                self._clock, edge, self._count, self._streams, self._horizon
            )
            self._left[edge] = np.empty(0)
            skip = int(self._over[edge])  # those that were filled in without the iterator
            while skip:
                block = next(self._blocks[edge])
                self._left[edge], skip = block[skip:], max(0, skip - block.size)
        left = self._left[edge]
        if left.size:
            return left
        return next((block for block in self._blocks[edge] if block.size), left)

    def _draw(self, edge: int, first: int, count: int) -> None:
        if self._latencies:
            self.ahead.latency[edge, :count] = self._latencies(edge, first, count)
        if self._errors:
            errors = self._errors(edge, first, count)
            self.ahead.error_free[edge, :count] = errors[:, 0]
            self.ahead.error_clamped[edge, :count] = errors[:, 1]

    def _take(self, edge: int | slice, count: int) -> None:
        self._over[edge] += count
        self.ahead.used[edge] = 0
        self.ahead.filled[edge] = count
        self.ahead.next_tick[edge] = self.ahead.ticks[edge, 0] if count else np.inf
