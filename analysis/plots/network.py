"""A network where it lies: edges by conductance, sources and targets with their voltages."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm

from ..frames import check_frame, require
from ..report.layout import Layout, layout_of
from .groups import group_colours, group_legend, group_marks, named_groups
from .scale import conductance_key, log_norm
from .style import FIGURE, ORDERED, axes_for, panels

FloatArray = npt.NDArray[np.float64]

#: Up to how many nodes have their labels drawn.
NAMED = 40
#: The grey of edges that conduct nothing.
CUT = "#999999"
#: Sources are squares, targets diamonds, all others circles; sizes in points.
MARKS = {"inner": "o", "source": "s", "target": "D"}


def network(
    edges: pd.DataFrame,
    nodes: pd.DataFrame,
    conductances: npt.ArrayLike | str = "conductance_final_S",
    *,
    voltage: str | None = None,
    bounds: tuple[float, float] | None = None,
    key: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a network with its edges coloured by conductance, on a logarithmic scale.

    Nodes lie where the circuit has them, or else where springs would put them; parallel edges are
    bent apart (see `layout_of`); edges of 0 S, which were cut, are dashed and grey. Sources are
    squares, targets diamonds, all other nodes circles, which are left out where they would hide the
    edges. Up to 40 nodes bear their labels. Where `edges` has a column `group`, the edges of each
    group bear its mark. All edges are one `LineCollection`, in their order.

    Parameters
    ----------
    edges, nodes : DataFrame
        Of a run: `first` and `second`; `node`, `role`, `x`, `y`.
    conductances : array_like, shape (E,), or str
        Conductances, S, or the column of `edges` that holds them.
    voltage : str, optional
        Column of `nodes` with voltages, V, as `analysis.node_voltages` adds them: they are written
        at sources and targets, and the darker a node, the higher its voltage. Where there is a
        column `desired_V`, what is desired of a target stands beside its voltage.
    bounds : (float, float), optional
        Conductances at the ends of the colour scale, S; by default the least and the largest.
    key : bool, default True
        Whether to draw the colour bar, and the legend of groups.
    """
    where = "network"
    column = [conductances] if isinstance(conductances, str) else []
    check_frame(edges, ["first", "second", *column], "edges", where)
    check_frame(nodes, ["node", "role", "x", "y", *([voltage] if voltage else [])], "nodes", where)
    shown = np.asarray(edges[column[0]] if column else conductances, dtype=float)
    got = f"an array of shape {shown.shape}"
    fits = shown.shape == (len(edges),)
    require(fits, "conductances", where, "be one for each of the edges", got)
    layout = layout_of(edges, nodes)
    ax = axes_for(ax)
    norm = log_norm(shown, bounds)
    ax.add_collection(_edge_lines(layout, norm, shown, ax))
    _draw_nodes(ax, layout, nodes, voltage)
    if "group" in edges:
        names = named_groups(edges["group"], where)
        _mark_groups(ax, layout, names)
        if key:
            group_legend(ax, names, marks=True)
    ax.update_datalim(np.concatenate([layout.places, layout.middles]))
    ax.set_aspect("equal")
    ax.margins(0.09)
    ax.autoscale_view()
    ax.set_axis_off()
    if key:
        conductance_key(ax, norm)
    return ax


def twins(
    edges: pd.DataFrame,
    nodes: pd.DataFrame,
    conductances: npt.ArrayLike | str = "conductance_final_S",
) -> npt.NDArray[np.object_]:
    """Draw the free copy of a network beside the clamped one, which share every conductance.

    The two Axes are in a new figure, two columns wide. The parameters are those of `network`; the
    nodes have `free_V` and `clamped_V`, as `analysis.node_voltages` adds them.
    """
    check_frame(nodes, ["free_V", "clamped_V"], "nodes", "twins")
    both: npt.NDArray[np.object_] = panels(1, 2, size=(2 * FIGURE[0], 2.7))
    for copy, panel in zip(("free", "clamped"), both, strict=True):
        network(edges, nodes, conductances, voltage=f"{copy}_V", key=False, ax=panel)
        panel.set_title(f"{copy} copy", fontsize="medium")
    if "group" in edges:
        group_legend(both[-1], named_groups(edges["group"], "twins"), marks=True)
    shown = edges[conductances] if isinstance(conductances, str) else conductances
    conductance_key(both, log_norm(np.asarray(shown, dtype=float)), aspect=50)
    return both


def _edge_lines(
    layout: Layout, norm: LogNorm, conductances: FloatArray, ax: Axes
) -> LineCollection:
    """Return the edges as lines: quadratic curves where they are bent."""
    u = np.linspace(0.0, 1.0, 13)[:, None]
    start, stop = layout.places[layout.ends].swapaxes(0, 1)
    control = layout.control()
    bent = np.hypot(*(control - (start + stop) / 2.0).T) > 1e-6
    paths = [
        (1 - u) ** 2 * a + 2 * u * (1 - u) * b + u**2 * c if bend else np.array([a, c])
        for a, b, c, bend in zip(start, control, stop, bent, strict=True)
    ]
    colours = ORDERED.with_extremes(bad=CUT)
    lines = LineCollection(paths, cmap=colours, norm=norm, capstyle="round", zorder=1)
    lines.set_linewidth(_size(layout, ax, most=3.2, share=0.09, least=0.5))
    show_conductances(lines, conductances)
    return lines


def show_conductances(lines: LineCollection, conductances: FloatArray) -> None:
    """Colour edges by their conductances, S; those that conduct nothing are dashed and grey."""
    cut = conductances <= 0.0
    lines.set_array(np.ma.masked_array(conductances, cut))
    lines.set_linestyle(np.where(cut, "--", "-").tolist())


def _draw_nodes(ax: Axes, layout: Layout, nodes: pd.DataFrame, voltage: str | None) -> None:
    size = _size(layout, ax, most=11.0, share=0.34, least=0.5)
    volts = nodes[voltage].to_numpy(dtype=float) if voltage else np.full(len(nodes), np.nan)
    shades = np.ones(len(nodes))
    if np.isfinite(volts).any():
        span = np.nanmax(volts) - np.nanmin(volts)
        shades -= 0.85 * np.nan_to_num((volts - np.nanmin(volts)) / (span or 1.0))
    for role, mark in MARKS.items():
        if role == "inner" and size < 1.5:  # they would only hide the edges
            continue
        chosen = (nodes["role"] == role).to_numpy()
        own = size if role == "inner" else max(size, 5.0) * (0.86 if role == "target" else 0.95)
        ax.scatter(
            layout.places[chosen, 0],
            layout.places[chosen, 1],
            s=own**2,
            c=np.repeat(shades[chosen, None], 3, axis=1),
            marker=mark,
            edgecolors="black",
            linewidths=0.4 if role == "inner" else 1.1,
            zorder=2 if role == "inner" else 3,
        )
    desired = nodes.get("desired_V", np.full(len(nodes), np.nan))
    for row, (node, role, wanted) in enumerate(
        zip(nodes["node"].map(str), nodes["role"], desired, strict=True)
    ):
        label = node if len(nodes) <= NAMED and size >= 6.0 else ""
        inside = len(label) <= 2
        if label and inside:
            _write(ax, layout, row, label, color="white" if shades[row] < 0.6 else "black")
        text = f"{volts[row]:.3g} V" if role != "inner" and np.isfinite(volts[row]) else ""
        if text and np.isfinite(wanted):
            text += f" → {wanted:.3g} V"
        if label and not inside:
            text = f"{label}: {text}" if text else label
        if text:
            # Beside the node, where there is room; a word is wider than it is high.
            radius = 0.6 * max(size, 5.0 if role != "inner" else 0.0)
            room = np.array([radius + 1.9 * len(text), radius + 4.5])
            with np.errstate(divide="ignore"):
                away = layout.sides[row] * (room / np.abs(layout.sides[row])).min()
            box = {"fc": "white", "alpha": 0.8, "lw": 0, "pad": 0.6}
            _write(ax, layout, row, text, xytext=tuple(away), va="center", bbox=box)


def _mark_groups(ax: Axes, layout: Layout, names: list[str]) -> None:
    """Mark the middle of each edge that is in a group."""
    colours, size = group_colours(names), _size(layout, ax, most=6.5, share=0.28, least=1.0)
    for name, mark in group_marks(names).items():
        x, y = layout.middles[np.array(names) == name].T
        ax.scatter(
            x,
            y,
            s=size**2,
            color=colours[name],
            marker=mark,
            edgecolors="white",
            linewidths=0.1 * size,
            zorder=1.5,
            label=name,
        )


def _write(ax: Axes, layout: Layout, node: int, text: str, **settings: Any) -> None:
    """Write at a node, or so many points away from it."""
    how: dict[str, Any] = {"xytext": (0.0, 0.0), "va": "center_baseline", "zorder": 4} | settings
    how |= {"textcoords": "offset points", "ha": "center", "fontsize": 6.5}
    ax.annotate(text.replace("$", r"\$"), layout.places[node], annotation_clip=False, **how)


def _size(layout: Layout, ax: Axes, *, most: float, share: float, least: float) -> float:
    """Return a size in points: a share of the drawing's grain as it will be."""
    span = np.maximum(np.ptp(layout.places, axis=0), 1e-9)
    points = 0.8 * 72.0 / ax.figure.dpi * float(np.divide(ax.bbox.size, span).min())
    return float(np.clip(share * layout.grain * points, least, most))
