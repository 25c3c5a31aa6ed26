"""Tells how long a study takes before it is run, from a few runs or, of long ones, from none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from ...engine.errors import OhmtickError
from ...engine.records.ledger import LEDGER, Ledger
from ..estimate import estimate as estimate_run
from ..in_step import warn_in_step
from .executors import check, processors
from .jobs import Job, perform
from .planning import jobs_for, plan_of

if TYPE_CHECKING:
    from .study import Study

#: Runs that are tried to tell.
TRIED = 8
#: Longer than this, s, they are told from the structure of their circuits instead.
MOST_TRIED_S = 120.0


@dataclass(frozen=True)
class Estimate:
    """How long a study takes."""

    there: int
    """Runs that are in the ledger already."""
    tried: int
    """Runs that were tried to tell; none where they would take minutes."""
    run_s: float
    """Mean time that they took, or that they are told to take, s."""
    workers: int
    """How many there will be."""
    total_s: float
    """Time for what is lacking, s."""
    error: str = ""
    """Why the last of those that were tried failed, where one did."""


def estimate(
    study: Study,
    folder: Path | None,
    workers: int | None = None,
    *,
    accept_other_code: bool = False,
) -> Estimate:
    """Tell how long a study takes from a few of its runs, of which nothing is kept.

    Runs that would take minutes are not tried: `ohmtick.estimate` tells of them.
    """
    check("threads", workers)
    warn_in_step(cell.scenario for cell in study.cells if cell.scenario is not None)
    if folder is not None and (folder / LEDGER).is_file():
        with Ledger(folder / LEDGER) as ledger:
            plan = plan_of(study, ledger, folder, accept_other_code=accept_other_code)
    else:
        plan = plan_of(study)
    jobs = list(jobs_for(study, plan.lacking, None))
    few = Random(0).sample(jobs, min(TRIED, len(jobs)))  # evenly spaced ones may share a cell
    told = [_told_s(job) for job in few]
    there = len(plan.runs) - sum(map(len, plan.lacking.values()))
    count = workers or processors()
    if sum(told) > MOST_TRIED_S:
        mean = sum(told) / len(told)
        return Estimate(there, 0, mean, count, mean * len(jobs) / count)
    if few:
        perform(few[0])  # compiles what there is to compile
    tried = [perform(job) for job in few]
    error = next((entry.error for entry in reversed(tried) if entry.error), "")
    mean = sum(entry.took_s for entry in tried) / max(1, len(tried))
    return Estimate(there, len(few), mean, count, mean * len(jobs) / count, error)


def _told_s(job: Job) -> float:
    """Return how long a run is told to take, s; none where it cannot be built, as it will say."""
    try:
        return estimate_run(job.scenario, job.seed, job.engine).run_s
    except OhmtickError:
        return 0.0
