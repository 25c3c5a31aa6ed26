"""A circuit drawn as SVG: edges the darker the more they conduct, sources, targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...engine.circuit import Circuit
from ..report.layout import laid_out
from .markup import text

#: Up to so many edges a circuit is drawn, and up to so many nodes one that nobody placed.
MOST_EDGES, MOST_UNPLACED = 1000, 300
#: Up to how many nodes bear their labels.
NAMED = 40
SIZE, MARGIN = 300, 16
#: Colours of the weakest and of the strongest edge, and of one that conducts nothing.
WEAK, STRONG, CUT = (176, 201, 224), (8, 48, 107), "#999"


def drawing(
    circuit: Circuit,
    roles: Sequence[str] | None = None,
    conductances: npt.ArrayLike | None = None,
) -> str:
    """Return a drawing of a circuit, or a sentence on why there is none.

    Parameters
    ----------
    circuit
        Its nodes lie where it has them, or else where springs would put them.
    roles
        Of each node: ``"source"`` (a square), ``"target"`` (a diamond) or another (a dot).
    conductances
        S, shape (E,): the darker an edge the more it conducts, on a logarithmic scale; one of 0 S
        is dashed.
    """
    count, nodes = len(circuit.edges), circuit.nodes
    if count > MOST_EDGES or (circuit.positions is None and nodes > MOST_UNPLACED):
        return f"<p>{nodes:,} nodes and {count:,} edges: too many to be drawn here</p>"
    unknown = np.full((nodes, 2), np.nan)
    layout = laid_out(circuit.edges, unknown if circuit.positions is None else circuit.positions)
    scale = SIZE - 2 * MARGIN
    width, height = np.concatenate([layout.places, layout.middles]).max(axis=0)

    def on_page(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return places in pixels; a page's second axis points down."""
        down: npt.NDArray[np.float64] = [0.0, height] + points * [1.0, -1.0]
        return MARGIN + scale * down

    places = on_page(layout.places)
    lines = _edges(places[layout.ends], on_page(layout.control()), conductances)
    marks = _nodes(circuit, places, roles or [""] * nodes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * MARGIN + scale * width:.0f}" '
        f'height="{2 * MARGIN + scale * height:.0f}" role="img" '
        f'aria-label="{nodes} nodes, {count} edges" font-size="9" text-anchor="middle" '
        f'stroke-width="1.5" fill="currentColor">{lines}{marks}</svg>'
    )


def _edges(
    ends: npt.NDArray[np.float64],
    control: npt.NDArray[np.float64],
    conductances: npt.ArrayLike | None,
) -> str:
    """Return one path an edge, bent where it would hide."""
    colours = _colours(len(ends), conductances)
    drawn = []
    for (start, stop), bend, colour in zip(ends, control, colours, strict=True):
        straight = np.abs(bend - (start + stop) / 2.0).max() < 0.5
        way = f"L{_point(stop)}" if straight else f"Q{_point(bend)} {_point(stop)}"
        dash = ' stroke-dasharray="3 3"' if colour == CUT else ""
        drawn.append(f'<path d="M{_point(start)}{way}" stroke="{colour}"{dash}/>')
    return f'<g fill="none">{"".join(drawn)}</g>'


def _colours(count: int, conductances: npt.ArrayLike | None) -> list[str]:
    """Return the colour of each edge."""
    if conductances is None:
        return ["#7a8aa0"] * count
    k = np.asarray(conductances, dtype=float)
    conducts = k > 0.0
    level = np.log(np.where(conducts, k, 1.0))
    least = level[conducts].min(initial=np.inf)
    span = level[conducts].max(initial=-np.inf) - least
    share = (level - least) / span if np.isfinite(span) and span > 0.0 else np.ones(count)
    shades = np.outer(1.0 - share, WEAK) + np.outer(share, STRONG)
    return [
        "rgb({:.0f},{:.0f},{:.0f})".format(*shade) if some else CUT
        for shade, some in zip(shades.tolist(), conducts.tolist(), strict=True)
    ]


def _nodes(circuit: Circuit, places: npt.NDArray[np.float64], roles: Sequence[str]) -> str:
    """Return a mark a node, with its label where there are few."""
    named = circuit.nodes <= NAMED
    radius = 7.0 if named else 2.0
    drawn = []
    for label, place, role in zip(circuit.labels, places, roles, strict=True):
        x, y = place
        r = radius if role not in ("source", "target") else max(radius, 5.0)
        square = f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r:.1f}" height="{2 * r:.1f}"'
        outline = ' fill="#fff" stroke="#000"'
        if role == "source":
            drawn.append(f"{square}{outline}/>")
        elif role == "target":
            drawn.append(f'{square}{outline} transform="rotate(45 {x:.1f} {y:.1f})"/>')
        else:
            drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"{outline}/>')
        if named:
            drawn.append(
                f'<text x="{x:.1f}" y="{y + 3.0:.1f}" fill="#000">{text(label, 12)}</text>'
            )
    return "".join(drawn)


def _point(place: npt.NDArray[np.float64]) -> str:
    return f"{place[0]:.1f},{place[1]:.1f}"
