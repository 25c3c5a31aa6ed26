"""Probes in step with those who act: told of where errors would mislead, and nowhere else."""

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.in_step import LONGEST_GAP, OUT_OF_STEP, in_step
from ohmtick.scenarios.papers.paper_studies import PaperStudies
from ohmtick.scenarios.scenario import library
from ohmtick.scenarios.studies.study import Study, study_library

BENCH = ot.load("breadboard-iii")
REGRESSION = ot.load("lattice-regression")
#: 1 over the golden ratio, and that squared: whoever multiplies a period to see whether answers
#: depend on it will take these.
GOLDEN = (1.0, 0.618034, 0.381966)
PAPER = Path(ot.__file__).parent / "scenarios" / "papers" / "wycoff2022"


def told(probe: float, **changes: Any) -> str:
    return in_step(BENCH.replace(**{"probe.period": probe, **changes}))


@pytest.mark.parametrize(
    "ratio", [1.0, 2.0, 0.5, 1 / 3, 2 / 3, 1.5, 0.8, 7 / 9, 10.0, 0.125, 1.001]
)
def test_ratios_of_small_whole_numbers_are_in_step(ratio: float) -> None:
    for period in (1.0, 0.1, 3.7):
        scale = {"edges.clock.period": period, "horizon": 400.0 * period}
        assert f"is in step with edges.clock.period = {period:g} s" in told(ratio * period, **scale)


@pytest.mark.parametrize(
    "ratio", [math.sqrt(2.0), math.pi, 0.381966, 0.618034, math.e, 7 / 11, 0.93, 0.01, 1.05]
)
def test_other_ratios_are_not(ratio: float) -> None:
    for period in (1.0, 0.1, 3.7):
        assert not told(ratio * period, **{"edges.clock.period": period, "horizon": 400.0 * period})


@pytest.mark.parametrize(
    "clock",
    [
        {"phase": "uniform"},
        {"phase": "staggered"},
        {"jitter": 0.2},
        {"spread": 0.1},
        {"wander": 0.1},
        {"gate": 0.1},
    ],
)
def test_a_clock_is_taken_for_its_nominal_grid(clock: dict[str, Any]) -> None:
    period = {"kind": "periodic", "period": 0.5} | clock
    assert told(1.0, **{"edges.clock": period})
    assert not told(OUT_OF_STEP, **{"edges.clock": period})


def test_what_has_no_period_is_not_in_step() -> None:
    assert not told(1.0, **{"edges.clock": {"kind": "poisson"}})
    assert not told(400.0)  # one reading, at the start
    assert not in_step(BENCH.replace(probe=None))
    assert not in_step(
        BENCH.replace(**{"edges.clock.kind": "poisson", "supervisor.period": 0.848528})
    )


def test_the_supervisor_of_many_data_has_a_period() -> None:
    many = {"edges.clock": {"kind": "poisson"}, "probe.period": 1.4, "supervisor.period": 0.7}
    said = in_step(REGRESSION.replace(**many))
    assert "in step with supervisor.period = 0.7 s (2 : 1)" in said
    assert not in_step(REGRESSION.replace(**many, **{"task.data": 1}))


def test_what_is_suggested_is_not_in_step() -> None:
    for probe in (1.0, 0.5, 4.0, 0.333333):
        said = told(probe)
        assert not told(float(said.rpartition("such as ")[2]))


def test_readings_out_of_step_leave_no_gap() -> None:
    """By counting: the phases of the last quarter's readings in bins of a tenth of a period."""
    for probe in np.random.default_rng(3).uniform(0.2, 5.0, 300).tolist():
        times = np.arange(0.0, 400.0, probe)
        last = times[times >= 300.0]
        phases = np.sort(last % 1.0)
        gap = np.diff(np.append(phases, phases[0] + 1.0)).max()
        if last.size >= 64 and told(probe):
            assert gap > 0.9 * LONGEST_GAP
        elif last.size >= 64:
            assert gap < 1.1 * LONGEST_GAP


@pytest.mark.parametrize("factor", GOLDEN)
def test_the_library_reads_out_of_step_whatever_its_probes_are_multiplied_by(factor: float) -> None:
    scenarios = [ot.load(name) for name in library()]
    scenarios += [cell.scenario for name in study_library() for cell in Study.load(name).cells]  # type: ignore[misc]
    for scenario in scenarios:
        assert scenario.probe is not None
        period = factor * scenario.probe.period
        assert in_step(scenario.replace(**{"probe.period": period})) == ""


def test_the_paper_reads_out_of_step() -> None:
    paper_studies = PaperStudies.load("wycoff2022").model_copy(update={"near": ()})
    cells = [cell for *_, study in paper_studies.studies() for cell in study.cells]
    assert {in_step(cell.scenario) for cell in cells if cell.scenario is not None} == {""}
    alone = [path for path in PAPER.glob("*.toml") if "[probe]" in path.read_text("utf-8")]
    assert len(alone) > 15
    assert {in_step(ot.load(path)) for path in alone} == {""}


def test_a_run_warns_and_a_silent_one_does_not(tmp_path: Path) -> None:
    loud = BENCH.replace(**{"probe.period": 1.0, "horizon": 20.0})
    with pytest.warns(
        ot.OhmtickWarning, match=r"^probe\.period = 1 s is in step with edges"
    ) as said:
        ot.run(loud, seed=1)
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", ot.OhmtickWarning)
        ot.run(loud.replace(**{"probe.period": OUT_OF_STEP}), seed=1)
        ot.Study(BENCH.replace(horizon=5.0), seeds=2).run(tmp_path / "quiet")


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_study_warns_once(tmp_path: Path, executor: Any) -> None:
    base = BENCH.replace(**{"probe.period": 1.0, "horizon": 5.0})
    clocks = {"edges.clock": [{"kind": "periodic", "period": 0.5}, {"kind": "poisson"}]}
    with pytest.warns(ot.OhmtickWarning, match=r"\(in 1 of 2 cells\)$") as said:
        ot.Study(base, grid=clocks, seeds=3, events=True).run(tmp_path / "a", executor=executor)
    assert len([each for each in said if each.category is ot.OhmtickWarning]) == 1


def test_the_command_says_so_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loud = ["--set", "probe.period=1.0"]
    folders = [str(tmp_path / name) for name in ("run", "study")]
    for command in (
        ["check", "breadboard-iii", *loud],
        ["run", "breadboard-iii", *loud, "--set", "horizon=9.0", "--out", folders[0]],
        ["study", "jitter", *loud, "--set", "horizon=9.0", "--out", folders[1], "--seeds", "2"],
        ["study", "jitter", *loud, "--set", "horizon=9.0", "--dry-run", "--seeds", "2"],
    ):
        assert main(command) == 0
        said = [line for line in capsys.readouterr().err.splitlines() if "in step" in line]
        assert len(said) == 1
        assert said[0].startswith("ohmtick: warning: probe.period = 1 s is in step with edges.")
    assert main(["check", "breadboard-iii"]) == 0
    assert capsys.readouterr().err == ""
