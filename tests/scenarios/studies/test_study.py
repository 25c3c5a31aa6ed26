"""A study: what it runs, what it keeps, how it goes on, and what its table holds."""

from __future__ import annotations

import errno
import math
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.analysis.learning import settled_error
from ohmtick.analysis.metrics import METRICS, metric
from ohmtick.analysis.metrics import base as metrics_module
from ohmtick.analysis.studies.answers import answer
from ohmtick.engine.errors import AnalysisError, RecordError, ScenarioError
from ohmtick.engine.records import addresses
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.running import simulate
from ohmtick.scenarios.scenario import library
from ohmtick.scenarios.studies.carry_out import Tally
from ohmtick.scenarios.studies.estimating import estimate
from ohmtick.scenarios.studies.study import study_library

BASE = ot.load("breadboard-iii").replace(**{"horizon": 20.0, "probe.period": 1.0})
GRID = {"edges.clock.jitter": [0.0, 0.1], "edges.latency": [0.0, 0.7]}


def small(**settings: Any) -> ot.Study:
    return ot.Study(BASE, **{"grid": GRID, "seeds": 3} | settings)


@pytest.fixture
def _own_metrics(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the registry as it was."""
    spare = set(metrics_module._SPARE_EVENTS)
    with METRICS.restored():
        yield
    metrics_module._SPARE_EVENTS.clear()
    metrics_module._SPARE_EVENTS.update(spare)


# --- what it runs --------------------------------------------------------------------------------


def test_the_table_holds_what_each_run_by_itself_gives(tmp_path: Path) -> None:
    table = small().run(tmp_path / "a")
    keys = [*GRID, "seed"]
    assert list(table.columns) == [*keys, *metrics_module.DEFAULT]
    assert len(table) == len(small()) == 12
    assert table["edges.clock.jitter"].tolist() == [0.0] * 6 + [0.1] * 6
    assert table["edges.latency"].tolist() == ([0.0] * 3 + [0.7] * 3) * 2
    assert table["seed"].tolist() == [0, 1, 2] * 4
    for row in table.to_dict("records"):
        run = ot.run(BASE.replace(**{key: row[key] for key in GRID}), seed=row["seed"])
        assert row["settled_error"] == settled_error(run.probes).mean
        assert row["final_error"] == run.summary["final_error"]
        assert row["updates"] == run.summary["updates"]


def test_one_seed_has_its_network_start_and_draws_in_every_cell(tmp_path: Path) -> None:
    """Common random numbers: cells differ by what is varied, and by nothing else."""
    base = ot.load("random-143").replace(
        horizon=4.0,
        **{"edges.resistor.start": "random", "edges.clock": {"kind": "periodic"}},
    )
    grid = {"edges.clock.jitter": [0.01, 0.02], "edges.rule.learning_rate": [1.0, 20.0]}
    study = ot.Study(base, grid=grid, seeds=2, events=True)
    study.run(tmp_path / "a")
    record = ot.open_study(tmp_path / "a")
    folders = record.folders()
    for _, same in folders.groupby("seed"):
        runs = [ot.open_run(folder) for folder in same["folder"]]
        for column in ("first", "second", "conductance_start_S"):
            assert all(run.edges[column].equals(runs[0].edges[column]) for run in runs)
        # Tick n is at n + jitter ζ_n, the ζ being the same: twice the jitter, twice as far off.
        off = [
            run.events.sort_values(["edge", "sensed_s"]).query("sensed_s > 1.5 & sensed_s < 3.5")
            for run in runs
        ]
        late = [frame["sensed_s"].to_numpy() - frame["sensed_s"].round() for frame in off]
        assert np.array_equal(late[0], late[1])  # another learning rate, the same ticks
        np.testing.assert_allclose(late[2], 2.0 * late[0], atol=1e-12)
    starts = [ot.open_run(folder).edges["first"].tolist() for folder in folders["folder"]]
    assert starts[0] != starts[1]  # two seeds, two networks


def test_equal_cells_are_run_once(tmp_path: Path) -> None:
    seen: list[Tally] = []
    study = small(grid={"edges.clock.jitter": [0.0, 0.0, 0]}, seeds=2)
    table = study.run(tmp_path / "a", watch=lambda tally: seen.append(Tally(**vars(tally))))
    assert len(table) == 6
    assert [tally.done for tally in seen] == [0, 3, 6]
    assert table["settled_error"].nunique() == 2


def test_pairs_labels_and_tables(tmp_path: Path) -> None:
    paired = {
        "label": ["even", "memoryless"],
        "edges.clock": [{"kind": "periodic", "phase": "staggered"}, {"kind": "poisson"}],
    }
    table = small(grid={}, paired=paired, seeds=2).run(tmp_path / "a")
    assert table["label"].tolist() == ["even", "even", "memoryless", "memoryless"]
    assert table["edges.clock"].tolist()[2] == '{"kind": "poisson"}'
    record = ot.open_study(tmp_path / "a")
    assert record.axes == ["label"]
    assert record.comparisons()["label"].tolist() == ["memoryless"]


def test_a_sample_is_a_cell_a_point(tmp_path: Path) -> None:
    sample = {"count": 5, "keys": {"edges.clock": {"jitter": {"low": 0.0, "high": 0.3}}}}
    table = small(grid={}, sample=sample, seeds=2).run(tmp_path / "a")
    assert len(table) == 10
    slices = np.floor(table["edges.clock.jitter"].to_numpy()[::2] / 0.3 * 5)
    assert sorted(slices) == [0, 1, 2, 3, 4]


def test_the_simpy_engine_gives_the_same_table(tmp_path: Path) -> None:
    study = small(grid={"edges.latency": [0.0, 0.7]}, seeds=2)
    one = study.run(tmp_path / "a")
    other = study.replace(engine="simpy").run(tmp_path / "b", executor="threads")
    assert_frame_equal(one, other, check_exact=True)


# --- what it keeps -------------------------------------------------------------------------------


def test_a_study_file_round_trips(tmp_path: Path) -> None:
    text = """
    title = "All of it"
    seeds = [3, 5]
    metrics = ["settled_error", "mean_staleness"]
    probes = true
    events = "s3://bucket/logs"
    [scenario]
    horizon = 30.0
    circuit.kind = "breadboard"
    edges.rule.kind = "sign"
    edges.resistor.kind = "digital_potentiometer"
    task = { kind = "allostery", sources = { 3 = 4.0, 9 = 0.0 }, targets = { 4 = 1.0 } }
    [grid]
    edges.latency = [0.0, 1.0]        # as tables, or
    "edges.clock.jitter" = [0.0, 0.1] # as a dotted key
    [[paired]]
    label = ["a", "b"]
    "edges.clock.phase" = ["aligned", "uniform"]
    [sample]
    count = 3
    keys.edges.clock.wander = { low = 0.0, high = 0.1 }
    [threshold]
    factor = 3.0
    statistic = "mean"
    reference.edges.latency = 1.0
    """
    study = ot.Study.from_toml(text)
    assert study.keys == (
        "edges.latency", "edges.clock.jitter", "label", "edges.clock.phase", "edges.clock.wander",
    )  # fmt: skip
    assert len(study) == 2 * 2 * 2 * 3 * 2
    again = ot.Study.from_toml(study.to_toml())
    assert again == study
    assert [cell.text for cell in again.cells] == [cell.text for cell in study.cells]


def test_a_scenario_is_looked_for_beside_the_study(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(BASE.replace(title="mine").to_toml(), encoding="utf-8")
    (tmp_path / "study.toml").write_text('scenario = "mine.toml"\nseeds = 1', encoding="utf-8")
    assert ot.Study.load(tmp_path / "study.toml").scenario.title == "mine"


def test_a_study_folder_can_be_run_elsewhere(tmp_path: Path) -> None:
    """The folder's study.toml is complete: it needs no file beside it, and no library."""
    table = small().run(tmp_path / "a")
    again = ot.Study.load(tmp_path / "a").run(tmp_path / "b")
    assert_frame_equal(table, again, check_exact=True)


def test_probes_are_kept_where_they_are_asked_for(tmp_path: Path) -> None:
    small(probes=True).run(tmp_path / "a")
    record = ot.open_study(tmp_path / "a")
    probes = record.probes()
    assert list(probes.columns) == [*GRID, "seed", "time_s", "updates", "error"]
    assert len(probes) == 12 * 20
    one = probes.query("seed == 1 & `edges.latency` == 0.7 & `edges.clock.jitter` == 0.1")
    run = ot.run(BASE.replace(**{"edges.latency": 0.7, "edges.clock.jitter": 0.1}), seed=1)
    assert_frame_equal(
        one[["time_s", "updates", "error"]].reset_index(drop=True), run.probes, check_exact=True
    )
    assert len(record.probes({"seed": [0, 2], "edges.latency": 0.0})) == 4 * 20
    small().run(tmp_path / "b")
    assert ot.open_study(tmp_path / "b").probes().empty


@pytest.mark.parametrize("place", ["study", "path", "memory", "file"])
def test_event_logs_are_kept_anywhere_and_read_by_rows_and_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(addresses, "PROTOCOLS", (*addresses.PROTOCOLS, "memory"))
    where = {
        "study": True,
        "path": str(tmp_path / "logs"),
        "memory": f"memory://{tmp_path.name}",
        "file": f"file://{tmp_path}/there",
    }[place]
    small(events=where).run(tmp_path / "a")
    record = ot.open_study(tmp_path / "a", elsewhere=place != "study")
    found = record.events(
        [
            ("edge", "in", [2, 3]),
            ("time_s", ">=", 10.0),
            ("edges.latency", ">", 0.5),
            ("seed", "!=", 1),
        ],
        columns=["time_s", "edge"],
    )
    assert list(found.columns) == [*GRID, "seed", "time_s", "edge"]
    assert set(found["edge"]) == {2, 3}
    assert set(found["seed"]) == {0, 2}
    assert found["time_s"].min() >= 10.0
    run = ot.run(BASE.replace(**{"edges.latency": 0.7, "edges.clock.jitter": 0.0}), seed=2)
    expected = run.events.query("time_s >= 10.0 and edge in [2, 3]")[["time_s", "edge"]]
    one = found[(found["seed"] == 2) & (found["edges.clock.jitter"] == 0.0)][["time_s", "edge"]]
    assert_frame_equal(
        one.reset_index(drop=True), expected.reset_index(drop=True), check_exact=True
    )
    table = record.table()
    assert len(record.events({"seed": 0})) == table.loc[table["seed"] == 0, "updates"].sum()


def test_only_the_columns_and_files_asked_for_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    small(events=True).run(tmp_path / "a")
    calls: list[dict[str, Any]] = []
    read = pq.read_table

    def noted(*arguments: Any, **options: Any) -> Any:
        calls.append(options)
        return read(*arguments, **options)

    monkeypatch.setattr(pq, "read_table", noted)
    where = [("seed", "==", 1), ("time_s", "<", 3.0)]
    ot.open_study(tmp_path / "a").events(where, columns=["edge"])
    assert len(calls) == 4
    assert all(
        call["columns"] == ["edge"] and call["filters"] == [("time_s", "<", 3.0)] for call in calls
    )


def test_conditions_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    small().run(tmp_path / "a")
    record = ot.open_study(tmp_path / "a")
    with pytest.raises(AnalysisError, match=r"nearest is 'edges\.latency'"):
        record.events({"edges.latancy": 0.0})
    with pytest.raises(AnalysisError, match="a comparison must be one of"):
        record.events([("edge", "~", 3)])
    with pytest.raises(AnalysisError, match=r"must be \(column, comparison, value\)"):
        record.events(["edge"])  # type: ignore[list-item]
    with pytest.raises(AnalysisError, match="there is no column 'voltage'"):
        record.events(columns=["voltage"])
    with pytest.raises(AnalysisError, match="set events = true"):
        record.events()


def test_a_study_folder_can_be_moved(tmp_path: Path) -> None:
    small(events=True).run(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert len(ot.open_study(tmp_path / "b").events(columns=["edge"])) > 0


def test_events_are_recorded_only_where_somebody_looks(tmp_path: Path) -> None:
    asked = small(metrics=["mean_staleness", "saturated"], seeds=1).run(tmp_path / "a")
    for row in asked.to_dict("records"):
        run = ot.run(BASE.replace(**{key: row[key] for key in GRID}), seed=0)
        assert row["mean_staleness"] == run.events["staleness"].mean()


@pytest.mark.usefixtures("_own_metrics")
def test_a_metric_that_says_it_needs_no_events_gets_none(tmp_path: Path) -> None:
    @metric(events=False)
    def wrong(run: Run) -> float:
        return float(len(run.events))

    small(metrics=[wrong], seeds=1).run(tmp_path / "a")
    failures = ot.open_study(tmp_path / "a").failures()
    assert (
        failures["error"].tolist()
        == ["metric 'wrong': the events of this run were not recorded"] * 4
    )


# --- how it goes on ------------------------------------------------------------------------------


def test_a_study_that_is_there_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = small().run(tmp_path / "a")
    monkeypatch.setattr("ohmtick.scenarios.studies.jobs.simulate", None)
    assert_frame_equal(small().run(tmp_path / "a"), table, check_exact=True)


class _Interrupted(Exception):  # noqa: N818
    """Something stops the study."""


def interrupt_after(count: int) -> Any:
    def watch(tally: Tally) -> None:
        if tally.done >= count:
            raise _Interrupted

    return watch


def test_a_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = small(probes=True).run(tmp_path / "a")
    for count in (1, 3, 2):
        with pytest.raises(_Interrupted):
            small(probes=True).run(tmp_path / "b", watch=interrupt_after(count))
    record = ot.open_study(tmp_path / "b")
    assert (len(record.table()), len(record.missing())) == (6, 6)
    before = _ended(tmp_path / "b")
    assert_frame_equal(small(probes=True).run(tmp_path / "b"), whole, check_exact=True)
    after = _ended(tmp_path / "b")
    assert {key: after[key] for key in before} == before
    assert_frame_equal(
        ot.open_study(tmp_path / "a").probes(),
        ot.open_study(tmp_path / "b").probes(),
        check_exact=True,
    )


def _ended(folder: Path) -> dict[str, str]:
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        return dict(ledger.execute("SELECT key, ended FROM runs").fetchall())


def test_a_study_may_grow(tmp_path: Path) -> None:
    small(seeds=2).run(tmp_path / "a")
    before = _ended(tmp_path / "a")
    grown = small(grid=GRID | {"edges.latency": [0.0, 0.3, 0.7]}, seeds=3)
    assert_frame_equal(grown.run(tmp_path / "a"), grown.run(tmp_path / "b"), check_exact=True)
    after = _ended(tmp_path / "a")
    assert {key: after[key] for key in before} == before
    assert len(after) == 18


def test_more_metrics_and_probes_are_run_for(tmp_path: Path) -> None:
    small(metrics=["updates"]).run(tmp_path / "a")
    more = small(metrics=["settled_error", "updates"], probes=True)
    assert_frame_equal(more.run(tmp_path / "a"), more.run(tmp_path / "b"), check_exact=True)
    assert len(ot.open_study(tmp_path / "a").probes()) == 240


@pytest.mark.usefixtures("_own_metrics")
def test_what_the_ledger_holds_of_a_run_stays_whatever_is_asked_for_next(tmp_path: Path) -> None:
    @metric(events=False)
    def hopeless(run: Run) -> float:
        raise ValueError("no run will do")

    full = small(metrics=["settled_error"], probes=True, events=True)
    table = full.run(tmp_path / "a")
    small(metrics=["final_error"]).run(tmp_path / "a")
    assert small(metrics=["settled_error", hopeless]).run(tmp_path / "a").empty
    assert len(ot.open_study(tmp_path / "a").failures()) == 12

    def nothing_to_do(tally: Tally) -> None:
        assert tally.left == tally.failed == 0

    assert_frame_equal(full.run(tmp_path / "a", watch=nothing_to_do), table, check_exact=True)
    record = ot.open_study(tmp_path / "a")
    assert len(record.probes()) == 240
    assert len(record.folders()) == 12


def test_run_folders_that_were_removed_are_made_again(tmp_path: Path) -> None:
    study = small(events=True)
    study.run(tmp_path / "a")
    before = ot.open_study(tmp_path / "a").events()
    shutil.rmtree(tmp_path / "a" / "runs")
    study.run(tmp_path / "a")
    assert_frame_equal(ot.open_study(tmp_path / "a").events(), before, check_exact=True)


def test_two_studies_may_keep_their_logs_in_one_place(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    half_written = logs / ".somebody-else.01234567.partial"
    half_written.mkdir(parents=True)
    for name in ("a", "b"):
        small(events=str(logs)).run(tmp_path / name)
    assert half_written.is_dir()
    one, other = (ot.open_study(tmp_path / name, elsewhere=True).events() for name in ("a", "b"))
    assert_frame_equal(one, other, check_exact=True)


def test_a_run_folder_is_no_place_for_a_study(tmp_path: Path) -> None:
    ot.run(BASE, out=tmp_path / "a")
    before = sorted((tmp_path / "a").iterdir())
    with pytest.raises(RecordError, match="holds a run, not a study"):
        small().run(tmp_path / "a")
    assert sorted((tmp_path / "a").iterdir()) == before


@pytest.mark.parametrize("seeds", [0, -1, 10**12])
def test_a_number_of_seeds_is_sensible(seeds: int) -> None:
    with pytest.raises(ScenarioError, match=f"seeds must be a number from 1 to .*, got {seeds}"):
        small(seeds=seeds)


def test_the_reference_is_the_first_cell_whether_it_was_run_or_not(tmp_path: Path) -> None:
    study = small(grid={"edges.latency": [-1.0, 0.5, 1.0]})
    study.run(tmp_path / "a")
    record = ot.open_study(tmp_path / "a")
    assert record.reference == {"edges.latency": -1.0}
    assert record.thresholds().empty
    assert "none, since no run at -1.0 was done" in answer(record)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"grid": {}}, "value "),
        ({"metrics": ["mean_staleness"], "grid": {"edges.latency": [0.0, 1.0]}}, "none: what has"),
        ({"seeds": 1, "grid": {"edges.latency": [0.0, 1.0]}}, "(no interval: one seed)"),
    ],
)
def test_every_study_has_an_answer(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    small(**settings).run(tmp_path / "a")
    assert says in answer(ot.open_study(tmp_path / "a"))


def test_another_study_is_refused_in_the_folder(tmp_path: Path) -> None:
    table = small(title="the first").run(tmp_path / "a")
    other = ot.Study(BASE.replace(horizon=21.0), grid=GRID, seeds=3)
    with pytest.raises(RecordError, match="holds another study, 'the first': none of its 12 runs"):
        other.run(tmp_path / "a")
    assert_frame_equal(ot.open_study(tmp_path / "a").table(), table, check_exact=True)


# --- runs that fail ------------------------------------------------------------------------------


@pytest.mark.usefixtures("_own_metrics")
def test_a_run_that_fails_is_recorded_and_the_others_go_on(tmp_path: Path) -> None:
    broken = {1}

    @metric(events=False)
    def fragile(run: Run) -> float:
        if run.summary["seed"] in broken:
            raise ZeroDivisionError("seed one does not like it")
        return 1.0

    study = small(metrics=[fragile, "updates"])
    table = study.run(tmp_path / "a")
    assert sorted(set(table["seed"])) == [0, 2]
    record = ot.open_study(tmp_path / "a")
    assert len(record.failures()) == 4
    assert set(record.failures()["error"]) == {
        "metric 'fragile': ZeroDivisionError: seed one does not like it"
    }
    assert record.missing().empty
    broken.clear()
    assert len(study.run(tmp_path / "a")) == 8  # not run again …
    whole = study.run(tmp_path / "a", retry_failed=True)  # … unless asked for
    assert len(whole) == 12
    assert ot.open_study(tmp_path / "a").failures().empty
    assert_frame_equal(study.run(tmp_path / "b"), whole, check_exact=True)


@pytest.mark.parametrize("events", [False, True])
@pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file", "drift.csv"), OSError("x")])
def test_an_os_error_of_a_clock_is_that_run_s_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, events: bool
) -> None:
    """It is not the study's folder that could not be written."""
    ticks = PeriodicClock.ticks

    def broken(self: PeriodicClock, edge: int, edges: int, streams: Streams, horizon: float) -> Any:
        if streams.seed == 1:
            raise error
        return ticks(self, edge, edges, streams, horizon)

    monkeypatch.setattr(PeriodicClock, "ticks", broken)
    study = small(engine="simpy", seeds=3, events=events)
    assert sorted(set(study.run(tmp_path / "a", executor="threads")["seed"])) == [0, 2]
    failures = ot.open_study(tmp_path / "a").failures()
    assert set(failures["error"]) == {f"{type(error).__name__}: {error}"}
    assert not list((tmp_path / "a").rglob("*.partial*"))
    assert failures["seed"].tolist() == [1] * 4
    assert ot.open_study(tmp_path / "a").missing().empty


class OddError(Exception):
    """Of which SimPy cannot make another from its arguments."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one}{two}")


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "I/O error", "drift.csv"), OddError("a", "b")]
)
def test_what_a_clock_raises_on_its_way_is_told_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(self: PeriodicClock, *_: object) -> Any:
        yield [0.5]
        raise error

    monkeypatch.setattr(PeriodicClock, "ticks", broken)
    small(engine="simpy", seeds=1, events=True).run(tmp_path / "a", executor="threads")
    failures = ot.open_study(tmp_path / "a").failures()
    assert set(failures["error"]) == {f"{type(error).__name__}: {error}"}


@pytest.mark.usefixtures("_own_metrics")
def test_an_os_error_of_a_metric_is_that_run_s_failure(tmp_path: Path) -> None:
    def gone(run: Run) -> float:
        return float(len(Path("/nowhere/at/all").read_text(encoding="utf-8")))

    assert small(metrics=[gone]).run(tmp_path / "a").empty
    failures = ot.open_study(tmp_path / "a").failures()
    assert len(failures) == 12
    assert failures["error"].iloc[0].startswith("metric 'gone': FileNotFoundError: ")


def test_a_cell_that_is_no_scenario_fails_and_the_others_go_on(tmp_path: Path) -> None:
    study = small(grid={"edges.resistor.start": [64, 200, "random"]}, seeds=2)
    table = study.run(tmp_path / "a")
    assert table["edges.resistor.start"].tolist() == [64, 64, "random", "random"]
    failures = ot.open_study(tmp_path / "a").failures()
    assert failures["edges.resistor.start"].tolist() == [200, 200]
    assert "'start' must be a position from 1 to 128, got 200" in failures["error"].iloc[0]


def test_a_run_that_cannot_be_built_is_recorded(tmp_path: Path) -> None:
    study = small(grid={"edges.faults.fraction": [0.0, 1.0], "edges.faults.effect": ["cut"]})
    study.run(tmp_path / "a")
    failures = ot.open_study(tmp_path / "a").failures()
    assert len(failures) == 3
    assert "16 of the 16 edges cannot be cut" in failures["error"].iloc[0]


def test_a_run_that_takes_too_much_memory_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(scenario: ot.Scenario, seed: int, *rest: Any, **more: Any) -> Run:
        if seed == 1:
            raise MemoryError
        return simulate(scenario, seed, *rest, **more)

    monkeypatch.setattr("ohmtick.scenarios.studies.jobs.simulate", greedy)
    assert sorted(set(small().run(tmp_path / "a")["seed"])) == [0, 2]
    assert set(ot.open_study(tmp_path / "a").failures()["error"]) == {"out of memory"}


def test_logs_that_cannot_be_written_stop_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "PROTOCOLS", (*addresses.PROTOCOLS, "nowhere"))
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RecordError, match=r"cannot write the run folder .*: Not a directory"):
        small(events=str(tmp_path / "file" / "logs")).run(tmp_path / "a")
    with pytest.raises(
        RecordError, match="event logs cannot go to nowhere://x: Protocol not known"
    ):
        small(events="nowhere://x").run(tmp_path / "b")
    assert not (tmp_path / "b").exists()
    assert len(ot.open_study(tmp_path / "a").missing()) == 12
    assert len(small().run(tmp_path / "a")) == 12


def test_nothing_is_made_where_no_cell_can_run(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nearest is 'edges\.clock\.jitter'"):
        small(grid={"edges.clock.jiter": [0.0, 0.1]}).run(tmp_path / "a")
    assert not (tmp_path / "a").exists()


# --- executors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_threads_gives_the_same_table(tmp_path: Path, workers: int) -> None:
    one = small(probes=True).run(tmp_path / "a", workers=2)
    other = small(probes=True).run(tmp_path / "b", workers=workers)
    assert_frame_equal(one, other, check_exact=True)


def test_any_executor_will_do(tmp_path: Path) -> None:
    class Now(Executor):
        """Does at once what it is given."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            done: Future[Any] = Future()
            done.set_result(fn(*args, **kwargs))
            return done

    expected = small().run(tmp_path / "a")
    assert_frame_equal(small().run(tmp_path / "b", executor=Now()), expected, check_exact=True)
    with ThreadPoolExecutor(2) as pool:
        found = small().run(tmp_path / "c", executor=pool)
        assert pool.submit(int).result() == 0  # it is left as it was
    assert_frame_equal(found, expected, check_exact=True)


def test_a_wrong_executor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ot.OhmtickError, match="nearest is 'threads'"):
        small().run(tmp_path / "a", executor="thread")  # type: ignore[arg-type]
    with pytest.raises(ot.OhmtickError, match="'workers' of a study must be at least 1, got 0"):
        small().run(tmp_path / "a", workers=0)


def test_runs_on_their_way_are_stopped(tmp_path: Path) -> None:
    """Whoever interrupts a study does not wait for its longest run."""
    study = ot.Study(BASE.replace(horizon=1e9, probe=None), seeds=4)
    alarm = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        study.run(tmp_path / "a", watch=lambda tally: alarm.start())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ohmtick")]
    assert len(ot.open_study(tmp_path / "a").missing()) == 4


# --- metrics and the library ---------------------------------------------------------------------


def test_metrics_of_a_run_are_what_they_say() -> None:
    run = ot.run("breadboard-iris", seed=1)
    measured = metrics_module.measure(run, METRICS)
    assert measured["final_accuracy"] == run.summary["final_accuracy"]
    late = run.probes[run.probes["time_s"] >= 0.75 * run.probes["time_s"].iloc[-1]]
    assert measured["settled_accuracy"] == pytest.approx(late["accuracy"].mean())
    assert measured["settled_error"] == pytest.approx(late["error"].mean())
    assert measured["fluctuation"] == pytest.approx(late["error"].std())
    assert measured["updates_per_edge"] == run.summary["updates"] / 16
    assert measured["initial_error"] == run.probes["error"].iloc[0]
    changed = run.events["conductance_after_S"] != run.events["conductance_before_S"]
    assert measured["saturated"] == pytest.approx(1.0 - changed.mean())


def test_what_cannot_be_told_is_nan_and_what_is_never_reached_infinite() -> None:
    blind = ot.run(BASE.replace(probe=None))
    assert math.isnan(METRICS["settled_error"](blind))
    assert math.isnan(METRICS["time_to_half"](blind))
    assert math.isnan(METRICS["final_accuracy"](blind))
    idle = ot.run(BASE.replace(**{"edges.clock.gate": 0.0}))
    assert METRICS["time_to_half"](idle) == math.inf


def test_infinities_and_nans_survive_the_ledger(tmp_path: Path) -> None:
    base = BASE.replace(**{"edges.clock.gate": 0.0})
    names = ["time_to_half", "final_accuracy", "final_error"]
    with pytest.warns(ot.OhmtickWarning, match="a: final_accuracy is NaN in every run$"):
        table = ot.Study(base, seeds=1, metrics=names).run(tmp_path / "a")
    assert table["time_to_half"].tolist() == [math.inf]
    assert table["final_accuracy"].isna().all()


@pytest.mark.usefixtures("_own_metrics")
def test_two_metrics_cannot_have_one_name() -> None:
    def settled_error(run: Run) -> float:
        return 0.0

    with pytest.raises(AnalysisError, match="must have a name of its own"):
        metric(settled_error)
    with pytest.raises(ScenarioError, match="metrics must be known: a metric must have a name"):
        ot.Study(BASE, metrics=[lambda run: 0.0])


TIMING = [
    "comparator", "data-clock", "dead-edges", "frequency-spread", "gate", "jitter", "latency",
    "precision", "wander",
]  # fmt: skip


def test_the_library_has_the_timing_questions() -> None:
    assert study_library() == TIMING
    assert set(TIMING) <= set(library())


@pytest.mark.parametrize("name", TIMING)
def test_a_study_of_the_library_runs_on_the_breadboard_and_on_143_edges(
    name: str, tmp_path: Path
) -> None:
    study = ot.Study.load(name)
    assert study.title.endswith("?")
    scenarios = [cell.scenario for cell in study.cells]
    assert {len(s.circuit.build(Streams(0)).edges) for s in scenarios if s} == {16, 143}
    short = study.replace(scenario=study.scenario.replace(horizon=6.0), seeds=1)
    if name == "precision":  # whose horizon is varied
        short = study.replace(seeds=1)
        cells = [cell for cell in short.cells if cell.scenario and cell.scenario.horizon <= 200.0]
        short.__dict__["cells"] = cells
    table = short.run(tmp_path / "a")
    assert len(table) == len(short.cells)
    assert table["label"].unique().tolist() == ["breadboard", "143 edges"]
    assert np.isfinite(table["settled_error"]).all()


def test_an_estimate_is_of_what_is_lacking(tmp_path: Path) -> None:
    study = small()
    found = estimate(study, None, workers=4)
    assert (found.there, found.workers) == (0, 4)
    assert found.total_s == pytest.approx(12 * found.run_s / 4)
    with pytest.raises(_Interrupted):
        study.run(tmp_path / "a", watch=interrupt_after(5))
    assert estimate(study, tmp_path / "a").there == 5
    study.run(tmp_path / "a")
    assert estimate(study, tmp_path / "a").tried == 0


def test_runs_that_would_take_minutes_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(job: object) -> None:
        raise AssertionError("it was run")

    monkeypatch.setattr("ohmtick.scenarios.studies.estimating.perform", refuse)
    base = ot.load("breadboard-iii").replace(probe=None, horizon=1e7)
    study = ot.Study(base, seeds=10, grid={"edges.latency": [0.0, 0.5]})
    found = estimate(study, None, workers=2)
    assert found.tried == 0
    assert found.run_s == pytest.approx(ot.estimate(base).run_s)
    assert found.total_s == pytest.approx(20 * found.run_s / 2)
