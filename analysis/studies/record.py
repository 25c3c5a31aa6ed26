"""Opens recorded studies as DataFrames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import (
    MOST_OF_PATH,
    AnalysisError,
    RecordError,
    nearest,
    reason,
    shortened,
    shown,
)
from ...engine.events import EVENT_DTYPES
from ...engine.records.addresses import file_system, is_address, lies_in
from ...engine.records.ledger import LEDGER, Ledger, PlannedRun
from ...engine.records.run import EVENTS
from ..html.markup import page, table
from ..report.selection import Condition, Where, conditions, holding
from ..units import unit_of_metric
from .responses import comparisons, influence, response, thresholds

if TYPE_CHECKING:
    import pandas as pd

#: Names the rows of paired lists.
LABEL = "label"


def open_study(path: str | Path, *, elsewhere: bool = False) -> StudyRecord:
    """Open a study folder, finished or not; somebody may be adding to it.

    Parameters
    ----------
    path
        A folder that `ohmtick study` or `Study.run` wrote.
    elsewhere
        Whether to read run folders also where the study's ledger says that they are outside its
        folder, as they are of a study that was told so (``events``): at other paths, and at
        addresses. Ask for it only of a folder whose origin you know.

    Raises
    ------
    RecordError
        When it is no study folder, or its ledger is damaged or of a later layout.
    """
    if not isinstance(path, str | PathLike):
        raise RecordError(f"a study folder is opened by its path, got {shown(path)}")
    return StudyRecord(Path(path), elsewhere=elsewhere)


def is_study(path: str | Path) -> bool:
    """Whether a folder holds the ledger of a study."""
    return (Path(path) / LEDGER).is_file()


class StudyRecord:
    """What the ledger in a study's `folder` held when it was opened.

    Attributes
    ----------
    keys : list of str
        What is varied: dotted keys, and ``label`` where rows have one.
    metrics : list of str
        What is measured of each run.
    metadata : dict
        What else is noted: ``title``, ``version`` and ``code`` (a digest of its sources) of the
        Ohmtick that ran it last, ``codes`` (the code and the version of each that ran it),
        ``versions`` of what computed, ``seeds``, ``threshold``.
    """

    def __init__(self, folder: Path, *, elsewhere: bool = False) -> None:
        self.folder = folder
        self._elsewhere = elsewhere
        with Ledger(self.folder / LEDGER) as ledger, ledger.at_one_time():
            self.metadata: dict[str, Any] = ledger.metadata()
            self._cells = ledger.cells()
            self._plan = ledger.plan()
            self._entries = ledger.entries()
        self.keys: list[str] = self.metadata.get("keys", [])
        self.metrics: list[str] = self.metadata.get("metrics", [])

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self._cells)

    @property
    def axes(self) -> list[str]:
        """The keys that tell cells apart: of paired lists ``label``, or the first if it can."""
        hidden: set[str] = set()
        for block in self.metadata.get("paired", []):
            chosen = LABEL if LABEL in block else block[0]
            values = {json.dumps(cell[chosen]) for cell in self._cells}
            rows = {json.dumps([cell[key] for key in block]) for cell in self._cells}
            if len(values) == len(rows):
                hidden |= set(block) - {chosen}
        return [key for key in self.keys if key not in hidden]

    @property
    def moved(self) -> list[str]:
        """The axes that hold different numbers and were not sampled."""
        table, sampled = self._frame(self._done, {}), self.metadata.get("sampled", [])
        keys = [key for key in self.axes if key not in sampled]
        return [k for k in keys if table[k].dtype.kind in "iuf" and len(table[k].unique()) > 1]

    @property
    def reference(self) -> dict[str, Any]:
        """The cell to compare with: each axis and its value, as `table` has it.

        Where the study names none, that is the first cell of its plan, whether it was run or not.
        """
        first = self._frame(self._plan[:1], {})
        given = self.metadata["threshold"]["reference"]
        return {key: given.get(key, first[key].iloc[0]) for key in self.axes}

    def at_reference(self, table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a table in which some keys are at their reference."""
        for key in keys:
            table = table[table[key] == self.reference[key]]
        return table

    @property
    def units(self) -> dict[str, str]:
        """The unit of each key and metric that has one."""
        known = {name: unit for name in self.metrics if (unit := unit_of_metric(name))}
        noted: dict[str, str] = self.metadata.get("units", {})
        return known | noted

    @property
    def metric(self) -> str:
        """The metric that the study is about."""
        asked = self.metadata["threshold"]["metric"]
        return asked if asked in self.metrics else self.metrics[0]

    def __repr__(self) -> str:
        return f"StudyRecord({str(self.folder)!r}, runs={len(self)}, done={len(self._done)})"

    def _repr_html_(self) -> str:
        failed = sum(self._is(run, failed=True) for run in self._plan)
        rows = {
            "folder": str(self.folder),
            "runs": f"{len(self._done):,} of {len(self):,} done"
            + (f", {failed} failed" if failed else ""),
            **{key: self._values(key) for key in self.keys},
            "seeds": str(len(self.metadata.get("seeds", []))),
            "metrics": ", ".join(self.metrics),
        }
        return page(self.metadata.get("title") or "untitled study", [table(rows)])

    def _values(self, key: str) -> str:
        """Return what a key is set to, in the order of the cells."""
        found = list(dict.fromkeys(str(_shown(cell[key])) for cell in self._cells))
        return shortened(", ".join(found[:16] + ["…"] * (len(found) > 16)))

    def __len__(self) -> int:
        """Return the number of runs that the study has, done or not."""
        return len(self._plan)

    def table(self) -> pd.DataFrame:
        """Return one row for each run that was done, in the order of the study.

        Returns
        -------
        DataFrame
            A column a key (a value that is a table as JSON), ``seed``, a column a metric. Where
            some were made by other code than the study's last, a column ``code`` has that of
            each. Runs that failed are in `failures`.
        """
        rows = [self._entries[run.key].metrics or {} for run in self._done]
        columns = {
            name: [next((row[each] for each in stored if each in row), None) for row in rows]
            for name, stored in self._stored.items()
        }
        frame = self._frame(self._done, columns)
        frame = frame.astype(dict.fromkeys(self.metrics, "float64"))
        codes = [self._code(run) for run in self._done]
        return frame.assign(code=codes) if set(codes) - {self.metadata.get("code", "")} else frame

    @property
    def _stored(self) -> dict[str, list[str]]:
        """What each metric is called in the ledger, by the study's code and by others'."""
        return {name: self.metadata.get("stored", {}).get(name, [name]) for name in self.metrics}

    def _code(self, run: PlannedRun) -> str:
        """Return which code made a run: the package's, and of a metric where that is another."""
        row = self._entries[run.key].metrics or {}
        made, marked, _ = run.key.partition("-")
        if not marked:  # as keys were when the version was all that was noted
            made = self.metadata.get("unmarked", "")
        elif made in self.metadata.get("current", ()):  # with kinds from outside, as they are now
            made = self.metadata["code"]
        others = [
            next(each for each in stored if each in row)
            for stored in self._stored.values()
            if stored[0] not in row
        ]
        return ", ".join([made, *others])

    def failures(self) -> pd.DataFrame:
        """Return one row for each run that failed: the keys, ``seed`` and its ``error``."""
        failed = [run for run in self._plan if self._is(run, failed=True)]
        return self._frame(failed, {"error": [self._entries[run.key].error for run in failed]})

    def missing(self) -> pd.DataFrame:
        """Return one row for each run that is still to be done: the keys and ``seed``."""
        return self._frame([run for run in self._plan if run.key not in self._entries], {})

    def times(self) -> pd.DataFrame:
        """Return the time that each run took, s: the keys, ``seed`` and ``took_s``."""
        took = [self._entries[run.key].took_s for run in self._done]
        return self._frame(self._done, {"took_s": took})

    def response(self, *keys: str, metric: str | None = None) -> pd.DataFrame:
        """Return a metric's statistic over the seeds; see `responses.response`.

        By default at every cell, of the metric and by the statistic that the study is about.
        """
        named = list(keys) or self.axes
        return response(self.table(), named, metric or self.metric, **self.statistic_options)

    def thresholds(
        self,
        metric: str | None = None,
        factor: float | None = None,
        *,
        table: pd.DataFrame | None = None,
        keys: Sequence[str] = (),
    ) -> pd.DataFrame:
        """Return where each key's threshold lies, for a part of the table: see `responses`."""
        part, named = self.table() if table is None else table, keys or self.axes
        factor = factor or self.metadata["threshold"]["factor"]
        how = {"reference": self.reference, **self.statistic_options}
        return thresholds(part, named, metric or self.metric, factor, **how)

    def comparisons(
        self, metric: str | None = None, reference: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return each cell against a reference; see `responses.comparisons`."""
        base = self.reference if reference is None else reference
        return comparisons(
            self.table(), self.axes, metric or self.metric, base, **self.statistic_options
        )

    def influence(self, metric: str | None = None) -> pd.DataFrame:
        """Return how each key ranks a metric; see `responses.influence`."""
        keys = self.metadata.get("sampled") or self.axes
        confidence = self.statistic_options["confidence"]
        return influence(self.table(), keys, metric or self.metric, confidence=confidence)

    @property
    def statistic_options(self) -> dict[str, Any]:
        """What is told of the seeds of a cell: the ``statistic``, and its ``confidence``."""
        return {name: self.metadata["threshold"][name] for name in ("statistic", "confidence")}

    def folders(self, where: Where | None = None) -> pd.DataFrame:
        """Return where the runs are kept: the keys, ``seed`` and ``folder``.

        `~ohmtick.open_run` opens a folder that is on this machine; see `follows` for one that the
        ledger places elsewhere. Runs that are not kept have no rows. `where` is as for `events`.
        """
        kept = [run for run in self._done if self._entries[run.key].folder is not None]
        frame = self._frame(kept, {"folder": [self._address(run) for run in kept]})
        return holding(frame, conditions(where, [*self.keys, "seed"]))

    def follows(self, folder: str) -> bool:
        """Whether a run folder that the ledger names may be read: see `open_study`."""
        if self._elsewhere:
            return True
        if is_address(folder) or not Path(folder).is_relative_to(self.folder):
            return False
        return lies_in(self.folder, str(Path(folder).relative_to(self.folder) / EVENTS))

    def probes(self, where: Where | None = None) -> pd.DataFrame:
        """Return the probes of runs: the keys, ``seed``, and the columns of a run's probes.

        Runs whose probes are not kept have no rows. `where` is as for `events`, and chooses among
        the runs.
        """
        import pandas as pd

        runs = self._chosen(conditions(where, [*self.keys, "seed"]))
        with Ledger(self.folder / LEDGER) as ledger:
            kept = dict(ledger.probes(list(dict.fromkeys(run.key for run in runs))))
        runs = [run for run in runs if run.key in kept]
        return self._joined(runs, [pd.read_parquet(BytesIO(kept[run.key])) for run in runs])

    def events(
        self, where: Where | None = None, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the events of many runs; only the rows and columns asked for are read.

        Parameters
        ----------
        where
            Conditions that all hold: triples such as ``("time_s", ">=", 300.0)`` or ``("edge",
            "in", [3, 4])``, or a mapping such as ``{"seed": 3, "edge": [3, 4]}``. Those on the
            study's keys and ``seed`` choose runs, whose files alone are opened; those on columns
            of the event log choose rows, and are handed to Parquet.
        columns
            Of the event log; all by default.

        Returns
        -------
        DataFrame
            The keys, ``seed``, and the columns of the event log, run by run.

        Raises
        ------
        AnalysisError
            For an unknown column or comparison, or where a run that is chosen has no event log.
        RecordError
            When a log cannot be read, or is elsewhere and may not be (see `open_study`).
        """
        own = [*self.keys, "seed"]
        asked = conditions(where, [*own, *EVENT_DTYPES])
        wanted = list(EVENT_DTYPES) if columns is None else list(columns)
        if strange := [column for column in wanted if column not in EVENT_DTYPES]:
            hint = nearest(strange[0], EVENT_DTYPES)
            raise AnalysisError(f"there is no column {strange[0]!r} of events; {hint}")
        runs = self._chosen([each for each in asked if each[0] in own])
        for run in runs:
            if self._entries[run.key].folder is None:
                raise AnalysisError(
                    f"the study in {self.folder} keeps no event logs: set events = true"
                )
            if not self.follows(place := self._address(run)):
                raise RecordError(
                    f"the ledger of {self.folder} says that a run is kept at "
                    f"{shortened(place, MOST_OF_PATH)}, which is not in the study's folder: "
                    "open_study(…, elsewhere=True) reads it there"
                )
        rows = [each for each in asked if each[0] in EVENT_DTYPES]
        return self._joined(runs, [read_rows(self._address(run), wanted, rows) for run in runs])

    def _chosen(self, where: Sequence[Condition]) -> list[PlannedRun]:
        """Return the runs that were done and for which all conditions hold."""
        frame = holding(self._frame(self._done, {}), where)
        return [self._done[place] for place in frame.index]

    def _joined(self, runs: list[PlannedRun], frames: list[pd.DataFrame]) -> pd.DataFrame:
        """Return one frame of several runs, each row with the keys and the seed of its run."""
        import pandas as pd

        whose = self._frame(runs, {})
        if not frames:
            return whose
        repeats = whose.loc[whose.index.repeat([len(frame) for frame in frames])]
        joined = pd.concat(frames, ignore_index=True)
        return pd.concat([repeats.reset_index(drop=True), joined], axis="columns")

    def _address(self, run: PlannedRun) -> str:
        folder = self._entries[run.key].folder
        assert folder is not None
        return folder if is_address(folder) else str(self.folder / folder)

    @cached_property
    def _done(self) -> list[PlannedRun]:
        return [run for run in self._plan if self._is(run, failed=False)]

    def _is(self, run: PlannedRun, *, failed: bool) -> bool:
        if (entry := self._entries.get(run.key)) is None:
            return False
        done = entry.measures(self._stored.values())
        return entry.error is not None and not done if failed else done

    def _frame(self, runs: Sequence[PlannedRun], columns: dict[str, list[Any]]) -> pd.DataFrame:
        import pandas as pd

        named = {key: [_shown(self._cells[run.cell][key]) for run in runs] for key in self.keys}
        return pd.DataFrame({**named, "seed": [run.seed for run in runs], **columns})


def _shown(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


def read_rows(address: str, columns: Sequence[str], where: Sequence[Condition]) -> pd.DataFrame:
    """Read some rows and columns of a run's event log, from a path or an allowed address."""
    import pyarrow.parquet as pq

    try:
        files, path = file_system(f"{address}/{EVENTS}")
        if not files.isfile(path):
            raise FileNotFoundError("there is no such file")
        table = pq.read_table(
            path,
            columns=list(columns),
            filters=list(where) or None,
            filesystem=files,
            page_checksum_verification=True,
        )
    except Exception as error:  # each file system has errors of its own
        said = reason(error) if isinstance(error, OSError) else str(error)
        named = shortened(f"{address}/{EVENTS}", MOST_OF_PATH)
        raise RecordError(f"cannot read {named}: {shortened(said, MOST_OF_PATH)}") from error
    frame: pd.DataFrame = table.to_pandas()
    return frame
