"""A user's rule is compiled once, and anew whenever it would compile to something else.

The oracle is Python, which looks every name up when it gets there.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.event import RecordingListener, install_listener

import ohmtick as ot
from ohmtick.agents.device import edge_rule
from ohmtick.agents.kernels import RuleFunction, adapted
from ohmtick.agents.learning import Group, learning_of, stand_in
from ohmtick.agents.resistors.continuous import ContinuousResistor
from ohmtick.agents.rules.coupled_learning import CoupledLearning
from ohmtick.engine.streams import Streams

BENCH = ot.load("breadboard-iii").replace(horizon=5.0)
ARGUMENTS = 0.5, -0.7, 1e-4, 0.3, 0.5


@contextmanager
def compilations() -> Iterator[list[str]]:
    """Collect the names of the functions that numba compiles meanwhile."""
    names: list[str] = []
    listener = RecordingListener()  # type: ignore[no-untyped-call]
    with install_listener("numba:compile", listener):
        yield names
    names += [event.data["dispatcher"].__name__ for _, event in listener.buffer if event.is_start]


def asked(rule: RuleFunction) -> float:
    """What a rule says once it is compiled."""
    answer = answered(rule)
    assert answer is not None
    return answer


def answered(rule: RuleFunction) -> float | None:
    """The same; None where numba cannot compile it."""
    if adapted(rule)[0] is None:
        return None
    *drops_and_value, rate, nudge = ARGUMENTS
    group = Group(
        np.arange(1), CoupledLearning(learning_rate=rate), ContinuousResistor(), stand_in(rule)
    )
    learning = learning_of([group], 1, Streams(1))
    assert learning.not_compiled == []
    return edge_rule(learning, 0, nudge)(*drops_and_value)


def source(body: str, **names: Any) -> RuleFunction:
    """A rule with globals of its own, as if from a file or a cell of a notebook."""
    lines = f"def rule(drop_free, drop_clamped, conductance, learning_rate, nudge):\n {body}\n"
    exec(lines, names)
    made: RuleFunction = names["rule"]
    return made


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_rule_is_compiled_once(engine: str) -> None:
    rule = source("return scale * math.exp(drop_free)", scale=-float(len(engine)), math=math)
    with compilations() as first:
        run = ot.run(BENCH, 1, engine, rule=rule)
    with compilations() as second:
        again = ot.run(BENCH, 1, engine, rule=rule)
    assert first.count("rule") == 1
    assert second == []
    assert again.events.equals(run.events)


def test_what_is_written_anew_each_time_is_compiled_once() -> None:
    """A function or lambda within a loop is another object each time, and the same rule."""
    with compilations() as names:
        found = [asked(lambda free, clamped, k, rate, nudge: free * 0.1171875) for _ in range(4)]
    assert names == ["change", "<lambda>"]  # what takes its arguments as a rule's, and it
    assert found == [0.5 * 0.1171875] * 4


Changing = tuple[RuleFunction, Callable[[float], None]]


def a_global() -> Changing:
    rule = source("return scale * drop_free", scale=1.0)
    return rule, lambda value: rule.__globals__.update(scale=value)


def an_enclosed_variable() -> Changing:
    scale = 1.0

    def rule(free: float, clamped: float, k: float, rate: float, nudge: float) -> float:
        return scale * free

    def change(value: float) -> None:
        nonlocal scale
        scale = value

    return rule, change


def a_default() -> Changing:
    def rule(
        free: float, clamped: float, k: float, rate: float, nudge: float, scale: float = 1.0
    ) -> float:
        return scale * free

    return rule, lambda value: setattr(rule, "__defaults__", (value,))


def an_array() -> Changing:
    scales = np.array([0.0, 1.0])
    rule = source("return scales[1] * drop_free", scales=scales)
    return rule, lambda value: scales.__setitem__(1, value)


def an_array_that_is_large() -> Changing:
    scales = np.ones(100_000)
    rule = source("return scales[99_999] * drop_free", scales=scales)
    return rule, lambda value: scales.__setitem__(99_999, value)


def a_module() -> Changing:
    settings = types.ModuleType("settings")
    settings.scale = 1.0  # type: ignore[attr-defined]
    rule = source("return settings.scale * drop_free", settings=settings)
    return rule, lambda value: setattr(settings, "scale", value)


def an_inner_function() -> Changing:
    rule = source("return (lambda x: scale * x)(drop_free)", scale=1.0)
    return rule, lambda value: rule.__globals__.update(scale=value)


def its_code() -> Changing:
    rule = source("return 1.0 * drop_free")

    def change(value: float) -> None:
        rule.__code__ = source(f"return {value!r} * drop_free").__code__

    return rule, change


@pytest.mark.parametrize(
    "changing",
    [
        a_global,
        an_enclosed_variable,
        a_default,
        an_array,
        an_array_that_is_large,
        a_module,
        an_inner_function,
        its_code,
    ],
)
def test_what_a_rule_depends_on_may_change(changing: Callable[[], Changing]) -> None:
    rule, change = changing()
    for value in (1.0, 2.5, -0.75, 1.0):
        change(value)
        assert rule(*ARGUMENTS) == value * 0.5
        assert answered(rule) in (None, value * 0.5)  # numba takes no default for a sixth argument


def test_constants_that_are_equal_and_differ_are_told_apart() -> None:
    """1 and 1.0 are equal to Python, and so are 0.0 and -0.0."""
    whole = source("return scale // 2 + 7 // (scale * 2)", scale=1)
    assert asked(whole) == 3.0
    real = source("return scale // 2 + 7 / (scale * 2)", scale=1.0)
    assert asked(real) == 3.5
    signs = [asked(source("return math.copysign(1, x)", math=math, x=x)) for x in (0.0, -0.0)]
    assert signs == [1.0, -1.0]


def test_a_compiled_function_that_a_rule_calls_may_be_another() -> None:
    for value in (1.0, 2.5):
        helper = njit(source(f"return {value!r} * drop_free"))
        rule = source(
            "return helper(drop_free, drop_clamped, conductance, learning_rate, nudge)",
            helper=helper,
        )
        assert asked(rule) == value * 0.5


def test_a_rule_defined_anew_is_another() -> None:
    for value in (1.0, 2.5, 1.0):
        assert asked(source(f"return {value!r} * drop_free")) == value * 0.5
