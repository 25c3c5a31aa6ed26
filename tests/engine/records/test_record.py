"""Run folders: whole or absent, equal when opened again, and refused when they are not whole."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.engine.circuit import Circuit
from ohmtick.engine.errors import OhmtickError, RecordError
from ohmtick.engine.events import Actuation
from ohmtick.engine.records.event_log import EventLog, read_batches
from ohmtick.engine.records.frames import data_frame, edge_frame, node_frame
from ohmtick.engine.records.run import RUN_FILES, Run
from ohmtick.engine.records.writing import new_folder
from ohmtick.engine.simulation import Watched
from ohmtick.tests.old_folders import as_of_an_earlier_version

FILES = {
    "scenario.toml",
    "events.parquet",
    "probes.parquet",
    "edges.parquet",
    "nodes.parquet",
    "data.parquet",
    "summary.json",
}
SUMMARY = {
    "title": "Three µA, “quoted”",
    "seed": 2**70,
    "engine": "simpy",
    "initial_error": 0.1,
    "final_error": 1e-300,
    "updates": 7,
    "interrupted": False,
    "versions": {"python": "3.11.2"},
}
SCENARIO = 'title = "Three µA, “quoted”"\nseed = 7\n[task]\ntargets = { 1 = 0.1 }\n'


def small_run(log: EventLog | None = None, rows: int = 7, positions: bool = True) -> Run:
    """A run of a divider, made by hand."""
    rng = np.random.default_rng(3)
    log = EventLog() if log is None else log
    for number in range(rows):
        drop, clamped, before, after = rng.random(4).tolist()
        log.append(Actuation(number + 0.5, number, number % 2, 0, drop, clamped, before, after, 3))
    log.close()
    places = np.array([[0.0, 0.0], [1.0, 0.25], [0.1, -0.0]]) if positions else None
    circuit = Circuit(
        edges=[(0, 1), (2, 1)], nodes=3, labels=["in", "µ", "ground"], positions=places
    )
    return Run(
        scenario_toml=SCENARIO,
        log=log,
        probes=pd.DataFrame(
            {"time_s": [0.0, 0.3], "updates": [0, 4], "error": [1 / 3, 5e-324], "accuracy": 0.1}
        ),
        edges=edge_frame(circuit, np.array([1.0, 2.0]), rng.random(2)),
        nodes=node_frame(circuit, [0, 2], [1]),
        data=data_frame(["in", "ground"], rng.random((2, 2)), ["µ"], rng.random((2, 1))),
        summary=dict(SUMMARY),
    )


def check_equal(found: Run, expected: Run) -> None:
    for name in ("events", "probes", "edges", "nodes", "data"):
        left, right = getattr(found, name), getattr(expected, name)
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=name)
    assert found.summary == expected.summary
    assert found.scenario_toml == expected.scenario_toml
    assert found.tables == expected.tables
    assert found.conductances.tobytes() == expected.conductances.tobytes()
    assert repr(found) == repr(expected)


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, by relative name."""
    found = {path.relative_to(folder): path for path in folder.rglob("*")}
    return {str(name): p.read_bytes() if p.is_file() else b"" for name, p in found.items()}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse what would make a file larger than this: a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# --- Saving and opening ------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 7])
@pytest.mark.parametrize("positions", [True, False])
def test_a_saved_run_opens_equal(tmp_path: Path, rows: int, positions: bool) -> None:
    run = small_run(rows=rows, positions=positions)
    assert run.save(tmp_path / "a") == tmp_path / "a"
    assert set(contents(tmp_path)) == {"a", *(f"a/{name}" for name in FILES)}
    check_equal(ot.open_run(tmp_path / "a"), run)
    check_equal(ot.open_run(str(tmp_path / "a")), run)


@pytest.mark.parametrize("where", ["memory", "spilled", "a file of its own"])
def test_it_does_not_matter_where_the_log_was(tmp_path: Path, where: str) -> None:
    log = {
        "memory": lambda: EventLog(chunk_rows=2),
        "spilled": lambda: EventLog(memory_rows=4, chunk_rows=2),
        "a file of its own": lambda: EventLog(tmp_path / "own.parquet", chunk_rows=2),
    }[where]()
    run = small_run(log)
    assert (log.path is None) == (where == "memory")
    run.save(tmp_path / "a")
    check_equal(ot.open_run(tmp_path / "a"), small_run())


def test_an_opened_run_can_be_saved_again(tmp_path: Path) -> None:
    small_run().save(tmp_path / "a")
    first = contents(tmp_path / "a")
    ot.open_run(tmp_path / "a").save(tmp_path / "b")
    assert contents(tmp_path / "b") == first == contents(tmp_path / "a")


def test_a_run_folder_can_be_moved(tmp_path: Path) -> None:
    small_run().save(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    check_equal(ot.open_run(tmp_path / "b"), small_run())


@pytest.mark.parametrize("name", ["breadboard-iii", "breadboard-iris"])
def test_a_real_run_is_the_same_in_memory_saved_or_written(tmp_path: Path, name: str) -> None:
    scenario = ot.load(name).replace(horizon=8.0)
    run = ot.run(scenario, seed=5)
    run.save(tmp_path / "saved")
    written = ot.run(scenario, seed=5, out=tmp_path / "written")
    check_equal(ot.open_run(tmp_path / "saved"), run)
    check_equal(ot.open_run(tmp_path / "written"), written)
    assert len(run.events) == run.summary["updates"] > 0
    for other in (written, ot.open_run(tmp_path / "written")):
        for key in ("wall_s", "updates_per_s"):
            other.summary[key] = run.summary[key]
        check_equal(other, run)
    assert ot.Scenario(**run.tables) == scenario.replace(seed=5, versions=run.summary["versions"])


def test_conductances_are_a_copy() -> None:
    run = small_run()
    run.conductances[:] = 0.0
    assert (run.conductances > 0.0).all()


def test_folders_are_as_readable_as_others(tmp_path: Path) -> None:
    small_run().save(tmp_path / "a")
    (tmp_path / "b").mkdir()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


# --- Whole or absent ---------------------------------------------------------------------------


def existing(kind: str, path: Path) -> None:
    if kind == "a folder":
        path.mkdir()
        (path / "precious").write_text("data")
    elif kind == "an empty folder":
        path.mkdir()
    elif kind == "a file":
        path.write_text("data")
    elif kind == "a run":
        small_run(rows=2).save(path)
    else:
        path.symlink_to("nowhere")


KINDS = ["a folder", "an empty folder", "a file", "a run", "a dangling link"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_exists_is_refused_and_untouched(tmp_path: Path, kind: str) -> None:
    existing(kind, tmp_path / "a")
    before = contents(tmp_path)
    message = f"the run folder {tmp_path / 'a'} must be a new one, but it exists already"
    with pytest.raises(RecordError, match=message) as refused:
        small_run().save(tmp_path / "a")
    assert isinstance(refused.value, OhmtickError)
    with pytest.raises(RecordError, match=message):
        ot.run("breadboard-iii", out=tmp_path / "a")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_appears_in_the_meantime_is_untouched(tmp_path: Path, kind: str) -> None:
    before = {}

    def write() -> None:
        with new_folder(tmp_path / "a") as folder:
            (folder.partial / "x").write_text("x")
            existing(kind, tmp_path / "a")
            before.update(contents(tmp_path / "a"))

    with pytest.raises(RecordError, match=r"appeared in the meantime.* kept in .*/a-2$"):
        write()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a-2"]
    assert contents(tmp_path / "a") == before
    assert contents(tmp_path / "a-2") == {"x": b"x"}


@pytest.mark.parametrize("path", [".", "/", "..", ""])
def test_paths_without_a_name_of_their_own_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordError, match="must be a new one, but it exists already"):
        small_run().save(path)
    assert contents(tmp_path) == {}


def test_two_writers_of_one_name_do_not_meet(tmp_path: Path) -> None:
    """The first to finish has it; the other takes nothing away, and loses nothing."""

    def write() -> None:
        with new_folder(tmp_path / "a") as slow:
            (slow.partial / "x").write_text("slow")
            with new_folder(tmp_path / "a") as fast:
                (fast.partial / "x").write_text("fast")
            assert (slow.partial / "x").read_text() == "slow"

    with pytest.raises(RecordError, match="kept in"):
        write()
    assert contents(tmp_path) == {"a": b"", "a/x": b"fast", "a-2": b"", "a-2/x": b"slow"}


def test_numbered_folders_take_the_next_free_name_at_the_end(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a", numbered=True) as slow:
        with new_folder(tmp_path / "a", numbered=True) as fast:
            (fast.partial / "x").write_text("fast")
        (slow.partial / "x").write_text("slow")
    assert (fast.path, slow.path) == (tmp_path / "a", tmp_path / "a-2")
    assert contents(tmp_path) == {"a": b"", "a/x": b"fast", "a-2": b"", "a-2/x": b"slow"}


def test_the_folder_appears_at_the_end_only(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a") as folder:
        assert folder.partial.parent == tmp_path  # on the same disk, so that renaming is one step
        (folder.partial / "x").write_text("x")
        assert not (tmp_path / "a").exists()
    assert contents(tmp_path) == {"a": b"", "a/x": b"x"}


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), ValueError("no"), KeyboardInterrupt()]
)
def test_nothing_is_left_of_what_fails_midway(tmp_path: Path, error: BaseException) -> None:
    is_io = isinstance(error, OSError)
    expected: type[BaseException] = RecordError if is_io else type(error)

    def write() -> None:
        with new_folder(tmp_path / "runs" / "today" / "a") as folder:
            (folder.partial / "sub").mkdir()
            (folder.partial / "sub" / "x").write_text("x")
            raise error

    with pytest.raises(expected) as failed:
        write()
    assert contents(tmp_path) == {}  # the parents made for it are gone, too
    if is_io:
        message = f"cannot write the run folder {tmp_path}/runs/today/a: No space left on device"
        assert str(failed.value) == message


def test_parents_that_were_there_stay(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with pytest.raises(ValueError, match="no"), new_folder(tmp_path / "runs" / "today" / "a"):
        raise ValueError("no")
    assert contents(tmp_path) == {"runs": b""}
    small_run().save(tmp_path / "runs" / "today" / "a")
    check_equal(ot.open_run(tmp_path / "runs" / "today" / "a"), small_run())


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_is_left_where_any_of_the_files_fails(tmp_path: Path, name: str) -> None:
    """In the place of each file in turn, something that cannot be written."""
    run = small_run()
    original = run.write

    def write(folder: Path, segments: Mapping[str, str] | None = None) -> None:
        (folder / name).symlink_to(tmp_path / "missing" / "x")
        original(folder, segments)

    run.write = write  # type: ignore[method-assign]
    with pytest.raises(RecordError, match=f"cannot write .*{tmp_path}/"):
        run.save(tmp_path / "a")
    assert contents(tmp_path) == {}


# The log is larger than all of these: nothing of it fits, its head, and some of its rows.
@pytest.mark.parametrize("size", [0, 100, 5000])
@pytest.mark.parametrize("spilled", [False, True])
def test_nothing_is_left_on_a_disk_that_fills_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, spilled: bool
) -> None:
    scratch, saved = tmp_path / "scratch", tmp_path / "saved"
    scratch.mkdir()
    saved.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    run = small_run(EventLog(memory_rows=100 if spilled else 10_000, chunk_rows=50), rows=200)
    with files_of_at_most(size), pytest.raises(RecordError, match=f"cannot write .*{saved}/"):
        run.save(saved / "a")
    assert contents(saved) == {}
    run.save(saved / "a")  # it is not lost
    check_equal(ot.open_run(saved / "a"), run)


def test_a_run_that_fails_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    scenario = ot.load("breadboard-iii").replace(horizon=50.0)

    def fail(simulation: Watched) -> None:
        if simulation.updates:
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        ot.run(scenario, out=tmp_path / "a", watch=fail)
    assert contents(tmp_path) == {}
    with (
        files_of_at_most(2000),
        pytest.raises(RecordError, match=f"cannot write .*{tmp_path}/.*File too large"),
    ):
        ot.run(scenario, out=tmp_path / "a")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("parent", ["/dev/null", "/proc"])
def test_a_place_that_cannot_be_written_is_named(parent: str) -> None:
    with pytest.raises(RecordError, match=f"cannot write the run folder {parent}/a: "):
        small_run().save(Path(parent) / "a")


def test_a_number_that_is_not_finite_loses_no_run(tmp_path: Path) -> None:
    run = small_run()
    run.summary["final_error"] = float("nan")
    run.save(tmp_path / "a")
    assert ot.open_run(tmp_path / "a").summary == {**run.summary, "final_error": None}


def test_a_run_knows_its_folder(tmp_path: Path) -> None:
    run = small_run()
    assert run.folder is None
    run.save(tmp_path / "a")
    assert ot.open_run(tmp_path / "a").folder == tmp_path / "a"


@pytest.mark.parametrize("path", ["a" * 300, "a\0b"])
def test_impossible_names_are_record_errors(path: str) -> None:
    for act in (small_run().save, ot.open_run):
        with pytest.raises(RecordError, match=r"File name too long|Invalid argument|null byte"):
            act(path)


def test_an_empty_summary_is_no_summary(tmp_path: Path) -> None:
    small_run().save(tmp_path / "a")
    (tmp_path / "a" / "summary.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RecordError, match=r"summary\.json: it lacks title, seed"):
        ot.open_run(tmp_path / "a")


def test_the_folder_that_was_asked_for_is_named_when_the_disk_is_full(tmp_path: Path) -> None:
    with files_of_at_most(2000), pytest.raises(RecordError) as refused:
        ot.run(ot.load("breadboard-iii").replace(horizon=50.0), out=tmp_path / "a")
    assert (
        str(refused.value)
        == f"cannot write the event log {tmp_path}/a/events.parquet: File too large"
    )


# --- Opening what is not a run -----------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_run().save(tmp_path / "a")


def test_the_files_are_the_documented_ones() -> None:
    assert set(RUN_FILES) == FILES - {"data.parquet"}


def test_a_folder_of_an_earlier_version_has_no_data(folder: Path) -> None:
    (folder / "data.parquet").unlink()
    with pytest.raises(RecordError, match=r"it lacks data\.parquet"):  # it is none of those
        ot.open_run(folder)
    as_of_an_earlier_version(folder)
    run = ot.open_run(folder)
    assert run.data.empty
    assert list(run.data) == ["datum", "node", "role", "voltage_V"]
    assert len(run.events) == 7


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=f"there is no run folder {tmp_path / 'none'}"):
        ot.open_run(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match=f"there is no run folder {tmp_path / 'file'}"):
        ot.open_run(tmp_path / "file")


@pytest.mark.parametrize("name", RUN_FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(RecordError, match=f"{folder} is not a run folder: it lacks {name}$"):
        ot.open_run(folder)
    (folder / name).mkdir()
    with pytest.raises(RecordError, match=f"{folder} is not a run folder: it lacks {name}$"):
        ot.open_run(folder)


def test_a_foreign_folder_lacks_them_all(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(RecordError, match="is not a run folder: it lacks") as refused:
        ot.open_run(tmp_path)
    assert all(name in str(refused.value) for name in RUN_FILES)


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".parquet")))
def test_a_parquet_file_cut_anywhere_is_named(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for size in [*range(0, len(whole) - 1, 331), *range(len(whole) - 12, len(whole))]:
        (folder / name).write_bytes(whole[:size])
        with pytest.raises(RecordError, match=f"cannot read {folder / name}: "):
            ot.open_run(folder)
    (folder / name).write_bytes(whole)
    check_equal(ot.open_run(folder), small_run())


def test_a_summary_cut_anywhere_is_named(folder: Path) -> None:
    whole = (folder / "summary.json").read_bytes().rstrip()
    for size in range(len(whole)):
        (folder / "summary.json").write_bytes(whole[:size])
        with pytest.raises(RecordError, match=f"cannot read {folder / 'summary.json'}: "):
            ot.open_run(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("summary.json", b'{"title": "x",}'),
        ("summary.json", b'{"title": "\xff"}'),
        ("summary.json", b"[1, 2]"),
        ("summary.json", b"null"),
        ("scenario.toml", b"title = "),
        ("scenario.toml", b'title = "x"\ntitle = "y"\n'),
        ("scenario.toml", b'title = "\xff"'),
        ("scenario.toml", b"\0\0\0\0"),
        ("events.parquet", b"PAR1" + bytes(100) + b"PAR1"),
        ("probes.parquet", b"time_s,updates,error\n0,0,1\n"),
        ("nodes.parquet", b"PAR1PAR1"),
    ],
)
@pytest.mark.parametrize("digests", [True, False])
def test_a_file_of_nonsense_is_named(folder: Path, name: str, text: bytes, digests: bool) -> None:
    if not digests:
        as_of_an_earlier_version(folder)
    (folder / name).write_bytes(text)
    with pytest.raises(RecordError, match=f"cannot read {folder / name}: "):
        ot.open_run(folder)


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".parquet")))
@pytest.mark.parametrize("other", ["probes.parquet", "edges.parquet", "nodes.parquet"])
def test_one_file_in_anothers_place_is_named(folder: Path, name: str, other: str) -> None:
    shutil.copyfile(folder / other, folder / "copy")
    (folder / "copy").replace(folder / name)
    if name == other:
        check_equal(ot.open_run(folder), small_run())
        return
    if name != "events.parquet":  # of which only the footer is read as yet
        with pytest.raises(RecordError, match=f"{folder / name}: it is damaged, or was changed"):
            ot.open_run(folder)
    as_of_an_earlier_version(folder)
    with pytest.raises(RecordError, match=f"cannot read {folder / name}: it(s| lacks the) columns"):
        ot.open_run(folder)


def test_damage_inside_the_log_is_found_when_it_is_read(tmp_path: Path) -> None:
    """The footer is whole, so the run opens; the rows are not there."""
    run = small_run(rows=2000)
    path = run.save(tmp_path / "a") / "events.parquet"
    whole = bytearray(path.read_bytes())
    whole[4 : len(whole) // 2] = bytes(len(whole) // 2 - 4)
    path.write_bytes(whole)
    opened = ot.open_run(tmp_path / "a")
    assert opened.summary == run.summary
    with pytest.raises(RecordError, match=f"cannot read the event log {path}: "):
        _ = opened.events


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_flipped_bit_anywhere_is_noticed(tmp_path: Path, name: str) -> None:
    """In every file, wherever it is: the file is named, or nothing that is read has changed."""
    folder = small_run().save(tmp_path / "a")
    path, rng = folder / name, np.random.default_rng(1)
    whole = path.read_bytes()
    said: list[str] = []
    for bit in rng.choice(8 * len(whole), 150, replace=False).tolist():
        hurt = bytearray(whole)
        hurt[bit // 8] ^= 1 << bit % 8
        path.write_bytes(hurt)
        try:
            run = ot.open_run(folder)
            _ = run.events
        except RecordError as error:
            said.append(str(error))
        else:  # white space of the summary
            assert name == "summary.json"
            check_equal(run, small_run())
    assert len(said) > 100
    assert all(str(path) in text for text in said)


@pytest.mark.parametrize("how", ["frame", "batches", "save"])
def test_a_damaged_log_is_refused_however_it_is_read(tmp_path: Path, how: str) -> None:
    """Even where the checksums of its pages hold: in the footer, here, which names its maker."""
    folder = small_run(rows=2000).save(tmp_path / "a")
    path = folder / "events.parquet"
    whole = path.read_bytes()
    assert whole.count(b"parquet-cpp") == 1
    path.write_bytes(whole.replace(b"parquet-cpp", b"parquet-cpq"))
    run = ot.open_run(folder)
    acts: dict[str, Callable[[], object]] = {
        "frame": lambda: run.events,
        "batches": lambda: next(run.batches(["edge"])),
        "save": lambda: run.save(tmp_path / "b"),
    }
    with pytest.raises(RecordError, match=f"cannot read the event log {path}: it is damaged"):
        acts[how]()
    assert not (tmp_path / "b").exists()


def test_a_number_changed_by_hand_is_noticed(folder: Path) -> None:
    path = folder / "summary.json"
    path.write_text(path.read_text(encoding="utf-8").replace("0.1", "0.01"), encoding="utf-8")
    with pytest.raises(RecordError, match=f"cannot read {path}: it is damaged, or was changed"):
        ot.open_run(folder)


def test_a_folder_of_an_earlier_version_opens_without_digests(folder: Path) -> None:
    as_of_an_earlier_version(folder)
    check_equal(ot.open_run(folder), small_run())


def test_more_files_do_no_harm(folder: Path) -> None:
    (folder / "figure.png").write_bytes(b"x")
    check_equal(ot.open_run(folder), small_run())


# --- The frames --------------------------------------------------------------------------------


def test_the_frames_of_edges_and_nodes() -> None:
    run = small_run()
    assert run.edges.iloc[:, :4].to_dict("list") == {
        "edge": [0, 1],
        "first": ["in", "ground"],
        "second": ["µ", "µ"],
        "conductance_start_S": [1.0, 2.0],
    }
    assert run.nodes.to_dict("list") == {
        "node": ["in", "µ", "ground"],
        "role": ["source", "target", "source"],
        "x": [0.0, 1.0, 0.1],
        "y": [0.0, 0.25, 0.0],
    }
    bare = small_run(positions=False).nodes
    assert bare[["x", "y"]].isna().all(axis=None)


def test_a_summary_is_json_for_people(folder: Path) -> None:
    text = (folder / "summary.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert {key: found[key] for key in SUMMARY} == SUMMARY
    assert set(found) == {*SUMMARY, "files", "digest"}
    assert set(found["files"]) == FILES - {"summary.json"}
    for name, digest in found["files"].items():  # as sha256sum says
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert text.endswith("}\n")
    assert text.count("\n") > len(SUMMARY)


# --- Reading in parts, and what was presented --------------------------------------------------


@pytest.mark.parametrize("on_disk", [True, False])
def test_batches_are_the_events_in_parts(tmp_path: Path, on_disk: bool) -> None:
    run = small_run()
    if on_disk:
        run = ot.open_run(run.save(tmp_path / "a"))
    whole = pd.concat(run.batches(), ignore_index=True)
    pd.testing.assert_frame_equal(whole, run.events)
    columns = ["edge", "time_s"]
    some = pd.concat(run.batches(columns), ignore_index=True)
    pd.testing.assert_frame_equal(some, run.events[columns])


def test_batches_are_of_bounded_length(tmp_path: Path) -> None:
    folder = small_run().save(tmp_path / "a")
    parts = list(read_batches(folder / "events.parquet", ["edge"], rows=3))
    assert [len(part) for part in parts] == [3, 3, 1]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_what_was_presented_is_recorded(engine: str) -> None:
    run = ot.run(ot.load("every-knob").replace(horizon=5.0), engine=engine)
    data = run.data
    assert list(data["node"].head(3)) == ["in", "ground", "out"]
    assert list(data["role"].head(3)) == ["source", "source", "target"]
    assert data["datum"].tolist() == [datum for datum in range(20) for _ in range(3)]
    volts = data["voltage_V"].to_numpy().reshape(20, 3)
    assert ((volts[:, 0] >= 0.5) & (volts[:, 0] <= 5.0)).all()
    assert (volts[:, 1] == 0.0).all()
    np.testing.assert_allclose(volts[:, 2], 0.4 * volts[:, 0])


def test_what_is_desired_of_a_class_is_not_known_beforehand() -> None:
    data = ot.run(ot.load("breadboard-iris").replace(horizon=1.0)).data
    assert data["datum"].nunique() == 30
    assert data.loc[data["role"] == "target", "voltage_V"].isna().all()
    assert data.loc[data["role"] == "source", "voltage_V"].between(0.0, 5.0).all()
