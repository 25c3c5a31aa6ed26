"""The contract of every kind of physics: one story on both engines, whoever looks or stops it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.engine.errors import AnalysisError, OhmtickError, ScenarioError
from ohmtick.scenarios.physics import Physics
from ohmtick.tests.contracts.examples import every
from ohmtick.tests.driven import assert_engines_agree, assert_same
from ohmtick.tests.engine.test_engines import scenarios

EXAMPLES = settings().max_examples
SEEDS = st.integers(0, 2**40)
#: No edge ticks with another, or when a datum comes, so that there is time between any two events.
APART = ot.load("breadboard-iii").replace(
    **{
        "edges.clock": {"kind": "periodic", "phase": "uniform", "jitter": 0.2},
        "edges.latency": 0.0,
        "horizon": 20.0,
        "probe": {"period": 0.93, "power": True, "nodes": ["4"]},
    }
)
RELAXING = APART.replace(physics={"kind": "relaxation", "capacitance": 1e-4})
every_kind = every(Physics.family, "physics")


@every_kind
def test_the_engines_agree_on_every_kind(physics: Physics) -> None:
    assert_engines_agree(APART.replace(physics=physics), seed=4)


@every_kind
def test_a_run_goes_on_bit_for_bit(physics: Physics, tmp_path: Path) -> None:
    scenario = APART.replace(physics=physics)
    whole = ot.run(scenario, seed=3)
    for at, first, then in ((0.01, "simpy", "compiled"), (9.7, "compiled", "simpy")):
        folder = tmp_path / first
        ot.run(scenario.replace(horizon=at), seed=3, engine=first, out=folder)
        assert_same(ot.resume(folder, horizon=20.0, engine=then), whole)


@every_kind
def test_whoever_looks_changes_no_row(physics: Physics) -> None:
    scenario = APART.replace(physics=physics)
    often = ot.run(scenario.replace(**{"probe.period": 0.0731}), seed=2)
    never = ot.run(scenario.replace(probe=None), seed=2)
    assert_frame_equal(often.events, never.events, check_exact=True)


@every_kind
def test_a_file_says_it_again(physics: Physics) -> None:
    scenario = APART.replace(physics=physics)
    assert ot.Scenario.from_toml(scenario.to_toml()) == scenario


# --- relaxation ----------------------------------------------------------------------------------


@settings(max_examples=max(3, EXAMPLES // 10), deadline=None)
@given(scenarios(), st.sampled_from([0.01, 0.3, 3.0]), SEEDS)
def test_the_engines_agree_on_random_scenarios_that_relax(
    scenario: ot.Scenario, seconds: float, seed: int
) -> None:
    """Of time constants that are shorter and longer than the time between two events."""
    typical = 1e-4 if scenario.edges.rule.unit == "steps" else 1.0  # S
    physics = {"kind": "relaxation", "capacitance": seconds * typical}
    assert_engines_agree(scenario.replace(physics=physics, horizon=3.0), seed)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_circuit_too_stiff_is_refused(engine: Any) -> None:
    """Nodes that take microseconds beside one that takes hours, and a tenth of a second a tick."""
    stiff = {str(node): 1e-9 for node in range(1, 10)} | {"4": 10.0}
    scenario = RELAXING.replace(**{"physics.capacitance": stiff, "horizon": 5.0})
    for probe in (None, {"period": 0.01, "power": True}):
        with pytest.raises(OhmtickError, match=r"too stiff to relax exactly: at [0-9.]+ s"):
            ot.run(scenario.replace(probe=probe), seed=1, engine=engine)


@settings(max_examples=max(3, EXAMPLES // 10), deadline=None)
@given(SEEDS, st.sampled_from(["breadboard-iii", "random-143", "lattice-regression"]))
def test_without_capacitance_the_log_is_that_of_equilibrium(seed: int, name: str) -> None:
    """Every mode decays between any two events: nothing is left of the capacitors, not a bit."""
    scenario = ot.load(name).replace(
        **{
            "edges.clock": {"kind": "periodic", "phase": "uniform", "jitter": 0.1},
            "supervisor.jitter": 0.1,
            "edges.latency": 0.13,
            "horizon": 6.0,
            "probe": {"period": 0.37, "power": True},
        }
    )
    settled = ot.run(scenario, seed)
    physics = {"kind": "relaxation", "capacitance": 1e-22}
    relaxing = ot.run(scenario.replace(physics=physics), seed)
    assert len(settled.events) > 60
    assert_frame_equal(relaxing.events, settled.events, check_exact=True)
    assert_frame_equal(relaxing.probes, settled.probes, check_exact=True)


def test_every_drop_of_a_run_follows_from_what_was_written() -> None:
    """The log, against small steps of a Runge-Kutta method on both copies."""
    from scipy.integrate import solve_ivp

    run = ot.run(RELAXING.replace(horizon=2.5), seed=5)
    number = {label: at for at, label in enumerate(run.nodes["node"])}
    first, second = (run.edges[end].map(number).to_numpy() for end in ("first", "second"))
    task: Any = RELAXING.task
    sources, targets = ([number[each] for each in part] for part in (task.sources, task.targets))
    volts, desired = (np.array([*part.values()]) for part in (task.sources, task.targets))
    k = run.edges["conductance_start_S"].to_numpy(copy=True)
    nudge = RELAXING.supervisor.nudge

    def clamped(y: Any) -> Any:
        free = y[:9]
        y[9:][targets] = free[targets] + nudge * (desired - free[targets])
        return y

    def slope(_: float, y: Any) -> Any:
        found = []
        for copy in clamped(y.copy()).reshape(2, 9):
            through = k * (copy[first] - copy[second])
            into = np.bincount(second, through, 9) - np.bincount(first, through, 9)
            into[sources] = 0.0
            found.append(into / 1e-4)
        found[1][targets] = (1.0 - nudge) * found[0][targets]
        return np.concatenate(found)

    settled = ot.TwinNetwork(run.circuit, k, sources, targets, nudge)
    settled.present(volts, desired)
    y, now = np.concatenate(settled.voltages()), 0.0
    away = 0.0
    assert len(run.events) > 30
    for row in run.events.to_dict("records"):
        assert row["sensed_s"] == row["time_s"]
        if row["time_s"] > now:
            span = (now, row["time_s"])
            y = solve_ivp(slope, span, y, method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
            now = row["time_s"]
        edge = row["edge"]
        drops = [copy[first[edge]] - copy[second[edge]] for copy in y.reshape(2, 9)]
        assert drops == pytest.approx([row["drop_free_V"], row["drop_clamped_V"]], abs=1e-8)
        k[edge] = row["conductance_after_S"]
        settled.set_conductances(k)
        away = max(away, float(np.abs(np.concatenate(settled.voltages()) - y).max()))
    assert away > 1e-2


def test_what_a_relaxing_run_cannot_tell_is_refused(tmp_path: Path) -> None:
    run = ot.run(RELAXING.replace(horizon=2.0), seed=1)
    for ask in (
        lambda: run.voltages([1.0]),
        lambda: run.power([1.0]),
        run.energy,
        run.twin,
        lambda: ot.export(run, tmp_path / "net.cir"),
        lambda: ot.Replay(run),
    ):
        with pytest.raises(AnalysisError, match=r"physics\.kind is 'relaxation'.*\[probe\] nodes"):
            ask()
    assert run.predict([[4.0, 0.0]]).shape == (1, 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "physics.capacitance is missing"),
        ({"capacitance": 0.0}, "physics.capacitance must be greater than 0, got 0.0"),
        ({"capacitance": -1e-9}, "physics.capacitance must be greater than 0, got -1e-09"),
        ({"capacitance": float("nan")}, "physics.capacitance must be a finite number, got nan"),
        ({"capacitance": [1.0]}, "physics.capacitance must be a number"),
        ({"capacitance": {"4": 1e-9}}, "physics.capacitance must name every node .* none for '1'"),
        ({"capacitance": {"44": 1e-9}}, "physics.capacitance must name nodes .* nearest is '4'"),
        ({"capacitance": {"4": 0.0}}, r"physics.capacitance.4 must be greater than 0, got 0.0"),
        ({"capacitance": 1e-9, "method": "stepped"}, "physics.method must be 'exact'"),
        ({"capacitance": 1e-9, "clamp": "held"}, "physics.clamp must be 'instantaneous'"),
        ({"capacitance": 1e-9, "kind": "relaxed"}, "the nearest is 'relaxation'"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        APART.replace(physics={"kind": "relaxation"} | wrong)


def test_what_cannot_relax_yet_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"where copies differ.*got 'relaxation'"):
        RELAXING.replace(**{"edges.mismatch.conductance": 0.1})
    task = ot.tasks.from_arrays(
        np.ones((4, 1)), np.ones((4, 1)), sources=["3"], targets=[("4", "5")], fixed={"9": 0.0}
    )
    with pytest.raises(ScenarioError, match=r"difference of two nodes.*got 'relaxation'"):
        RELAXING.replace(task=task)
