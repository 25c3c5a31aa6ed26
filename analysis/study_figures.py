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
        for name, axes in _figures(study):
            path = into / f"{name}.png"
            axes.figure.savefig(path, dpi=200, bbox_inches="tight")  # type: ignore[union-attr]
            plt.close(axes.figure)  # type: ignore[arg-type]
            drawn.append(path)
    except OSError as error:
        raise RecordError(f"cannot write the figures in {into}: {reason(error)}") from error
    return drawn


def _figures(study: StudyRecord) -> Iterator[tuple[str, Axes]]:
    table = study.table()
    if not table[study.metric].notna().any():
        return
    sampled = study.facts.get("sampled", [])
    moved = [
        key for key in study.axes if key not in sampled and table[key].dtype.kind in "iuf"
        and table[key].nunique() > 1
    ]  # fmt: skip
    for key in moved:
        yield f"response-{key}", _response(study, key)
    if len(moved) >= 2:
        matrix = responses.heat_map(table, moved[0], moved[1], study.metric)
        yield f"heat-map-{moved[0]}-{moved[1]}", plots_studies.heat_map(matrix, metric=study.metric)
    for key in sampled:
        if table[key].dtype.kind in "iuf":
            yield f"sample-{key}", plots_studies.scatter(table, key, study.metric)
    if not moved and not sampled and len(found := study.comparisons()):
        yield "comparison", plots_studies.comparison(found, study.axes, metric=study.metric)


def _response(study: StudyRecord, key: str) -> Axes:
    """Draw the response to one key, a curve a level of another one, the rest at their first."""
    table = study.table()
    others = [other for other in study.axes if other != key and table[other].nunique() > 1]
    few = [other for other in others if table[other].nunique() <= MOST_CURVES]
    hue = few[0] if few else None
    for other in others:
        if other != hue:
            table = table[table[other] == table[other].iloc[0]]
    keys = [key] if hue is None else [key, hue]
    rule = study.facts["threshold"]
    found = responses.response(
        table, keys, study.metric, statistic=rule["statistic"], confidence=rule["confidence"]
    )
    at = rule["reference"].get(key, table[key].iloc[0])
    base = found.loc[found[key] == at, "value"]
    return plots_studies.response_curve(
        found,
        key,
        hue,
        metric=study.metric,
        reference=float(base.iloc[0]) if hue is None and len(base) else None,
        factor=rule["factor"],
    )
