"""What is done to a simulation from outside, at a time that is known beforehand.

An intervention comes before all other events of its instant. On the compiled engine it lies between
two stretches of the loop: one to its time, which is half open, and one from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Intervention(Protocol):
    """Something done once."""

    @property
    def time(self) -> float:
        """When, s."""
        ...

    def apply(self, simulation: Any) -> None:
        """Do it to a simulation of either engine."""
        ...


@dataclass(frozen=True)
class Cut:
    """An edge is cut out of the circuit: from then on it conducts nothing.

    It must have nothing to write from then on.
    """

    time: float
    edge: int

    def apply(self, simulation: Any) -> None:
        """Cut it."""
        simulation.twin.set_conductance(self.edge, 0.0, self.time)
        simulation.cuts[self.edge] = self.time
