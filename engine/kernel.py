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

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast, overload

from numba import njit
from numba.core.caching import FunctionCache

_Function = TypeVar("_Function", bound=Callable[..., Any])


@overload
def kernel(function: _Function) -> _Function: ...
@overload
def kernel(
    *, inline: bool = False, allocates: bool = False
) -> Callable[[_Function], _Function]: ...
def kernel(
    function: Callable[..., Any] | None = None, *, inline: bool = False, allocates: bool = False
) -> Callable[..., Any]:
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
    cache_of: Any = _Cache

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        dispatcher: Any = jit(function)
        dispatcher._cache = cache_of(function)
        return cast("Callable[..., Any]", dispatcher)

    return compiled if function is None else compiled(function)


class _Cache(FunctionCache):
    """Numba's cache on disk, keyed by all sources of the package's kernels too."""

    def _index_key(self, signature: Any, codegen: Any) -> Any:
        key = super()._index_key(signature, codegen)  # type: ignore[no-untyped-call]
        return (*key, sources())


@cache
def sources() -> str:
    """Return a digest of the sources that kernels are made of."""
    root = Path(__file__).parents[1]
    files = sorted([*(root / "engine").glob("*.py"), *(root / "agents").glob("*.py")])
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
