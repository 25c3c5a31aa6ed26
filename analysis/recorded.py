"""What a recorded run says of its circuit, its clock and its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..engine.records.frames import group_names
from ..engine.records.run import Run

if TYPE_CHECKING:
    import pandas as pd


def ends_of(edges: pd.DataFrame, nodes: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the two nodes of each edge, rows of `nodes`, shape (E, 2)."""
    number = {label: row for row, label in enumerate(nodes["node"])}
    ends = [edges["first"].map(number), edges["second"].map(number)]
    return np.array(ends, dtype=np.intp).T


def groups_of(run: Run) -> dict[str, tuple[npt.NDArray[np.intp], dict[str, Any]]]:
    """Return the edges of each group, and their `[edges]` table; "" is of those of none."""
    table = run.tables.get("edges", {})
    own = run.edges.get("group", np.full(len(run.edges), ""))
    groups = [{}, *table.get("groups", ())] if "group" in run.edges else [{}]
    names = ["", *group_names([group.get("title", "") for group in groups[1:]])]
    return {
        name: (np.flatnonzero(own == name), {**table, **group})
        for name, group in zip(names, groups, strict=True)
        if (own == name).any()
    }


def span_of(run: Run) -> float:
    """Return how much time a run simulated, s: to its horizon, or to where it was interrupted."""
    span = run.summary.get("simulated_s")  # which runs of an early version did not record
    return float(run.tables["horizon"] if span is None else span)


def stage_of(run: Run, time: float | None = None) -> int:
    """Return how many changes of its scenario's schedule a run had had at a time, s.

    By default at its end.
    """
    until = span_of(run) if time is None else time
    ended = until >= run.tables["horizon"]  # half open: what was to come then has not happened
    changes = [change["at"] for change in run.tables.get("schedule", ())]
    return sum(at < until if ended else at <= until for at in changes)


def nudge_of(run: Run, stage: int | None = None) -> float:
    """Return the nudge in a stage of a run, by default the last."""
    last = stage_of(run) if stage is None else stage
    tables = [run.tables, *run.tables.get("schedule", ())[:last]]
    given = [
        table["supervisor"]["nudge"] for table in tables if "nudge" in table.get("supervisor", {})
    ]
    return float(given[-1]) if given else 1.0
