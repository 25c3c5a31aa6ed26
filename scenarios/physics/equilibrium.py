"""Circuits without capacitors."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.circuit import Circuit
from ...engine.networks.mismatch import Mismatch
from ...engine.networks.network import FloatArray, Network
from ...engine.streams import Streams
from .base import Physics


class Equilibrium(Physics, kind="equilibrium"):
    """Voltages follow at once: whoever looks sees a circuit that has settled."""

    def network(
        self,
        circuit: Circuit,
        conductances: FloatArray,
        sources: list[str],
        targets: Sequence[str | tuple[str, ...]],
        nudge: float,
        mismatch: Mismatch,
        streams: Streams,
    ) -> Network:
        """Return the network; its copies share every conductance where they do not differ."""
        return mismatch.network(circuit, conductances, sources, targets, nudge, streams)
