"""Has runs done, some at a time: by threads, processes, a Dask cluster, or a user's executor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from threading import Event
from typing import Literal

from ...engine.errors import OhmtickError, nearest
from ...engine.records.ledger import Entry
from .cluster import cluster
from .jobs import Job, perform
from .processes import WorkerDied, WorkerProcesses

#: The executors that can be asked for by name.
NAMED = ("threads", "processes")
#: Runs given to an executor for each of its workers: enough to last while the ledger waits for a
#: disk, few enough that little is lost when all is killed.
AHEAD = 8
#: What a scheduler tells of a run whose workers died.
DIED = "died (out of memory, perhaps)"


@dataclass(frozen=True)
class WorkerPool:
    """Does runs."""

    submit: Callable[[Job], Future[Entry]]
    """Lets a worker do a run."""
    width: int
    """How many runs it is given at a time; some wait, so that no worker has to."""
    repeats: int = 1
    """How often a run whose worker died is done again, with no other beside it."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def check(kind: object, workers: int | None) -> None:
    """Refuse what is no executor, and a number of workers below one.

    Raises
    ------
    OhmtickError
        Which, and what there is.
    """
    if workers is not None and workers < 1:
        raise OhmtickError(f"the 'workers' of a study must be at least 1, got {workers} instead")
    if kind not in NAMED and not isinstance(kind, Executor):
        raise OhmtickError(
            f"the 'executor' of a study must be one of {', '.join(map(repr, NAMED))}, or an "
            f"executor, got {kind!r} instead; {nearest(str(kind), NAMED)}"
        )


@contextmanager
def worker_pool(
    kind: Executor | Literal["threads", "processes"],
    workers: int | None,
    scheduler: str | None = None,
) -> Iterator[WorkerPool]:
    """Make workers ready, and let go of them at the end; runs on their way then stop.

    Parameters
    ----------
    kind
        A name of `NAMED`, or an executor, which is left as it is.
    workers
        How many at a time; as many as there are processors by default.
    scheduler
        Address of a Dask scheduler, which then stands in for `kind`.

    Raises
    ------
    OhmtickError
        When a scheduler does not answer.
    """
    width = AHEAD * (workers or processors())
    if scheduler is not None:
        with cluster(scheduler) as (submit, slots):
            yield WorkerPool(submit, AHEAD * slots)
    elif isinstance(kind, Executor):
        yield WorkerPool(lambda job: kind.submit(perform, job), width)
    elif kind == "threads":
        stop = Event()
        with _threads(workers, stop.set) as threads:
            yield WorkerPool(lambda job: threads.submit(perform, job, stop.is_set), width)
    else:
        processes = WorkerProcesses()
        with _threads(workers, processes.close) as threads:
            yield WorkerPool(lambda job: threads.submit(processes.perform, job), width, repeats=2)


@contextmanager
def _threads(workers: int | None, stop: Callable[[], None]) -> Iterator[ThreadPoolExecutor]:
    threads = ThreadPoolExecutor(workers or processors(), thread_name_prefix="ohmtick")
    try:
        yield threads
    finally:
        while True:
            try:
                stop()
                break
            except KeyboardInterrupt:  # another one: half ended, processes would be waited for
                continue
        threads.shutdown(cancel_futures=True)  # here another one ends the wait


def work(pool: WorkerPool, jobs: Iterable[Job], enter: Callable[[Entry], None]) -> None:
    """Have all jobs done, and enter what comes of each.

    A run whose worker dies may be why, or not: it is done again at the end, by itself. One whose
    workers die every time has failed.

    Raises
    ------
    OhmtickError
        When the executor is gone, or cannot be given a run.
    RecordError
        When a run cannot be written.
    """
    finished: SimpleQueue[Future[Entry]] = SimpleQueue()
    running: dict[Future[Entry], Job] = {}
    to_repeat: list[Job] = []
    waiting = iter(jobs)
    while True:
        for job in islice(waiting, pool.width - len(running)):
            future = _submitted(pool, job)
            running[future] = job
            future.add_done_callback(finished.put)
        if not running:
            break
        future = finished.get()
        job = running.pop(future)
        try:
            enter(_result(future))
        except WorkerDied:
            to_repeat.append(job)
    for job in to_repeat:
        enter(_repeated(pool, job))


def _repeated(pool: WorkerPool, job: Job) -> Entry:
    """Do a run again, by itself, until a worker outlives it, or as often as it may be."""
    how = ""
    for _ in range(pool.repeats):
        try:
            return _result(_submitted(pool, job))
        except WorkerDied as died:
            how = str(died)
    return Entry(key=job.key, error=f"every worker that ran it {how}")


def _submitted(pool: WorkerPool, job: Job) -> Future[Entry]:
    """Give a run to a pool; when it takes none, its error comes after the results of before."""
    try:
        return pool.submit(job)
    except Exception as error:  # each executor has errors of its own
        future: Future[Entry] = Future()
        future.set_exception(error)
        return future


def _result(future: Future[Entry]) -> Entry:
    """Return what came of a run.

    Raises
    ------
    WorkerDied
        When its worker did; how, as far as it is known.
    OhmtickError
        When the executor is gone, or could not be given the run.
    """
    try:
        return future.result()
    except (OhmtickError, WorkerDied):
        raise
    except BrokenExecutor:
        raise OhmtickError(
            "a worker of the study's executor died, and that executor is broken; what was "
            "entered is safe, and a new one goes on"
        ) from None
    except CancelledError:
        raise OhmtickError(
            "the executor of the study is gone; what was entered is safe, and the same command "
            "goes on"
        ) from None
    except Exception as error:
        if type(error).__name__ == "KilledWorker":  # Dask's, which need not be installed
            raise WorkerDied(DIED) from None
        raise OhmtickError(
            f"a worker could not be given a run, or not return it: {error}; what was entered is "
            "safe"
        ) from error
