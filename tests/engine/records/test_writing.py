"""Files: whole or absent whatever stops the writing, and never written through a link."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import pytest

import ohmtick as ot
from ohmtick.analysis.studies.figures import draw_all
from ohmtick.engine.errors import RecordError
from ohmtick.engine.records.writing import new_folder, sweep, whole_file, write_text
from ohmtick.scenarios.cli.terminal import interruptible
from ohmtick.scenarios.studies.locking import locked


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_at_the_end_with_its_suffix(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.svg") as partial:
        assert (partial.parent, partial.suffix) == (tmp_path, ".svg")
        partial.write_text("new")
        assert not (tmp_path / "a.svg").exists()
    assert (tmp_path / "a.svg").read_text() == "new"
    assert names(tmp_path) == ["a.svg"]


def test_it_is_as_readable_as_others(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("no"), OSError(28, "full")])
def test_what_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    (tmp_path / "a").write_text("old")

    def write() -> None:
        with whole_file(tmp_path / "a") as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(RecordError if isinstance(error, OSError) else type(error)):
        write()
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_temporary_names_cannot_be_foreseen(tmp_path: Path) -> None:
    seen = set()
    for _ in range(20):
        with whole_file(tmp_path / "a") as partial:
            seen.add(partial.name)
    assert len(seen) == 20


def test_what_is_new_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file, and each folder's names, whatever the order of a disk's writes."""
    synced: list[str] = []
    usual = os.fsync

    def noting(file: int) -> None:
        assert not (tmp_path / "f").exists() or synced[-1] == "partial"
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name.rpartition(".")[2])
        usual(file)

    monkeypatch.setattr(os, "fsync", noting)
    write_text(tmp_path / "a.txt", "x")
    assert synced == ["txt", tmp_path.name]
    synced.clear()
    with new_folder(tmp_path / "f") as folder:
        (folder.partial / "one").write_text("1")
    assert synced == ["one", "partial", tmp_path.name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_errors_of_the_disk_are_said(tmp_path: Path, number: int) -> None:
    said = f"{tmp_path}/a: {os.strerror(number)}"
    with pytest.raises(RecordError, match=f"cannot write {said}"), whole_file(tmp_path / "a"):
        raise OSError(number, "whatever")
    says = pytest.raises(RecordError, match=f"cannot write the run folder {said}")
    with says, new_folder(tmp_path / "a"):
        raise OSError(number, "whatever")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError("libfoo.so: cannot open shared object file"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "data/of/a/clock.csv"),
        PermissionError(errno.EPERM, "Operation not permitted"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
    ],
)
def test_errors_of_other_things_are_not_the_folders(tmp_path: Path, error: OSError) -> None:
    with pytest.raises(type(error)) as passed, whole_file(tmp_path / "a"):
        raise error
    assert passed.value is error
    with pytest.raises(type(error)) as passed, new_folder(tmp_path / "a"):
        raise error
    assert passed.value is error
    assert names(tmp_path) == []


def test_a_missing_library_is_no_failure_to_write_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import ctypes

    from ohmtick.scenarios import running
    from ohmtick.scenarios.cli.main import main

    def simulate(*arguments: object, **settings: object) -> None:
        ctypes.CDLL("libthat-is-not-there.so")

    monkeypatch.setattr(running, "simulate", simulate)
    assert main(["run", "breadboard-iii", "--out", str(tmp_path / "a")]) == 1
    said = capsys.readouterr().err
    assert "libthat-is-not-there.so" in said
    assert "cannot write" not in said
    assert names(tmp_path) == []


@pytest.mark.parametrize("path", ["/dev/null", "folder"])
def test_what_is_no_file_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(RecordError, match=f"cannot write {path}: it is there, and is no file"):
        write_text(Path(path), "x")
    assert Path("/dev/null").is_char_device()


def test_only_what_was_left_of_that_file_is_swept(tmp_path: Path) -> None:
    for name in (".a.01234567.partial.toml", ".a.0123456.partial.toml", ".b.01234567.partial.toml"):
        (tmp_path / name).touch()
    sweep(tmp_path, "a.toml")
    assert names(tmp_path) == [".a.0123456.partial.toml", ".b.01234567.partial.toml"]


# --- Links that somebody put there ---------------------------------------------------------------


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    file = tmp_path / "precious"
    file.write_text("data")
    return file


STUDY: dict[str, Any] = {"scenario": ot.load("breadboard-iii").replace(horizon=5.0), "seeds": 1}


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path, precious: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / ".lock").symlink_to(precious)
    with pytest.raises(RecordError, match=r"\.lock is a symbolic link"):
        ot.Study(**STUDY).run(folder)
    assert precious.read_text() == "data"


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo])
def test_a_lock_that_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    (tmp_path / "a").mkdir()
    make(tmp_path / "a" / ".lock")
    with pytest.raises(RecordError, match=r"cannot write the study folder .*/a: "):
        ot.Study(**STUDY).run(tmp_path / "a")


@pytest.mark.parametrize(
    "name", [".study.toml.partial", "study.toml", ".holder", "ledger.sqlite-journal"]
)
def test_nothing_is_written_through_a_link(tmp_path: Path, precious: Path, name: str) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / name).symlink_to(precious)
    with pytest.raises(RecordError) if "journal" in name else nullcontext():
        ot.Study(**STUDY).run(folder)
    assert precious.read_text() == "data"


@pytest.mark.parametrize("name", ["runs", "figures"])
def test_no_folder_of_a_study_is_a_link(tmp_path: Path, name: str) -> None:
    folder, elsewhere = tmp_path / "a", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / name).symlink_to(elsewhere)

    def study() -> None:
        ot.Study(**STUDY, grid={"edges.latency": [0.0, 1.0]}, events=name == "runs").run(folder)
        draw_all(ot.open_study(folder))

    with pytest.raises(RecordError, match=f"a/{name}: it is a symbolic link$"):
        study()
    assert names(elsewhere) == []


def test_a_ledger_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ledger.sqlite")
    with pytest.raises(RecordError, match=r"ledger\.sqlite is no file$"):
        ot.Study(**STUDY).run(tmp_path)


@pytest.mark.parametrize("name", ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"])
def test_a_ledger_that_is_a_link_is_refused(tmp_path: Path, precious: Path, name: str) -> None:
    ot.Study(**STUDY).run(tmp_path / "a")
    (tmp_path / "a" / name).unlink(missing_ok=True)
    (tmp_path / "a" / name).symlink_to(precious)
    for act in (ot.Study(**STUDY).run, ot.open_study):
        with pytest.raises(RecordError, match=f"{name} is a symbolic link"):
            act(tmp_path / "a")
    assert precious.read_text() == "data"


def test_a_database_of_somebody_elses_is_no_ledger(tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "a").mkdir()
    with sqlite3.connect(tmp_path / "a" / "ledger.sqlite") as raw:
        raw.execute("CREATE TABLE theirs (x)")
    before = (tmp_path / "a" / "ledger.sqlite").read_bytes()
    with pytest.raises(RecordError, match="it holds something else"):
        ot.Study(**STUDY).run(tmp_path / "a")
    assert (tmp_path / "a" / "ledger.sqlite").read_bytes() == before


def test_a_lock_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("somebody's own")
    with locked(tmp_path):
        assert names(tmp_path) == [".holder", ".lock"]
    assert (tmp_path / ".lock").read_text() == "somebody's own"
    assert names(tmp_path) == [".lock"]


# --- Who writes several files -------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def stopped_midway(patch: pytest.MonkeyPatch, owner: type, method: str) -> None:
    """Let a writer be stopped when half of its file is there."""

    def write(self: object, path: Path, *more: object, **settings: object) -> None:
        Path(self if isinstance(self, Path) else path).write_bytes(b"half")
        raise KeyboardInterrupt

    patch.setattr(owner, method, write)


def test_figures_of_a_study_are_the_old_ones_or_the_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    from ohmtick.analysis.studies.figures import draw_all

    grid = {"edges.clock.jitter": [0.0, 0.3]}
    ot.Study(STUDY["scenario"], seeds=2, grid=grid).run(tmp_path / "a")
    study = ot.open_study(tmp_path / "a")
    (drawn,) = draw_all(study)
    before = contents(drawn.parent)
    stopped_midway(monkeypatch, Figure, "savefig")
    with pytest.raises(KeyboardInterrupt):
        draw_all(study)
    assert contents(drawn.parent) == before
    with pytest.raises(KeyboardInterrupt):
        draw_all(study, tmp_path / "new")
    assert contents(tmp_path / "new") == {}


@pytest.mark.parametrize("writer", ["figure", "table", "text"])
def test_a_reproduction_is_of_whole_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    import pandas as pd
    from matplotlib.figure import Figure

    from ohmtick.analysis.papers.claims import Claim, Paper, Result
    from ohmtick.analysis.papers.report import write

    class Record:
        metadata: ClassVar = {"version": "1"}

        def __len__(self) -> int:
            return 1

    def judge(result: Result, series: object) -> None:
        result.tables["t"] = pd.DataFrame({"x": [1.0]})
        result.figures["f"] = (Figure(figsize=(1, 1)), "c")

    claim = Claim(number=1, title="t", needs=("protocols",), judge=judge)
    paper = Paper(title="t", about="a", claims=(claim,))
    records: Any = {"protocols": {"x": Record()}}
    write(paper, records, tmp_path, command="c")
    before = contents(tmp_path)
    assert set(before) == {"t.csv", "f.png", "f.svg", "findings.csv", "README.md"}
    owner, method = {
        "figure": (Figure, "savefig"),
        "table": (pd.DataFrame, "to_csv"),
        "text": (Path, "write_text"),
    }[writer]
    stopped_midway(monkeypatch, owner, method)
    with pytest.raises(KeyboardInterrupt):
        write(paper, records, tmp_path, command="c")
    assert contents(tmp_path) == before


# --- Kills, and signals ---------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_that_is_told_to_end_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    """In the middle of a film of so many frames that it never ends."""
    ot.run(ot.load("breadboard-iii").replace(horizon=5.0), out=tmp_path / "a")
    before = names(tmp_path / "a")
    command = [
        sys.executable,
        "-P",
        "-m",
        "ohmtick.scenarios.cli.main",
        "animate",
        str(tmp_path / "a"),
    ]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "film.gif"), "--frames", "100000"],
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not list(tmp_path.glob(".film.*")):
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (130, "ohmtick: interrupted; nothing was kept\n")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_python_cannot_raise_is_sent_again(number: signal.Signals) -> None:
    """As one that comes while an object is taken apart, whose exceptions are lost."""

    class Apart:
        def __del__(self) -> None:
            signal.raise_signal(number)

    def wait() -> None:
        with interruptible():
            Apart()
            time.sleep(30.0)

    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            wait()
    finally:
        signal.signal(signal.SIGINT, usual)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "figures", "report", "animate", "reproduce"])
def test_kills_leave_nothing_half_written(command: str) -> None:
    """A few of the kills that the documentation tells of."""
    script = [sys.executable, "-P", "-m", "ohmtick.docs.kills", "--kills", "6", "--only", command]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
