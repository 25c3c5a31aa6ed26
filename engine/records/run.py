"""What a run leaves: its frames, and the folder that holds them, whole or absent."""

from __future__ import annotations

import json
import math
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..circuit import Circuit
from ..errors import RecordError, reason
from ..networks.network import Network
from ..state import State
from ..streams import FloatArray
from .attached import AttachedFile, with_content
from .digests import NOT_AS_WRITTEN, digest_of, digest_of_file
from .event_log import EventLog, event_writer, read_batches, read_events
from .frames import data_frame
from .writing import new_folder

if TYPE_CHECKING:
    import pandas as pd

    from ... import Predictor, Replay, Scenario

SCENARIO, EVENTS, PROBES = "scenario.toml", "events.parquet", "probes.parquet"
EDGES, NODES, SUMMARY = "edges.parquet", "nodes.parquet", "summary.json"
#: What was presented, and what a run goes on from; a folder of an earlier version has neither.
DATA, STATE = "data.parquet", "state.npz"
#: The files of a run folder.
RUN_FILES = (SCENARIO, EVENTS, PROBES, EDGES, NODES, SUMMARY)
#: What the summary's file has of the others, and of itself: SHA-256, by which damage is noticed.
FILES, DIGEST = "files", "digest"
#: What every summary holds.
SUMMARY_KEYS = ("title", "seed", "engine", "updates", "initial_error", "final_error", "interrupted")
#: The columns that each of the frames has; the probes of classes have one more.
COLUMNS = {
    PROBES: ("time_s", "updates", "error"),
    EDGES: ("edge", "first", "second", "conductance_start_S", "conductance_final_S"),
    NODES: ("node", "role", "x", "y"),
    DATA: ("datum", "node", "role", "voltage_V"),
}


class Run:
    """A finished run, in memory or in its folder; the same frames either way.

    Parameters
    ----------
    scenario_toml
        The complete scenario, with the seed and the versions.
    log
        The event log, or the Parquet file that holds it.
    state
        What the run goes on from, or a function that reads it.
    probes, edges, nodes, data
        The frames below. The scenario's text and the frames but for the probes may be given as
        functions that make them when they are asked for: a study asks few of its runs.
    summary
        As below.
    log_digest
        The digest of the event log's file, where it is known; what is read must have it.
    attached
        The files that the scenario names, or a function that reads them.

    Attributes
    ----------
    probes : DataFrame
        One row a probe: ``time_s``, ``updates``, ``error`` (V²), for classes ``accuracy``.
    edges : DataFrame
        One row an edge: ``edge``, ``first``, ``second`` (node labels),
        ``conductance_start_S``, ``conductance_final_S``, ``cut_s``: when it was cut out of the
        circuit, NaN where it was not. Folders of an earlier version do not have ``cut_s``. Where
        the scenario has groups of edges also ``group``: the name of an edge's own (see
        `group_names`), "" where it is in none.
    nodes : DataFrame
        One row a node: ``node`` (label), ``role`` (source, target or inner), ``x``, ``y``
        (NaN where nobody placed it).
    data : DataFrame
        What was presented, one row a datum and node that it holds: ``datum``, ``node`` (label),
        ``role`` (source or target), ``voltage_V``: the input, or the desired output, which is NaN
        where it is measured anew every epoch. An output that is the difference of two nodes is that
        of a target and the ``reference`` that follows it, which has no voltage of its own (NaN).
        Empty where it was not recorded.
    summary : dict
        What ran and how it ended: ``title``, ``seed``, ``engine``, ``stand_ins`` (what stood in for
        parts of the scenario: ``name``, ``source_sha256`` and ``sha256``, of all that it depends
        on, by key), ``kinds`` (those of the
        scenario that do not come with Ohmtick: by family and name, the ``module``, ``name`` and
        ``sha256`` of what they are), ``initial_error`` and
        ``final_error`` (V², of the first and of the last conductances), ``updates``,
        ``simulated_s``, ``interrupted``, ``wall_s``, ``updates_per_s``, ``versions``; for
        classes also ``initial_accuracy`` and ``final_accuracy``.
    """

    def __init__(
        self,
        *,
        scenario_toml: str | Callable[[], str],
        log: EventLog | Path,
        probes: pd.DataFrame,
        edges: pd.DataFrame | Callable[[], pd.DataFrame],
        nodes: pd.DataFrame | Callable[[], pd.DataFrame],
        summary: dict[str, Any],
        data: pd.DataFrame | Callable[[], pd.DataFrame] | None = None,
        state: State | Callable[[], State] | None = None,
        log_digest: str | None = None,
        attached: Sequence[AttachedFile] | Callable[[], Sequence[AttachedFile]] = (),
    ) -> None:
        self._scenario_toml = scenario_toml
        self.probes = probes
        self._edges = edges
        self._nodes = nodes
        self.summary = summary
        self._log = log
        self._data = data
        self._state = state
        self._log_digest = log_digest
        self._attached = attached

    def __repr__(self) -> str:
        summary = self.summary
        return f"Run({summary['title']!r}, seed={summary['seed']}, updates={summary['updates']})"

    def _repr_html_(self) -> str:
        from ... import as_html  # of a layer above, by the public face

        return as_html(self)

    @cached_property
    def scenario_toml(self) -> str:
        """The complete scenario as TOML, with the seed and the versions."""
        return self._scenario_toml() if callable(self._scenario_toml) else self._scenario_toml

    @cached_property
    def edges(self) -> pd.DataFrame:
        """One row an edge."""
        return self._edges() if callable(self._edges) else self._edges

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """One row a node."""
        return self._nodes() if callable(self._nodes) else self._nodes

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row an actuation, in order; the columns are those of the event log."""
        return self._log.frame() if isinstance(self._log, EventLog) else read_events(self._file)

    @cached_property
    def data(self) -> pd.DataFrame:
        """What was presented, one row a datum and node that it holds."""
        if self._data is None:
            return data_frame()
        return self._data() if callable(self._data) else self._data

    @cached_property
    def state(self) -> State | None:
        """What the run goes on from; None where it is not known."""
        return self._state() if callable(self._state) else self._state

    @cached_property
    def attached(self) -> tuple[AttachedFile, ...]:
        """The files that the scenario names, each with its content."""
        return tuple(self._attached() if callable(self._attached) else self._attached)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Iterate over the events, some rows at a time: for logs that memory cannot hold.

        Parameters
        ----------
        columns
            Which columns of the event log; all by default.
        """
        path = self._file if isinstance(self._log, Path) else self._log.path
        if path is None:
            yield self.events if columns is None else self.events[list(columns)]
        else:
            yield from read_batches(path, columns)

    @cached_property
    def _file(self) -> Path:
        """The event log's file, which is what was written; that is looked at once."""
        assert isinstance(self._log, Path)
        try:
            if self._log_digest not in (None, digest_of_file(self._log)):
                raise RecordError(f"cannot read the event log {self._log}: {NOT_AS_WRITTEN}")
        except OSError as error:
            if isinstance(error, RecordError):
                raise
            raise RecordError(f"cannot read the event log {self._log}: {reason(error)}") from error
        return self._log

    @cached_property
    def scenario(self) -> Scenario:
        """The complete scenario, with the seed, the versions, and the content of its files.

        Raises
        ------
        ScenarioError
            When it names kinds that are not known here.
        """
        from ... import Scenario  # of a layer above, by the public face

        return Scenario(**self.tables)

    @cached_property
    def tables(self) -> dict[str, Any]:
        """The complete scenario as nested tables, which may name kinds that are not known here."""
        tables: dict[str, Any] = tomllib.loads(self.scenario_toml)
        return with_content(tables, self.attached) if self._attached else tables

    @property
    def folder(self) -> Path | None:
        """The run folder, or None while there is none."""
        return self._log.parent if isinstance(self._log, Path) else None

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit, with the labels and the positions of its nodes."""
        number = {label: row for row, label in enumerate(self.nodes["node"])}
        ends = np.array([self.edges[end].map(number) for end in ("first", "second")], np.intp)
        places = self.nodes[["x", "y"]].to_numpy(dtype=float)
        return Circuit(
            ends.T,
            labels=self.nodes["node"].tolist(),
            positions=places if np.isfinite(places).all() else None,
        )

    def twin(self, at: float | None = None, datum: int | None = None) -> Network:
        """Return both copies of the network as they were at a time.

        A network of its own: what is done to it changes nothing of the run.

        Parameters
        ----------
        at
            s; just after all that happened at this time. By default the end.
        datum
            Which datum is presented; by default the one that was.

        Raises
        ------
        AnalysisError
            For a time that was not simulated, or a datum that is not there; or where the record
            does not say what was presented.
        RecordError
            Where the run kept no events.

        Examples
        --------
        >>> import ohmtick as ot
        >>> run = ot.run("breadboard-iii", seed=7)
        >>> twin = run.twin(at=100.0)
        >>> free, clamped = twin.voltages()
        >>> bool(abs(free[twin.targets] - clamped[twin.targets]).max() < 0.1)
        True
        """
        return self._replay().twin_at(at, datum)

    def predict(self, X: Any) -> FloatArray:
        """Return what the free copy answers, with the last conductances.

        Parameters
        ----------
        X
            Inputs, shape (D, F): in the units of the data, where the task scales them, and else in
            V; without those that are held fixed. A DataFrame's columns are found by their names;
            those of an array, and of a frame whose columns are just numbered, are taken in order.

        Returns
        -------
        ndarray
            Outputs, V, shape (D, T).

        Raises
        ------
        AnalysisError
            For inputs of another shape, or that are not finite.
        """
        return self._predictor.predict(X)

    def classify(self, X: Any) -> NDArray[Any]:
        """Return which class the free copy takes each row of inputs for: its label, shape (D,).

        That is the one whose outputs, as they were desired last, lie nearest; `X` is as for
        `predict`.

        Raises
        ------
        AnalysisError
            As from `predict`, and for a task without classes.
        """
        return self._predictor.classify(X)

    def score(self, X: Any, Y: Any) -> float:
        """Return how well the free copy answers, with the last conductances, as scikit-learn does.

        Parameters
        ----------
        X
            Inputs, as for `predict`.
        Y
            Classes, shape (D,), by their labels (or by their numbers, where these are text); or
            outputs in the units of the data, shape (D, T).

        Returns
        -------
        float
            Of classes the accuracy; of outputs the coefficient of determination R², its mean over
            the targets.

        Raises
        ------
        AnalysisError
            As from `predict`, and for classes or shapes that are not those of the task.

        Examples
        --------
        >>> import ohmtick as ot
        >>> run = ot.run(ot.load("breadboard-iris-95").replace(horizon=300.0), seed=1)
        >>> from sklearn.datasets import load_iris
        >>> X, Y = load_iris(return_X_y=True, as_frame=True)
        >>> X.columns = X.columns.str.removesuffix(" (cm)")
        >>> run.score(X, Y) > 0.9
        True
        """
        return self._predictor.score(X, Y)

    def confusion(self) -> pd.DataFrame:
        """Return how many of the test data of each class are taken for which, as `classify` does.

        Returns
        -------
        DataFrame
            Shape (C, C): a row a class, a column what it is taken for, by their labels.

        Raises
        ------
        AnalysisError
            For a task without classes.
        """
        return self._predictor.confusion()

    @property
    def conductances(self) -> FloatArray:
        """The final conductances, S, shape (E,)."""
        return self.edges["conductance_final_S"].to_numpy(copy=True)

    @property
    def cuts(self) -> FloatArray:
        """When each edge was cut, s, shape (E,); NaN where it was not, or nobody recorded it."""
        if "cut_s" not in self.edges:
            return np.full(len(self.edges), np.nan)
        return self.edges["cut_s"].to_numpy(copy=True)

    def voltages(self, times: ArrayLike, copy: str = "free") -> pd.DataFrame:
        """Return the node voltages of one copy, as they were just after the events of given times.

        Parameters
        ----------
        times
            s, shape (T,) or one; in any order, from 0 to where the run ended.
        copy
            ``"free"`` or ``"clamped"``.

        Returns
        -------
        DataFrame
            V, a row a time (the index, ``time_s``), a column a node, by its label.

        Raises
        ------
        AnalysisError
            For another time or copy, or where the record does not say what was presented.
        RecordError
            Where the run kept no events.
        """
        return self._replay().voltages(times, copy)

    def power(self, times: ArrayLike) -> pd.DataFrame:
        """Return the power of both copies, as it was just after the events of given times.

        Parameters
        ----------
        times
            As for `voltages`.

        Returns
        -------
        DataFrame
            One row a time: ``time_s``; ``free_W`` and ``clamped_W``, what the edges of each copy
            turn into heat, the sum of ``k * drop²``; and what is delivered, positive where it goes
            into the circuit: by the sources of the free copy, ``free_sources_W``, and in the
            clamped copy by the sources, ``clamped_sources_W``, and by what holds the targets,
            ``clamped_clamp_W``. Each source and each clamp is a supply between its node and ground.
            By Tellegen's theorem what is delivered to a copy is what it turns into heat.

        Raises
        ------
        AnalysisError, RecordError
            As `voltages`.
        """
        return self._replay().power(times)

    def energy(self, times: ArrayLike | None = None) -> pd.DataFrame:
        """Return what both copies have turned into heat from 0 until given times.

        Their power is constant from one event to the next, so that this is an exact sum. Learning
        takes the energy of both copies; what clamping adds to it is their difference.

        Parameters
        ----------
        times
            As for `voltages`; the end of the run by default.

        Returns
        -------
        DataFrame
            One row a time: ``time_s``, ``free_J``, ``clamped_J``.

        Raises
        ------
        AnalysisError, RecordError
            As `voltages`.
        """
        return self._replay().energy(times)

    def errors(self, times: ArrayLike) -> pd.DataFrame:
        """Return the test error of every task of the schedule, at given times.

        So one sees what is forgotten of a task while another is learned. The error is that of a
        probe, at the conductances of the time. What is desired of classes is measured then, as at
        the start of an epoch.

        Parameters
        ----------
        times
            As for `voltages`.

        Returns
        -------
        DataFrame
            One row a time: ``time_s``; ``error_0``, V², and for classes ``accuracy_0``, of the
            first task, and the like with its number for each change that brought a task.

        Raises
        ------
        AnalysisError, RecordError
            As `voltages`.

        Examples
        --------
        >>> import ohmtick as ot
        >>> run = ot.run("forgetting", seed=7)
        >>> errors = run.errors([400.0, 800.0])  # before the second task, and after it
        >>> bool(errors["error_0"][1] > 10 * errors["error_0"][0])
        True
        """
        return self._replay().errors(times)

    @cached_property
    def _predictor(self) -> Predictor:
        from ... import Predictor

        return Predictor(self)

    def _replay(self) -> Replay:
        from ... import Replay  # of a layer above, by the public face

        return Replay(self)

    def save(self, path: str | Path) -> Path:
        """Write the run folder: to a temporary name first, then renamed, so that it is whole.

        Raises
        ------
        RecordError
            When the folder exists already, or cannot be written; then nothing is left behind.
        """
        with new_folder(path) as folder:
            self.write(folder.partial)
        return Path(path)

    def moved(self, events: Path) -> Run:
        """Return the same run, whose event log is now read from this file."""
        return self.with_log(events)

    def with_log(self, log: EventLog | Path) -> Run:
        """Return the same run with another event log, or the file of one."""
        return Run(
            scenario_toml=self.scenario_toml,
            log=log,
            probes=self.probes,
            edges=self.edges,
            nodes=self.nodes,
            data=self._data,
            state=self._state,
            summary=self.summary,
            attached=self.attached,
        )

    def write(self, folder: Path, segments: Mapping[str, str] | None = None) -> None:
        """Write the files of a run folder that are not there yet.

        The summary is the last, with the digests of the others and of what else it holds.
        A number in the summary that is not finite becomes null: JSON has no word for it.

        Parameters
        ----------
        folder
            Which is there.
        segments
            The files elsewhere that hold the events, and their SHA-256: the folder is then of a run
            that has not ended, and has none.

        Raises
        ------
        RecordError
            When one of them cannot be written.
        """
        try:
            self._write(folder, segments)
        except RecordError:
            raise
        except OSError as error:
            raise RecordError(f"cannot write the run folder {folder}: {reason(error)}") from error

    def _write(self, folder: Path, segments: Mapping[str, str] | None) -> None:
        if segments is None and not (folder / EVENTS).exists():
            self._write_events(folder / EVENTS)
        (folder / SCENARIO).write_text(self.scenario_toml, encoding="utf-8")
        frames = {PROBES: self.probes, EDGES: self.edges, NODES: self.nodes, DATA: self.data}
        for name, frame in frames.items():
            frame.to_parquet(folder / name, index=False)
        for file in self.attached:
            file.write(folder)
        names = [SCENARIO, *([EVENTS] if segments is None else ()), *frames, *self.attached]
        if self.state is not None:
            arrays: Any = self.state.to_arrays()
            np.savez(folder / STATE, **arrays)
            names.append(STATE)
        summary = _finite(self.summary) | {FILES: {n: digest_of_file(folder / n) for n in names}}
        summary |= {} if segments is None else {"segments": dict(segments)}
        summary[DIGEST] = digest_of(summary)
        text = json.dumps(summary, indent=2, allow_nan=False)
        (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")

    def _write_events(self, path: Path) -> None:
        held = self._file if isinstance(self._log, Path) else self._log.path
        if held is not None:
            shutil.copyfile(held, path)
            return
        assert isinstance(self._log, EventLog)
        import pyarrow as pa

        with event_writer(path, self._log.values) as writer:
            for chunk in self._log.chunks():
                writer.write_table(pa.table(chunk, schema=writer.schema))


def read_state(content: bytes) -> State:
    """Return the state that the bytes of a file hold.

    Raises
    ------
    ValueError, OSError, BadZipFile
        When they hold none.
    """
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return State.from_arrays(arrays)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
