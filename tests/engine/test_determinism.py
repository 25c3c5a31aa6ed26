"""The same seed gives the same run, whatever else is there."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.scenarios.scenario import library

FINGERPRINT = """
import hashlib, sys
import ohmtick as ot
events = ot.run(sys.argv[1], seed=int(sys.argv[2])).events
print(hashlib.sha256(events.to_records(index=False).tobytes()).hexdigest())
"""


def short(name: str, horizon: float = 20.0) -> ot.Scenario:
    return ot.load(name).replace(horizon=horizon)


@pytest.mark.parametrize("name", library())
def test_a_run_replays_to_the_bit(name: str) -> None:
    first, second = ot.run(short(name), seed=3), ot.run(short(name), seed=3)
    assert_frame_equal(first.events, second.events, check_exact=True)
    assert_frame_equal(first.probes, second.probes, check_exact=True)
    assert first.conductances.tobytes() == second.conductances.tobytes()
    volatile = {"wall_s", "updates_per_s"}
    assert {key: first.summary[key] for key in first.summary.keys() - volatile} == {
        key: second.summary[key] for key in second.summary.keys() - volatile
    }


def test_another_process_gives_the_same_bits() -> None:
    here = ot.run("every-knob", seed=12).events.to_records(index=False).tobytes()
    there = subprocess.run(
        [sys.executable, "-c", FINGERPRINT, "every-knob", "12"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert there.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_another_seed_gives_another_run() -> None:
    first, second = ot.run(short("every-knob"), seed=1), ot.run(short("every-knob"), seed=2)
    assert not np.array_equal(first.events["time_s"], second.events["time_s"])


@pytest.mark.parametrize("name", library())
def test_a_probe_changes_no_row(name: str) -> None:
    scenario = short(name)
    without = ot.run(scenario.replace(probe=None), seed=5)
    often = ot.run(scenario.replace(probe={"period": 0.37}), seed=5)
    assert without.probes.empty
    assert len(often.probes) == 55
    assert_frame_equal(without.events, often.events, check_exact=True)


def test_an_edge_draws_the_same_whatever_the_others_do() -> None:
    """An edge's ticks, start and latencies are its own: the same in a larger circuit."""
    scenario = short("every-knob").replace(
        circuit={"kind": "random", "nodes": 9, "edges": 12, "seed": 1},
        task={"kind": "allostery", "sources": {0: 1.0}, "targets": {5: 0.5}},
    )
    larger = scenario.replace(
        circuit={"kind": "random", "nodes": 30, "edges": 70, "seed": 2},
        supervisor={"nudge": 0.1, "period": 3.0},
    )
    small, large = ot.run(scenario, seed=4), ot.run(larger, seed=4)
    of = ["time_s", "sensed_s"]
    for edge in range(12):
        one = small.events.loc[small.events["edge"] == edge, of]
        other = large.events.loc[large.events["edge"] == edge, of]
        assert len(one) > 5
        assert_frame_equal(
            one.reset_index(drop=True), other.reset_index(drop=True), check_exact=True
        )
    start = "conductance_start_S"
    assert small.edges[start].tolist() == large.edges[start].tolist()[:12]


def test_the_seed_draws_the_circuit_unless_it_has_its_own() -> None:
    def edges(run_seed: int, **own: int) -> pd.DataFrame:
        changed = short("random-143", 1.0).replace(
            circuit={"kind": "random", "nodes": 64, "edges": 143, **own}
        )
        return ot.run(changed, seed=run_seed).edges[["first", "second"]]

    assert edges(1).equals(edges(1))
    assert not edges(1).equals(edges(2))
    assert edges(1, seed=9).equals(edges(2, seed=9))
