"""What every kind of physics must say of itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from ...engine.circuit import Circuit
from ...engine.kind import Kind
from ...engine.networks.mismatch import Mismatch
from ...engine.networks.network import FloatArray, Network
from ...engine.streams import Streams
from ..circuits.base import CircuitKind


class Physics(Kind, family="physics", default="equilibrium"):
    """Base of all kinds of physics: which network a scenario's circuit is."""

    def check(
        self, circuit: CircuitKind, targets: Sequence[str | tuple[str, ...]], mismatch: Mismatch
    ) -> None:
        """Refuse what does not go together, as far as it is known before a run.

        Parameters
        ----------
        circuit, targets, mismatch
            Of the scenario.

        Raises
        ------
        ValueError
            What is wrong; the message begins with the key, such as ``physics.capacitance``.
        """

    @abstractmethod
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
        """Return the network.

        Parameters
        ----------
        conductances
            At first, S, shape (E,).
        sources, targets
            Labels.
        nudge
            How far the clamp moves the targets.
        mismatch
            How far the copies of an edge differ.
        streams
            The run's, for what is drawn.
        """
