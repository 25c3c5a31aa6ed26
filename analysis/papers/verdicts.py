"""From an interval to a verdict, and both in words."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...engine.errors import AnalysisError
from ..statistics import Estimate

Verdict = Literal["holds", "undecided", "does not hold"]


def verdict(found: Estimate, *, below: float | None = None, above: float | None = None) -> Verdict:
    """Judge an interval by the bounds that the effect should keep.

    It holds where the whole interval keeps them, does not where none of it does, and is undecided
    otherwise.
    """
    if below is None and above is None:
        raise AnalysisError("a verdict needs a bound")
    if (above is None or found.low > above) and (below is None or found.high < below):
        return "holds"
    if (above is not None and found.high < above) or (below is not None and found.low > below):
        return "does not hold"
    return "undecided"


def interval(found: Estimate) -> str:
    """Write an estimate with its interval."""
    return f"{number(found.value)} [{number(found.low)}, {number(found.high)}]"


def number(value: float) -> str:
    """Write a number in three digits."""
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "–"
    if value == 0.0 or 1e-3 <= abs(value) < 1e4:
        return f"{float(f'{value:.3g}'):g}".replace("-", "−")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}·10^{int(exponent)}".replace("-", "−")
