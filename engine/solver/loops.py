"""Loops over a circuit's structure: compiled where it is large, interpreted where it is small."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from ..kernels.kernel import kernel

_Loop = TypeVar("_Loop", bound=Callable[..., Any])

#: Numbers in the largest array beyond which a loop is worth its compilation, which takes a second.
SMALL = 4096


def compiled_when_large(loop: _Loop) -> _Loop:
    """Compile a function of arrays, but only once it is called with a large one."""
    compiled = kernel(allocates=True)(loop)

    @wraps(loop)
    def either(*arguments: Any) -> Any:
        sizes = (each.size for each in arguments if isinstance(each, np.ndarray))
        return (compiled if max(sizes, default=0) > SMALL else loop)(*arguments)

    return either  # type: ignore[return-value]
