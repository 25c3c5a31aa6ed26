"""The base that papers share: a second one is written in a few lines, and judged and reported."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis.metrics import METRICS
from ohmtick.analysis.papers.claims import Claim, Paper, Records, Result
from ohmtick.analysis.papers.estimates import estimate_of, ratio
from ohmtick.analysis.papers.report import write
from ohmtick.analysis.papers.tables import by_seed, geometric, of_each_run, tables_of
from ohmtick.analysis.papers.wycoff2022.paper import PAPER
from ohmtick.analysis.statistics import Estimate, tabulated
from ohmtick.analysis.studies.record import StudyRecord, open_study
from ohmtick.engine.records.run import Run


def judge(result: Result, series: Mapping[str, Records]) -> None:
    """Two protocols of which the second halves the error, exactly."""
    runs = tables_of(series["errors"])
    wide = by_seed(runs, "error")
    result.tables["errors"] = runs
    result.judge("b is lower", "ratio", ratio(wide["b"], wide["a"]), below=1.0, main=True)
    result.judge("b is above a", "ratio", ratio(wide["b"], wide["a"]), above=1.0)


SECOND = Paper(
    title="Another paper",
    about="Somebody, somewhere.",
    claims=(
        Claim(1, "Halved", ("errors",), judge),
        Claim(2, "Never run", ("errors", "others"), judge),
    ),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyRecord]:
    """A study whose metric is twice as large in its first cell."""
    folder = tmp_path_factory.mktemp("study") / "one"
    scenario = ot.load("breadboard-iii").replace(horizon=2.0)

    def error(run: Run) -> float:
        return float(run.tables["supervisor"]["nudge"])

    with METRICS.restored():
        ot.Study(
            scenario,
            paired={"label": ["a", "b"], "supervisor.nudge": [1.0, 0.5]},
            seeds=(0, 1, 2),
            metrics=(error,),
        ).run(folder, workers=1)
        yield open_study(folder)


def test_a_second_paper_needs_its_claims_only(study: StudyRecord, tmp_path: Path) -> None:
    found = write(SECOND, {"errors": {"one": study}}, tmp_path, command="make it so")
    assert [(each.claim, each.verdict) for each in found] == [(1, "holds"), (1, "does not hold")]
    assert found[0].found.value == pytest.approx(0.5, rel=1e-15)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    for said in ("# Another paper", "Somebody, somewhere.", "`make it so`", "6 runs"):
        assert said in text
    assert "| 1. Halved | b is lower | **holds** | ratio | 0.5 [0.5, 0.5] |" in text
    assert "Never run" not in text
    table = pd.read_csv(tmp_path / "findings.csv")
    assert table["verdict"].tolist() == ["holds", "does not hold"]
    assert len(pd.read_csv(tmp_path / "errors.csv")) == 6


def test_the_paper_has_six_claims() -> None:
    assert [claim.number for claim in PAPER.claims] == [1, 2, 3, 4, 5, 6]


def test_estimates_go_into_a_table_and_come_back() -> None:
    one, other = (Estimate(value=v, low=v - 1, high=np.inf, seeds=4) for v in (1.0, 2.0))
    table = tabulated({("x", 1): one, ("y", 2): other}, ["name", "number"])
    assert list(table) == ["name", "number", "value", "low", "high", "seeds"]
    assert [estimate_of(row) for _, row in table.iterrows()] == [one, other]


def test_a_geometric_mean_over_scenarios_is_of_each_seed() -> None:
    rows = [("s", "a", 0, 1.0), ("t", "a", 0, 4.0), ("s", "a", 1, 9.0), ("t", "a", 1, np.inf)]
    runs = pd.DataFrame(rows, columns=["scenario", "label", "seed", "error"])
    assert geometric(runs, "error")["a"].to_numpy() == pytest.approx([2.0, 9.0])
    largest = of_each_run(runs, lambda own: own["error"].max())
    assert largest.loc[("t", 0)] == 4.0
    assert of_each_run(runs, lambda own: None).empty
