"""Writes a report: one file of HTML that says what ran, draws it, and replays it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...engine.errors import OhmtickError
from ...engine.records.run import Run
from ...engine.records.writing import whole_file
from ..runs import open_run
from ..saving import figure_of, savable
from ..studies.record import is_study, open_study
from .figures import FIGURES, drawn
from .page_files import fill
from .replay import MOST_EDGES, replay_of
from .settings import how_to_repeat, settings_of, versions_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Pixels of a picture for each of the page.
DENSITY = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A figure on the page, or the reason why it is not there."""

    title: str
    caption: str
    alt: str = ""
    picture: str = ""
    width: int = 0
    height: int = 0
    reason: str = ""

    @property
    def wide(self) -> bool:
        """Whether it takes two columns."""
        return self.width > 450


def write_report(folders: Sequence[str | Path], out: str | Path) -> Path:
    """Write the report of one run, of several side by side, or of a study; return its path.

    The file opens from disk without a network: what ran, how to repeat it, the error before and
    after, the figures, and a replay of the network on which all runs share one clock.

    Parameters
    ----------
    folders
        Run folders, at least one; or one study folder.
    out
        The file to write; ``.html`` is added where there is no suffix.

    Raises
    ------
    RecordError
        When a run or a study cannot be read, or the file not written; then nothing is left behind.
    """
    if not folders:
        raise OhmtickError("a report must be given at least one run folder, got none")
    path = Path(out)
    if not path.suffix:
        path = path.with_name(f"{path.name}.html")
    page = _page_of(folders)
    with whole_file(path) as file:  # begun before the page is made, which takes long
        file.write_text(page(), encoding="utf-8")
    return path


def _page_of(folders: Sequence[str | Path]) -> Callable[[], str]:
    """Open what is to be reported, and return what makes the page of it."""
    studies = [folder for folder in folders if is_study(folder)]
    if studies and len(folders) > 1:
        raise OhmtickError(f"a report holds one study or several runs, got {studies[0]} among them")
    if studies:
        from .study import study_page

        return partial(study_page, open_study(studies[0]))
    return partial(run_page, [open_run(folder) for folder in folders], names_of(folders))


def names_of(folders: Sequence[str | Path]) -> list[str]:
    """Call each run by its folder's name, with as many folders above as tell all apart."""
    parts = [Path(folder).resolve().parts for folder in folders]
    for length in range(1, max(map(len, parts))):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{Path(folder)} ({number})" for number, folder in enumerate(folders, 1)]


def run_page(runs: Sequence[Run], names: Sequence[str]) -> str:
    """Return the page of one run, or of several side by side."""
    one = len(runs) == 1
    title = runs[0].summary["title"] or names[0]
    groups = [] if one else [_together(runs, names)]
    for run, name in zip(runs, names, strict=True):
        heading = "Figures" if one else f"Figures of {name}"
        pictures = [picture_of(run, kind) for kind in FIGURES]
        groups.append({"heading": heading, "text": "", "figures": pictures})
    context = {
        "answer": "",
        "kind": "a run" if one else f"{len(runs)} runs side by side",
        "heading": title if one else " · ".join(names),
        "lead": _lead(runs[0]) if one else "",
        "subjects": [_subject(run, name) for run, name in zip(runs, names, strict=True)],
        "settings": _settings(runs),
        "figures": groups,
        "tables": [],
        "version": __version__,
    }
    replay = replay_of(runs, names)
    if replay is None:
        context["no_replay"] = (
            f"There is no replay: it draws networks of at most {MOST_EDGES:,} edges."
        )
    return fill(context, replay)


def _lead(run: Run) -> str:
    before, after = run.summary["initial_error"], run.summary["final_error"]
    if not before or after is None:
        return ""
    ratio = f"{after / before:.2g} of what it was"
    return f"The error went from {before:.3g} V² to {after:.3g} V²: {ratio}."


def _subject(run: Run, name: str) -> dict[str, Any]:
    sentence, command = how_to_repeat(run)
    return {
        "name": name,
        "again": sentence,
        "command": command,
        "versions": versions_of(run),
        "file": "scenario.toml",
        "source": run.scenario_toml,
    }


def _settings(runs: Sequence[Run]) -> list[dict[str, Any]]:
    tables = [settings_of(run) for run in runs]
    names = dict.fromkeys(name for table in tables for name in table)
    return [{"name": name, "texts": [table.get(name, "") for table in tables]} for name in names]


def picture_of(run: Run, kind: str) -> Picture:
    """Return a figure of a run for a page."""
    about = FIGURES[kind]
    try:
        with drawn(run, kind) as figure:
            return picture(figure, about.title, about.caption)
    except OhmtickError as error:
        return Picture(title=about.title, caption=about.caption, reason=str(error))


def picture(figure: Figure, title: str, caption: str) -> Picture:
    """Return a figure as a picture of a page, and free it."""
    import matplotlib.pyplot as plt

    data = BytesIO()
    dpi = 110 * DENSITY
    figure.savefig(data, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    held = data.getvalue()
    width, height = (int.from_bytes(held[at : at + 4], "big") // DENSITY for at in (16, 20))
    return Picture(
        title=title,
        caption=caption,
        alt=f"{title}. {caption}",
        picture=base64.b64encode(held).decode("ascii"),
        width=width,
        height=height,
    )


def _together(runs: Sequence[Run], names: Sequence[str]) -> dict[str, Any]:
    """Return the figure that holds the learning curves of all runs."""
    import pandas as pd

    title, caption = "Learning curves", "The test error of each run at every probe."
    probed = [run.probes.assign(run=name) for run, name in zip(runs, names, strict=True)]
    together = pd.concat(probed, ignore_index=True)
    if together.empty:
        shown = Picture(title=title, caption=caption, reason="no run here has a [probe]")
    else:
        with savable():
            from .. import plots

            figure = figure_of(plots.learning_curve(together, hue="run"))
            shown = picture(figure, title, caption)
    return {"heading": "Together", "text": "", "figures": [shown]}
