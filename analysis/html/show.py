"""What a notebook shows of a circuit and of a run."""

from __future__ import annotations

from functools import singledispatch

from ...engine.circuit import Circuit
from ...engine.errors import AnalysisError
from ...engine.errors import shown as quoted
from ...engine.records.run import Run
from ..report.settings import settings_of
from .curve import curve
from .drawing import MOST_EDGES, drawing
from .markup import page, table


@singledispatch
def as_html(shown: object) -> str:
    """Return what a notebook shows of a `Circuit` or a `Run`: HTML without scripts, of some kB."""
    raise AnalysisError(f"as_html must be given a Circuit or a Run, got {quoted(shown)}")


@as_html.register
def _(shown: Circuit) -> str:
    return page(f"{shown.nodes:,} nodes, {len(shown.edges):,} edges", [drawing(shown)])


@as_html.register
def _(shown: Run) -> str:
    rows = settings_of(shown)
    if shown.folder is not None:
        rows["folder"] = str(shown.folder)
    title = rows.pop("title")
    parts = [table(rows), curve(shown.probes["time_s"], shown.probes["error"])]
    if len(shown.edges) <= MOST_EDGES:
        roles = shown.nodes["role"].tolist()
        parts.append(drawing(shown.circuit, roles, shown.conductances))
    return page(title, [part for part in parts if part])
