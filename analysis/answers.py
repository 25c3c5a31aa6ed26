"""The answer of a study in words: its reference, its thresholds, its comparisons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .metrics import METRICS
from .responses import thresholds
from .statistics import bootstrap

if TYPE_CHECKING:
    import pandas as pd

    from .studies import StudyRecord

#: Cells that are listed one by one; `StudyRecord.comparisons` has them all.
MOST_LISTED = 16


def answer(study: StudyRecord) -> str:
    """Return what a study found, in a few lines.

    Thresholds of keys that hold numbers, while the other such keys are at their reference; or else
    each cell against the reference; of a sample, how each key ranks the metric.
    """
    table = study.table()
    lines = [study.facts.get("title") or str(study.folder)]
    cells, seeds = study.cells, len(study.facts.get("seeds", ()))
    lines.append(_line("runs", f"{len(table)} of {len(study)}: {cells} cells × {seeds} seeds"))
    if "code" in table:
        others = table.loc[table["code"] != study.facts["code"], "code"]
        named = ", ".join(others.unique())
        lines.append(
            _line("code", f"{len(others)} of {len(table)} runs were made by other code: {named}")
        )
    if table[study.metric].notna().any():
        lines += _found(study, table)
    lines.append(_line("folder", str(study.folder)))
    return "\n".join(lines)


def _found(study: StudyRecord, table: pd.DataFrame) -> Iterator[str]:
    rule = study.facts["threshold"]
    level = f"{rule['confidence'] * 100:g} %"
    yield _line("metric", f"{study.metric}, {rule['statistic'].replace('_', ' ')} over the seeds")
    if study.metric in METRICS:  # a user's own may be unknown here
        yield _line("", (METRICS[study.metric].__doc__ or "").strip().partition("\n")[0])
    moved = list(_thresholds(study, table))
    if moved:
        factor = rule["factor"]
        yield _line("threshold", f"where it is {factor:g} × what it is at the reference ({level})")
        yield from moved
    elif study.facts.get("sampled"):
        yield _line("influence", f"rank correlation of each key with it ({level})")
        for row in study.influence().to_dict("records"):
            ends = f"{row['low']:+.2f} … {row['high']:+.2f}"
            yield _line("", f"{row['key']}: {row['value']:+.2f} ({ends})")
    else:
        yield from _comparisons(study, level)


def _thresholds(study: StudyRecord, table: pd.DataFrame) -> Iterator[str]:
    """Yield the thresholds of each key, while the other keys of numbers are at their reference."""
    rule = study.facts["threshold"]
    settings = {name: rule[name] for name in ("statistic", "confidence")}
    settings["reference"] = study.reference
    for key in study.moved:
        if not (table[key] == study.reference[key]).any():
            yield _line("", f"{key}: none, since no run at {study.reference[key]} was done")
            continue
        part = study.at_reference(table, [other for other in study.moved if other != key])
        if part.empty:
            yield _line("", f"{key}: none, since no run was done with all others at the reference")
            continue
        keys = [other for other in study.axes if other == key or len(part[other].unique()) > 1]
        found = thresholds(part, keys, study.metric, rule["factor"], **settings)
        rows = found[found["key"] == key].to_dict("records")
        names = [", ".join(_named(k, row[k]) for k in keys if k != key) for row in rows]
        width = max(map(len, names), default=0)
        if rows:
            yield _line("", f"{key}, of which {rows[0]['reference']:g} is the reference")
        for name, row in zip(names, rows, strict=True):
            yield _line("", f"  {name:{width}}  {_place(row)}; from {row['value']:.3g}")


def _named(key: str, value: object) -> str:
    return str(value) if key == "label" else f"{key} = {value}"


def _place(row: Mapping[Any, Any]) -> str:
    if math.isnan(row["threshold"]):
        return "none: what has to grow must be positive and finite at the reference"
    word = "below" if row["furthest"] < row["reference"] else "beyond"
    ends = [
        f"{word} {row['furthest']:g}" if math.isinf(end) else f"{end:.3g}"
        for end in (row["threshold"], row["low"], row["high"])
    ]
    if math.isnan(row["low"]):
        return f"{ends[0]} (one seed, no interval)"
    return ends[0] if ends[1] == ends[0] == ends[2] else f"{ends[0]} ({ends[1]} … {ends[2]})"


def _comparisons(study: StudyRecord, level: str) -> Iterator[str]:
    table = study.table()
    if not study.axes:
        rule = study.facts["threshold"]
        values = table[study.metric].dropna()
        of = bootstrap(values, rule["statistic"], confidence=rule["confidence"])
        yield _line("value", f"{of.value:.3g} ({of.low:.3g} … {of.high:.3g}), {level}")
        return
    if study.at_reference(table, study.axes).empty:
        named = ", ".join(_named(*each) for each in study.reference.items())
        yield _line("ratio", f"none, since no run of the reference was done ({named})")
        return
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
