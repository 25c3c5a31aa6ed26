"""Writes what was found: a table a CSV, each figure as PNG and SVG, and at the end README.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ....engine.records.writing import whole_file, write_text
from . import claim1, claim2, claim3, claim4, claim5, claim6
from .findings import Finding, Records, Result

#: What judges each claim, and the series that it cannot do without.
CLAIMS: list[tuple[Callable[[Mapping[str, Records]], Result], tuple[str, ...]]] = [
    (lambda series: claim1.judge(series["protocols"]), ("protocols",)),
    (claim2.judge, ("discrete",)),
    (claim3.judge, ("exploration", "portrait")),
    (claim4.judge, ("minibatch", "update-noise")),
    (claim5.judge, ("clocks", "late", "fast")),
    (lambda series: claim6.judge(series["iris"]), ("iris",)),
]
HEAD = """# Desynchronous learning: what was claimed, and what was found

J. F. Wycoff, S. Dillavou, M. Stern, A. J. Liu, D. J. Durian, *Desynchronous learning in a
physics-driven learning network*, J. Chem. Phys. **156**, 144903 (2022), claims that edges of a
learning network need no common clock. These are its claims, and questions beyond them, put to
simulations. No number here is compared with one of the paper's figures; all are our own.

Written by `{command}`
with ohmtick {version}: {runs} runs. The studies are in `studies/`, each with its complete
scenario and seeds; running the command again repeats nothing that is there.

A verdict follows from an interval alone, which is a 95 % bootstrap interval over seeds unless it is
that of a proportion (Clopper-Pearson): a statement *holds* where the whole interval keeps its
bound, *does not hold* where none of it does, and is *undecided* otherwise.
"""


def judge(records: Mapping[str, Records]) -> list[Result]:
    """Judge each claim whose studies are there."""
    return [judged(records) for judged, needed in CLAIMS if all(name in records for name in needed)]


def write(records: Mapping[str, Records], folder: Path, *, command: str) -> list[Finding]:
    """Write the report, and return its findings.

    Each file is whole, whenever the writing is stopped; README.md, which names them, is the last.

    Parameters
    ----------
    records
        What was recorded, by series and scenario.
    folder
        Where to; what is there is written over.
    command
        What made it.

    Raises
    ------
    RecordError
        When a file cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")  # files only: no display is needed
    import matplotlib.pyplot as plt

    results = judge(records)
    for result in results:
        for name, table in result.tables.items():
            with whole_file(folder / f"{name}.csv") as file:
                table.to_csv(file, index=False)
        for name, (figure, _) in result.figures.items():
            with matplotlib.rc_context({"svg.hashsalt": name}):  # the same file each time
                with whole_file(folder / f"{name}.png") as file:
                    figure.savefig(file, dpi=200)
                with whole_file(folder / f"{name}.svg") as file:
                    figure.savefig(file, metadata={"Date": None})
            plt.close(figure)
    findings = [finding for result in results for finding in result.findings]
    _findings_table(findings, folder / "findings.csv")
    facts = next(iter(next(iter(records.values())).values())).facts
    runs = sum(len(record) for series in records.values() for record in series.values())
    text = HEAD.format(command=command, version=facts["version"], runs=runs)
    text += "\n" + _summary(results) + "".join(map(_chapter, results))
    write_text(folder / "README.md", text)
    return findings


def _findings_table(findings: list[Finding], path: Path) -> None:
    import pandas as pd

    rows = [
        (
            each.claim, each.statement, each.verdict, each.effect, each.found.value,
            each.found.low, each.found.high, each.found.seeds, each.rule, each.main,
        )
        for each in findings
    ]  # fmt: skip
    names = ["claim", "statement", "verdict", "effect", "value", "low", "high", "sample", "rule"]
    names.append("main")
    with whole_file(path) as file:
        pd.DataFrame(rows, columns=names).to_csv(file, index=False)


def _summary(results: list[Result]) -> str:
    """Return what each claim comes to: its main statements, and how many others there are."""
    lines = ["| claim | what it says | verdict | effect | [95 %] |", "|---|---|---|---|---|"]
    for result in results:
        for place, each in enumerate(finding for finding in result.findings if finding.main):
            claim = f"{result.claim}. {result.title}" if place == 0 else ""
            lines.append(
                f"| {claim} | {each.statement} | **{each.verdict}** | {each.effect} "
                f"| {each.interval} |"
            )
    return "\n".join(lines) + "\n"


def _chapter(result: Result) -> str:
    text = [f"\n## {result.claim}. {result.title}\n"]
    text += [f"{paragraph}\n" for paragraph in result.text]
    text.append("| statement | verdict | effect | [95 %] | holds when |\n|---|---|---|---|---|")
    text += [
        f"| {each.statement} | **{each.verdict}** | {each.effect} | {each.interval} | {each.rule} |"
        for each in result.findings
    ]
    for name, (_, caption) in result.figures.items():
        text.append(f"\n![{caption}]({name}.png)\n\n*{caption}* ([SVG]({name}.svg))")
    tables = ", ".join(f"[{name}.csv]({name}.csv)" for name in result.tables)
    text.append(f"\nTables: {tables}.")
    return "\n".join(text) + "\n"
