"""`ohmtick study`: runs a study from a terminal, and prints its answer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

from tqdm import tqdm

from ...analysis.studies.answers import answer
from ...analysis.studies.record import is_study, open_study
from ...engine.errors import OhmtickError, visible
from ..estimate import duration
from ..scenario import load
from ..studies.carry_out import Tally, carry_out
from ..studies.estimating import estimate
from ..studies.executors import NAMED
from ..studies.study import Study, study_library

#: Exit codes, as those of the other commands.
OK, SOME_FAILED, INTERRUPTED = 0, 1, 130
#: Seconds between two lines of progress, where there is no terminal to draw a bar on.
LINES_S = 30.0


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Let a parser take what `ohmtick study` takes."""
    add = command.add_argument
    add(
        "study",
        metavar="NAME-or-FILE",
        nargs="?",
        help="of the library, a TOML file, or the folder of a study, which goes on there",
    )
    add("--list", action="store_true", help="list the studies of the library")
    add("--show", action="store_true", help="print the study as TOML")
    add(
        "--out",
        metavar="DIR",
        help="the study's folder; one that is there is gone on with",
    )
    add("--scenario", metavar="NAME-or-FILE", help="vary another scenario")
    add(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="changes",
        help="change a key of the scenario that is varied; may be repeated",
    )
    add("--seeds", type=int, metavar="N", help="run the seeds 0 to N - 1")
    add("--workers", type=int, metavar="N", help="runs at a time; default: one a processor")
    add(
        "--executor", choices=NAMED, help="default: threads; processes for SimPy, and for many runs"
    )
    add("--scheduler", metavar="tcp://HOST:PORT", help="use a Dask cluster")
    add("--retry-failed", action="store_true", help="run those that failed once more")
    add(
        "--accept-other-code",
        action="store_true",
        help="take what other code left in the folder, instead of refusing it",
    )
    add("--dry-run", action="store_true", help="say how many runs there are, and how long it takes")
    add("--figures", action="store_true", help="draw the answer into DIR/figures")


def main(options: argparse.Namespace, changes: Mapping[str, Any]) -> int:
    """Do what the command line asks for, with some keys changed, and return its exit code."""
    if options.list or options.study is None:
        return _list()
    study = _study(options, changes)
    if options.out is None and options.study not in study_library() and is_study(options.study):
        options.out = options.study
    if options.show:
        print(visible(study.to_toml()), end="")
        return OK
    if options.dry_run:
        print(visible(_estimate(study, options)))
        return OK
    if options.out is None:
        raise OhmtickError("a study must be given its folder: --out DIR")
    folder, bar = Path(options.out), Bar()
    try:
        with bar:
            tally = carry_out(
                study,
                folder,
                workers=options.workers,
                executor=options.executor or "auto",
                scheduler=options.scheduler,
                retry_failed=options.retry_failed,
                accept_other_code=options.accept_other_code,
                watch=bar.watch,
            )
    except KeyboardInterrupt:
        print(
            f"ohmtick: interrupted; {bar.there} of {len(study)} runs are in "
            f"{visible(str(folder))}, and the same command goes on",
            file=sys.stderr,
        )
        return INTERRUPTED
    _conclude(folder, tally, figures=options.figures)
    return SOME_FAILED if tally.failed else OK


def _list() -> int:
    studies = {name: Study.load(name) for name in study_library()}
    width = max(map(len, studies))
    for name, study in studies.items():
        print(f"{name:{width}}  {visible(study.title)}")
    return OK


def _study(options: argparse.Namespace, changes: Mapping[str, Any]) -> Study:
    study = Study.load(options.study)
    base = load(options.scenario) if options.scenario else study.scenario
    if options.scenario or changes:
        study = study.replace(scenario=base.replace(**changes))
    return study if options.seeds is None else study.replace(seeds=options.seeds)


def _estimate(study: Study, options: argparse.Namespace) -> str:
    found = estimate(
        study,
        None if options.out is None else Path(options.out),
        options.workers,
        accept_other_code=options.accept_other_code,
    )
    lines = [
        f"{len(study)} runs: {len(study.cells)} cells × {len(study.seeds)} seeds"
        + (f"; {found.there} are there already" if found.there else "")
    ]
    if invalid := [cell.text for cell in study.cells if cell.scenario is None]:
        lines.append(f"{len(invalid)} of the cells cannot run: {invalid[0]}")
    if found.total_s:
        how = f"of {found.tried} tried" if found.tried else "as their circuits tell"
        lines.append(
            f"about {duration(found.total_s)} on {found.workers} workers: "
            f"{duration(found.run_s)} a run, {how}"
        )
    if found.error:
        lines.append(f"of these some failed: {found.error}")
    return "\n".join(lines)


def _conclude(folder: Path, tally: Tally, *, figures: bool) -> None:

    study = open_study(folder)
    print(visible(answer(study)))
    if figures:
        from ...analysis.studies.figures import draw_all

        for path in draw_all(study):
            print(f"  figure     {path}")
    if tally.failed:
        print(
            f"ohmtick: {tally.failed} of {tally.total} runs failed, the last of them because: "
            f"{visible(tally.error)}\n(--retry-failed runs them once more)",
            file=sys.stderr,
        )


class Bar:
    """Shows how far a study is: a bar on a terminal, or else a line now and then."""

    def __init__(self) -> None:
        self.there = 0
        self._bar: tqdm[NoReturn] | None = None
        self._said = monotonic()

    def __enter__(self) -> None:
        """Nothing is drawn before the study begins."""

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def watch(self, tally: Tally) -> None:
        """Show how far it is."""
        self.there = tally.before + tally.done
        if self._bar is None:
            self._bar = self._drawn(tally.total)
        self._bar.update(self.there - self._bar.n)
        if tally.failed:
            self._bar.set_postfix_str(f"{tally.failed} failed", refresh=False)
        if self._bar.disable and monotonic() - self._said > LINES_S:
            self._said = monotonic()
            print(f"{self.there} of {tally.total} runs", file=sys.stderr)

    def _drawn(self, total: int) -> tqdm[NoReturn]:
        hidden = not sys.stderr.isatty()
        return tqdm(
            total=total,
            initial=self.there,
            unit="run",
            disable=hidden,
            leave=False,
            smoothing=0.05,
        )
