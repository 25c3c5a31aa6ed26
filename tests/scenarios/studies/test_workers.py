"""Workers that die, and runs that want to end them: what is said, and that nothing waits for it."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ohmtick as ot
from ohmtick.agents import Clock
from ohmtick.analysis.metrics import METRICS
from ohmtick.engine.records.run import Run
from ohmtick.scenarios.studies.jobs import Job
from ohmtick.scenarios.studies.locking import LOCK, locked
from ohmtick.scenarios.studies.planning import jobs_for, plan_of
from ohmtick.scenarios.studies.processes import WorkerProcesses

BASE = ot.load("breadboard-iii").replace(horizon=5.0)

ENDING = """
import os, sys
def leaves(run):
    "Asks Python to end."
    sys.exit(3)
def drops_out(run):
    "Ends the process at once."
    os._exit(3)
"""


@pytest.fixture
def ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module of metrics that workers can import."""
    (tmp_path / "ending_metrics.py").write_text(ENDING, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with METRICS.restored():
        yield importlib.import_module("ending_metrics")
    del sys.modules["ending_metrics"]


def jobs(count: int) -> list[Job]:
    study = ot.Study(BASE, seeds=count)
    return list(islice(jobs_for(study, plan_of(study).lacking, None), count))


@pytest.mark.parametrize("noticed", [True, False])
def test_idle_workers_that_died_are_given_no_run(
    noticed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = WorkerProcesses()
    try:
        with ThreadPoolExecutor(2) as threads:
            assert all(entry.error is None for entry in threads.map(pool.perform, jobs(2)))
        workers = multiprocessing.active_children()
        assert len(workers) == 2
        for worker in workers:
            worker.kill()
            worker.join()
        if not noticed:  # they die after they were looked at
            monkeypatch.setattr(type(workers[0]), "is_alive", lambda worker: True)
        with ThreadPoolExecutor(1) as threads:  # not here: it keeps Ctrl-C from its thread
            assert threads.submit(pool.perform, jobs(1)[0]).result().error is None
    finally:
        monkeypatch.undo()
        pool.close()


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_metric_that_asks_python_to_end_is_a_failure_of_its_run(
    tmp_path: Path, ending: Any, executor: Any
) -> None:
    study = ot.Study(BASE, seeds=1, metrics=[ending.leaves])
    study.run(tmp_path / "a", workers=1, executor=executor)
    failures = ot.open_study(tmp_path / "a").failures()
    assert failures["error"].tolist() == ["metric 'leaves': SystemExit: 3"]


def test_a_clock_that_asks_python_to_end_is_a_failure_of_its_run(tmp_path: Path) -> None:
    class Leaving(Clock, kind="leaving"):
        """Ends at its second tick."""

        def ticks(self, edge: int, edges: int, streams: Any, horizon: float) -> Iterator[Any]:
            yield [1.0]
            sys.exit("no more")

    try:
        scenario = BASE.replace(**{"edges.clock": {"kind": "leaving"}})
        ot.Study(scenario, seeds=1).run(tmp_path / "a", executor="threads")
    finally:
        Clock.family.remove("leaving")
    failures = ot.open_study(tmp_path / "a").failures()
    assert failures["error"].tolist() == ["SystemExit: no more"]


def test_how_a_worker_died_is_said(tmp_path: Path, ending: Any) -> None:
    study = ot.Study(BASE, seeds=1, metrics=[ending.drops_out])
    study.run(tmp_path / "a", workers=1, executor="processes")
    failures = ot.open_study(tmp_path / "a").failures()
    assert failures["error"].tolist() == ["every worker that ran it died with exit code 3"]


def test_what_a_worker_cannot_be_given_is_said_with_its_kind_of_error(
    tmp_path: Path, ending: Any
) -> None:
    (tmp_path / "ending_metrics.py").unlink()
    study = ot.Study(BASE, seeds=1, metrics=[ending.leaves])
    with pytest.raises(ot.OhmtickError, match="ModuleNotFoundError: No module named 'ending_"):
        study.run(tmp_path / "a", workers=1, executor="processes")


def test_a_worker_that_ends_as_it_starts_is_not_said_to_be_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os\n"
        "if __name__ != '__main__':\n"
        "    os._exit(3)\n"
        "import ohmtick as ot\n"
        "from ohmtick.scenarios.studies import processes\n"
        "processes.STARTS = 1\n"
        "study = ot.Study('breadboard-iii', seeds=1)\n"
        f"study.run({str(tmp_path / 'a')!r}, workers=1, executor='processes')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-P", script], capture_output=True, text=True, check=False
    )
    assert "1 times in a row one died with exit code 3 as it started" in done.stderr


def test_a_second_interrupt_does_not_wait_for_a_run_in_a_thread(tmp_path: Path) -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow(run: Run) -> float:
        begun.set()
        ended.append(finish.wait(20.0))
        return 0.0

    def interrupt() -> None:
        begun.wait()
        for pause in (0.5, 0.5, 1.0):
            if not over.wait(pause):
                os.kill(os.getpid(), signal.SIGINT)

    over, ended = threading.Event(), list[bool]()
    interrupter = threading.Thread(target=interrupt)
    with METRICS.restored():
        interrupter.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                ot.Study(BASE, seeds=1, metrics=[slow]).run(tmp_path / "a", workers=1)
            assert not ended
        finally:
            finish.set()
            over.set()
            interrupter.join()


def test_a_copy_of_the_lock_in_a_forked_process_holds_nothing(tmp_path: Path) -> None:
    with locked(tmp_path):
        files = Path("/proc/self/fd").iterdir()
        lock = next(file for file in files if file.resolve() == tmp_path.resolve() / LOCK)
        copy = os.dup(int(lock.name))  # of the same open file, as a fork has it
    try:
        with locked(tmp_path):
            pass
    finally:
        os.close(copy)
