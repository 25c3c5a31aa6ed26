"""Kinds from a file of one's own: named in a scenario's text, the same on both engines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.clocks import Clock
from ohmtick.agents.resistors import Resistor
from ohmtick.agents.rules import Rule
from ohmtick.engine.registry import FAMILIES
from ohmtick.engine.streams import Streams
from ohmtick.tests.driven import assert_engines_agree

TEXT = """
title = "Kinds of one's own"
horizon = 30.0

[circuit]
kind = "breadboard"

[task]
kind = "allostery"
sources = { 3 = 4.0, 9 = 0.0 }
targets = { 4 = 1.0, 8 = 2.0 }

[edges.rule]
kind = "patient"
times = 3

[edges.resistor]
kind = "noisy_gate"
noise = 0.01

[edges.clock]
kind = "bursting"
burst = 4
"""


@pytest.fixture(autouse=True)
def timing_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import the file as anybody would, and forget its kinds afterwards."""
    for family in FAMILIES.values():
        monkeypatch.setattr(family, "_members", dict(family._members))
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "plugins"))
    yield import_module("timing_kinds")
    del sys.modules["timing_kinds"]


def test_a_scenario_names_them(timing_kinds: ModuleType) -> None:
    scenario = ot.Scenario.from_toml(TEXT)
    assert scenario.edges.rule == timing_kinds.Patient(times=3)
    assert scenario.edges.resistor == timing_kinds.NoisyGate(noise=0.01)
    assert scenario.edges.clock == timing_kinds.Bursting(burst=4)
    assert ot.Scenario.from_toml(scenario.to_toml()) == scenario
    for base, kind in ((Rule, "patient"), (Resistor, "noisy_gate"), (Clock, "bursting")):
        assert kind in base.family
    with pytest.raises(ot.OhmtickError, match=r"edges\.rule\.time .*'edges\.rule\.times'"):
        scenario.replace(**{"edges.rule.time": 3})
    with pytest.raises(ot.OhmtickError, match="'patient'"):
        scenario.replace(**{"edges.rule": {"kind": "patent"}})


@pytest.mark.parametrize("latency", [0.0, 0.7])
def test_both_engines_run_them(latency: float) -> None:
    scenario = ot.Scenario.from_toml(TEXT).replace(**{"edges.latency": latency})
    assert len(assert_engines_agree(scenario, 3).events) > 1500


def test_they_do_what_they_say() -> None:
    run = ot.run(ot.Scenario.from_toml(TEXT), 3)
    gates = run.events
    expected = 1e-4 * gates["value_after"]
    np.testing.assert_allclose(gates["conductance_after_S"], expected, rtol=1e-15)
    for edge, own in gates.groupby("edge"):
        phase = 0.5 * Streams(3).uniforms("bursting.phase", 0, int(str(edge)), 1)[0]
        grid = np.add.outer(np.arange(30) + phase, np.arange(4) / 8).ravel()
        np.testing.assert_allclose(own["sensed_s"], grid[grid < 30.0], rtol=1e-14)
        up = (own["drop_clamped_V"].abs() > own["drop_free_V"].abs()).tolist()
        acts = [count % 3 == 2 for _, same in groupby(up) for count, _ in enumerate(same)]
        asked = np.where(up, -0.05, 0.05) * acts
        inside = own["value_after"].between(0.11, 4.99)
        written = (own["value_after"] - own["value_before"])[inside]
        noise = (written - asked[inside.to_numpy()]).to_numpy() / 0.01
        assert np.abs(noise).max() < 5.0
        assert 0.6 < noise.std() < 1.4  # of some hundred writes: seven standard errors


def test_the_log_has_values_beside_conductances_where_some_device_has_them(tmp_path: Path) -> None:
    """Of the others the value is the conductance; a run without such a device has no columns."""
    scenario = ot.Scenario.from_toml(TEXT).replace(
        **{"edges.groups": [{"edges": "0-7", "resistor": {"kind": "memristor"}}]}
    )
    run = assert_engines_agree(scenario, 3)
    others = run.events[run.events["edge"] < 8]
    assert others["value_before"].equals(others["conductance_before_S"].rename("value_before"))
    assert others["value_after"].equals(others["conductance_after_S"].rename("value_after"))
    gates = run.events[run.events["edge"] >= 8]
    for _, own in gates.groupby("edge"):
        assert own["value_before"].tolist()[1:] == own["value_after"].tolist()[:-1]
    run.save(tmp_path / "run")
    assert ot.open_run(tmp_path / "run").events.equals(run.events)
    for engine in ("simpy", "compiled"):
        streamed = ot.run(scenario, 3, engine, out=tmp_path / engine)
        assert ot.open_run(tmp_path / engine).events.equals(streamed.events.reset_index(drop=True))
        assert streamed.events.equals(run.events)
    plain = ot.run(ot.load("breadboard-iii").replace(horizon=5.0))
    assert "value_before" not in plain.events
