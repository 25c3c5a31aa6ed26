"""What a run's future follows from: all that changes as it goes, the same for both engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


#: What a criterion for stopping keeps before the first probe: see `kernels.stopping`.
KEPT_AT_FIRST = (0.0, 0.0, np.inf, 0.0)


class InFlight(NamedTuple):
    """Readings whose actuation is still to come: by time, then edge, then in the order read."""

    time: Floats
    """When each is actuated, s, shape (F,), as all others."""
    edge: Whole
    sensed: Floats
    """When it was read, s."""
    datum: Whole
    drop_free: Floats
    """V."""
    drop_clamped: Floats
    """V."""
    change: Floats
    """What the rule asked for, in its unit."""
    updates: Whole
    """Actuations in the whole network before the reading."""


@dataclass(frozen=True, kw_only=True, repr=False)
class State:
    """A run between two of its events.

    With the scenario and the seed it is all that what comes next depends on: no draw is in it,
    since draws are addressed by number. Either engine makes it, and either engine goes on from it.

    Attributes
    ----------
    time : float
        Of the latest event, s.
    updates, probes : int
        Actuations and probes so far.
    stage : int
        How many changes of the scenario's schedule there were.
    presented : int
        Presentations in this stage.
    datum : int
        Which is presented.
    ticks : ndarray of int
        How many ticks each edge has acted on, shape (E,).
    gathered : ndarray of int
        Readings of its batch that each edge has, shape (E,).
    squares : ndarray
        The sums of the squares of both drops over these, V², shape (E, 2).
    value : ndarray
        Of each edge's device, in its unit, shape (E,).
    actuations : ndarray of int
        Draws that each edge's device has used, shape (E,); (0,) where no device draws.
    rule_state, device_state : ndarray
        Each edge's own numbers, shapes (E, S).
    class_desired : ndarray
        What the clamp pulls towards, and what is desired, of each class in this epoch, V; shape
        (0, 0) without classes.
    in_flight : InFlight
    cut_edge, cut_s : ndarray
        Which edges were cut, and when, s.
    stopping : ndarray
        What the criterion for stopping keeps; see `~ohmtick.engine.kernels.stopping`.
    real, index : ndarray
        The network's.
    """

    time: float
    updates: int
    probes: int
    stage: int
    presented: int
    datum: int
    ticks: Whole
    gathered: Whole
    squares: Floats
    value: Floats
    actuations: Whole
    rule_state: Floats
    device_state: Floats
    class_desired: Floats
    in_flight: InFlight
    cut_edge: Whole
    cut_s: Floats
    stopping: Floats
    real: Floats
    index: Whole

    def __repr__(self) -> str:
        return f"State(time={self.time:g} s, updates={self.updates}, probes={self.probes})"

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return it as named arrays, as a file holds it."""
        held = {name: value for name, value in vars(self).items() if name != "in_flight"}
        held |= {f"in_flight.{name}": value for name, value in self.in_flight._asdict().items()}
        return {name: np.asarray(value) for name, value in held.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the state that named arrays hold.

        Raises
        ------
        ValueError
            When one is missing.
        """
        try:
            flight = InFlight(*(arrays[f"in_flight.{name}"] for name in InFlight._fields))
            names = [each.name for each in fields(cls) if each.name != "in_flight"]
            held = {name: arrays[name] for name in names}
        except KeyError as error:
            raise ValueError(f"it holds no state of a run: {error.args[0]} is missing") from None
        plain: dict[str, Any] = {name: v if v.ndim else v.item() for name, v in held.items()}
        return cls(in_flight=flight, **plain)

    @property
    def cuts(self) -> dict[int, float]:
        """When edges were cut, s, by edge."""
        return dict(zip(self.cut_edge.tolist(), self.cut_s.tolist(), strict=True))
