"""Coupled learning with momentum."""

from __future__ import annotations

from pydantic import Field

from ...engine.kernels.kernel import Row
from .base import Rule


class Momentum(Rule, kind="momentum", unit="siemens", state_size=1):
    """Coupled learning whose changes have inertia: ``m ← β m + dk``, and k changes by ``m``.

    ``dk = α / (2 η) * (drop_free² - drop_clamped²)`` is that of `CoupledLearning`, and m is the
    edge's own. In the long run the changes are 1 / (1 - β) times as large as those of coupled
    learning with the same α. An edge counts by its own ticks, whatever the others do.

    References
    ----------
    Polyak, USSR Comput. Math. Math. Phys. 4, 1 (1964), for the method of the heavy ball.

    Examples
    --------
    >>> memory = [0.0]
    >>> [Momentum.change(0.5, 0.25, 1.0, memory, [0.5, 0.5], nudge=0.25) for _ in range(3)]
    [0.1875, 0.28125, 0.328125]
    """

    learning_rate: float = Field(gt=0)
    """α, S/V²."""
    decay: float = Field(0.9, ge=0, lt=1)
    """β: what is left of an edge's last change at its next."""

    @staticmethod
    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Row,
        parameters: Row,
        nudge: float,
    ) -> float:
        """Return the change of conductance, S."""
        contrast = (drop_free - drop_clamped) * (drop_free + drop_clamped)
        state[0] = parameters[1] * state[0] + parameters[0] / (2.0 * nudge) * contrast
        return state[0]
