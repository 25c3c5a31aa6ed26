"""Clocks: when an edge acts. One clock a file, and their base."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...engine.kind import Kind
from ...engine.settings import MOST_SECONDS
from ...engine.streams import FloatArray, Streams

#: Ticks fetched at a time: as many as the horizon asks for, or few at first and then ever more.
FIRST_BLOCK, LAST_BLOCK = 16, 4096
#: Ticks fetched ahead by all edges together, where the horizon asks for more than the first block.
MOST_FETCHED = 1 << 20
#: Ticks of a run: some weeks of the compiled engine on a small circuit.
MOST_TICKS = 10**12
#: No interval is shorter than this fraction of the clock's period.
LEAST_INTERVAL = 0.002


class Clock(Kind, family="clock"):
    """Tells each edge when to act.

    A subclass names its kind, declares its settings as fields, and defines `ticks`. For one run,
    any object with such a method may stand in for a scenario's clock.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "first_ticks" not in vars(cls):  # that of its base may not be what it ticks now
            cls.first_ticks = Clock.first_ticks  # type: ignore[method-assign]

    @abstractmethod
    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float] | FloatArray]:
        """Yield the times at which an edge acts, s: ascending, some at a time.

        Parameters
        ----------
        edge
            Whose clock it is.
        edges
            How many edges there are.
        streams
            The run's random streams; draw for the agent `edge` only.
        horizon
            Where the run ends, s. Later ticks are not looked at; after the last one that is
            yielded the edge does not act again.
        """

    def nominal_period(self) -> float | None:
        """Return the interval that the clock keeps, s; None for one that keeps none.

        Who reads a network at such intervals sees one phase of it only, and is warned.
        """
        return None

    def mean_interval(self) -> float:
        """Return about how long it takes from one act of an edge to its next, s.

        By it a run's size is told beforehand.
        """
        return 1.0

    def first_ticks(self, edges: int, count: int, streams: Streams) -> FloatArray | None:
        """Return the first ticks of all edges at once, s, shape (E, count), where that is faster.

        They must be those that `ticks` yields, bit for bit; None, the default, asks `ticks`.
        """
        return None


class Ticking(Clock):
    """What the clocks that come with it share: a population of periods, and the gate."""

    period: float = Field(1.0, gt=0, le=MOST_SECONDS)
    """Nominal period: the mean interval between ticks, s."""
    spread: float = Field(0.0, ge=0)
    """Relative s.d. of the periods over the edges (normal, truncated to stay positive)."""
    gate: float = Field(1.0, ge=0, le=1)
    """Probability that the edge acts on a tick."""
    gate_ticks: int = Field(1, ge=1, le=MOST_TICKS)
    """Ticks in a row that share one draw of the gate: with an edge's `batch`, a whole batch."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[FloatArray]:
        """Yield the times at which an edge acts, s.

        Draw n of the gate belongs to tick n, or to the n-th run of `gate_ticks` of them, whether
        or not they are seen.
        """
        wanted = int(min(1.1 * horizon / self.period + 2.0, MOST_FETCHED // edges))
        for first, times in self.all_ticks(edge, edges, streams, wanted):
            acts = times >= 0.0
            if self.gate < 1.0:
                acts &= self._opens(edge, first, times.size, streams)
            if acts.any():
                yield times[acts]
            if times[-1] >= horizon:
                return

    def _opens(self, edge: int, first: int, count: int, streams: Streams) -> NDArray[np.bool_]:
        """Return whether the gate lets ticks ``first … first + count`` pass, shape (count,)."""
        runs = np.arange(first, first + count) // self.gate_ticks
        draws = streams.uniforms("clock.gate", edge, int(runs[0]), int(runs[-1] - runs[0]) + 1)
        return np.asarray(draws[runs - runs[0]] < self.gate)

    def mean_interval(self) -> float:
        """Return the nominal period, s: that of ticks, whether or not the gate lets them pass."""
        return self.period

    def period_of(self, edge: int, streams: Streams) -> float:
        """Return an edge's own period, s.

        ``period * (1 + spread * ξ)`` with ξ normal, truncated so that no period is below
        `LEAST_INTERVAL` of the nominal one; the truncation is symmetric, so the mean stays.
        """
        if not self.spread:
            return self.period
        bound = (1.0 - LEAST_INTERVAL) / self.spread
        draw = streams.normals("clock.spread", 0, edge, 1, bound)[0]
        return self.period * (1.0 + self.spread * float(draw))

    @abstractmethod
    def all_ticks(
        self, edge: int, edges: int, streams: Streams, wanted: int = 0
    ) -> Iterator[tuple[int, FloatArray]]:
        """Yield blocks of all ticks, unseen and gated ones too: first number, and times, s.

        The first block has about as many ticks as are `wanted`.
        """


def blocks(wanted: int = 0) -> Iterator[tuple[int, int]]:
    """Yield the first number and the size of each block of draws, of which so many are wanted."""
    first, count = 0, min(max(FIRST_BLOCK, wanted), LAST_BLOCK)
    while True:
        yield first, count
        first, count = first + count, min(2 * count, LAST_BLOCK)
