"""The clock that keeps a grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from ...engine.streams import FloatArray, Streams
from .base import LEAST_INTERVAL, Ticking, blocks


class PeriodicClock(Ticking, kind="periodic"):
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

    def nominal_period(self) -> float:
        """Return the period of its grid, s, whatever the phase, spread, jitter or wander."""
        return self.period

    def first_ticks(self, edges: int, count: int, streams: Streams) -> FloatArray | None:
        """Return the first ticks of all edges at once, s, shape (E, count).

        None where ticks are not on the grid of the nominal period, or not all are acted on.
        """
        if self.jitter or self.wander or self.spread or self.gate < 1.0:
            return None
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
