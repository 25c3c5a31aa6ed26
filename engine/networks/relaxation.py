"""Twins that take time: the voltages of both copies follow C dv/dt = -L v."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..circuit import Circuit
from ..errors import CircuitError, shown
from .equilibrium import TwinNetwork
from .network import FloatArray, IndexArray


class RelaxingTwins(TwinNetwork):
    """The free and the clamped copy of one circuit whose nodes have capacitors to ground.

    At every node i that is not held::

        C_i dv_i/dt = sum_j k_ij (v_j - v_i)

    and in the clamped copy the targets are held, at every instant, at::

        v_clamped(t) = v_free(t) + nudge * (desired - v_free(t))

    A datum moves the sources, and the clamp, at once; nodes go on from where they are. On the first
    datum both copies have settled. Whoever reads sees the voltages of that time, exact to
    rounding; `respond` and `transfer` are of the circuit once it has settled.

    Times, in s, are essential here: what is asked without one is asked of the latest.

    Parameters
    ----------
    circuit, conductances, sources, nudge
        As for `TwinNetwork`.
    targets
        Likewise, but each a node and no pair.
    capacitances
        F, shape (N,), or one number for every node; finite and positive. Those of sources, and of
        clamped targets, make no difference.

    Raises
    ------
    CircuitError, SingularCircuitError
        As from `TwinNetwork`, and for capacitances that are not positive.

    References
    ----------
    Stern, Dillavou, Miskin, Durian, Liu, Phys. Rev. Research 4, L022037 (2022), for the model;
    `~ohmtick.engine.relaxing.advance` for the numerics.

    Examples
    --------
    >>> divider = Circuit(edges=[(0, 1), (1, 2)], nodes=3)
    >>> twins = RelaxingTwins(divider, [1.0, 1.0], [0, 2], [], nudge=0.5, capacitances=2.0)
    >>> twins.present(inputs=[0.0, 0.0], desired=[])
    >>> twins.present(inputs=[1.0, 0.0], desired=[])
    >>> f"{twins.drops(1, time=1.0)[0]:.6f}"  # RC is 1 s: (1 - 1/e) / 2
    '0.316060'
    """

    def __init__(
        self,
        circuit: Circuit,
        conductances: ArrayLike,
        sources: Sequence[int | str],
        targets: Sequence[int | str],
        nudge: float,
        *,
        capacitances: ArrayLike,
    ) -> None:
        values = np.array(capacitances, dtype=np.float64)
        if values.shape not in ((), (circuit.nodes,)):
            raise CircuitError(
                f"the 'capacitances' of RelaxingTwins must have the shape ({circuit.nodes},), "
                f"got {values.shape} instead"
            )
        wrong = np.flatnonzero(~((values > 0.0) & np.isfinite(values)))
        if wrong.size:
            node = circuit.name(wrong[:1]) if values.ndim else "every node"
            raise CircuitError(
                f"the capacitance of {node} must be finite and positive, "
                f"got {values.ravel()[wrong[0]]} F instead"
            )
        for target in targets:
            if isinstance(target, tuple | list):
                raise CircuitError(
                    f"the targets of RelaxingTwins must be single nodes, got {shown(target)}"
                )
        self.capacitances: FloatArray = np.broadcast_to(values, circuit.nodes).copy()
        super().__init__(circuit, conductances, sources, targets, nudge)
        self._kernels.begin(self.index)

    def set_conductances(self, conductances: ArrayLike) -> None:
        """Change every conductance, S, shape (E,) or one number for all, at the latest time."""
        self._kernels.set_going(self.real, self.index)
        super().set_conductances(conductances)
        self._kernels.spread(self.real, self.index)

    def voltages(self, time: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Return every node's voltage at a time in both copies, V, each shape (N,)."""
        self._settle()
        free, clamped = np.empty((2, self.circuit.nodes))
        self._kernels.voltages_at(self.real, self.index, time, free, clamped)
        self._settle()  # which refuses what was too stiff
        return free, clamped

    def power(self, time: float = 0.0) -> tuple[float, float]:
        """Return the power that the edges turn into heat at a time in both copies, W."""
        found = super().power(time)
        self._settle()
        return found

    def refuse_singular(self) -> None:
        """Raise the error of a circuit that is too stiff, or has no solution."""
        if self.index[self._kernels.STIFF]:
            raise CircuitError(
                f"the circuit is too stiff to relax exactly: at {self._latest():g} s its slowest "
                "node had not settled since the event before, in more than 100 000 times the "
                "time constant of its fastest; smaller capacitances settle between events, larger "
                "ones and a higher least conductance bring these closer"
            )
        super().refuse_singular()

    def _latest(self) -> float:
        return float(self.real[self.index[self._kernels.AT_TIME]])

    def energy(
        self,
        edges: IndexArray,
        conductances: FloatArray,
        times: FloatArray,
        start: float,
        stop: float,
    ) -> tuple[float, float]:
        """Refuse: what a circuit dissipates while it relaxes is not added up.

        Raises
        ------
        CircuitError
            Always.
        """
        raise CircuitError(
            "the energy of RelaxingTwins is not added up yet: sum the power of probes over time"
        )

    @staticmethod
    def _compiled() -> ModuleType:
        from ..relaxing import kernels

        return kernels

    def _state(self) -> tuple[FloatArray, NDArray[np.int64]]:
        real, index = self._kernels.build(
            self.circuit.edges, self.circuit.nodes, self.sources, self.targets, self.capacitances
        )
        return real, index
