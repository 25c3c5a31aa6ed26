"""Has runs done by an executor, some at a time, whatever becomes of its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, CancelledError, Future
from queue import SimpleQueue

from ...engine.errors import OhmtickError
from ...engine.records.ledger import Entry
from .cluster import gave_up
from .executors import WorkerPool
from .jobs import Job

Enter = Callable[[Entry], None]
#: What became of a run whose workers died.
DIED = "every worker that ran it died (out of memory, perhaps)"

#: Times that a run is done by itself, where each kills its worker.
ALONE = 2


class WorkerDied(Exception):  # noqa: N818 - it is caught here
    """A worker died with a run, or several, under way."""


def work(pool: WorkerPool, jobs: Iterable[Job], enter: Enter) -> None:
    """Have all jobs done, and enter what comes of each.

    When a worker dies, any of the runs that were on their way may be why. They are done at the
    end, one by one; one whose worker then dies every time has failed.

    Raises
    ------
    OhmtickError
        When the executor is gone, or cannot be given a run.
    RecordError
        When a run cannot be written.
    """
    finished: SimpleQueue[Future[Entry]] = SimpleQueue()
    running: dict[Future[Entry], Job] = {}
    suspects: list[Job] = []
    waiting = iter(jobs)
    while True:
        while len(running) < pool.width and (job := next(waiting, None)) is not None:
            try:
                future = _submitted(pool, job)
            except WorkerDied:  # a worker died, and what had been done by then has yet to land
                suspects += [job, *_collected(finished, running, enter)]
                pool.replace()
            else:
                running[future] = job
                future.add_done_callback(finished.put)
        if not running:
            break
        future = finished.get()
        job = running.pop(future)
        try:
            enter(_result(future))
        except WorkerDied as death:
            suspects.append(job)
            if isinstance(death.__cause__, BrokenExecutor):
                suspects += _collected(finished, running, enter)
                pool.replace()
    for job in suspects:
        enter(_alone(pool, job))


def _result(future: Future[Entry]) -> Entry:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise WorkerDied from error
    except CancelledError:
        raise OhmtickError(
            "the executor of the study is gone; what was entered is safe, and the same command "
            "goes on"
        ) from None
    except OhmtickError:
        raise
    except Exception as error:
        if gave_up(error):
            raise WorkerDied from error
        raise OhmtickError(
            f"a worker could not be given a run, or not return it: {error}; what was entered is "
            "safe"
        ) from error


def _collected(
    finished: SimpleQueue[Future[Entry]], running: dict[Future[Entry], Job], enter: Enter
) -> list[Job]:
    """Wait for what a broken executor was given; enter what ended well, return the rest."""
    lost = []
    while running:
        future = finished.get()
        job = running.pop(future)
        try:
            enter(_result(future))
        except WorkerDied:
            lost.append(job)
    return lost


def _submitted(pool: WorkerPool, job: Job) -> Future[Entry]:
    try:
        return pool.submit(job)
    except BrokenExecutor as error:
        raise WorkerDied from error


def _alone(pool: WorkerPool, job: Job) -> Entry:
    """Do a run with no other beside it; its worker may be killed for reasons that are not its."""
    for _ in range(ALONE):
        try:
            return _result(_submitted(pool, job))
        except WorkerDied as death:
            if not isinstance(death.__cause__, BrokenExecutor):
                break  # a cluster has given it to other workers already
            pool.replace()
    return Entry(key=job.key, error=DIED)
