"""Two engines, one truth: whatever runs, their logs are equal bit for bit in every column."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.agents import schedule, timing
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.agents.edge import EdgeAgent, Reading
from ohmtick.agents.kernels import RuleFunction
from ohmtick.agents.resistors.digital_potentiometer import DigitalPotentiometer
from ohmtick.engine.compiled import simulation as compiled
from ohmtick.engine.compiled.simulation import CompiledSimulation
from ohmtick.engine.records.run import Run
from ohmtick.engine.simulation import Simulation, Watched
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.build import build
from ohmtick.scenarios.scenario import library
from ohmtick.scenarios.stand_ins import StandIns
from ohmtick.tests.driven import assert_engines_agree, assert_equal

#: Of a hundred examples, so many: each is a simulation or two.
EXAMPLES = settings().max_examples

BENCH = ot.load("breadboard-iii")
SIEMENS = {
    "edges.rule": {"kind": "coupled_learning", "learning_rate": 0.5},
    "edges.resistor": {"kind": "continuous", "k_min": 1e-3, "k_max": 1e3},
}


# --- random scenarios ----------------------------------------------------------------------------


def numbered(nodes: int) -> list[str]:
    return [str(node) for node in range(nodes)]


@st.composite
def circuits(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    """Draw a circuit's table, and its labels."""
    kind = draw(
        st.sampled_from(["breadboard", "square_lattice", "random", "delaunay", "edge_list"])
    )
    if kind == "breadboard":
        return {"kind": kind}, [str(label) for label in range(1, 10)]
    if kind == "square_lattice":
        periodic = draw(st.booleans())
        rows, cols = draw(st.tuples(*[st.integers(3 if periodic else 2, 5)] * 2))
        table = {"kind": kind, "rows": rows, "cols": cols, "periodic": periodic}
        return table, numbered(rows * cols)
    if kind == "edge_list":
        nodes = draw(st.integers(3, 8))
        tree = [(draw(st.integers(0, node - 1)), node) for node in range(1, nodes)]
        ends = st.tuples(*[st.integers(0, nodes - 1)] * 2).filter(lambda pair: pair[0] != pair[1])
        pairs = tree + draw(st.lists(ends, max_size=8)) + tree[: draw(st.integers(0, 3))]
        named = [f"n{node}" for node in range(nodes)]
        return {"kind": kind, "edges": [[named[a], named[b]] for a, b in pairs]}, named
    nodes = draw(st.integers(6, 40))
    table = {"kind": kind, "nodes": nodes}
    if kind == "random":
        table["edges"] = draw(st.integers(nodes - 1, 2 * nodes))
    return table, numbered(nodes)


@st.composite
def roles(draw: st.DrawFn, labels: list[str]) -> tuple[list[str], list[str]]:
    """Draw sources and targets."""
    names = draw(st.permutations(labels))
    wanted = draw(st.integers(1, min(3, len(names) - 2)))
    held = draw(st.integers(2, min(5, len(names) - wanted)))
    return names[:held], names[held : held + wanted]


@st.composite
def tasks(draw: st.DrawFn, sources: list[str], targets: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["allostery", "linear_regression", "classification"]))
    volts = st.floats(-5.0, 5.0)
    if kind == "allostery":
        return {
            "kind": kind,
            "sources": {name: draw(volts) for name in sources},
            "targets": {name: draw(volts) for name in targets},
        }
    if kind == "linear_regression":
        return {
            "kind": kind,
            "inputs": sources[1:],
            "ground": sources[:1],
            "targets": targets,
            "data": draw(st.integers(1, 12)),
            "test": draw(st.integers(1, 12)),
        }
    features = ["sepal length", "sepal width", "petal length", "petal width"]
    return {
        "kind": kind,
        "inputs": dict(zip(sources[1:], features, strict=False)),
        "fixed": {sources[0]: draw(volts)},
        "targets": targets,
        "training": draw(st.sampled_from([9, 30])),
        "scaling": draw(st.sampled_from(["feature", "common"])),
        "separation": draw(st.sampled_from([1.0, 1.25])),
    }


RELATIVE = st.sampled_from([0.0, 0.05, 0.7])  # the last is cut often
PERIOD = st.sampled_from([1.0, 0.4, 0.77])
POPULATION = {
    "period": PERIOD,
    "spread": RELATIVE,
    "gate": st.sampled_from([1.0, 0.5, 0.0]),
    "gate_ticks": st.sampled_from([1, 3]),
}
PERIODIC = {
    "kind": st.just("periodic"),
    "phase": st.sampled_from(["aligned", "uniform", "staggered"]),
}
CLOCKS = st.one_of(
    st.fixed_dictionaries(PERIODIC),  # lockstep, and other ticks that all lie on one grid
    st.fixed_dictionaries(PERIODIC, optional=POPULATION | {"jitter": RELATIVE, "wander": RELATIVE}),
    st.fixed_dictionaries({"kind": st.just("poisson")}, optional=POPULATION),
)
RATES = {"learning_rate": st.sampled_from([1e-6, 1e-3, 1.0, 50.0])}
STEPS = st.one_of(
    st.just({"kind": "sign"}),
    st.fixed_dictionaries({"kind": st.just("dead_zone"), "width": st.sampled_from([0.0, 0.03])}),
)
CHANGES = st.one_of(
    st.fixed_dictionaries({"kind": st.just("coupled_learning"), **RATES}),
    st.fixed_dictionaries({"kind": st.just("momentum"), **RATES}),
)
RESISTORS = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("continuous"), "start": st.sampled_from(["random", 1e-4, 1.0])},
        optional={"step": st.sampled_from([0.1, 781.25, 1e5])},
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("digital_potentiometer"),
            "positions": st.sampled_from([2, 7, 128]),
            "spacing": st.sampled_from(["linear", "logarithmic"]),
            "full_scale": st.sampled_from([2.0, 100e3]),
            "start": st.sampled_from(["random", "middle", 1]),
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("fixed"), "conductance_S": st.sampled_from([1e-4, 1.0])}
    ),
)
MEMRISTORS = st.fixed_dictionaries(
    {"kind": st.just("memristor"), "window": st.sampled_from([0.0, 1.0])},
    optional={"device_spread": st.just(0.3), "cycle_spread": st.just(0.5)},
)
LEARNING = st.one_of(
    st.fixed_dictionaries({"rule": CHANGES, "resistor": RESISTORS}),
    st.fixed_dictionaries({"rule": STEPS, "resistor": st.one_of(RESISTORS, MEMRISTORS)}),
)
LATENCIES = st.sampled_from(
    [
        {},
        {"latency": 0.1},
        {"latency": 0.4, "latency_jitter": 0.3},
        {"latency": 1.0},  # ties with the next tick, for a period of 1
        {"latency": 6.3, "latency_jitter": 0.2},
    ]
)
COMPARATORS = st.fixed_dictionaries({}, optional={"offset": st.just(0.01), "noise": st.just(0.003)})
#: The rest of them is drawn in tests/scenarios/test_groups.py.
GROUPS = st.one_of(
    st.just(()),
    st.fixed_dictionaries(
        {"fraction": st.sampled_from([0.2, 0.7])}, optional={"clock": CLOCKS, "batch": st.just(2)}
    ).flatmap(lambda group: LEARNING.map(lambda learning: ({**group, **learning},))),
)
SUPERVISORS = st.fixed_dictionaries(
    {},
    optional={
        "nudge": st.sampled_from([1e-3, 0.5, 1.0]),
        "order": st.sampled_from(["cyclic", "shuffled", "random"]),
        "period": st.sampled_from([0.3, 1.0, 2.5]),
        "jitter": RELATIVE,
    },
)


@st.composite
def schedules(
    draw: st.DrawFn, sources: list[str], targets: list[str], rule: dict[str, Any]
) -> list[dict[str, Any]]:
    """Draw changes of a task, of its presentation and of a rule; some lie beyond the horizon."""
    shuffled = st.permutations(sources).flatmap(
        lambda first: st.permutations(targets).flatmap(lambda second: tasks(first, second))
    )
    rules = CHANGES if "learning_rate" in rule else STEPS
    changes = st.fixed_dictionaries(
        {"supervisor": SUPERVISORS},
        optional={"task": shuffled, "edges": st.fixed_dictionaries({"rule": rules})},
    )
    times = draw(st.lists(st.sampled_from([0.4, 1.0, 2.7, 4.0, 9.0]), max_size=3, unique=True))
    return [{"at": time, **draw(changes)} for time in sorted(times)]


@st.composite
def scenarios(draw: st.DrawFn) -> ot.Scenario:
    circuit, labels = draw(circuits())
    sources, targets = draw(roles(labels))
    learning = draw(LEARNING)
    probe: dict[str, Any] | None = None
    if (period := draw(st.sampled_from([None, 1.0, 0.37]))) is not None:
        nodes = draw(st.lists(st.sampled_from(labels), max_size=2, unique=True))
        probe = {"period": period, "power": draw(st.booleans()), "nodes": nodes}
    table: dict[str, Any] = {
        "horizon": draw(st.sampled_from([3.0, 8.21, 15.0])),
        "circuit": circuit,
        "task": draw(tasks(sources, targets)),
        "edges": {
            **learning,
            "groups": draw(GROUPS),
            "clock": draw(CLOCKS),
            "comparator": draw(COMPARATORS),
            "batch": draw(st.sampled_from([1, 1, 2, 5])),
            **draw(LATENCIES),
        },
        "supervisor": draw(SUPERVISORS),
        "probe": probe,
        "schedule": draw(schedules(sources, targets, learning["rule"])),
    }
    return ot.Scenario(**table)


SEEDS = st.integers(0, 2**40)


@settings(max_examples=EXAMPLES // 2)
@given(scenarios(), SEEDS)
def test_the_engines_agree_on_random_scenarios(scenario: ot.Scenario, seed: int) -> None:
    assert_engines_agree(scenario, seed)


@settings(max_examples=EXAMPLES // 5)
@given(scenarios(), SEEDS, st.integers(1, 9), st.integers(2, 20))
def test_blocks_and_chunks_of_any_size_change_nothing(
    scenario: ot.Scenario, seed: int, rows: int, ahead: int
) -> None:
    """The compiled loop turns to Python at other moments, and for something else each time."""
    whole = ot.run(scenario, seed, "compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "CHUNK_ROWS", rows)
        patch.setattr(compiled, "BLOCK", 1 + rows // 2)
        patch.setattr(schedule, "MOST_AHEAD", ahead)
        assert_equal(whole, ot.run(scenario, seed, "compiled"))


@settings(max_examples=EXAMPLES // 10)
@given(scenarios(), SEEDS)
def test_a_probe_changes_no_row(scenario: ot.Scenario, seed: int) -> None:
    without = ot.run(scenario.replace(probe=None), seed, "compiled")
    often = ot.run(scenario.replace(probe={"period": 0.093}), seed, "compiled")
    assert len(often.probes) > len(without.probes) == 0
    assert_frame_equal(without.events, often.events, check_exact=True)
    assert without.conductances.tobytes() == often.conductances.tobytes()


@pytest.mark.parametrize("name", library())
def test_the_engines_agree_on_the_library(name: str) -> None:
    run = assert_engines_agree(ot.load(name).replace(horizon=12.0), seed=8)
    assert len(run.events) > 30


# --- what random scenarios seldom hold -----------------------------------------------------------


def test_a_horizon_cuts_readings_in_flight() -> None:
    scenario = BENCH.replace(**{"edges.latency": 4.5, "edges.latency_jitter": 0.3, "horizon": 9.0})
    run = assert_engines_agree(scenario, seed=2)
    assert run.events["sensed_s"].max() < 9.0 - 1.0
    assert len(run.events) == run.summary["updates"] < 16 * 7


def test_more_readings_in_flight_than_there_is_room_for_at_first() -> None:
    """Room is made for 64; with a latency of 100 periods, 1600 fly, and most of them tie."""
    for clock in ({"kind": "periodic"}, {"kind": "poisson"}):
        changes = {"edges.clock": clock, "edges.latency": 100.0, "horizon": 130.0}
        run = assert_engines_agree(BENCH.replace(**changes), seed=4)
        assert run.events["staleness"].max() > 64
        jittered = BENCH.replace(**changes, **{"edges.latency_jitter": 0.3})
        assert_engines_agree(jittered, seed=4)


def test_a_large_lattice() -> None:
    """Factors of many panels: walks, refactorisations and whole solutions all take part."""
    for clock in ({"kind": "periodic"}, {"kind": "periodic", "phase": "uniform", "jitter": 0.1}):
        scenario = ot.load("lattice-regression").replace(
            **{
                "circuit": {"kind": "square_lattice", "rows": 24, "cols": 24},
                "edges.clock": clock,
                "probe.period": 0.7,
                "horizon": 4.0,
            }
        )
        assert_engines_agree(scenario, seed=5)


def test_the_engines_agree_on_disk(tmp_path: Any) -> None:
    scenario = BENCH.replace(horizon=40.0)
    stored = [
        ot.run(scenario, 3, engine, out=tmp_path / engine) for engine in ("simpy", "compiled")
    ]
    assert_equal(*stored)
    assert_equal(ot.open_run(tmp_path / "compiled"), ot.run(scenario, 3, "compiled"))


# --- stand-ins -----------------------------------------------------------------------------------


def saturating(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    contrast = drop_free**2 - drop_clamped**2
    return learning_rate * math.exp(-conductance) * math.tanh(contrast / nudge)


def thresholded(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    """Steps of any size, of both signs, and none: halves and quarters to round, too."""
    difference = abs(drop_clamped) - abs(drop_free)
    if abs(difference) < 0.01:
        return 0.0
    return 0.25 * round(40.0 * difference)


def whole_steps(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    """Ints, as the signature of a rule lets a function return."""
    return 3 if abs(drop_clamped) > abs(drop_free) else -2


def sometimes_whole(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return 0 if drop_free > drop_clamped else 0.6


def a_comparison(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return abs(drop_clamped) > abs(drop_free)


def enormous(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return 1e30 if abs(drop_clamped) > abs(drop_free) else -1e30


USER_RULES = [saturating, thresholded, whole_steps, sometimes_whole, a_comparison, enormous]
DEVICES = {
    "continuous, siemens": SIEMENS,
    "continuous, steps": {"edges.resistor": {"kind": "continuous", "start": 1e-4}},
    "positions, steps": {},
    "positions, siemens": {
        **SIEMENS,
        "edges.resistor": DigitalPotentiometer(full_scale=3.0, positions=20).model_dump(),
    },
}


@pytest.mark.parametrize("rule", USER_RULES)
@pytest.mark.parametrize("devices", DEVICES)
def test_a_rule_of_the_users(rule: RuleFunction, devices: str) -> None:
    run = assert_engines_agree(BENCH.replace(**DEVICES[devices], horizon=12.0), seed=6, rule=rule)
    assert np.ptp(run.events["conductance_after_S"]) > 0.0


def test_a_rule_of_the_users_does_what_it_says() -> None:
    """Compiled or not, a rule returns what Python says that it does."""
    events = ot.run(BENCH.replace(horizon=12.0), 6, "compiled", rule=whole_steps).events
    free, clamped = events["drop_free_V"].to_numpy(), events["drop_clamped_V"].to_numpy()
    before = 1.0 / events["conductance_before_S"].to_numpy()
    step = np.where(np.abs(clamped) > np.abs(free), 3.0, -2.0) * 781.25
    expected = 1.0 / np.clip(before + step, 781.25, 100e3)
    np.testing.assert_allclose(events["conductance_after_S"], expected, rtol=1e-12)


def test_a_rule_that_is_compiled_already() -> None:
    scenario = BENCH.replace(**SIEMENS, horizon=12.0)
    run = assert_engines_agree(scenario, seed=6, rule=njit(saturating))
    assert_equal(run, ot.run(scenario, 6, rule=saturating))


class Bursts:
    """A clock of lists: short ones, empty ones, the same instant twice, and at last an end."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float]]:
        yield []
        yield [0.0, 0.25 * edge, 0.25 * edge]
        yield []
        if edge == 3:
            return
        for count in range(40):
            draws = streams.uniforms("test.bursts", edge, 8 * count, 8)
            yield [4.0 + count, *sorted((4.0 + count + draws).tolist())]


class Never:
    """A clock that lets half of the edges rest."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float]]:
        if edge % 2:
            yield [0.5, 1.5, math.inf]


class Late(PeriodicClock):
    """A built-in clock that runs late, in a class of its own."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[NDArray[np.float64]]:
        for times in super().ticks(edge, edges, streams, horizon):
            yield times + 0.25


def test_a_subclass_of_a_clock_ticks_as_it_says() -> None:
    run = assert_engines_agree(BENCH.replace(horizon=20.0), clock=Late())
    assert set(run.events["sensed_s"]) == {n + 0.25 for n in range(20)}


@pytest.mark.parametrize("clock", [Bursts(), Never()])
def test_a_clock_of_the_users(clock: Any) -> None:
    for latency in (0.0, 0.2, 7.0):
        scenario = BENCH.replace(**{"edges.latency": latency, "horizon": 20.0})
        run = assert_engines_agree(scenario, seed=1, clock=clock)
        assert len(run.events) > 10


class Lazy(EdgeAgent):
    def decide(self, drop_free: float, drop_clamped: float) -> float:
        return 0.0


def by_string(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return float(f"{drop_free - drop_clamped:.3f}")


ODD = Lazy


def unknown_type(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return 1.0 if ODD is None else -1.0


class Stateful:
    """A rule that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(
        self,
        drop_free: float,
        drop_clamped: float,
        conductance: float,
        learning_rate: float,
        nudge: float,
    ) -> float:
        self.asked += 1
        return 1.0 if self.asked % 3 else -1.0


A_RULE = r"a rule that numba cannot compile \(numba: "
UNCOMPILED: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "agent": (lambda: {"agent": Lazy}, "an edge of another class than EdgeAgent"),
    "rule": (lambda: {"rule": by_string}, A_RULE + r"\S.*\)"),
    "object": (lambda: {"rule": Stateful()}, A_RULE + r"The decorated object is not a function.*"),
    "method": (lambda: {"rule": Stateful().__call__}, A_RULE + r"\S.*\)"),
    "type": (lambda: {"rule": unknown_type}, A_RULE + r"Untyped global name 'ODD'.*\)"),
}


@pytest.mark.parametrize("what", UNCOMPILED)
def test_what_cannot_be_compiled_is_refused_or_left_to_simpy(what: str) -> None:
    scenario = BENCH.replace(horizon=5.0)
    stand_in, message = UNCOMPILED[what]
    with pytest.raises(ot.OhmtickError, match=rf"compiled engine cannot run {message}"):
        ot.run(scenario, 1, "compiled", **stand_in())
    automatic = ot.run(scenario, 1, **stand_in())
    assert automatic.summary["engine"] == "simpy"
    assert re.fullmatch(message, automatic.summary["not_compiled"])
    assert_equal(automatic, ot.run(scenario, 1, "simpy", **stand_in()))


def test_auto_takes_the_compiled_engine_where_it_can() -> None:
    scenario = BENCH.replace(horizon=5.0)
    assert ot.run(scenario).summary["engine"] == "compiled"
    assert ot.run(scenario, rule=saturating).summary["engine"] == "compiled"
    assert ot.run(scenario, clock=Bursts()).summary["engine"] == "compiled"


# --- mistakes ------------------------------------------------------------------------------------


def both_errors(**stand_ins: Any) -> list[str]:
    """The messages of both engines."""
    messages = []
    for engine in ("simpy", "compiled"):
        with pytest.raises(ot.OhmtickError) as caught:
            ot.run(BENCH.replace(horizon=20.0), 1, engine, **stand_ins)
        messages.append(str(caught.value))
    return messages


def not_a_number(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return math.nan if conductance > 1e-4 else -1.0


def divided_by_zero(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return 1.0 / (conductance - conductance)


@pytest.mark.parametrize("rule", [not_a_number, divided_by_zero])
def test_a_change_that_is_not_finite_is_refused_alike(rule: RuleFunction) -> None:
    simpy, compiled_ = both_errors(rule=rule)
    assert re.fullmatch(r"the change that the rule asks for must be finite, got .* s", simpy)
    assert compiled_ == simpy


def test_a_rule_of_the_wrong_arguments_is_refused_alike() -> None:
    simpy, compiled_ = both_errors(rule=lambda free, clamped: 1.0)
    assert simpy == compiled_
    assert simpy.endswith("learning_rate, nudge), got one that takes (free, clamped)")


def raising(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    if conductance > 1e-4:
        raise ValueError("this edge has had enough")
    return -1.0


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_an_error_raised_by_a_rule_arrives(engine: str) -> None:
    with pytest.raises(ValueError, match="this edge has had enough"):
        ot.run(BENCH.replace(horizon=20.0), 1, engine, rule=raising)


class Mistaken:
    """A clock that is right for every edge but one."""

    def __init__(self, *blocks: Sequence[float]) -> None:
        self.blocks = blocks

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float]]:
        yield from self.blocks if edge == 5 else [[0.5], [1.5, 2.5, 30.0]]


@pytest.mark.parametrize(
    "clock",
    [
        Mistaken([1.0, 2.0, 1.75, 3.0]),
        Mistaken([1.0, 2.0], [1.75, 3.0]),
        Mistaken([1.0, math.nan, 3.0]),
        Mistaken([1.0, 2.0], [math.nan]),
        Mistaken([-0.5, 1.0]),
        Mistaken([math.nan, 1.0]),
    ],
    ids=["back", "back-later", "nan", "nan-later", "before-0", "nan-first"],
)
def test_a_clock_that_goes_backwards_is_refused_alike(clock: Mistaken) -> None:
    simpy, compiled_ = both_errors(clock=clock)
    assert re.fullmatch(
        r"the time of the next sense of agent 5 must not lie before the present .* s, "
        r"got .* s instead",
        simpy,
    )
    assert compiled_ == simpy


def test_a_clock_may_go_backwards_beyond_the_horizon() -> None:
    assert_engines_agree(BENCH.replace(horizon=20.0), clock=Mistaken([1.0, 25.0, 3.0]))


class Standing:
    """A clock that comes to a time and stays there, a block of ticks at a time."""

    def __init__(self, block: int, time: float = 3.5) -> None:
        self.block, self.time = block, time

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float]]:
        yield [1.0, 2.0]
        while edge == 5:
            yield [self.time] * self.block


@pytest.mark.parametrize("block", [1, 7, timing.MOST_AT_ONCE + 1])
def test_a_clock_that_stands_still_is_refused_alike(block: int) -> None:
    simpy, compiled_ = both_errors(clock=Standing(block))
    assert simpy == (
        "the ticks of a Standing must go on, with at most 10000 of them at one instant, "
        "got more at 3.5 s for edge 5"
    )
    assert compiled_ == simpy


class Mute:
    """A clock that goes on, and never ticks again."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[Sequence[float]]:
        yield [1.0, 2.0]
        while edge == 5:
            yield []


def test_a_clock_that_never_ticks_again_is_refused_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "MOST_EMPTY", 1000)
    simpy, compiled_ = both_errors(clock=Mute())
    assert simpy == (
        "the ticks of a Mute must go on, with at most 1000 lists in a row that are empty, "
        "got more for edge 5"
    )
    assert compiled_ == simpy


@pytest.mark.parametrize(
    "blocks",
    [
        [[0.5] * 10_001 + [1.0]],
        [[0.25] + [0.5] * 10_001 + [1.0]],
        [[0.25] + [0.5] * 6_000, [], [0.5] * 4_001 + [1.0]],
    ],
)
def test_too_many_ticks_at_one_instant_are_refused_wherever_they_stand(
    blocks: list[list[float]],
) -> None:
    said = "at most 10000 of them at one instant, got more at 0.5 s for edge 5"
    simpy, compiled_ = both_errors(clock=Mistaken(*blocks))
    assert simpy.endswith(said)
    assert compiled_ == simpy


def test_a_clock_may_stand_still_from_the_horizon_on() -> None:
    assert_engines_agree(BENCH.replace(horizon=20.0), clock=Standing(3, 20.0))


def test_an_edge_may_tick_as_often_as_allowed_at_one_instant() -> None:
    often = timing.MOST_AT_ONCE // 2
    clock = Mistaken([1.0] * often, [1.0] * often, [2.0])
    run = assert_engines_agree(BENCH.replace(horizon=20.0), clock=clock)
    assert (run.events["edge"] == 5).sum() == 2 * often + 1


# --- watching, stopping, and side by side ---------------------------------------------------------


class Stops:
    """A watcher that writes down what it sees, and stops the run at one of its calls."""

    def __init__(self, call: int | None = None) -> None:
        self.call = call
        self.seen: list[tuple[Any, ...]] = []

    def __call__(self, simulation: Any) -> None:
        state = simulation.twin.conductances.tobytes()
        self.seen.append((simulation.now, simulation.updates, simulation.probe, state))
        if len(self.seen) - 1 == self.call:
            simulation.stop()


@st.composite
def watched(draw: st.DrawFn) -> ot.Scenario:
    """Draw a scenario with probes, at the horizon too perhaps, and edges that are cut perhaps."""
    faults = {"effect": "cut", "time": draw(st.sampled_from([0.0, 1.0, 2.6])), "interval": 0.5}
    scenario = draw(scenarios()).replace(
        **{"probe": {"period": draw(st.sampled_from([1.0, 0.37, 2.5]))}, "edges.faults": faults}
    )
    cut = scenario.replace(**{"edges.faults.fraction": draw(st.sampled_from([0.0, 0.1, 0.2]))})
    try:
        build(cut, 0, "compiled")
    except ot.OhmtickError:  # so many cannot be cut
        return scenario
    return cut


@settings(max_examples=EXAMPLES // 5)
@given(watched(), st.integers(0, 9))
def test_the_engines_are_watched_and_stop_at_the_same_events(
    scenario: ot.Scenario, call: int
) -> None:
    whole = ot.run(scenario, 0, "compiled")
    watchers = {engine: Stops(call) for engine in ("simpy", "compiled")}
    runs = [ot.run(scenario, 0, engine, watch=watch) for engine, watch in watchers.items()]
    assert_equal(*runs)
    seen = watchers["simpy"].seen
    assert repr(seen) == repr(watchers["compiled"].seen)  # NaN, of no classes, equals nothing
    rows = whole.probes.to_dict("records")[: max(0, min(call, len(whole.probes)))]
    shown = [None, *rows, rows[-1] if rows else None]
    assert repr([probe for _, _, probe, _ in seen]) == repr(shown)
    run = runs[1]
    assert repr(run.probes.to_dict("records")) == repr(rows)
    assert_frame_equal(run.events, whole.events.iloc[: len(run.events)], check_exact=True)
    if call > len(whole.probes):  # to the end: a stop is then none
        assert_equal(run, whole)
        return
    assert run.summary["interrupted"]
    assert run.summary["simulated_s"] == (rows[-1]["time_s"] if rows else 0.0)
    assert run.summary["updates"] == len(run.events) == (rows[-1]["updates"] if rows else 0)


@pytest.mark.parametrize("block", [1, 3])
def test_a_probe_is_seen_wherever_it_is_kept(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(compiled, "BLOCK", block)
    watch = Stops()
    scenario = BENCH.replace(horizon=10.5, **{"probe.period": 0.9})
    run = ot.run(scenario, 1, "compiled", watch=watch)
    assert [probe for _, _, probe, _ in watch.seen[1:-1]] == run.probes.to_dict("records")
    assert len(run.probes) == 12


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_run_without_probes_is_watched_at_its_start_and_end(engine: str) -> None:
    watch = Stops()
    run = ot.run(BENCH.replace(horizon=500.0, probe=None), 1, engine, watch=watch)
    (start, *_, none, _), (end, *_) = watch.seen
    assert (start, none, len(watch.seen)) == (0.0, None, 2)
    assert run.events["time_s"].iloc[-1] <= end < 500.0


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_poll_sees_the_start_and_the_end_and_changes_nothing(engine: str) -> None:
    scenario = BENCH.replace(horizon=400.0)
    poll = Stops()
    run = ot.run(scenario, 1, engine, poll=poll)
    assert_equal(run, ot.run(scenario, 1, engine))
    assert poll.seen[0][:2] == (0.0, 0)
    assert poll.seen[-1][1] == run.summary["updates"]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_poll_may_stop_a_run_which_says_so(engine: str) -> None:
    def enough(simulation: Watched) -> None:
        if simulation.updates > 3000:
            simulation.stop()

    scenario = BENCH.replace(horizon=1e6)
    run = ot.run(scenario, 1, engine, poll=enough)
    assert run.summary["interrupted"]
    assert run.summary["simulated_s"] < 1e6
    whole = ot.run(scenario.replace(horizon=run.summary["simulated_s"] + 10.0), 1, engine)
    assert_frame_equal(run.events, whole.events.iloc[: len(run.events)], check_exact=True)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_stopped_run_is_a_prefix_of_the_whole(engine: str) -> None:
    scenario = BENCH.replace(**{"edges.latency": 2.2, "edges.clock.period": 0.2})
    whole = ot.run(scenario, 7, engine)

    def stop_soon(simulation: Watched) -> None:
        if simulation.updates > 3000:
            simulation.stop()

    part = ot.run(scenario, 7, engine, watch=stop_soon)
    count = part.summary["updates"]
    assert part.summary["interrupted"]
    assert not whole.summary["interrupted"]
    assert 3000 < count == len(part.events) < len(whole.events)
    assert_frame_equal(part.events, whole.events.iloc[:count], check_exact=True)
    probes = len(part.probes)
    assert_frame_equal(part.probes, whole.probes.iloc[:probes], check_exact=True)
    ended = part.summary["simulated_s"]
    assert part.events["time_s"].iloc[-1] <= ended <= whole.events["time_s"].iloc[count]
    last = part.events.groupby("edge")["conductance_after_S"].last()
    assert part.conductances.tolist() == last.tolist()


class StopsTheRun(EdgeAgent):
    """An edge that ends the run when it has sensed for the fortieth time."""

    count = 0

    def sense(self, simulation: Simulation) -> Reading | None:
        StopsTheRun.count += 1
        if StopsTheRun.count == 40:
            simulation.stop()
        return super().sense(simulation)


@pytest.mark.parametrize("phase", ["uniform", "aligned"])
def test_a_run_stopped_while_an_edge_senses_ends_there(phase: str) -> None:
    StopsTheRun.count = 0
    scenario = BENCH.replace(**{"edges.clock.phase": phase, "edges.clock.jitter": 0.0})
    whole = ot.run(scenario, 7).events
    run = ot.run(scenario, 7, agent=StopsTheRun)
    before = whole["sensed_s"].sort_values().iloc[39]
    expected = 39 if phase == "uniform" else int((whole["time_s"] < before).sum())
    assert run.summary["updates"] == len(run.events) == expected


def test_a_datum_that_the_loop_presented_is_the_networks() -> None:
    twins = []
    for engine in ("simpy", "compiled"):
        experiment = build(BENCH.replace(horizon=20.0), 1, engine)
        experiment.simulation.run()
        experiment.simulation.twin.present(desired=[1.5, 2.5])
        twins.append([experiment.simulation.twin.drops(edge) for edge in range(16)])
    assert twins[0] == twins[1]
    assert max(abs(free) for free, _ in twins[0]) > 0.5


def test_a_run_stopped_before_it_began() -> None:
    for engine in ("simpy", "compiled"):
        run = ot.run(BENCH, 7, engine, watch=lambda simulation: simulation.stop())
        assert run.summary["interrupted"]
        assert run.summary["updates"] == len(run.events) == 0
        assert run.conductances.tolist() == run.edges["conductance_start_S"].tolist()


def test_an_error_of_the_watchers_ends_the_run() -> None:
    def interrupt(simulation: Watched) -> None:
        if simulation.updates:
            raise KeyboardInterrupt

    for engine in ("simpy", "compiled"):
        with pytest.raises(KeyboardInterrupt):
            ot.run(BENCH, 7, engine, watch=interrupt)


def test_runs_in_two_threads_are_those_one_after_the_other() -> None:
    scenario = BENCH.replace(horizon=3000.0)

    def with_seed(seed: int) -> Run:
        return ot.run(scenario, seed, "compiled")

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(with_seed, range(4)))
    for seed, run in enumerate(together):
        assert_equal(run, with_seed(seed))


# --- long runs -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_engines_agree_through_checks_of_the_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """250 000 changes are two checks of Kirchhoff's law, which may refactorize."""
    checks = []

    class Counted(ot.TwinNetwork):
        def check(self) -> None:
            checks.append(self.refactorizations)
            super().check()

    monkeypatch.setattr("ohmtick.engine.networks.mismatch.TwinNetwork", Counted)
    scenario = BENCH.replace(**SIEMENS, **{"probe.period": 100.0, "horizon": 15_700.0})
    assert assert_engines_agree(scenario, seed=1, rule=around).summary["updates"] > 250_000
    assert len(checks) == 4  # two of each engine


def around(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    """Ask for any conductance from 1e-2 to 1e2 S: no fall of these makes the factor anew."""
    draw = math.sin(12.9898 * conductance + 7823.3 * drop_free + 1.0) * 43758.5453
    wanted: float = 10.0 ** (4.0 * (draw - math.floor(draw)) - 2.0)
    return wanted - conductance


def anywhere(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    """Ask for any conductance from 1e-3 to 1e3 S, as good as at random."""
    draw = math.sin(12.9898 * conductance + 7823.3 * drop_free + 1.0) * 43758.5453
    wanted: float = 10.0 ** (6.0 * (draw - math.floor(draw)) - 3.0)
    return wanted - conductance


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"horizon": 62_600.0},
        {"circuit": {"kind": "square_lattice", "rows": 10, "cols": 10}, "horizon": 5_600.0},
    ],
    ids=["breadboard", "10x10"],
)
def test_a_million_events_over_six_decades_drift_by_less_than_1e_9(changes: dict[str, Any]) -> None:
    experiment = build(
        BENCH.replace(**SIEMENS, **changes), 3, "compiled", stand_ins=StandIns(rule=anywhere)
    )
    simulation = experiment.simulation
    assert isinstance(simulation, CompiledSimulation)
    simulation.run()
    assert simulation.updates > 1_000_000
    used, k = simulation.twin, simulation.twin.conductances
    assert k.max() / k.min() > 1e4
    fresh = ot.TwinNetwork(
        used.circuit, k, used.sources.tolist(), used.targets.tolist(), used.nudge
    )
    fresh.present([4.0, 0.0], [1.0, 2.0])
    for one, other in zip(used.voltages(), fresh.voltages(), strict=True):
        assert np.abs(one - other).max() <= 1e-9 * 4.0
    for edge in range(len(k)):
        assert used.drops(edge) == pytest.approx(fresh.drops(edge), abs=1e-9 * 4.0)
