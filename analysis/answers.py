"""The answer of a study in words: its reference, its thresholds, its comparisons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .metrics import METRICS

if TYPE_CHECKING:
    from .studies import StudyRecord

#: Cells that are listed one by one; `StudyRecord.comparisons` has them all.
MOST_LISTED = 16


def answer(study: StudyRecord) -> str:
    """Return what a study found, in a few lines.

    Thresholds of keys that hold numbers; or else each cell against the reference; of a sample,
    how each key ranks the metric.
    """
    table = study.table()
    lines = [study.facts.get("title") or str(study.folder)]
    cells, seeds = study.cells, len(study.facts.get("seeds", ()))
    lines.append(_line("runs", f"{len(table)} of {len(study)}: {cells} cells × {seeds} seeds"))
    if table[study.metric].notna().any():
        lines += _found(study)
    lines.append(_line("folder", str(study.folder)))
    return "\n".join(lines)


def _found(study: StudyRecord) -> Iterator[str]:
    rule = study.facts["threshold"]
    level = f"{rule['confidence']:.0%}".replace("%", " %")
    yield _line("metric", f"{study.metric}, {rule['statistic'].replace('_', ' ')} over the seeds")
    about = (METRICS[study.metric].__doc__ or "").strip().splitlines() if known(study) else []
    if about:
        yield _line("", about[0][:1].lower() + about[0][1:])
    thresholds = study.thresholds()
    if len(thresholds):
        yield _line("threshold", f"where that is {rule['factor']:g} × the reference's ({level})")
        for row in thresholds.to_dict("records"):
            yield from _threshold(row)
    elif study.facts.get("sampled"):
        yield _line("influence", f"rank correlation of each key with it ({level})")
        for row in study.influence().to_dict("records"):
            yield _line(
                "", f"{row['key']}: {row['value']:+.2f} ({row['low']:+.2f} … {row['high']:+.2f})"
            )
    else:
        yield from _comparisons(study, level)


def known(study: StudyRecord) -> bool:
    """Whether this process knows the study's metric, which a user may have written."""
    return study.metric in METRICS


def _threshold(row: Mapping[Any, Any]) -> Iterator[str]:
    where = f"{row['at']}: " if row["at"] else ""
    base = f"{row['value']:.3g} at {row['reference']:g}"
    yield _line("", f"{where}{row['key']} {_at(row)}; the reference is {base}")


def _at(row: Mapping[Any, Any]) -> str:
    furthest = f"{row['furthest']:g}, the furthest tried"
    if math.isinf(row["threshold"]):
        return f"not up to {furthest}"
    ends = [
        f"beyond {row['furthest']:g}" if math.isinf(end) else f"{end:.3g}"
        for end in (row["low"], row["high"])
    ]
    return f"= {row['threshold']:.3g} ({ends[0]} … {ends[1]})"


def _comparisons(study: StudyRecord, level: str) -> Iterator[str]:
    found = study.comparisons()
    if not len(found):
        return
    yield _line("ratio", f"of each cell to the reference, paired by seed ({level})")
    for row in found.head(MOST_LISTED).to_dict("records"):
        cell = ", ".join(str(row[key]) for key in study.axes)
        yield _line("", f"{row['value']:.3g} ({row['low']:.3g} … {row['high']:.3g})  {cell}")
    if len(found) > MOST_LISTED:
        yield _line("", f"and {len(found) - MOST_LISTED} more")


def _line(name: str, text: str) -> str:
    return f"  {name:10} {text}"
