"""The event log: the same frame from memory and from disk, in bounded memory, or a clear error."""

from __future__ import annotations

import gc
import resource
import struct
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmtick.engine.errors import OhmtickError, RecordError
from ohmtick.engine.events import EVENT_DTYPES, Actuation
from ohmtick.engine.records.event_log import CHUNK_ROWS, MEMORY_ROWS, EventLog, read_events

DTYPES = {
    "time_s": "float64",
    "sensed_s": "float64",
    "edge": "int32",
    "datum": "int32",
    "drop_free_V": "float64",
    "drop_clamped_V": "float64",
    "conductance_before_S": "float64",
    "conductance_after_S": "float64",
    "staleness": "int64",
}
#: Numbers that a careless writer loses: signed zeros, the ends of the range, an odd NaN.
ODD = [0.0, -0.0, 5e-324, -1e-310, 1.7976931348623157e308, np.inf, -np.inf, np.nan, 0.1]


def rows_of(count: int) -> list[Actuation]:
    rng = np.random.default_rng(count)
    floats = rng.standard_normal((count, 6))
    floats[rng.random(floats.shape) < 0.1] = rng.choice(ODD)
    whole = rng.integers(-(2**31), 2**31, (count, 2))
    large = rng.integers(-(2**63), 2**63, count)
    return [
        Actuation(t, s, edge, datum, free, clamped, before, after, stale)
        for (t, s, free, clamped, before, after), (edge, datum), stale in zip(
            floats.tolist(), whole.tolist(), large.tolist(), strict=True
        )
    ]


def columns_of(rows: list[Actuation]) -> dict[str, Any]:
    return {
        name: np.array([row[index] for row in rows], dtype=dtype)
        for index, (name, dtype) in enumerate(DTYPES.items())
    }


def check(frame: pd.DataFrame, rows: list[Actuation]) -> None:
    """Hold a frame against rows, bit for bit."""
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert list(frame) == list(DTYPES)
    assert frame.index.equals(pd.RangeIndex(len(rows)))
    codes = {"float64": "d", "int32": "i", "int64": "q"}
    for index, (name, dtype) in enumerate(DTYPES.items()):
        expected = b"".join(struct.pack("=" + codes[dtype], row[index]) for row in rows)
        assert frame[name].to_numpy().tobytes() == expected, name


def filled(log: EventLog, rows: list[Actuation]) -> EventLog:
    append(log, rows)
    log.close()
    return log


def append(log: EventLog, rows: list[Actuation]) -> None:
    for row in rows:
        log.append(row)


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse what would make a file larger than this: a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_columns_are_the_documented_ones() -> None:
    assert {name: str(dtype) for name, dtype in EVENT_DTYPES.items()} == DTYPES
    assert Actuation._fields == tuple(DTYPES)


# Chunks of 4: below, at and past the end of the first, the second, the spill at 12 and later ones.
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 40, 101])
def test_the_frame_is_the_same_in_memory_and_on_disk(tmp_path: Path, count: int) -> None:
    rows = rows_of(count)
    held = filled(EventLog(), rows)
    assert held.path is None
    check(held.frame(), rows)
    check(filled(EventLog(chunk_rows=4), rows).frame(), rows)
    check(filled(EventLog(memory_rows=12, chunk_rows=4), rows).frame(), rows)
    written = filled(EventLog(tmp_path / "e.parquet", chunk_rows=4), rows)
    assert written.path == tmp_path / "e.parquet"
    check(written.frame(), rows)
    check(read_events(tmp_path / "e.parquet"), rows)


def test_rows_in_memory_may_be_read_while_they_are_recorded() -> None:
    rows, log = rows_of(10), EventLog(chunk_rows=4)
    for count, row in enumerate(rows, start=1):
        log.append(row)
        check(log.frame(), rows[:count])


def test_a_spilled_log_moves_whole_to_disk_past_its_threshold(scratch: Path) -> None:
    rows, log = rows_of(30), EventLog(memory_rows=12, chunk_rows=4)
    append(log, rows[:15])
    assert log.path is None  # 12 rows in chunks are no more than 12, and 3 are on their way
    assert list(scratch.iterdir()) == []
    log.append(rows[15])
    assert log.path is not None
    assert log.path.is_relative_to(scratch)
    assert list(log.chunks()) == []
    append(log, rows[16:])
    log.close()
    check(log.frame(), rows)
    check(read_events(log.path), rows)


def test_a_chunk_makes_a_row_group(tmp_path: Path) -> None:
    filled(EventLog(tmp_path / "e.parquet", chunk_rows=4), rows_of(10))
    footer = pq.read_metadata(tmp_path / "e.parquet")
    groups = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
    assert groups == [4, 4, 2]


pieces = st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=8)


@settings(max_examples=50)
@given(pieces, st.integers(1, 12))
def test_rows_keep_their_order_however_they_come(
    parts: list[tuple[bool, int]], chunk_rows: int
) -> None:
    """One by one or by the array, in turns: `extend` comes after what was appended."""
    rows = rows_of(sum(size for _, size in parts))
    with tempfile.TemporaryDirectory() as folder:
        logs = [
            EventLog(chunk_rows=chunk_rows),
            EventLog(memory_rows=10, chunk_rows=chunk_rows),
            EventLog(Path(folder) / "e.parquet", chunk_rows=chunk_rows),
        ]
        for log in logs:
            done = 0
            for as_arrays, size in parts:
                piece = rows[done : done + size]
                if as_arrays:
                    log.extend(columns_of(piece))
                else:
                    append(log, piece)
                done += size
            log.close()
            assert log.rows == len(rows)
            check(log.frame(), rows)


@pytest.mark.parametrize(
    "columns", [["time_s"], ["staleness", "edge"], ["datum", "time_s", "edge"]]
)
def test_some_columns_in_the_order_asked_for(tmp_path: Path, columns: list[str]) -> None:
    rows = rows_of(9)
    expected = pd.DataFrame(columns_of(rows))[columns]
    held = filled(EventLog(chunk_rows=4), rows)
    written = filled(EventLog(tmp_path / "e.parquet", chunk_rows=4), rows)
    for frame in (held.frame(columns), written.frame(columns)):
        pd.testing.assert_frame_equal(frame, expected, check_exact=True)


# --- Memory and temporary files ----------------------------------------------------------------


def peak_of(count: int) -> tuple[int, int]:
    """The most bytes that Python and NumPy, and then Arrow, held while so many rows came in."""
    row = Actuation(0.5, 0.25, 3, 1, 0.1, 0.2, 0.3, 0.4, 5)
    log = EventLog(memory_rows=4000, chunk_rows=1000)
    arrow = pa.proxy_memory_pool(pa.default_memory_pool())
    usual = pa.default_memory_pool()
    pa.set_memory_pool(arrow)
    tracemalloc.start()
    try:
        for number in range(count):
            log.append(row._replace(time_s=float(number)))
        log.close()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)
    assert log.rows == count
    return peak, arrow.max_memory()


def test_memory_is_bounded_whatever_the_length() -> None:
    peak_of(5000)  # imports, and caches of others
    python, arrow = peak_of(6000)
    python_long, arrow_long = peak_of(24_000)
    # 18 more chunks of 64 kB each would be 1.15 MB more; row groups have footers of 2 kB.
    assert python_long < python + 100_000
    assert arrow_long < arrow + 100_000


def test_the_bounds_by_default_are_some_hundreds_of_megabytes() -> None:
    row_bytes = sum(dtype.itemsize for dtype in EVENT_DTYPES.values())
    assert row_bytes == 64
    assert CHUNK_ROWS * row_bytes <= 2**24
    assert CHUNK_ROWS < MEMORY_ROWS
    assert MEMORY_ROWS * row_bytes <= 2**28


@pytest.mark.parametrize("finish", ["closed", "dropped", "discarded"])
def test_temporary_files_go_with_the_log(scratch: Path, finish: str) -> None:
    log = EventLog(memory_rows=4, chunk_rows=2)
    append(log, rows_of(9))
    assert len(list(scratch.iterdir())) == 1
    if finish == "closed":
        log.close()
        check(log.frame(), rows_of(9))
    elif finish == "discarded":
        log.discard()
    del log
    gc.collect()  # with no warning of a resource left open: they are errors here
    assert list(scratch.iterdir()) == []


def test_a_log_in_memory_makes_no_file(scratch: Path) -> None:
    filled(EventLog(chunk_rows=2), rows_of(9))
    assert list(scratch.iterdir()) == []


# --- Failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["missing/e.parquet", "file/e.parquet", "folder"])
def test_a_file_that_cannot_be_made_is_named(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(RecordError, match="cannot write the event log") as refused:
        EventLog(tmp_path / where)
    assert str(tmp_path / where) in str(refused.value)
    assert isinstance(refused.value, OhmtickError)


def test_a_device_without_space_is_named() -> None:
    with pytest.raises(RecordError, match=r"cannot write the event log /dev/full: .*No space left"):
        EventLog(Path("/dev/full"))


def test_a_disk_that_fills_up_while_rows_come_in(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "e.parquet", chunk_rows=100)
    message = f"cannot write the event log {tmp_path / 'e.parquet'}: .*File too large"
    with files_of_at_most(20_000):
        with pytest.raises(RecordError, match=message):
            append(log, rows_of(2000))
        log.discard()
    del log
    gc.collect()  # nothing is written, or complained of, behind its back
    with pytest.raises(RecordError, match="cannot read the event log"):
        read_events(tmp_path / "e.parquet")


def test_a_disk_that_fills_up_at_the_end(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "e.parquet")
    with files_of_at_most(20_000):
        append(log, rows_of(2000))
        with pytest.raises(RecordError, match=f"cannot write the event log {tmp_path}"):
            log.close()
        log.discard()


def test_a_disk_that_fills_up_at_the_footer(tmp_path: Path) -> None:
    rows = rows_of(50)
    filled(EventLog(tmp_path / "whole.parquet", chunk_rows=1), rows)
    size = (tmp_path / "whole.parquet").stat().st_size
    log = EventLog(tmp_path / "e.parquet", chunk_rows=1)
    append(log, rows)
    with files_of_at_most(size - 1):
        with pytest.raises(RecordError, match=f"cannot write the event log {tmp_path}"):
            log.close()
        log.discard()
        log.discard()
        del log
        gc.collect()  # giving up is quiet


def test_a_disk_that_fills_up_at_the_spill(scratch: Path) -> None:
    log = EventLog(memory_rows=1000, chunk_rows=100)
    with files_of_at_most(20_000):
        with pytest.raises(RecordError, match=f"cannot write the event log {scratch}"):
            append(log, rows_of(2000))
        log.discard()
    del log
    gc.collect()
    assert list(scratch.iterdir()) == []


def test_no_place_for_temporary_files_is_an_error_of_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/nowhere")
    log = EventLog(memory_rows=3, chunk_rows=2)
    rows = rows_of(4)
    append(log, rows[:3])
    with pytest.raises(RecordError, match=r"cannot write the event log .*/dev/null/nowhere"):
        log.append(rows[3])


# --- Reading -----------------------------------------------------------------------------------


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=f"cannot read the event log {tmp_path / 'none'}"):
        read_events(tmp_path / "none")


def test_a_log_cut_anywhere_is_refused(tmp_path: Path) -> None:
    filled(EventLog(tmp_path / "e.parquet", chunk_rows=10), rows_of(25))
    whole = (tmp_path / "e.parquet").read_bytes()
    cut = tmp_path / "cut.parquet"
    for size in [*range(0, len(whole) - 1, 97), *range(len(whole) - 12, len(whole))]:
        cut.write_bytes(whole[:size])
        with pytest.raises(RecordError, match=f"cannot read the event log {cut}"):
            read_events(cut)
    cut.write_bytes(whole)
    check(read_events(cut), rows_of(25))


@pytest.mark.parametrize("change", ["lacks a column", "another type", "another order", "one more"])
def test_a_foreign_parquet_file_is_refused(tmp_path: Path, change: str) -> None:
    frame = pd.DataFrame(columns_of(rows_of(5)))
    if change == "lacks a column":
        frame = frame.drop(columns="staleness")
    elif change == "another type":
        frame["edge"] = frame["edge"].astype("int64")
    elif change == "another order":
        frame = frame[list(frame)[::-1]]
    else:
        frame["more"] = 1.0
    frame.to_parquet(tmp_path / "e.parquet", index=False)
    message = f"{tmp_path / 'e.parquet'}: its columns are not those of an event log"
    with pytest.raises(RecordError, match=message):
        read_events(tmp_path / "e.parquet")


def test_a_study_measures_events_that_memory_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ohmtick as ot
    from ohmtick.scenarios.studies import jobs

    base = ot.load("breadboard-iii").replace(horizon=30.0)
    study = ot.Study(base, seeds=2, metrics=["mean_staleness", "saturated", "updates"])
    table = study.run(tmp_path / "a")
    monkeypatch.setattr(jobs, "EventLog", partial(EventLog, memory_rows=100, chunk_rows=40))
    spilled = study.run(tmp_path / "b")
    assert (spilled["updates"] > 100).all()
    assert ot.open_study(tmp_path / "b").failures().empty
    pd.testing.assert_frame_equal(spilled, table, check_exact=True)
