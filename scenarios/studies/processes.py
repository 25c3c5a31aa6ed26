"""Worker processes, each at the end of a pipe of its own: one that is killed takes nothing along.

The workers of a library's pool share queues, and the locks of those: one that is killed breaks the
pool, or keeps a lock that the others wait for.
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
from typing import Any

from ...engine.errors import OhmtickError
from ...engine.records.ledger import Entry
from .jobs import Job, perform_packed

#: Times that a worker is started, while it is killed as it starts.
STARTS = 8
#: Time that workers have to take back what they are writing, before they are killed, s.
GRACE_S = 5.0
#: What a script must have before whatever a worker shall not do as it imports it.
GUARD = "'if __name__ == \"__main__\":'"
#: Exit code of a worker whose script starts a study when it is imported.
UNGUARDED = 78

# Spawned, and not forked: a copy of this process would hold the lock of the study's folder.
_CONTEXT = multiprocessing.get_context("spawn")


class WorkerDied(Exception):  # noqa: N818 - it is caught by who asked for the run
    """A worker died with a run under way; how, as far as it is known."""


class _NotGiven(Exception):  # noqa: N818 - it is no error: another worker is given the run
    """A worker was dead before it could be given a run."""


class _Terminated(BaseException):  # none of a run's: no metric may raise or catch it unawares
    """A worker process was told to end."""


class Worker:
    """A process that does one run after the other."""

    def __init__(self) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(theirs,))
        self.process.start()
        theirs.close()  # so that the pipe ends with the process

    def wait_until_ready(self) -> None:
        """Wait until it takes runs."""
        self._receive()

    def perform(self, job: bytes) -> Entry | Exception:
        """Have it do a run, and return what came of it."""
        try:
            self.pipe.send_bytes(job)
        except OSError:
            raise _NotGiven from None
        outcome: Entry | Exception = self._receive()
        return outcome

    def _receive(self) -> Any:
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            raise WorkerDied(_how(self.process.exitcode)) from None


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
                f"a worker process could not be given a run: {error}; a metric, or a kind, must "
                "be of a module that can be imported"
            ) from error
        while True:
            worker = self._ready()
            with suppress(_NotGiven):
                outcome = worker.perform(packed)
                break
        self._idle.put(worker)
        if isinstance(outcome, Entry):
            return outcome
        raise outcome

    def _ready(self) -> Worker:
        """Return an idle worker that lives, or a new one; one killed as it starts is made again."""
        with suppress(Empty):
            while True:
                worker = self._idle.get_nowait()
                if worker.process.is_alive():
                    return worker
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
            try:
                worker.wait_until_ready()
            except WorkerDied as died:
                how = died
            else:
                self._begun = True
                return worker
            if worker.process.exitcode == UNGUARDED:
                raise OhmtickError(
                    cannot + f"a script must make its studies under {GUARD}, since each worker "
                    "imports it"
                )
            if worker.process.exitcode == 1 and not self._begun:
                main = getattr(sys.modules["__main__"], "__file__", "the main module")
                raise OhmtickError(
                    cannot + f"they fail as they import {main}, for the reason that they print; "
                    f"{GUARD} keeps from them what is not theirs to do"
                )
        raise OhmtickError(
            cannot + f"{STARTS} times in a row one {how} as it started; what was entered is safe"
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
    """End a worker that starts a study as it imports its parent's script; it prints nothing."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(UNGUARDED)


def _serve(pipe: Connection) -> None:
    """Do the runs that come in: what a worker process does until it is told to end."""
    signal.signal(signal.SIGTERM, _terminate)
    Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError, _Terminated):  # the parent is gone, or has had enough
        pipe.send(None)  # it is ready
        while True:
            pipe.send(_outcome(pipe.recv_bytes()))


def _outcome(job: bytes) -> Entry | Exception:
    try:
        return perform_packed(job)
    except OhmtickError as error:
        return error
    except (Exception, SystemExit) as error:  # it may be one that cannot be sent
        return RuntimeError(f"{type(error).__name__}: {error}")


def _terminate(*_: object) -> None:
    raise _Terminated  # so that what is being written is taken back


def _how(exitcode: int | None) -> str:
    """Return how a process ended."""
    if exitcode is None:  # another thread has just asked the system, which tells it once
        return "died"
    if exitcode >= 0:
        return f"died with exit code {exitcode}"
    memory = " (out of memory, perhaps)" if exitcode == -signal.SIGKILL else ""
    return f"was killed by {_name(-exitcode)}{memory}"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
