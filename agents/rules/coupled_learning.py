"""The continuous rule of coupled learning."""

from __future__ import annotations

from pydantic import Field

from ...engine.kernels.kernel import Row
from .base import Rule


class CoupledLearning(Rule, kind="coupled_learning", unit="siemens"):
    """Coupled learning: ``dk = α / (2 η) * (drop_free² - drop_clamped²)``.

    With the learning rate α (S/V²) and the nudge η. The half makes it the gradient of the contrast
    in dissipated power; for small η it descends ``½ Σ (v_target - desired)²``.

    References
    ----------
    Stern, Hexner, Rocks, Liu, Phys. Rev. X 11, 021045 (2021), eq. 8.

    Examples
    --------
    >>> CoupledLearning.change(0.5, 0.25, 1.0, [], [0.5], nudge=0.25)
    0.1875
    """

    learning_rate: float = Field(gt=0)
    """α, S/V²."""

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
        return parameters[0] / (2.0 * nudge) * contrast
