"""Edges that are cut out of the circuit while the compiled engine runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..networks.network import Network
from ..simulation import Observer
from . import loop
from .simulation import CompiledSimulation


class CutSimulation(CompiledSimulation):
    """A compiled simulation in which edges are cut: from then on they conduct nothing.

    A cut comes before all other events of its instant, so it lies between two stretches of the
    loop: one to the time of the cut, which is half open, and one from there.

    Parameters
    ----------
    twin
        The network.
    cuts
        Edge = time, s, the first one first. These edges must have nothing to write from then on.
    **settings
        As for `CompiledSimulation`.
    """

    def __init__(self, twin: Network, *, cuts: Mapping[int, float], **settings: Any) -> None:
        super().__init__(twin, **settings)
        self._planned = {edge: time for edge, time in cuts.items() if time < self.horizon}

    def _process(self, watch: Observer | None, poll: Observer | None) -> bool:
        """Process events up to each cut, and then until the horizon."""
        for edge, time in self._planned.items():
            self._times[loop.END] = time
            super()._process(watch, poll)
            if self.stopped:
                return False
            self.twin.set_conductance(edge, 0.0, time)
            self.cuts[edge] = self._times[loop.NOW] = time
        self._times[loop.END] = self.horizon
        return super()._process(watch, poll)
