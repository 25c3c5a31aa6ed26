"""From a study's table to its answer: response curves, heat maps, comparisons, thresholds.

Every function takes the table of a study, one row a run with the keys, the metric and ``seed``
(`~ohmtick.analysis.studies.record.StudyRecord`), and returns a tidy frame. A cell is a combination
of the keys; its rows differ in their seed. Keys and the metric are named by their columns; where
one is missing, or the frame is empty, that is an AnalysisError. `statistic` and `confidence` are
those of `~ohmtick.analysis.statistics`. A `reference` gives keys their value in the cell to compare
with; those that are not in it have their value in the table's first row.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...engine.errors import AnalysisError
from ..crossing import threshold
from ..frames import check_frame, refusal, require
from ..resampling import CONFIDENCE, Statistic, statistic_of
from ..statistics import Comparison, Estimate, bootstrap, compare, rank_correlation, tabulated

if TYPE_CHECKING:
    import pandas as pd

SEED = "seed"
#: Levels that span more than this factor are interpolated in their logarithm.
DECADES = 20.0
#: What is known of a cell without a number.
NOTHING = Comparison(value=np.nan, low=np.nan, high=np.nan, seeds=0, lower=np.nan, p_value=np.nan)


def response(
    table: pd.DataFrame,
    keys: str | Sequence[str],
    metric: str,
    *,
    statistic: Statistic = "median",
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """How a metric responds to some keys: a statistic over the seeds of each cell.

    Returns
    -------
    DataFrame
        One row a cell, in the table's order: the keys, ``value``, ``low``, ``high``, ``seeds``.
        Runs whose metric is NaN are left out; a cell of such runs only is NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"jitter": [0, 0, 1, 1], "seed": [0, 1, 0, 1], "error": [1, 3, 4, 4]})
    >>> response(table, "jitter", "error")
       jitter  value  low  high  seeds
    0       0    2.0  1.0   3.0      2
    1       1    4.0  4.0   4.0      2
    """
    named = _listed(keys)
    check_frame(table, [*named, metric], "table", "response")
    known = {cell: runs[metric].dropna().astype(float) for cell, runs in _cells(table, named)}
    found = {
        cell: bootstrap(values, statistic, confidence=confidence) if len(values) else NOTHING
        for cell, values in known.items()
    }
    return tabulated(found, named)


def heat_map(
    table: pd.DataFrame, x: str, y: str, metric: str, *, statistic: Statistic = "median"
) -> pd.DataFrame:
    """Return a metric over two keys as a matrix: a row a value of `y`, a column a value of `x`.

    Ascending in both; the statistic is of the runs that share both values, NaN where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [0, 1, 0], "b": [5, 5, 6], "error": [1.0, 2.0, 3.0]})
    >>> heat_map(table, "a", "b", "error")
    a    0    1
    b
    5  1.0  2.0
    6  3.0  NaN
    """
    cells = response(table, [x, y], metric, statistic=statistic)
    return cells.pivot_table(index=y, columns=x, values="value", dropna=False)


def comparisons(
    table: pd.DataFrame,
    keys: Sequence[str],
    metric: str,
    reference: Mapping[str, Any] | None = None,
    *,
    of: Literal["ratio", "difference", "ratios", "differences"] = "ratio",
    statistic: Statistic = "median",
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Compare every cell with a reference cell, paired by seed.

    Returns
    -------
    DataFrame
        One row a cell but the reference: the keys, and of `~ohmtick.analysis.statistics.compare`
        ``value`` (the ratio or the difference), ``low``, ``high``, ``seeds`` (that both cells
        have), ``lower`` and ``p_value``.

    Raises
    ------
    AnalysisError
        Also where there is no such reference.
    """
    import pandas as pd

    where = "comparisons"
    named, given = _apart(table, keys, metric, where), reference or {}
    strange = [repr(key) for key in given if key not in named]
    rule = f"name keys among {', '.join(named)}"
    require(not strange, "reference", where, rule, "".join(strange[:1]))
    what = {key: given.get(key, table[key].iloc[0]) for key in named}
    runs = {cell: own.set_index(SEED)[metric].dropna() for cell, own in _cells(table, named)}
    base = runs.pop(tuple(what.values()), None)
    if base is None:
        raise AnalysisError(refusal("reference", where, "be a cell that was run", what))
    found: dict[Any, Estimate] = {}
    for cell, values in runs.items():
        a, b = pd.concat([values, base], axis="columns", join="inner").to_numpy().T
        # Where there is no pair nothing of this cell can be compared.
        found[cell] = compare(a, b, of, statistic, confidence=confidence) if a.size else NOTHING
    return tabulated(found, named, ("lower", "p_value"))


def thresholds(
    table: pd.DataFrame,
    keys: Sequence[str],
    metric: str,
    factor: float = 2.0,
    *,
    reference: Mapping[str, Any] | None = None,
    statistic: Statistic = "median",
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """For each key that holds numbers, where the metric is `factor` times its reference.

    Each key is moved while all others stay, so a grid of two keys has a threshold of the first at
    each value of the second: see `~ohmtick.analysis.crossing.threshold`. Levels that are positive
    and span a factor of over 20 are interpolated in their logarithm.

    Returns
    -------
    DataFrame
        One row a key and a combination of the others: ``key``, all keys (the values of the
        others, and none of its own), ``reference`` (the key's value there), ``value`` (the metric
        there), ``threshold``, ``low``, ``high``, ``furthest`` (from the reference, of what was
        tried), ``seeds`` (that every value has), ``improves`` (whether the metric, from the
        reference to the furthest, only ever moved the other way). Infinite where the threshold lies
        beyond the furthest, NaN where the metric at the reference is not positive and finite; the
        ends of the interval are NaN for one seed, too. Empty where no key was moved alone.
    """
    import pandas as pd

    named = _apart(table, keys, metric, "thresholds")
    rows = []
    for key in named:
        if table[key].dtype.kind not in "iuf":
            continue
        start = (reference or {}).get(key, table[key].iloc[0])
        rest = [other for other in named if other != key]
        for values, part in _cells(table, rest):
            others = dict(zip(rest, values, strict=True))
            curve = part.pivot_table(index=key, columns=SEED, values=metric, dropna=False)
            curve = curve.dropna(axis="columns", how="any")
            if len(curve) < 2 or curve.empty or start not in curve.index:
                continue
            middle = statistic_of(statistic, "thresholds")
            base = float(middle(curve.loc[start].to_numpy(), axis=-1))
            furthest = curve.index.min() if start == curve.index.max() else curve.index.max()
            found: Estimate = NOTHING  # of nothing, or without end, there is no multiple
            improves = False
            if 0.0 < base < np.inf:
                levels = curve.index.to_numpy(dtype=float)
                found = threshold(
                    levels,
                    curve.to_numpy(dtype=float),
                    factor,
                    reference=float(start),
                    scale="log" if 0 < DECADES * levels.min() < levels.max() else "linear",
                    statistic=statistic,
                    confidence=confidence,
                )
                passed = curve.loc[min(start, furthest) : max(start, furthest)].drop(start)
                moves = np.array([middle(each, axis=-1) for each in passed.to_numpy()]) - base
                better = moves <= 0.0 if factor > 1.0 else moves >= 0.0
                improves = bool(better.all() and moves.any())
            row = (found.value, found.low, found.high, furthest, curve.shape[1], improves)
            rows.append((key, *map(others.get, named), start, base, *row))
    ends = ["threshold", "low", "high", "furthest", "seeds", "improves"]
    return pd.DataFrame(rows, columns=["key", *named, "reference", "value", *ends])


def influence(
    table: pd.DataFrame, keys: Sequence[str], metric: str, *, confidence: float = CONFIDENCE
) -> pd.DataFrame:
    """How strongly each of some keys, varied together, orders the metric.

    Returns
    -------
    DataFrame
        One row a key that holds different numbers, the strongest first: ``key``, ``value``
        (Spearman's rank correlation with the metric's median over the seeds), ``low``, ``high``
        (by the bootstrap over cells), ``cells``.
    """
    named = _listed(keys)
    check_frame(table, [*named, metric], "table", "influence")
    cells = table.groupby(named, sort=False)[metric].median().dropna().reset_index()
    found = {
        (key,): rank_correlation(cells[key], cells[metric], confidence=confidence)
        for key in named
        if cells[key].dtype.kind in "iuf" and len(cells[key].unique()) > 1
    }
    frame = tabulated(found, ["key"]).rename(columns={"seeds": "cells"})
    return frame.sort_values("value", key=abs, ascending=False, ignore_index=True)


def _apart(table: pd.DataFrame, keys: Sequence[str], metric: str, where: str) -> list[str]:
    """Return keys that tell all runs apart; else a seed would count twice in a cell."""
    named = _listed(keys)
    check_frame(table, [*named, metric, SEED], "table", where)
    twice = table.loc[table.duplicated([*named, SEED]), [*named, SEED]].to_dict("records")
    require(not twice, "keys", where, "tell all runs apart", f"{next(iter(twice), None)} twice")
    return named


def _listed(keys: str | Sequence[str]) -> list[str]:
    return [keys] if isinstance(keys, str) else list(keys)


def _cells(
    table: pd.DataFrame, keys: list[str]
) -> Iterable[tuple[tuple[Hashable, ...], pd.DataFrame]]:
    """Return the values of the keys, and the rows that have them: all, where there are no keys."""
    return table.groupby(keys, sort=False, dropna=False) if keys else [((), table)]
