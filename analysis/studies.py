"""Opens recorded studies as DataFrames."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.ledger import LEDGER, Entry, Ledger, PlannedRun

if TYPE_CHECKING:
    import pandas as pd


def open_study(path: str | Path) -> StudyRecord:
    """Open a study folder, finished or not; somebody may be adding to it.

    Parameters
    ----------
    path
        A folder that `ohmtick study` or `Study.run` wrote.

    Raises
    ------
    RecordError
        When it is no study folder, or its ledger is damaged or of a later layout.
    """
    return StudyRecord(Path(path))


class StudyRecord:
    """What a study's ledger held when it was opened.

    Attributes
    ----------
    folder : Path
        Where it is.
    keys : list of str
        What is varied: dotted keys, and ``label`` where rows have one.
    metrics : list of str
        What is measured of each run.
    facts : dict
        What else is noted: ``title``, ``version``, ``versions``, ``seeds``, ``threshold``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self._ledger() as ledger:
            self.facts: dict[str, Any] = ledger.facts()
            self._cells = ledger.cells()
            self._plan = ledger.plan()
            self._entries = ledger.entries()
        self.keys: list[str] = self.facts.get("keys", [])
        self.metrics: list[str] = self.facts.get("metrics", [])

    def __repr__(self) -> str:
        return f"StudyRecord({str(self.folder)!r}, runs={len(self)}, done={len(self._done)})"

    def __len__(self) -> int:
        """Return the number of runs that the study has, done or not."""
        return len(self._plan)

    def table(self) -> pd.DataFrame:
        """Return one row for each run that was done, in the order of the study.

        Returns
        -------
        DataFrame
            A column a key (a value that is a table as JSON), ``seed``, a column a metric. Runs
            that failed are in `failures`.
        """
        rows = [self._entries[run.key].metrics or {} for run in self._done]
        columns = {name: [row.get(name) for row in rows] for name in self.metrics}
        frame = self._frame(self._done, columns)
        return frame.astype(dict.fromkeys(self.metrics, "float64"))

    def failures(self) -> pd.DataFrame:
        """Return one row for each run that failed: the keys, ``seed`` and its ``error``."""
        failed = [run for run in self._plan if self._is(run, failed=True)]
        return self._frame(failed, {"error": [self._entries[run.key].error for run in failed]})

    def missing(self) -> pd.DataFrame:
        """Return one row for each run that is still to be done: the keys and ``seed``."""
        return self._frame([run for run in self._plan if run.key not in self._entries], {})

    def times(self) -> pd.DataFrame:
        """Return the time that each run took, s: the keys, ``seed`` and ``took_s``."""
        return self._frame(
            self._done, {"took_s": [self._entries[run.key].took_s for run in self._done]}
        )

    def probes(self) -> pd.DataFrame:
        """Return the probes of all runs: the keys, ``seed``, and the columns of a run's probes.

        Runs whose probes are not kept have no rows.
        """
        import pandas as pd

        named: dict[str, list[PlannedRun]] = {}
        for run in self._done:
            named.setdefault(run.key, []).append(run)
        with self._ledger() as ledger:
            kept = dict(ledger.probes(list(named)))
        runs = [run for run in self._done if run.key in kept]
        frames = [pd.read_parquet(BytesIO(kept[run.key])) for run in runs]
        whose = self._frame(runs, {})
        if not frames:
            return whose.assign(time_s=[], updates=[], error=[])
        repeats = whose.loc[whose.index.repeat([len(frame) for frame in frames])]
        joined = pd.concat(frames, ignore_index=True)
        return pd.concat([repeats.reset_index(drop=True), joined], axis="columns")

    @cached_property
    def _done(self) -> list[PlannedRun]:
        return [run for run in self._plan if self._is(run, failed=False)]

    def _is(self, run: PlannedRun, *, failed: bool) -> bool:
        entry: Entry | None = self._entries.get(run.key)
        return entry is not None and (entry.error is not None) == failed

    def _frame(self, runs: Sequence[PlannedRun], columns: dict[str, list[Any]]) -> pd.DataFrame:
        import pandas as pd

        changes = [self._cells[run.cell] for run in runs]
        named = {key: list(_shown(row[key] for row in changes)) for key in self.keys}
        return pd.DataFrame({**named, "seed": [run.seed for run in runs], **columns})

    def _ledger(self) -> Ledger:
        return Ledger(self.folder / LEDGER)


def _shown(values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        yield json.dumps(value) if isinstance(value, list | dict) else value
