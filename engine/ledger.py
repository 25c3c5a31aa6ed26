"""The ledger of a study: one row a run, there whole or not at all, in SQLite.

``plan`` lists the runs of the study as it is defined now, in order; ``runs`` holds what came of
each run that ended, under a key that is the code that made it and a hash of its full scenario. So a
ledger outlives its plan: a study may grow, and what is there already is not run again.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .errors import RecordError

#: The file of a study's ledger, that of its definition, and where it keeps run folders.
LEDGER, STUDY, RUNS = "ledger.sqlite", "study.toml", "runs"
#: The layout of the tables; a ledger of a later one cannot be read.
LAYOUT = 1

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE cells (cell INTEGER PRIMARY KEY, changes TEXT NOT NULL, scenario TEXT NOT NULL);
CREATE TABLE plan (place INTEGER PRIMARY KEY, cell INTEGER NOT NULL, seed INTEGER NOT NULL,
                   key TEXT NOT NULL);
CREATE TABLE runs (key TEXT PRIMARY KEY, metrics TEXT, error TEXT, probes BLOB, folder TEXT,
                   took_s REAL, ended TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What came of one run.

    Attributes
    ----------
    key : str
        The code that made it, and a hash of its full scenario.
    metrics : dict or None
        By name, to which ``@`` and the digest of its code is added where it is a user's own; None
        of a run that failed.
    error : str or None
        Why it failed.
    probes : bytes or None
        Its probes as Parquet, where the study keeps them.
    folder : str or None
        Address of its run folder, where the study keeps them; a relative path begins at the
        ledger's folder.
    took_s : float
        Time it took, s.
    """

    key: str
    metrics: dict[str, float] | None = None
    error: str | None = None
    probes: bytes | None = None
    folder: str | None = None
    took_s: float = 0.0

    def measures(self, metrics: Iterable[Iterable[str]]) -> bool:
        """Whether it has all of some metrics, each by any of its names."""
        held = self.metrics
        return held is not None and all(any(n in held for n in names) for names in metrics)


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run of the plan, and what is there of it.

    Attributes
    ----------
    cell, seed : int
        Which cell of the study, and which seed.
    key : str
        Of its row among the runs.
    """

    cell: int
    seed: int
    key: str


class Ledger:
    """An open ledger.

    Each row is committed by itself, in SQLite's write-ahead mode: killing the process leaves what
    was committed, and nothing of what was not.

    Parameters
    ----------
    path
        The file.
    writes
        Whether to make it where it is not there, and to write to it. A reader may look while
        somebody else writes.

    Raises
    ------
    RecordError
        When it is not there, cannot be read, is damaged, or is of a later layout.
    """

    def __init__(self, path: Path, *, writes: bool = False) -> None:
        self.path = path
        if not writes and not path.is_file():
            raise RecordError(f"{path.parent} is not a study folder: it lacks {path.name}")
        self._writes = writes
        with self._saying("read"):
            mode = "rwc" if writes else "ro"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30.0)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        layout = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if layout > LAYOUT:
            raise RecordError(
                f"the ledger {self.path} was written by a newer ohmtick (layout {layout}, and "
                f"this one reads up to {LAYOUT}); nothing was changed"
            )
        if not self._writes:
            if layout == 0:
                raise sqlite3.DatabaseError("it holds no ledger")
            return
        said = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise sqlite3.DatabaseError(said)
        # A killed process leaves what is committed; only a power failure could lose the rows of the
        # last seconds. The disk is waited for at checkpoints alone, one in some thousands of runs.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA wal_autocheckpoint = 16384")
        if layout == 0:
            self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; a ledger that was written to is then one plain file."""
        if self._writes:
            with suppress(sqlite3.Error):  # a reader is looking: the next one to close it does it
                self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()

    @contextmanager
    def _saying(self, what: str) -> Iterator[None]:
        """Turn SQLite's errors into one that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            said = " ".join(str(error).split())
            if isinstance(error, sqlite3.OperationalError):
                hint = "; every run that it holds is safe, and the same command goes on with it"
            else:
                hint = (
                    "; it is damaged, and nothing was changed: put a copy back, or move it away "
                    "and run the study anew"
                )
            raise RecordError(f"cannot {what} the ledger {self.path}: {said}{hint}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._saying("write to"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    # --- the plan ---------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Return what is noted of the study as a whole, by name."""
        with self._saying("read"):
            rows = self._db.execute("SELECT name, value FROM facts").fetchall()
        return {name: json.loads(value) for name, value in rows}

    def set_plan(
        self,
        facts: Mapping[str, Any],
        cells: Iterable[tuple[Mapping[str, Any], str]],
        runs: Iterable[PlannedRun],
    ) -> None:
        """Note what the study is now: facts, the changes that make each cell, the runs."""
        with self._transaction():
            for table in ("facts", "cells", "plan"):
                self._db.execute(f"DELETE FROM {table}")
            self._db.executemany(
                "INSERT INTO facts VALUES (?, ?)",
                ((name, json.dumps(value)) for name, value in facts.items()),
            )
            self._db.executemany(
                "INSERT INTO cells VALUES (?, ?, ?)",
                ((n, json.dumps(changes), text) for n, (changes, text) in enumerate(cells)),
            )
            self._db.executemany(
                "INSERT INTO plan VALUES (?, ?, ?, ?)",
                ((n, run.cell, run.seed, run.key) for n, run in enumerate(runs)),
            )

    def cells(self) -> list[dict[str, Any]]:
        """Return the changes that make each cell, in order."""
        with self._saying("read"):
            rows = self._db.execute("SELECT changes FROM cells ORDER BY cell").fetchall()
        return [json.loads(changes) for (changes,) in rows]

    def plan(self) -> list[PlannedRun]:
        """Return the runs of the study as it is defined now, in order."""
        with self._saying("read"):
            rows = self._db.execute("SELECT cell, seed, key FROM plan ORDER BY place").fetchall()
        return [PlannedRun(cell=cell, seed=seed, key=key) for cell, seed, key in rows]

    # --- the runs ---------------------------------------------------------------------------------

    def enter(self, entry: Entry) -> None:
        """Note what came of a run; what the ledger holds of that run already stays beside it."""
        metrics = None
        if entry.metrics is not None:
            held = self._metrics_of(entry.key) or {}
            merged = held | {name: _plain(value) for name, value in entry.metrics.items()}
            metrics = json.dumps(merged)
        with self._saying("write to"):
            self._db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ')) "
                "ON CONFLICT(key) DO UPDATE SET metrics = coalesce(excluded.metrics, metrics), "
                "error = excluded.error, probes = coalesce(excluded.probes, probes), "
                "folder = coalesce(excluded.folder, folder), took_s = excluded.took_s, "
                "ended = excluded.ended",
                (entry.key, metrics, entry.error, entry.probes, entry.folder, entry.took_s),
            )

    def _metrics_of(self, key: str) -> dict[str, float | None] | None:
        with self._saying("read"):
            row = self._db.execute("SELECT metrics FROM runs WHERE key = ?", (key,)).fetchone()
        return None if row is None or row[0] is None else json.loads(row[0])

    @contextmanager
    def at_one_time(self) -> Iterator[None]:
        """Read several things as they were at one time, whoever writes meanwhile."""
        with self._saying("read"):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def entries(self) -> dict[str, Entry]:
        """Return what came of every run, by key, without its probes."""
        with self._saying("read"):
            rows = self._db.execute(
                "SELECT key, metrics, error, folder, took_s FROM runs"
            ).fetchall()
        return {
            key: Entry(key=key, metrics=_metrics(text), error=error, folder=folder, took_s=took)
            for key, text, error, folder, took in rows
        }

    def probes(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the probes of some runs that have them."""
        for key in keys:
            with self._saying("read"):
                row = self._db.execute("SELECT probes FROM runs WHERE key = ?", (key,)).fetchone()
            if row is not None and row[0] is not None:
                yield key, row[0]

    def with_probes(self) -> set[str]:
        """Return the keys of the runs whose probes are kept."""
        with self._saying("read"):
            rows = self._db.execute("SELECT key FROM runs WHERE probes IS NOT NULL").fetchall()
        return {key for (key,) in rows}


def _plain(value: float) -> float | None:
    """Return a number as JSON has it: NaN is null."""
    return None if math.isnan(value) else float(value)


def _metrics(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    return {name: math.nan if value is None else value for name, value in json.loads(text).items()}
