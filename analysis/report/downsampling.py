"""Takes of a long event log what a page can hold, and says what it left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...engine.records.run import Run
from ..recorded import span_of

if TYPE_CHECKING:
    import pandas as pd

#: The columns of the log that a page shows.
COLUMNS = (
    "time_s",
    "sensed_s",
    "edge",
    "datum",
    "drop_free_V",
    "drop_clamped_V",
    "conductance_after_S",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Downsampled:
    """Events that stand for a whole log.

    Attributes
    ----------
    rows : DataFrame
        The events that are kept, in order, with the columns `COLUMNS`; where some were left out
        also `interval_s`, from the tick before of the same edge, which may be one of those.
    events : int
        How many there were.
    frame_s : float or None
        The length of a frame, s; None where every event was kept.
    """

    rows: pd.DataFrame
    events: int
    frame_s: float | None


def downsample(run: Run, most: int) -> Downsampled:
    """Return at most about `most` events of a run, from which its states can be read.

    Where there are more, simulated time is cut into equal frames, and of the events of an edge in
    one frame the last is kept, as it was recorded. So the state at the end of each frame is that
    of the log, and within a frame no edge shows a conductance that it did not have. The log is read
    a batch at a time: its length is no matter.

    Parameters
    ----------
    run
        A recorded run.
    most
        How many events to keep; at least one an edge is kept anyway.
    """
    import pandas as pd

    events = int(run.summary["updates"])
    if events <= most:
        return Downsampled(rows=run.events[list(COLUMNS)], events=events, frame_s=None)
    frames = max(1, most // max(1, len(run.edges)))
    frame_s = span_of(run) / frames
    before = np.full(len(run.edges), np.nan)  # the last tick of each edge so far, s
    kept = [
        _last_of_frames(batch.assign(interval_s=_intervals(batch, before)), frame_s)
        for batch in run.batches(COLUMNS)
    ]
    rows = _last_of_frames(pd.concat(kept, ignore_index=True), frame_s)
    return Downsampled(rows=rows, events=events, frame_s=frame_s)


def _intervals(events: pd.DataFrame, before: npt.NDArray[np.float64]) -> pd.Series:
    """Return the interval that each event ends, s; NaN where it is the first, or out of order."""
    edge, sensed = events["edge"].to_numpy(), events["sensed_s"]
    last = sensed.groupby(edge).shift().to_numpy(copy=True)
    first = np.isnan(last)
    last[first] = before[edge[first]]
    latest = sensed.groupby(edge).last()
    before[latest.index.to_numpy()] = latest.to_numpy()
    interval: pd.Series = sensed - last
    return interval.mask(~(interval > 0.0))


def _last_of_frames(events: pd.DataFrame, frame_s: float) -> pd.DataFrame:
    frame = np.floor(events["time_s"] / frame_s).astype(np.int64)
    repeated = events[["edge"]].assign(frame=frame).duplicated(keep="last")
    return events[~repeated].reset_index(drop=True)
