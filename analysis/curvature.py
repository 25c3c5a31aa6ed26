"""How steep learning is at a solution, and hence how late and how large its steps may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..engine.circuit import Circuit
from ..engine.networks.equilibrium import TwinNetwork
from .frames import require

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Curvature:
    """The linear response of the outputs' misses to one step of coupled learning at rate 1."""

    together: FloatArray
    """Eigenvalues λ of the step when all edges take it at once, descending, V²/S, shape (T,): each
    step multiplies a miss in an eigendirection by ``1 - α λ``."""
    alone: FloatArray
    """How much an edge's step corrects of its own reason for it when it alone takes it, V²/S,
    shape (E,). Their sum is that of the eigenvalues."""

    @property
    def largest(self) -> float:
        """The largest eigenvalue, V²/S."""
        return float(self.together[0])

    @property
    def participation(self) -> float:
        """How many edges share in the correction: ``(Σ alone)² / Σ alone²``, from 1 to E."""
        return float(self.alone.sum() ** 2 / (self.alone**2).sum())


def curvature(
    circuit: Circuit,
    conductances: npt.ArrayLike,
    sources: Mapping[str, float],
    targets: Sequence[str],
) -> Curvature:
    """Return how steep coupled learning of one datum is at a solution.

    Let R be the drops over the edges when one target is moved by 1 V, shape (E, T), the other
    targets and the sources held; F the free drops, K the conductances, x = v - desired. To first
    order in x, whatever the nudge::

        dk = α B x,    B = diag(F) R
        dx = -Z Bᵀ dk, Z = (Rᵀ diag(K) R)⁻¹

    with Z the mutual resistance of the targets: the first is the rule, the second reciprocity. So
    a step of all edges is ``x ← (1 - α Z BᵀB) x``, and one of edge e alone corrects
    ``(B Z Bᵀ)_ee`` of it.

    The outputs at the targets, node labels, are as desired at the conductances, S, shape (E,);
    sources are node label = V.
    """
    from scipy.linalg import eigh  # here: it takes long to import

    k, inputs = np.asarray(conductances, dtype=np.float64), list(sources.values())
    twin = TwinNetwork(circuit, k, sources=list(sources), targets=list(targets), nudge=1.0)
    twin.present(inputs=inputs, desired=np.zeros(len(targets)))
    free = twin.voltages()[0]
    outputs = free[twin.targets]
    first, second = circuit.edges.T
    moved = np.empty((len(circuit.edges), len(targets)))
    for target in range(len(targets)):
        # By 1 V: the circuit is linear, so that the size of the move does not matter.
        twin.present(inputs=inputs, desired=outputs + np.eye(len(targets))[target])
        response = twin.voltages()[1] - free
        moved[:, target] = response[first] - response[second]
    reason = (free[first] - free[second])[:, None] * moved
    stiffness = moved.T @ (k[:, None] * moved)
    # The eigenvalues of Z BᵀB are those of BᵀB x = λ Z⁻¹ x, with symmetric matrices.
    eigenvalues = eigh(reason.T @ reason, stiffness, eigvals_only=True)[::-1]
    step = np.linalg.solve(stiffness, reason.T)
    return Curvature(together=eigenvalues, alone=np.einsum("et,te->e", reason, step))


def largest_delay(rate: float) -> float:
    """Return how late a step may act before learning oscillates ever more, in its own unit.

    Where many small steps make up the motion ``dx/dt = -r x(t - τ)`` it decays for
    ``r τ < π / 2``. The rate is r = α λ / T, with the learning rate α, the largest curvature λ and
    the mean time T between two steps of an edge.

    References
    ----------
    N. D. Hayes, "Roots of the transcendental equation associated with a certain
    difference-differential equation", J. London Math. Soc. s1-25, 226 (1950).
    """
    require(rate > 0.0, "rate", "largest_delay", "be positive", rate)
    return np.pi / 2.0 / rate


def largest_gated_step(gate: float, participation: float) -> float:
    """Return the largest α λ at which steps of one output converge in the mean square.

    Edge e acts with probability p, the gate, and corrects a share α j_e of the miss, Σ j_e = λ. The
    miss is then multiplied by ``1 - α Σ ξ_e j_e`` with independent ξ_e of 0 or 1, whose mean square
    ``(1 - α p λ)² + α² p (1 - p) Σ j_e²`` is below 1 for ``α λ < 2 / (p + (1 - p) / n)``, with the
    participation ``n = λ² / Σ j_e²``: between 2 in lockstep and 2 n where edges act one by one.
    """
    require(0.0 <= gate <= 1.0, "gate", "largest_gated_step", "be in [0, 1]", gate)
    return 2.0 / (gate + (1.0 - gate) / participation)


def largest_step(late: int = 0) -> float:
    """Return the largest α λ at which steps of all edges at once converge.

    ``x_{n+1} = x_n - a x_{n-m}``, where steps come m late, decays for
    ``0 < a < 2 sin(π / (2 (2 m + 1)))``: 2 when each step knows of the last one, 1 when it comes
    one step late, π / (2 m + 1) when many.

    References
    ----------
    S. A. Levin and R. M. May, "A note on difference-delay equations", Theor. Popul. Biol. 9,
    178 (1976).
    """
    require(late >= 0, "late", "largest_step", "not be negative", late)
    return float(2.0 * np.sin(np.pi / (2.0 * (2 * late + 1))))
