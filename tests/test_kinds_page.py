"""The page "Write a kind" is right: its blocks are a plug-in, files, commands and a session."""

import doctest
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ohmtick as ot
from ohmtick.engine.registry import FAMILIES
from ohmtick.scenarios.cli import listing
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.plugins import load_plugin
from ohmtick.tests.scenarios.test_plugins import forgotten

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8")
LABORATORY = (ROOT / "tests" / "plugins" / "laboratory.py").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def _written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files of the page, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    Path("laboratory.py").write_text("\n\n\n".join(blocks("python")), encoding="utf-8")
    for block in blocks("toml"):
        Path(block.partition("\n")[0].removeprefix("# ")).write_text(block, encoding="utf-8")
    with forgotten(monkeypatch):
        yield


@pytest.mark.usefixtures("_written")
def test_the_commands_run(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert len(lines) == 5
    for line in lines:
        dollar, ohmtick, *arguments = shlex.split(line)
        assert (dollar, ohmtick) == ("$", "ohmtick")
        assert main(arguments) == 0, capsys.readouterr().err
    table = ot.open_study("answer").table()
    assert len(table) == 12
    assert table["edges.resistor.noise"].nunique() == 4
    assert {"run/drops.png", "run/report.html"} <= {str(path) for path in Path("run").iterdir()}


@pytest.mark.usefixtures("_written")
def test_the_grid_has_the_cells_that_the_page_says() -> None:
    load_plugin("laboratory.py")
    study = ot.Study.load("grid.toml")
    scenarios = [cell.scenario for cell in study.cells if cell.scenario is not None]
    assert len(scenarios) == 3 * 3 * 2
    assert {scenario.edges.clock.kind for scenario in scenarios} == {"bursting", "periodic"}


@pytest.mark.usefixtures("_written")
def test_the_session_goes_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    runner, names = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), dict[str, Any]()
    for block in blocks("pycon"):
        example = doctest.DocTestParser().get_doctest(block, names, "kinds.md", "kinds.md", 0)
        runner.run(example, clear_globs=False)
        names = example.globs
    assert not runner.failures, capsys.readouterr().out


def test_the_plug_in_of_the_tests_is_the_page_s() -> None:
    assert len(blocks("python")) == 10
    assert all(block.strip() in LABORATORY for block in blocks("python"))


def test_every_family_is_in_the_table() -> None:
    assert listing.ALL
    known = re.findall(r"^\| (\w+) \| a ", PAGE, flags=re.MULTILINE)
    known.remove("family")
    assert set(known) == {name for name in FAMILIES if name not in ("network", "physics")}
