"""The contract of every rule: one function, the same in Python and compiled, and state an edge."""

from __future__ import annotations

import math
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from ohmtick.agents.device import edge_rule
from ohmtick.agents.resistors.continuous import ContinuousResistor
from ohmtick.agents.rules import Rule
from ohmtick.agents.rules.base import Unit
from ohmtick.tests.contracts.examples import every
from ohmtick.tests.driven import Asked, learning

drops = st.floats(-5.0, 5.0)
readings = st.lists(st.tuples(drops, drops, st.floats(1e-6, 1e3)), min_size=1, max_size=8)


@every(Rule.family, "rule")
@given(readings, st.sampled_from([1e-3, 0.5, 1.0]))
def test_python_and_machine_code_ask_for_the_same(
    rule: Rule, readings: list[tuple[float, float, float]], nudge: float
) -> None:
    """Python's rows are no longer than the rule says, so that it reaches for nothing else."""
    asked = Asked(rule, nudge)
    for reading in readings:
        assert math.isfinite(asked(*reading))


@every(Rule.family, "rule")
def test_a_unit_is_one_that_devices_know(rule: Rule) -> None:
    assert rule.unit in get_args(Unit)


@every(Rule.family, "rule")
def test_edges_share_no_state(rule: Rule) -> None:
    shared = learning(rule, ContinuousResistor(), edges=3)
    first, other = (edge_rule(shared, edge, 0.5) for edge in (0, 2))
    reading = 0.75, -0.25, 1.0
    alone = Asked(rule, 0.5)
    expected = [alone(*reading) for _ in range(4)]
    assert [first(*reading) for _ in range(4)] == expected
    assert [other(*reading) for _ in range(4)] == expected
