"""Comparators: how well an edge reads its drops. One comparator a file, and their base."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from ...engine.kind import Kind
from ...engine.streams import FloatArray, Streams


class Comparator(Kind, family="comparator", default="gaussian"):
    """How well an edge reads its drops: the error of each reading.

    A subclass names its kind, declares its settings as fields, and defines `draw`; where its
    settings can make it exact, `is_exact` too, so that nothing is drawn then.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "draw" in vars(cls) and "is_exact" not in vars(cls):  # that of its base draws otherwise
            cls.is_exact = Comparator.is_exact  # type: ignore[method-assign]

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
