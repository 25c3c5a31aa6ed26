"""What a schedule changes, from when on, and that nothing else does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams
from ohmtick.tests.driven import assert_engines_agree, assert_equal
from ohmtick.tests.engine.test_engines import EXAMPLES, SEEDS, scenarios

#: A bench of two data, on which edges read for some time before they write.
BENCH = ot.load("breadboard-iii").replace(
    horizon=30.0,
    task={
        "kind": "linear_regression",
        "inputs": ["3"],
        "ground": ["9"],
        "targets": ["4"],
        "coefficients": [[0.4]],
        "data": 3,
        "test": 4,
    },
    supervisor={"nudge": 0.5, "period": 0.7},
    probe={"period": 0.377, "power": True, "nodes": ["4", "7"]},
    **{
        "edges.rule": {"kind": "coupled_learning", "learning_rate": 0.5},
        "edges.resistor": {"kind": "continuous", "k_min": 1e-3, "k_max": 1e3, "start": 1.0},
        "edges.clock.phase": "uniform",
        "edges.latency": 0.9,
    },
)
CLASSES = {
    "kind": "classification",
    "inputs": {"9": "petal length"},
    "fixed": {"3": 0.0},
    "targets": ["4"],
    "training": 9,
}
SWITCHED = BENCH.replace(
    schedule=[
        {"at": 8.3, "supervisor": {"nudge": 0.1}},
        {
            "at": 13.0,
            "task": CLASSES,
            "edges": {"rule": {"kind": "momentum", "learning_rate": 0.2}},
        },
        {
            "at": 21.0,
            "task": {
                "kind": "linear_regression",
                "inputs": ["9"],
                "ground": ["3"],
                "targets": ["4"],
                "coefficients": [[0.9]],
                "data": 2,
                "test": 4,
            },
        },
    ]
)


def inputs_of(stage: int) -> NDArray[np.float64]:
    """Return the test inputs of a stage, V, in the order of the first task's sources: 3, 9."""
    task = SWITCHED.stages[stage].task
    test, held = task.datasets(Streams(3))[1], task.source_labels()
    return np.ascontiguousarray(test.inputs[:, [held.index("3"), held.index("9")]])


def desired_of(stage: int) -> NDArray[np.float64]:
    desired = SWITCHED.stages[stage].task.datasets(Streams(3))[1].desired
    assert desired is not None
    return desired


def after(run: Run, time: float) -> Any:
    """Return the events that were read from a time on, s."""
    return run.events[run.events["sensed_s"] >= time]


def test_a_schedule_that_changes_nothing_changes_no_bit() -> None:
    same = BENCH.replace(
        schedule=[
            {"at": 3.3, "edges": {"rule": {}}},
            {"at": 4.4, "supervisor": {"nudge": 0.5}},
            {"at": 30.0, "supervisor": {"nudge": 0.1}},  # at the horizon nothing happens any more
        ]
    )
    for engine in ("simpy", "compiled"):
        assert_equal(ot.run(BENCH, 3, engine), ot.run(same, 3, engine))


def test_edges_learn_at_the_new_rate_from_what_they_read_after_the_change() -> None:
    scenario = BENCH.replace(schedule=[{"at": 11.1, "edges": {"rule": {"learning_rate": 2.0}}}])
    run, plain = assert_engines_agree(scenario, seed=3), ot.run(BENCH, 3)
    before, same = (each.events[each.events["sensed_s"] < 11.1] for each in (run, plain))
    # What was read before is written as it was decided, also where that is after the change.
    kept = ["time_s", "sensed_s", "edge", "drop_free_V", "drop_clamped_V", "datum"]
    assert_frame_equal(before[kept], same[kept], check_exact=True)
    assert (before["time_s"] > 11.1).any()
    for events, rate in ((before, 0.5), (after(run, 11.1), 2.0)):
        free, clamped = events["drop_free_V"], events["drop_clamped_V"]
        change = rate / (2 * 0.5) * (free**2 - clamped**2)
        expected = np.clip(events["conductance_before_S"] + change, 1e-3, 1e3)
        np.testing.assert_allclose(events["conductance_after_S"], expected, rtol=1e-13)
    assert len(after(run, 11.1)) > 100


def test_another_nudge_holds_at_once_for_clamp_and_rule() -> None:
    scenario = BENCH.replace(schedule=[{"at": 11.1, "supervisor": {"nudge": 0.01}}])
    run, plain = assert_engines_agree(scenario, seed=3), ot.run(BENCH, 3)
    assert_frame_equal(run.voltages(11.0), plain.voltages(11.0), check_exact=True)
    replay = ot.Replay(run)
    for time, nudge in ((11.0, 0.5), (11.1, 0.01)):
        replay.to(time)
        free, clamped = (volts[replay.twin.targets] for volts in replay.twin.voltages())
        rows = run.data[(run.data["role"] == "target") & (run.data["datum"] == replay.datum)]
        desired = rows["voltage_V"].to_numpy()
        np.testing.assert_allclose(clamped, free + nudge * (desired - free), rtol=0, atol=1e-13)
    # The data are presented as if nothing had been: at multiples of 0.7 s, in turn.
    events = after(run, 11.1)
    assert (events["datum"] == np.floor(events["sensed_s"] / 0.7) % 3).all()
    change = 0.5 / (2 * 0.01) * (events["drop_free_V"] ** 2 - events["drop_clamped_V"] ** 2)
    expected = np.clip(events["conductance_before_S"] + change, 1e-3, 1e3)
    np.testing.assert_allclose(events["conductance_after_S"], expected, rtol=1e-13)


def test_presentations_begin_anew_at_the_change() -> None:
    """The first datum at once, and the others in turn, a new period each."""
    scenario = BENCH.replace(schedule=[{"at": 11.1, "supervisor": {"period": 0.31}}])
    events = assert_engines_agree(scenario, seed=3).events
    since = np.where(events["sensed_s"] < 11.1, 0.0, 11.1)
    period = np.where(since, 0.31, 0.7)
    assert (events["datum"] == np.floor((events["sensed_s"] - since) / period) % 3).all()


def test_each_stage_draws_its_own_order() -> None:
    """Of a hundred data, two stages and two seeds have no order in common."""
    changes = {"supervisor.order": "shuffled", "supervisor.period": 0.1, "task.data": 100}
    scenario = BENCH.replace(**changes, schedule=[{"at": 10.0, "supervisor": {"period": 0.1}}])
    orders = []
    for seed in (3, 4):
        events = ot.run(scenario, seed).events
        for first in (0.0, 10.0):
            own = events[events["sensed_s"].between(first, first + 9.99)]
            place = ((own["sensed_s"] - first) / 0.1).astype(int)
            orders.append(own["datum"].groupby(place).first())
    for one, other in ((0, 1), (0, 2), (1, 3)):
        both = np.intersect1d(orders[one].index, orders[other].index)
        assert both.size > 50
        assert (orders[one][both] == orders[other][both]).mean() < 0.1
    assert all(order.is_unique for order in orders)


def test_another_task_is_learned_as_in_a_run_of_its_own() -> None:
    """From the conductances that the first left; with sources in another order and other roles."""
    rule = {"kind": "coupled_learning", "learning_rate": 0.5}
    late = SWITCHED.replace(horizon=300.0, **{"schedule.2.edges": {"rule": rule}})
    run = assert_engines_agree(late, seed=3)
    last = run.data[run.data["stage"] == 3].pivot_table("voltage_V", "datum", "node")
    np.testing.assert_allclose(last["4"], 0.9 * last["9"])
    assert (last["3"] == 0.0).all()
    assert (last["9"] > 0.0).all()
    began = run.probes.loc[run.probes["time_s"] > 21.0, "error"].iloc[0]
    assert run.summary["final_error"] < 1e-3 * began
    alone = BENCH.replace(horizon=5.0, task=late.stages[3].task)
    own = ot.run(alone, 3).data  # what a task draws is what it draws alone
    assert_frame_equal(
        own.pivot_table("voltage_V", "datum", "node"), last, check_exact=True, check_names=False
    )


def test_probes_measure_the_test_set_of_their_stage() -> None:
    run = assert_engines_agree(SWITCHED, seed=3)
    classes = run.probes["time_s"].between(13.0, 21.0, inclusive="left")
    assert run.probes["accuracy"].notna().equals(classes)
    replay = ot.Replay(run)
    for stage, (first, last) in ((0, (0.0, 13.0)), (3, (21.0, 30.0))):
        probes = run.probes[run.probes["time_s"].between(first, last)]
        assert len(probes) > 20
        for time, error in zip(probes["time_s"], probes["error"], strict=True):
            replay.to(time)
            outputs = np.zeros((4, 1))
            replay.twin.respond(inputs_of(stage), outputs)
            assert error == pytest.approx(np.mean((outputs - desired_of(stage)) ** 2), rel=1e-9)


def test_the_record_has_what_was_presented_when() -> None:
    """Probes saw power and voltages of what was presented: the record says the same."""
    run = ot.run(SWITCHED, 3)
    times = run.probes["time_s"]
    power, free, clamped = run.power(times), run.voltages(times), run.voltages(times, "clamped")
    for name in ("free_W", "clamped_W"):
        np.testing.assert_allclose(power[name], run.probes[name], rtol=0, atol=1e-10)
    for node in ("4", "7"):
        np.testing.assert_allclose(free[node], run.probes[f"free_{node}_V"], rtol=0, atol=1e-12)
        held = run.probes[f"clamped_{node}_V"]
        np.testing.assert_allclose(clamped[node], held, rtol=0, atol=1e-12)
    assert run.data.groupby("stage")["datum"].nunique().to_dict() == {0: 3, 2: 9, 3: 2}
    assert "stage" not in ot.run(BENCH, 3).data


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_run_goes_on_across_its_changes(engine: str) -> None:
    """From just before a change, from it, and from after it; with readings in flight."""
    whole = ot.run(SWITCHED, 3)
    other = {"simpy": "compiled", "compiled": "simpy"}[engine]
    for time in (1.0, 8.2, 8.3, 8.4, 13.0, 13.9, 20.99, 21.0, 21.2):
        short = ot.run(SWITCHED.replace(horizon=time), 3, engine)
        more = ot.resume(short, horizon=30.0, engine=other)
        assert_frame_equal(more.events, whole.events, check_exact=True)
        assert_frame_equal(more.probes, whole.probes, check_exact=True)
        assert_frame_equal(more.data, whole.data, check_exact=True)


@settings(max_examples=EXAMPLES // 5)
@given(scenarios(), SEEDS, st.floats(0.01, 0.99), st.permutations(["simpy", "compiled"]))
def test_random_runs_go_on_from_any_instant(
    scenario: ot.Scenario, seed: int, part: float, engines: list[str]
) -> None:
    whole = ot.run(scenario, seed, "compiled")
    short = ot.run(scenario.replace(horizon=part * scenario.horizon), seed, engines[0])
    more = ot.resume(short, horizon=scenario.horizon, engine=engines[1])
    assert_frame_equal(more.events, whole.events, check_exact=True)
    assert_frame_equal(more.probes, whole.probes, check_exact=True)
    assert more.conductances.tobytes() == whole.conductances.tobytes()


def test_errors_of_every_task_are_measured_at_any_time() -> None:
    """Of outputs that are desired, by the transfer of the network; of classes as at an epoch."""
    run = ot.run(SWITCHED, 3)
    times = [25.0, 0.0, 13.0, 30.0]
    errors = run.errors(times)
    assert errors["time_s"].tolist() == times
    names = ["time_s", "error_0", "error_2", "accuracy_2", "error_3"]
    assert errors.columns.tolist() == names
    for row, time in enumerate(times):
        transfer = run.twin(at=time).transfer()
        for stage in (0, 3):
            expected = np.mean((inputs_of(stage) @ transfer.T - desired_of(stage)) ** 2)
            assert errors[f"error_{stage}"].iloc[row] == pytest.approx(expected, rel=1e-9)
    assert errors["error_3"].iloc[3] == pytest.approx(run.summary["final_error"], rel=1e-9)


def test_a_first_task_is_forgotten() -> None:
    errors = ot.run("forgetting", 3).errors([0.0, 400.0, 800.0])
    assert errors["error_0"][1] < 1e-2 * errors["error_0"][0]
    assert errors["error_1"][2] < 1e-2 * errors["error_1"][1]
    assert errors["error_0"][2] > 1e2 * errors["error_0"][1]


def test_what_ends_a_run_begins_to_count_anew_with_a_task() -> None:
    """Six probes in a row without a new lowest error; that of another task is another matter."""
    stop = {"no_improvement": 6}
    scenario = SWITCHED.replace(stop=stop, horizon=300.0)
    run = assert_engines_agree(scenario, seed=3)
    since, lowest = 0, np.inf
    task = np.searchsorted([13.0, 21.0], run.probes["time_s"], "right")
    for row, (error, stage) in enumerate(zip(run.probes["error"], task, strict=True)):
        if row and stage != task[row - 1]:
            since, lowest = 0, np.inf
        since = 0 if error < lowest else since + 1
        lowest = min(lowest, error)
        if since == 6:
            break
    assert row == len(run.probes) - 1
    assert run.summary["stopped_by"] == "no_improvement"


def test_a_trained_network_is_asked_about_its_last_task() -> None:
    """Its targets are named in another order than those of the first."""
    bench = ot.load("breadboard-iii").replace(horizon=40.0)
    classes = CLASSES | {"targets": ["8", "4"]}
    run = ot.run(bench.replace(schedule=[{"at": 10.0, "task": classes}]), 3)
    test = run.scenario.stages[1].task.datasets(Streams(3))[1]
    assert run.confusion().to_numpy().sum() == len(test.inputs)
    right = np.trace(run.confusion().to_numpy()) / len(test.inputs)
    assert right == pytest.approx(run.summary["final_accuracy"])
    early = ot.run(bench.replace(horizon=9.0, schedule=[{"at": 10.0, "task": classes}]), 3)
    outputs = np.zeros((1, 2))
    early.twin().respond(np.array([[4.0, 0.0]]), outputs)
    np.testing.assert_allclose(early.predict([[4.0, 0.0]]), outputs, rtol=1e-12)
