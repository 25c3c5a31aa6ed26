"""One run of a study, from its scenario to its entry in the ledger; in any thread or process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from ..engine.errors import OhmtickError
from ..engine.ledger import Entry
from ..engine.simulation import Watched
from .scenario import Scenario

if TYPE_CHECKING:
    from ..analysis.metrics import Metric
    from ..engine.record import Run


class Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """The study was told to stop while this run was on its way."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be run, and what is wanted of it.

    Attributes
    ----------
    key : str
        Of its row in the ledger.
    scenario : Scenario
        What to simulate.
    seed : int
        The run's seed.
    engine : str
        Which engine.
    metrics : dict
        By name; functions, so that a worker elsewhere has them.
    logs : bool
        Whether any metric looks at the events.
    probes : bool
        Whether the entry shall hold the probes.
    events : str or None
        Where run folders go, if they are kept.
    """

    key: str
    scenario: Scenario
    seed: int
    engine: str
    metrics: dict[str, Metric]
    logs: bool
    probes: bool
    events: str | None


def perform(job: Job, stopped: Callable[[], bool] = lambda: False) -> Entry:
    """Do one run and return its entry; a run that fails has one too.

    Raises
    ------
    OSError
        When the run cannot be written: that is no fault of the run, and the study stops.
    Stopped
        When `stopped` turned true.
    """
    began = perf_counter()

    def watch(simulation: Watched) -> None:
        if stopped():
            raise Stopped

    try:
        run = _run(job, watch)
        metrics = {name: float(function(run)) for name, function in job.metrics.items()}
        probes = _as_parquet(run) if job.probes else None
    except (OSError, Stopped):
        raise
    except OhmtickError as error:
        return _failed(job, str(error), began)
    except Exception as error:  # a user's metric may raise anything
        return _failed(job, f"{type(error).__name__}: {error}", began)
    return Entry(
        key=job.key,
        metrics=metrics,
        probes=probes,
        events=str(run.folder) if job.events else None,
        took_s=perf_counter() - began,
    )


def _run(job: Job, watch: Callable[[Watched], None]) -> Run:
    from pathlib import Path

    from .running import run

    out = None if job.events is None else Path(job.events) / job.key
    return run(job.scenario, job.seed, job.engine, out=out, watch=watch)


def _failed(job: Job, error: str, began: float) -> Entry:
    return Entry(key=job.key, error=error, took_s=perf_counter() - began)


def _as_parquet(run: Run) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    run.probes.to_parquet(buffer, index=False)
    return buffer.getvalue()
