"""What stands in is told from all else by what it does, not by its name or its file."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.engine.streams import FloatArray, Streams
from ohmtick.scenarios.whole_digest import whole_digest

Rule = Callable[[float, float, float, float, float], float]
BASE = ot.load("breadboard-iii").replace(horizon=5.0)


def closed(factor: float) -> Rule:
    def rule(free: float, clamped: float, k: float, rate: float, nudge: float) -> float:
        return factor * (free - clamped)

    return rule


def typed(text: str, **names: Any) -> Any:
    """A function without a file."""
    return eval(text, {"__name__": "__main__", **names})


def defaults(factor: float) -> Any:
    def rule(a: float, b: float, c: float, d: float, e: float, factor: float = factor) -> float:
        return factor

    return rule


def keyword(factor: float) -> Any:
    def rule(a: float, b: float, c: float, d: float, e: float, *, factor: float = factor) -> float:
        return factor

    return rule


def scaled(
    factor: float, free: float, clamped: float, k: float, rate: float, nudge: float
) -> float:
    return factor * (free - clamped)


class Clock:
    """Ticks each second, from a start."""

    def __init__(self, start: Any) -> None:
        self.start = start

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[FloatArray]:
        yield np.arange(float(np.min(self.start)), horizon)

    def rule(self, free: float, clamped: float, k: float, rate: float, nudge: float) -> float:
        return float(self.start) * (free - clamped)

    @functools.cached_property
    def length(self) -> int:
        return 1


class Slotted:
    __slots__ = ("start",)

    def __init__(self, start: float) -> None:
        self.start = start


class Own(PeriodicClock):
    """A kind with a base class that Python does not copy."""


MAKERS: dict[str, Callable[[Any], Any]] = {
    "closure": closed,
    "compiled closure": lambda value: numba.njit(closed(value)),
    "default": defaults,
    "default by name": keyword,
    "constant": lambda value: typed(f"lambda free, clamped, k, rate, nudge: {value} * free"),
    "name": lambda value: typed("lambda a, b, c, d, e: factor * a", factor=value),
    "partial": lambda value: functools.partial(scaled, value),
    "partial by name": lambda value: functools.partial(scaled, nudge=value),
    "attribute": Clock,
    "nested attribute": lambda value: Clock({"list": [Clock(value)]}),
    "array": lambda value: Clock(np.full(2000, value)),
    "function in an attribute": lambda value: Clock(closed(value)),
    "drawn by a generator": lambda value: Clock(np.random.default_rng(int(4 * value))),
    "slot": Slotted,
    "method": lambda value: Clock(value).rule,
    "class": lambda value: type("Made", (Clock,), {"__module__": __name__, "start": value}),
    "setting": lambda value: Own(period=value),
}


@pytest.mark.parametrize("how", MAKERS)
def test_another_is_not_taken_for_the_same(how: str) -> None:
    one, same, other = (MAKERS[how](value) for value in (1.0, 1.0, 0.5))
    assert whole_digest(one) is not None
    assert whole_digest(one) == whole_digest(same)
    assert whole_digest(one) != whole_digest(other)


def test_the_function_that_is_called_counts() -> None:
    assert whole_digest(math.sin) != whole_digest(math.cos)
    assert whole_digest([1, 2].index) != whole_digest([1, 3].index)


@pytest.mark.parametrize("held", [threading.Lock(), (n for n in "ab")])
def test_what_cannot_be_told_has_no_digest(held: Any) -> None:
    assert whole_digest(Clock(held)) is None
    told = ot.run(BASE, seed=3, rule=typed("lambda a, b, c, d, e: 0.0 if held else 1.0", held=held))
    assert told.summary["stand_ins"]["rule"]["sha256"] is None


def test_what_was_computed_since_does_not_count() -> None:
    clock = Own(period=2.0)
    first = whole_digest(clock)
    clock.__dict__["computed"] = 1.0  # as a cached property has it
    assert whole_digest(clock) == first


def test_the_record_tells_them_apart() -> None:
    told = [
        ot.run(BASE, seed=3, rule=rule, clock=clock).summary["stand_ins"]
        for rule, clock in (
            (closed(1.0), Clock(1.0)),
            (closed(1.0), Clock(1.0)),
            (closed(-5.0), Clock(0.5)),
        )
    ]
    assert told[0] == told[1]
    for part in ("rule", "clock"):
        assert told[0][part]["name"] == told[2][part]["name"]
        assert told[0][part]["source_sha256"] == told[2][part]["source_sha256"]
        assert told[0][part]["sha256"] != told[2][part]["sha256"]


def test_another_closure_does_not_go_on_with_a_run() -> None:
    run = ot.run(BASE, seed=3, rule=closed(1.0))
    assert len(ot.resume(run, horizon=8.0, rule=closed(1.0)).events) > len(run.events)
    with pytest.raises(ot.OhmtickError, match="the 'rule' that stands in must be the one of"):
        ot.resume(run, horizon=8.0, rule=closed(-5.0))
