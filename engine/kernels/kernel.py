"""How kernels are compiled.

Without Python's lock, so that runs go on side by side in threads; without contraction or any other
rounding of the compiler's own, so that a run repeats to the bit on any machine; and with arrays
only borrowed from whoever calls: numba would count references to them, several atomic operations
for each call, which on a small circuit costs more than the physics. Such a kernel can make no
array; the few that do say so.

Compiled code is kept on disk. It holds the code of the kernels that it calls, so it is good only
for the very sources that it was made from: all of them, not just the caller's own file.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast, overload

import numpy as np
from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


class Row(Protocol):
    """An edge's own numbers, by place: in compiled code a pointer, without a length."""

    def __getitem__(self, place: int, /) -> float:
        """Return a number."""
        ...

    def __setitem__(self, place: int, number: float, /) -> None:
        """Replace a number."""
        ...


#: A function of any arguments.
Function = Callable[..., Any]
_Function = TypeVar("_Function", bound=Function)

# As they are when they are imported: a file may be edited while a session goes on.
_SOURCES = sha256(
    b"".join(file.read_bytes() for file in sorted(Path(__file__).parents[1].rglob("*.py")))
).hexdigest()


@overload
def kernel(function: _Function) -> _Function: ...
@overload
def kernel(
    *, inline: bool = False, allocates: bool = False
) -> Callable[[_Function], _Function]: ...
def kernel(
    function: Function | None = None, *, inline: bool = False, allocates: bool = False
) -> Function:
    """Compile a function of numbers and arrays.

    Parameters
    ----------
    inline
        Whether it becomes part of every caller.
    allocates
        Whether it makes arrays.
    """
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "forceinline": inline,
        "_nrt": allocates,  # numba's runtime, which counts references and makes arrays
    }
    jit: Any = njit(**options)

    def compiled(function: Function) -> Function:
        dispatcher: Any = jit(function)
        try:
            dispatcher._cache = _Cache(function)
        except RuntimeError:  # of no folder that could be written to
            _warn()
        return cast("Function", dispatcher)

    return compiled if function is None else compiled(function)


class _Cache(FunctionCache):
    """Numba's cache on disk, whose entries are replaced when any of the sources has changed."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file.__class__ = _Index
        self._cache_file._source_stamp = (self._cache_file._source_stamp, _SOURCES)


class _Index(IndexDataCacheFile):
    """The index of a cache; one of other sources, whose classes may be gone, counts as empty."""

    def _load_index(self) -> Any:
        try:
            return super()._load_index()  # type: ignore[no-untyped-call]
        except (AttributeError, ImportError, EOFError, pickle.UnpicklingError):
            return {}


@cache
def _warn() -> None:
    warnings.warn(
        "there is no folder that compiled code could be kept in, so that each start compiles "
        "anew, for about half a minute; the variable NUMBA_CACHE_DIR names one",
        stacklevel=4,
    )
