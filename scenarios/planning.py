"""Which runs a study has, which of them its ledger lacks, and what is to be done about those."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.addresses import file_system, is_address
from ..engine.errors import RecordError
from ..engine.ledger import RUNS, Entry, Ledger, PlannedRun
from .jobs import Job

if TYPE_CHECKING:
    from .cells import Cell
    from .study import Study

#: Runs that are to be done, by key: two cells may come to the same scenario.
Lacking = dict[str, list[PlannedRun]]


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


def whose_cell(study: Study, runs: list[PlannedRun]) -> Cell:
    """Return the cell of runs that share a key."""
    return study.cells[runs[0].cell]


def lacking_runs(
    study: Study,
    ledger: Ledger | None,
    plan: list[PlannedRun],
    held: dict[str, Entry],
    folder: Path | None = None,
    retry_failed: bool = False,
) -> Lacking:
    """Return the runs that are not in the ledger with all that the study asks of them."""
    probed = ledger.with_probes() if study.probes and ledger is not None else set()
    lacking: Lacking = {}
    for run in plan:
        entry = held.get(run.key)
        there = (
            entry is not None
            and entry.measures(study.metrics)
            and (not study.probes or run.key in probed)
            and (not study.events or _is_kept(entry, folder))
        )
        if entry is not None and entry.error is not None and not retry_failed:
            there = True  # it failed, and would again
        if not there:
            lacking.setdefault(run.key, []).append(run)
    return lacking


def _is_kept(entry: Entry, folder: Path | None) -> bool:
    """Whether a run's folder is where the ledger says; of an address elsewhere, its word counts."""
    if entry.folder is None or is_address(entry.folder) or folder is None:
        return entry.folder is not None
    return (folder / entry.folder).is_dir()


def jobs_for(study: Study, lacking: Lacking, folder: Path | None) -> Iterator[Job]:
    """Yield the runs to do, seed by seed, so that the cells can be compared early."""
    from ..analysis.metrics import METRICS, need_events

    metrics = {name: METRICS[name] for name in study.metrics}
    folders = None if folder is None else _folders(study, folder, lacking)
    place = {seed: number for number, seed in enumerate(study.seeds)}
    for key, runs in sorted(lacking.items(), key=lambda item: place[item[1][0].seed]):
        scenario = whose_cell(study, runs).scenario
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


#: What a run folder is called while it is written.
_PARTIAL = re.compile(r"\.(?P<key>[^.]+)\.[0-9a-f]{8}\.partial")


def _folders(study: Study, folder: Path, lacking: Lacking) -> str | None:
    """Return where run folders go; what a killed process left half written of them is removed."""
    if not study.events:
        return None
    if isinstance(study.events, str) and is_address(study.events):
        try:  # before anything is run
            file_system(study.events)
        except Exception as error:  # each file system has errors of its own
            raise RecordError(f"event logs cannot go to {study.events}: {error}") from None
        return study.events.rstrip("/")
    own = (folder / RUNS if study.events is True else Path(str(study.events))).absolute()
    for partial in own.glob(".*.partial"):
        if (found := _PARTIAL.fullmatch(partial.name)) and found["key"] in lacking:
            shutil.rmtree(partial, ignore_errors=True)
    return str(own)
