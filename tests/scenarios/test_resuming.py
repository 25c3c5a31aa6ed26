"""A run that goes on has the events of one longer run, bit for bit, wherever it was cut."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ohmtick as ot
from ohmtick.engine.simulation import Watched
from ohmtick.tests.driven import assert_same
from ohmtick.tests.engine.test_engines import EXAMPLES, SEEDS, scenarios

BENCH = ot.load("breadboard-iii").replace(horizon=40.0, **{"probe.period": 0.7390851})
ENGINES = ("compiled", "simpy")


@settings(max_examples=EXAMPLES // 4)
@given(
    scenarios(), SEEDS, st.floats(0.01, 0.99), st.sampled_from(ENGINES), st.sampled_from(ENGINES)
)
def test_random_scenarios_go_on_from_any_instant(
    scenario: ot.Scenario, seed: int, part: float, first: str, then: str
) -> None:
    whole = ot.run(scenario, seed, then)
    begun = ot.run(scenario.replace(horizon=part * scenario.horizon), seed, first)
    assert_same(ot.resume(begun, scenario.horizon, then), whole)


@pytest.mark.slow
@settings(max_examples=20)
@given(scenarios(), SEEDS, st.lists(st.floats(0.001, 0.999), min_size=10, max_size=10))
def test_twenty_scenarios_go_on_from_ten_instants_each(
    scenario: ot.Scenario, seed: int, parts: list[float]
) -> None:
    for engine in ENGINES:
        whole = ot.run(scenario, seed, engine)
        for part in parts:
            begun = ot.run(scenario.replace(horizon=part * scenario.horizon), seed, engine)
            assert_same(ot.resume(begun, scenario.horizon, engine), whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"edges.latency": 6.3, "edges.latency_jitter": 0.2},
        {"edges.batch": 5, "edges.clock.jitter": 0.2},
        {"edges.clock": {"kind": "poisson"}, "supervisor.order": "random"},
        {"edges.clock": {"kind": "periodic", "wander": 0.2}, "edges.latency": 1.0},
        {"edges.faults": {"fraction": 0.3, "effect": "cut", "time": 3.0, "interval": 5.0}},
        {"edges.mismatch.conductance": 0.1},
        {
            "edges.resistor": {"kind": "memristor", "device_spread": 0.3, "cycle_spread": 0.5},
            "edges.rule": {"kind": "sign"},
        },
    ],
)
def test_what_is_under_way_goes_on(changes: dict[str, Any]) -> None:
    scenario = BENCH.replace(**changes)
    for engine in ENGINES:
        whole = ot.run(scenario, 3, engine)
        run = ot.run(scenario.replace(horizon=2.5), 3, engine)
        for horizon in (7.0, 7.3, 19.999, 40.0):  # again and again
            run = ot.resume(run, horizon, engine)
        assert_same(run, whole)
        assert run.summary["resumed_at_s"] == [2.5, 7.0, 7.3, 19.999]


def test_classes_keep_what_is_desired_of_them_in_an_epoch() -> None:
    scenario = ot.load("breadboard-iris-95").replace(horizon=47.0)
    whole = ot.run(scenario, 3)
    for end in (11.3, 29.9, 30.0, 45.7):
        for engine in ENGINES:
            begun = ot.run(scenario.replace(horizon=end), 3, engine)
            assert_same(ot.resume(begun, 47.0, engine), whole)


def test_a_run_goes_on_from_its_folder(tmp_path: Path) -> None:
    ot.run(BENCH.replace(horizon=17.3), 3, out=tmp_path / "a")
    more = ot.resume(tmp_path / "a", 40.0, out=tmp_path / "b")
    assert_same(more, ot.run(BENCH, 3))
    assert_same(ot.open_run(tmp_path / "b"), more)
    assert more.scenario.horizon == 40.0


@pytest.mark.parametrize(
    "changes",
    [
        {"edges.mismatch.conductance": 0.1},
        {"physics": {"kind": "relaxation", "capacitance": 1e-4}},
    ],
)
def test_a_run_of_another_process_goes_on(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Where machine code lies there says nothing here, and is no part of what is kept."""
    scenario = BENCH.replace(**changes)
    file = scenario.replace(horizon=17.3).save(tmp_path / "short.toml")
    command = [sys.executable, "-P", "-m", "ohmtick.scenarios.cli.main", "run", str(file)]
    subprocess.run([*command, "--out", str(tmp_path / "a")], check=True, capture_output=True)
    here = ot.run(file, out=tmp_path / "b")
    there = tmp_path / "a" / "state.npz"
    assert there.read_bytes() == (tmp_path / "b" / "state.npz").read_bytes()
    for engine in ENGINES:
        assert_same(ot.resume(tmp_path / "a", 40.0, engine), ot.run(scenario, 0, engine))
    assert here.state is not None


def test_an_interrupted_run_goes_on() -> None:
    looks = iter(range(100))

    def watch(simulation: Watched) -> None:
        if next(looks) == 9:
            simulation.stop()

    begun = ot.run(BENCH, 3, watch=watch)
    assert begun.summary["interrupted"]
    assert_same(ot.resume(begun), ot.run(BENCH, 3))


def test_what_stood_in_must_stand_in_again() -> None:
    class Twice:
        def ticks(self, edge: int, edges: int, streams: Any, horizon: float) -> Any:
            yield [0.5 * number for number in range(200)]

    begun = ot.run(BENCH.replace(horizon=11.0), 3, clock=Twice())
    with pytest.raises(ot.OhmtickError, match="the 'clock' that stands in must be the one of the"):
        ot.resume(begun, 40.0)
    assert_same(ot.resume(begun, 40.0, clock=Twice()), ot.run(BENCH, 3, clock=Twice()))


def test_what_nobody_can_tell_of_a_stand_in_is_warned_of() -> None:
    class Locked:
        def __init__(self) -> None:
            self.lock = threading.Lock()

        def ticks(self, edge: int, edges: int, streams: Any, horizon: float) -> Any:
            yield np.arange(0.0, 100.0)

    begun = ot.run(BENCH.replace(horizon=11.0), 3, clock=Locked())
    with pytest.warns(ot.OhmtickWarning, match="nobody can tell whether the 'clock'"):
        ot.resume(begun, 40.0, clock=Locked())


def test_a_clock_that_ticks_otherwise_is_refused() -> None:
    class Shrinking:
        def ticks(self, edge: int, edges: int, streams: Any, horizon: float) -> Any:
            yield np.arange(0.0, 200.0 / horizon)

    begun = ot.run(BENCH.replace(horizon=10.0), 3, clock=Shrinking())
    with pytest.raises(ot.OhmtickError, match="the clock of edge 0 must tick as it did before"):
        ot.resume(begun, 40.0, clock=Shrinking())


def test_what_cannot_go_on_is_refused() -> None:
    begun = ot.run(BENCH.replace(horizon=10.0), 3)
    with pytest.raises(ot.OhmtickError, match=r"after its end at 10\.0 s, got 10\.0 s .*--horizon"):
        ot.resume(begun)
    with pytest.raises(ot.OhmtickError, match="the 'engine' of a run must be one of"):
        ot.resume(begun, 20.0, "fast")
    with pytest.raises(ot.OhmtickError, match="there is no run folder nowhere"):
        ot.resume("nowhere", 20.0)


# --- begun where another ended -------------------------------------------------------------------


@pytest.mark.parametrize(
    "edges",
    [
        {},
        {"edges.resistor": {"kind": "continuous", "start": "random"}},
        {"edges.resistor": {"kind": "memristor"}, "edges.rule": {"kind": "sign"}},
        {"edges.groups": [{"edges": "0-3", "resistor": {"kind": "continuous"}}]},
    ],
)
def test_a_run_begins_where_another_ended(tmp_path: Path, edges: dict[str, Any]) -> None:
    scenario = BENCH.replace(horizon=20.0, **edges)
    first = ot.run(scenario, 3)
    then = [ot.run(scenario, 5, engine, start=first) for engine in ENGINES]
    assert_same(*then)
    starts = then[0].edges["conductance_start_S"]
    assert starts.tolist() == first.conductances.tolist()
    assert then[0].summary["initial_error"] == pytest.approx(first.summary["final_error"])
    assert first.state is not None
    if "value_before" in then[0].events:
        begun = then[0].events.groupby("edge")["value_before"].first()
        assert begun.tolist() == first.state.value[begun.index].tolist()
    kept = ot.run(scenario, 5, start=first, out=tmp_path / "a")
    again = ot.run(ot.load(tmp_path / "a"))  # its record holds all that it depends on
    assert_same(again, kept)
    assert_same(ot.resume(tmp_path / "a", 31.0), ot.run(kept.scenario.replace(horizon=31.0)))


def test_what_does_not_fit_is_no_start() -> None:
    first = ot.run(BENCH, 3)
    with pytest.raises(ot.OhmtickError, match=r"start\.file: the circuit must have the 16 edges"):
        ot.run("lattice-regression", start=first)
    with pytest.raises(ot.OhmtickError, match=r"start\.file: the resistor of edge 0 must be that"):
        ot.run(BENCH.replace(**{"edges.resistor.positions": 64}), start=first)


# --- snapshots -----------------------------------------------------------------------------------


def test_snapshots_change_nothing_and_are_gone_at_the_end(tmp_path: Path) -> None:
    scenario = BENCH.replace(**{"edges.latency": 2.3})
    for engine in ENGINES:
        often = scenario.replace(snapshot={"every": 3.7})
        run = ot.run(often, 3, engine, out=tmp_path / engine)
        assert_same(run, ot.run(scenario, 3, engine))
    assert {path.name for path in tmp_path.iterdir()} == set(ENGINES)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_run_goes_on_from_its_snapshot(tmp_path: Path, engine: str) -> None:
    changes = {"edges.latency": 2.3, "edges.batch": 2, "horizon": 1e6, "snapshot.every": 50.0}
    file = BENCH.replace(**changes).save(tmp_path / "long.toml")
    command = [sys.executable, "-P", "-m", "ohmtick.scenarios.cli.main", "run", str(file)]
    process = subprocess.Popen(
        [*command, "--engine", engine, "--out", str(tmp_path / "a")], start_new_session=True
    )
    snapshot = tmp_path / "a.unfinished"
    deadline = time.monotonic() + 120.0
    while not (snapshot / "at-000001").exists() and not (snapshot / "at-000002").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with pytest.raises(ot.OhmtickError, match="is what a run left that did not end"):
        ot.open_run(snapshot)
    reached = ot.resume(snapshot, 1e6, watch=lambda simulation: simulation.stop())
    assert snapshot.exists()  # it is in memory only
    end = reached.summary["resumed_at_s"][0] + 10.0
    other = tmp_path / "a-2.unfinished"  # killed again after it had gone on
    shutil.copytree(snapshot, other)
    more = ot.resume(tmp_path / "a", end, out=tmp_path / "a")
    assert_same(more, ot.run(more.scenario.replace(snapshot=None)))
    assert more.summary["resumed_at_s"][0] >= 100.0
    left = {path.name for path in tmp_path.iterdir() if path.suffix != ".partial"}
    assert left == {"a", "long.toml"}


def unfinished(folder: Path, scenario: ot.Scenario, seed: int, end: float) -> None:
    """Let a run be killed at a time, in effect, by an exception."""

    def watch(simulation: Watched) -> None:
        if simulation.now >= end:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        ot.run(scenario, seed, watch=watch, out=folder)


def test_the_snapshot_of_the_right_run_is_gone_on_with(tmp_path: Path) -> None:
    scenario = BENCH.replace(snapshot={"every": 5.0})
    unfinished(tmp_path / "a", scenario, 3, 12.0)
    unfinished(tmp_path / "a", scenario, 3, 32.0)  # of the same run, and further
    assert ot.resume(tmp_path / "a").summary["resumed_at_s"] == [30.0]
    unfinished(tmp_path / "a", scenario, 4, 12.0)
    with pytest.raises(ot.OhmtickError, match="several runs did not end there"):
        ot.resume(tmp_path / "a")
    ot.run(scenario, 5, out=tmp_path / "b")
    unfinished(tmp_path / "c", scenario, 5, 12.0)
    (tmp_path / "c.unfinished").rename(tmp_path / "b-2.unfinished")
    with pytest.raises(ot.OhmtickError, match="is a run, and beside it is what another left"):
        ot.resume(tmp_path / "b", 80.0)
    more = ot.resume(tmp_path / "b-2.unfinished", out=tmp_path / "b-2")
    assert_same(more, ot.run(scenario, 5))
    assert not (tmp_path / "b-2.unfinished").exists()


def test_a_folder_may_be_the_one_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ot.run(BENCH.replace(horizon=11.0), 3, out=tmp_path / "a")
    monkeypatch.chdir(tmp_path / "a")
    assert_same(ot.resume(".", 40.0), ot.run(BENCH, 3))


def test_too_many_snapshots_are_refused() -> None:
    with pytest.raises(ot.OhmtickError, match=r"snapshot\.every must leave a run at most 100000"):
        BENCH.replace(snapshot={"every": 1e-6})


def test_studies_keep_no_snapshots(tmp_path: Path) -> None:
    scenario = BENCH.replace(snapshot={"every": 5.0})
    ot.Study(scenario, seeds=2).run(tmp_path / "a", workers=1)
    assert not list((tmp_path / "a").rglob("*.unfinished"))
