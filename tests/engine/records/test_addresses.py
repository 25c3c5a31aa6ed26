"""Addresses: plain stores only, and none that merely a ledger names."""

from __future__ import annotations

import os
import socket
import sqlite3
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import ohmtick as ot
from ohmtick.engine.errors import RecordError, ScenarioError
from ohmtick.engine.records import addresses
from ohmtick.engine.records.addresses import file_system, lies_in, upload

STUDY = ot.Study(ot.load("breadboard-iii").replace(horizon=5.0), seeds=2, events=True)

#: Chains, what runs code or talks to whom it pleases, and what is nearly allowed.
REFUSED = [
    "dask://host:8786",
    "dask://127.0.0.1:1::file:///tmp/x",
    "reference://?fo=file:///tmp/refs.json",
    "reference::file:///tmp/refs.json",
    "simplecache::s3://bucket/logs",
    "file:///tmp/a::dask://host",
    "http://host/logs",
    "https://host/logs",
    "ssh://host/logs",
    "github://org:repo@/",
    "memory://logs",
    "S3://bucket/logs",
    " s3://bucket/logs",
    "gcs://bucket/logs",
    "://logs",
]


@pytest.mark.parametrize("address", REFUSED)
def test_a_study_that_names_another_address_is_refused_when_it_is_read(address: str) -> None:
    text = STUDY.to_toml().replace("events = true", f"events = '{address}'")
    with pytest.raises(ScenarioError, match=r"events must (be|not)") as refused:
        ot.Study.from_toml(text)
    assert address in str(refused.value)


@pytest.mark.parametrize("address", ["s3://bucket/a", "gs://b", "abfs://c/d", "file:///e", "logs"])
def test_plain_stores_and_paths_are_allowed(address: str) -> None:
    assert STUDY.replace(events=address).events == address


@pytest.mark.parametrize("address", REFUSED)
def test_no_other_file_system_is_reached(tmp_path: Path, address: str) -> None:
    """Whoever asks: the door is in one place."""
    if addresses.is_address(address):
        with pytest.raises(ValueError, match="must be"):
            file_system(address)
        with pytest.raises(RecordError, match="cannot keep a run at"):
            upload(tmp_path, address)
    else:
        assert type(file_system(address)[0]).__name__ == "LocalFileSystem"


@pytest.mark.parametrize("events", ["", " ", "a\0b"])
def test_what_is_no_path_is_refused(events: str) -> None:
    with pytest.raises(ScenarioError, match="events must be a path or an address"):
        STUDY.replace(events=events)


def test_the_nearest_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"gs://.*the nearest is 'gs://'"):
        STUDY.replace(events="gcs://bucket")


def test_fsspec_renders_templates_in_a_sandbox() -> None:
    """Since 2026.6.0; the declared minimum is at least that."""
    file = Path(__file__).parents[3] / "pyproject.toml"
    needs = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["dependencies"]
    (fsspec,) = (Requirement(each) for each in needs if each.startswith("fsspec"))
    assert not fsspec.specifier.contains("2026.4.0")


# --- What a ledger names -------------------------------------------------------------------------


def kept_at(folder: Path, place: str) -> None:
    """Let a ledger say that its runs are somewhere else, as one of an earlier layout may."""
    with sqlite3.connect(folder / "ledger.sqlite") as raw:
        raw.execute("UPDATE runs SET folder = ?", (place,))
        raw.execute("ALTER TABLE runs DROP COLUMN digest")
        raw.execute("ALTER TABLE runs DROP COLUMN probes_sha256")
        raw.execute("DROP TABLE digests")
        raw.execute("ALTER TABLE metadata RENAME TO facts")
        raw.execute("PRAGMA user_version = 1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    STUDY.run(tmp_path / "a")
    return tmp_path / "a"


@pytest.fixture
def secret(folder: Path, tmp_path: Path) -> Path:
    """A run elsewhere on this machine."""
    return next((folder / "runs").iterdir()).rename(tmp_path / "secret")


def test_a_ledger_leads_nowhere_else_unless_it_is_asked_to(folder: Path, secret: Path) -> None:
    (folder / "link").symlink_to(secret)
    places = [str(secret), "../secret", "runs/../../secret", "link", f"file://{secret}"]
    for place in places:
        kept_at(folder, place) if place == places[0] else set_folder(folder, place)
        with pytest.raises(RecordError, match=r"not in the study's folder: open_study\(…, else"):
            ot.open_study(folder).events()
        assert len(ot.open_study(folder, elsewhere=True).events({"seed": 0}))
        assert len(ot.open_study(folder).table()) == 2


@pytest.mark.parametrize("place", ["x" * 5000, "runs/a\0b"])
def test_a_ledgers_place_that_no_folder_can_have_is_done_anew(folder: Path, place: str) -> None:
    kept_at(folder, place)
    with pytest.raises(RecordError) as refused:
        ot.open_study(folder).events()
    assert len(str(refused.value)) < 1500
    study = ot.Study.load(folder)
    study.run(folder)
    assert len(ot.open_study(folder).events({"seed": 0}))


def set_folder(folder: Path, place: str) -> None:
    with sqlite3.connect(folder / "ledger.sqlite") as raw:
        raw.execute("UPDATE runs SET folder = ?", (place,))


def test_a_ledgers_address_connects_to_nobody_even_when_asked(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        kept_at(folder, f"dask://127.0.0.1:{port}::file:///tmp")
        for elsewhere in (False, True):
            with pytest.raises(RecordError, match=r"dask://"):
                ot.open_study(folder, elsewhere=elsewhere).events()
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_report_does_not_open_what_is_elsewhere(
    folder: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ohmtick.analysis.report import study as study_report

    kept_at(folder, str(secret))
    opened: list[Path] = []
    monkeypatch.setattr(study_report, "open_run", opened.append)
    study = ot.open_study(folder)
    assert dict(study_report._kept(study)) == {}
    assert opened == []


@pytest.mark.parametrize("kind", ["a pipe", "a link"])
def test_a_log_that_is_no_file_of_the_study_is_not_read(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    for run in (folder / "runs").iterdir():
        log = run / "events.parquet"
        moved = log.rename(tmp_path / run.name)
        os.mkfifo(log) if kind == "a pipe" else log.symlink_to(moved)
    with pytest.raises(RecordError):
        ot.open_study(folder).events()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    for name in ("a::b", "dask::c", "x://y"):
        STUDY.run(tmp_path / name)
        assert len(ot.open_study(tmp_path / name).events())


def test_what_lies_in_a_folder(tmp_path: Path) -> None:
    assert lies_in(tmp_path, "runs/a")
    for place in ("..", "/", str(tmp_path), "a/../b", "file://a", "\0"):
        assert not lies_in(tmp_path, place)
