"""A small learning curve as SVG: the error over time, on a logarithmic scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .markup import text

WIDTH, HEIGHT = 320, 150
LEFT, BOTTOM, EDGE = 62, 34, 10
#: Stretches of a long curve; of each the least and the largest error are drawn.
STRETCHES = 200


def curve(times: npt.ArrayLike, errors: npt.ArrayLike) -> str:
    """Return the curve of errors, V², over times, s, both of shape (P,); "" where nothing is.

    What is not finite, or not above 0, has no place on the scale, and is left out.
    """
    t, e = np.asarray(times, dtype=float), np.asarray(errors, dtype=float)
    kept = np.isfinite(t) & np.isfinite(e) & (e > 0.0)
    t, e = _thinned(t[kept], np.log10(e[kept]))
    if t.size < 2:
        return ""
    low, high = np.floor(e.min()), max(np.ceil(e.max()), np.floor(e.min()) + 1.0)
    end = float(t.max()) or 1.0
    x = LEFT + t / end * (WIDTH - LEFT - EDGE)
    y = EDGE + (high - e) / (high - low) * (HEIGHT - BOTTOM - EDGE)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    floor = HEIGHT - BOTTOM
    frame = f"M{LEFT},{EDGE}V{floor}H{WIDTH - EDGE}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="error over time" font-size="11" fill="currentColor">'
        f'<path d="{frame}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>'
        f'<polyline points="{points}" fill="none" stroke="#1f77b4" stroke-width="1.5"/>'
        f'<text x="{LEFT - 4}" y="{EDGE + 8}" text-anchor="end">{10.0**high:.0e} V²</text>'
        f'<text x="{LEFT - 4}" y="{floor}" text-anchor="end">{10.0**low:.0e} V²</text>'
        f'<text x="{LEFT}" y="{floor + 14}">0</text>'
        f'<text x="{WIDTH - EDGE}" y="{floor + 14}" text-anchor="end">{text(f"{end:.4g} s")}</text>'
        f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 5}" text-anchor="middle">error</text>'
        "</svg>"
    )


def _thinned(
    times: npt.NDArray[np.float64], levels: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the extremes of each stretch of a long curve, in order."""
    if times.size <= 2 * STRETCHES:
        return times, levels
    parts = np.array_split(np.arange(times.size), STRETCHES)
    ends = [sorted({p[levels[p].argmin()], p[levels[p].argmax()]}) for p in parts]
    chosen = np.concatenate(ends)
    return times[chosen], levels[chosen]
