"""One edge's rule and device, as the SimPy engine calls them.

Functions that numba has compiled are called by the same machine code that the compiled loop calls;
others as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..engine.kernels.calls import (
    ASKED,
    CHANGED,
    CONDUCTED,
    DRAWN,
    asked,
    bound,
    changed,
    conducted,
    drawn,
)
from ..engine.kernels.pointers import entry
from .learning import Learning

#: A rule of one edge: both drops, V, and the value of its device; it returns the change.
EdgeRule = Callable[[float, float, float], float]


def edge_rule(learning: Learning, edge: int, nudge: float) -> EdgeRule:
    """Return the rule of one edge, which has its parameters and its state."""
    rules = learning.rules
    row = int(rules.row[edge])
    function = learning.rule_functions[row]
    state, parameters = rules.state[edge], rules.parameters[row]
    if function.compiled is None:
        python = function.interpreted
        # As it comes: the edge refuses what is no number.
        return lambda free, clamped, value: python(free, clamped, value, state, parameters, nudge)
    return bound(asked, ASKED, int(rules.change[row]), state, parameters, np.array([nudge]))


class Device:
    """The device of one edge: what it has learned, and how it takes a change.

    Parameters
    ----------
    learning
        The arrays of all edges, of which this one has its rows.
    edge
        Its number.
    conductance
        What it conducts at first, S.

    Attributes
    ----------
    what : str
        What it is, in words.
    value : float
        What it has learned, in its own unit.
    conductance : float
        S.
    actuations : int
        How many draws it has used.
    """

    def __init__(self, learning: Learning, edge: int, conductance: float) -> None:
        devices = learning.devices
        row = int(devices.row[edge])
        change, conducts = learning.device_functions[row]
        state, parameters = devices.state[edge], devices.parameters[row]
        self.what = change.what
        self.value, self.conductance = float(devices.value[edge]), conductance
        self._draws = bool(devices.draws[row])
        self.actuations = int(devices.actuations[edge]) if self._draws else 0
        self._draw: Callable[[int], float] = partial(entry(drawn, DRAWN), devices.key, edge)
        self._changed: Callable[[float, float, float], float]
        self._conducted: Callable[[float], float] | None = None
        if change.compiled is None:
            python = change.interpreted
            self._changed = lambda value, amount, draw: float(
                python(value, amount, state, parameters, draw)
            )
        else:
            address = int(devices.change[row])
            self._changed = bound(changed, CHANGED, address, state, parameters)
        if conducts is not None and conducts.compiled is None:
            plain = conducts.interpreted
            self._conducted = lambda value: float(plain(value, parameters))
        elif conducts is not None:
            address = int(devices.conductance[row])
            self._conducted = bound(conducted, CONDUCTED, address, parameters)

    def change(self, amount: float) -> float:
        """Take a rule's change as far as the device can, and return the new conductance, S."""
        draw = 0.5
        if self._draws:
            draw = self._draw(self.actuations)
            self.actuations += 1
        self.value = value = self._changed(self.value, amount, draw)
        conductance = value if self._conducted is None else self._conducted(value)
        self.conductance = conductance
        return conductance
