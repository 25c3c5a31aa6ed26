"""Which runs a study has, which of them its ledger lacks, and what is to be done about those."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...analysis.metrics import METRICS, need_events
from ...engine.errors import RecordError
from ...engine.records.addresses import file_system, is_address
from ...engine.records.ledger import RUNS, Entry, Ledger, PlannedRun
from ..outside import LOCAL, origins
from .code import code, stored_as
from .jobs import Job
from .other_code import Stored, other_codes, other_names, refuse_other_code, stored_names

if TYPE_CHECKING:
    from .study import Study

#: Runs that are to be done, by key: two cells may come to the same scenario.
Lacking = dict[str, list[PlannedRun]]


@dataclass(frozen=True)
class Plan:
    """What a study comes to, and how much of it a ledger holds."""

    runs: list[PlannedRun]
    """Cell by cell; each with the key of the row that holds it, or will."""
    held: dict[str, Entry]
    """What the ledger holds, by key."""
    lacking: Lacking
    """Those that are to be done."""
    stored: Stored
    """What each metric is called in the ledger."""


def plan_of(
    study: Study,
    ledger: Ledger | None = None,
    folder: Path | None = None,
    *,
    retry_failed: bool = False,
    accept_other_code: bool = False,
) -> Plan:
    """Return the runs of a study, and which of them a ledger lacks.

    A run is there when a row of this code has all that the study asks for; with
    `accept_other_code`, a row of other code will do, too. One that failed, and would again, counts
    as there unless `retry_failed`.

    Raises
    ------
    RecordError
        When the ledger holds what other code made, and that is not accepted.
    """
    found, stored = planned(study), stored_names(study)
    held: dict[str, Entry] = {}
    others: list[str] = []
    if ledger is not None:
        held, metadata = ledger.entries(), ledger.metadata()
        if not accept_other_code:
            refuse_other_code(ledger.path.parent, metadata, held, stored)
        others, stored = other_codes(metadata, held), other_names(held, stored)
    probed = ledger.with_probes() if study.probes and ledger is not None else set()

    def is_whole(key: str) -> bool:
        return (
            (entry := held.get(key)) is not None
            and entry.measures(stored.values())
            and (not study.probes or key in probed)
            and (not study.events or _is_kept(entry, folder))
        )

    for other in others:  # those of this code come first
        for place, run in enumerate(planned(study, other)):
            # Once, keys did not begin with their code.
            known = (key for key in (run.key, run.key.partition("-")[2]) if is_whole(key))
            if not is_whole(found[place].key) and (key := next(known, None)):
                found[place] = replace(run, key=key)
    lacking = Lacking()
    for run in found:
        entry = held.get(run.key)
        failed = entry is not None and entry.error is not None and not retry_failed
        if not (failed or is_whole(run.key)):
            lacking.setdefault(run.key, []).append(run)
    return Plan(found, held, lacking, stored)


def planned(study: Study, other: str | None = None) -> list[PlannedRun]:
    """Return the runs of a study, cell by cell, as this code makes them, or as another did."""
    return [
        PlannedRun(cell=number, seed=seed, key=cell.key(seed, other or cell.code(code())))
        for number, cell in enumerate(study.cells)
        for seed in study.seeds
    ]


def local_kind(study: Study) -> str:
    """Return a kind that only this process has, of a script or a notebook; "" for none."""
    for cell in study.cells:
        found = origins(cell.scenario) if cell.scenario and cell.kinds else {}
        for family, kinds in found.items():
            for kind, origin in kinds.items():
                if origin.module in LOCAL:
                    return f"the {family} {kind!r} of {origin.module}"
    return ""


def _is_kept(entry: Entry, folder: Path | None) -> bool:
    """Whether a run's folder is where the ledger says; of an address elsewhere, its word counts."""
    if entry.folder is None or is_address(entry.folder) or folder is None:
        return entry.folder is not None
    try:
        return (folder / entry.folder).is_dir()
    except (OSError, ValueError):  # no folder can have that name
        return False


def jobs_for(study: Study, lacking: Lacking, folder: Path | None) -> Iterator[Job]:
    """Yield the runs to do, seed by seed, so that the cells can be compared early."""
    metrics = {stored_as(name, METRICS[name]): METRICS[name] for name in study.metrics}
    folders = None if folder is None else _folders(study, folder, lacking)
    place = {seed: number for number, seed in enumerate(study.seeds)}
    for key, runs in sorted(lacking.items(), key=lambda item: place[item[1][0].seed]):
        cell = study.cells[runs[0].cell]
        if (scenario := cell.scenario) is not None:
            yield Job(
                key=key,
                scenario=scenario,
                seed=runs[0].seed,
                engine=study.engine,
                code=cell.code(code()),
                metrics=metrics,
                logs=need_events(study.metrics),
                probes=study.probes,
                folders=folders,
            )


def check_events(study: Study, folder: Path) -> None:
    """Refuse places of event logs where they cannot or shall not go, before anything is written.

    That is an address that has no file system, and a link in the study's folder, which may come
    from somebody else: `events` can name any other folder.

    Raises
    ------
    RecordError
        Why not.
    """
    if isinstance(study.events, str) and is_address(study.events):
        try:
            file_system(study.events)
        except Exception as error:  # each file system has errors of its own
            raise RecordError(f"event logs cannot go to {study.events}: {error}") from None
    if study.events is True and (folder / RUNS).is_symlink():
        raise RecordError(f"event logs cannot go to {folder / RUNS}: it is a symbolic link")


#: What a run folder is called while it is written.
_PARTIAL = re.compile(r"\.(?P<key>[^.]+)\.[0-9a-f]{8}\.partial")


def _folders(study: Study, folder: Path, lacking: Lacking) -> str | None:
    """Return where run folders go; what a killed process left half written of them is removed."""
    if not study.events:
        return None
    if isinstance(study.events, str) and is_address(study.events):
        return study.events.rstrip("/")
    own = (folder / RUNS if study.events is True else Path(str(study.events))).absolute()
    for partial in own.glob(".*.partial"):
        if (found := _PARTIAL.fullmatch(partial.name)) and found["key"] in lacking:
            shutil.rmtree(partial, ignore_errors=True)
    return str(own)
