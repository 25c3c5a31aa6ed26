"""What reports and figures say of a run whose scenario has a schedule."""

from __future__ import annotations

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.analysis.metrics import METRICS
from ohmtick.analysis.report.downsampling import downsample
from ohmtick.analysis.report.replay import note_on, replay_of
from ohmtick.analysis.report.settings import settings_of
from ohmtick.analysis.voltages import node_voltages
from ohmtick.engine.records.run import Run
from ohmtick.tests.scenarios.test_schedule import SWITCHED


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """From its folder, where what is not a number is null."""
    folder = tmp_path_factory.mktemp("schedules") / "run"
    ot.run(SWITCHED, 3, out=folder)
    return ot.open_run(folder)


def test_settings_tell_of_each_change(run: Run) -> None:
    told = settings_of(run)
    assert told["from 8.3 s"] == "supervisor: nudge 0.1"
    assert told["from 13 s"].startswith("task: classification")
    assert told["from 13 s"].endswith("rule: momentum, learning rate 0.2, decay 0.9")
    assert told["accuracy"] == "none before, none after, on the test data"
    assert np.isnan(METRICS["final_accuracy"](run))


def test_a_replay_says_that_it_shows_no_voltages(run: Run) -> None:
    page = replay_of([run], ["it"])
    assert page is not None
    assert page["runs"][0]["data"] is None
    assert "a page knows no schedule" in note_on(run, downsample(run, 1000))


def test_node_voltages_are_those_of_the_last_stage(run: Run) -> None:
    nodes = node_voltages(run, datum=1).set_index("node")
    free, clamped = run.twin(datum=1).voltages()
    np.testing.assert_allclose(nodes["free_V"], free, rtol=0, atol=1e-10)
    np.testing.assert_allclose(nodes["clamped_V"], clamped, rtol=0, atol=1e-10)


@pytest.mark.parametrize("horizon", [8.0, 8.3, 12.0, 13.0, 20.0])
def test_a_run_that_ended_early_is_of_the_stage_to_which_it_came(horizon: float) -> None:
    early = ot.run(SWITCHED.replace(horizon=horizon), 3)
    if early.data["voltage_V"].notna().all():  # else what is desired is measured each epoch
        nodes = node_voltages(early, datum=1)
        np.testing.assert_allclose(
            nodes["clamped_V"], early.twin(datum=1).voltages()[1], rtol=0, atol=1e-10
        )
    nudge = SWITCHED.stages[sum(change.at < horizon for change in SWITCHED.schedule)]
    assert early.twin().nudge == nudge.supervisor.nudge
