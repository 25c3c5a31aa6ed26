"""Draws some rows of each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...engine.streams import Streams

Rows = NDArray[np.intp]


def draw_rows(classes: Rows, counts: ArrayLike, streams: Streams) -> tuple[Rows, Rows]:
    """Return some rows of each class, and all others, both in an order that is drawn.

    Parameters
    ----------
    classes
        The class of each row, shape (D,).
    counts
        How many rows of each class, shape (C,), or one number for all.
    """
    order = streams.generator("task").permutation(len(classes))
    count = int(classes.max()) + 1
    rank = np.empty(len(classes), dtype=np.intp)  # of each row within its class
    for c in range(count):
        members = order[classes[order] == c]
        rank[members] = np.arange(members.size)
    drawn = rank[order] < np.broadcast_to(counts, count)[classes[order]]
    return order[drawn], order[~drawn]
