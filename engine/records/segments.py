"""An event log that also goes to files that are whole, piece by piece, while a run goes on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .digests import digest_of_file
from .event_log import Chunk, EventLog, event_schema, event_writer
from .writing import whole_file

if TYPE_CHECKING:
    import pyarrow.parquet as pq

#: What follows, in the name of the folder of its segments, that which a run's own is to have.
UNFINISHED = ".unfinished"


class SegmentedLog(EventLog):
    """Records actuations as its base does, and beside that in segments.

    Parameters
    ----------
    folder
        Where the segments go: ``events-0000.parquet`` and so on.
    path, values
        As for `EventLog`.

    Attributes
    ----------
    segments : dict of str to str
        The names of those that are whole, in order, and their SHA-256.
    """

    def __init__(self, folder: Path, path: Path | None, *, values: bool = False) -> None:
        self._folder = folder
        self._segment: pq.ParquetWriter | None = None
        self.segments: dict[str, str] = {}
        super().__init__(path, values=values)

    def end_segment(self) -> None:
        """Bring all rows so far to the disk; those that come make the next segment."""
        self._flush()
        if self._segment is None:
            return
        self._segment.close()
        self._segment = None
        name = self._name
        with whole_file(self._folder / name) as partial:
            self._partial.replace(partial)
        self.segments[name] = digest_of_file(self._folder / name)

    def discard(self) -> None:
        """Give up, as its base does; the segments stay."""
        super().discard()
        segment, self._segment = self._segment, None
        if segment is not None:
            with suppress(OSError):
                segment.close()

    def _store(self, chunk: Chunk) -> None:
        import pyarrow as pa

        super()._store(chunk)
        if self._segment is None:
            self._segment = event_writer(self._partial, self.values)
        self._segment.write_table(pa.table(chunk, schema=event_schema(self.values)))

    @property
    def _name(self) -> str:
        return f"events-{len(self.segments):04}.parquet"

    @property
    def _partial(self) -> Path:
        return self._folder / f".{self._name}.partial"
