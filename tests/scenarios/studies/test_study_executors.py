"""Studies on processes and clusters, killed and robbed of their workers: nothing is lost."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.analysis.metrics import METRICS
from ohmtick.docs.kills import torment
from ohmtick.engine.records.run import Run
from ohmtick.scenarios.studies import cluster, processes
from ohmtick.scenarios.studies.carry_out import Tally
from ohmtick.scenarios.versions import versions

BASE = ot.load("breadboard-iii").replace(horizon=20.0)
GRID = {"edges.clock.jitter": [0.0, 0.1], "edges.latency": [0.0, 0.7]}
COMMAND = [sys.executable, "-P", "-m", "ohmtick.scenarios.cli.main", "study"]

#: A run of seed 1 kills the process that does it; anything else is as it was.
DEADLY = """
import os, signal
def deadly(run):
    "Kills the worker of seed 1."
    if run.summary["seed"] == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1.0
def once(run):
    "Kills the worker of seed 1 the first time."
    if run.summary["seed"] == 1 and not os.path.exists(os.environ["OHMTICK_TEST_MARK"]):
        open(os.environ["OHMTICK_TEST_MARK"], "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return 1.0
"""


def small(**settings: Any) -> ot.Study:
    return ot.Study(BASE, **{"grid": GRID, "seeds": 3} | settings)


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited for {seconds} s"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where workers, and a scheduler, find a module of ours."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "deadly_metrics.py").write_text(DEADLY, encoding="utf-8")
    return folder


@pytest.fixture
def deadly(modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of metrics that workers can import."""
    monkeypatch.syspath_prepend(modules)
    monkeypatch.setenv("PYTHONPATH", str(modules))
    monkeypatch.setenv("OHMTICK_TEST_MARK", str(tmp_path / "mark"))
    with METRICS.restored():
        yield importlib.import_module("deadly_metrics")
    del sys.modules["deadly_metrics"]


# --- processes -----------------------------------------------------------------------------------


def test_processes_give_the_same_table(tmp_path: Path) -> None:
    one = small(probes=True).run(tmp_path / "a")
    other = small(probes=True).run(tmp_path / "b", workers=2, executor="processes")
    assert_frame_equal(one, other, check_exact=True)
    assert_frame_equal(
        ot.open_study(tmp_path / "a").probes(),
        ot.open_study(tmp_path / "b").probes(),
        check_exact=True,
    )


def test_a_run_that_kills_its_worker_fails_and_the_others_go_on(
    tmp_path: Path, deadly: Any
) -> None:
    study = small(metrics=[deadly.deadly, "updates"], grid={"edges.latency": [0.0, 0.7]})
    table = study.run(tmp_path / "a", workers=2, executor="processes")
    assert table["seed"].tolist() == [0, 2, 0, 2]
    failures = ot.open_study(tmp_path / "a").failures()
    assert failures["seed"].tolist() == [1, 1]
    assert set(failures["error"]) == {
        "every worker that ran it was killed by SIGKILL (out of memory, perhaps)"
    }


def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path, deadly: Any) -> None:
    study = small(metrics=[deadly.once, "updates"])
    table = study.run(tmp_path / "a", workers=2, executor="processes")
    assert (tmp_path / "mark").exists()
    assert len(table) == 12


def test_a_worker_that_dies_between_two_runs_costs_nothing(tmp_path: Path) -> None:
    def rob(tally: Tally) -> None:
        if tally.done == 3:
            multiprocessing.active_children()[0].kill()
            time.sleep(2.0)  # so that the pool knows of it before it is given the next run

    table = small().run(tmp_path / "a", workers=1, executor="processes", watch=rob)
    assert_frame_equal(table, small().run(tmp_path / "b"), check_exact=True)


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    long = BASE.replace(horizon=1e9, probe=None)
    file.write_text(ot.Study(long, seeds=2).to_toml(), encoding="utf-8")
    process = subprocess.Popen([*COMMAND, file, "--out", tmp_path / "a", "--executor", "processes"])

    def workers() -> list[int]:
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")  # of each thread
        return [int(number) for task in tasks for number in task.read_text().split()]

    until(lambda: len(workers()) >= 3)  # and a tracker of resources
    time.sleep(1.0)
    orphans = workers()
    process.kill()
    process.wait()
    until(lambda: not any(_lives(number) for number in orphans))


def _lives(number: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{number}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ctrl_c_ends_processes_quietly(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    long = BASE.replace(horizon=1e9, probe=None)
    file.write_text(ot.Study(long, seeds=4).to_toml(), encoding="utf-8")
    process = subprocess.Popen(
        [*COMMAND, file, "--out", tmp_path / "a", "--executor", "processes"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: (tmp_path / "a" / "ledger.sqlite").exists())
    time.sleep(3.0)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all of the group
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert said == (
        f"ohmtick: interrupted; 0 of 4 runs are in {tmp_path}/a, and the same command goes on\n"
    )


def test_two_signals_at_once_end_a_study_of_short_runs(tmp_path: Path) -> None:
    """As `timeout -s INT` sends them: to the process, and to all of its group."""
    file, ledger = tmp_path / "study.toml", tmp_path / "a" / "ledger.sqlite"
    file.write_text(ot.Study(BASE, seeds=20_000).to_toml(), encoding="utf-8")
    for _ in range(3):
        before = _entered(ledger)

        def more(before: int = before) -> bool:
            return _entered(ledger) > before

        process = subprocess.Popen(
            [*COMMAND, file, "--out", tmp_path / "a", "--executor", "processes"],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until(more)
        os.kill(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 130, said
        assert said == (
            f"ohmtick: interrupted; {_entered(ledger)} of 20000 runs are in {tmp_path}/a, and the "
            "same command goes on\n"
        )


def _entered(ledger: Path) -> int:
    if not ledger.exists():
        return 0
    with closing(sqlite3.connect(ledger, timeout=30.0)) as opened:
        there = opened.execute("SELECT count(*) FROM sqlite_master WHERE name = 'runs'").fetchone()
        return int(opened.execute("SELECT count(*) FROM runs").fetchone()[0]) if there[0] else 0


def test_a_script_without_a_guard_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import ohmtick as ot\n"
        f"ot.Study('breadboard-iii', seeds=2, engine='simpy').run({str(tmp_path / 'a')!r})\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-P", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "a script must make its studies under 'if __name__ == \"__main__\":'" in done.stderr
    assert done.stderr.count("Traceback") == 1  # that of the script itself
    assert len(ot.open_study(tmp_path / "a").missing()) == 2


def test_a_script_that_workers_cannot_import_is_told_of(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import ohmtick as ot\n"
        "if __name__ == '__main__':\n"
        f"    ot.Study('breadboard-iii', seeds=2, engine='simpy').run({str(tmp_path / 'a')!r})\n"
        "else:\n"
        "    raise ValueError('not in a worker')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-P", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ValueError: not in a worker" in done.stderr
    assert f"they fail as they import {script}, for the reason that they print" in done.stderr
    assert "print; 'if __name__ == \"__main__\":' keeps from them" in done.stderr


def _assassin(after: list[float], stop: threading.Event) -> threading.Thread:
    """Kill a worker, that has just started, after each of some times, s."""

    def work() -> None:
        ours = {process.pid for process in multiprocessing.active_children()}
        for wait in after:
            fresh: list[Any] = []
            while not fresh and not stop.is_set():
                fresh = [p for p in multiprocessing.active_children() if p.pid not in ours]
                time.sleep(0.002)
            ours |= {process.pid for process in fresh}
            if not stop.wait(wait):
                fresh[-1].kill()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "after",
    [[0.0, 0.3], pytest.param([0.05 * n for n in range(20)], marks=pytest.mark.slow)],
)
def test_workers_killed_as_they_start_cost_nothing(tmp_path: Path, after: list[float]) -> None:
    study, stop = small(seeds=20), threading.Event()
    expected = study.run(tmp_path / "threads")
    for number, times in enumerate(zip(after[::2], after[1::2], strict=True)):
        assassin = _assassin(list(times), stop)
        try:
            table = study.run(tmp_path / str(number), executor="processes", workers=2)
        finally:
            stop.set()
            assassin.join()
            stop.clear()
        assert_frame_equal(table, expected, check_exact=True)


def test_workers_killed_at_every_start_end_the_study_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STARTS", 2)
    stop = threading.Event()
    assassin = _assassin([0.0] * 2, stop)
    try:
        with pytest.raises(
            ot.OhmtickError, match=r"2 times in a row one was killed by SIGKILL .* as it started"
        ):
            small().run(tmp_path / "a", executor="processes", workers=1)
    finally:
        stop.set()
        assassin.join()
    assert len(ot.open_study(tmp_path / "a").missing()) == 12


# --- kills ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "executor", "seeds"),
    [
        (False, "threads", 30),
        pytest.param(True, "threads", 30, marks=pytest.mark.slow),
        pytest.param(False, "processes", 120, marks=pytest.mark.slow),
    ],
)
def test_kills_lose_nothing_and_double_nothing(
    tmp_path: Path, events: bool, executor: str, seeds: int
) -> None:
    """A few of the hundred kills that the documentation tells of."""
    options = ["--executor", executor, "--workers", "2"]
    outcome = torment(tmp_path, 4, seeds=seeds, events=events, options=options)
    assert outcome.kills == 4
    assert outcome.at_work >= 2
    assert outcome.equal
    assert outcome.kept


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    long = BASE.replace(horizon=1e9, probe=None)
    file.write_text(ot.Study(long, seeds=2).to_toml(), encoding="utf-8")
    first = subprocess.Popen([*COMMAND, file, "--out", tmp_path / "a"])
    try:
        until(lambda: (tmp_path / "a" / "study.toml").exists())
        second = subprocess.run(
            [*COMMAND, file, "--out", tmp_path / "a"], capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert second.stderr == (
            f"ohmtick: the study folder {tmp_path}/a is in use by process {first.pid} on "
            f"{socket.gethostname()}: wait for it, or give another folder\n"
        )
        assert len(ot.open_study(tmp_path / "a").missing()) == 2  # a reader may look
    finally:
        first.kill()
        first.wait()
    with pytest.raises(ot.OhmtickError, match="in use"), _held(tmp_path / "b"):
        small().run(tmp_path / "b")
    small().run(tmp_path / "b")


def _held(folder: Path) -> Any:
    from ohmtick.scenarios.studies.locking import locked

    return locked(folder)


# --- a cluster -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory, modules: Path) -> Iterator[str]:
    """A real Dask scheduler in a process of its own."""
    pytest.importorskip("distributed")
    here = tmp_path_factory.mktemp("scheduler")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(modules))
        process = _dask(here, "scheduler", *options)
    yield f"tcp://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def _dask(here: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "dask", *arguments]
    return subprocess.Popen(command, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def workers(scheduler: str, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two workers in processes of their own, without a nanny to start them again."""
    options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory"]
    started = [
        _dask(tmp_path, "worker", scheduler, *options, str(tmp_path / name)) for name in "vw"
    ]
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_a_cluster_gives_the_same_table(
    tmp_path: Path, scheduler: str, workers: list[subprocess.Popen[bytes]]
) -> None:
    logs = f"file://{tmp_path}/logs"
    one = small(probes=True).run(tmp_path / "a")
    other = small(probes=True, events=logs).run(tmp_path / "b", scheduler=scheduler)
    assert_frame_equal(one, other, check_exact=True)
    there = ot.open_study(tmp_path / "b", elsewhere=True)
    assert len(there.events(columns=["edge"])) == one["updates"].sum()


def test_a_worker_of_a_cluster_is_killed_in_the_middle(
    tmp_path: Path, scheduler: str, workers: list[subprocess.Popen[bytes]]
) -> None:
    study = small(seeds=40)
    killed: list[int] = []

    def watch(tally: Tally) -> None:
        if tally.done == 50 and not killed:
            workers[0].kill()
            killed.append(workers[0].wait())

    table = study.run(tmp_path / "a", scheduler=scheduler, watch=watch)
    assert killed == [-signal.SIGKILL]
    assert_frame_equal(study.run(tmp_path / "b"), table, check_exact=True)


def test_a_run_that_kills_every_worker_is_given_up(
    tmp_path: Path, scheduler: str, deadly: Any
) -> None:
    """The scheduler gives a run up whose workers died; here each death is made up for at once."""
    options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory"]
    stop = tmp_path / "stop"
    again = (
        f"while [ ! -e {stop} ]; do {sys.executable} -P -m dask worker {scheduler} "
        f"{' '.join(options)} {tmp_path}/x >/dev/null 2>&1; done"
    )
    hydra = subprocess.Popen(["bash", "-c", again], start_new_session=True)
    try:
        study = small(metrics=[deadly.deadly], grid={"edges.latency": [0.0]})
        table = study.run(tmp_path / "a", scheduler=scheduler)
        assert table["seed"].tolist() == [0, 2]
        failures = ot.open_study(tmp_path / "a").failures()
        assert failures["error"].tolist() == [
            "every worker that ran it died (out of memory, perhaps)"
        ]
    finally:
        stop.touch()
        os.killpg(hydra.pid, signal.SIGKILL)
        hydra.wait()


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Any]:
    """Dask's configuration of TLS, with a certificate that vouches for itself."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -keyout key -out cert"
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    tls = "distributed.comm.tls"
    settings: dict[str, Any] = {
        f"{tls}.{role}.{what}": str(tmp_path / what)
        for role in ("scheduler", "worker", "client")
        for what in ("cert", "key")
    }
    return settings | {
        f"{tls}.ca-file": str(tmp_path / "cert"),
        "distributed.comm.require-encryption": True,
    }


def test_a_cluster_with_tls_is_that_of_dasks_own_configuration(
    tmp_path: Path, certificates: dict[str, Any]
) -> None:
    dask = pytest.importorskip("dask")
    from distributed import LocalCluster
    from distributed.security import Security

    with (
        dask.config.set(certificates),
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            protocol="tls",
            security=Security(),
            dashboard_address="127.0.0.1:0",
        ) as local,
    ):
        address = local.scheduler_address
        assert address.startswith("tls://127.0.0.1:")
        table = small().run(tmp_path / "a", scheduler=address)
        with pytest.raises(ot.OhmtickError, match="requires encryption, and tcp://h:1 has none"):
            small().run(tmp_path / "b", scheduler="tcp://h:1")
    assert_frame_equal(table, small().run(tmp_path / "c"), check_exact=True)


def test_tls_without_certificates_is_refused_at_once(
    tmp_path: Path, certificates: dict[str, Any]
) -> None:
    dask = pytest.importorskip("dask")
    with pytest.raises(ot.OhmtickError, match=r"no certificates for tls://h:1: set distributed\."):
        small().run(tmp_path / "a", scheduler="tls://h:1")
    (tmp_path / "cert").unlink()
    with (
        dask.config.set(certificates),
        pytest.raises(ot.OhmtickError, match=r"certificates cannot be read"),
    ):
        small().run(tmp_path / "a", scheduler="tls://h:1")


def test_no_scheduler_and_no_worker(
    tmp_path: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_S", 1.0)
    with pytest.raises(ot.OhmtickError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        small().run(tmp_path / "a", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(ot.OhmtickError, match="no Dask scheduler answers at nowhere"):
        small().run(tmp_path / "a", scheduler="nowhere://x")
    with pytest.raises(ot.OhmtickError, match=f"scheduler at {scheduler} has no worker"):
        small().run(tmp_path / "a", scheduler=scheduler)
    assert len(small().run(tmp_path / "a")) == 12


def test_workers_of_another_version_are_refused(
    tmp_path: Path,
    scheduler: str,
    workers: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = versions() | {"numpy": "1.0"}
    monkeypatch.setattr(cluster, "versions", lambda: ours)
    with pytest.raises(ot.OhmtickError, match=r"numpy 1\.0 among them.* has numpy"):
        small().run(tmp_path / "a", scheduler=scheduler)


def test_a_cluster_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ot.OhmtickError, match=r"pip install 'ohmtick\[cluster\]'"):
        small().run(tmp_path / "a", scheduler="tcp://127.0.0.1:1")


def test_metrics_are_taken_along_where_they_can_be(tmp_path: Path, deadly: Any) -> None:
    def local(run: Run) -> float:
        return float(run.summary["updates"])

    (tmp_path / "mark").touch()
    study = small(metrics=[deadly.once], seeds=1)
    assert len(study.run(tmp_path / "a", executor="processes", workers=2)) == 4
    with pytest.raises(ot.OhmtickError, match=r"could not be given a run.*local"):
        small(metrics=[local]).run(tmp_path / "b", executor="processes", workers=2)
    assert len(small(metrics=[local]).run(tmp_path / "b")) == 12
