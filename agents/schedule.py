"""What edges are going to do, as the arrays that the compiled loop takes it from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.compiled.state import Edges
from ..engine.streams import FloatArray, Streams
from .timing import Timing, ticks_of

#: Ticks known ahead: at most so many of an edge, and so many of all edges together.
MOST_AHEAD, MOST_TOGETHER = 4096, 1 << 22


class Schedule:
    """The ticks of all edges, each with its latency and its errors, some way ahead.

    The compiled engine takes them from arrays, and asks for more of an edge when these run out.

    Parameters
    ----------
    timings
        Of groups that together are all edges.
    edges
        How many there are.
    streams, horizon
        As a clock takes them.

    Attributes
    ----------
    ahead : Edges
        The arrays.
    """

    def __init__(
        self, timings: Sequence[Timing], edges: int, streams: Streams, horizon: float
    ) -> None:
        self._timings, self._count, self._streams, self._horizon = timings, edges, streams, horizon
        width = max(2, min(MOST_AHEAD, MOST_TOGETHER // edges))
        late = width if any(timing.latencies for timing in timings) else 1
        wrong = width if any(timing.errors for timing in timings) else 1
        self.ahead = Edges(
            ticks=np.empty((edges, width)),
            latency=np.zeros((edges, late)),
            error_free=np.zeros((edges, wrong)),
            error_clamped=np.zeros((edges, wrong)),
            used=np.zeros(edges, np.int64),
            filled=np.zeros(edges, np.int64),
            next_tick=np.full(edges, np.inf),
            number=np.arange(edges, dtype=np.int64),
            heap=np.arange(edges, dtype=np.int64),
            batch=np.ones(edges, np.int64),
            gathered=np.zeros(edges, np.int64),
            squares=np.zeros((edges, 2)),
        )
        self._over = np.zeros(edges, np.int64)
        self._left: dict[int, FloatArray] = {}
        self._blocks: dict[int, Iterator[FloatArray]] = {}
        self._group = np.zeros(edges, np.int64)
        for number, timing in enumerate(timings):
            self._group[timing.edges] = number
            self.ahead.batch[timing.edges] = timing.batch
            self._begin(timing, width)
        order = np.lexsort((self.ahead.number, self.ahead.next_tick))
        self.ahead.heap[:] = order  # sorted, hence a heap

    def _begin(self, timing: Timing, width: int) -> None:
        """Look ahead for the first time."""
        if timing.clock is None:
            return
        all_at_once: Any = getattr(timing.clock, "first_ticks", None)
        ticks = all_at_once(self._count, width, self._streams) if all_at_once else None
        if ticks is None:
            for edge in timing.edges.tolist():
                self.refill(edge)
            return
        self.ahead.ticks[timing.edges] = ticks[timing.edges]
        self._take(timing.edges, width)
        for edge in timing.edges.tolist() if timing.latencies or timing.errors else ():
            self._draw(edge, 0, width)

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
            clock = self._timings[self._group[edge]].clock
            assert clock is not None
            self._blocks[edge] = ticks_of(clock, edge, self._count, self._streams, self._horizon)
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
        timing = self._timings[self._group[edge]]
        if timing.latencies:
            self.ahead.latency[edge, :count] = timing.latencies(edge, first, count)
        if timing.errors:
            errors = timing.errors(edge, first, count)
            self.ahead.error_free[edge, :count] = errors[:, 0]
            self.ahead.error_clamped[edge, :count] = errors[:, 1]

    def _take(self, edge: int | NDArray[np.intp], count: int) -> None:
        self._over[edge] += count
        self.ahead.used[edge] = 0
        self.ahead.filled[edge] = count
        self.ahead.next_tick[edge] = self.ahead.ticks[edge, 0] if count else np.inf
