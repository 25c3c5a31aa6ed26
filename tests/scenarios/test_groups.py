"""Groups of edges that differ: who is in which, and that each edge is as it would be alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.agents.clocks.poisson import PoissonClock
from ohmtick.agents.faults import Faults
from ohmtick.engine.circuit import Circuit
from ohmtick.engine.errors import ScenarioError, TooLargeError
from ohmtick.engine.lattices import breadboard
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.edges import EdgeKind
from ohmtick.scenarios.sizes import events_of
from ohmtick.tests.driven import assert_engines_agree, assert_equal

EXAMPLES = settings().max_examples
BENCH = ot.load("breadboard-iii").replace(horizon=20.0)
CIRCUIT = breadboard()
HALVES = range(8), range(8, 16)


def grouped(*groups: dict[str, Any], **changes: Any) -> ot.Scenario:
    return BENCH.replace(**changes, **{"edges.groups": list(groups)})


def kinds_of(*groups: dict[str, Any], seed: int = 1, circuit: Circuit = CIRCUIT) -> list[EdgeKind]:
    return grouped(*groups).edges.kinds(circuit, Streams(seed))


def edges_of(*groups: dict[str, Any], seed: int = 1) -> list[list[int]]:
    """The edges of each group that has some, those of none first."""
    return [kind.edges.tolist() for kind in kinds_of(*groups, seed=seed)]


# --- who is in which ------------------------------------------------------------------------------


def test_edges_are_named_by_numbers_and_ranges() -> None:
    for edges in (
        [0, 1, 2, 5],
        (5, 2, 1, 0),
        "0-2, 5",
        " 0 - 2,5",
        "5,0-1,2",
        np.array([0, 1, 2, 5]),
    ):
        rest, some = edges_of({"edges": edges})
        assert some == [0, 1, 2, 5]
        assert sorted(rest + some) == list(range(16))
    assert edges_of({"edges": "0-15"}) == [list(range(16))]


def test_edges_are_named_by_the_nodes_that_they_touch() -> None:
    labels = CIRCUIT.labels
    for node in labels:
        touching = [
            edge
            for edge, (first, second) in enumerate(CIRCUIT.edges)
            if node in (labels[first], labels[second])
        ]
        assert edges_of({"nodes": [node]})[1] == touching
    assert edges_of({"nodes": list(labels)}) == [list(range(16))]


def test_a_fraction_is_drawn_by_the_seed_and_holds_those_of_smaller_ones() -> None:
    found = {f: set(edges_of({"fraction": f})[-1]) for f in (0.1, 0.25, 0.5, 0.75, 1.0)}
    assert [len(each) for each in found.values()] == [2, 4, 8, 12, 16]
    by_size = list(found.values())
    assert all(less <= more for less, more in pairwise(by_size))
    drawn = [edges_of({"fraction": 0.5}, seed=seed)[1] for seed in range(400)]
    # How often each of 16 is among 8: a binomial of 400 and 1/2, five standard deviations.
    counts = np.bincount(np.concatenate(drawn), minlength=16)
    assert np.abs(counts - 200).max() < 5 * 10.0


def test_fractions_draw_from_those_that_nobody_names() -> None:
    for seed in range(20):
        _, named, half, few = edges_of(
            {"edges": "0-3"}, {"fraction": 0.5}, {"fraction": 0.2}, seed=seed
        )
        assert named == [0, 1, 2, 3]
        assert (len(half), len(few)) == (8, 3)
        assert not set(named) & set(half) | set(named) & set(few) | set(half) & set(few)


def test_what_a_group_does_not_say_is_that_of_all() -> None:
    everyone, first, second = kinds_of(
        {"edges": "0-3", "latency": 0.5, "title": "late"}, {"edges": "8", "batch": 3}
    )
    assert [kind.title for kind in (everyone, first, second)] == ["", "late", "group 2"]
    assert (everyone.latency, first.latency, second.latency) == (0.0, 0.5, 0.0)
    assert (everyone.batch, first.batch, second.batch) == (1, 1, 3)
    assert everyone.clock is first.clock is second.clock
    assert everyone.rule is first.rule is second.rule


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([{"edges": [16]}], r"edges\.groups\.0\.edges must be from 0 to 15, got 16"),
        ([{"edges": "3-16"}], r"edges\.groups\.0\.edges must be from 0 to 15, got 16"),
        (
            [{"edges": "0-7"}, {"edges": [7]}],
            r"edges\.groups\.1 must name edges of no other group, got edge 7, which is in "
            r"edges\.groups\.0$",
        ),
        (
            [{"edges": "0-7"}, {"nodes": ["1"]}],
            r"edges\.groups\.1 must name edges of no other group, got edge \d, which is in "
            r"edges\.groups\.0$",
        ),
        (
            [{"edges": "0-7"}, {"fraction": 0.6}],
            r"edges\.groups\.1\.fraction must find 10 of the 16 edges in no other group, got 8",
        ),
        (
            [{"nodes": ["1x"]}],
            r"edges\.groups\.0\.nodes: no node is labelled '1x'; the nearest is '1'",
        ),
    ],
)
def test_groups_that_do_not_fit_the_circuit_are_refused(
    groups: list[dict[str, Any]], message: str
) -> None:
    for engine in ("simpy", "compiled"):
        with pytest.raises(ot.OhmtickError, match=message):
            ot.run(grouped(*groups), engine=engine)


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({}, r"edges\.groups\.0.*by one of 'edges', 'nodes' and 'fraction', got none"),
        ({"edges": [1], "fraction": 0.5}, r"edges\.groups\.0.*got 'edges' and 'fraction'"),
        ({"edges": "0..7"}, r"edges\.groups\.0\.edges.*numbers of edges"),
        ({"edges": [-1]}, r"edges\.groups\.0\.edges\.0 .*-1"),
        ({"edges": [1.5]}, r"edges\.groups\.0\.edges"),
        ({"fraction": 0.0}, r"edges\.groups\.0\.fraction"),
        ({"fraction": 1.1}, r"edges\.groups\.0\.fraction"),
        ({"edges": [1], "latency_jitter": 0.1}, r"'groups\.0\.latency_jitter' must have"),
        (
            {"edges": [1], "clock": {"kind": "poisson", "perod": 1}},
            r"edges\.groups\.0\.clock\.perod .*nearest is 'edges\.groups\.0\.clock\.period'",
        ),
        ({"edges": [1], "clock": {"jitter": 1}}, r"edges\.groups\.0\.clock must say its 'kind'"),
        ({"edges": "7-0"}, r"edges\.groups\.0\.edges.* from the lower to the higher, got '7-0'"),
        ({"edges": "0-999999999"}, r"edges\.groups\.0\.edges.* 999999999"),
        ({"edges": [1], "clock": {"kind": "poison"}}, r"edges\.groups\.0\.clock.*'poisson'"),
        ({"edges": [1], "clok": {}}, r"edges\.groups\.0\.clok .*\.0\.clock'"),
        (
            {"edges": [1], "rule": {"kind": "sign"}, "resistor": {"kind": "memristor", "k_max": 0}},
            r"edges\.groups\.0\.resistor.*k_max",
        ),
        (
            {"edges": [1], "resistor": {"kind": "memristor"}, "rule": {"kind": "momentum"}},
            r"edges\.groups\.0\.rule\.learning_rate",
        ),
    ],
)
def test_impossible_groups_are_refused_by_their_key(group: dict[str, Any], message: str) -> None:
    with pytest.raises(ot.OhmtickError, match=message):
        grouped(group)


def test_a_rule_must_ask_what_the_groups_resistor_takes() -> None:
    siemens = {"kind": "coupled_learning", "learning_rate": 1.0}
    with pytest.raises(ot.OhmtickError, match=r"'coupled_learning', which asks for siem.* 'mem"):
        grouped({"edges": [1], "rule": siemens, "resistor": {"kind": "memristor"}})


def test_groups_are_written_and_read() -> None:
    scenario = grouped(
        {"edges": "0-2, 5", "clock": {"kind": "poisson", "period": 2.0}, "title": "slow"},
        {"nodes": ["7"], "resistor": {"kind": "memristor"}, "latency": 0.5},
        {"fraction": 0.125, "comparator": {"noise": 0.01}, "batch": 2},
    )
    again = ot.Scenario.from_toml(scenario.to_toml())
    assert again == scenario
    assert again.to_toml() == scenario.to_toml()
    assert ot.Scenario(**scenario.model_dump()) == scenario
    assert_equal(ot.run(again, 2), ot.run(scenario, 2))


def test_a_groups_settings_are_replaced_by_key() -> None:
    scenario = grouped({"edges": "0-7", **JITTER}, {"edges": "8-15", "clock": {"kind": "poisson"}})
    changed = scenario.replace(
        **{"edges.groups.0.clock.jitter": 0.3, "edges.groups.1.clock.period": 3.0}
    )
    assert [group.clock for group in changed.edges.groups] == [
        PeriodicClock(phase="uniform", jitter=0.3),
        PoissonClock(period=3.0),
    ]
    assert scenario.edges.groups[0].clock == PeriodicClock(phase="uniform", jitter=0.2)
    with pytest.raises(ot.OhmtickError, match="numbered from 0, got '2'"):
        scenario.replace(**{"edges.groups.2.latency": 1.0})


def test_what_a_run_of_groups_takes_is_known_beforehand() -> None:
    """Of each group by its own clock and latency, and by its own size."""
    plain, fast = events_of(BENCH), {"kind": "poisson", "period": 0.01}
    assert events_of(grouped({"edges": [3]})) == plain
    some = events_of(grouped({"edges": [3], "clock": fast})) - plain
    assert some == pytest.approx(20.0 / 0.01 - 20.0)
    half = events_of(grouped({"fraction": 0.5, "clock": fast})) - plain
    assert half == pytest.approx(8 * (20.0 / 0.01 - 20.0))
    fixed = {"edges": "0-7", "resistor": {"kind": "fixed"}}
    assert plain - events_of(grouped(fixed)) == pytest.approx(8 * 20.0)
    crowded = grouped({"edges": [3], "latency": 1e29}, horizon=1e10, probe=None)
    with pytest.raises(TooLargeError, match=r"edges\.groups\.0\.latency: 1e\+10 readings"):
        ot.run(crowded)


# --- each edge is as it would be alone ------------------------------------------------------------

JITTER = {"clock": {"kind": "periodic", "phase": "uniform", "jitter": 0.2}}
TIMING: list[dict[str, Any]] = [
    JITTER,
    {"clock": {"kind": "poisson", "period": 0.7, "gate": 0.6}},
    {"latency": 0.3, "latency_jitter": 0.4},
    {"batch": 3},
    {"comparator": {"offset": 0.02, "noise": 0.01}},
]
STARTS: list[dict[str, Any]] = [
    {"resistor": {"kind": "continuous", "k_min": 1e-5, "k_max": 1e-3, "start": "random"}},
    {"resistor": {"kind": "digital_potentiometer", "positions": 64}},
    {"resistor": {"kind": "memristor", "device_spread": 0.3}},
]


def all_of(part: dict[str, Any]) -> ot.Scenario:
    """The bench, all of whose edges are such."""
    return BENCH.replace(**{f"edges.{key}": each for key, each in part.items()})


def when(run: Run, edges: range) -> list[Any]:
    """When edges sensed and actuated, in the order of edge and time."""
    events = run.events[run.events["edge"].isin(list(edges))]
    ordered = events.sort_values(["edge", "sensed_s", "time_s"], kind="stable")
    return [ordered[name].tolist() for name in ("edge", "sensed_s", "time_s")]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("part", TIMING, ids=lambda part: "+".join(part))
def test_edges_of_a_group_act_when_they_would_if_all_were_such(
    part: dict[str, Any], engine: str
) -> None:
    """Two halves of the breadboard, one such and one not."""
    such, other = HALVES
    alone = ot.run(BENCH, 3, engine)
    all_such = ot.run(all_of(part), 3, engine)
    both = ot.run(grouped({"edges": list(such), **part}), 3, engine)
    assert when(both, such) == when(all_such, such)
    assert when(both, other) == when(alone, other)
    if "comparator" not in part:
        assert when(both, such) != when(alone, such)


@pytest.mark.parametrize("part", STARTS, ids=lambda part: part["resistor"]["kind"])
def test_edges_of_a_group_start_as_they_would_if_all_were_such(part: dict[str, Any]) -> None:
    some = [1, 2, 11]
    all_such = ot.run(all_of(part), 3)
    both = ot.run(grouped({"edges": some, **part}), 3)
    starts = both.edges["conductance_start_S"].to_numpy()
    expected = ot.run(BENCH, 3).edges["conductance_start_S"].to_numpy().copy()
    expected[some] = all_such.edges["conductance_start_S"].to_numpy()[some]
    assert starts.tolist() == expected.tolist()


def test_a_group_that_is_as_the_others_changes_nothing() -> None:
    plain = ot.run(BENCH, 5)
    for group in ({"edges": "0-7"}, {"fraction": 0.4}, {"nodes": ["3"]}):
        assert_frame_equal(ot.run(grouped(group), 5).events, plain.events, check_exact=True)
        given = BENCH.edges.model_dump(include={"rule", "resistor", "clock", "comparator"})
        same = grouped({**group, **given})
        assert_frame_equal(ot.run(same, 5).events, plain.events, check_exact=True)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_fixed_edges_never_act_and_keep_what_they_conduct(engine: str) -> None:
    fixed = {"kind": "fixed", "conductance_S": 3e-5}
    run = ot.run(grouped({"edges": "4-9", "resistor": fixed}), 1, engine)
    assert set(run.events["edge"]) == {*range(4), *range(10, 16)}
    assert run.conductances[4:10].tolist() == [3e-5] * 6
    assert np.ptp(run.conductances[[*range(4), *range(10, 16)]]) > 0.0
    own = {"kind": "fixed", "conductance_S": [1e-5, 2e-5]}
    each = ot.run(grouped({"edges": [9, 3], "resistor": own}), 1, engine)
    assert each.conductances[[3, 9]].tolist() == [1e-5, 2e-5]
    none = ot.run(BENCH.replace(**{"edges.resistor": fixed}), 1, engine)
    assert len(none.events) == 0
    assert none.summary["initial_error"] == none.summary["final_error"]


# --- both engines ---------------------------------------------------------------------------------

STEPS: list[dict[str, Any]] = [
    {"rule": {"kind": "dead_zone", "width": 0.05}},
    {"resistor": {"kind": "memristor", "device_spread": 0.2, "cycle_spread": 0.3}},
    {"resistor": {"kind": "continuous", "start": 1e-4}},
    {"resistor": {"kind": "fixed", "conductance_S": 1e-4}},
    {
        "rule": {"kind": "momentum", "learning_rate": 1e-5},
        "resistor": {"kind": "continuous", "start": "random", "k_min": 1e-6, "k_max": 1e-3},
    },
    {
        "rule": {"kind": "coupled_learning", "learning_rate": 1e-5},
        "resistor": {"kind": "digital_potentiometer", "positions": 20},
    },
]
PARTS = st.tuples(st.sampled_from([{}, *STEPS]), st.sampled_from([{}, *TIMING])).map(
    lambda two: {**two[0], **two[1]}
)
NUMBERS = st.lists(st.integers(0, 7), min_size=1, unique=True)
SECONDS = st.sampled_from(["8-11", "9, 12-15", "15"])
THIRDS = st.one_of(
    st.sampled_from([0.05, 0.1, 0.25]).map(lambda fraction: {"fraction": fraction}), st.just(None)
)


@st.composite
def scenarios(draw: st.DrawFn) -> ot.Scenario:
    groups: list[dict[str, Any] | None] = [
        {"edges": draw(NUMBERS)},
        {"edges": draw(SECONDS)},
        draw(THIRDS),
    ]
    if draw(st.booleans()):
        groups = [{"nodes": draw(st.sampled_from([["5"], ["1", "9"]]))}]
    made = [{**group, **draw(PARTS)} for group in groups if group]
    return grouped(*made, horizon=draw(st.sampled_from([4.0, 9.3])))


@settings(max_examples=EXAMPLES // 2)
@given(scenarios(), st.integers(0, 2**40))
def test_the_engines_agree_on_random_groups(scenario: ot.Scenario, seed: int) -> None:
    assert_engines_agree(scenario, seed)


@pytest.mark.parametrize("effect", ["stop", "cut"])
def test_the_engines_agree_where_edges_of_groups_fail(effect: Literal["stop", "cut"]) -> None:
    faults = Faults(fraction=0.2, effect=effect, time=3.0, interval=1.0)
    scenario = grouped(
        {"edges": "0-7", **JITTER, "latency": 1.5},
        {"edges": "8-11", "resistor": {"kind": "memristor", "cycle_spread": 0.3}},
        **{"edges.faults": faults},
    )
    assert len(assert_engines_agree(scenario, 2).events) > 100


def test_a_group_that_does_not_fit_is_told_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(grouped({"edges": "0-3"}, {"edges": "15-16"}).to_toml())
    said = f"{file}: edges.groups.1.edges must be from 0 to 15, got 16"
    with pytest.raises(ScenarioError) as caught:
        ot.run(file)
    assert str(caught.value) == said
    for command in ("run", "check"):
        assert main([command, str(file)]) == 2
        assert said in capsys.readouterr().err
