"""Draws a figure of a recorded run into a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import OhmtickError, RecordError, nearest, reason
from ..engine.record import Run
from .runs import open_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _learning(run: Run) -> Axes:
    from . import plots

    if run.probes.empty:
        raise OhmtickError("this run has no [probe], or ended before the first measurement")
    return plots.learning_curve(run.probes)


def _conductances(run: Run) -> Axes:
    from . import plots

    _check_acted(run)
    return plots.conductances(run.events, initial=run.edges["conductance_start_S"])


def _ticks(run: Run) -> Axes:
    from . import plots

    _check_acted(run)
    return plots.ticks(run.events)


def _check_acted(run: Run) -> None:
    if run.events.empty:
        raise OhmtickError("no edge acted in this run")


#: The figures that can be asked for by name.
FIGURES: dict[str, Callable[[Run], Axes]] = {
    "learning": _learning,
    "conductances": _conductances,
    "ticks": _ticks,
}


def draw(folder: str | Path, kind: str, out: str | Path | None = None) -> Path:
    """Draw a figure of a recorded run and return the path of its file.

    Parameters
    ----------
    folder
        The run folder.
    kind
        One of `FIGURES`.
    out
        Where to, in any format that matplotlib knows by its suffix; ``<folder>/<kind>.png`` by
        default, and PNG where there is no suffix.

    Raises
    ------
    OhmtickError
        For an unknown kind or format.
    RecordError
        When the run cannot be read, or the figure not written.
    """
    if kind not in FIGURES:
        raise OhmtickError(f"there is no figure {kind!r}; {nearest(kind, FIGURES)}")
    run = open_run(folder)
    path = Path(folder) / kind if out is None else Path(out)
    if not path.suffix:
        path = path.with_name(f"{path.name}.png")
    import matplotlib

    matplotlib.use("Agg")  # files only: no display is needed
    try:
        axes = FIGURES[kind](run)
    except OhmtickError as error:
        raise OhmtickError(f"cannot draw {kind!r} of {folder}: {error}") from None
    figure = axes.get_figure()
    assert figure is not None
    try:
        figure.savefig(path, dpi=200, bbox_inches="tight")  # type: ignore[union-attr]
    except ValueError as error:
        raise OhmtickError(f"cannot draw {path}: {error}") from None
    except OSError as error:
        raise RecordError(f"cannot write {path}: {reason(error)}") from error
    return path
