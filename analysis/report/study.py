"""The report of a study: what was varied, the answer, the figures, and a replay of two runs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import AnalysisError, OhmtickError, RecordError, reason
from ...engine.records.ledger import STUDY
from ...engine.records.reading import read_text
from ..runs import open_run
from ..saving import figure_of, savable
from ..studies.answers import answer
from ..units import named
from .page_files import fill
from .pictures import Picture, picture
from .replay import replay_of
from .settings import subject

if TYPE_CHECKING:
    import pandas as pd

    from ...engine.records.run import Run
    from ..studies.record import StudyRecord

#: Rows of a table in a page.
MOST_ROWS = 200
#: What is said above a study's figures, below them, and below those of one seed, by the beginning
#: of their names.
CAPTIONS = {
    "response": (
        "Response to",
        "The metric against a key, with its interval over the seeds; a cross with its own interval "
        "is the threshold.",
        "The metric against a key; a cross is the threshold. No interval: one seed.",
    ),
    "heat-map": ("Heat map of", "The metric over two keys."),
    "sample": ("Sample of", "The metric at each point of the sample."),
    "comparison": (
        "Comparison",
        "Each cell against the reference, seed by seed.",
        "Each cell against the reference. No interval: one seed.",
    ),
    "learning": (
        "Learning curves",
        "Median over the seeds, and the interval that holds it with 95 % confidence.",
        "No interval: one seed.",
    ),
}


def study_page(study: StudyRecord) -> str:
    """Return the page of a study, finished or not."""
    table, path = study.table(), study.folder / STUDY
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot read {path}: {reason(error)}") from error
    repeat = (
        "The file below is the whole study. Each run has its seed, so that the same table comes "
        "of it; given the study's own folder, the command goes on where it stopped.",
        f"ohmtick study {shlex.quote(str(path))} --out again",
    )
    pictures = list(_pictures(study))
    runs = dict(_kept(study))
    context = {
        "kind": "a study",
        "heading": study.metadata.get("title") or study.folder.name,
        "answer": answer(study),
        "subjects": [subject(study.folder.name, repeat, study.metadata, STUDY, text)],
        "settings": _settings(study, table),
        "figures": [{"heading": "Figures", "figures": pictures}] if pictures else [],
        "tables": list(_tables(study, table)),
    }
    return fill(context, replay_of(list(runs.values()), list(runs)) if runs else None)


def _settings(study: StudyRecord, table: pd.DataFrame) -> dict[str, list[str]]:
    failed, missing = len(study.failures()), len(study.missing())
    varied = ", ".join(named(key, study.units) for key in study.keys)
    return {
        "varied": [varied or "nothing but the seed"],
        "cells": [f"{study.cells:,}"],
        "seeds": [f"{len(study.metadata.get('seeds', ())):,}"],
        "runs": [f"{len(table):,} done, {failed:,} failed, {missing:,} to be done"],
        "measured": [", ".join(named(name, study.units) for name in study.metrics)],
    }


def _pictures(study: StudyRecord) -> Iterator[Picture]:
    from ..studies.figures import study_figures

    alone = len(study.metadata.get("seeds", ())) == 1
    with savable():
        for name, axes in study_figures(study):
            kind = next((kind for kind in CAPTIONS if name.startswith(kind)), name)
            above, *below = CAPTIONS.get(kind, (name, ""))
            title = f"{above} {name.removeprefix(kind).strip('-')}".strip()
            yield picture(figure_of(axes), title, below[-1 if alone else 0])


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
    shown = frame.head(MOST_ROWS).map(
        lambda value: f"{value:.4g}" if isinstance(value, float) else str(value)
    )
    if len(frame) > MOST_ROWS:
        text = f"{text} The first {MOST_ROWS} of {len(frame):,} rows.".strip()
    rows = shown.to_numpy().tolist()
    return {"heading": heading, "text": text, "columns": [*map(str, shown)], "rows": rows}


def _kept(study: StudyRecord) -> Iterator[tuple[str, Run]]:
    """Yield a run of the first cell and one of the last, where their folders are kept here."""
    try:
        folders = study.folders()
    except AnalysisError:
        return
    if folders.empty:
        return
    of_seed = folders[folders["seed"] == folders["seed"].iloc[0]]
    for row in of_seed.iloc[[0, -1][: len(of_seed)]].to_dict("records"):
        if not study.follows(row["folder"]) or not Path(row["folder"]).is_dir():  # elsewhere
            continue
        levels = [f"{key} = {row[key]}" for key in study.axes]
        try:
            yield ", ".join([*levels, f"seed {row['seed']}"]), open_run(row["folder"])
        except OhmtickError:  # the study stands without it
            continue
