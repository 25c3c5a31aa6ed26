"""Worker processes, each at the end of a pipe of its own: one that is killed takes nothing along.

Pools that one can have let their workers share queues, and the locks of those: a worker that is
killed breaks the pool, or takes a lock into its grave.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic

from ...engine.errors import OhmtickError
from ...engine.records.ledger import Entry
from .jobs import Job, perform_packed

#: Times that a worker is started, while it is killed as it starts.
STARTS = 8
#: Time that workers have to take back what they are writing, before they are killed, s.
GRACE_S = 5.0
#: Exit code of a worker whose script starts a study when it is imported.
UNGUARDED = 78

# Spawned, and not forked: a copy of this process would hold the lock of the study's folder.
_CONTEXT = multiprocessing.get_context("spawn")


class WorkerDied(Exception):  # noqa: N818 - it is caught by who asked for the run
    """A worker died with a run under way."""


class Worker:
    """A process that does one run after the other."""

    def __init__(self) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(theirs,))
        self.process.start()
        theirs.close()  # so that the pipe ends with the process

    def receive(self) -> Entry | Exception | None:
        """Wait for what it has to say.

        Raises
        ------
        WorkerDied
            When it says no more.
        """
        try:
            said: Entry | Exception | None = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            raise WorkerDied from None
        return said

    def send(self, parcel: bytes) -> None:
        """Give it a run; of one that died, that is noticed when its answer is waited for."""
        try:
            self.pipe.send_bytes(parcel)
        except OSError:
            self.pipe.close()


class WorkerProcesses:
    """As many worker processes as threads ask for runs at a time."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._workers: set[Worker] = set()
        self._lock = Lock()
        self._begun = self._closed = False

    def perform(self, job: Job) -> Entry:
        """Have a process do a run, from any thread.

        Raises
        ------
        OhmtickError
            When no process can be started, or be given the run; and as `jobs.perform`.
        WorkerDied
            When the process died.
        """
        parcel = _packed(job)
        worker = self._ready()
        try:
            worker.send(parcel)
            outcome = worker.receive()
        except WorkerDied:
            self._workers.discard(worker)
            raise
        self._idle.put(worker)
        if isinstance(outcome, Exception):
            raise outcome
        assert outcome is not None
        return outcome

    def _ready(self) -> Worker:
        """Return an idle worker, or a new one; one that is killed as it starts is made again."""
        with suppress(Empty):
            return self._idle.get_nowait()
        # A process has this from its first instant: Ctrl-C, which a terminal sends to all
        # processes, is left to the parent. The tracker, which undoes it as it starts, starts first.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        for _ in range(STARTS):
            with self._lock:
                if self._closed:
                    raise WorkerDied
                worker = Worker()
                self._workers.add(worker)
            with suppress(WorkerDied):
                worker.receive()
                self._begun = True
                return worker
            self._workers.discard(worker)
            self._check_start(worker.process.exitcode)
        raise OhmtickError(
            f"the worker processes of the study cannot start: {STARTS} times in a row one was "
            "killed as it started (out of memory, perhaps); what was entered is safe"
        )

    def _check_start(self, exitcode: int | None) -> None:
        """Refuse to start a worker again where a fault of the user's script keeps it from it."""
        if exitcode == UNGUARDED:
            raise OhmtickError(
                "the worker processes of the study cannot start: a script must make its studies "
                "under 'if __name__ == \"__main__\":', since each worker imports it"
            )
        if exitcode == 1 and not self._begun:
            main = getattr(sys.modules["__main__"], "__file__", "the main module")
            raise OhmtickError(
                "the worker processes of the study cannot start: they fail as they import "
                f"{main}, for the reason that they print"
            )

    def close(self) -> None:
        """End all processes: politely, and after a while by force."""
        with self._lock:
            self._closed = True
            processes = [worker.process for worker in self._workers]
        for process in processes:
            process.terminate()
        deadline = monotonic() + GRACE_S
        for process in processes:
            process.join(max(0.0, deadline - monotonic()))
            process.kill()
            process.join()


def refuse_unguarded() -> None:
    """End a worker that starts a study as it imports its parent's script, without a word.

    Its parent sees the exit code, and tells.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(UNGUARDED)


def _packed(job: Job) -> bytes:
    try:
        return pickle.dumps(job)
    except Exception as error:  # whatever a user's metric raises
        raise OhmtickError(
            f"a worker process could not be given a run: {error}; a metric must be a function of "
            "a module that can be imported"
        ) from error


def _serve(pipe: Connection) -> None:
    """Do the runs that come in: what a worker process does until it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # what is being written is taken back
    Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent is gone
        pipe.send(None)  # it is ready
        while True:
            pipe.send(_outcome(pipe.recv_bytes()))


def _outcome(parcel: bytes) -> Entry | Exception:
    try:
        return perform_packed(parcel)
    except OhmtickError as error:
        return error
    except Exception as error:  # it may be one that cannot be sent
        return RuntimeError(str(error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
