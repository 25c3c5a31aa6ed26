"""Random draws in compiled code: the same numbers, bit for bit, as `~ohmtick.engine.streams` gives.

A kernel that draws as it goes needs no block of numbers beforehand: draw k of an agent for a
purpose is one evaluation of Philox at the counter that its address says.
"""

from __future__ import annotations

import math

import numpy as np

from .kernel import Ints, kernel

# Philox4x64-10: the multipliers of its rounds, and what is added to the key after each.
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ROUNDS = 10
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ONE, _SHIFT = np.uint64(1), np.uint64(12)
_ROOT_TWO, _ROOT_TWO_PI = math.sqrt(2.0), math.sqrt(2.0 * math.pi)


@kernel(inline=True)
def _high(a: np.uint64, b: np.uint64) -> np.uint64:
    """Return the upper 64 bits of the product of two numbers of 64 bits."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a_high * b_low + ((a_low * b_low) >> _HALF)
    carried = (middle & _LOW) + a_low * b_high
    return a_high * b_high + (middle >> _HALF) + (carried >> _HALF)


@kernel
def uniform(key: Ints, agent: int, number: int) -> float:
    """Return one draw, uniform in (0, 1).

    Parameters
    ----------
    key
        The key of the seed and the purpose, two words; see `Streams.key`.
    agent, number
        Whose draw it is, and which, from 0.

    Returns
    -------
    float
        What ``Streams.uniforms(purpose, agent, number, 1)[0]`` is, bit for bit.

    References
    ----------
    Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC '11 (2011).
    """
    key_0, key_1 = np.uint64(key[0]), np.uint64(key[1])
    # NumPy's generator counts on before it draws.
    c0, c1, c2, c3 = np.uint64(number // 4) + _ONE, np.uint64(0), np.uint64(0), np.uint64(agent)
    for _ in range(_ROUNDS):
        high_0, low_0 = _high(_MULTIPLIER_0, c0), _MULTIPLIER_0 * c0
        high_1, low_1 = _high(_MULTIPLIER_1, c2), _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = high_1 ^ c1 ^ key_0, low_1, high_0 ^ c3 ^ key_1, low_0
        key_0, key_1 = key_0 + _WEYL_0, key_1 + _WEYL_1
    place = number % 4
    word = c0 if place == 0 else c1 if place == 1 else c2 if place == 2 else c3
    return float(word >> _SHIFT) * 2.0**-52 + 2.0**-53


@kernel
def standard_normal(uniform: float) -> float:
    """Return the standard normal number whose distribution function has this value in (0, 1).

    A rational approximation, made exact to rounding by two steps of Halley's method on
    ``Φ(x) = erfc(-x / √2) / 2``.

    References
    ----------
    Abramowitz, Stegun, "Handbook of Mathematical Functions", 26.2.23 (1964).
    """
    tail = min(uniform, 1.0 - uniform)
    t = math.sqrt(-2.0 * math.log(tail))
    x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    for _ in range(2):  # x is the distance into the tail, so that erfc keeps its digits
        miss = 0.5 * math.erfc(x / _ROOT_TWO) - tail
        step = miss * _ROOT_TWO_PI * math.exp(0.5 * x * x)
        x += step / (1.0 - 0.5 * x * step)
    return -x if uniform < 0.5 else x
