"""The laboratory's rule: one step up or down."""

from __future__ import annotations

from ...engine.kernels.kernel import Row
from .base import Rule


class Sign(Rule, kind="sign", unit="steps"):
    """The laboratory's rule: one step of resistance up where the clamped drop is the larger.

    ``R += δR`` where ``|drop_clamped| > |drop_free|``, else ``R -= δR``; ties go down.

    References
    ----------
    Dillavou, Stern, Liu, Durian, Phys. Rev. Applied 18, 014040 (2022).

    Examples
    --------
    >>> Sign.change(0.5, -0.6, 1.0, [], [], 0.5), Sign.change(0.5, 0.5, 1.0, [], [], 0.5)
    (1.0, -1.0)
    """

    @staticmethod
    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Row,
        parameters: Row,
        nudge: float,
    ) -> float:
        """Return one step of resistance, up or down."""
        return 1.0 if abs(drop_clamped) > abs(drop_free) else -1.0
