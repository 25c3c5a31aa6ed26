"""Gives broken files to Ohmtick, by the thousand, and says what it did not take well.

    .venv/bin/python -P -m ohmtick.docs.fuzz [--cases 5000] [--seed 0] [--only NUMBER]

Each case is a file of the library (a scenario or a study), changed at random: keys that are
missing, doubled, misspelt or long, values of other types and sizes, text that no terminal should
see, flipped bytes. It is read, built and, where it is small, run for a few hundred events on both
engines; a study is read, multiplied out and run for a few runs. What must hold of each:

- no exception but an `OhmtickError`, no warning but Ohmtick's own;
- its message is short, and holds no control characters;
- it ends in time;
- both engines log the same events, bit for bit, and no number of a run is NaN or infinite;
- a folder is there whole or not at all, and nothing lies beside it.

A case is a function of the seed and its number: ``--only`` repeats one.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter
from types import FrameType

import numpy as np

import ohmtick as ot
from ohmtick.analysis.report.runs import write_report
from ohmtick.analysis.studies.figures import draw_all
from ohmtick.docs.fuzz_files import Case, case
from ohmtick.engine.errors import visible
from ohmtick.engine.records.run import Run
from ohmtick.scenarios.cli.main import main as command
from ohmtick.scenarios.sizes import events_of
from ohmtick.scenarios.studies.estimating import estimate
from ohmtick.scenarios.studies.planning import jobs_for, plan_of

#: No case takes longer, s; most take some hundredths.
LIMIT_S = 60.0
#: Ticks of a run, and edges of a circuit, that are still small.
TICKS, SMALL = 300, 400
#: Cells of a study that are made, and runs that are done.
CELLS, RUNS = 64, 4
#: How a run of a study begins to tell of an error that is not ours.
RAW = re.compile(r"\w*(Error|Exception|Warning): ")
#: Characters of a message.
LONGEST = 4000


class Hang(BaseException):
    """A case took too long. No Exception: nobody may catch it on the way."""


@dataclass
class Outcome:
    """What came of it."""

    seconds: float = 0.0
    """How long it took."""
    slowest: tuple[float, int] = (0.0, 0)
    """How long the slowest case took, and which it was."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many were refused, read, run, …"""
    findings: list[str] = field(default_factory=list)
    """What did not hold: the case, and what it did."""


def fuzz(numbers: range, seed: int) -> Outcome:
    """Try some cases, and say what came of them."""
    outcome = Outcome()
    for name in ("breadboard-iii", "breadboard-iris"):  # compiles what there is to compile
        ot.run(ot.load(name).replace(horizon=2.0))
    began = perf_counter()
    for number in numbers:
        start = perf_counter()
        with tempfile.TemporaryDirectory(prefix="ohmtick-fuzz-") as folder:
            tried = case(seed, number)
            try:
                with _in_time(), warnings.catch_warnings():
                    warnings.simplefilter("error")
                    warnings.simplefilter("default", UserWarning)  # ours
                    _try(tried, Path(folder), outcome.counts)
            except (Exception, Hang) as error:
                said = "".join(traceback.format_exception(error)[-4:])
                outcome.findings.append(f"case {number} of seed {seed}, {tried.name}: {said}")
        outcome.slowest = max(outcome.slowest, (perf_counter() - start, number))
    outcome.seconds = perf_counter() - began
    return outcome


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"longer than {LIMIT_S} s")

    usual = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, usual)


def _try(tried: Case, folder: Path, counts: Counter[str]) -> None:
    rng = Random(tried.number)
    file = folder / "case.toml"
    file.write_bytes(tried.content)
    with _refusals(counts):
        if tried.study:
            _try_study(ot.Study.load(file), folder, counts, rng)
        elif tried.tables is not None:  # what no file can hold
            _try_scenario(ot.Scenario(**tried.tables), folder, counts, rng)
        else:
            _try_scenario(ot.load(file), folder, counts, rng)
    if rng.random() < 0.1:
        _try_command(file, tried, counts)
    left = {path.name for path in folder.iterdir()} - {"case.toml", "run", "study"}
    assert not left, f"left behind: {left}"


@contextlib.contextmanager
def _refusals(counts: Counter[str]) -> Iterator[None]:
    """Take an error of Ohmtick's, if it is told well."""
    try:
        yield
    except ot.OhmtickError as error:
        counts["refused"] += 1
        _check_message(str(error))


def _check_message(said: str) -> None:
    assert said.strip(), "an empty message"
    assert len(said) <= LONGEST, f"a message of {len(said)} characters: {said[:200]}"
    assert visible(said) == said, f"a message with control characters: {said!r}"


def _try_scenario(scenario: ot.Scenario, folder: Path, counts: Counter[str], rng: Random) -> None:
    counts["scenarios read"] += 1
    assert ot.Scenario.from_toml(scenario.to_toml()) == scenario
    edges = scenario.circuit.edge_count or 3 * getattr(scenario.circuit, "nodes", 1)
    if edges > SMALL or getattr(scenario.task, "data", 0) + getattr(scenario.task, "test", 0) > 1e4:
        return
    runs = {}
    for engine in ("compiled", "simpy"):
        with warnings.catch_warnings():
            out = folder / "run" if engine == "compiled" and rng.random() < 0.1 else None
            runs[engine] = ot.run(_short(scenario), engine=engine, out=out)
            _check_numbers(runs[engine])
            if out is not None:
                assert ot.open_run(out).events.equals(runs[engine].events)
                if edges < 20 and rng.random() < 0.2:
                    write_report([out], out / "report.html")
                    counts["reports"] += 1
    counts["scenarios run"] += 1
    one, other = runs.values()
    assert one.events.equals(other.events), "the engines differ"
    assert one.probes.equals(other.probes), "the engines differ in their probes"


def _short(scenario: ot.Scenario) -> ot.Scenario:
    """Return the scenario with a horizon of some hundred events."""
    edges = scenario.circuit.edge_count or 3 * getattr(scenario.circuit, "nodes", 1)
    periods = [scenario.edges.clock.period * max(2.0, TICKS / edges)]
    periods += [TICKS * scenario.supervisor.period]
    periods += [TICKS * scenario.probe.period] if scenario.probe else []
    return scenario.replace(horizon=min(scenario.horizon, *periods))


def _check_numbers(run: Run) -> None:
    for name in ("events", "probes", "edges", "data"):
        frame = getattr(run, name)
        if name == "data" and run.tables["task"]["kind"] == "classification":
            continue  # what is desired of classes changes, and is not there
        for column in frame.select_dtypes("number").columns:
            if column != "cut_s":  # NaN for an edge that never was
                finite = np.isfinite(frame[column].to_numpy(np.float64))
                assert finite.all(), f"{name}.{column} is not finite"
    for name, value in run.summary.items():
        assert not isinstance(value, float) or np.isfinite(value), f"summary: {name} is {value}"


def _try_study(study: ot.Study, folder: Path, counts: Counter[str], rng: Random) -> None:
    counts["studies read"] += 1
    if study.cell_count > CELLS:
        return
    study = study.replace(
        scenario=_short(study.scenario), seeds=study.seeds[:1], events=bool(study.events)
    )
    plan = plan_of(study)
    assert len(plan.runs) == len(study)
    assert ot.Study.from_toml(study.to_toml()) == study
    for job in list(jobs_for(study, plan.lacking, None))[:RUNS]:
        with _refusals(counts):
            ot.run(_short(job.scenario), job.seed, job.engine)
    counts["studies planned"] += 1
    made = [cell.scenario for cell in study.cells if cell.scenario is not None]
    small = all(events_of(scenario) < 20 * TICKS for scenario in made)
    if small and study.cell_count <= RUNS * 2 and rng.random() < 0.2:
        out = folder / "study"
        try:
            study.run(out, workers=1)
        finally:
            held = {path.name for path in out.iterdir()} if out.exists() else set()
            assert not held or {"ledger.sqlite", "study.toml"} <= held, f"half a study: {held}"
        record = ot.open_study(out)
        for error in record.failures()["error"]:
            _check_message(error)
            assert not RAW.match(error), error
        draw_all(record)
        estimate(study, None, workers=1)
        counts["studies run"] += 1


def _try_command(file: Path, tried: Case, counts: Counter[str]) -> None:
    """Have `ohmtick check` look at it, with a key changed."""
    said, answer = io.StringIO(), io.StringIO()
    words = ["study", str(file), "--show"] if tried.study else ["check", str(file)]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(answer):
        code = command([*words, "--set", tried.change])
    assert code in (0, 1, 2), f"exit code {code}"
    assert bool(said.getvalue()) == bool(code), "the exit code says another thing than the message"
    if code:
        _check_message(said.getvalue())
    assert visible(answer.getvalue()) == answer.getvalue(), "control characters were sent"
    counts["commands"] += 1


def main() -> int:
    """Do it, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="this case alone")
    options = parser.parse_args()
    only = options.only
    numbers = range(options.cases) if only is None else range(only, only + 1)
    outcome = fuzz(numbers, options.seed)
    for finding in outcome.findings:
        print(finding)
    print(
        f"{len(numbers)} cases in {outcome.seconds:.0f} s, {outcome.slowest[0]:.1f} s for the "
        f"slowest, {outcome.slowest[1]}: "
        + ", ".join(f"{count} {what}" for what, count in sorted(outcome.counts.items()))
        + f"; {len(outcome.findings)} findings"
    )
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
