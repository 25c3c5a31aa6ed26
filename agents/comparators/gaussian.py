"""Comparators with normal offsets and noise."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ...engine.streams import FloatArray, Streams
from .base import Comparator


class GaussianComparator(Comparator, kind="gaussian"):
    """Two comparators with offsets and noise, as the laboratory has them.

    The laboratory's edge decides ``|drop_clamped| > |drop_free|`` by two comparators and an
    XOR: one tells the sign of ``drop_clamped - drop_free``, the other that of ``drop_clamped +
    drop_free``. Each has an input offset of its own, ``e_- = offset * ξ_-`` and ``e_+``, drawn
    once a device, and noise drawn at each reading. The edge then acts on::

        free' = drop_free + (e_+ - e_-) / 2,    clamped' = drop_clamped + (e_+ + e_-) / 2

    which is the same thing for the sign rule and carries over to any other.
    """

    offset: float = Field(0.0, ge=0, le=1e9)
    """S.d. of the offsets over the devices, V."""
    noise: float = Field(0.0, ge=0, le=1e9)
    """S.d. of the noise of each reading, V."""

    @property
    def is_exact(self) -> bool:
        """Whether readings are exact."""
        return not (self.offset or self.noise)

    def draw(self, edge: int, first: int, count: int, streams: Streams) -> FloatArray:
        """Return the errors of readings ``first … first + count``, V, shape (count, 2)."""
        each = self.offset * streams.normals("comparator.offset", 0, 2 * edge, 2)
        pairs = np.broadcast_to(each, (count, 2))
        if self.noise:
            noise = streams.normals("comparator.noise", edge, 2 * first, 2 * count)
            pairs = pairs + self.noise * noise.reshape(-1, 2)
        minus, plus = pairs.T
        return np.stack([(plus - minus) / 2.0, (plus + minus) / 2.0], axis=1)
