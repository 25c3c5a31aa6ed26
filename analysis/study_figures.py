"""Draws the answer of a study into files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import RecordError, reason
from . import plots_studies, responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .studies import StudyRecord

#: The folder in a study's folder that the figures go to.
FIGURES = "figures"
#: Curves that can be told apart in one figure.
MOST_CURVES = 8


def draw_all(study: StudyRecord, folder: str | Path | None = None) -> list[Path]:
    """Draw what a study found, and return the paths of the files.

    A response curve for each key that holds numbers and was moved by itself, a heat map of the
    first two such keys, each cell against the reference where there are no such keys, and a
    scatter plot for each key that was sampled.

    Parameters
    ----------
    study
        What `ohmtick.open_study` returns.
    folder
        Where to; ``figures`` in the study's folder by default.

    Raises
    ------
    RecordError
        When a figure cannot be written.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.use("Agg")  # files only: no display is needed
    into = study.folder / FIGURES if folder is None else Path(folder)
    drawn = []
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, axes in figures_of(study):
            path = into / f"{name}.png"
            axes.figure.savefig(path, dpi=200, bbox_inches="tight")  # type: ignore[union-attr]
            plt.close(axes.figure)  # type: ignore[arg-type]
            drawn.append(path)
    except OSError as error:
        raise RecordError(f"cannot write the figures in {into}: {reason(error)}") from error
    return drawn


def figures_of(study: StudyRecord) -> Iterator[tuple[str, Axes]]:
    """Yield the name and the Axes of each figure that a study has; the caller frees them."""
    table = study.table()
    if not table[study.metric].notna().any():
        return
    for key in study.moved:
        yield f"response-{key}", _response(study, key)
    if len(study.moved) >= 2:
        yield from _heat_maps(study, *study.moved[:2])
    sampled = [key for key in study.facts.get("sampled", []) if table[key].dtype.kind in "iuf"]
    for key in sampled:
        yield f"sample-{key}", plots_studies.scatter(table, key, study.metric)
    if not study.moved and not sampled and len(found := study.comparisons()):
        yield "comparison", plots_studies.comparison(found, study.axes, metric=study.metric)


def _response(study: StudyRecord, key: str) -> Axes:
    """Draw the response to one key, a curve a level of another one, the rest at their first."""
    table = study.table()
    others = [other for other in study.axes if other != key and len(table[other].unique()) > 1]
    others.sort(key=lambda other: other in study.moved)  # words before numbers
    hue = next((other for other in others if len(table[other].unique()) <= MOST_CURVES), None)
    table = study.at_reference(table, [other for other in others if other != hue])
    keys = [key] if hue is None else [key, hue]
    rule = study.facts["threshold"]
    settings = {"statistic": rule["statistic"], "confidence": rule["confidence"]}
    found = responses.thresholds(
        table, keys, study.metric, rule["factor"], reference=rule["reference"], **settings
    )
    return plots_studies.response_curve(
        responses.response(table, keys, study.metric, **settings),
        key,
        hue,
        metric=study.metric,
        thresholds=found[found["key"] == key],
        factor=rule["factor"],
    )


def _heat_maps(study: StudyRecord, x: str, y: str) -> Iterator[tuple[str, Axes]]:
    """Draw two keys against each other, a figure for each level of those that are no numbers."""
    table = study.at_reference(study.table(), study.moved[2:])
    words = [key for key in study.axes if key not in study.moved]
    parts = list(table.groupby(words, sort=False)) if words else [((), table)]
    statistic = study.facts["threshold"]["statistic"]
    for levels, part in parts[:MOST_CURVES]:
        matrix = responses.heat_map(part, x, y, study.metric, statistic=statistic)
        axes = plots_studies.heat_map(matrix, metric=study.metric)
        title = ", ".join(map(str, levels))
        axes.set_title(title, fontsize="small")
        place = "".join(f"-{level}" for level in levels).replace("/", "_").replace(" ", "-")
        yield f"heat-map-{x}-{y}{place}", axes
