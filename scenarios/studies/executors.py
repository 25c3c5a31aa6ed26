"""Who does a study's runs: threads, processes, a Dask cluster, or any executor of a user's."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from threading import Event, Thread, current_thread, main_thread
from typing import Any, Literal

from ...engine.errors import OhmtickError, nearest
from ...engine.records.ledger import Entry
from ..plugins import Plugin, load, loaded
from .cluster import cluster
from .jobs import Job, perform

#: The executors that can be asked for by name.
NAMED = ("threads", "processes")
#: From so many runs on, processes are worth the seconds that they take to start: between its
#: stretches of compiled code a short run needs Python's lock, which threads have to share.
MANY_RUNS = 1000
#: Starts of a pool of processes that are tried, while workers are killed as they start.
STARTS = 8
#: Exit code of a worker whose script starts a study when it is imported, and what is said of it.
UNGUARDED = 78
GUARD = (
    "the worker processes of the study cannot start: a script must make its studies under "
    "'if __name__ == \"__main__\":', since each worker imports it"
)
#: Runs given to an executor for each of its workers: enough to last while the ledger waits for a
#: disk, few enough that little is lost when a worker dies.
AHEAD = 8


@dataclass
class WorkerPool:
    """An executor, and how to use it."""

    executor: Executor
    """Does the runs."""
    width: int
    """How many runs it is given at a time; some wait, so that no worker has to."""
    task: Callable[[Any], Entry]
    """What a worker does with a job."""
    pack: Callable[[Job], Any] = lambda job: job
    """Makes a job ready for its journey."""
    restart: Callable[[], Executor] | None = None
    """Makes an executor anew when a worker of it died; None where that cannot be."""

    def submit(self, job: Job) -> Future[Entry]:
        """Let a worker do a run."""
        return self.executor.submit(self.task, self.pack(job))

    def replace(self) -> None:
        """Take a new executor for one whose worker died.

        Raises
        ------
        OhmtickError
            When it is the user's own.
        """
        if self.restart is None:
            raise OhmtickError(
                "a worker of the study's executor died, and that executor is broken; what was "
                "entered is safe, and a new one goes on"
            )
        self.executor.shutdown(wait=True)
        self.executor = self.restart()


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
    """Make an executor ready, and let go of it at the end; runs on their way then stop.

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
    count = workers or processors()
    if scheduler is not None:
        with cluster(scheduler) as (executor, slots):
            if loaded():
                from distributed.protocol.pickle import (
                    dumps,  # as Dask does: functions of a script go as they are
                )

                yield WorkerPool(
                    executor, AHEAD * slots, _perform, lambda job: (loaded(), dumps(job))
                )
            else:
                yield WorkerPool(executor, AHEAD * slots, perform)
    elif kind == "threads":
        with _threads(count) as made:
            yield made
    elif not isinstance(kind, Executor):
        with _processes(count) as made:
            yield made
    elif loaded() and not isinstance(kind, ThreadPoolExecutor):
        yield WorkerPool(kind, AHEAD * count, _perform, _packed)
    else:
        yield WorkerPool(kind, AHEAD * count, perform)


@contextmanager
def _threads(count: int) -> Iterator[WorkerPool]:
    stop = Event()
    executor = ThreadPoolExecutor(count, thread_name_prefix="ohmtick")
    try:
        yield WorkerPool(executor, AHEAD * count, lambda job: perform(job, stop.is_set))
    finally:
        stop.set()
        executor.shutdown(cancel_futures=True)


@contextmanager
def _processes(count: int) -> Iterator[WorkerPool]:
    # Spawned, and not forked: a copy of this process would hold the lock of the study's folder.
    context = multiprocessing.get_context("spawn")
    # Without a lock, which a worker might take into its grave.
    stop: Any = context.RawValue("b", 0)
    started = False

    def made() -> ProcessPoolExecutor:
        nonlocal started
        pool = _started(count, context, stop, once=started)
        started = True
        return pool

    own = WorkerPool(made(), AHEAD * count, _perform, _packed, made)
    try:
        yield own
    finally:
        stop.value = 1
        own.executor.shutdown(cancel_futures=True)


def _started(count: int, context: SpawnContext, stop: Any, *, once: bool) -> ProcessPoolExecutor:
    """Return a pool whose workers are all there; a start in which one is killed is made again.

    Parameters
    ----------
    once
        Whether workers of the study have started before: then no fault of a script's keeps them
        from it.

    Raises
    ------
    OhmtickError
        When they do not start.
    """
    for _start in range(STARTS):
        before, processes = set(multiprocessing.active_children()), set()
        pool = ProcessPoolExecutor(count, context, _begin, (stop,))
        try:
            with _deaf():  # as the workers then are from their first instant
                ready = []
                for _ in range(count):
                    ready.append(pool.submit(os.getpid))
                    processes |= set(multiprocessing.active_children()) - before
            for each in ready:
                each.result()
        except BrokenExecutor:
            pool.shutdown(wait=True)
        else:
            return pool
        codes = {process.exitcode for process in processes}
        if UNGUARDED in codes:
            raise OhmtickError(GUARD)
        if 1 in codes and not once:
            raise OhmtickError(
                "the worker processes of the study cannot start: they fail as they import "
                f"{_main()}, for the reason that they print"
            )
    raise OhmtickError(
        f"the worker processes of the study cannot start: {STARTS} times in a row one was killed "
        "as it started (out of memory, perhaps); what was entered is safe"
    )


def _main() -> str:
    return str(getattr(sys.modules["__main__"], "__file__", "the main module"))


def refuse_unguarded() -> None:
    """End a worker that starts a study as it imports its parent's script, without a word.

    Its parent sees the exit code, and tells.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(UNGUARDED)


@contextmanager
def _deaf() -> Iterator[None]:
    """Ignore Ctrl-C; processes that are started meanwhile go on ignoring it."""
    if current_thread() is not main_thread():
        yield
        return
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


class _Worker:
    """What a worker process knows."""

    stopped: Callable[[], bool] = staticmethod(lambda: False)


def _begin(stop: Any) -> None:
    """Make a worker process ready: it ends with its parent, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it may have been started from another thread
    _Worker.stopped = lambda: bool(stop.value)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


#: A pickled job, and the plug-ins to be loaded before it can be read.
Parcel = tuple[tuple[Plugin, ...], bytes]


def _packed(job: Job) -> Parcel:
    """Pickle a job here: where the pool's own thread fails to, the pool may never end."""
    try:
        return loaded(), pickle.dumps(job)
    except Exception as error:  # whatever a user's metric raises
        raise OhmtickError(
            f"a worker process could not be given a run: {error}; a metric must be a function of "
            "a module that can be imported"
        ) from error


def _perform(parcel: Parcel) -> Entry:
    plugins, job = parcel
    for plugin in plugins:
        load(plugin)
    return perform(pickle.loads(job), _Worker.stopped)
