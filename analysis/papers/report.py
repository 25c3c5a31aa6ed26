"""Writes what was found: a table a CSV, each figure as PNG and SVG, and at the end README.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ...engine.records.writing import whole_file, write_text
from ..saving import savable
from .claims import Finding, Paper, Records, Result

HEAD = """# {title}

{about}

Written by `{command}`
with ohmtick {version}: {runs} runs. The studies are in `studies/`, each with its complete
scenario and seeds; running the command again repeats nothing that is there.

A verdict follows from an interval alone, which is a 95 % bootstrap interval over seeds unless it is
that of a proportion (Clopper-Pearson): a statement *holds* where the whole interval keeps its
bound, *does not hold* where none of it does, and is *undecided* otherwise.
"""


def write(
    paper: Paper, records: Mapping[str, Records], folder: Path, *, command: str
) -> list[Finding]:
    """Judge what was recorded, by series and scenario, write the report, and return its findings.

    What is in the folder is written over. Each file is whole, whenever the writing is stopped;
    README.md, which names them, and the command that made them, is the last.
    """
    with savable():
        results = paper.judge(records)
        for result in results:
            _write_result(result, folder)
    findings = [finding for result in results for finding in result.findings]
    _findings_table(findings, folder / "findings.csv")
    studies = [record for series in records.values() for record in series.values()]
    text = HEAD.format(
        title=paper.title, about=paper.about, command=command,
        version=studies[0].metadata["version"], runs=sum(map(len, studies)),
    )  # fmt: skip
    text += "\n" + _summary(results) + "".join(map(_chapter, results))
    write_text(folder / "README.md", text)
    return findings


def _write_result(result: Result, folder: Path) -> None:
    """Write the tables and the figures of a claim."""
    import matplotlib

    for name, table in result.tables.items():
        with whole_file(folder / f"{name}.csv") as file:
            table.to_csv(file, index=False)
    for name, (figure, _) in result.figures.items():
        with matplotlib.rc_context({"svg.hashsalt": name}):  # the same file each time
            with whole_file(folder / f"{name}.png") as file:
                figure.savefig(file, dpi=200)
            with whole_file(folder / f"{name}.svg") as file:
                figure.savefig(file, metadata={"Date": None})


def _findings_table(findings: Iterable[Finding], path: Path) -> None:
    import pandas as pd

    rows = [
        {
            "claim": each.claim, "statement": each.statement, "verdict": each.verdict,
            "effect": each.effect, "value": each.found.value, "low": each.found.low,
            "high": each.found.high, "sample": each.found.seeds, "rule": each.rule,
            "main": each.main,
        }
        for each in findings
    ]  # fmt: skip
    with whole_file(path) as file:
        pd.DataFrame(rows).to_csv(file, index=False)


def _summary(results: Iterable[Result]) -> str:
    """Return what each claim comes to: its main statements."""
    rows = []
    for result in results:
        claim = f"{result.claim}. {result.title}"
        for each in (finding for finding in result.findings if finding.main):
            rows.append((claim, each.statement, f"**{each.verdict}**", each.effect, each.interval))
            claim = ""  # once
    return _table(("claim", "what it says", "verdict", "effect", "[95 %]"), rows) + "\n"


def _chapter(result: Result) -> str:
    text = [f"\n## {result.claim}. {result.title}\n"]
    text += [f"{paragraph}\n" for paragraph in result.text]
    rows = [
        (each.statement, f"**{each.verdict}**", each.effect, each.interval, each.rule)
        for each in result.findings
    ]
    text.append(_table(("statement", "verdict", "effect", "[95 %]", "holds when"), rows))
    for name, (_, caption) in result.figures.items():
        text.append(f"\n![{caption}]({name}.png)\n\n*{caption}* ([SVG]({name}.svg))")
    tables = ", ".join(f"[{name}.csv]({name}.csv)" for name in result.tables)
    text.append(f"\nTables: {tables}.")
    return "\n".join(text) + "\n"


def _table(names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table of Markdown."""
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
