"""The figures of a recorded run by name: what each shows, and how it is drawn into a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ...engine.errors import OhmtickError, RecordError, nearest
from ...engine.records.run import Run
from ...engine.registry import Family
from ..recorded import groups_of, span_of
from ..runs import open_run
from ..saving import figure_of, savable, save
from ..settled import settled_displacement
from ..stability import allan_deviations
from ..studies.record import is_study, open_study
from ..voltages import data_of, node_voltages

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..studies.record import StudyRecord

D = TypeVar("D", bound=Callable[[Any], object])


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A figure that can be asked for by name: what it shows, and what draws it, of a run."""

    title: str
    caption: str
    draw: Callable[[Run], object]


#: The figures that can be asked for by name.
FIGURES: Family[Shown] = Family("figure")


def figure(draw: D) -> D:
    """Make a function that draws a run known as a figure, under its own name; a decorator.

    The function takes a `~ohmtick.engine.records.run.Run` and returns the Axes, or an array of
    them; the first line of its docstring is the title, the rest the caption. Where a run has
    nothing to show, it raises an `OhmtickError` that says why.
    """
    title, _, caption = (draw.__doc__ or draw.__name__).strip().partition("\n")
    shown = Shown(title=title.rstrip("."), caption=" ".join(caption.split()), draw=draw)
    FIGURES.add(draw.__name__, shown, of=draw)
    return draw


@figure
def learning(run: Run) -> object:
    """Learning curve.

    The test error at every probe; where the task has classes, the accuracy below.
    """
    from .. import plots

    if run.probes.empty:
        raise OhmtickError("this run has no [probe], or ended before the first measurement")
    if "accuracy" not in run.probes:
        return plots.learning_curve(run.probes)
    both = plots.stacked(heights=(1.0, 1.0))
    for y, ax in zip(("error", "accuracy"), both, strict=True):
        plots.learning_curve(run.probes, y=y, ax=ax)
    both[0].set_xlabel("")
    return both


@figure
def network(run: Run) -> object:
    """The network as it ended.

    Edges by their last conductance; squares are sources, diamonds targets with the voltage that
    is desired of them (→), of the first datum; nodes are darker at higher voltages.
    """  # noqa: D401 - a title
    from .. import plots

    data = data_of(run)
    if data is None:
        return plots.network(run.edges, run.nodes)
    nodes = node_voltages(run)
    if data.desired is None:
        return plots.network(run.edges, nodes, voltage="free_V")
    return plots.twins(run.edges, nodes)


@figure
def conductances(run: Run) -> object:
    """Conductances.

    Every edge, or 150 of them spread evenly; in each thousandth of the time the lowest, the
    highest and the last value.
    """
    from .. import plots

    edges = run.edges
    return plots.conductances(_events(run), edges["conductance_start_S"], groups=edges.get("group"))


@figure
def ticks(run: Run) -> object:
    """Ticks, and how far they are in step.

    When the edges read, over about twenty ticks each from the first; below, the order parameter
    of their clocks, or of each group of them, and dashed what clocks without any order would have.
    """
    from .. import plots

    period = np.full(len(run.edges), np.nan)
    for edges, clock in _clocks(run):
        period[edges] = clock.get("period", np.nan) if clock.get("gate", 1.0) < 1.0 else np.nan
    return plots.ticks_and_order(_events(run), period=period, groups=run.edges.get("group"))


@figure
def intervals(run: Run) -> object:
    """Intervals.

    Between the ticks of each edge that it acted on, over all edges.
    """
    from .. import plots

    return plots.intervals(_events(run), groups=run.edges.get("group"))


@figure
def allan(run: Run) -> object:
    """Stability of the clocks.

    Allan deviation, a line an edge (dark to light in the order of their numbers, or in the colour
    of its group), or the median and the middle four fifths of more than thirty.
    """
    import pandas as pd

    from .. import plots

    events, found = _events(run), []
    clocks = [(edges, clock) for edges, clock in _clocks(run) if clock.get("gate", 1.0) >= 1.0]
    if not clocks:
        raise OhmtickError(
            "its gate lets ticks pass, and a clock's stability cannot be told from the others"
        )
    for edges, clock in clocks:
        own = events[events["edge"].isin(edges)]
        if (own["edge"].value_counts() >= 3).any():
            found.append(allan_deviations(own, clock.get("period")))
    if not found:
        raise OhmtickError("no edge whose ticks are all there ticked three times")
    deviations = pd.concat(found, ignore_index=True)
    if (deviations["allan_deviation"] < 1e-12).all():
        raise OhmtickError("its clocks keep their period to rounding: they have no deviation")
    return plots.allan(deviations, groups=run.edges.get("group"))


@figure
def staleness(run: Run) -> object:
    """Staleness.

    How many other actuations fell between a reading and its writing.
    """
    from .. import plots

    return plots.staleness(_events(run), groups=run.edges.get("group"))


@figure
def displacement(run: Run) -> object:
    """Displacement.

    How far the resistors are from where they were a lag ago, squared and summed over edges, on
    average over the second half of the run; sampled once a period of the clock.
    """
    from .. import plots

    _events(run)
    frame, unit = settled_displacement(run)
    hue = "group" if "group" in frame else None
    return plots.displacement(frame, hue, msd_label=f"mean squared\ndisplacement ({unit})")


@figure
def power(run: Run) -> object:
    """Power.

    What the free copy turns into heat, and what clamping adds to that, at three hundred instants
    that keep no step with anything: each is of the datum that is presented then.
    """
    from .. import plots

    golden = (1.0 + np.sqrt(5.0)) / 2.0
    return plots.power(run.power(span_of(run) * np.sort(np.arange(1, 301) * golden % 1.0)))


@figure
def confusion(run: Run) -> object:
    """Which class is taken for which.

    The test data of each class (a row) by the class whose outputs theirs lie nearest, as the run
    ended; darker, the larger a part of the class they are.
    """
    from .. import plots

    return plots.confusion(run.confusion())


def _clocks(run: Run) -> list[tuple[Any, dict[str, Any]]]:
    """Return the edges of each group, and the table of their clock."""
    return [(edges, table.get("clock", {})) for edges, table in groups_of(run).values()]


def _events(run: Run) -> pd.DataFrame:
    if run.events.empty:
        raise OhmtickError("no edge acted in this run")
    return run.events


def draw(folder: str | Path, kind: str, out: str | Path | None = None) -> Path:
    """Draw a figure of a recorded run, or of a study, and return the path of its file.

    Parameters
    ----------
    folder
        The run folder, or the study folder.
    kind
        One of `FIGURES`; of a study ``learning``, ``response-KEY``, ``heat-map-KEY-KEY`` and the
        like, whose names the message lists where there is none of that name.
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
    path = Path(folder) / f"{kind}.png" if out is None else Path(out)
    if not path.suffix:
        path = path.with_name(f"{path.name}.png")
    if is_study(folder):
        return _draw_of_study(open_study(folder), kind, path)
    if kind not in FIGURES:
        raise OhmtickError(f"there is no figure {kind!r}; {nearest(kind, FIGURES)}")
    run = open_run(folder)
    try:
        with drawn(run, kind) as figure:
            save(figure, path)
    except RecordError:
        raise
    except OhmtickError as error:
        raise OhmtickError(f"cannot draw {kind!r} of {folder}: {error}") from None
    return path


def _draw_of_study(study: StudyRecord, kind: str, path: Path) -> Path:
    from ..studies.figures import study_figures

    with savable():
        axes = dict(study_figures(study))
        if kind not in axes:
            has = ", ".join(map(repr, axes)) or "none, since no run of it is done"
            raise OhmtickError(f"there is no figure {kind!r} of {study.folder}; it has {has}")
        save(figure_of(axes[kind]), path)
    return path


@contextmanager
def drawn(run: Run, kind: str) -> Iterator[Figure]:
    """Draw a figure of a run, and free it when it has been used."""
    with savable():
        yield figure_of(FIGURES[kind].draw(run))
