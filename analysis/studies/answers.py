"""The answer of a study in words: its reference, its thresholds, its comparisons."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..metrics import METRICS
from ..units import named

if TYPE_CHECKING:
    import pandas as pd

    from .record import StudyRecord

#: Cells that are listed one by one; `StudyRecord.comparisons` has them all.
MOST_LISTED = 16
#: What is said where there is no interval.
ONE_SEED = "no interval: one seed"


def answer(study: StudyRecord) -> str:
    """Return what a study found, in a few lines.

    Thresholds of keys that hold numbers, while the other such keys are at their reference; or else
    each cell against the reference; of a sample, how each key ranks the metric.
    """
    table = study.table()
    lines = [study.metadata.get("title") or str(study.folder)]
    cells, seeds = study.cells, len(study.metadata.get("seeds", ()))
    lines.append(_line("runs", f"{len(table)} of {len(study)}: {cells} cells × {seeds} seeds"))
    if "code" in table:
        others = table.loc[table["code"] != study.metadata["code"], "code"]
        codes = ", ".join(others.unique())
        lines.append(
            _line("code", f"{len(others)} of {len(table)} runs were made by other code: {codes}")
        )
    if nothing := unmeasured(study, table):
        lines.append(_line("nothing", nothing))
    if table[study.metric].notna().any():
        lines += _found(study, table)
    lines.append(_line("folder", str(study.folder)))
    return "\n".join(lines)


def unmeasured(study: StudyRecord, table: pd.DataFrame) -> str:
    """Return which metrics are NaN in every run that was done, in words; "" where none is."""
    names = [name for name in study.metrics if len(table) and table[name].isna().all()]
    if not names:
        return ""
    said = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} NaN in every run"
    scenario = tomllib.loads(study.metadata["scenario"])
    return said if "probe" in scenario else f"{said}; the scenario has no [probe]"


def _found(study: StudyRecord, table: pd.DataFrame) -> Iterator[str]:
    rule = study.metadata["threshold"]
    level = f"{rule['confidence'] * 100:g} %"
    metric = named(study.metric, study.units)
    yield _line("metric", f"{metric}, {rule['statistic'].replace('_', ' ')} over the seeds")
    if study.metric in METRICS:  # a user's own may be unknown here
        yield _line("", (METRICS[study.metric].__doc__ or "").strip().partition("\n")[0])
    moved = list(_thresholds(study, table))
    if moved:
        factor = rule["factor"]
        yield _line("threshold", f"where it is {factor:g} × what it is at the reference ({level})")
        yield from moved
    elif study.metadata.get("sampled"):
        yield _line("influence", f"rank correlation of each key with it ({level})")
        for row in study.influence().to_dict("records"):
            ends = f"{row['low']:+.2f} … {row['high']:+.2f}"
            yield _line("", f"{row['key']}: {row['value']:+.2f} ({ends})")
    else:
        yield from _comparisons(study, level)


def _thresholds(study: StudyRecord, table: pd.DataFrame) -> Iterator[str]:
    """Yield the thresholds of each key, while the other keys of numbers are at their reference."""
    factor, units = study.metadata["threshold"]["factor"], study.units
    for key in study.moved:
        if not (table[key] == study.reference[key]).any():
            yield _line("", f"{key}: none, since no run at {study.reference[key]} was done")
            continue
        part = study.at_reference(table, [other for other in study.moved if other != key])
        if part.empty:
            yield _line("", f"{key}: none, since no run was done with all others at the reference")
            continue
        keys = [other for other in study.axes if other == key or len(part[other].unique()) > 1]
        found = study.thresholds(table=part, keys=keys)
        rows = found[found["key"] == key].to_dict("records")
        names = [", ".join(_named(k, row[k], units) for k in keys if k != key) for row in rows]
        width = max(map(len, names), default=0)
        if rows:
            yield _line("", f"{key}, of which {_reference(study, key, rows[0])}")
        for name, row in zip(names, rows, strict=True):
            place = _place(row, factor, units.get(key))
            base = _with(f"{row['value']:.3g}", units.get(study.metric))
            yield _line("", f"  {name:{width}}  {place}; from {base}")


def _named(key: str, value: object, units: Mapping[str, str]) -> str:
    return str(value) if key == "label" else f"{key} = {_with(str(value), units.get(key))}"


def _with(number: str, unit: str | None) -> str:
    return f"{number} {unit}" if unit else number


def _reference(study: StudyRecord, key: str, row: Mapping[Any, Any]) -> str:
    """Say which value is the reference; and, of one in between, which way the key is followed."""
    levels, start = study.table()[key], row["reference"]
    between = levels.min() < start < levels.max()
    said = f"{_with(f'{start:g}', study.units.get(key))} is the reference"
    return f"{said}, followed upwards" if between else said


def _place(row: Mapping[Any, Any], factor: float, unit: str | None) -> str:
    """Say where a threshold is, with its interval; or how far there is none."""
    if math.isnan(row["threshold"]):
        verb = "grow" if factor > 1.0 else "fall"
        return f"none: what has to {verb} must be positive and finite at the reference"
    downwards, furthest = row["furthest"] < row["reference"], _with(f"{row['furthest']:g}", unit)
    if math.isinf(row["threshold"]):
        verb = "exceeded" if factor > 1.0 else "reached"
        said = f"never {verb} {'down' if downwards else 'up'} to {furthest}"
        if row["improves"]:
            said += ", it only improves"
        if math.isnan(row["low"]):
            return f"{said} ({ONE_SEED})"
        if math.isinf(first := row["high"] if downwards else row["low"]):
            return said
        begins = _with(f"{first:.3g}", unit)
        return f"{said} (its interval begins at {begins})"
    word = "below" if downwards else "beyond"
    low, high = (
        f"{word} {row['furthest']:g}" if math.isinf(row[end]) else f"{row[end]:.3g}"
        for end in ("low", "high")
    )
    place = f"{row['threshold']:.3g}"
    if math.isnan(row["low"]):
        return f"{_with(place, unit)} ({ONE_SEED})"
    return _with(place if low == place == high else f"{place} ({low} … {high})", unit)


def _comparisons(study: StudyRecord, level: str) -> Iterator[str]:
    table = study.table()
    if not study.axes:
        whole = _interval(study.response().iloc[0])
        yield _line("value", f"{_with(whole, study.units.get(study.metric))}, {level}")
        return
    if study.at_reference(table, study.axes).empty:
        named = ", ".join(_named(*each, study.units) for each in study.reference.items())
        yield _line("ratio", f"none, since no run of the reference was done ({named})")
        return
    found = study.comparisons()
    if not len(found):
        return
    yield _line("ratio", f"of each cell to the reference, paired by seed ({level})")
    for row in found.head(MOST_LISTED).to_dict("records"):
        cell = ", ".join(str(row[key]) for key in study.axes)
        yield _line("", f"{_interval(row)}  {cell}")
    if len(found) > MOST_LISTED:
        yield _line("", f"and {len(found) - MOST_LISTED} more")


def _interval(row: Mapping[Any, Any] | pd.Series) -> str:
    if math.isnan(row["low"]):
        return f"{row['value']:.3g} ({ONE_SEED})"
    return f"{row['value']:.3g} ({row['low']:.3g} … {row['high']:.3g})"


def _line(name: str, text: str) -> str:
    return f"  {name:10} {text}"
