"""The table of a schedule: what it takes, what it makes of a scenario, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import ohmtick as ot
from ohmtick.engine.errors import ScenarioError
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.in_step import in_step
from ohmtick.scenarios.sizes import events_of
from ohmtick.scenarios.units import unit_of_key

BENCH = ot.load("breadboard-iii")
REGRESSION = ot.load("lattice-regression")
TOML = """
[[schedule]]
at = 100.0
supervisor.nudge = 0.1
edges.rule = { kind = "dead_zone", width = 0.01 }

[[schedule]]
at = 200.0
task.targets = { 4 = 0.5, 8 = 1.0 }
edges.rule.width = 0.02
"""


def scheduled(*changes: dict[str, Any], of: ot.Scenario = BENCH) -> ot.Scenario:
    return of.replace(schedule=changes)


def test_stages_are_what_replace_makes_of_each_other() -> None:
    scenario = ot.Scenario.from_toml(BENCH.replace(versions={}).to_toml() + TOML)
    first = BENCH.replace(
        **{"supervisor.nudge": 0.1, "edges.rule": {"kind": "dead_zone", "width": 0.01}}
    )
    second = first.replace(**{"task.targets": {"4": 0.5, "8": 1.0}, "edges.rule.width": 0.02})
    assert scenario.stages[0] is scenario
    for stage, expected in zip(scenario.later_stages, (first, second), strict=True):
        for part in ("task", "supervisor", "edges", "circuit", "horizon", "probe"):
            assert getattr(stage, part) == getattr(expected, part)


def test_a_schedule_is_written_and_read_again(tmp_path: Path) -> None:
    scenario = ot.Scenario.from_toml(BENCH.to_toml() + TOML)
    assert ot.load(scenario.save(tmp_path / "it.toml")) == scenario
    run = ot.run(scenario.replace(horizon=210.0), 3, out=tmp_path / "run")
    assert run.scenario.schedule == ot.open_run(tmp_path / "run").scenario.schedule
    assert run.scenario.schedule == scenario.schedule
    assert "schedule" not in BENCH.to_toml()


def test_keys_of_a_schedule_are_keys_like_others(tmp_path: Path) -> None:
    scenario = ot.Scenario.from_toml(BENCH.to_toml() + TOML)
    other = scenario.replace(
        **{
            "schedule.0.at": 50.0,
            "schedule.1.supervisor.nudge": 0.2,
            "schedule.1.task.targets.4": 0.7,
            "schedule.0.edges.rule.width": 0.5,
        }
    )
    assert other.schedule[0].at == 50.0
    assert other.stages[1].edges.rule.width == 0.5
    assert [stage.supervisor.nudge for stage in other.stages] == [0.5, 0.1, 0.2]
    assert other.stages[2].task.targets == {"4": 0.7, "8": 1.0}
    for key in ("schedule.0.at", "schedule.1.supervisor.period"):
        assert unit_of_key(key, scenario) == "s"
    study = ot.Study(
        scenario.replace(horizon=120.0),
        grid={"schedule.0.at": [60.0, 90.0], "schedule.0.supervisor.nudge": [0.1, 0.2]},
        seeds=2,
        metrics=["final_error"],
    )
    study.run(tmp_path / "study")
    table = ot.open_study(tmp_path / "study").table()
    assert len(table) == 8
    row = table[(table["schedule.0.at"] == 90.0) & (table["schedule.0.supervisor.nudge"] == 0.2)]
    alone = study.scenario.replace(**{"schedule.0.at": 90.0, "schedule.0.supervisor.nudge": 0.2})
    for seed, error in zip(row["seed"], row["final_error"], strict=True):
        assert ot.run(alone, int(seed)).summary["final_error"] == error


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": 0.0, "task": {}}, "schedule.0.at must be greater than 0, got 0.0"),
        ({"at": 1.0}, "schedule.0 must say what changes by 'task', 'supervisor' or 'edges.rule'"),
        ({"at": 1.0, "probe": {}}, "schedule.0.probe is not a key"),
        ({"at": 1.0, "task": 5}, "schedule.0.task must be a table, got 5"),
        ({"at": 1.0, "task": {"target": {}}}, "schedule.0.task.target is not a key (got {}); the"),
        (
            {"at": 1.0, "task": {"file": "b.csv"}},
            "schedule.0.task must say its 'kind' as well where it names a 'file'",
        ),
        (
            {"at": 1.0, "task": {"sources": {"3": 1.0}}},
            "schedule.0.task must have the sources of the first task, '3', '9', got '3'",
        ),
        (
            {"at": 1.0, "task": {"targets": {"4": 1.0, "7": 1.0}}},
            "schedule.0.task must have the targets of the first task, '4', '8', got '4', '7'",
        ),
        (
            {"at": 1.0, "supervisor": {"nugde": 0.1}},
            "schedule.0.supervisor.nugde is not a key (got 0.1); the nearest is 'nudge'",
        ),
        (
            {"at": 1.0, "supervisor": {"nudge": 0.0}},
            "schedule.0.supervisor.nudge must be greater than 0, got 0.0",
        ),
        ({"at": 1.0, "edges": {"clock": {}}}, "schedule.0.edges.clock is not a key"),
        (
            {"at": 1.0, "edges": {"rule": {"kind": "sing"}}},
            "schedule.0.edges.rule must be of a kind among",
        ),
        (
            {"at": 1.0, "edges": {"rule": {"kind": "momentum", "learning_rate": 1.0}}},
            "schedule.0.edges.rule must ask for changes in steps, as the first does, got "
            "'momentum', which asks for siemens",
        ),
    ],
)
def test_what_cannot_change_is_refused_by_its_key(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(said)):
        scheduled(change)


def test_changes_come_one_after_the_other() -> None:
    for later in (5.0, 4.0):
        with pytest.raises(ScenarioError, match=r"schedule\.1\.at must lie after .* 5\.0 s"):
            scheduled({"at": 5.0, "task": {}}, {"at": later, "task": {}})


def test_a_period_that_makes_too_many_events_is_refused_with_its_stage() -> None:
    with pytest.raises(ScenarioError, match=r"schedule\.0\.supervisor\.period must leave a run"):
        scheduled({"at": 5.0, "supervisor": {"period": 1e-12}}, of=REGRESSION)


def test_events_and_steps_are_those_of_all_stages() -> None:
    faster = scheduled({"at": 200.0, "supervisor": {"period": 0.01}}, of=REGRESSION)
    # 300 s, of which the last 100 have a hundred data a second and not one.
    assert events_of(faster) - events_of(REGRESSION) == pytest.approx(9900.0)
    late = scheduled({"at": 200.0, "supervisor": {"period": 8.485282}}, of=REGRESSION)
    assert "schedule.0.supervisor.period = 8.48528 s (1 : 2)" in in_step(late)
    assert not in_step(late.replace(horizon=200.0))


def test_the_command_says_how_far_it_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "it.toml").write_text(BENCH.to_toml() + TOML)
    out = str(tmp_path / "run")
    changes = ["--set", "horizon=150.0", "--set", "schedule.0.at=120.0"]
    assert main(["run", str(tmp_path / "it.toml"), "--out", out, *changes]) == 0
    assert "schedule 1 of 2 changes happened" in capsys.readouterr().out
    assert ot.open_run(out).scenario.schedule[0].at == 120.0
