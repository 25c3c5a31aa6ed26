"""The tables of a series of studies: joined, turned by seed, taken together over scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .claims import Records

if TYPE_CHECKING:
    import pandas as pd


def tables_of(records: Records) -> pd.DataFrame:
    """Return the tables of a series as one, with the scenario as a column."""
    import pandas as pd

    frames = [record.table().assign(scenario=name) for name, record in records.items()]
    return pd.concat(frames, ignore_index=True)


def groups(frame: pd.DataFrame, keys: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Yield the groups of a frame in the order in which they appear."""
    yield from frame.groupby(keys, sort=False)


def by_seed(table: pd.DataFrame, metric: str, key: str = "label") -> pd.DataFrame:
    """Return a metric with a row a seed and a column a cell, in the study's order."""
    wide = table.pivot_table(index="seed", columns=key, values=metric, dropna=False)
    return wide[list(table[key].unique())]


def geometric(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return a metric as the geometric mean over scenarios, a row a seed and a column a cell.

    Zero counts as 1e-300, infinity as nothing.
    """
    import pandas as pd

    wide = [by_seed(own, metric) for _, own in groups(runs, "scenario")]
    logs = pd.concat(each.clip(lower=1e-300).apply(np.log) for each in wide)
    mean = logs.replace(np.inf, np.nan).groupby("seed").mean()
    return mean.apply(np.exp)[list(runs["label"].unique())]


def log_ratios(runs: pd.DataFrame, metric: str, reference: str) -> pd.DataFrame:
    """Return the logarithms of a metric over the reference's, a row a seed and a column a cell.

    Zero counts as 1e-300; two infinities have no ratio.
    """
    logs = by_seed(runs, metric).clip(lower=1e-300).apply(np.log)
    return logs.drop(columns=reference).sub(logs[reference], axis="index")


def of_each_run(frame: pd.DataFrame, number: Callable[[pd.DataFrame], float | None]) -> pd.Series:
    """Return a number by scenario and seed, from the rows of each; None leaves it out."""
    import pandas as pd

    found = {key: number(own) for key, own in groups(frame, ["scenario", "seed"])}
    known = {key: value for key, value in found.items() if value is not None}
    index = pd.MultiIndex.from_tuples(list(known), names=["scenario", "seed"])
    return pd.Series(list(known.values()), index=index)


def columns(frame: pd.DataFrame, prefix: str) -> dict[str, int]:
    """Return the columns whose names are a prefix and a number, and their numbers."""
    names = [str(name) for name in frame.columns if str(name).startswith(prefix)]
    return {name: int(name.removeprefix(prefix)) for name in names}


def over_tasks(runs: pd.DataFrame) -> str:
    """Say over how many tasks a geometric mean is taken."""
    count = runs["scenario"].nunique()
    return f"geometric mean over {count} tasks" if count > 1 else "geometric mean"


def readings(runs: pd.DataFrame) -> str:
    """Say out of how many readings, and of how long a run, a best error is the lowest."""
    pairs = runs[["horizon", "probe.period"]].drop_duplicates().to_numpy(dtype=float)
    return " or ".join(
        f"{horizon / period:.0f} readings over {horizon:g} s" for horizon, period in pairs
    )
