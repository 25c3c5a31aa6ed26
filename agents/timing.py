"""When edges act and how they read: what both engines build their schedules from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..engine.errors import OhmtickError, shown
from ..engine.streams import FloatArray, Streams
from .clocks.base import blocks

#: Ticks of an edge at one instant: a clock that stands still would never come to the horizon.
MOST_AT_ONCE = 10_000
#: Blocks in a row without a tick, of which a clock that thins its ticks out may yield many.
MOST_EMPTY = 1_000_000

#: Draws for the readings ``first … first + count`` of an edge, whose number comes first.
Draws = Callable[[int, int, int], FloatArray]


class Ticks(Protocol):
    """Whatever tells edges when to act: a clock, or what stands in for one."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float] | FloatArray]:
        """Yield the times at which an edge acts, s."""
        ...


def ticks_of(
    clock: Ticks, edge: int, edges: int, streams: Streams, horizon: float
) -> Iterator[FloatArray]:
    """Yield the ticks of any clock, s, some at a time; the parameters are those of `Ticks.ticks`.

    Raises
    ------
    OhmtickError
        When it yields anything else than lists of numbers, or stands still before the horizon.
    """
    found: object = clock.ticks(edge, edges, streams, horizon)
    wrong, must = found, f"the ticks of a {type(clock).__qualname__} must come in lists of times, s"
    last, count, empty = -np.inf, 0, 0
    if isinstance(found, Iterable):
        for block in found:
            try:
                times = np.asarray(block)
            except ValueError:  # of lists of several lengths
                times = np.empty((0, 0))
            if times.ndim != 1 or times.dtype.kind not in "buif":
                wrong = block
                break
            ticks = times.astype(np.float64, copy=False)
            empty = 0 if ticks.size else empty + 1
            if empty > MOST_EMPTY:
                raise OhmtickError(
                    f"the ticks of a {type(clock).__qualname__} must go on, with at most "
                    f"{MOST_EMPTY} lists in a row that are empty, got more for edge {edge}"
                )
            last, count, crowded = _counted(ticks, last, count)
            if crowded < horizon:
                raise OhmtickError(
                    f"the ticks of a {type(clock).__qualname__} must go on, with at most "
                    f"{MOST_AT_ONCE} of them at one instant, got more at {crowded} s for edge "
                    f"{edge}"
                )
            yield ticks
        else:
            return
    raise OhmtickError(f"{must}, got {shown(wrong)} for edge {edge}")


def _counted(ticks: FloatArray, last: float, count: int) -> tuple[float, int, float]:
    """Count some more ticks, ascending; of the last one before them there are `count` until now.

    Return the last of these, s, how many there are of its instant until now, and the first instant
    of more than `MOST_AT_ONCE`, s, or infinity.
    """
    if not ticks.size:
        return last, count, np.inf
    if ticks[0] == last:
        count += int(ticks.searchsorted(last, "right"))
        if count > MOST_AT_ONCE:
            return last, count, last
    latest, crowded = float(ticks[-1]), np.inf
    if latest != last:
        count = ticks.size - int(ticks.searchsorted(latest))
    if ticks.size > MOST_AT_ONCE:
        same = ticks[MOST_AT_ONCE:] == ticks[:-MOST_AT_ONCE]
        crowded = float(ticks[same.argmax()]) if same.any() else np.inf
    return latest, count, crowded


def passed(blocks: Iterator[FloatArray], count: int, edge: int) -> FloatArray:
    """Pass an edge's first ticks by; return the ticks that are left of the last block taken.

    Raises
    ------
    OhmtickError
        When there are not so many: a clock of one's own does not tick as it did.
    """
    left, still = np.empty(0), count
    while still:
        block = next(blocks, None)
        if block is None:
            raise OhmtickError(
                f"the clock of edge {edge} must tick as it did before: it had {count} ticks, got "
                f"{count - still}"
            )
        left, still = block[still:], max(0, still - block.size)
    return left


@dataclass(frozen=True)
class Timing:
    """When some edges act, and how they read.

    Attributes
    ----------
    edges : ndarray
        Their numbers, ascending, shape (n,).
    clock : Ticks or None
        When they act; None for edges that never do.
    latencies : callable or None
        The latencies of an edge's readings, s, shape (count,); None where there are none.
    errors : callable or None
        The errors of an edge's readings of the free and the clamped drop, V, shape (count, 2);
        None where there are none.
    batch : int
        Readings from which an edge makes up its mind.
    """

    edges: NDArray[np.intp]
    clock: Ticks | None
    latencies: Draws | None = None
    errors: Draws | None = None
    batch: int = 1


def latencies(latency: float, jitter: float, streams: Streams) -> Draws | None:
    """Return what draws the times from the readings of an edge to their actuations, s.

    ``latency * (1 + jitter * ξ)`` with ξ normal, truncated so that each lies within
    [0, 2 * latency]; None without a latency.
    """
    if not latency:
        return None

    def draw(edge: int, first: int, count: int) -> FloatArray:
        factors = np.ones(count)
        if jitter:
            factors += jitter * streams.normals("edge.latency", edge, first, count, 1.0 / jitter)
        return latency * factors

    return draw


def one_by_one(draws: Draws | None, edge: int, over: int = 0) -> Iterator[Any] | None:
    """Yield an edge's draws, one for each reading after those that are over; None for none."""
    if draws is None:
        return None
    drawn = (draws(edge, over + first, count) for first, count in blocks())
    return chain.from_iterable(block.tolist() for block in drawn)
