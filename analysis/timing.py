"""When the edges acted: tick intervals and staleness.

Each function takes the events of one run, in any order: one row an actuation, here with the
columns `edge`, `sensed_s` (when the edge read its drops, s) and `staleness`. So a tick is in them
only if it was acted on: ticks that a gate below 1 let pass are missing, and so are readings still
in flight at the horizon. A missing column and an empty frame raise an AnalysisError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .frames import check_frame

if TYPE_CHECKING:
    import pandas as pd


def tick_intervals(events: pd.DataFrame) -> pd.DataFrame:
    """Intervals between consecutive ticks of each edge, in the order of the sensing.

    Returns
    -------
    DataFrame
        One row an interval, sorted by edge and time: `edge`, `time_s` (the tick that ends the
        interval, s), `interval_s`. An edge with n ticks has n - 1 rows. With a gate below 1 an
        interval may span several periods of the clock.

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import tick_intervals
    >>> events = pd.DataFrame({"edge": [0, 1, 0, 0], "sensed_s": [0.5, 0.75, 2.5, 1.5]})
    >>> tick_intervals(events)
       edge  time_s  interval_s
    0     0     1.5         1.0
    1     0     2.5         1.0
    """
    import pandas as pd

    check_frame(events, ["edge", "sensed_s"], "events", "tick_intervals")
    edge, sensed = by_edge(events)
    same = edge[1:] == edge[:-1]
    columns = {"edge": edge[1:], "time_s": sensed[1:], "interval_s": np.diff(sensed)}
    return pd.DataFrame({name: values[same] for name, values in columns.items()})


def interval_statistics(events: pd.DataFrame) -> pd.DataFrame:
    """Moments and extremes of the tick intervals of each edge.

    Returns
    -------
    DataFrame
        One row an edge that acted, sorted by edge: `edge`, `ticks`, `mean_s`, `std_s` (sample
        standard deviation), `relative` (std over mean), `min_s`, `max_s`. NaN where there are too
        few ticks: two make a mean, three a standard deviation. While every tick acts, `relative`
        is close to the clock's wander, or to √2 times its jitter (both ends of an interval move).

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import interval_statistics
    >>> events = pd.DataFrame({"edge": [0, 0, 0, 1], "sensed_s": [0.0, 1.0, 2.0, 0.5]})
    >>> interval_statistics(events)
       edge  ticks  mean_s  std_s  relative  min_s  max_s
    0     0      3     1.0    0.0       0.0    1.0    1.0
    1     1      1     NaN    NaN       NaN    NaN    NaN
    """
    check_frame(events, ["edge", "sensed_s"], "events", "interval_statistics")
    table = events.groupby("edge").size().to_frame("ticks")
    intervals = tick_intervals(events).groupby("edge")["interval_s"]
    table[["mean_s", "std_s"]] = intervals.agg(["mean", "std"])
    table["relative"] = table["std_s"] / table["mean_s"]
    table[["min_s", "max_s"]] = intervals.agg(["min", "max"])
    return table.reset_index()


def staleness(events: pd.DataFrame) -> pd.DataFrame:
    """Distribution of the staleness over all actuations.

    Returns
    -------
    DataFrame
        One row a value that occurs, ascending: `staleness` (how many other actuations fell
        between an edge's sense and its actuate), `count`, `fraction` (of all actuations).

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import staleness
    >>> staleness(pd.DataFrame({"staleness": [0, 3, 0, 0]}))
       staleness  count  fraction
    0          0      3      0.75
    1          3      1      0.25
    """
    import pandas as pd

    check_frame(events, ["staleness"], "events", "staleness")
    values, counts = np.unique(events["staleness"].to_numpy(), return_counts=True)
    return pd.DataFrame({"staleness": values, "count": counts, "fraction": counts / counts.sum()})


def staleness_statistics(events: pd.DataFrame) -> pd.DataFrame:
    """Staleness of each edge.

    Returns
    -------
    DataFrame
        One row an edge that acted, sorted by edge: `edge`, `actuations`, `mean`, `max` (of the
        staleness), `fresh` (the fraction of actuations with staleness 0).

    Examples
    --------
    >>> import pandas as pd
    >>> from ohmtick.analysis import staleness_statistics
    >>> events = pd.DataFrame({"edge": [0, 0, 1, 0, 0], "staleness": [0, 2, 1, 0, 4]})
    >>> staleness_statistics(events)
       edge  actuations  mean  max  fresh
    0     0           4   1.5    4    0.5
    1     1           1   1.0    1    0.0
    """
    check_frame(events, ["edge", "staleness"], "events", "staleness_statistics")
    stale = events.assign(fresh=events["staleness"] == 0).groupby("edge")
    return stale.agg(
        actuations=("staleness", "size"),
        mean=("staleness", "mean"),
        max=("staleness", "max"),
        fresh=("fresh", "mean"),
    ).reset_index()


def by_edge(events: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Edges and sense times, sorted by edge, then by sense time."""
    edge = events["edge"].to_numpy()
    sensed = events["sensed_s"].to_numpy(dtype=float)
    order = np.lexsort((sensed, edge))
    return edge[order], sensed[order]
