"""The report of a study: what was varied, the answer, the figures, and a replay of two runs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...engine.errors import AnalysisError, OhmtickError, RecordError, reason
from ...engine.records.ledger import STUDY
from ...engine.records.reading import read_text
from ..runs import open_run
from ..saving import figure_of, savable
from ..studies.answers import answer
from ..studies.figures import figures_of
from ..units import named
from .page_files import fill
from .replay import replay_of
from .runs import Picture, picture

if TYPE_CHECKING:
    import pandas as pd

    from ...engine.records.run import Run
    from ..studies.record import StudyRecord

#: Rows of a table in a page.
MOST_ROWS = 200
#: What is said above and below a study's figures, by the beginning of their names.
CAPTIONS = {
    "response": (
        "Response to",
        "The metric against a key, with its interval over the seeds; a cross with its own interval "
        "is the threshold.",
    ),
    "heat-map": ("Heat map of", "The metric over two keys."),
    "sample": ("Sample of", "The metric at each point of the sample."),
    "comparison": ("Comparison", "Each cell against the reference, seed by seed."),
    "learning": (
        "Learning curves",
        "Median over the seeds, and the interval that holds it with 95 % confidence.",
    ),
}
#: The same where there is one seed.
CAPTIONS_ALONE = {
    "response": "The metric against a key; a cross is the threshold. No interval: one seed.",
    "comparison": "Each cell against the reference. No interval: one seed.",
    "learning": "No interval: one seed.",
}


def study_page(study: StudyRecord) -> str:
    """Return the page of a study, finished or not."""
    table, text = study.table(), _definition(study)
    title = study.metadata.get("title") or study.folder.name
    command = f"ohmtick study {shlex.quote(str(study.folder / STUDY))} --out again"
    subject = {
        "name": study.folder.name,
        "again": "The file below is the whole study. Each run has its seed, so that the same table "
        "comes of it; given the study's own folder, the command goes on where it stopped.",
        "command": command,
        "versions": ", ".join(f"{k} {v}" for k, v in study.metadata.get("versions", {}).items()),
        "file": STUDY,
        "source": text,
    }
    pictures = list(_pictures(study))
    runs = dict(_kept(study, table))
    context = {
        "kind": "a study",
        "heading": title,
        "lead": "",
        "answer": answer(study),
        "subjects": [subject],
        "settings": [{"name": name, "texts": [text]} for name, text in _settings(study)],
        "figures": [{"heading": "Figures", "text": "", "figures": pictures}] if pictures else [],
        "tables": list(_tables(study, table)),
        "version": __version__,
    }
    return fill(context, replay_of(list(runs.values()), list(runs)) if runs else None)


def _settings(study: StudyRecord) -> Iterator[tuple[str, str]]:
    done, failed, missing = len(study.table()), len(study.failures()), len(study.missing())
    units = study.units
    varied = [named(key, units) for key in study.keys]
    yield "varied", ", ".join(varied) or "nothing but the seed"
    yield "cells", f"{study.cells:,}"
    yield "seeds", f"{len(study.metadata.get('seeds', ())):,}"
    yield "runs", f"{done:,} done, {failed:,} failed, {missing:,} to be done"
    yield "measured", ", ".join(named(name, units) for name in study.metrics)


def _definition(study: StudyRecord) -> str:
    path = study.folder / STUDY
    try:
        return read_text(path)
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot read {path}: {reason(error)}") from error


def study_figures(study: StudyRecord) -> Iterator[tuple[str, Any]]:
    """Yield the name and the Axes of each figure: those of the answer, and learning curves."""
    yield from figures_of(study)
    from .. import plots

    probes = study.probes()
    if probes.empty:
        return
    keys = [key for key in study.axes if len(probes[key].unique()) > 1]
    few = [key for key in keys if len(probes[key].unique()) <= 8]
    hue = next(iter(few), None)
    if hue is not None:
        others = [key for key in keys if key != hue]
        probes = study.at_reference(probes, others)
        probes = probes.assign(**{hue: probes[hue].map(str)})
    yield "learning", plots.learning_curve(probes, hue=hue, band="confidence")


def _pictures(study: StudyRecord) -> Iterator[Picture]:
    with savable():
        for name, axes in study_figures(study):
            kind = next((kind for kind in CAPTIONS if name.startswith(kind)), name)
            above, below = CAPTIONS.get(kind, (name, ""))
            if len(study.metadata.get("seeds", ())) == 1:
                below = CAPTIONS_ALONE.get(kind, below)
            title = f"{above} {name.removeprefix(kind).strip('-')}".strip()
            yield picture(figure_of(axes), title, below)


def _tables(study: StudyRecord, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if len(table) and table[study.metric].notna().any():
        rule = study.metadata["threshold"]
        found = study.response(*study.axes).rename(columns={"value": study.metric})
        units = study.units | dict.fromkeys(("low", "high"), study.units.get(study.metric, ""))
        text = (
            f"The {rule['statistic'].replace('_', ' ')} of {study.metric} over the seeds, and the "
            f"ends of its interval ({rule['confidence']:.0%})."
        )
        if (found["seeds"] <= 1).all():
            text, found = "No interval: one seed.", found.drop(columns=["low", "high"])
        yield _table("Every cell", text, found.rename(columns=lambda name: named(name, units)))
    if len(failed := study.failures()):
        yield _table("Runs that failed", "", failed)


def _table(heading: str, text: str, frame: pd.DataFrame) -> dict[str, Any]:
    shown = frame.head(MOST_ROWS)
    if len(frame) > MOST_ROWS:
        text = f"{text} The first {MOST_ROWS} of {len(frame):,} rows.".strip()
    rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
    return {"heading": heading, "text": text, "columns": [*map(str, shown)], "rows": rows}


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _kept(study: StudyRecord, table: pd.DataFrame) -> Iterator[tuple[str, Run]]:
    """Yield a run of the first cell and one of the last, where their folders are kept here."""
    try:
        folders = study.folders()
    except AnalysisError:
        return
    if folders.empty:
        return
    seed = folders["seed"].iloc[0]
    of_seed = folders[folders["seed"] == seed]
    for place in dict.fromkeys([0, len(of_seed) - 1]):
        row = of_seed.iloc[place]
        if not study.follows(row["folder"]) or not Path(row["folder"]).is_dir():  # elsewhere
            continue
        setting = ", ".join(f"{key} = {row[key]}" for key in study.axes)
        try:
            yield f"{setting}, seed {seed}" if setting else f"seed {seed}", open_run(row["folder"])
        except OhmtickError:  # the study stands without it
            continue
