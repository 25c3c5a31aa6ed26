"""A network where it lies: edges by conductance, sources and targets with their voltages."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ..frames import check_frame, require
from ..report.layout import Layout, layout_of
from .groups import group_colours, group_legend, group_marks, named_groups
from .scale import conductance_key, log_norm
from .style import FIGURE, ORDERED, axes_for

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
    group bear its mark.

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
    ax : Axes, optional
        Where to draw; by default a new figure of column width.

    Returns
    -------
    Axes
        With one `LineCollection` of the edges, in their order.

    Raises
    ------
    AnalysisError
        If a column is missing, a frame is empty, or there is not one conductance an edge.
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
    ax.add_collection(edge_lines(layout, norm, shown, ax))
    _draw_nodes(ax, layout, nodes, voltage)
    if "group" in edges:
        _mark_groups(ax, layout, edges["group"], legend=key)
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

    Parameters
    ----------
    edges, nodes : DataFrame
        As for `network`; the nodes with `free_V` and `clamped_V`, as `analysis.node_voltages` adds
        them.
    conductances : array_like, shape (E,), or str
        As for `network`.

    Returns
    -------
    ndarray of Axes, shape (2,)
        In a new figure, two columns wide.

    Raises
    ------
    AnalysisError
        As `network`.
    """
    check_frame(nodes, ["free_V", "clamped_V"], "nodes", "twins")
    with sns.plotting_context("paper"):
        figure, panels = plt.subplots(1, 2, figsize=(2 * FIGURE[0], 2.7), layout="constrained")
    for copy, panel in zip(("free", "clamped"), panels, strict=True):
        network(edges, nodes, conductances, voltage=f"{copy}_V", key=False, ax=panel)
        panel.set_title(f"{copy} copy", fontsize="medium")
    if "group" in edges:
        group_legend(panels[-1], named_groups(edges["group"], "twins"), marks=True)
    shown = edges[conductances] if isinstance(conductances, str) else conductances
    conductance_key(panels, log_norm(np.asarray(shown, dtype=float)), aspect=50)
    assert isinstance(figure, Figure)
    return np.asarray(panels, dtype=object)


def edge_lines(
    layout: Layout, norm: LogNorm, conductances: npt.NDArray[np.float64], ax: Axes
) -> LineCollection:
    """Return the edges as lines; `show_conductances` gives them others."""
    u = np.linspace(0.0, 1.0, 13)[:, None]
    paths = []
    control = layout.control()
    bent = np.hypot(*(control - layout.places[layout.ends].mean(axis=1)).T) > 1e-6
    for edge, (first, second) in enumerate(layout.ends):
        ends = layout.places[[first, second]]
        if bent[edge]:
            curve = (1 - u) ** 2 * ends[0] + 2 * u * (1 - u) * control[edge] + u**2 * ends[1]
            paths.append(curve)
        else:
            paths.append(ends)
    colours = ORDERED.with_extremes(bad=CUT)
    lines = LineCollection(paths, cmap=colours, norm=norm, capstyle="round", zorder=1)
    lines.set_linewidth(_size(layout, ax, most=3.2, share=0.09, least=0.5))
    show_conductances(lines, conductances)
    return lines


def show_conductances(lines: LineCollection, conductances: npt.NDArray[np.float64]) -> None:
    """Colour edges by their conductances, S; those that conduct nothing are dashed and grey."""
    cut = conductances <= 0.0
    lines.set_array(np.ma.masked_array(conductances, cut))
    lines.set_linestyle(np.where(cut, "--", "-").tolist())


def _draw_nodes(ax: Axes, layout: Layout, nodes: pd.DataFrame, voltage: str | None) -> None:
    size = _size(layout, ax, most=11.0, share=0.34, least=0.5)
    shades = np.full(len(nodes), 1.0)
    if voltage:
        volts = nodes[voltage].to_numpy(dtype=float)
        span = np.nanmax(volts) - np.nanmin(volts) if np.isfinite(volts).any() else 0.0
        shades = 1.0 - 0.85 * np.nan_to_num((volts - np.nanmin(volts)) / (span or 1.0))
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
    for row, node in enumerate(nodes.itertuples(index=False)):
        label = str(node.node) if len(nodes) <= NAMED and size >= 6.0 else ""
        inside = len(label) <= 2
        if label and inside:
            _write(ax, layout, row, label, (0.0, 0.0), light=shades[row] < 0.6)
        text = _voltage(node, voltage) if node.role != "inner" and voltage else ""
        if label and not inside:
            text = f"{label}: {text}" if text else label
        if text:
            # Beside the node, where there is room; a word is wider than it is high.
            radius = 0.6 * max(size, 5.0 if node.role != "inner" else 0.0)
            room = np.array([radius + 1.9 * len(text), radius + 4.5])
            with np.errstate(divide="ignore"):
                across, up = layout.sides[row] * (room / np.abs(layout.sides[row])).min()
            _write(ax, layout, row, text, (float(across), float(up)))


def _mark_groups(ax: Axes, layout: Layout, groups: pd.Series, *, legend: bool) -> None:
    """Mark the middle of each edge that is in a group."""
    names = named_groups(groups, "network")
    colours, size = group_colours(names), _size(layout, ax, most=6.5, share=0.28, least=1.0)
    for name, mark in group_marks(names).items():
        own = np.array(names) == name
        ax.scatter(
            layout.middles[own, 0],
            layout.middles[own, 1],
            s=size**2,
            color=colours[name],
            marker=mark,
            edgecolors="white",
            linewidths=0.1 * size,
            zorder=1.5,
            label=name,
        )
    if legend:
        group_legend(ax, names, marks=True)


def _voltage(node: Any, column: str) -> str:
    """Return a node's voltage in words, and what is desired of it; nothing where it is unknown."""
    volts, desired = getattr(node, column), getattr(node, "desired_V", np.nan)
    if not np.isfinite(volts):
        return ""
    return f"{volts:.3g} V" + (f" → {desired:.3g} V" if np.isfinite(desired) else "")


def _write(
    ax: Axes,
    layout: Layout,
    node: int,
    text: str,
    beside: tuple[float, float],
    light: bool = False,
) -> None:
    inside = beside == (0.0, 0.0)
    ax.annotate(
        text.replace("$", r"\$"),
        layout.places[node],
        xytext=beside,
        textcoords="offset points",
        ha="center",
        va="center_baseline" if inside else "center",
        fontsize=6.5,
        color="white" if light else "black",
        bbox=None if inside else {"fc": "white", "alpha": 0.8, "lw": 0, "pad": 0.6},
        zorder=4,
        annotation_clip=False,
    )


def _size(layout: Layout, ax: Axes, *, most: float, share: float, least: float) -> float:
    """Return a size in points: a share of the drawing's grain as it will be."""
    figure = ax.get_figure()
    assert figure is not None
    width, height = figure.get_figwidth(), figure.get_figheight()  # type: ignore[union-attr]
    box = ax.get_position()
    span = np.maximum(np.ptp(layout.places, axis=0), 1e-9)
    points = 72.0 * 0.8 * min(width * box.width / span[0], height * box.height / span[1])
    return float(np.clip(share * layout.grain * points, least, most))
