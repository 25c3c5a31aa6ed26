"""The clock without memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...engine.streams import FloatArray, Streams
from .base import Ticking, blocks


class PoissonClock(Ticking, kind="poisson"):
    """A clock without memory: intervals are exponential with the mean `period`.

    Examples
    --------
    >>> ticks = PoissonClock(period=2.0).ticks(edge=0, edges=1, streams=Streams(1), horizon=9.0)
    >>> bool((np.diff(next(ticks)) > 0).all())
    True
    """

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
