"""A run ends when it is good enough, at the same probe on either engine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.engine.records.run import Run
from ohmtick.tests.driven import assert_equal, assert_same
from ohmtick.tests.engine.test_engines import EXAMPLES

BENCH = ot.load("breadboard-iii").replace(horizon=60.0, **{"probe.period": 0.7390851})
IRIS = ot.load("breadboard-iris-95").replace(horizon=60.0)
WHOLE = {"bench": ot.run(BENCH, 7), "iris": ot.run(IRIS, 7)}


def impossible(probe: dict[str, float]) -> bool:
    return probe["error"] < 0.0


def expected(run: Run, criterion: dict[str, Any]) -> tuple[int, str] | None:
    """Return the number of the probe that meets a criterion, and by what: a plain loop."""
    patience, lowest, since = criterion.get("patience", 1), float("inf"), 0
    below = above = 0
    for number, row in enumerate(run.probes.to_dict("records")):
        below = below + 1 if row["error"] < criterion.get("error_below", -1.0) else 0
        above = above + 1 if row.get("accuracy", 0.0) > criterion.get("accuracy_above", 2) else 0
        since = 0 if row["error"] < lowest else since + 1
        lowest = min(lowest, row["error"])
        if below >= patience:
            return number, "error_below"
        if above >= patience:
            return number, "accuracy_above"
        if since >= criterion.get("no_improvement", 1e9):
            return number, "no_improvement"
    return None


def assert_stopped(name: str, scenario: ot.Scenario, criterion: dict[str, Any]) -> None:
    whole, found = WHOLE[name], expected(WHOLE[name], criterion)
    runs = [ot.run(scenario.replace(stop=criterion), 7, engine) for engine in ("compiled", "simpy")]
    assert_equal(*runs)
    if found is None:
        assert_equal(runs[0], whole)
        assert runs[0].summary["stopped_by"] is None
        return
    number, by = found
    end = whole.probes["time_s"][number]
    assert runs[0].summary["stopped_by"] == by
    assert runs[0].summary["simulated_s"] == end
    assert not runs[0].summary["interrupted"]
    assert_frame_equal(runs[0].probes, whole.probes[: number + 1], check_exact=True)
    before = whole.events[whole.events["time_s"] <= end]
    assert_frame_equal(runs[0].events, before, check_exact=True)


@settings(max_examples=EXAMPLES // 5)
@given(
    st.fixed_dictionaries(
        {"error_below": st.sampled_from([1e-9, 1e-4, 1e-3, 0.03, 1.0, 100.0])},
        optional={
            "patience": st.sampled_from([1, 2, 5]),
            "no_improvement": st.sampled_from([1, 3, 10]),
        },
    )
)
def test_a_run_ends_at_the_probe_that_a_plain_loop_finds(criterion: dict[str, Any]) -> None:
    assert_stopped("bench", BENCH, criterion)


@pytest.mark.parametrize(
    "criterion",
    [{"accuracy_above": 0.7}, {"accuracy_above": 0.5, "patience": 4}, {"accuracy_above": 0.99}],
)
def test_classes_end_a_run_when_they_are_told_apart(criterion: dict[str, Any]) -> None:
    assert_stopped("iris", IRIS, criterion)


def test_a_function_ends_a_run_likewise() -> None:
    by_key = ot.run(BENCH.replace(stop={"error_below": 0.01}), 7)
    for engine in ("compiled", "simpy"):
        seen: list[dict[str, float]] = []

        def enough(probe: dict[str, float], seen: list[dict[str, float]] = seen) -> bool:
            seen.append(probe)
            return probe["error"] < 0.01

        run = ot.run(BENCH, 7, engine, stop=enough)
        assert_frame_equal(run.events, by_key.events, check_exact=True)
        assert run.summary["stopped_by"] == "stop"
        assert not run.summary["interrupted"]
        assert run.summary["stand_ins"]["stop"]["name"].endswith("enough")
        assert seen == run.probes.to_dict("records")  # each once, at the end too


def test_a_stopped_run_goes_on_only_where_that_is_meant() -> None:
    stopped = ot.run(BENCH.replace(stop={"error_below": 0.01}), 7)
    with pytest.raises(ot.OhmtickError, match=r"ended by the 'error_below' of its \[stop\]"):
        ot.resume(stopped)
    assert_frame_equal(ot.resume(stopped, stop=False).events, WHOLE["bench"].events)
    never = ot.run(BENCH.replace(horizon=20.0), 7, stop=impossible)
    with pytest.raises(ot.OhmtickError, match="the 'stop' that stands in must be the one of"):
        ot.resume(never, 60.0)
    for stop in (False, impossible):
        more = ot.resume(never, 60.0, stop=stop)
        assert_frame_equal(more.events, WHOLE["bench"].events)
    by_hand = ot.run(BENCH, 7, stop=lambda probe: probe["error"] < 0.01)
    assert_frame_equal(ot.resume(by_hand).events, WHOLE["bench"].events)


def test_a_criterion_counts_on_where_a_run_goes_on() -> None:
    scenario = BENCH.replace(stop={"no_improvement": 5, "error_below": 1e-9})
    whole = ot.run(scenario, 7)
    assert whole.summary["stopped_by"] == "no_improvement"
    begun = ot.run(scenario.replace(horizon=whole.summary["simulated_s"] - 3.0), 7)
    assert_same(ot.resume(begun, 60.0), whole)


def test_studies_stop_their_runs(tmp_path: Any) -> None:
    study = ot.Study(
        BENCH.replace(horizon=400.0),
        grid={"stop.error_below": [1e-3, 1e-1]},
        seeds=2,
        metrics=["final_error", "updates_per_edge"],
    )
    table = study.run(tmp_path / "a")
    assert (table["final_error"] < table["stop.error_below"]).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stop": {}}, "must say what ends the run by"),
        ({"stop": {"patience": 3}}, "must say what ends the run by"),
        ({"stop": {"error_below": 1e-3}, "probe": None}, r"stop: a scenario must have a \[probe\]"),
        ({"stop": {"error_bellow": 1e-3}}, "error_below"),
        ({"stop": {"error_below": 0.0}}, "stop.error_below"),
        ({"stop": {"error_below": float("nan")}}, "stop.error_below"),
        ({"stop": {"accuracy_above": 1.0}}, "stop.accuracy_above"),
        ({"stop": {"accuracy_above": 0.9}}, "stop.accuracy_above: the task must have classes"),
        ({"stop": {"patience": 0}}, "stop.patience"),
    ],
)
def test_bad_criteria_are_refused_by_name(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ot.OhmtickError, match=says):
        ot.run(BENCH.replace(**changes), 7)


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ot.OhmtickError, match=r"the 'stop' of a run must have a \[probe\]"):
        ot.run(BENCH.replace(probe=None), stop=lambda probe: True)
    with pytest.raises(ot.OhmtickError, match="the 'stop' of a run must be callable"):
        ot.run(BENCH, stop=1e-3)  # type: ignore[arg-type]
