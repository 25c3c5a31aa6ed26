"""The report of a study, and its figures by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis.report.runs import write_report
from ohmtick.engine.errors import OhmtickError
from ohmtick.scenarios.cli.main import main
from ohmtick.tests.analysis.report.test_report import Page
from ohmtick.tests.browser import chromium, opened

TITLE = "Jitter & <b>gate</b>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two keys that keeps its runs."""
    path = tmp_path_factory.mktemp("studies") / "both"
    study = ot.Study(
        ot.load("breadboard-iii").replace(horizon=60.0),
        title=TITLE,
        grid={"edges.clock.jitter": [0.0, 0.1], "edges.clock.gate": [1.0, 0.5]},
        seeds=3,
        probes=True,
        events=True,
    )
    study.run(path, workers=1)
    return path


def test_a_study_says_what_it_found(folder: Path, tmp_path: Path) -> None:
    record = ot.open_study(folder)
    page = Page(write_report([folder], tmp_path / "a.html").read_text(encoding="utf-8"))
    cells = record.response(*record.axes)
    for text in (
        TITLE,
        "edges.clock.jitter, edges.clock.gate",
        "12 done, 0 failed, 0 to be done",
        "Response to edges.clock.jitter",
        "Heat map of edges.clock.jitter-edges.clock.gate",
        "Learning curves",
        "12 of 12: 4 cells × 3 seeds",
        f"ohmtick study {folder / 'study.toml'} --out again",
        (folder / "study.toml").read_text(encoding="utf-8"),
        *(f"{value:.4g}" for value in cells["value"]),
    ):
        assert text in page.words
    assert [tag for tag, _ in page.tags].count("b") == 0


def test_the_first_cell_and_the_last_are_replayed(folder: Path, tmp_path: Path) -> None:
    report = write_report([folder], tmp_path / "a.html")
    with chromium() as browser, opened(browser, report) as page:
        names = page.locator("article .name").all_inner_texts()
        assert names == [
            "edges.clock.jitter = 0.0, edges.clock.gate = 1.0, seed 0",
            "edges.clock.jitter = 0.1, edges.clock.gate = 0.5, seed 0",
        ]
        page.locator(".forward").click()
        assert page.evaluate("ohmtick.time") > 0


def test_a_study_that_keeps_no_runs_has_no_replay(tmp_path: Path) -> None:
    base = ot.load("breadboard-iii").replace(horizon=20.0)
    ot.Study(base, grid={"edges.latency": [0.0, 0.2]}, seeds=2).run(tmp_path / "a", workers=1)
    text = write_report([tmp_path / "a"], tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "Response to edges.latency" in text


def test_figures_of_a_study_are_drawn_by_name(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.png"
    assert main(["plot", str(folder), "learning", "--out", str(out)]) == 0
    assert out.stat().st_size > 5000
    assert main(["plot", str(folder), "network", "--out", str(tmp_path / "b.png")]) == 2
    said = capsys.readouterr().err
    assert "there is no figure 'network'" in said
    assert "'response-edges.clock.jitter'" in said
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_study_stands_alone(folder: Path, tmp_path: Path) -> None:
    kept = ot.open_study(folder).folders()
    assert isinstance(kept, pd.DataFrame)
    with pytest.raises(OhmtickError, match="one study or several runs"):
        write_report([kept["folder"].iloc[0], folder], tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_ledger_gets_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    assert main(["report", str(tmp_path / "a")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("ohmtick: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "a" / "report.html").exists()
