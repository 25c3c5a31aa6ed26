"""The ledger of a study: one row a run, there whole or not at all, in SQLite.

``plan`` lists the runs of the study as it is defined now, in order; ``runs`` holds what came of
each run that ended, under a key that is the code that made it and a hash of its full scenario. So a
ledger outlives its plan: a study may grow, and what is there already is not run again.

Each row of a run has a digest of its content, and so have the tables of the plan; what was damaged
on the disk is named, and never read as truth.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ..errors import RecordError
from .digests import digest_of, digest_of_bytes

#: The file of a study's ledger, that of its definition, and where it keeps run folders.
LEDGER, STUDY, RUNS = "ledger.sqlite", "study.toml", "runs"
#: The layout of the tables; a ledger of a later one cannot be read.
LAYOUT = 3
#: The first layout that has digests.
SEALED = 2

#: Layout 1.
_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE cells (cell INTEGER PRIMARY KEY, changes TEXT NOT NULL, scenario TEXT NOT NULL);
CREATE TABLE plan (place INTEGER PRIMARY KEY, cell INTEGER NOT NULL, seed INTEGER NOT NULL,
                   key TEXT NOT NULL);
CREATE TABLE runs (key TEXT PRIMARY KEY, metrics TEXT, error TEXT, probes BLOB, folder TEXT,
                   took_s REAL, ended TEXT NOT NULL) WITHOUT ROWID;
"""
#: What layout 2 adds.
_DIGESTS = """
ALTER TABLE runs ADD COLUMN probes_sha256 TEXT;
ALTER TABLE runs ADD COLUMN digest TEXT;
CREATE TABLE digests (name TEXT PRIMARY KEY, digest TEXT NOT NULL);
"""
#: What layout 3 calls otherwise; the rows, and so their digest, stay.
_NAMES = """
ALTER TABLE facts RENAME TO metadata;
UPDATE digests SET name = 'metadata' WHERE name = 'facts';
"""
#: How a table of the plan is read, all of it and always in one order.
_PLAN = {
    "metadata": "SELECT name, value FROM metadata ORDER BY name",
    "cells": "SELECT cell, changes, scenario FROM cells ORDER BY cell",
    "plan": "SELECT place, cell, seed, key FROM plan ORDER BY place",
}
#: What a run's digest is of; of its probes, it is of their digest.
_RUN = "key, metrics, error, folder, took_s, ended, probes_sha256"
#: What is said of damage.
_DAMAGED = "it is damaged, and nothing was changed: put a copy back, or move it away and run the \
study anew"


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
        When it is not there, is a link to elsewhere, cannot be read, is damaged, or is of a later
        layout.
    """

    def __init__(self, path: Path, *, writes: bool = False) -> None:
        self.path = path
        if not writes and not path.is_file():
            raise RecordError(f"{path.parent} is not a study folder: it lacks {path.name}")
        for name in (path.name, *(f"{path.name}-{part}" for part in ("wal", "shm", "journal"))):
            if path.with_name(name).is_symlink():  # SQLite would write to where it points
                raise RecordError(f"cannot read the ledger {path}: {name} is a symbolic link")
            if path.with_name(name).exists() and not path.with_name(name).is_file():
                raise RecordError(f"cannot read the ledger {path}: {name} is no file")
        self._writes = writes
        with self._saying("read"):
            mode = "rwc" if writes else "ro"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30.0)
            self._db.text_factory = _text
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        layout = self._layout = int(self._db.execute("PRAGMA user_version").fetchone()[0])
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
        if layout == 0 and self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("it holds something else")
        # A killed process leaves what is committed; only a power failure could lose the rows of the
        # last seconds. The disk is waited for at checkpoints alone, one in some thousands of runs.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA wal_autocheckpoint = 16384")
        if layout < LAYOUT:
            self._upgrade(layout)

    def _upgrade(self, layout: int) -> None:
        """Make the tables that are not there yet, all or none; what there is gets its digests."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for script in (_TABLES, _DIGESTS, _NAMES)[layout:]:
                for statement in script.split(";"):
                    self._db.execute(statement)
            if layout < SEALED:
                for key, probes in self._db.execute("SELECT key, probes FROM runs").fetchall():
                    self._seal(key, None if probes is None else digest_of_bytes(probes))
                self._seal_plan()
            self._db.execute(f"PRAGMA user_version = {LAYOUT}")
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._layout = LAYOUT

    def _seal(self, key: str, probes: str | None) -> None:
        """Note the digest of a run's row, given that of its probes."""
        self._db.execute("UPDATE runs SET probes_sha256 = ? WHERE key = ?", (probes, key))
        row = self._db.execute(f"SELECT {_RUN} FROM runs WHERE key = ?", (key,)).fetchone()
        self._db.execute("UPDATE runs SET digest = ? WHERE key = ?", (digest_of(row), key))

    def _seal_plan(self) -> None:
        """Note the digests of the tables of the plan."""
        for name, query in _PLAN.items():
            digest = digest_of(self._db.execute(query).fetchall())
            self._db.execute("INSERT OR REPLACE INTO digests VALUES (?, ?)", (name, digest))

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
        except (sqlite3.Error, UnicodeError, json.JSONDecodeError) as error:
            said = " ".join(str(error).split())
            # Its tables are not those that are asked for, or they cannot be reached just now.
            foreign = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
            if isinstance(error, sqlite3.OperationalError) and not foreign:
                hint = "; every run that it holds is safe, and the same command goes on with it"
            else:
                hint = f"; {_DAMAGED}"
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

    def metadata(self) -> dict[str, Any]:
        """Return what is noted of the study as a whole, by name."""
        rows = self._table("metadata")
        with self._saying("read"):
            return {name: json.loads(value) for name, value in rows}

    def _table(self, name: str) -> list[tuple[Any, ...]]:
        """Return a table of the plan, which is what was written."""
        query = _PLAN[name]
        if self._layout < LAYOUT and name == "metadata":  # as it was called before
            query, name = query.replace(name, "facts"), "facts"
        with self.at_one_time(), self._saying("read"):
            rows = self._db.execute(query).fetchall()
            if self._layout < SEALED:  # and nothing can be said of it
                return rows
            held = self._db.execute("SELECT digest FROM digests WHERE name = ?", (name,)).fetchone()
        if held is None or held[0] != digest_of(rows):
            raise RecordError(
                f"cannot read the ledger {self.path}: its table {name!r} is not what was written; "
                + _DAMAGED
            )
        return rows

    def set_plan(
        self,
        metadata: Mapping[str, Any],
        cells: Iterable[tuple[Mapping[str, Any], str]],
        runs: Iterable[PlannedRun],
    ) -> None:
        """Note what the study is now: its metadata, the changes that make each cell, the runs."""
        with self._transaction():
            for table in _PLAN:
                self._db.execute(f"DELETE FROM {table}")
            self._db.executemany(
                "INSERT INTO metadata VALUES (?, ?)",
                ((name, json.dumps(value)) for name, value in metadata.items()),
            )
            self._db.executemany(
                "INSERT INTO cells VALUES (?, ?, ?)",
                ((n, json.dumps(changes), text) for n, (changes, text) in enumerate(cells)),
            )
            self._db.executemany(
                "INSERT INTO plan VALUES (?, ?, ?, ?)",
                ((n, run.cell, run.seed, run.key) for n, run in enumerate(runs)),
            )
            self._seal_plan()

    def cells(self) -> list[dict[str, Any]]:
        """Return the changes that make each cell, in order."""
        rows = self._table("cells")
        with self._saying("read"):
            return [json.loads(changes) for _, changes, _ in rows]

    def plan(self) -> list[PlannedRun]:
        """Return the runs of the study as it is defined now, in order."""
        rows = self._table("plan")
        return [PlannedRun(cell=cell, seed=seed, key=key) for _, cell, seed, key in rows]

    # --- the runs ---------------------------------------------------------------------------------

    def enter(self, entry: Entry) -> None:
        """Note what came of a run; what the ledger holds of that run already stays beside it."""
        ended = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        with self._transaction():
            row = self._row(entry.key)
            _, metrics, _, folder, _, _, probes = row or (None,) * 7
            if entry.metrics is not None:
                held = {} if metrics is None else json.loads(metrics)
                new = {name: _plain(value) for name, value in entry.metrics.items()}
                metrics = json.dumps(held | new)
            if row is None:
                self._db.execute("INSERT INTO runs (key, ended) VALUES (?, ?)", (entry.key, ended))
            if entry.probes is not None:
                probes = digest_of_bytes(entry.probes)
                self._db.execute(
                    "UPDATE runs SET probes = ? WHERE key = ?", (entry.probes, entry.key)
                )
            folder = entry.folder or folder
            whole = (entry.key, metrics, entry.error, folder, entry.took_s, ended, probes)
            self._db.execute(
                f"UPDATE runs SET ({_RUN}, digest) = (?, ?, ?, ?, ?, ?, ?, ?) WHERE key = ?",
                (*whole, digest_of(whole), entry.key),
            )

    def _row(self, key: str) -> tuple[Any, ...] | None:
        """Return what is held of a run, but for its probes."""
        query = f"SELECT {_RUN}, digest FROM runs WHERE key = ?"
        row = self._db.execute(query, (key,)).fetchone()
        return None if row is None else self._whole(row)

    def _whole(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a run's row without its digest, which must be that of the row."""
        *content, digest = row
        if digest != digest_of(content):
            raise self._damaged(content[0])
        return tuple(content)

    def _damaged(self, key: str) -> RecordError:
        return RecordError(
            f"cannot read the ledger {self.path}: the row of the run {key!r} is not what was "
            f"written; {_DAMAGED}"
        )

    @contextmanager
    def at_one_time(self) -> Iterator[None]:
        """Read several things as they were at one time, whoever writes meanwhile."""
        if self._db.in_transaction:
            yield
            return
        with self._saying("read"):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def entries(self) -> dict[str, Entry]:
        """Return what came of every run, by key, without its probes."""
        old = self._layout < SEALED  # and nothing can be said of its rows
        with self._saying("read"):
            columns = _RUN.replace("probes_sha256", "NULL, NULL") if old else f"{_RUN}, digest"
            rows = self._db.execute(f"SELECT {columns} FROM runs").fetchall()
            found = {}
            for row in rows:
                key, metrics, error, folder, took, *_ = row if old else self._whole(row)
                found[key] = Entry(
                    key=key, metrics=_metrics(metrics), error=error, folder=folder, took_s=took
                )
        return found

    def probes(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the probes of some runs that have them."""
        columns = "probes, NULL" if self._layout < SEALED else "probes, probes_sha256"
        for key in keys:
            with self._saying("read"):
                query = f"SELECT {columns} FROM runs WHERE key = ?"
                row = self._db.execute(query, (key,)).fetchone()
            if row is None or row[0] is None:
                continue
            probes, digest = row
            if self._layout >= SEALED and digest != digest_of_bytes(probes):
                raise self._damaged(key)
            yield key, probes

    def with_probes(self) -> set[str]:
        """Return the keys of the runs whose probes are kept."""
        with self._saying("read"):
            rows = self._db.execute("SELECT key FROM runs WHERE probes IS NOT NULL").fetchall()
        return {key for (key,) in rows}


def _text(stored: bytes) -> str:
    """Return a text; what is none any more can be told from what was written."""
    return stored.decode("utf-8", "surrogateescape")


def _plain(value: float) -> float | None:
    """Return a number as JSON has it: NaN is null."""
    return None if math.isnan(value) else float(value)


def _metrics(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    return {name: math.nan if value is None else value for name, value in json.loads(text).items()}
