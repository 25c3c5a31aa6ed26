"""Clocks: when an edge acts. Built-in ones, and the protocol that any other must keep."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..engine.errors import OhmtickError, shown
from ..engine.streams import FloatArray, Streams
from .part import MOST_SECONDS, Part

#: Ticks fetched at a time: as many as the horizon asks for, or few at first and then ever more.
FIRST_BLOCK, LAST_BLOCK = 16, 4096
#: Ticks fetched ahead by all edges together, where the horizon asks for more than the first block.
MOST_FETCHED = 1 << 20
#: Ticks of a run: some weeks of the compiled engine on a small circuit.
MOST_TICKS = 10**12
#: No interval is shorter than this fraction of the clock's period.
LEAST_INTERVAL = 0.002


class Clock(Protocol):
    """Tells each edge when to act.

    Any object with this method may stand in for a built-in clock.
    """

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
        ...


class _Ticking(Part):
    """What the built-in clocks share: a population of periods, and the gate."""

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
            yield times[acts]
            if times[-1] >= horizon:
                return

    def _opens(self, edge: int, first: int, count: int, streams: Streams) -> NDArray[np.bool_]:
        """Return whether the gate lets ticks ``first … first + count`` pass, shape (count,)."""
        runs = np.arange(first, first + count) // self.gate_ticks
        draws = streams.uniforms("clock.gate", edge, int(runs[0]), int(runs[-1] - runs[0]) + 1)
        return np.asarray(draws[runs - runs[0]] < self.gate)

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


class PeriodicClock(_Ticking):
    """A clock that keeps a grid, as real oscillators do: with spread, phase, jitter and wander.

    Tick n = 0, 1, … of an edge with the period T and the phase φ is at::

        t_n = T * (φ + n + wander * (ξ_1 + … + ξ_n) + jitter * ζ_n)

    with ξ and ζ standard normal. `jitter` moves each tick about the edge's own grid and does not
    accumulate; `wander` changes each interval and does, a random walk. Ticks before t = 0 are not
    seen, and no jitter would bring tick -1 past it, so that a run is a window on clocks that were
    running before.

    Intervals stay positive because the draws are truncated, symmetrically, at
    ``|jitter * ζ| <= 0.499`` when there is no wander, ``|wander * ξ| <= 0.998`` when there is no
    jitter, and 0.2495 and 0.499 when there are both. No interval is shorter than 0.002 T.

    Examples
    --------
    >>> ticks = PeriodicClock(period=0.5).ticks(edge=0, edges=1, streams=Streams(1), horizon=9.0)
    >>> next(ticks)[:3].tolist()
    [0.0, 0.5, 1.0]
    """

    kind: Literal["periodic"] = "periodic"
    phase: Literal["aligned", "uniform", "staggered"] = "aligned"
    """Phases φ: all zero, uniform in [-1/2, 1/2), or evenly spaced by the edge's number (edges
    then act in turn, a round robin)."""
    jitter: float = Field(0.0, ge=0)
    """Relative s.d. of each tick about the edge's own grid."""
    wander: float = Field(0.0, ge=0)
    """Relative s.d. of each interval."""

    def all_ticks(
        self, edge: int, edges: int, streams: Streams, wanted: int = 0
    ) -> Iterator[tuple[int, FloatArray]]:
        """Yield blocks of all ticks, unseen and gated ones too: first number, and times, s.

        The first block has about as many ticks as are `wanted`.
        """
        period, phase = self.period_of(edge, streams), self._phase(edge, edges, streams)
        walk = 0.0
        for first, count in blocks(wanted):
            place = phase + np.arange(first, first + count, dtype=np.float64)
            if self.wander:
                steps = streams.normals("clock.wander", edge, first, count, self._bound("wander"))
                # Tick 0 is at the phase itself; the sum runs on in sequence across blocks.
                steps[0] = walk + (steps[0] if first else 0.0)
                walks = np.cumsum(steps)
                walk = float(walks[-1])
                place += self.wander * walks
            if self.jitter:
                bound = self._bound("jitter")
                place += self.jitter * streams.normals("clock.jitter", edge, first, count, bound)
            yield first, period * place

    @property
    def is_plain(self) -> bool:
        """Whether every tick lies on the grid of the nominal period, and is acted on."""
        return not (self.jitter or self.wander or self.spread) and self.gate == 1.0

    def plain_ticks(self, edges: int, count: int, streams: Streams) -> FloatArray:
        """Return the first ticks of all edges of a plain clock at once, s, shape (E, count).

        The same, bit for bit, as `ticks` yields one edge at a time.
        """
        if self.phase == "uniform":
            phase = streams.uniforms("clock.phase", 0, 0, edges)
        else:
            phase = np.arange(edges) / edges if self.phase == "staggered" else np.zeros(edges)
        phase[phase >= 0.5] -= 1.0
        first_seen = (phase < 0.0)[:, None]
        return self.period * (phase[:, None] + (first_seen + np.arange(count, dtype=np.float64)))

    def _bound(self, of: Literal["jitter", "wander"]) -> float:
        """Return where draws are cut: 2 * jitter bound + wander bound <= 1 - LEAST_INTERVAL."""
        room = 1.0 - LEAST_INTERVAL
        if of == "wander":
            return (room / 2 if self.jitter else room) / self.wander
        return (room / 4 if self.wander else room / 2) / self.jitter

    def _phase(self, edge: int, edges: int, streams: Streams) -> float:
        """Return φ in [-1/2, 1/2); beyond, tick -1 could be seen too."""
        phase = edge / edges if self.phase == "staggered" else 0.0
        if self.phase == "uniform":
            phase = float(streams.uniforms("clock.phase", 0, edge, 1)[0])
        return phase - 1.0 if phase >= 0.5 else phase


class PoissonClock(_Ticking):
    """A clock without memory: intervals are exponential with the mean `period`.

    Examples
    --------
    >>> ticks = PoissonClock(period=2.0).ticks(edge=0, edges=1, streams=Streams(1), horizon=9.0)
    >>> bool((np.diff(next(ticks)) > 0).all())
    True
    """

    kind: Literal["poisson"] = "poisson"

    def all_ticks(
        self, edge: int, edges: int, streams: Streams, wanted: int = 0
    ) -> Iterator[tuple[int, FloatArray]]:
        """Yield blocks of all ticks, unseen and gated ones too: first number, and times, s.

        The first block has about as many ticks as are `wanted`.
        """
        period = self.period_of(edge, streams)
        elapsed = 0.0
        for first, count in blocks(wanted):
            intervals = streams.exponentials("clock.interval", edge, first, count)
            intervals[0] += elapsed
            arrivals = np.cumsum(intervals)
            elapsed = float(arrivals[-1])
            yield first, period * arrivals


def ticks_of(
    clock: Clock, edge: int, edges: int, streams: Streams, horizon: float
) -> Iterator[FloatArray]:
    """Yield the ticks of any clock, s, some at a time; the parameters are those of `Clock.ticks`.

    Raises
    ------
    OhmtickError
        When it yields anything else than lists of numbers.
    """
    found: object = clock.ticks(edge, edges, streams, horizon)
    wrong, must = found, f"the ticks of a {type(clock).__qualname__} must come in lists of times, s"
    if isinstance(found, Iterable):
        for block in found:
            try:
                times = np.asarray(block)
            except ValueError:  # of lists of several lengths
                times = np.empty((0, 0))
            if times.ndim != 1 or times.dtype.kind not in "buif":
                wrong = block
                break
            yield times.astype(np.float64, copy=False)
        else:
            return
    raise OhmtickError(f"{must}, got {shown(wrong)} for edge {edge}")


def blocks(wanted: int = 0) -> Iterator[tuple[int, int]]:
    """Yield the first number and the size of each block of draws, of which so many are wanted."""
    first, count = 0, min(max(FIRST_BLOCK, wanted), LAST_BLOCK)
    while True:
        yield first, count
        first, count = first + count, min(2 * count, LAST_BLOCK)
