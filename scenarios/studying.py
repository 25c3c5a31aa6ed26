"""Carries a study out: what its ledger lacks is run, and each run is entered when it ends."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from ..engine.errors import OhmtickError, RecordError, reason
from ..engine.ledger import LEDGER, RUNS, STUDY, Entry, Ledger, PlannedRun
from .cluster import gave_up
from .executors import Crew, crew, processors
from .jobs import Job, perform
from .locking import locked
from .running import versions

if TYPE_CHECKING:
    from .study import Cell, Study


@dataclass
class Tally:
    """How far a study is."""

    total: int
    """Runs of the study."""
    before: int
    """Those that were in the ledger already."""
    done: int = 0
    """Those that ended since, failed ones too."""
    failed: int = 0
    """Runs in the ledger that failed, whenever that was."""
    error: str = ""
    """Why the latest of them did."""

    @property
    def left(self) -> int:
        """Runs that are still to be done."""
        return self.total - self.before - self.done


#: Runs that are tried to tell how long a study takes.
TRIED = 8

#: Is told how far a study is: at its start, and whenever a run has been entered.
Progress = Callable[[Tally], None]


def carry_out(
    study: Study,
    folder: Path,
    *,
    workers: int | None = None,
    executor: Executor | Literal["threads", "processes"] | None = None,
    scheduler: str | None = None,
    retry_failed: bool = False,
    watch: Progress | None = None,
) -> Tally:
    """Run what a study's folder lacks; the parameters are those of `Study.run`."""
    version = versions()["ohmtick"]
    plan = planned(study, version)  # before anything is written: it may be wrong
    kind = executor or ("processes" if study.engine == "simpy" else "threads")
    with (
        locked(folder),
        Ledger(folder / LEDGER, writes=True) as ledger,
        crew(kind, workers, scheduler) as hands,
    ):
        held = ledger.entries()
        _check_same(study, ledger, plan, held, version, folder)
        _note(study, ledger, plan, version, folder)
        lacking = _lacking(study, ledger, plan, held, retry_failed)
        tally = Tally(total=len(plan), before=len(plan) - sum(map(len, lacking.values())))
        tally.failed = sum(
            held[run.key].error is not None
            for run in plan
            if run.key in held and run.key not in lacking
        )
        if watch is not None:
            watch(tally)

        def enter(entry: Entry) -> None:
            ledger.enter(_moveable(entry, folder))
            count = len(lacking[entry.key])
            tally.done += count
            if entry.error is not None:
                tally.failed += count
                tally.error = entry.error
            if watch is not None:
                watch(tally)

        for key in [key for key, runs in lacking.items() if _cell(study, runs).scenario is None]:
            enter(Entry(key=key, error=_cell(study, lacking[key]).text))
        jobs = _jobs(study, lacking, folder)
        _work(hands, jobs, enter)
        return tally


def _moveable(entry: Entry, folder: Path) -> Entry:
    """Return an entry whose run folder is found even if the study folder is moved."""
    own = f"{folder.absolute()}/"
    if entry.folder is None or not entry.folder.startswith(own):
        return entry
    return replace(entry, folder=entry.folder.removeprefix(own))


def planned(study: Study, version: str) -> list[PlannedRun]:
    """Return the runs of a study, cell by cell."""
    return [
        PlannedRun(cell=number, seed=seed, key=_key(cell, seed, version))
        for number, cell in enumerate(study.cells)
        for seed in study.seeds
    ]


def _key(cell: Cell, seed: int, version: str) -> str:
    if cell.scenario is not None:
        return cell.key(seed, version)
    made = json.dumps([version, seed, cell.changes, cell.text], default=repr)
    return "invalid-" + hashlib.sha256(made.encode()).hexdigest()[:24]


def _cell(study: Study, runs: list[PlannedRun]) -> Cell:
    return study.cells[runs[0].cell]


@dataclass(frozen=True)
class Estimate:
    """How long a study takes."""

    there: int
    """Runs that are in the ledger already."""
    tried: int
    """Runs that were tried to tell."""
    run_s: float
    """Mean time that they took, s."""
    workers: int
    """How many there will be."""
    total_s: float
    """Time for what is lacking, s."""


def estimate(study: Study, folder: Path | None, workers: int | None = None) -> Estimate:
    """Tell how long a study takes from a few of its runs, of which nothing is kept."""
    plan = planned(study, versions()["ohmtick"])
    if folder is not None and (folder / LEDGER).is_file():
        with Ledger(folder / LEDGER) as ledger:
            lacking = _lacking(study, ledger, plan, ledger.entries())
    else:
        lacking = _lacking(study, None, plan, {})
    jobs = [replace(job, folders=None) for job in _jobs(study, lacking, None)]
    few = Random(0).sample(jobs, min(TRIED, len(jobs)))  # evenly spaced ones may share a cell
    if few:
        perform(few[0])  # compiles what there is to compile
    took = [perform(job).took_s for job in few]
    count, mean = workers or processors(), sum(took) / max(1, len(took))
    there = len(plan) - sum(map(len, lacking.values()))
    return Estimate(there, len(few), mean, count, mean * len(jobs) / count)


def _check_same(
    study: Study,
    ledger: Ledger,
    plan: list[PlannedRun],
    held: dict[str, Entry],
    version: str,
    folder: Path,
) -> None:
    """Refuse a folder whose runs are of another version, or of another study."""
    if not held:
        return
    facts = ledger.facts()
    if (theirs := facts.get("version", version)) != version:
        raise RecordError(
            f"the study in {folder} was run by ohmtick {theirs}, and this is {version}, whose "
            f"results may differ: go on with ohmtick {theirs}, or give another folder; nothing "
            "was changed"
        )
    if not any(run.key in held for run in plan) and not _covers(facts, study):
        raise RecordError(
            f"{folder} holds another study{_named(facts)}: none of its {len(held)} runs is one "
            "of this study's; give another folder"
        )


def _covers(facts: dict[str, Any], study: Study) -> bool:
    """Whether a study of the same keys and base is only moved, to other values or seeds."""
    return facts.get("scenario") == study.scenario.to_toml() and facts.get("keys") == [*study.keys]


def _named(facts: dict[str, Any]) -> str:
    return f", {facts['title']!r}" if facts.get("title") else ""


def _note(study: Study, ledger: Ledger, plan: list[PlannedRun], version: str, folder: Path) -> None:
    """Write down what the study is: in the ledger, and as a file."""
    facts = {
        "title": study.title,
        "version": version,
        "versions": versions(),
        "scenario": study.scenario.to_toml(),
        "keys": study.keys,
        "paired": [list(block) for block in study.paired],
        "sampled": list(study.sample.keys) if study.sample else [],
        "metrics": study.metrics,
        "threshold": study.threshold.model_dump(),
        "seeds": study.seeds,
    }
    ledger.set_plan(facts, ((cell.changes, cell.text) for cell in study.cells), plan)
    partial = folder / f".{STUDY}.partial"
    try:
        partial.write_text(study.to_toml(), encoding="utf-8")
        partial.replace(folder / STUDY)
    except OSError as error:
        raise RecordError(f"cannot write {folder / STUDY}: {reason(error)}") from error


def _lacking(
    study: Study,
    ledger: Ledger | None,
    plan: list[PlannedRun],
    held: dict[str, Entry],
    retry_failed: bool = False,
) -> dict[str, list[PlannedRun]]:
    """Return the runs that are to be done, by key: two cells may come to the same scenario."""
    probed = ledger.with_probes() if study.probes and ledger is not None else set()
    lacking: dict[str, list[PlannedRun]] = {}
    for run in plan:
        entry = held.get(run.key)
        if entry is not None and entry.error is not None:
            there = not retry_failed
        else:
            there = (
                entry is not None
                and set(study.metrics) <= set(entry.metrics or ())
                and (not study.probes or run.key in probed)
                and (not study.events or entry.folder is not None)
            )
        if not there:
            lacking.setdefault(run.key, []).append(run)
    return lacking


def _jobs(study: Study, lacking: dict[str, list[PlannedRun]], folder: Path | None) -> Iterator[Job]:
    """Yield the runs to do, seed by seed, so that the cells can be compared early."""
    from ..analysis.metrics import METRICS, need_events

    metrics = {name: METRICS[name] for name in study.metrics}
    folders = None if folder is None else _folders(study, folder)
    place = {seed: number for number, seed in enumerate(study.seeds)}
    for key, runs in sorted(lacking.items(), key=lambda item: place[item[1][0].seed]):
        scenario = _cell(study, runs).scenario
        if scenario is not None:
            yield Job(
                key=key,
                scenario=scenario,
                seed=runs[0].seed,
                engine=study.engine,
                metrics=metrics,
                logs=need_events(study.metrics),
                probes=study.probes,
                folders=folders,
            )


def _folders(study: Study, folder: Path) -> str | None:
    """Return where run folders go; what a killed process left half written there is removed."""
    if not study.events:
        return None
    if isinstance(study.events, str) and "://" in study.events:
        return study.events.rstrip("/")
    own = (folder / RUNS if study.events is True else Path(str(study.events))).absolute()
    for partial in own.glob(".*.partial"):
        shutil.rmtree(partial, ignore_errors=True)
    return str(own)


def _work(hands: Crew, jobs: Iterable[Job], enter: Callable[[Entry], None]) -> None:
    """Have all jobs done, some at a time, and enter what comes of each."""
    landed: SimpleQueue[Future[Entry]] = SimpleQueue()
    flying: dict[Future[Entry], Job] = {}
    waiting = iter(jobs)

    def launch(job: Job) -> None:
        future = hands.submit(job)
        flying[future] = job
        future.add_done_callback(landed.put)

    while True:
        for job in islice(waiting, hands.width - len(flying)):
            launch(job)
        if not flying:
            return
        future = landed.get()
        job = flying.pop(future)
        try:
            entry = future.result()
        except BrokenExecutor as error:
            suspects = [job, *_grounded(landed, flying, enter)]
            _clear(hands, suspects, enter, error)
        except CancelledError:
            raise OhmtickError(
                "the executor of the study is gone; what was entered is safe, and the same "
                "command goes on"
            ) from None
        except Exception as error:
            if not gave_up(error):
                raise
            enter(_died(job))
        else:
            enter(entry)


def _grounded(
    landed: SimpleQueue[Future[Entry]],
    flying: dict[Future[Entry], Job],
    enter: Callable[[Entry], None],
) -> list[Job]:
    """Wait for what an executor that broke was given; enter what ended well, return the rest."""
    lost = []
    while flying:
        future = landed.get()
        job = flying.pop(future)
        if future.exception() is None:
            enter(future.result())
        else:
            lost.append(job)
    return lost


def _clear(
    hands: Crew, suspects: list[Job], enter: Callable[[Entry], None], error: BrokenExecutor
) -> None:
    """Do the runs that were on their way when a worker died, one by one, to find out which."""
    if hands.renew is None:
        raise OhmtickError(
            f"the executor of the study broke ({error}); what was entered is safe, and the same "
            "call goes on"
        ) from error
    hands.replace()
    for job in suspects:
        try:
            entry = hands.submit(job).result()
        except BrokenExecutor:
            hands.replace()
            entry = _died(job)
        enter(entry)


def _died(job: Job) -> Entry:
    return Entry(key=job.key, error="every worker that ran it died (out of memory, perhaps)")
