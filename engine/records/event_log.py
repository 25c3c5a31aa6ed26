"""The event log: rows in memory while they are few, Parquet row groups on disk beyond."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError, reason
from ..events import event_dtypes

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

Chunk = dict[str, NDArray[np.generic]]

#: Rows gathered before they become one chunk, and one Parquet row group.
CHUNK_ROWS = 1 << 17
#: Rows kept in memory before the log moves to disk (about 64 B each).
MEMORY_ROWS = 1 << 22


class EventLog:
    """Records actuations in order, in bounded memory.

    Rows are gathered into chunks. Chunks stay in memory until there are `memory_rows` of them;
    then, or from the first one when a `path` is given, they go to a Parquet file. Readers get
    the same frame either way.

    Parameters
    ----------
    path
        The Parquet file to write. Without one, a temporary file is used when it is needed, and
        removed with the log.
    memory_rows
        How many rows may stay in memory, when no path is given.
    chunk_rows
        How many rows make a chunk.
    values
        Whether rows end with the value of the edge's device before and after.

    Attributes
    ----------
    values : bool
        As above.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        memory_rows: int = MEMORY_ROWS,
        chunk_rows: int = CHUNK_ROWS,
        values: bool = False,
    ) -> None:
        self.values = values
        self._dtypes = event_dtypes(values)
        self.rows = 0
        self._path = path
        self._memory_rows = memory_rows
        self._chunk_rows = chunk_rows
        self._pending: list[tuple[float, ...]] = []
        self._chunks: list[Chunk] = []
        self._writer: pq.ParquetWriter | None = None
        if path is not None:
            self._open(path)

    def append(self, row: tuple[float, ...]) -> None:
        """Record one actuation: an `Actuation`, or a plain tuple of its fields."""
        self._pending.append(row)
        if len(self._pending) >= self._chunk_rows:
            self._flush()

    def extend(self, chunk: Chunk) -> None:
        """Record many actuations, given as one array a column."""
        self._flush()
        self._store(chunk)

    def close(self) -> None:
        """Write what is pending and finish the file; afterwards the log is only read."""
        self._flush()
        if self._writer is not None:
            try:
                self._writer.close()
            except OSError as error:
                raise _unwritten(self._path, error) from error
            self._writer = None

    def discard(self) -> None:
        """Give up: release the file without caring for what it holds."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(OSError):  # the disk is full, perhaps: that is why it is given up
                writer.close()

    @property
    def path(self) -> Path | None:
        """The Parquet file, or None while the rows are in memory."""
        return self._path

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the recorded rows as a DataFrame with the columns of `event_dtypes`."""
        import pandas as pd

        if self._path is not None:
            return read_events(self._path, columns)
        names = list(self._dtypes) if columns is None else list(columns)
        chunks = list(self.chunks())
        return pd.DataFrame(
            {name: _joined([chunk[name] for chunk in chunks], self._dtypes[name]) for name in names}
        )

    def chunks(self) -> Iterator[Chunk]:
        """Iterate over the rows in memory, a chunk at a time."""
        yield from self._chunks
        if self._pending:
            yield _columns(self._pending, self._dtypes)

    def _flush(self) -> None:
        if self._pending:
            pending, self._pending = self._pending, []
            self._store(_columns(pending, self._dtypes))

    def _store(self, chunk: Chunk) -> None:
        self.rows += len(chunk["edge"])
        if self._writer is None:
            self._chunks.append(chunk)
            if self.rows > self._memory_rows:
                self._spill()
        else:
            self._write(chunk)

    def _spill(self) -> None:
        try:
            folder = tempfile.mkdtemp(prefix="ohmtick-")
        except OSError as error:
            raise RecordError(f"cannot write the event log to a temporary file: {error}") from error
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._open(Path(folder) / "events.parquet")
        chunks, self._chunks = self._chunks, []
        for chunk in chunks:
            self._write(chunk)

    def _open(self, path: Path) -> None:
        self._path = path
        self._writer = event_writer(path, self.values)

    def _write(self, chunk: Chunk) -> None:
        import pyarrow as pa

        assert self._writer is not None
        try:
            self._writer.write_table(pa.table(chunk, schema=event_schema(self.values)))
        except OSError as error:
            raise _unwritten(self._path, error) from error


class NoLog(EventLog):
    """Counts actuations, and keeps none of them: for runs that nobody asks for their events."""

    def append(self, row: tuple[float, ...]) -> None:
        """Count one actuation."""
        self.rows += 1

    def extend(self, chunk: Chunk) -> None:
        """Count many actuations."""
        self.rows += len(chunk["edge"])

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Refuse.

        Raises
        ------
        RecordError
            Always: the events are gone.
        """
        raise RecordError("the events of this run were not recorded")


def _unwritten(path: Path | None, error: OSError) -> RecordError:
    return RecordError(f"cannot write the event log {path}: {reason(error)}")


def event_schema(values: bool = False) -> pa.Schema:
    """Return the Arrow schema of the event log."""
    import pyarrow as pa

    return pa.schema(
        [pa.field(name, pa.from_numpy_dtype(dtype)) for name, dtype in event_dtypes(values).items()]
    )


def event_writer(path: Path, values: bool = False) -> pq.ParquetWriter:
    """Open a Parquet file for the event log.

    Floats are split by bytes before compression: neighbouring rows share their exponents and
    leading digits, so that each byte plane is far more regular than the numbers are. Each page has
    a checksum, so that damage is found when it is read.

    Raises
    ------
    RecordError
        When the file cannot be created.
    """
    import pyarrow.parquet as pq

    dtypes = event_dtypes(values)
    floats = [name for name, dtype in dtypes.items() if dtype.kind == "f"]
    whole = [name for name in dtypes if name not in floats]
    try:
        return pq.ParquetWriter(
            path,
            event_schema(values),
            compression="zstd",
            use_dictionary=whole,
            use_byte_stream_split=floats,
            write_page_checksum=True,
        )
    except OSError as error:
        raise _unwritten(path, error) from error


def read_events(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read an event log, or some of its columns, from Parquet.

    Raises
    ------
    RecordError
        When the file is not there, is cut short, or is no event log.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            check_schema(file.schema_arrow)
            table = file.read(None if columns is None else list(columns))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RecordError(f"cannot read the event log {path}: {reason(error)}") from error
    frame: pd.DataFrame = table.to_pandas()
    return frame


def read_batches(
    path: Path, columns: Sequence[str] | None = None, rows: int = CHUNK_ROWS
) -> Iterator[pd.DataFrame]:
    """Read an event log, or some of its columns, from Parquet, at most `rows` rows at a time.

    Raises
    ------
    RecordError
        As `read_events`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            check_schema(file.schema_arrow)
            for batch in file.iter_batches(rows, columns=None if columns is None else [*columns]):
                yield batch.to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RecordError(f"cannot read the event log {path}: {reason(error)}") from error


def check_schema(schema: pa.Schema) -> None:
    """Raise ValueError where a Parquet file's columns are not those of an event log."""
    if not any(schema.equals(event_schema(values)) for values in (False, True)):
        raise ValueError("its columns are not those of an event log")


def _columns(rows: list[tuple[float, ...]], dtypes: dict[str, np.dtype[np.generic]]) -> Chunk:
    return {
        name: np.array(values, dtype=dtype)
        for (name, dtype), values in zip(dtypes.items(), zip(*rows, strict=True), strict=True)
    }


def _joined(parts: list[NDArray[np.generic]], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)
