"""One edge's rule and device, as the SimPy engine calls them.

Functions that numba has compiled are called by the same machine code that the compiled loop calls;
others as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from ..engine.kernels.calls import (
    ASKED,
    CHANGED,
    CONDUCTED,
    DRAWN,
    asked,
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
    state, parameters = rules.state[edge : edge + 1], rules.parameters[row : row + 1]
    if function.compiled is None:
        python, own, shared = function.python, state[0], parameters[0]
        # As it comes: the edge refuses what is no number.
        return lambda free, clamped, value: python(free, clamped, value, own, shared, nudge)
    return partial(entry(asked, ASKED), int(rules.change[row]), state, parameters, nudge)


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
    value : float
        What it has learned, in its own unit.
    conductance : float
        S.
    """

    def __init__(self, learning: Learning, edge: int, conductance: float) -> None:
        devices = learning.devices
        row = int(devices.row[edge])
        change, conducts = learning.device_functions[row]
        state, parameters = devices.state[edge : edge + 1], devices.parameters[row : row + 1]
        self.value, self.conductance = float(devices.value[edge]), conductance
        self._draws = count() if devices.draws[row] else None
        self._draw: Callable[[int], float] = partial(entry(drawn, DRAWN), devices.key, edge)
        self._changed: Callable[[float, float, float], float]
        self._conducted: Callable[[float], float] | None = None
        if change.compiled is None:
            python, own, shared = change.python, state[0], parameters[0]
            self._changed = lambda value, amount, draw: float(
                python(value, amount, own, shared, draw)
            )
        else:
            address = int(devices.change[row])
            self._changed = partial(entry(changed, CHANGED), address, state, parameters)
        if conducts is not None and conducts.compiled is None:
            plain = conducts.python
            self._conducted = lambda value: float(plain(value, parameters[0]))
        elif conducts is not None:
            address = int(devices.conductance[row])
            self._conducted = partial(entry(conducted, CONDUCTED), address, parameters)

    def change(self, amount: float) -> float:
        """Take a rule's change as far as the device can, and return the new conductance, S."""
        draw = 0.5 if self._draws is None else self._draw(next(self._draws))
        self.value = self._changed(self.value, amount, draw)
        self.conductance = self.value if self._conducted is None else self._conducted(self.value)
        return self.conductance
