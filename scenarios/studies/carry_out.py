"""Carries a study out: what its ledger lacks is run, and each run is entered when it ends."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...engine.errors import OhmtickError, RecordError
from ...engine.records.ledger import LEDGER, STUDY, Entry, Ledger
from ...engine.records.run import SUMMARY
from ...engine.records.writing import sweep, write_text
from ..attached import attached, carried
from ..in_step import warn_in_step
from ..units import units_of
from ..versions import versions
from .executors import check, work, worker_pool
from .locking import locked
from .other_code import unmarked_code
from .planning import Plan, check_events, jobs_for, local_kind, plan_of
from .processes import refuse_unguarded

if TYPE_CHECKING:
    from .study import Study

#: From so many runs on, processes are worth the seconds that they take to start: between its
#: stretches of compiled code a short run needs Python's lock, which threads have to share.
MANY_RUNS = 1000


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

    def count(self, entry: Entry, runs: int) -> None:
        """Take in what was entered, for so many runs of the study."""
        self.done += runs
        if entry.error is not None:
            self.failed += runs
            self.error = entry.error


#: Is told how far a study is: at its start, and whenever a run has been entered.
Progress = Callable[[Tally], None]


def carry_out(
    study: Study,
    folder: Path,
    *,
    workers: int | None = None,
    executor: Executor | Literal["threads", "processes", "auto"] | None = None,
    scheduler: str | None = None,
    retry_failed: bool = False,
    accept_other_code: bool = False,
    watch: Progress | None = None,
) -> Tally:
    """Run what a study's folder lacks; the parameters are those of `Study.run`.

    The executor ``"auto"`` is processes for many runs, too. It is left to who knows that its own
    main module may be imported by a worker, as a command may be and not every script.
    """
    study = carried(study)  # wherever a file came from, its runs are known by what is in it
    # Before anything is written: the cells may be wrong.
    warn_in_step((cell.scenario for cell in study.cells if cell.scenario is not None), stacklevel=3)
    kind: Executor | Literal["threads", "processes"]
    local = local_kind(study)
    if executor is None or executor == "auto":
        kind = "processes" if study.engine == "simpy" and not local else "threads"
    else:
        kind = executor
    if local and (scheduler is not None or kind == "processes"):
        raise OhmtickError(
            f"{local} is known to this process alone, and no worker could be given it: write it in "
            "a file that is imported, or given by --plugin; threads do without"
        )
    check(kind, workers)
    if kind == "processes":
        refuse_unguarded()
    check_events(study, folder)
    if (folder / SUMMARY).exists() and not (folder / LEDGER).exists():
        raise RecordError(f"{folder} holds a run, not a study; give another folder")
    with locked(folder), Ledger(folder / LEDGER, writes=True) as ledger:
        plan = plan_of(
            study,
            ledger,
            folder,
            retry_failed=retry_failed,
            accept_other_code=accept_other_code,
        )
        lacking = plan.lacking
        _check_same(study, ledger, plan, folder)
        _note(study, ledger, plan, folder)
        tally = _tally(plan)
        if watch is not None:
            watch(tally)

        def enter(entry: Entry) -> None:
            ledger.enter(_moveable(entry, folder))
            tally.count(entry, len(lacking[entry.key]))
            if watch is not None:
                watch(tally)

        for key, runs in lacking.items():
            if (cell := study.cells[runs[0].cell]).scenario is None:
                enter(Entry(key=key, error=cell.text))
        if executor == "auto" and tally.left >= MANY_RUNS and not local:
            kind = "processes"
        if tally.left:
            with worker_pool(kind, workers, scheduler) as pool:
                work(pool, jobs_for(study, lacking, folder), enter)
        return tally


def _tally(plan: Plan) -> Tally:
    before = [plan.held[run.key] for run in plan.runs if run.key not in plan.lacking]
    errors = [entry.error or "" for entry in before if not entry.measures(plan.stored.values())]
    return Tally(len(plan.runs), len(before), failed=len(errors), error=(errors or [""])[-1])


def _moveable(entry: Entry, folder: Path) -> Entry:
    """Return an entry whose run folder is found even if the study folder is moved."""
    place = entry.folder and entry.folder.removeprefix(f"{folder.absolute()}/")
    return replace(entry, folder=place)


def _check_same(study: Study, ledger: Ledger, plan: Plan, folder: Path) -> None:
    """Refuse a folder whose runs are of another study; warn of other versions of what computes."""
    if not plan.held:
        return
    metadata = ledger.metadata()
    ours, begun = versions(), metadata.get("versions", {})
    told = {"ohmtick", "code"}  # a difference of these was refused, or accepted
    if differ := [name for name in begun if name not in told and ours.get(name) != begun[name]]:
        was, now = (f"{differ[0]} {each.get(differ[0])}" for each in (begun, ours))
        warnings.warn(
            f"the study in {folder} was begun with {was} and goes on with {now}: the last bits of "
            "its results may differ",
            stacklevel=4,
        )
    # One of the same keys and base is only moved, to other values or seeds.
    moved = (metadata.get("scenario"), metadata.get("keys")) == (
        study.scenario.to_toml(),
        [*study.keys],
    )
    if not moved and not any(run.key in plan.held for run in plan.runs):
        title = f", {metadata['title']!r}" if metadata.get("title") else ""
        raise RecordError(
            f"{folder} holds another study{title}: none of its {len(plan.held)} runs is one of "
            "this study's; give another folder"
        )


def _note(study: Study, ledger: Ledger, plan: Plan, folder: Path) -> None:
    """Write down what the study is: in the ledger, and as a file."""
    before, ours = ledger.metadata(), versions()
    codes = {name: told for name, told in before.get("codes", {}).items() if name != ours["code"]}
    current = {cell.code(ours["code"]): cell.kinds for cell in study.cells if cell.kinds}
    metadata = {
        "title": study.title,
        "version": ours["ohmtick"],
        "code": ours["code"],
        "codes": codes | {ours["code"]: ours["ohmtick"]},
        "unmarked": unmarked_code(before),
        "current": sorted(current),
        "kinds": before.get("kinds", {}) | current,
        "versions": before.get("versions", ours)
        | {name: ours[name] for name in ("ohmtick", "code")},
        "scenario": study.scenario.to_toml(),
        "keys": study.keys,
        "paired": [list(block) for block in study.paired],
        "sampled": list(study.sample.keys) if study.sample else [],
        "metrics": study.metrics,
        "stored": plan.stored,
        "units": units_of(study),
        "threshold": study.threshold.model_dump(),
        "seeds": study.seeds,
    }
    ledger.set_plan(metadata, ((cell.changes, cell.text) for cell in study.cells), plan.runs)
    for file in attached(study):
        file.write(folder)
    sweep(folder, STUDY)
    write_text(folder / STUDY, study.to_toml())
