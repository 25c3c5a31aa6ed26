"""The energy of learning, as studies measure it."""

import math
from pathlib import Path

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.analysis.metrics import METRICS, need_events
from ohmtick.analysis.units import unit_of_metric
from ohmtick.engine.records.run import Run

NAMES = ("energy", "energy_to_tenth", "power")


@pytest.fixture(scope="module")
def run() -> Run:
    return ot.run("breadboard-iii")


def test_they_are_the_sums_of_both_copies(run: Run) -> None:
    """The mean of the power at many times is the energy over the time, as far as a mean tells."""
    times = (np.arange(20_000) + 0.5) * 400.0 / 20_000
    power = run.power(times)
    mean = float((power["free_W"] + power["clamped_W"]).mean())
    assert METRICS["power"](run) == pytest.approx(mean, rel=1e-3)
    assert METRICS["energy"](run) == pytest.approx(400.0 * METRICS["power"](run), rel=1e-14)


def test_energy_to_a_tenth_ends_where_the_error_is_there(run: Run) -> None:
    reached = run.probes["error"] < 0.1 * run.probes["error"].iloc[0]
    time = run.probes["time_s"][reached].iloc[0]
    spent = run.energy([time])
    expected = spent["free_J"].iloc[0] + spent["clamped_J"].iloc[0]
    assert METRICS["energy_to_tenth"](run) == expected < METRICS["energy"](run)


def test_an_error_that_never_falls_takes_any_energy() -> None:
    scenario = ot.load("breadboard-iii").replace(horizon=1.0)
    assert METRICS["energy_to_tenth"](ot.run(scenario)) == math.inf
    assert math.isnan(METRICS["energy_to_tenth"](ot.run(scenario.replace(probe=None))))


def test_studies_measure_them(tmp_path: Path) -> None:
    scenario = ot.load("breadboard-iii").replace(horizon=30.0)
    study = ot.Study(
        scenario,
        grid={"edges.clock.jitter": [0.0, 0.1]},
        seeds=2,
        metrics=NAMES,
    )
    table = study.run(tmp_path / "study")
    assert len(table) == 4
    assert need_events(NAMES)
    row = table.iloc[-1]
    own = ot.run(scenario.replace(**{"edges.clock.jitter": 0.1}), seed=int(row["seed"]))
    assert row["energy"] == METRICS["energy"](own)
    assert [unit_of_metric(name) for name in NAMES] == ["J", "J", "W"]
