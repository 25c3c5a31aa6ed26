"""The ledger: rows whole or absent, numbers to the bit, and a clear word when it cannot be read."""

from __future__ import annotations

import math
import sqlite3
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ohmtick as ot
from ohmtick.engine.errors import RecordError
from ohmtick.engine.records.ledger import LAYOUT, Entry, Ledger, PlannedRun
from ohmtick.scenarios.studies import carry_out as studying
from ohmtick.scenarios.versions import versions

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


def planned(count: int) -> list[PlannedRun]:
    return [PlannedRun(cell=n % 2, seed=n // 2, key=f"key {n}") for n in range(count)]


@given(st.dictionaries(st.text(max_size=5), FLOATS, max_size=4))
@settings(max_examples=50)
def test_numbers_come_back_to_the_bit(metrics: dict[str, float]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        with Ledger(path, writes=True) as ledger:
            ledger.enter(Entry(key="a", metrics=metrics))
        with Ledger(path) as ledger:
            found = ledger.entries()["a"].metrics
    assert found is not None
    assert found.keys() == metrics.keys()
    for name, value in metrics.items():
        assert np.array(found[name]).tobytes() == np.array(value).tobytes() or math.isnan(value)


def test_what_is_entered_is_read(tmp_path: Path) -> None:
    metadata = {"title": "Ω", "keys": ["a", "b"]}
    cells = [({"a": 1, "b": [1, 2]}, "text"), ({"a": 0.5, "b": "word"}, "text")]
    with Ledger(tmp_path / "l", writes=True) as ledger:
        ledger.set_plan(metadata, cells, planned(4))
        ledger.enter(Entry(key="key 0", metrics={"m": 1.5}, probes=b"bytes", took_s=0.25))
        ledger.enter(Entry(key="key 1", error="it broke"))
        ledger.enter(Entry(key="key 2", metrics={}, folder="runs/x"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l"]  # one plain file
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.metadata() == metadata
        assert ledger.cells() == [changes for changes, _ in cells]
        assert ledger.plan() == planned(4)
        entries = ledger.entries()
        assert list(ledger.probes(["key 0", "key 1"])) == [("key 0", b"bytes")]
        assert ledger.with_probes() == {"key 0"}
    assert entries["key 0"] == Entry(key="key 0", metrics={"m": 1.5}, took_s=0.25)
    assert entries["key 1"].error == "it broke"
    assert entries["key 2"].folder == "runs/x"


def test_a_plan_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Any:
        yield planned(1)[0]
        raise KeyboardInterrupt

    with Ledger(tmp_path / "l", writes=True) as ledger:
        ledger.set_plan({"title": "old"}, [({}, "")], planned(3))
        with pytest.raises(KeyboardInterrupt):
            ledger.set_plan({"title": "new"}, [({}, "")], broken())
        assert ledger.metadata() == {"title": "old"}
        assert len(ledger.plan()) == 3


def test_a_reader_looks_while_somebody_writes(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l", writes=True) as ledger:
        seen: list[int] = []

        def look() -> None:
            with Ledger(tmp_path / "l") as reader:
                seen.append(len(reader.entries()))

        for number in range(3):
            ledger.enter(Entry(key=str(number), metrics={}))
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
    assert seen == [1, 2, 3]


def test_a_finished_ledger_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    """From a file alone, as on a read-only disk: there is no second file that it needs."""
    with Ledger(tmp_path / "l", writes=True) as ledger:
        ledger.enter(Entry(key="a", metrics={}))
    with sqlite3.connect(f"file:{tmp_path}/l?mode=ro&immutable=1", uri=True) as raw:
        assert raw.execute("SELECT count(*) FROM runs").fetchone() == (1,)
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"nothing of the kind, but long enough to be looked at" * 40, "file is not a database"),
        (b"", "it holds no ledger"),
    ],
)
def test_what_is_no_ledger(tmp_path: Path, content: bytes, says: str) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "ledger.sqlite").write_bytes(content)
    with pytest.raises(RecordError) as caught:
        ot.open_study(folder)
    assert says in str(caught.value)
    assert str(folder / "ledger.sqlite") in str(caught.value)
    assert (folder / "ledger.sqlite").read_bytes() == content


def test_a_damaged_ledger_is_not_touched(tmp_path: Path) -> None:
    study = ot.Study(ot.load("breadboard-iii").replace(horizon=5.0), seeds=30, probes=True)
    study.run(tmp_path / "a")
    file = tmp_path / "a" / "ledger.sqlite"
    whole = file.read_bytes()
    hurt = bytearray(whole)
    hurt[4096:] = b"\xa5" * (len(whole) - 4096)
    file.write_bytes(hurt)
    for attempt in (lambda: study.run(tmp_path / "a"), lambda: ot.open_study(tmp_path / "a")):
        with pytest.raises(RecordError, match=r"cannot read the ledger .* it is damaged"):
            attempt()
    assert file.read_bytes() == hurt
    file.write_bytes(whole[: len(whole) // 2])  # cut short, as by a copy that broke off
    with pytest.raises(RecordError, match="it is damaged"):
        study.run(tmp_path / "a")
    file.write_bytes(whole)
    assert len(study.run(tmp_path / "a")) == 30


CHANGES = [
    (
        "UPDATE runs SET metrics = '{\"updates\": 7}' WHERE key = 'key 1'",
        "the row of the run 'key 1'",
    ),
    ("UPDATE runs SET took_s = 9.5 WHERE key = 'key 2'", "the row of the run 'key 2'"),
    ("UPDATE runs SET key = 'key 9' WHERE key = 'key 2'", "the row of the run 'key 9'"),
    ("UPDATE runs SET folder = '/etc' WHERE key = 'key 0'", "the row of the run 'key 0'"),
    ("UPDATE runs SET error = NULL WHERE key = 'key 3'", "the row of the run 'key 3'"),
    ("UPDATE runs SET digest = NULL WHERE key = 'key 3'", "the row of the run 'key 3'"),
    (
        "UPDATE runs SET error = CAST(x'ff' AS TEXT) WHERE key = 'key 3'",
        "the row of the run 'key 3'",
    ),
    ("UPDATE runs SET probes = x'00' WHERE key = 'key 0'", "the row of the run 'key 0'"),
    ("UPDATE plan SET seed = 3 WHERE place = 1", "its table 'plan'"),
    ("DELETE FROM plan WHERE place = 3", "its table 'plan'"),
    ("UPDATE cells SET changes = '{\"a\": 2}'", "its table 'cells'"),
    ("UPDATE cells SET scenario = 'other'", "its table 'cells'"),
    ("UPDATE metadata SET value = '\"T\"'", "its table 'metadata'"),
    ("DELETE FROM digests", "its table 'metadata'"),
]


def full(path: Path) -> None:
    """Write a ledger that has something in each of its columns."""
    with Ledger(path, writes=True) as ledger:
        ledger.set_plan({"title": "t"}, [({"a": 1}, "text"), ({"a": 0.5}, "text")], planned(4))
        for number in range(3):
            metrics = {"updates": number / 3, "m": math.nan}
            ledger.enter(Entry(key=f"key {number}", metrics=metrics, probes=b"some bytes" * 9))
        ledger.enter(Entry(key="key 3", error="it µroke", took_s=0.1))


def all_of(path: Path) -> str:
    with Ledger(path) as ledger:
        entries = ledger.entries()
        probes = list(ledger.probes(sorted(entries)))
        return repr(
            (ledger.metadata(), ledger.cells(), ledger.plan(), sorted(entries.items()), probes)
        )


@pytest.mark.parametrize(("change", "names"), CHANGES)
def test_what_was_changed_is_named(tmp_path: Path, change: str, names: str) -> None:
    full(tmp_path / "l")
    all_of(tmp_path / "l")
    with sqlite3.connect(tmp_path / "l") as raw:
        raw.execute(change)
    with pytest.raises(RecordError, match=f"cannot read the ledger .*/l: .*{names}.*is damaged"):
        all_of(tmp_path / "l")


def test_what_is_entered_beside_damage_is_refused(tmp_path: Path) -> None:
    full(tmp_path / "l")
    with sqlite3.connect(tmp_path / "l") as raw:
        raw.execute("UPDATE runs SET metrics = '{\"updates\": 7}' WHERE key = 'key 1'")
    with (
        Ledger(tmp_path / "l", writes=True) as ledger,
        pytest.raises(RecordError, match="the row of the run 'key 1'"),
    ):
        ledger.enter(Entry(key="key 1", metrics={"more": 1.0}))


def test_a_flipped_bit_anywhere_in_a_ledger_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    full(tmp_path / "l")
    path, truth = tmp_path / "l", all_of(tmp_path / "l")
    whole, rng = path.read_bytes(), np.random.default_rng(2)
    said: list[str] = []
    held = [place for place, byte in enumerate(whole) if byte]  # most of the file is empty
    for place in rng.choice(held, 600).tolist():
        hurt = bytearray(whole)
        hurt[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(hurt)
        try:
            assert all_of(path) == truth
        except RecordError as error:
            said.append(str(error))
    assert len(said) > 100
    assert all(str(path) in text for text in said)


def as_of_layout_2(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("ALTER TABLE metadata RENAME TO facts")
        raw.execute("UPDATE digests SET name = 'facts' WHERE name = 'metadata'")
        raw.execute("PRAGMA user_version = 2")


def as_of_layout_1(path: Path) -> None:
    as_of_layout_2(path)
    with sqlite3.connect(path) as raw:
        raw.execute("ALTER TABLE runs DROP COLUMN digest")
        raw.execute("ALTER TABLE runs DROP COLUMN probes_sha256")
        raw.execute("DROP TABLE digests")
        raw.execute("PRAGMA user_version = 1")


def test_a_ledger_without_digests_is_read_and_gets_them_when_it_is_written(tmp_path: Path) -> None:
    full(tmp_path / "l")
    truth = all_of(tmp_path / "l")
    as_of_layout_1(tmp_path / "l")
    before = (tmp_path / "l").read_bytes()
    assert all_of(tmp_path / "l") == truth
    assert (tmp_path / "l").read_bytes() == before
    with Ledger(tmp_path / "l", writes=True):
        pass
    assert all_of(tmp_path / "l") == truth
    with sqlite3.connect(tmp_path / "l") as raw:
        raw.execute("UPDATE runs SET took_s = 1.5 WHERE key = 'key 0'")
    with pytest.raises(RecordError, match="the row of the run 'key 0'"):
        all_of(tmp_path / "l")


def test_a_ledger_whose_metadata_were_called_facts_is_read_and_renamed(tmp_path: Path) -> None:
    full(tmp_path / "l")
    truth = all_of(tmp_path / "l")
    as_of_layout_2(tmp_path / "l")
    before = (tmp_path / "l").read_bytes()
    assert all_of(tmp_path / "l") == truth
    assert (tmp_path / "l").read_bytes() == before
    with Ledger(tmp_path / "l", writes=True):
        pass
    assert all_of(tmp_path / "l") == truth
    with sqlite3.connect(tmp_path / "l") as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (LAYOUT,)
        names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
        assert names & {"metadata", "facts"} == {"metadata"}
        assert len(raw.execute("SELECT name FROM digests").fetchall()) == 3


@pytest.mark.parametrize(("table", "change"), [("facts", "value = '0'"), ("runs", "took_s = 9.5")])
def test_damage_of_before_is_not_sealed_by_the_new_name(
    tmp_path: Path, table: str, change: str
) -> None:
    full(tmp_path / "l")
    as_of_layout_2(tmp_path / "l")
    with sqlite3.connect(tmp_path / "l") as raw:
        raw.execute(f"UPDATE {table} SET {change}")
    with pytest.raises(RecordError, match="is damaged"):
        all_of(tmp_path / "l")
    with Ledger(tmp_path / "l", writes=True):
        pass
    with pytest.raises(RecordError, match="is damaged"):
        all_of(tmp_path / "l")


def test_a_ledger_of_a_later_layout_is_not_touched(tmp_path: Path) -> None:
    study = ot.Study(ot.load("breadboard-iii").replace(horizon=5.0), seeds=2)
    study.run(tmp_path / "a")
    with sqlite3.connect(tmp_path / "a" / "ledger.sqlite") as raw:
        raw.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    before = (tmp_path / "a" / "ledger.sqlite").read_bytes()
    for attempt in (lambda: study.run(tmp_path / "a"), lambda: ot.open_study(tmp_path / "a")):
        with pytest.raises(RecordError, match="was written by a newer ohmtick"):
            attempt()
    assert (tmp_path / "a" / "ledger.sqlite").read_bytes() == before


def test_other_versions_of_what_computes_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = ot.Study(ot.load("breadboard-iii").replace(horizon=5.0), seeds=2)
    table = study.run(tmp_path / "a")
    ours = versions()
    monkeypatch.setattr(studying, "versions", lambda: ours | {"numpy": "99.0"})
    with pytest.warns(UserWarning, match=r"goes on with numpy 99\.0"):
        study.replace(seeds=3).run(tmp_path / "a")
    monkeypatch.undo()
    assert table.equals(study.run(tmp_path / "a"))


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"is not a study folder: it lacks ledger\.sqlite"):
        ot.open_study(tmp_path)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RecordError, match="cannot write the study folder"):
        ot.Study("breadboard-iii", seeds=1).run(tmp_path / "file")
