"""Draws the answer of a study into files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import RecordError, reason, shortened
from ..plots import learning_curve
from ..plots import studies as plots_studies
from ..plots.style import as_written
from ..saving import figure_of, savable, save
from . import responses

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from .record import StudyRecord

#: The folder in a study's folder that the figures go to.
FIGURES = "figures"
#: Curves that can be told apart in one figure.
MOST_CURVES = 8
#: Bytes of a file's name, before its ending.
LONGEST_NAME = 200


def draw_all(study: StudyRecord, folder: str | Path | None = None) -> list[Path]:
    """Draw what a study found into a folder, and return the paths of the files.

    A response curve for each key that holds numbers and was moved by itself, a heat map of the
    first two such keys, each cell against the reference where there are no such keys, and a
    scatter plot for each key that was sampled. Each file is whole, whenever the drawing is stopped.
    They go to ``figures`` in the study's folder by default.

    Raises
    ------
    RecordError
        When a figure cannot be written.
    """
    into = study.folder / FIGURES if folder is None else Path(folder)
    if folder is None and into.is_symlink():  # the study may come from somebody else
        raise RecordError(f"cannot write the figures in {into}: it is a symbolic link")
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot write the figures in {into}: {reason(error)}") from error
    drawn = []
    with savable():
        for name, axes in figures_of(study):
            drawn.append(path := into / f"{name}.png")
            save(figure_of(axes), path)
    return drawn


def figures_of(study: StudyRecord) -> Iterator[tuple[str, Axes]]:
    """Yield the name and the Axes of each figure that a study has; the caller frees them."""
    table = study.table()
    if not table[study.metric].notna().any():
        return
    for key in study.moved:
        yield from _responses(study, key)
    if len(study.moved) >= 2:
        yield from _heat_maps(study, *study.moved[:2])
    sampled = [key for key in study.metadata.get("sampled", []) if table[key].dtype.kind in "iuf"]
    for key in sampled:
        yield (
            _file_name("sample", key),
            plots_studies.scatter(table, key, study.metric, units=study.units),
        )
    if not study.moved and not sampled and len(found := study.comparisons()):
        yield (
            "comparison",
            plots_studies.comparison(found, study.axes, metric=study.metric, units=study.units),
        )


def study_figures(study: StudyRecord) -> Iterator[tuple[str, Axes]]:
    """Yield the name and the Axes of each figure: those of the answer, and learning curves."""
    yield from figures_of(study)
    probes = study.probes()
    if probes.empty:
        return
    keys = [key for key in study.axes if len(probes[key].unique()) > 1]
    few = [key for key in keys if len(probes[key].unique()) <= 8]
    hue = next(iter(few), None)
    if hue is not None:
        probes = study.at_reference(probes, [key for key in keys if key != hue])
        probes = probes.assign(**{hue: probes[hue].map(str)})
    yield "learning", learning_curve(probes, hue=hue, band="confidence")


def _responses(study: StudyRecord, key: str) -> Iterator[tuple[str, Axes]]:
    """Draw the response to one key, a curve a level of another one.

    Other keys of words have a figure a level; other numbers are at their reference.
    """
    table = study.table()
    others = [other for other in study.axes if other != key and len(table[other].unique()) > 1]
    others.sort(key=lambda other: other in study.moved)  # words before numbers
    hue = next((other for other in others if len(table[other].unique()) <= MOST_CURVES), None)
    numbers = [other for other in others if other != hue and other in study.moved]
    words = [other for other in others if other != hue and other not in study.moved]
    keys = [key] if hue is None else [key, hue]
    for title, part in _by_words(study.at_reference(table, numbers), words):
        found = study.thresholds(table=part, keys=keys)
        axes = plots_studies.response_curve(
            responses.response(part, keys, study.metric, **study.statistic_options),
            key,
            hue,
            metric=study.metric,
            thresholds=found[found["key"] == key],
            factor=study.metadata["threshold"]["factor"],
            units=study.units,
        )
        as_written(axes).set_title(shortened(title), fontsize="small")
        yield _file_name("response", key, title), axes


def _heat_maps(study: StudyRecord, x: str, y: str) -> Iterator[tuple[str, Axes]]:
    """Draw two keys against each other, a figure a level of those that are no numbers."""
    table = study.at_reference(study.table(), study.moved[2:])
    words = [key for key in study.axes if len(table[key].unique()) > 1 and key not in study.moved]
    statistic = study.metadata["threshold"]["statistic"]
    for title, part in _by_words(table, words):
        matrix = responses.heat_map(part, x, y, study.metric, statistic=statistic)
        axes = plots_studies.heat_map(matrix, metric=study.metric, units=study.units)
        as_written(axes).set_title(shortened(title), fontsize="small")
        yield _file_name("heat-map", x, y, title), axes


def _by_words(table: pd.DataFrame, words: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the parts of a table for each level of some keys, and the levels as a title."""
    if not words:
        yield "", table
        return
    for levels, part in list(table.groupby(words, sort=False, dropna=False))[:MOST_CURVES]:
        yield ", ".join(map(str, levels)), part


def _file_name(*parts: str) -> str:
    whole = "-".join(filter(None, parts))
    name = re.sub(r"[^\w.-]+", "-", whole).strip("-")
    if len(name.encode()) <= LONGEST_NAME:
        return name
    # Cut, and told apart by what is left out; no file system takes more than 255 bytes.
    return f"{name[: LONGEST_NAME // 4]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
