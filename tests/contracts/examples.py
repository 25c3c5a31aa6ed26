"""Members of each family for its contract: all that are registered, with settings that matter.

A kind whose settings all have defaults needs no line here; it is tested with these, and with what
is said of it besides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ohmtick.agents.resistors import Resistor
from ohmtick.agents.rules import Rule
from ohmtick.agents.rules.base import Unit
from ohmtick.engine.kind import Kind
from ohmtick.engine.registry import Family

NOISY: dict[str, Any] = {"spread": 0.1, "gate": 0.6, "period": 0.7}
EXAMPLES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "rule": {
        "coupled_learning": [{"learning_rate": 1e-6}, {"learning_rate": 0.5}],
        "momentum": [{"learning_rate": 1e-6}, {"learning_rate": 0.5, "decay": 0.3}],
        "dead_zone": [{}, {"width": 0.0}, {"width": 0.3}],
    },
    "resistor": {
        "continuous": [
            {"k_min": 1e-5, "k_max": 1e-2, "start": "random"},
            {"k_min": 0.1, "k_max": 9.0, "start": 0.5, "step": 0.3},
        ],
        "digital_potentiometer": [
            {},
            {"positions": 3, "full_scale": 2.0, "spacing": "logarithmic", "start": "middle"},
        ],
        "memristor": [
            {},
            {"window": 0.0, "device_spread": 0.3, "cycle_spread": 0.2},
            {"window": 2.5, "device_spread": 5.0, "cycle_spread": 3.0, "start": 1e-4},
        ],
    },
    "clock": {
        "periodic": [
            {},
            {"phase": "staggered", "period": 0.3},
            {"phase": "uniform", "jitter": 0.7},
            {"phase": "uniform", "jitter": 0.2, "wander": 0.3} | NOISY,
        ],
        "poisson": [{}, NOISY],
    },
    "physics": {
        "relaxation": [
            {"capacitance": 1e-12},
            {"capacitance": 1e-5},
            {"capacitance": {str(node): node * 1e-4 for node in range(1, 10)}},
        ],
    },
    "comparator": {"gaussian": [{}, {"offset": 0.01}, {"noise": 0.003}, {"offset": 1, "noise": 2}]},
}


def members(family: Family[Any]) -> list[Any]:
    """Return members of each kind of a family."""
    told = EXAMPLES.get(family.name, {})
    return [family[kind](**each) for kind in family for each in told.get(kind, [{}])]


def named(member: Kind) -> str:
    """Return what a test of a member is called."""
    settings = member.model_dump(exclude_defaults=True, exclude={"kind"})
    return " ".join([member.kind, *(f"{key}={value}" for key, value in settings.items())])


def every(family: Family[Any], name: str) -> Callable[[Any], Any]:
    """Run a test for each member."""
    return pytest.mark.parametrize(name, members(family), ids=named)


#: A rule that asks in each unit; none where no kind does.
ASKING: dict[Unit, Rule] = {rule.unit: rule for rule in reversed(members(Rule.family))}


def units(resistor: Resistor) -> list[Unit]:
    """Return the units of changes that a resistor takes, and some rule asks for."""
    return [unit for unit in resistor.units if unit in ASKING]
