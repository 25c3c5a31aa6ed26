"""The laboratory's rule with a dead band."""

from __future__ import annotations

from pydantic import Field

from ...engine.kernels.kernel import Row
from .base import Rule


class DeadZone(Rule, kind="dead_zone", unit="steps"):
    """The sign rule with a dead band: an edge that cannot tell its drops apart holds still.

    One step where ``||drop_clamped| - |drop_free|| >= width``, none where they are closer. A
    comparator with an offset decides every tie the same way, which drives its resistor to an end;
    a band wider than the offset stops that, and the error at which learning stalls grows with it.

    Examples
    --------
    >>> [DeadZone.change(0.5, clamped, 1.0, [], [0.2], 0.5) for clamped in (0.8, 0.6, -0.1)]
    [1.0, 0.0, -1.0]
    """

    width: float = Field(1e-3, ge=0)
    """The least difference of the drops' magnitudes that an edge acts on, V."""

    @staticmethod
    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Row,
        parameters: Row,
        nudge: float,
    ) -> float:
        """Return one step of resistance, up or down, or none."""
        difference = abs(drop_clamped) - abs(drop_free)
        if abs(difference) < parameters[0]:
            return 0.0
        return 1.0 if difference > 0.0 else -1.0
