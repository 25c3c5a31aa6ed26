"""Progress bars: in a notebook, or where they are asked for; they change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import ohmtick as ot
from ohmtick.engine.simulation import Watched


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_a_bar_changes_no_bit(engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    plain = ot.run("breadboard-iii", 3, engine)
    assert capfd.readouterr() == ("", "")  # quiet outside a notebook
    shown = ot.run("breadboard-iii", 3, engine, progress=True)
    assert "s simulated" in capfd.readouterr().err
    assert shown.events.equals(plain.events)
    assert shown.probes.equals(plain.probes)
    assert {*shown.summary} == {*plain.summary}


def test_who_polls_is_still_asked() -> None:
    seen: list[float] = []

    def poll(simulation: Watched) -> None:
        seen.append(simulation.now)

    run = ot.run("breadboard-iii", 3, progress=True, poll=poll)
    assert seen[0] == 0.0
    assert seen[-1] == pytest.approx(run.scenario.horizon, rel=0.01)


def test_a_run_that_goes_on_and_a_study_show_theirs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    short = ot.run(ot.load("breadboard-iii").replace(horizon=20.0), 3)
    longer = ot.resume(short, horizon=40.0, progress=True)
    assert "/40 s simulated" in capfd.readouterr().err
    assert longer.events.equals(ot.run(longer.scenario, 3).events)
    told: list[int] = []
    study = ot.Study(short.scenario, seeds=2, grid={"edges.latency": [0.0, 0.5]})
    table = study.run(tmp_path / "a", progress=True, watch=lambda tally: told.append(tally.done))
    assert "/4 [" in capfd.readouterr().err
    assert told[-1] == len(table) == 4
    assert study.run(tmp_path / "a").equals(table)
    assert capfd.readouterr() == ("", "")


def test_a_wrong_progress_is_refused() -> None:
    with pytest.raises(ot.OhmtickError, match="'progress' must be True, False or None, got 'yes'"):
        ot.run("breadboard-iii", progress="yes")  # type: ignore[arg-type]
