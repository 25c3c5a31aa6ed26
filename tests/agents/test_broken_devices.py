"""Devices that come to what no circuit can have are refused by name, by both engines alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import new_class
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.resistors import Resistor
from ohmtick.engine.errors import CircuitError

BENCH = ot.load("breadboard-iii").replace(horizon=20.0)


@pytest.fixture(autouse=True)
def _no_kinds_stay() -> Iterator[None]:
    with Resistor.family.restored():
        yield


def coming_to(last: float) -> Callable[..., float]:
    """A change that leaves the value alone twice, and then makes it something else."""

    def change(value: float, amount: float, state: Any, parameters: Any, draw: float) -> float:
        state[0] += 1.0
        return last if state[0] == 3.0 else value

    return change


def conducting(last: float) -> Callable[..., float]:
    """What a device conducts: something else from the value 3 on."""

    def conductance(value: float, parameters: Any) -> float:
        return last if value == 3.0 else 1e-4

    return conductance


def interpreted(function: Callable[..., float]) -> Callable[..., float]:
    """The same, which numba cannot compile."""

    def called(*numbers: Any) -> float:
        return function(*numbers)

    if function.__code__.co_argcount == 2:
        return lambda value, parameters: called(value, *[parameters])
    return lambda value, amount, state, parameters, draw: called(
        value, *[amount, state, parameters, draw]
    )


def bench(change: Callable[..., float], conductance: Any, start: float) -> ot.Scenario:
    """A bench whose devices are of a kind of our own."""
    members: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": "Broken",
        "starts": lambda self, edges, streams: np.full(edges.size, start),
        "change": staticmethod(change),
    }
    if conductance is not None:
        members["conductance"] = staticmethod(conductance)
    own: Any = {"kind": "broken", "units": ("steps",), "state_size": 1}
    new_class("Broken", (Resistor,), own, lambda space: space.update(members))
    return BENCH.replace(**{"edges.resistor": {"kind": "broken"}})


def third_actuation() -> tuple[int, float]:
    """The first edge that actuates for the third time, and when, s: clocks ask no device."""
    events = ot.run(BENCH, seed=1).events
    third = events[events.groupby("edge").cumcount() == 2].iloc[0]
    return int(third["edge"]), float(third["time_s"])


CONDUCTANCE = "conductance of the resistor 'broken' must be finite and not negative, got {} S"
VALUE = "value of the resistor 'broken' must be finite, got {}"
CASES = [
    (coming_to(math.nan), None, 1e-4, VALUE, math.nan),
    (coming_to(math.inf), None, 1e-4, VALUE, math.inf),
    (coming_to(-1e-4), None, 1e-4, CONDUCTANCE, -1e-4),
    (coming_to(3.0), conducting(math.nan), 2.0, CONDUCTANCE, math.nan),
    (coming_to(3.0), conducting(math.inf), 2.0, CONDUCTANCE, math.inf),
    (coming_to(3.0), conducting(-1.0), 2.0, CONDUCTANCE, -1.0),
    (coming_to(math.nan), conducting(-1.0), 2.0, VALUE, math.nan),
]


@pytest.mark.parametrize(("change", "conductance", "start", "rule", "got"), CASES)
def test_a_device_that_breaks_is_refused_by_name(
    change: Any, conductance: Any, start: float, rule: str, got: float
) -> None:
    edge, time = third_actuation()
    scenario = bench(change, conductance, start)
    for engine in ("simpy", "compiled"):
        with pytest.raises(CircuitError) as caught:
            ot.run(scenario, 1, engine)
        assert str(caught.value) == f"the {rule.format(got)} at edge {edge}, {time} s"


@pytest.mark.parametrize(("change", "conductance", "start", "rule", "got"), CASES)
def test_so_is_one_that_numba_cannot_compile(
    change: Any, conductance: Any, start: float, rule: str, got: float
) -> None:
    edge, time = third_actuation()
    scenario = bench(interpreted(change), conductance and interpreted(conductance), start)
    with pytest.raises(CircuitError) as caught:
        ot.run(scenario, 1)
    assert str(caught.value) == f"the {rule.format(got)} at edge {edge}, {time} s"


def test_a_device_that_raises_is_named() -> None:
    edge, time = third_actuation()

    def change(value: float, *others: Any) -> float:
        others[1][0] += 1.0
        return value + (1.0 / 0.0 if others[1][0] == 3.0 else 0.0)

    with pytest.raises(ot.OhmtickError) as caught:
        ot.run(bench(interpreted(change), None, 1e-4), 1)
    cause = caught.value.__cause__
    while cause is not None and cause.__cause__ is not None:  # SimPy raises anew what is raised
        cause = cause.__cause__
    assert isinstance(cause, ZeroDivisionError)
    named = f"the resistor 'broken' raised {type(cause).__name__}: {cause}"
    assert str(caught.value) == f"{named} at edge {edge}, {time} s"


def _raising(value: float, parameters: Any) -> float:
    return 1.0 / 0.0


def test_what_raises_at_the_start_is_named() -> None:
    with pytest.raises(ot.OhmtickError, match=r"^the resistor 'broken' raised ZeroDivisionError"):
        ot.run(bench(coming_to(1.0), interpreted(_raising), 1.0), 1)
