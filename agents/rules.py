"""Learning rules: from the two drops over an edge to the change of its resistor.

A rule is a pure function of five numbers::

    rule(drop_free, drop_clamped, conductance, learning_rate, nudge) -> change

that an edge evaluates when it senses. What the change is counted in belongs to the rule's
settings: siemens for `CoupledLearning`, steps of resistance for `Sign`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field

from ..engine.settings import Settings

#: The signature of a rule; any function of it may stand in for a built-in one.
RuleFunction = Callable[[float, float, float, float, float], float]


def coupled_learning(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    """Return the change of conductance, S, by the rule of coupled learning.

    ``dk = α / (2 η) * (drop_free² - drop_clamped²)``, with the learning rate α (S/V²) and the
    nudge η. The half makes it the gradient of the contrast in dissipated power; for small η it
    descends ``½ Σ (v_target - desired)²``.

    References
    ----------
    Stern, Hexner, Rocks, Liu, Phys. Rev. X 11, 021045 (2021), eq. 8.

    Examples
    --------
    >>> coupled_learning(0.5, 0.25, 1.0, learning_rate=0.5, nudge=0.25)
    0.1875
    """
    contrast = (drop_free - drop_clamped) * (drop_free + drop_clamped)
    return learning_rate / (2.0 * nudge) * contrast


def sign(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    """Return one step of resistance, up or down, by the laboratory's rule.

    ``R += δR`` where ``|drop_clamped| > |drop_free|``, else ``R -= δR``; ties go down. The last
    three arguments are not used.

    References
    ----------
    Dillavou, Stern, Liu, Durian, Phys. Rev. Applied 18, 014040 (2022).

    Examples
    --------
    >>> sign(0.5, -0.6, 1.0, 1.0, 0.5), sign(0.5, 0.5, 1.0, 1.0, 0.5)
    (1.0, -1.0)
    """
    return 1.0 if abs(drop_clamped) > abs(drop_free) else -1.0


class CoupledLearning(Settings):
    """The continuous rule; its changes are conductances."""

    kind: Literal["coupled_learning"] = "coupled_learning"
    learning_rate: float = Field(gt=0)
    """α, S/V²."""

    unit: ClassVar[Literal["siemens", "steps"]] = "siemens"

    @property
    def function(self) -> RuleFunction:
        """The rule itself."""
        return coupled_learning


class Sign(Settings):
    """The laboratory's rule; its changes are steps of resistance."""

    kind: Literal["sign"] = "sign"

    learning_rate: ClassVar[float] = 1.0
    unit: ClassVar[Literal["siemens", "steps"]] = "steps"

    @property
    def function(self) -> RuleFunction:
        """The rule itself."""
        return sign
