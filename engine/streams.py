"""Named random streams: every draw of a run is a function of its name, and of nothing else."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.random import Generator, Philox, SeedSequence
from numpy.typing import NDArray

from .errors import OhmtickError, shown

FloatArray = NDArray[np.float64]

#: The largest seed of a scenario: as many bits as NumPy draws for one.
MOST_SEED = 2**128 - 1
#: Words that one step of Philox's counter yields; a block of draws may start at any of these.
WORDS = 4


class Streams:
    """The random draws of one run, each addressed by purpose, agent and number.

    Draw k of an agent for a purpose is a pure function ``(seed, purpose, agent, k)``: Philox, a
    counter-based generator, is keyed by the seed and the purpose; the agent is the highest word
    of its counter and k its lowest. So no draw depends on what other agents do, on the size of
    the blocks it is fetched in, on the engine, or on the order in which anybody asks.

    Every kind of draw uses one uniform number and inverts the distribution function, which
    keeps this address exact.

    Parameters
    ----------
    seed
        The run's seed, a non-negative integer.

    References
    ----------
    Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC '11 (2011).

    Examples
    --------
    >>> streams = Streams(7)
    >>> whole = streams.uniforms("clock.jitter", agent=3, first=0, count=8)
    >>> tail = streams.uniforms("clock.jitter", agent=3, first=4, count=4)
    >>> bool((whole[4:] == tail).all())
    True
    """

    def __init__(self, seed: int) -> None:
        if not _is_whole(seed) or seed < 0:
            raise OhmtickError(
                f"the 'seed' of a run must be an integer >= 0, got {shown(seed)} instead"
            )
        self.seed = int(seed)
        self._philox: dict[str, Philox] = {}

    def uniforms(self, purpose: str, agent: int, first: int, count: int) -> FloatArray:
        """Return draws ``first … first + count`` of an agent, uniform in (0, 1), shape (count,).

        The ends are excluded: draws are the midpoints of 2^52 equal cells.
        """
        step, skip = divmod(first, WORDS)
        philox = self._at(purpose, agent, step)
        words = philox.random_raw(skip + count)[skip:]
        cells: FloatArray = (words >> np.uint64(12)).astype(np.float64)
        return cells * 2.0**-52 + 2.0**-53

    def normals(
        self, purpose: str, agent: int, first: int, count: int, bound: float = np.inf
    ) -> FloatArray:
        """Return standard normal draws, truncated to ±`bound`, shape (count,)."""
        return normal(self.uniforms(purpose, agent, first, count), bound)

    def exponentials(self, purpose: str, agent: int, first: int, count: int) -> FloatArray:
        """Return exponential draws of mean 1, shape (count,)."""
        return -np.log1p(-self.uniforms(purpose, agent, first, count))

    def generator(self, purpose: str, agent: int = 0) -> Generator:
        """Return a NumPy generator of its own for an agent and a purpose.

        For draws that no event depends on one by one, such as a random circuit, and for the
        agents that users write.
        """
        # Counters that `uniforms` cannot reach: the third word is 1.
        counter = np.array([0, 0, 1, agent], dtype=np.uint64)
        return Generator(Philox(key=self._key(purpose), counter=counter))

    def key(self, purpose: str) -> NDArray[np.int64]:
        """Return the key of a purpose, two words, for kernels that draw by themselves."""
        return self._key(purpose).view(np.int64)

    def _key(self, purpose: str) -> NDArray[np.uint64]:
        name = zlib.crc32(purpose.encode())
        words = SeedSequence(self.seed, spawn_key=(name,)).generate_state(2, np.uint64)
        return words.astype(np.uint64)

    def _at(self, purpose: str, agent: int, step: int) -> Philox:
        philox = self._philox.get(purpose)
        if philox is None:
            philox = self._philox[purpose] = Philox(key=self._key(purpose))
        state = philox.state
        state["state"]["counter"][:] = step, 0, 0, agent
        state["buffer_pos"] = WORDS  # nothing is left over from another address
        philox.state = state
        return philox


def _is_whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def normal(uniforms: FloatArray, bound: float = np.inf) -> FloatArray:
    """Map uniform draws to standard normal ones truncated to ±`bound`, same shape.

    Inverts the distribution function ``F(x) = (Φ(x) - Φ(-bound)) / (Φ(bound) - Φ(-bound))``.
    """
    from scipy.special import ndtr, ndtri  # here: it takes long to import

    if np.isinf(bound):
        return np.asarray(ndtri(uniforms))
    if bound < 1e-6:  # F is a straight line, to 1e-12; inverting it would cancel the digits
        return bound * (2.0 * uniforms - 1.0)

    low, high = ndtr(-bound), ndtr(bound)
    return np.asarray(np.clip(ndtri(low + uniforms * (high - low)), -bound, bound))
