"""What probes see of what is presented; that the engines agree on it is `test_engines`' to hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.engine.errors import ScenarioError

KNOBS = {"horizon": 40.0, "edges.faults": {"fraction": 0.25, "effect": "cut", "time": 9.0}}
LOOKING = {"period": 0.71, "power": True, "nodes": ["out", "in"]}
SEEN = [
    "free_W", "clamped_W", "free_out_V", "clamped_out_V", "free_in_V", "clamped_in_V",
]  # fmt: skip
each_engine = pytest.mark.parametrize("engine", ["simpy", "compiled"])
each_mismatch = pytest.mark.parametrize("mismatch", [0.0, 0.05])


@each_mismatch
def test_a_probe_sees_the_power_and_the_voltages_of_its_time(mismatch: float) -> None:
    scenario = ot.load("every-knob").replace(**KNOBS, probe=LOOKING)
    run = ot.run(scenario.replace(**{"edges.mismatch.conductance": mismatch}))
    probes = run.probes
    assert probes.columns.tolist() == ["time_s", "updates", "error", *SEEN]
    times = probes["time_s"].to_numpy()
    power = run.power(times)
    for copy in ("free", "clamped"):
        np.testing.assert_allclose(probes[f"{copy}_W"], power[f"{copy}_W"], rtol=1e-12)
        volts = run.voltages(times, copy)
        for node in ("out", "in"):
            np.testing.assert_allclose(probes[f"{copy}_{node}_V"], volts[node], atol=1e-12)
    assert run.data.groupby("node")["voltage_V"].max()["in"] >= probes["free_in_V"].max()


@each_engine
@each_mismatch
@pytest.mark.parametrize("name", ["every-knob", "breadboard-iris"])
def test_who_looks_changes_nothing(name: str, mismatch: float, engine: str) -> None:
    """Not a bit of any event or of any other column, however often it looks."""
    scenario = ot.load(name).replace(
        **{"edges.mismatch.conductance": mismatch, "horizon": 30.0, "probe": {"period": 0.0313}}
    )
    seen = ot.run(
        scenario.replace(**{"probe.power": True, "probe.nodes": [_target(scenario)]}), 1, engine
    )
    unseen = ot.run(scenario, 1, engine)
    assert_frame_equal(seen.events, unseen.events, check_exact=True)
    assert_frame_equal(seen.events, ot.run(scenario.replace(probe=None), 1, engine).events)
    assert_frame_equal(seen.probes[unseen.probes.columns], unseen.probes, check_exact=True)


@each_engine
def test_who_watches_sees_what_the_probe_saw(engine: str) -> None:
    rows: list[Any] = []
    scenario = ot.load("every-knob").replace(horizon=5.0, probe=LOOKING | {"power": False})
    run = ot.run(scenario, engine=engine, watch=lambda simulation: rows.append(simulation.probe))
    assert rows[0] is None
    assert rows[1:-1] == run.probes.to_dict("records")
    assert run.probes.columns.tolist() == ["time_s", "updates", "error", *SEEN[2:]]
    assert "final_free_W" not in run.summary


@each_engine
def test_a_run_without_a_probe_has_the_columns(engine: str) -> None:
    run = ot.run(ot.load("every-knob").replace(horizon=5.0, probe=None), engine=engine)
    assert run.probes.columns.tolist() == ["time_s", "updates", "error"]


def test_more_probes_than_a_block() -> None:
    scenario = ot.load("breadboard-iii").replace(
        horizon=10.0, probe={"period": 0.001, "power": True}
    )
    probes = ot.run(scenario).probes
    assert len(probes) == 10_000
    power = ot.run(scenario).power(probes["time_s"][4090:4100])
    np.testing.assert_allclose(probes["free_W"][4090:4100], power["free_W"], rtol=1e-12)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (
            {"nodes": ["zz"]},
            "probe.nodes must be labels of nodes of the circuit, got 'zz' instead; there",
        ),
        ({"nodes": ["grund"]}, "got 'grund' instead; the nearest is 'ground'"),
        ({"nodes": ["a", "a"]}, "probe.nodes must name a node once, got 'a' twice"),
        ({"nodes": "a"}, "probe.nodes must be a list, got 'a' instead"),
        ({"nodes": [1.5]}, r"probe\.nodes\.0 must be a string, got 1.5 instead"),
        ({"power": 1}, "probe.power must be a boolean, got 1 instead"),
    ],
)
def test_what_cannot_be_seen_is_refused(probe: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        ot.load("every-knob").replace(probe=probe)


def test_a_label_may_be_a_number() -> None:
    run = ot.run(ot.load("breadboard-iii").replace(horizon=3.0, probe={"nodes": [4]}))
    assert run.probes.columns.tolist()[3:] == ["free_4_V", "clamped_4_V"]
    assert run.tables["probe"]["nodes"] == ["4"]
    nudge = run.tables["supervisor"]["nudge"]
    free = run.probes["free_4_V"]
    np.testing.assert_allclose(run.probes["clamped_4_V"], free + nudge * (1.0 - free), rtol=1e-12)


def _target(scenario: ot.Scenario) -> str:
    return str(scenario.task.target_labels()[0])
