"""The answer of a study in words: thresholds that are met or not, intervals, units."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import ohmtick as ot
from ohmtick.analysis import metrics as known
from ohmtick.analysis.report.runs import write_report
from ohmtick.analysis.studies.answers import answer
from ohmtick.analysis.studies.figures import figures_of
from ohmtick.analysis.units import named, unit_in
from ohmtick.engine.messages import models
from ohmtick.engine.records.run import Run
from ohmtick.scenarios.scenario import Scenario
from ohmtick.scenarios.units import unit_of_key

BASE = ot.load("breadboard-iii").replace(horizon=5.0)


@pytest.fixture(autouse=True)
def _own_metrics() -> Iterator[None]:
    with known.METRICS.restored():
        yield


def gated(values: dict[float, float], tmp_path: Path, **threshold: object) -> str:
    """The answer of a study of gates, whose metric has a value at each; spread over the seeds."""

    def shaped(run: Run) -> float:
        """What is wanted, V."""
        gate = run.tables["edges"]["clock"]["gate"]
        return values[gate] * (1.0 + 0.1 * float(run.summary["seed"]))

    grid = {"edges.clock.gate": list(values)}
    study = ot.Study(BASE, grid=grid, seeds=3, metrics=[shaped], threshold=threshold)
    study.run(tmp_path / "a")
    return answer(ot.open_study(tmp_path / "a"))


@pytest.mark.parametrize(
    ("values", "factor", "says"),
    [
        # What one reads off: twice is never met from 1 down to 0.05, and all is better than at 1.
        ({1.0: 8.0, 0.5: 4.0, 0.05: 2.0}, 2.0, "never exceeded down to 0.05, it only improves; fr"),
        ({0.05: 8.0, 0.5: 4.0, 1.0: 2.0}, 2.0, "never exceeded up to 1, it only improves; from"),
        ({1.0: 8.0, 0.5: 9.0, 0.05: 2.0}, 2.0, "never exceeded down to 0.05; from 8.8 V"),
        ({1.0: 8.0, 0.5: 9.0, 0.05: 10.0}, 0.5, "never reached down to 0.05, it only improves; "),
        ({1.0: 8.0, 0.5: 7.0, 0.05: 6.0}, 0.5, "never reached down to 0.05; from 8.8 V"),
    ],
)
def test_a_threshold_that_is_not_met_is_no_place(
    tmp_path: Path, values: dict[float, float], factor: float, says: str
) -> None:
    said = gated(values, tmp_path, factor=factor)
    assert f"  {says}" in said
    assert "below 0.05" not in said


def test_a_reference_in_between_says_which_way_it_goes(tmp_path: Path) -> None:
    said = gated({0.5: 1.0, 0.1: 9.0, 1.0: 1.0}, tmp_path)
    assert "edges.clock.gate, of which 0.5 is the reference, followed upwards" in said
    assert "never exceeded up to 1; from" in said


def test_one_seed_has_no_interval_and_that_is_said_everywhere(tmp_path: Path) -> None:
    study = ot.Study(BASE, grid={"edges.latency": [0.0, 1.0, 4.0]}, seeds=1, metrics=["updates"],
                     threshold={"factor": 0.95})  # fmt: skip
    study.run(tmp_path / "a")
    record = ot.open_study(tmp_path / "a")
    assert record.thresholds()["threshold"].iloc[0] < 4.0
    assert " s (no interval: one seed); from " in answer(record)
    ((_, axes),) = figures_of(record)
    assert [text.get_text() for text in axes.texts] == ["no interval: one seed"]
    page = write_report([tmp_path / "a"], tmp_path / "a.html").read_text(encoding="utf-8")
    assert "a cross is the threshold. No interval: one seed." in page
    assert "with its interval" not in page
    assert "the ends of its interval" not in page


def test_a_study_has_units(tmp_path: Path) -> None:
    study = ot.Study(BASE, grid={"edges.latency": [0.0, 4.0]}, seeds=2)
    study.run(tmp_path / "a")
    record = ot.open_study(tmp_path / "a")
    assert record.units == {
        "edges.latency": "s", "time_to_tenth": "s",
        "settled_error": "V²", "best_error": "V²", "final_error": "V²",
    }  # fmt: skip
    said = answer(record)
    assert "  metric     settled_error (V²), median over the seeds" in said
    assert "edges.latency, of which 0 s is the reference" in said
    ((_, axes),) = figures_of(record)
    assert axes.get_xlabel() == "edges.latency (s)"
    assert axes.get_ylabel() == "settled error (V²)"
    page = write_report([tmp_path / "a"], tmp_path / "a.html").read_text(encoding="utf-8")
    for text in ("edges.latency (s)", "settled_error (V²)", "low (V²)", "high (V²)"):
        assert f">{text}</th>" in page


def test_a_metric_of_one_s_own_has_the_unit_that_it_says(tmp_path: Path) -> None:
    assert "shaped (V), median" in gated({1.0: 1.0, 0.5: 3.0}, tmp_path)
    known.METRICS.remove("shaped")  # as in a session that does not know it
    record = ot.open_study(tmp_path / "a")
    assert record.units["shaped"] == "V"
    assert "; from 1.1 V" in answer(record)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Time between measurements, s; the first is at 0.", "s"),
        ("α, S/V².", "S/V²"),
        ("Source voltages of each datum, V, shape (D, S).", "V"),
        ("Resistance at the last position, Ω; at least 1e-15 Ω a position.", "Ω"),
        ("Where, shape (S, T).", ""),
        ("Relative s.d. of the periods, some.", ""),
        (None, ""),
    ],
)
def test_a_unit_is_what_a_description_states(text: str | None, unit: str) -> None:
    assert unit_in(text) == unit


def test_keys_have_the_unit_of_their_description() -> None:
    """Each key of a scenario whose description states a unit has it, whatever holds it."""
    stated: dict[str, set[str]] = {}
    for key, unit in _stated("", Scenario):
        stated.setdefault(key, set()).add(unit)
    for key, units in stated.items():
        assert unit_of_key(key) == (units.pop() if len(units) == 1 else ""), key
    assert unit_of_key("edges.clock.period") == unit_of_key("horizon") == "s"
    assert unit_of_key("edges.resistor.k_min") == "S"
    # A conductance of the one kind, and a position of the other.
    assert unit_of_key("edges.resistor.start", ot.load("random-143")) == "S"
    assert unit_of_key("edges.resistor.start", BASE) == ""
    assert unit_of_key("edges.clock.jitter") == unit_of_key("label") == unit_of_key("a.b") == ""
    assert named("edges.latency", {"edges.latency": "s"}) == "edges.latency (s)"


def _stated(path: str, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        key = f"{path}.{name}".lstrip(".")
        for inner in models(field.annotation):
            yield from _stated(key, inner)
        yield key, unit_in(field.description)


def test_metrics_that_no_run_has_are_told(tmp_path: Path) -> None:
    grid = {"edges.latency": [0.0, 4.0]}
    blind = ot.Study(BASE.replace(probe=None), grid=grid, seeds=2)
    told = (
        "settled_error, best_error, time_to_tenth are NaN in every run; the scenario has no [probe]"
    )
    with pytest.warns(ot.OhmtickWarning) as warned:
        blind.run(tmp_path / "a")
    assert [str(each.message) for each in warned] == [f"{tmp_path / 'a'}: {told}"]
    assert f"  nothing    {told}\n" in answer(ot.open_study(tmp_path / "a"))


def test_a_metric_that_some_run_has_is_not_told_of(tmp_path: Path) -> None:
    @known.metric
    def seldom(run: Run) -> float:
        """Of one seed only."""
        return 1.0 if run.summary["seed"] == 1 else float("nan")

    @known.metric
    def never(run: Run) -> float:
        """Of none."""
        return float("nan")

    study = ot.Study(BASE, grid={"edges.latency": [0.0, 4.0]}, seeds=2, metrics=["seldom", "never"])
    with pytest.warns(ot.OhmtickWarning, match=r"a: never is NaN in every run$"):
        study.run(tmp_path / "a")
