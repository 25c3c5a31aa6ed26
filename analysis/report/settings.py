"""What a report says about a run in words: what ran, how it ended, how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.records.frames import group_names
from ...engine.records.run import Run
from ..learning import settled_error
from ..recorded import span_of
from ..units import SETTINGS, share

#: Stretches of numbers of edges that a line holds.
MOST_RANGES = 12


def settings_of(run: Run) -> dict[str, str]:
    """Return what a table says of a run: name and text, in order."""
    scenario, summary = run.tables, run.summary
    edges = scenario.get("edges", {})
    count = run.nodes["role"].value_counts()
    size = f"{len(run.nodes):,} nodes, {len(run.edges):,} edges"
    table = {
        "title": summary["title"] or "untitled",
        "circuit": f"{_kind(scenario, 'circuit')}: {size}",
        "task": f"{_kind(scenario, 'task')}: {_of(count.get('source', 0), 'source')}, "
        f"{_of(count.get('target', 0), 'target')}",
        **{part: _table(edges.get(part, {})) for part in ("rule", "resistor", "clock")},
        "comparator": _table(edges.get("comparator", {})) or "reads exactly",
        "latency": f"{edges['latency']:g} s" if edges.get("latency") else "none",
        **_groups(run, edges),
        "supervisor": _table(scenario.get("supervisor", {})),
        **_changes(scenario),
        "seed": str(summary["seed"]),
        "engine": str(summary["engine"]),
        **_stood_in(summary),
        "simulated": f"{span_of(run):g} s"
        + (", where it was interrupted" if summary["interrupted"] else ""),
        "updates": f"{summary['updates']:,}",
        "error before": _volts(summary["initial_error"]),
        "error after": _volts(summary["final_error"]),
    }
    if len(run.probes) >= 4:
        table["over the last quarter"] = str(settled_error(run.probes))
    if "final_accuracy" in summary:
        before, after = summary["initial_accuracy"], summary["final_accuracy"]
        table["accuracy"] = f"{share(before)} before, {share(after)} after, on the test data"
    return table


def subject(
    name: str, repeat: tuple[str, str], summary: Mapping[str, Any], file: str, source: str
) -> dict[str, str]:
    """Return what a page says of a run or a study: how to repeat it, and what computed it."""
    versions = summary.get("versions", {}).items()
    return {
        "name": name,
        "again": repeat[0],
        "command": repeat[1],
        "versions": ", ".join(f"{package} {version}" for package, version in versions),
        "file": file,
        "source": source,
    }


def how_to_repeat(run: Run) -> tuple[str, str]:
    """Return how to repeat a run: a sentence, and the command."""
    path = "scenario.toml" if run.folder is None else str(run.folder / "scenario.toml")
    sentence = (
        f"The file below is the whole scenario, its seed ({run.summary['seed']}) included. It "
        "gives the same run, bit for bit, by either engine"
    )
    for named in _stood_in(run.summary).values():
        sentence += f", where what stood in ({named}) is handed to ohmtick.run again"
    return f"{sentence}.", f"ohmtick run {shlex.quote(path)} --out again"


def _stood_in(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return a line on what stood in for parts of the scenario, if anything did."""
    others = summary.get("stand_ins") or {}  # folders of an earlier version do not say
    named = ", ".join(f"{key}: {told['name']}" for key, told in others.items())
    return {"stood in": named} if named else {}


def _groups(run: Run, edges: Mapping[str, Any]) -> dict[str, str]:
    """Return a line on each group of edges: its title, which edges, and in what they differ."""
    lines = {}
    groups = edges.get("groups", ())
    names = group_names([group.get("title", "") for group in groups])
    for number, (name, group) in enumerate(zip(names, groups, strict=True), start=1):
        told = [_which(group)]
        if "group" in run.edges:  # folders of an earlier version do not say
            told.insert(0, _of(int((run.edges["group"] == name).sum()), "edge"))
        differ = [
            f"{key.replace('_', ' ')}: {_table(its) if isinstance(its, Mapping) else _value(its)}"
            f"{' s' if key == 'latency' else ''}"
            for key, its in group.items()
            if key not in ("title", "edges", "nodes", "fraction") and its != edges.get(key)
        ]
        words = "; ".join([", ".join(told), *(differ or ["as the others"])])
        lines[f"group {number}"] = f"{group['title']}: {words}" if group.get("title") else words
    return lines


def _changes(scenario: Mapping[str, Any]) -> dict[str, str]:
    """Return a line on each change of the schedule: when, and what."""
    lines = {}
    for change in scenario.get("schedule", ()):
        parts = {**change, **change.get("edges", {})}
        lines[f"from {change['at']:g} s"] = "; ".join(
            f"{part}: {_table(parts[part])}"
            for part in ("task", "supervisor", "rule")
            if part in parts
        )
    return lines


def _which(group: Mapping[str, Any]) -> str:
    """Return which edges a group holds."""
    if "edges" in group:
        return f"numbers {_ranges(group['edges'])}"
    if "nodes" in group:
        return f"at {'node' if len(group['nodes']) == 1 else 'nodes'} {', '.join(group['nodes'])}"
    return f"{group['fraction']:.3g} of all, drawn by the seed"


def _ranges(edges: Sequence[int]) -> str:
    """Return numbers as a file may write them: ``"0-7, 12"``, of many the first few.

    Examples
    --------
    >>> _ranges([12, 0, 1, 2])
    '0-2, 12'
    """
    kept = np.unique(edges)
    runs = np.split(kept, np.flatnonzero(np.diff(kept) > 1) + 1)
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return ", ".join(texts[:MOST_RANGES] + ["…"] * (len(texts) > MOST_RANGES))


def _kind(scenario: Mapping[str, Any], table: str) -> str:
    return str(scenario.get(table, {}).get("kind", "?")).replace("_", " ")


def _of(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _table(table: Mapping[str, Any]) -> str:
    """Return the settings of a part in a line, those that are nought left out."""
    settings = [
        f"{key.replace('_', ' ')} {_value(value)} {SETTINGS.get(key, '')}".rstrip()
        for key, value in table.items()
        if key != "kind" and value not in (0, "", None)
    ]
    kind = [str(table["kind"]).replace("_", " ")] if "kind" in table else []
    return ", ".join(kind + settings)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"of {len(value)} values" if len(value) > 4 else ", ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def _volts(error: float | None) -> str:
    return "not finite" if error is None else f"{error:.3g} V²"
