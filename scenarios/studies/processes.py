"""Worker processes, each at the end of a pipe of its own: one that is killed takes nothing along.

The workers of a library's pool share queues, and the locks of those: one that is killed breaks the
pool, or takes a lock into its grave.
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

    def ask(self, job: bytes | None = None) -> Entry | Exception | None:
        """Give it a run, and return what came of it; without one, wait until it is ready."""
        try:
            if job is not None:
                self.pipe.send_bytes(job)
            said: Entry | Exception | None = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            raise WorkerDied from None
        return said


class WorkerProcesses:
    """As many worker processes as threads ask for runs at a time."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._workers: list[Worker] = []
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
        try:
            packed = pickle.dumps(job)
        except Exception as error:  # whatever a user's metric raises
            raise OhmtickError(
                f"a worker process could not be given a run: {error}; a metric must be a function "
                "of a module that can be imported"
            ) from error
        worker = self._ready()
        outcome = worker.ask(packed)
        self._idle.put(worker)
        if isinstance(outcome, Entry):
            return outcome
        raise outcome or AssertionError("a worker that was ready has no outcome")

    def _ready(self) -> Worker:
        """Return an idle worker, or a new one; one that is killed as it starts is made again."""
        with suppress(Empty):
            return self._idle.get_nowait()
        # A process has this from its first instant: Ctrl-C, which a terminal sends to all
        # processes, is left to the parent. The tracker, which undoes it as it starts, starts first.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        cannot = "the worker processes of the study cannot start: "
        for _ in range(STARTS):
            with self._lock:
                if self._closed:
                    raise WorkerDied
                worker = Worker()
                self._workers = [*(each for each in self._workers if each.process.is_alive())]
                self._workers.append(worker)
            with suppress(WorkerDied):
                worker.ask()
                self._begun = True
                return worker
            if worker.process.exitcode == UNGUARDED:
                raise OhmtickError(
                    cannot + "a script must make its studies under 'if __name__ == \"__main__\":', "
                    "since each worker imports it"
                )
            if worker.process.exitcode == 1 and not self._begun:
                main = getattr(sys.modules["__main__"], "__file__", "the main module")
                raise OhmtickError(
                    cannot + f"they fail as they import {main}, for the reason that they print"
                )
        raise OhmtickError(
            cannot + f"{STARTS} times in a row one was killed as it started (out of memory, "
            "perhaps); what was entered is safe"
        )

    def close(self) -> None:
        """End all processes: politely, and after a while by force."""
        with self._lock:
            self._closed = True
        for worker in self._workers:
            worker.process.terminate()
        deadline = monotonic() + GRACE_S
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - monotonic()))
            worker.process.kill()
            worker.process.join()


def refuse_unguarded() -> None:
    """End a worker that starts a study as it imports its parent's script, without a word."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(UNGUARDED)


def _serve(pipe: Connection) -> None:
    """Do the runs that come in: what a worker process does until it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # what is being written is taken back
    Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent is gone
        pipe.send(None)  # it is ready
        while True:
            pipe.send(_outcome(pipe.recv_bytes()))


def _outcome(job: bytes) -> Entry | Exception:
    try:
        return perform_packed(job)
    except OhmtickError as error:
        return error
    except Exception as error:  # it may be one that cannot be sent
        return RuntimeError(str(error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
