"""`ohmtick reproduce`: carries the studies of a paper out, and has the report written."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from ...analysis.studies.record import open_study
from ...engine.errors import OhmtickError, OhmtickWarning, RecordError, nearest, reason
from ..papers import PAPERS

if TYPE_CHECKING:
    from ...analysis.papers.claims import Finding
    from ...analysis.studies.record import StudyRecord

#: Exit code of a command that was interrupted.
INTERRUPTED = 130
#: Told what is being done, in a line.
Say = Callable[[str], None]


def reproduce(
    paper: str,
    out: str | Path,
    *,
    quick: bool = False,
    workers: int | None = None,
    say: Say = lambda line: None,
) -> list[Finding]:
    """Carry out all studies of a paper and write the report on them.

    Parameters
    ----------
    paper
        One of `~ohmtick.scenarios.papers.PAPERS`.
    out
        The folder of the report. Studies are kept in its subfolder ``studies``, so that what was
        interrupted goes on where it stopped.
    quick
        A short version with fewer seeds, sizes and studies.
    workers
        Runs at a time; as many as there are processors by default.
    say
        Is told what is being done.

    Returns
    -------
    list of Finding
        What was found, as in the report.

    Raises
    ------
    OhmtickError
        For a paper that is not known, or when a run fails.
    RecordError
        When the folder cannot be written.
    """
    if workers is not None and workers < 1:
        raise OhmtickError(f"the 'workers' must be at least 1, got {workers} instead")
    if paper not in PAPERS:
        raise OhmtickError(f"there is no reproduction of {paper!r}; {nearest(paper, PAPERS)}")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot write the report {folder}: {reason(error)}") from error
    records = carry_out(paper, folder / "studies", quick, workers or os.cpu_count() or 1, say)
    say("Tables and figures")
    command = f"ohmtick reproduce {paper}{' --quick' if quick else ''} --out {folder.name}"
    return PAPERS[paper](records, folder, command=command)


def carry_out(
    paper: str, folder: Path, quick: bool, workers: int, say: Say
) -> dict[str, dict[str, StudyRecord]]:
    """Run the studies of a paper; return what they recorded, by series and scenario."""
    from ..papers.paper_studies import PaperStudies

    records: dict[str, dict[str, StudyRecord]] = {}
    say("Compiling the event loop, once on a machine; then the studies")
    for series, scenario, study in PaperStudies.load(paper).studies(quick, folder / "solutions"):
        say(f"{series}, {scenario}: {len(study)} runs")
        with warnings.catch_warnings():
            # One study is made of tasks with and without classes, and only some have an accuracy.
            warnings.filterwarnings("ignore", ".*in every run", OhmtickWarning)
            study.run(folder / series / scenario, workers=workers)
        record = open_study(folder / series / scenario)
        if len(failures := record.failures()):
            raise OhmtickError(f"a run of {series}, {scenario} failed: {failures['error'].iloc[0]}")
        records.setdefault(series, {})[scenario] = record
    return records


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `reproduce` to the command line."""
    command = commands.add_parser("reproduce", help="repeat a paper's studies; write a report")
    command.add_argument("paper", metavar="PAPER", help=", ".join(PAPERS))
    command.add_argument("--out", metavar="DIR", required=True, help="a folder for the report")
    command.add_argument("--quick", action="store_true", help="fewer seeds, sizes and studies")
    command.add_argument("--workers", type=int, metavar="N", help="default: one a processor")
    command.set_defaults(action=_reproduce)


def _reproduce(options: argparse.Namespace) -> int:
    began = perf_counter()

    def say(line: str) -> None:
        print(f"{perf_counter() - began:6.0f} s  {line}", flush=True)

    try:
        found = reproduce(
            options.paper, options.out, quick=options.quick, workers=options.workers, say=say
        )
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    for finding in found:
        print(finding)
    print(Path(options.out) / "README.md")
    return 0
