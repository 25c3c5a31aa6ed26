"""Writes a report: one file of HTML that says what ran, draws it, and replays it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ...engine.errors import OhmtickError
from ...engine.records.run import SCENARIO, Run
from ...engine.records.writing import whole_file
from ..runs import open_run
from ..saving import figure_of, savable
from ..studies.record import is_study, open_study
from .figures import FIGURES, drawn
from .page_files import fill
from .pictures import Picture, picture
from .replay import MOST_EDGES, replay_of
from .settings import how_to_repeat, settings_of, subject
from .study import study_page


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
        return partial(study_page, open_study(studies[0]))
    return partial(_run_page, [open_run(folder) for folder in folders], _names_of(folders))


def _names_of(folders: Sequence[str | Path]) -> list[str]:
    """Call each run by its folder's name, with as many folders above as tell all apart."""
    parts = [Path(folder).resolve().parts for folder in folders]
    for length in range(1, max(map(len, parts))):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{Path(folder)} ({number})" for number, folder in enumerate(folders, 1)]


def _run_page(runs: Sequence[Run], names: Sequence[str]) -> str:
    """Return the page of one run, or of several side by side."""
    run, one = runs[0], len(runs) == 1
    figures = [] if one else [{"heading": "Together", "figures": [_together(runs, names)]}]
    subjects = []
    for each, name in zip(runs, names, strict=True):
        heading = "Figures" if one else f"Figures of {name}"
        pictures = [_picture_of(each, kind) for kind in FIGURES]
        figures.append({"heading": heading, "figures": pictures})
        told = how_to_repeat(each), each.summary, SCENARIO, each.scenario_toml
        subjects.append(subject(name, *told))
    tables = [settings_of(each) for each in runs]
    settings = dict.fromkeys(name for table in tables for name in table)
    before, after = run.summary["initial_error"], run.summary["final_error"]
    lead = ""
    if one and before and after is not None:
        ratio = f"{after / before:.2g} of what it was"
        lead = f"The error went from {before:.3g} V² to {after:.3g} V²: {ratio}."
    replay = replay_of(runs, names)
    absent = f"There is no replay: it draws networks of at most {MOST_EDGES:,} edges."
    context = {
        "kind": "a run" if one else f"{len(runs)} runs side by side",
        "heading": (run.summary["title"] or names[0]) if one else " · ".join(names),
        "lead": lead,
        "subjects": subjects,
        "settings": {name: [table.get(name, "") for table in tables] for name in settings},
        "figures": figures,
        "no_replay": "" if replay else absent,
    }
    return fill(context, replay)


def _picture_of(run: Run, kind: str) -> Picture:
    about = FIGURES[kind]
    try:
        with drawn(run, kind) as figure:
            return picture(figure, about.title, about.caption)
    except OhmtickError as error:
        return Picture(title=about.title, caption=about.caption, reason=str(error))


def _together(runs: Sequence[Run], names: Sequence[str]) -> Picture:
    """Return the learning curves of all runs in one figure."""
    import pandas as pd

    title, caption = "Learning curves", "The test error of each run at every probe."
    probed = [run.probes.assign(run=name) for run, name in zip(runs, names, strict=True)]
    together = pd.concat(probed, ignore_index=True)
    if together.empty:
        return Picture(title=title, caption=caption, reason="no run here has a [probe]")
    with savable():
        from .. import plots

        return picture(figure_of(plots.learning_curve(together, hue="run")), title, caption)
