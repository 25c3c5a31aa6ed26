"""Opens recorded runs as DataFrames."""

from __future__ import annotations

import json
import os
import tomllib
from functools import partial
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from ..engine.errors import RecordError, reason, shown
from ..engine.records.attached import AttachedFile
from ..engine.records.digests import NOT_AS_WRITTEN, digest_of, digest_of_bytes, digest_of_file
from ..engine.records.event_log import EventLog, check_schema, read_batches
from ..engine.records.run import (
    COLUMNS,
    DATA,
    DIGEST,
    EDGES,
    EVENTS,
    FILES,
    NODES,
    PROBES,
    RUN_FILES,
    SCENARIO,
    STATE,
    SUMMARY,
    SUMMARY_KEYS,
    Run,
    read_state,
)
from ..engine.records.segments import UNFINISHED
from ..engine.state import State


def open_run(path: str | Path) -> Run:
    """Open a run folder.

    One that `ohmtick run` or `Run.save` wrote. The event log is read when its frame is asked for;
    everything else is read, and the log's footer checked, right away. Whatever is read must have
    the digest that the summary has of it; folders of an earlier version have none.

    Raises
    ------
    RecordError
        When it is no run folder, or one of its files is damaged, cut short or foreign.
    """
    if not isinstance(path, str | PathLike):
        raise RecordError(f"a run folder is opened by its path, got {shown(path)}")
    folder = Path(path)
    if latest_snapshot(folder.parent / f"{folder.name}{UNFINISHED}") and not folder.exists():
        raise RecordError(
            f"there is no run folder {folder}, but what a run left that did not end: "
            f"'ohmtick resume {folder}' goes on"
        )
    if latest_snapshot(folder) is not None:
        raise RecordError(
            f"{folder} is what a run left that did not end; 'ohmtick resume {folder}' goes on"
        )
    return _opened(folder, folder / EVENTS)


def open_unfinished(path: Path) -> Run:
    """Open the latest snapshot of a run that did not end.

    Raises
    ------
    RecordError
        When there is none, or one of its files is damaged.
    """
    latest = latest_snapshot(path)
    if latest is None:
        raise RecordError(f"there is no snapshot of a run in {path}")
    run = _opened(latest, None)
    log = EventLog(values=True)
    try:
        for number, (name, digest) in enumerate(run.summary["segments"].items()):
            if digest_of_file(path / name) != digest:
                raise RecordError(f"cannot read {path / name}: {NOT_AS_WRITTEN}")
            for batch in read_batches(path / name):
                if not number and not log.rows:
                    log = EventLog(values="value_before" in batch)
                log.extend({str(column): values.to_numpy() for column, values in batch.items()})
    except OSError as error:
        raise RecordError(f"cannot read {path}: {reason(error)}") from error
    return run.with_log(log)


def latest_snapshot(path: Path) -> Path | None:
    """Return the folder of the latest snapshot among those of a run; None where there is none."""
    try:
        return max((each for each in path.glob("at-*") if (each / SUMMARY).is_file()), default=None)
    except (OSError, ValueError):
        return None


def _opened(folder: Path, events: Path | None) -> Run:
    """Open a folder with the files of a run, with the events elsewhere if they are not given."""
    needed = [name for name in RUN_FILES if name != EVENTS or events]
    try:
        present = {entry.name for entry in os.scandir(folder) if entry.is_file()}
    except (FileNotFoundError, NotADirectoryError):
        raise RecordError(f"there is no run folder {folder}") from None
    except (OSError, ValueError) as error:  # a ValueError is of a NUL in the path
        raise RecordError(f"cannot read the run folder {folder}: {reason(error)}") from None
    lacking = [name for name in needed if name not in present]
    if lacking:
        raise RecordError(f"{folder} is not a run folder: it lacks {', '.join(lacking)}")
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        reading = SUMMARY
        summary, digests = _summary(folder)
        if lacking := [name for name in digests if name not in present]:
            raise RecordError(f"{folder} is not a run folder: it lacks {', '.join(lacking)}")
        reading = SCENARIO
        scenario_toml = _content(folder, SCENARIO, digests).decode("utf-8")
        tomllib.loads(scenario_toml)
        reading = EVENTS
        if events is not None:
            check_schema(pq.read_schema(events))
        frames = {}
        for reading, columns in COLUMNS.items():
            if reading == DATA and DATA not in present:
                continue
            content = _content(folder, reading, digests)
            frame = frames[reading] = pd.read_parquet(BytesIO(content))
            if lacking := [name for name in columns if name not in frame]:
                raise ValueError(f"it lacks the columns {', '.join(lacking)}")
    except RecordError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RecordError(f"cannot read {folder / reading}: {reason(error)}") from error
    return Run(
        scenario_toml=scenario_toml,
        log=EventLog() if events is None else events,
        probes=frames[PROBES],
        edges=frames[EDGES],
        nodes=frames[NODES],
        data=frames.get(DATA),
        state=partial(_state, folder, digests) if STATE in present else None,
        summary=summary,
        log_digest=digests.get(EVENTS),
        attached=partial(_attached, folder, digests),
    )


def _attached(folder: Path, digests: dict[str, str]) -> list[AttachedFile]:
    """Return the files of a run folder that its scenario names: those that every run does not have.

    Raises
    ------
    RecordError
        When one cannot be read, or is damaged.
    """
    files = []
    for name in digests:
        if name not in (*RUN_FILES, DATA, STATE):
            try:
                files.append(AttachedFile(name, _content(folder, name, digests)))
            except (OSError, ValueError) as error:
                raise RecordError(f"cannot read {folder / name}: {reason(error)}") from error
    return files


def _summary(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the summary of a run folder, and the digests of its files, none of an old folder."""
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    if not isinstance(summary, dict):
        raise ValueError("it holds no summary")
    own = summary.pop(DIGEST, None)
    if (own is not None or FILES in summary) and own != digest_of(summary):
        raise ValueError("it is damaged, or was changed: its content has another digest")
    if lacking := [key for key in SUMMARY_KEYS if key not in summary]:
        raise ValueError(f"it lacks {', '.join(lacking)}")
    return summary, summary.pop(FILES, {})


def _state(folder: Path, digests: dict[str, str]) -> State:
    """Read what a run goes on from; it may be large, and few ask for it."""
    try:
        return read_state(_content(folder, STATE, digests))
    except (OSError, ValueError, BadZipFile) as error:
        raise RecordError(f"cannot read {folder / STATE}: {reason(error)}") from error


def _content(folder: Path, name: str, digests: dict[str, str]) -> bytes:
    content = (folder / name).read_bytes()
    if digests and digests.get(name) != digest_of_bytes(content):
        raise ValueError(NOT_AS_WRITTEN)
    return content
