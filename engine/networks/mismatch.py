"""Twins that do not match: each copy of an edge conducts a little more or less than is written."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from ..circuit import Circuit
from ..errors import CircuitError
from ..settings import Settings
from ..streams import Streams
from .equilibrium import TwinNetwork
from .network import FloatArray, Target

#: How far a copy of an edge may be from what is written, of that: it conducts something still.
MOST_MISMATCH = 0.999


class Mismatch(Settings):
    """How far the two copies of an edge are from what is written."""

    conductance: float = Field(0.0, ge=0, le=0.5)
    """Relative s.d. of what each copy of an edge conducts (normal, truncated to stay positive),
    drawn once for each copy; 0 is two copies that match."""

    def network(
        self,
        circuit: Circuit,
        conductances: ArrayLike,
        sources: Sequence[int | str],
        targets: Sequence[Target],
        nudge: float,
        streams: Streams,
    ) -> TwinNetwork:
        """Return the network: the copies share every conductance where they do not differ."""
        if not self.conductance:
            return TwinNetwork(circuit, conductances, sources, targets, nudge)
        relative = self.relative(len(circuit.edges), streams)
        return MismatchedTwins(circuit, conductances, sources, targets, nudge, relative=relative)

    def relative(self, edges: int, streams: Streams) -> FloatArray:
        """Return what each copy conducts of what is written, shape (2, E).

        ``1 + conductance * ξ`` with ξ normal: draw e for edge e, one series of draws for each copy.
        The truncation is symmetric, so that the mean stays.
        """
        if not self.conductance:
            return np.ones((2, edges))
        bound = MOST_MISMATCH / self.conductance
        draws = [streams.normals("edges.mismatch", copy, 0, edges, bound) for copy in range(2)]
        return np.asarray(1.0 + self.conductance * np.array(draws))


class MismatchedTwins(TwinNetwork):
    """The free and the clamped copy of one circuit, of which each conducts its own.

    What is written, k, is conducted as ``relative * k``, with a factor for each edge and copy. The
    clamp follows the free copy, as in a `TwinNetwork`::

        v_clamped = v_free + nudge * (desired - v_free)

    Outputs and `transfer` are those of the free copy, since that is the one that is used.

    Parameters
    ----------
    circuit, conductances, sources, targets, nudge
        As for `TwinNetwork`.
    relative
        What each copy of an edge conducts of what is written, shape (2, E): the free copy's, and
        then the clamped one's; finite and positive.

    Raises
    ------
    CircuitError, SingularCircuitError
        As from `TwinNetwork`, and for factors that are not positive.

    Examples
    --------
    >>> divider = Circuit(edges=[(0, 1), (1, 2)], nodes=3)
    >>> twins = MismatchedTwins(
    ...     divider, [1.0, 3.0], [0, 2], [1], nudge=0.5, relative=[[1.0, 1.0], [2.0, 1.0]]
    ... )
    >>> twins.present(inputs=[1.0, 0.0], desired=[0.75])
    >>> twins.drops(0)
    (0.75, 0.5)
    >>> twins.power()  # the clamp holds the same voltages over twice the conductance
    (0.75, 1.25)
    """

    def __init__(
        self,
        circuit: Circuit,
        conductances: ArrayLike,
        sources: Sequence[int | str],
        targets: Sequence[Target],
        nudge: float,
        *,
        relative: ArrayLike,
    ) -> None:
        self._relative = np.array(relative, dtype=np.float64)
        wanted = 2, len(circuit.edges)
        if self._relative.shape != wanted:
            raise CircuitError(
                f"what the copies conduct, 'relative', must have the shape {wanted}, "
                f"got {self._relative.shape} instead"
            )
        if not ((self._relative > 0.0) & np.isfinite(self._relative)).all():
            raise CircuitError("what the copies conduct, 'relative', must be positive and finite")
        super().__init__(circuit, conductances, sources, targets, nudge)
        self._addressed = self._kernels.ADDRESSES

    def copy_conductances(self) -> tuple[FloatArray, FloatArray]:
        """Return what the edges conduct in the free and in the clamped copy, S, each shape (E,)."""
        free, clamped = self._kernels.conductances(self.real, self.index)
        return free, clamped

    def set_conductances(self, conductances: ArrayLike) -> None:
        """Write every conductance, S, shape (E,) or one number for all."""
        super().set_conductances(conductances)
        self._kernels.spread(self.real, self.index)

    @staticmethod
    def _compiled() -> ModuleType:
        from ..solver import separate

        return separate

    def _state(self) -> tuple[FloatArray, NDArray[np.int64]]:
        real, index = self._kernels.build(
            self.circuit.edges,
            self.circuit.nodes,
            self.sources,
            self.targets,
            self._relative,
            self.outputs,
        )
        return real, index
