"""Opens recorded runs as DataFrames."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from ..engine.errors import RecordError
from ..engine.record import EDGES, EVENTS, NODES, PROBES, RUN_FILES, SCENARIO, SUMMARY, Run


def open_run(path: str | Path) -> Run:
    """Open a run folder.

    The event log is read when its frame is asked for; everything else is read, and the log's
    footer checked, right away.

    Parameters
    ----------
    path
        A folder that `ohmtick run` or `Run.save` wrote.

    Raises
    ------
    RecordError
        When it is no run folder, or one of its files is cut short or foreign.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise RecordError(f"there is no run folder {folder}")
    lacking = [name for name in RUN_FILES if not (folder / name).is_file()]
    if lacking:
        raise RecordError(f"{folder} is not a run folder: it lacks {', '.join(lacking)}")
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ..engine.eventlog import event_schema

    try:
        reading = SCENARIO
        scenario_toml = (folder / SCENARIO).read_text(encoding="utf-8")
        tomllib.loads(scenario_toml)
        reading = SUMMARY
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        reading = EVENTS
        if not pq.read_schema(folder / EVENTS).equals(event_schema()):
            raise ValueError("its columns are not those of an event log")
        frames = {}
        for reading in (PROBES, EDGES, NODES):
            frames[reading] = pd.read_parquet(folder / reading)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RecordError(f"cannot read {folder / reading}: {error}") from error
    return Run(
        scenario_toml=scenario_toml,
        log=folder / EVENTS,
        probes=frames[PROBES],
        edges=frames[EDGES],
        nodes=frames[NODES],
        summary=summary,
    )
