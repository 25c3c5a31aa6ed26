"""Kills commands that write files at random instants, and looks at what they left.

Each is forked from a process that has imported and compiled everything, so that a kill meets it at
work. After any signal each file under a final name must be the one that was there before, or the
one that a calm run of the same command writes, bit for bit; after a signal that can be caught there
must be nothing else.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pyarrow.parquet
import seaborn

import ohmtick as ot
from ohmtick.analysis.report import animation, figures
from ohmtick.analysis.report import runs as report
from ohmtick.analysis.studies import figures as study_figures
from ohmtick.scenarios.cli import main as cli
from ohmtick.scenarios.cli.entry import main
from ohmtick.scenarios.papers import paper_studies

#: What a command is sent, one after the other; every second one cannot be caught.
SIGNALS = [
    signal.SIGKILL,
    signal.SIGTERM,
    signal.SIGKILL,
    signal.SIGHUP,
    signal.SIGKILL,
    signal.SIGINT,
]
#: What is imported before anything is forked, beside what the names above bring along.
IMPORTED = (mpl, pd, pyarrow.parquet, seaborn, animation, cli, figures, report, study_figures)
#: Names of what is written, or held, until it is done.
PASSING = (".partial", ".holder")
#: Files that are no output: what a killed writer left in them is for SQLite to mend.
LEDGER = (*(f"ledger.sqlite{part}" for part in ("", "-wal", "-shm", "-journal")), ".lock")
#: Of the paper, the series that is reproduced: its tables and figures, in some seconds.
SERIES = "protocols"
STUDY = """
scenario = "breadboard-iii"
seeds = 5
[grid]
"edges.clock.jitter" = [0.0, 0.1, 0.3]
"edges.latency" = [0.0, 0.5]
"""


@dataclass
class Tally:
    """What came of the kills of one command."""

    command: str
    takes_s: float = 0.0
    """How long it takes when it is left alone, s."""
    kills: int = 0
    at_work: int = 0
    """Those that met it at work."""
    half_written: list[str] = field(default_factory=list)
    """Files under a final name that are neither the old one nor the new one."""
    left: list[str] = field(default_factory=list)
    """What was left behind after a signal that can be caught."""
    tracebacks: list[str] = field(default_factory=list)
    """What was said in Python's words."""

    @property
    def well(self) -> bool:
        """Whether there is nothing of these."""
        return not (self.half_written or self.left or self.tracebacks)


def listening() -> None:
    """Heed every signal, as a command at a terminal does; nohup and a shell's ``&`` take some."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def forked(act: Callable[[], object], folder: Path) -> int:
    """Do something in a process of its own, in a folder, and return the process's number."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.chdir(folder)
        listening()
        log = os.open(folder.parent / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        code = int(bool(act()))
    finally:
        os._exit(code)


def command(*arguments: str) -> Callable[[], object]:
    """Return what runs a command of `ohmtick`."""

    def act() -> object:
        sys.argv = ["ohmtick", *arguments]
        try:
            return main()
        except BaseException:
            import traceback

            traceback.print_exc()
            raise

    return act


def reproduced() -> object:
    """Reproduce one series of the paper."""
    studies = paper_studies.PaperStudies.studies

    def few(self: paper_studies.PaperStudies, *how: object) -> object:
        return (each for each in studies(self, *how) if each[0] == SERIES)  # type: ignore[arg-type]

    paper_studies.PaperStudies.studies = few  # type: ignore[method-assign, assignment]
    return command("reproduce", "wycoff2022", "--quick", "--out", "paper", "--workers", "2")()


def waited(process: int) -> int:
    """Wait for a process, and return its exit code, or less a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in LEDGER
    }


def is_whole_run(folder: Path, calm: Path) -> bool:
    """Whether a run folder is whole, and the beginning of another; looked at elsewhere."""

    def act() -> object:
        found, events = ot.open_run(folder), ot.open_run(calm).events
        whole = len(found.events) == found.summary["updates"]
        return not (whole and found.events.equals(events.iloc[: len(found.events)]))

    return waited(forked(act, folder.parent)) == 0


def torment(
    name: str, act: Callable[[], object], base: Path, kills: int, rng: random.Random
) -> Tally:
    """Kill something so often, each time in a fresh copy of a folder."""
    tally, calm, work = Tally(name), base.with_name(f"{name}-calm"), base.with_name(f"{name}-work")
    shutil.copytree(base, calm)
    began = time.monotonic()
    if code := waited(forked(act, calm)):
        raise RuntimeError(f"{name} ended by {code}: {(base.parent / 'said').read_text()}")
    tally.takes_s = time.monotonic() - began
    before, after = files(base), files(calm)
    for number in range(kills):
        sent = SIGNALS[number % len(SIGNALS)]
        shutil.copytree(base, work)
        process = forked(act, work)
        time.sleep(rng.uniform(0.02, tally.takes_s))
        tally.at_work += os.waitpid(process, os.WNOHANG)[0] == 0 and _sent(process, sent)
        tally.kills += 1
        found = files(work)
        passing = [each for each in found if any(part in each for part in PASSING)]
        if sent != signal.SIGKILL:
            tally.left += passing
        wrong = [
            each
            for each, content in found.items()
            if each not in passing and content not in (before.get(each), after.get(each))
        ]
        if name == "run":  # its times differ, and it may have been ended early
            whole = not (work / "out").exists() or is_whole_run(work / "out", calm / "out")
            wrong = [] if whole else ["out"]
        tally.half_written += wrong
        said = (base.parent / "said").read_text(errors="replace")
        tally.tracebacks += [said] if "Traceback" in said else []
        shutil.rmtree(work)
    return tally


def _sent(process: int, number: signal.Signals) -> bool:
    os.kill(process, number)
    waited(process)
    return True


def torments(folder: Path, kills: int, names: Sequence[str], seed: int = 0) -> list[Tally]:
    """Kill each of the commands so often, and return what came of it."""
    base = folder / "base"
    base.mkdir()
    (base / "study.toml").write_text(STUDY, encoding="utf-8")
    study = ("study", "study.toml", "--out", "study", "--executor", "threads")
    prepared = (
        command("run", "breadboard-iii", "--set", "horizon=20", "--out", "one"),
        command(*study),
    )
    for act in prepared:
        if waited(forked(act, base)):
            raise RuntimeError((folder / "said").read_text())
    acts = {
        "run": command("run", "breadboard-iii", "--set", "horizon=4000", "--out", "out"),
        "figures": command(*study, "--figures"),
        "report": command("report", "one", "--out", "report.html"),
        "animate": command("animate", "one", "--out", "film.gif", "--frames", "6"),
        "reproduce": reproduced,
    }
    if "reproduce" in names and waited(forked(reproduced, base)):  # its studies, once
        raise RuntimeError((folder / "said").read_text())
    for left in (base / "paper").glob("*.*"):
        left.unlink()
    rng = random.Random(seed)
    return [torment(name, acts[name], base, kills, rng) for name in acts if name in names]
