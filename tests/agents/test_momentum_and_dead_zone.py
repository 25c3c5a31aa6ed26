"""Rules with a memory and with a dead band, against plain loops and a biased comparator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ohmtick as ot
from ohmtick.agents.rules.coupled_learning import CoupledLearning
from ohmtick.agents.rules.dead_zone import DeadZone
from ohmtick.agents.rules.momentum import Momentum
from ohmtick.agents.rules.sign import Sign
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.records.run import Run
from ohmtick.tests.driven import Asked

drops = st.floats(-5.0, 5.0)
SIEMENS: dict[str, Any] = {"kind": "continuous", "k_min": 1e-9, "k_max": 1e6, "start": 1.0}


@given(st.lists(st.tuples(drops, drops), max_size=20), st.floats(0.0, 0.99), st.floats(1e-3, 1.0))
def test_momentum_is_what_is_left_and_what_is_new(
    readings: list[tuple[float, float]], decay: float, nudge: float
) -> None:
    asked = Asked(Momentum(learning_rate=0.7, decay=decay), nudge)
    moved = 0.0
    for free, clamped in readings:
        moved = decay * moved + 0.7 / (2 * nudge) * (free**2 - clamped**2)
        assert asked(free, clamped, 1.0) == pytest.approx(moved, rel=1e-9, abs=1e-10 / nudge)


def test_each_edge_of_a_run_has_a_momentum_of_its_own() -> None:
    scenario = ot.load("breadboard-iii").replace(
        **{
            "edges.rule": {"kind": "momentum", "learning_rate": 1e-3, "decay": 0.8},
            "edges.resistor": SIEMENS,
            "edges.clock": {"kind": "poisson"},
            "horizon": 30.0,
        }
    )
    events, nudge = ot.run(scenario, 2).events, scenario.supervisor.nudge
    for _, own in events.groupby("edge"):
        fresh = (own["drop_free_V"] ** 2 - own["drop_clamped_V"] ** 2) * 1e-3 / (2 * nudge)
        moved, expected = 0.0, []
        for each in fresh:
            moved = 0.8 * moved + each
            expected.append(moved)
        change = own["conductance_after_S"] - own["conductance_before_S"]
        np.testing.assert_allclose(change, expected, rtol=1e-6, atol=1e-14)


@given(drops, drops, st.floats(1e-3, 1.0))
def test_without_decay_momentum_is_coupled_learning(
    free: float, clamped: float, nudge: float
) -> None:
    asked = Asked(Momentum(learning_rate=0.7, decay=0.0), nudge)
    plain = Asked(CoupledLearning(learning_rate=0.7), nudge)
    for _ in range(3):
        assert asked(free, clamped, 1.0) == plain(free, clamped, 1.0)


@given(drops, drops, st.floats(0.0, 3.0))
def test_a_dead_zone_is_the_sign_rule_outside_of_its_band(
    free: float, clamped: float, width: float
) -> None:
    difference = abs(clamped) - abs(free)
    expected = Sign.change(free, clamped, 1.0, [], [], 0.5) if abs(difference) >= width else 0.0
    if difference == 0.0:  # a tie goes down where there is no band
        expected = -1.0 if width == 0.0 else 0.0
    assert Asked(DeadZone(width=width), 0.5)(free, clamped, 1.0) == expected


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        (Momentum, {"learning_rate": 0.0}),
        (Momentum, {"learning_rate": 1.0, "decay": 1.0}),
        (Momentum, {"learning_rate": 1.0, "decay": -0.1}),
        (DeadZone, {"width": -1e-9}),
    ],
)
def test_impossible_rules_are_refused(rule: Any, settings: dict[str, float]) -> None:
    with pytest.raises(ScenarioError, match=list(settings)[-1]):
        rule(**settings)


def biased(rule: dict[str, Any]) -> Run:
    """A network that is at rest, whose comparators are biased: it has nothing to learn."""
    scenario = ot.load("breadboard-iii").replace(
        **{
            "edges.rule": rule,
            "edges.resistor": {"kind": "digital_potentiometer", "start": "middle"},
            "edges.comparator": {"offset": 1e-3},
            "task": {
                "kind": "allostery",
                "sources": {"3": 0.0, "9": 0.0},
                "targets": {"4": 0.0, "8": 0.0},
            },
            "horizon": 200.0,
        }
    )
    return ot.run(scenario, 1)


def test_a_band_wider_than_the_bias_of_a_comparator_stops_its_drift() -> None:
    """By the sign rule every resistor drifts to an end: the offsets decide each tie alike."""
    ends = 1 / 781.25, 1 / 100e3
    drifted = biased({"kind": "sign"})
    assert set(np.round(drifted.conductances, 12)) == set(np.round(ends, 12))
    held = biased({"kind": "dead_zone", "width": 5e-3})  # five standard deviations of the bias
    assert set(held.conductances) == {1 / 50e3}
    assert len(held.events) == len(drifted.events)  # it acts, and does nothing
    some = biased({"kind": "dead_zone", "width": 1e-3})
    assert 0 < (some.conductances == 1 / 50e3).sum() < 16
