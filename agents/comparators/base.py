"""Comparators: how well an edge reads its drops. One comparator a file, and their base."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from ...engine.kind import Kind
from ...engine.streams import FloatArray, Streams
from ..clocks.base import blocks


class Comparator(Kind, family="comparator", default="gaussian"):
    """How well an edge reads its drops: the error of each reading.

    A subclass names its kind, declares its settings as fields, and defines `draw`; where its
    settings can make it exact, `is_exact` too, so that nothing is drawn then.
    """

    @property
    def is_exact(self) -> bool:
        """Whether readings are exact; False by default."""
        return False

    @abstractmethod
    def draw(self, edge: int, first: int, count: int, streams: Streams) -> FloatArray:
        """Return the errors of an edge's readings ``first … first + count``, V.

        Returns
        -------
        ndarray
            What is added to the free and to the clamped drop, shape (count, 2).
        """

    def errors(self, edge: int, streams: Streams) -> Iterator[tuple[float, float]] | None:
        """Yield the errors of the free and the clamped reading, V, a pair for each reading.

        None where readings are exact.
        """
        return None if self.is_exact else self._errors(edge, streams)

    def _errors(self, edge: int, streams: Streams) -> Iterator[tuple[float, float]]:
        for first, count in blocks():
            yield from map(tuple, self.draw(edge, first, count, streams).tolist())
