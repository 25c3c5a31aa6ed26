"""The contract of every resistor: within its bounds, addressed by edge, one arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.learning import Group, learning_of
from ohmtick.agents.resistors import Resistor
from ohmtick.agents.resistors.base import LEAST, MOST
from ohmtick.agents.resistors.continuous import ContinuousResistor
from ohmtick.agents.rules import Rule
from ohmtick.agents.rules.base import Unit
from ohmtick.engine.streams import FloatArray, Streams
from ohmtick.tests.contracts.examples import ASKING, every, members, named, units
from ohmtick.tests.driven import Driven, assert_engines_agree, learning

#: The least and the largest conductance, S, where a kind has no `k_min` and `k_max`.
BOUNDS: dict[str, Callable[[Resistor], tuple[float, float]]] = {
    "digital_potentiometer": lambda made: (1 / made.resistances()[-1], 1 / made.resistances()[0]),
    "fixed": lambda made: (made.conductance_S, made.conductance_S),
}
EVERY_UNIT = [(resistor, unit) for resistor in members(Resistor.family) for unit in units(resistor)]
IDS = [f"{named(resistor)}, {unit}" for resistor, unit in EVERY_UNIT]
every_unit = pytest.mark.parametrize(("resistor", "unit"), EVERY_UNIT, ids=IDS)
RESISTORS = members(Resistor.family)
PAIRS = [
    (rule, made) for rule in members(Rule.family) for made in RESISTORS if rule.unit in made.units
]


def bounds(resistor: Resistor) -> tuple[float, float]:
    if resistor.kind in BOUNDS:
        return BOUNDS[resistor.kind](resistor)
    if "k_min" in type(resistor).model_fields:
        return resistor.k_min, resistor.k_max
    return LEAST, MOST


def amounts(unit: Unit, scale: float, count: int) -> FloatArray:
    """Random changes: of steps some whole; of others over six decades around a scale."""
    rng = np.random.default_rng(7)
    signs = rng.choice([-1.0, 1.0], count)
    if unit == "steps":
        return np.asarray(signs * rng.choice([1.0, 1.0, 1.0, 0.4, 7.0, 1e6], count))
    return np.asarray(signs * scale * 10.0 ** rng.uniform(-4.0, 2.0, count))


@every_unit
def test_a_thousand_changes_stay_within_the_bounds(resistor: Resistor, unit: Unit) -> None:
    """Both engines' kernels, and Python where rows are as long as the resistor says."""
    low, high = bounds(resistor)
    driven = Driven(resistor, unit)
    python = learning(ASKING[unit], resistor).devices
    state, parameters = python.state[0].tolist(), python.parameters[0].tolist()
    value = float(python.value[0])
    draws = Streams(1).uniforms("resistor.draw", 0, 0, 1000).tolist()
    found = {driven.conductance}
    changes = amounts(unit, driven.conductance, 1000).tolist()
    for change, draw in zip(changes, draws, strict=True):
        after = driven.change(change)
        value = type(resistor).change(value, change, state, parameters, draw)
        assert value == driven.device.value
        assert low <= after <= high
        found.add(after)
    assert (len(found) > 1) == resistor.learns


@every(Resistor.family, "resistor")
def test_starts_are_within_the_bounds(resistor: Resistor) -> None:
    low, high = bounds(resistor)
    for seed in range(3):
        siemens = learning(ASKING[units(resistor)[0]], resistor, 200, seed).conductances()
        assert siemens.shape == (200,)
        assert ((low <= siemens) & (siemens <= high)).all()


@every_unit
def test_what_an_edge_draws_does_not_depend_on_who_else_has_such_a_device(
    resistor: Resistor, unit: Unit
) -> None:
    """Starts, states, devices' own parameters, and the draws of changes."""
    rule, some = ASKING[unit], np.array([2, 3, 7])
    others = np.setdiff1d(np.arange(9), some)
    whole = learning(rule, resistor, 9)
    parts = learning_of(
        [Group(others, rule, ContinuousResistor()), Group(some, rule, resistor)],
        9,
        Streams(1),
    )
    for edge in some.tolist():
        one, other = (each.devices for each in (whole, parts))
        assert one.value[edge] == other.value[edge]
        held = one.state.shape[1]
        np.testing.assert_array_equal(one.state[edge], other.state[edge, :held])
        rows = one.parameters[one.row[edge]], other.parameters[other.row[edge]]
        np.testing.assert_array_equal(rows[0], rows[1][: rows[0].size])
    alone, beside = (Driven(resistor, unit, edge=3, edges=edges) for edges in (4, 9))
    for change in amounts(unit, alone.conductance, 50).tolist():
        assert alone.change(change) == beside.change(change)


@pytest.mark.parametrize(
    ("rule", "resistor"), PAIRS, ids=[f"{named(rule)}, {named(made)}" for rule, made in PAIRS]
)
def test_the_engines_agree_on_every_rule_and_resistor(rule: Rule, resistor: Resistor) -> None:
    scenario = ot.load("breadboard-iii").replace(
        **{"edges.rule": rule, "edges.resistor": resistor, "horizon": 12.0}
    )
    run = assert_engines_agree(scenario, seed=4)
    assert (len(run.events) > 150) == resistor.learns
    low, high = bounds(resistor)
    assert ((low <= run.conductances) & (run.conductances <= high)).all()
