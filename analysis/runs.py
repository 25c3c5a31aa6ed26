"""Opens recorded runs as DataFrames."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

from ..engine.errors import RecordError, reason
from ..engine.eventlog import check_schema
from ..engine.record import (
    COLUMNS,
    DATA,
    EDGES,
    EVENTS,
    NODES,
    PROBES,
    RUN_FILES,
    SCENARIO,
    SUMMARY,
    SUMMARY_KEYS,
    Run,
)


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
    try:
        present = {entry.name for entry in os.scandir(folder) if entry.is_file()}
    except (FileNotFoundError, NotADirectoryError):
        raise RecordError(f"there is no run folder {folder}") from None
    except (OSError, ValueError) as error:  # a ValueError is of a NUL in the path
        raise RecordError(f"cannot read the run folder {folder}: {reason(error)}") from None
    lacking = [name for name in RUN_FILES if name not in present]
    if lacking:
        raise RecordError(f"{folder} is not a run folder: it lacks {', '.join(lacking)}")
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        reading = SCENARIO
        scenario_toml = (folder / SCENARIO).read_text(encoding="utf-8")
        tomllib.loads(scenario_toml)
        reading = SUMMARY
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        if not isinstance(summary, dict):
            raise ValueError("it holds no summary")
        if lacking := [key for key in SUMMARY_KEYS if key not in summary]:
            raise ValueError(f"it lacks {', '.join(lacking)}")
        reading = EVENTS
        check_schema(pq.read_schema(folder / EVENTS))
        frames = {}
        for reading, columns in COLUMNS.items():
            if reading == DATA and DATA not in present:
                continue
            frame = frames[reading] = pd.read_parquet(folder / reading)
            if lacking := [name for name in columns if name not in frame]:
                raise ValueError(f"it lacks the columns {', '.join(lacking)}")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RecordError(f"cannot read {folder / reading}: {reason(error)}") from error
    return Run(
        scenario_toml=scenario_toml,
        log=folder / EVENTS,
        probes=frames[PROBES],
        edges=frames[EDGES],
        nodes=frames[NODES],
        data=frames.get(DATA),
        summary=summary,
    )
