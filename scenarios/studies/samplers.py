"""Ways to draw points from a space, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from ...engine.registry import Family
from ...engine.streams import FloatArray

Sampler = Callable[[int, int, np.random.Generator], FloatArray]
S = TypeVar("S", bound=Sampler)

#: Every way to draw points.
SAMPLERS: Family[Sampler] = Family("sampler")


def sampler(function: S) -> S:
    """Make a function known as a sampler, under its own name; use it as a decorator.

    Parameters
    ----------
    function
        Takes how many points there shall be, of how many keys, and what to draw them with;
        returns numbers in [0, 1), a row a point and a column a key.
    """
    SAMPLERS.add(function.__name__, function)
    return function


@sampler
def latin_hypercube(count: int, keys: int, rng: np.random.Generator) -> FloatArray:
    """One point in each of as many slices of every key's range.

    References
    ----------
    McKay, Beckman, Conover, Technometrics 21, 239 (1979).
    """
    from scipy.stats import qmc  # here: it takes long to import

    return np.asarray(qmc.LatinHypercube(keys, rng=rng).random(count))


@sampler
def random(count: int, keys: int, rng: np.random.Generator) -> FloatArray:
    """Points independent of each other."""
    return rng.random((count, keys))
