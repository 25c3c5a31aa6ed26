"""One run of a study, from its scenario to its entry in the ledger; in any thread or process."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from ...engine.errors import AnalysisError, OhmtickError, RecordError, reason
from ...engine.records.addresses import is_address, upload
from ...engine.records.event_log import EventLog, NoLog
from ...engine.records.ledger import Entry
from ...engine.simulation import Watched
from ..observers import Observers
from ..outside import code_with, digests
from ..plugins import Plugin, load, loaded
from ..running import recorded_run, simulate
from ..scenario import Scenario
from .code import code, stored_as

if TYPE_CHECKING:
    from ...analysis.metrics import Metric
    from ...engine.records.run import Run


class Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """The study was told to stop while this run was on its way."""


class _Plugins(tuple[Plugin, ...]):
    """Plug-ins; unpickling them loads them."""

    __slots__ = ()

    def __reduce__(self) -> tuple[object, ...]:
        return _loaded, tuple(self)


def _loaded(*plugins: Plugin) -> _Plugins:
    return _Plugins(map(load, plugins))


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be run, and what is wanted of it.

    Attributes
    ----------
    plugins : tuple
        Those of this session. They come first: where a job is unpickled, they are loaded before
        what needs them.
    key : str
        Of its row in the ledger.
    scenario : Scenario
        What to simulate.
    seed : int
        The run's seed.
    engine : str
        Which engine.
    code : str
        What the code of the package and of kinds from outside has to be, lest results of another
        one are taken for its own.
    metrics : dict
        Functions, so that a worker elsewhere has them, by what the ledger calls them.
    logs : bool
        Whether any metric looks at the events.
    probes : bool
        Whether the entry shall hold the probes.
    folders : str or None
        Where run folders are kept, a path or an fsspec address; None where they are not.
    """

    plugins: _Plugins = field(default_factory=lambda: _Plugins(loaded()), init=False)
    key: str
    scenario: Scenario
    seed: int
    engine: str
    code: str
    metrics: dict[str, Metric]
    logs: bool
    probes: bool
    folders: str | None


def perform(job: Job, stopped: Callable[[], bool] = lambda: False) -> Entry:
    """Do one run and return its entry; a run that fails has one too.

    Raises
    ------
    OhmtickError
        When this process has other code than the one that the run is for.
    RecordError
        When the run cannot be written: that is no fault of the run, and the study stops. Any other
        OSError is one of a clock, a task or a metric, and so the run's.
    Stopped
        When `stopped` turned true.
    """
    _check_code(job)
    began = perf_counter()

    def poll(simulation: Watched) -> None:
        if stopped():
            raise Stopped

    try:
        return replace(_entry(job, Observers(poll=poll)), took_s=perf_counter() - began)
    except (RecordError, Stopped):
        raise
    except OhmtickError as error:
        said = str(error)
    except MemoryError:
        said = "out of memory"
    except (Exception, SystemExit) as error:  # a rule or a clock of a user's may raise anything
        said = f"{type(error).__name__}: {error}"
    return Entry(key=job.key, error=said, took_s=perf_counter() - began)


def perform_packed(job: bytes) -> Entry:
    """Do one run, whose job is pickled; as `perform`."""
    return perform(pickle.loads(job))


def _check_code(job: Job) -> None:
    own = code_with(code(), digests(job.scenario))
    differ = [] if job.code == own else [f"ohmtick of code {own}, not {job.code}"]
    for stored, function in job.metrics.items():
        name = stored.partition("@")[0]
        if (ours := stored_as(name, function)) != stored:
            differ.append(f"the metric {ours}, not {stored}")
    if differ:
        raise OhmtickError(
            f"a worker has other code than the study was begun with ({differ[0]}): was a file "
            "edited since? What was entered is safe; start the study anew"
        )


def _entry(job: Job, observers: Observers) -> Entry:
    if job.folders is None:
        return _of(job, _simulated(job, observers))
    if is_address(job.folders):
        try:
            workspace = tempfile.TemporaryDirectory(prefix="ohmtick-")
        except OSError as error:
            said = f"cannot write a run to a temporary folder: {reason(error)}"
            raise RecordError(said) from error
        with workspace as here:
            folder = Path(here, job.key)
            entry = _of(job, _kept(job, folder, observers))
            # Its entry is made afterwards, so what is listed there is whole.
            upload(folder, f"{job.folders}/{job.key}")
            return entry
    folder = Path(job.folders, job.key)
    if folder.exists():  # whole, and this very run, whose entry was not made or is another's
        return _of(job, _simulated(job, observers))
    return _of(job, _kept(job, folder, observers))


def _kept(job: Job, folder: Path, observers: Observers) -> Run:
    """Run a job into a folder. What a study did not finish it does again: it needs no snapshots."""
    return recorded_run(
        job.scenario, job.seed, job.engine, out=folder, observers=observers, snapshots=False
    )


def _simulated(job: Job, observers: Observers) -> Run:
    log = EventLog(values=job.scenario.edges.records_values) if job.logs else NoLog()
    return simulate(job.scenario, job.seed, job.engine, log, observers=observers)


def _of(job: Job, done: Run) -> Entry:
    probes = BytesIO()
    if job.probes:
        done.probes.to_parquet(probes, index=False)
    return Entry(
        key=job.key,
        metrics={
            stored: _measured(stored.partition("@")[0], function, done)
            for stored, function in job.metrics.items()
        },
        probes=probes.getvalue() if job.probes else None,
        folder=None if job.folders is None else f"{job.folders}/{job.key}",
    )


def _measured(name: str, function: Metric, done: Run) -> float:
    """Return a metric of a run; a user's may raise anything, and that is a fault of the run."""
    try:
        return float(function(done))
    except (Exception, SystemExit) as error:
        what = str(error) if isinstance(error, OhmtickError) else f"{type(error).__name__}: {error}"
        raise AnalysisError(f"metric {name!r}: {what}") from error
