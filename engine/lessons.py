"""Data to learn from or to be tested on, as both engines take them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


class Lessons(NamedTuple):
    """Data with what is desired of them.

    Row ``label[d]`` of `desired` belongs to datum d. Where every datum has outputs of its own,
    that is row d; where data come in classes, there is a row a class, which all lessons of a task
    share and the supervisor fills in anew at each epoch.
    """

    inputs: Reals
    """Source voltages, V, shape (D, S)."""
    label: Ints
    """Shape (D,)."""
    desired: Reals
    """Desired target voltages, V, shape (D or C, T)."""
