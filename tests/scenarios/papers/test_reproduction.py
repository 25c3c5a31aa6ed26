"""The reproduction: its short version against the long one that is kept, and what judges it."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis.papers.claims import Finding, Result
from ohmtick.analysis.papers.estimates import median_by_seed, proportion, resampled, seeds_that
from ohmtick.analysis.papers.tables import log_ratios
from ohmtick.analysis.papers.verdicts import interval, number, verdict
from ohmtick.analysis.papers.wycoff2022.claim3 import free_dimension
from ohmtick.analysis.papers.wycoff2022.stability import _crossings
from ohmtick.analysis.papers.wycoff2022.update_noise import noise_of
from ohmtick.analysis.statistics import Estimate
from ohmtick.analysis.studies.record import open_study
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.cli.reproduce import reproduce
from ohmtick.scenarios.papers.paper_studies import PaperStudies

DOCS = Path(__file__).resolve().parents[3] / "docs"
KEPT = DOCS / "paper" / "findings.csv"
#: Statements that eight seeds settle.
SETTLED = {
    "Desynchrony tells no fewer flowers apart",
    "The settled error is lower under 'p = 0.1' than in lockstep, in each task",
    "The settled error is lower under 'Poisson' than in lockstep, in each task",
    "Under 'p = 0.1' the displacement grows as in diffusion",
    "Exploration finds better solutions than order does",
    "The error falls as identical clocks drift out of step",
    "The latency that learning bears under 'Poisson' is π/2 over its fastest rate",
    "Steps in lockstep converge up to α λ = 2",
}


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, seeds=9)


def kept() -> dict[str, dict[str, str]]:
    """The findings of the full version, by statement."""
    with KEPT.open(encoding="utf-8") as file:
        return {row["statement"]: row for row in csv.DictReader(file)}


@pytest.mark.filterwarnings("ignore:.*settled_accuracy is NaN in every run")
def test_the_short_version_says_what_the_long_one_does(tmp_path: Path) -> None:
    """A claim that stops holding fails here; the tolerance is that of the two intervals."""
    folder = tmp_path / "report"
    found = reproduce("wycoff2022", folder, quick=True)
    full = kept()
    judged = {finding.statement: finding for finding in found}
    assert set(judged) <= set(full)
    for statement, finding in judged.items():
        verdicts = {finding.verdict, full[statement]["verdict"]}
        assert verdicts != {"holds", "does not hold"}, str(finding)
        if finding.effect == full[statement]["effect"]:  # and not the worst of fewer
            assert finding.found.low <= float(full[statement]["high"]), str(finding)
            assert finding.found.high >= float(full[statement]["low"]), str(finding)
    for statement in SETTLED:
        assert judged[statement].verdict == "holds", str(judged[statement])
    check_report(folder, found)
    check_nothing_is_left(folder)


def check_report(folder: Path, found: list[Finding]) -> None:
    """The report says each finding, and the files that it names are there."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\((claim\d_[^)]+)\)", text)
    assert len(named) > 20
    assert [name for name in named if not (folder / name).stat().st_size] == []
    for finding in found:
        assert finding.statement in text
        assert finding.interval in text


def check_nothing_is_left(folder: Path) -> None:
    """A second call would repeat no run."""
    paper_studies = PaperStudies.load("wycoff2022").model_copy(update={"near": ()})
    for series, scenario, study in paper_studies.studies(quick=True):
        left: list[int] = []
        study.run(
            folder / "studies" / series / scenario,
            watch=lambda tally, left=left: left.append(tally.left),  # type: ignore[misc]
        )
        assert left[0] == 0


def test_the_numbers_in_the_paper_are_those_of_the_report() -> None:
    text = (DOCS / "paper.md").read_text(encoding="utf-8")
    quoted = re.findall(r"[−\d.·^∞]+ \[[^\]\n]+, [^\]\n]+\]", text)
    known = {
        interval(estimate(*(float(row[name]) for name in ("value", "low", "high"))))
        for row in kept().values()
    }
    assert len(quoted) > 10
    assert [each for each in quoted if each not in known] == []


@pytest.mark.parametrize(
    ("found", "bounds", "expected"),
    [
        (estimate(0.5, 0.4, 0.9), {"below": 1.0}, "holds"),
        (estimate(0.5, 0.4, 1.0), {"below": 1.0}, "undecided"),
        (estimate(2.0, 1.1, 3.0), {"below": 1.0}, "does not hold"),
        (estimate(2.0, 1.1, 3.0), {"above": 1.0}, "holds"),
        (estimate(1.0, 0.95, 1.05), {"above": 0.9, "below": 1.1}, "holds"),
        (estimate(1.0, 0.85, 1.05), {"above": 0.9, "below": 1.1}, "undecided"),
        (estimate(0.7, 0.6, 0.8), {"above": 0.9, "below": 1.1}, "does not hold"),
        (estimate(9.0, 1.0, np.inf), {"above": 0.9}, "holds"),
    ],
)
def test_a_verdict_follows_from_the_interval_alone(
    found: Estimate, bounds: dict[str, Any], expected: str
) -> None:
    assert verdict(found, **bounds) == expected
    result = Result("", claim=3)
    result.judge("it is so", "effect", found, **bounds)
    assert result.findings[0].verdict == expected
    assert str(result.findings[0]).startswith(f"3. it is so: {expected} (effect: ")


def test_a_verdict_needs_a_bound() -> None:
    with pytest.raises(ot.OhmtickError, match="needs a bound"):
        verdict(estimate(1.0, 0.0, 2.0))


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (0.1234, "0.123"), (1013.4, "1010"), (0.00123, "0.00123"),
     (-12.345, "−12.3"), (1.26e-7, "1.3·10^−7"),
     (np.inf, "∞"), (-np.inf, "−∞"), (np.nan, "–")],
)  # fmt: skip
def test_numbers_are_written_in_three_digits(value: float, written: str) -> None:
    assert number(value) == written


def test_a_proportion_has_its_exact_interval() -> None:
    # Clopper and Pearson, Biometrika 26, 404 (1934): none and all of n end at (α / 2)^(1 / n).
    assert proportion([False] * 10).high == pytest.approx(1.0 - 0.025**0.1)
    assert proportion([True] * 10).low == pytest.approx(0.025**0.1)
    assert proportion([True, False]).value == 0.5


def test_a_median_is_redrawn_by_seed() -> None:
    """Four copies of each seed's number are no larger a sample."""
    numbers = np.random.default_rng(3).standard_normal(25)
    index = pd.MultiIndex.from_product([list("abcd"), range(25)], names=["scenario", "seed"])
    copies = median_by_seed(pd.Series(np.tile(numbers, 4), index=index))
    alone = median_by_seed(pd.Series(numbers, index=pd.Index(range(25), name="seed")))
    assert (copies.value, copies.low, copies.high) == (alone.value, alone.low, alone.high)
    assert copies.seeds == 25


def test_a_proportion_counts_seeds() -> None:
    runs = pd.DataFrame({"seed": [0, 0, 1, 1], "good": [True, True, True, False]})
    assert seeds_that(runs, runs["good"]) == proportion([True, False])


@pytest.mark.parametrize(
    ("rates", "crossing"),
    [
        # In lockstep a step multiplies the miss by |1 - α λ|: 1 at just 2.
        ([np.log(0.5), np.log(0.8), np.log(1.2), np.log(1.6)], 2.0),
        ([-1.0, -0.5, -0.4, -0.1], np.inf),
        ([0.1, 0.2, 0.3, 0.4], 0.0),  # unstable wherever it was tried: no reason to call it stable
    ],
)
def test_where_a_push_begins_to_grow(rates: list[float], crossing: float) -> None:
    products = [1.5, 1.8, 2.2, 2.6]
    growth = pd.DataFrame(
        {"scenario": "one", "seed": 0, "label": "p = 1", "product": products, "growth": rates}
    )
    assert _crossings(growth, "p = 1").tolist() == pytest.approx([crossing])


def test_a_time_that_is_never_reached_is_not_left_out() -> None:
    times = {"b": [2.0, np.inf, 3.0, np.inf, 0.0], "a": [1.0, 5.0, np.inf, np.inf, 1.0]}
    rows = [(label, *each) for label, own in times.items() for each in enumerate(own)]
    logs = log_ratios(pd.DataFrame(rows, columns=["label", "seed", "time"]), "time", "a")
    assert list(logs) == ["b"]
    expected = [np.log(2.0), np.inf, -np.inf, np.nan, np.log(1e-300)]
    assert logs["b"].tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("sides", [2, 5])
def test_a_free_walk_looks_as_low_dimensional_as_theory_has_it(sides: int) -> None:
    """The modes of a walk have variances 1 / (k π)²: Karhunen and Loève.

    In endless dimensions the participation ratio is (Σ k⁻²)² / Σ k⁻⁴ = 5 / 2; in few it is less.
    """
    assert free_dimension(400, 500, walks=3) == pytest.approx(2.5, rel=0.05)
    assert 1.0 < free_dimension(400, sides, walks=50) < 2.5


def test_resampled_medians_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(100):
        sample = rng.standard_normal(40)
        found = resampled(lambda seeds, x=sample: float(x[seeds].mean()), 40, resamples=200)  # type: ignore[misc]
        covered += found.low <= 0.0 <= found.high
    assert covered >= 85  # of 95 expected: P < 1e-4


@pytest.mark.parametrize("quick", [True, False])
def test_every_study_of_the_paper_can_run(quick: bool) -> None:
    paper_studies = PaperStudies.load("wycoff2022").model_copy(update={"near": ()})
    names = []
    for series, scenario, study in paper_studies.studies(quick):
        names.append((series, scenario))
        assert [cell.text for cell in study.cells if cell.scenario is None] == []
    assert len(set(names)) == len(names) > 10


def test_noise_is_that_of_the_data_which_a_state_has_learned(tmp_path: Path) -> None:
    paper_studies = PaperStudies.load("wycoff2022")
    (near,) = [each for each in paper_studies.near if each.kind == "noise"]
    one = paper_studies.model_copy(
        update={"series": (), "near": (near.model_copy(update={"seeds": 2}),)}
    )
    studies = [(name, study) for _, name, study in one.studies()]
    assert [study.seeds for _, study in studies] == [(0,), (1,)]
    name, study = studies[1]
    study.run(tmp_path / name)
    record = open_study(tmp_path / name)
    error = record.table().set_index("label")["initial_error"]
    assert error["learned|all|1"] < 0.5 * error["start|all|1"]
    noise = noise_of({name: record})
    tested = noise[(noise["fraction"] < 1.0) & (noise["label"] != "data 1/16")]
    # At least 120 independent steps: a variance has an s.d. of √(2 / 120) = 13 %.
    ratio = tested["noise"] / tested["predicted"]
    assert ((ratio > 0.5) & (ratio < 1.5)).all()


def test_an_unknown_paper_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "wycof2022", "--out", str(tmp_path / "report")]) == 2
    assert "wycoff2022" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--workers", "0"], "workers"), (["--workers", "-3"], "workers")],
)
def test_workers_must_be_some(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", "wycoff2022", "--out", str(tmp_path / "report"), *options]) == 2
    assert message in capsys.readouterr().err


def test_an_interrupted_reproduction_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ohmtick.scenarios.cli.reproduce.carry_out", interrupt)
    assert main(["reproduce", "wycoff2022", "--out", str(tmp_path / "report")]) == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert main(["reproduce", "wycoff2022", "--quick", "--out", str(taken)]) == 1
    assert str(taken) in capsys.readouterr().err
    assert taken.read_text() == "mine"
