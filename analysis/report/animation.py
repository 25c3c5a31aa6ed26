"""Makes a film of runs: their networks and learning curves over simulated time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import SubprocessError
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...engine.errors import OhmtickError, RecordError, reason
from ...engine.records.run import Run
from ...engine.records.writing import whole_file
from ..frames import require
from ..recorded import span_of
from ..runs import open_run
from ..saving import savable
from ..trajectories import path as path_of
from .downsampling import downsample
from .replay import bounds_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What a film can be: the suffix, and the writer of matplotlib.
WRITERS = {".gif": "pillow", ".mp4": "ffmpeg"}
#: Events of a run that a film is made from; of more, the last of each edge in each of many frames.
MOST_EVENTS = 2_000_000
#: Film of one run, and each further one: width and height, in; pixels an inch.
WIDTH, HEIGHT, DPI = 4.4, 4.6, 110


def animate(
    folders: Sequence[str | Path],
    out: str | Path,
    *,
    window: tuple[float, float | None] = (0.0, None),
    frames: int = 150,
    fps: int = 15,
    watch: Callable[[int, int], object] | None = None,
) -> Path:
    """Make a film of one run, or of several side by side on one clock, and return its path.

    Each frame shows the state at its time: the edges by their conductance, those that have just
    ticked underlaid in vermillion, and how far the learning curve has come.

    Parameters
    ----------
    folders
        Run folders, at least one.
    out
        The film: ``.gif``, or ``.mp4`` where ffmpeg is on the path.
    window
        Simulated time of the first frame and of the last, s; None for the end of the longest run.
    frames
        How many frames, at least 2.
    fps
        Frames a second, at least 1.
    watch
        Called with the number of each frame that is drawn, from 0, and with how many there are.

    Raises
    ------
    OhmtickError
        For another suffix, for mp4 without ffmpeg, for a window, a number of frames or a speed
        that makes no film.
    RecordError
        When a run cannot be read, or the film not written; then nothing is left behind.
    """
    path = Path(out)
    writer = _writer_of(path)
    if not folders:
        raise OhmtickError("a film must be given at least one run folder, got none")
    require(frames >= 2, "frames", "animate", "be at least 2", frames)
    require(fps >= 1, "fps", "animate", "be at least 1", fps)
    runs = [open_run(folder) for folder in folders]
    end = max(map(span_of, runs))
    start, stop = window[0], end if window[1] is None else window[1]
    rule = f"open before it closes, within [0, {end:g}] s"
    within = 0.0 <= start < stop <= end
    require(within, "window", "animate", rule, f"{start:g} to {stop:g} s")
    with savable(), whole_file(path) as partial:
        from matplotlib.animation import FuncAnimation

        figure, draw = _film(runs, np.linspace(start, stop, frames))
        film = FuncAnimation(figure, draw, frames=frames, blit=False)
        try:
            film.save(partial, writer=writer, fps=fps, dpi=DPI, progress_callback=watch)
        except (ValueError, RuntimeError, IndexError, OSError, SubprocessError) as error:
            if isinstance(error.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None  # its writer could not finish what was given up
            raise RecordError(f"cannot write {path}: {reason(error)}") from error
    return path


def _writer_of(path: Path) -> str:
    """Return the name of matplotlib's writer for a film; refuse one that is not there."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        got = path.suffix or "no suffix"
        raise OhmtickError(f"a film must be a .gif or an .mp4, got {got} instead ({path})")
    if writer == "ffmpeg" and shutil.which("ffmpeg") is None:
        raise OhmtickError(
            f"an .mp4 needs ffmpeg, which is not on the path; name a .gif instead ({path})"
        )
    return writer


def _film(
    runs: Sequence[Run], times: npt.NDArray[np.float64]
) -> tuple[Figure, Callable[[int], list[Any]]]:
    """Return the figure, and what draws a frame in it."""
    from ..plots.scale import conductance_key, log_norm
    from ..plots.style import panels

    rows = [downsample(run, MOST_EVENTS).rows for run in runs]
    bounds = bounds_of(runs, rows)
    axes = panels(
        2,
        len(runs),
        size=(WIDTH * len(runs), HEIGHT),
        height_ratios=(2.4, 1.0),
        squeeze=False,
        sharey="row" if len(runs) > 1 else False,
    )
    parts = [
        _part(run, events, times, bounds, *pair)
        for run, events, pair in zip(runs, rows, axes.T, strict=True)
    ]
    conductance_key(axes[0], log_norm(np.array(bounds)), aspect=45 * len(runs))
    figure: Figure = axes[0, 0].figure
    clock = figure.suptitle(" ", fontsize="large")

    def draw(frame: int) -> list[Any]:
        clock.set_text(f"t = {times[frame]:.4g} s")
        for part in parts:
            part(frame)
        if frame == 0:  # the layout is found once, lest the pictures tremble
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        return []

    return figure, draw


def _part(
    run: Run,
    events: pd.DataFrame,
    times: npt.NDArray[np.float64],
    bounds: tuple[float, float],
    network: Axes,
    curve: Axes,
) -> Callable[[int], None]:
    """Draw one run into a film, and return what draws a frame of it."""
    from matplotlib.collections import LineCollection

    from .. import plots
    from ..plots.network import show_conductances

    start = run.edges["conductance_start_S"]
    states = path_of(events, start, times, run.cuts)
    ticked = _ticked(events, len(run.edges), times)
    edges = run.edges.drop(columns="group", errors="ignore")  # no room for its legend
    plots.network(edges, run.nodes, start, bounds=bounds, key=False, ax=network)
    network.set_title(run.summary["title"].replace("$", r"\$"), fontsize="medium", wrap=True)
    (lines,) = (each for each in network.collections if isinstance(each, LineCollection))
    width = float(np.ravel(lines.get_linewidth())[0])
    flash = LineCollection(
        lines.get_segments(),
        colors="#d55e00",
        linewidths=width + max(1.5, 1.4 * width),
        alpha=0.0,
        zorder=0.5,  # under the edges
    )
    network.add_collection(flash)
    cursor = curve.axvline(times[0], color=plots.DISTINCT[3], lw=1.2, zorder=3)
    if run.probes.empty:
        curve.set_axis_off()
        cursor.set_visible(False)
    else:
        plots.learning_curve(run.probes, ax=curve)
        curve.set_xlim(0.0, span_of(run))

    def draw(frame: int) -> None:
        show_conductances(lines, states[frame])
        flash.set_alpha(np.where(ticked[frame], 0.9, 0.0).tolist())
        cursor.set_xdata([times[frame]] * 2)

    return draw


def _ticked(
    events: pd.DataFrame, edges: int, times: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which edges have just ticked at each time, shape (F, E).

    That is since the frame before, but no longer than a third of the mean interval between the
    ticks of an edge, or else all would be lit all the time.
    """
    ticked = np.zeros((len(times), edges), dtype=np.bool_)
    if events.empty:
        return ticked
    sensed, edge = events["sensed_s"].to_numpy(), events["edge"].to_numpy()
    frame = np.searchsorted(times, sensed)
    trail = min(times[1] - times[0], np.ptp(sensed) * edges / sensed.size / 3.0)
    seen = np.append(times, np.inf)[frame] - sensed <= trail
    ticked[frame[seen], edge[seen]] = True
    return ticked
