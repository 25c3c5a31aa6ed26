"""How resistors take changes, in numbers: the kernels behind `ohmtick.agents.resistor`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels.kernel import Ints, Reals, kernel

#: Continuous or with positions; changed in siemens or by steps of resistance.
CONTINUOUS_SIEMENS, CONTINUOUS_STEPS, POSITIONS_SIEMENS, POSITIONS_STEPS = range(4)


class Devices(NamedTuple):
    """The resistors of a circuit, all of one kind."""

    kind: int
    position: Ints
    """Of those with positions, from 0, shape (E,)."""
    ohms: Reals
    """Resistance at each position, ascending."""
    siemens: Reals
    """Conductance at each position."""
    low: float
    """Smallest conductance of the continuous ones, S."""
    high: float
    """Largest."""
    step: float
    """What one step changes, Ω."""


@kernel(inline=True)
def changed(devices: Devices, edge: int, conductance: float, amount: float) -> float:
    """Return an edge's conductance, S, after its resistor has taken a change."""
    if devices.kind == CONTINUOUS_SIEMENS:
        return min(max(conductance + amount, devices.low), devices.high)
    if devices.kind == CONTINUOUS_STEPS:
        resistance = 1.0 / conductance + amount * devices.step
        wanted = 1.0 / resistance if resistance * devices.high > 1.0 else devices.high
        return max(wanted, devices.low)
    last = devices.ohms.size - 1
    if devices.kind == POSITIONS_STEPS:
        place = int(devices.position[edge]) + round(min(max(amount, -float(last)), float(last)))
        place = 0 if place < 0 else min(place, last)
    else:
        wanted = conductance + amount
        place = nearest(devices.ohms, 1.0 / wanted) if wanted > 0.0 else last
    devices.position[edge] = place
    return devices.siemens[place]


@kernel
def nearest(ascending: Reals, value: float) -> int:
    """Return the place of the number nearest to `value`; of two as near, the smaller."""
    above = int(np.searchsorted(ascending, value))
    above = min(above, ascending.size - 1)
    below = above - 1 if above > 0 else 0
    return above if ascending[above] - value < value - ascending[below] else below
