"""Reports and films as files: what they hold, and that they are whole or absent."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

import ohmtick as ot
from ohmtick.analysis.report import animation
from ohmtick.analysis.report import runs as report
from ohmtick.analysis.report.figures import FIGURES
from ohmtick.analysis.report.page_files import SCRIPTS, fill, integrity
from ohmtick.analysis.report.runs import write_report
from ohmtick.engine.errors import OhmtickError, RecordError
from ohmtick.scenarios.cli.main import main


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    short = ot.load("breadboard-iii").replace(horizon=30.0)
    ot.run(short, seed=1, out=folder / "one")
    ot.run(short.replace(**{"edges.clock.phase": "aligned"}), seed=1, out=folder / "two")
    return folder


@pytest.fixture
def _one_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take longer to draw than a page to be written."""
    monkeypatch.setattr(report, "FIGURES", {"learning": FIGURES["learning"]})


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_report_says_what_ran_and_how_it_ended(place: Path, tmp_path: Path) -> None:
    run = ot.open_run(place / "one")
    out = write_report([place / "one"], tmp_path / "report")
    assert out == tmp_path / "report.html"
    page = Page(out.read_text(encoding="utf-8"))
    for words in (
        run.summary["title"],
        "9 nodes, 16 edges",
        "2 sources, 2 targets",
        "digital potentiometer, positions 128, full scale 100000 Ω",
        f"{run.summary['initial_error']:.3g} V²",
        f"{run.summary['final_error']:.3g} V²",
        f"{run.summary['updates']:,}",
        f"numpy {run.summary['versions']['numpy']}",
        f"ohmtick run {place / 'one' / 'scenario.toml'} --out again",
        run.scenario_toml,
        *(kind.title for kind in FIGURES.values()),
    ):
        assert words in page.words
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) == len(FIGURES) - 1  # there are no classes to confuse
    assert all(picture["alt"] for picture in pictures)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.usefixtures("_one_figure")
def test_the_command_that_a_report_gives_repeats_the_run(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(write_report([place / "one"], tmp_path / "a.html").read_text(encoding="utf-8"))
    (command,) = re.findall(r"ohmtick (run .* --out again)", page.words)
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 0
    assert ot.open_run("again").events.equals(ot.open_run(place / "one").events)


@pytest.mark.usefixtures("_one_figure")
def test_a_page_asks_for_nothing_and_runs_only_its_own_scripts(place: Path, tmp_path: Path) -> None:
    text = write_report([place / "one"], tmp_path / "a.html").read_text(encoding="utf-8")
    page = Page(text)
    for tag, attributes in page.tags:
        assert tag not in {"link", "iframe", "object", "embed"}
        assert not any(name.startswith("on") for name in attributes)
        source = attributes.get("src") or attributes.get("href") or "data:"
        assert source.startswith("data:")
    (policy,) = (
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == len(SCRIPTS)
    assert all(integrity(script) in policy for script in scripts)


@pytest.mark.usefixtures("_one_figure")
def test_two_runs_stand_side_by_side(place: Path, tmp_path: Path) -> None:
    folders = [place / "one", place / "two"]
    text = write_report(folders, tmp_path / "a.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "one · two" in page.words
    assert "Learning curves" in page.words
    held = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert held is not None
    assert [run["name"] for run in json.loads(held[1])["runs"]] == ["one", "two"]


@pytest.mark.usefixtures("_one_figure")
def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    for folder in ("x/run", "y/run"):
        ot.run(ot.load("breadboard-ii").replace(horizon=5.0), out=tmp_path / folder)
    folders = [tmp_path / "x/run", tmp_path / "y/run"]
    page = Page(write_report(folders, tmp_path / "a.html").read_text(encoding="utf-8"))
    assert "x/run · y/run" in page.words
    again = write_report([tmp_path / "x/run"] * 2, tmp_path / "b.html")
    assert f"{tmp_path / 'x/run'} (2)" in Page(again.read_text(encoding="utf-8")).words


def test_what_comes_from_a_run_is_never_markup() -> None:
    evil = "</script><script>alert(1)</script>"
    context = {
        "answer": evil,
        "kind": evil,
        "heading": evil,
        "lead": evil,
        "subjects": [],
        "settings": {evil: [evil]},
        "figures": [],
        "tables": [{"heading": evil, "text": evil, "columns": [evil], "rows": [[evil]]}],
        "version": evil,
    }
    text = fill(context, {"title": evil})
    assert "alert(1)</script>" not in text
    assert [tag for tag, _ in Page(text).tags].count("script") == 1 + len(SCRIPTS)


DAMAGES = {
    "events.parquet": lambda data: data[: len(data) // 2],
    "probes.parquet": lambda data: b"PAR1" + data[9:],
    "summary.json": lambda data: data[:40],
    "scenario.toml": lambda data: data + b"\n[",
    "data.parquet": lambda data: data[:100],
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("command", ["report", "animate", "plot"])
def test_a_damaged_run_gets_a_message_and_leaves_nothing(
    name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    ot.run(ot.load("breadboard-iii").replace(horizon=5.0), out=folder)
    file = folder / name
    file.write_bytes(DAMAGES[name](file.read_bytes()))
    before = sorted(tmp_path.rglob("*"))
    out = {"report": "a.html", "animate": "a.gif", "plot": "a.png"}[command]
    kind = ["learning"] if command == "plot" else []
    assert main([command, str(folder), *kind, "--out", str(tmp_path / out)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"ohmtick: cannot read {file}: ")
    assert said.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_damage_inside_the_log_is_found_and_leaves_nothing(tmp_path: Path) -> None:
    """Its footer is whole, so that the run opens, but a page of it is not."""
    folder = tmp_path / "run"
    ot.run(ot.load("breadboard-iii").replace(horizon=50.0), out=folder)
    data = bytearray((folder / "events.parquet").read_bytes())
    data[100:4000] = bytes(3900)
    (folder / "events.parquet").write_bytes(data)
    with pytest.raises(RecordError, match=r"cannot read the event log .*events\.parquet"):
        write_report([folder], tmp_path / "a.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["report", "nowhere"], 1, "there is no run folder nowhere"),
        (["report", "."], 1, ". is not a run folder: it lacks"),
        (["report", "RUN", "--out", "gone/a.html"], 1, "cannot write gone/a.html: No such file"),
        (["animate", "RUN", "--out", "a"], 2, "a film must be a .gif or an .mp4, got no suffix"),
        (["animate", "RUN", "--out", "a.avi"], 2, "a film must be a .gif or an .mp4, got .avi"),
        (["animate", "RUN", "--out", "a.mp4"], 2, "an .mp4 needs ffmpeg, which is not on the path"),
        (["animate", "RUN", "--out", "a.gif", "--stop", "31"], 2, "within [0, 30] s, got 0 to 31"),
        (["animate", "RUN", "--out", "a.gif", "--start", "9", "--stop", "9"], 2, "got 9 to 9 s"),
        (["animate", "RUN", "--out", "a.gif", "--frames", "1"], 2, "be at least 2, got 1"),
        (["animate", "RUN", "--out", "a.gif", "--fps", "0"], 2, "be at least 1, got 0"),
        (["animate", "RUN", "--out", "gone/a.gif"], 1, "cannot write gone/a.gif: No such file"),
        (["plot", "RUN", "netwrok"], 2, "there is no figure 'netwrok'; the nearest is 'network'"),
        (["plot", "RUN", "ticks", "--out", "a.xyz"], 2, "a.xyz is in no known format"),
    ],
)
def test_mistakes_get_one_message_and_leave_nothing(
    arguments: list[str],
    code: int,
    says: str,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: None)
    full = [str(place / "one") if word == "RUN" else word for word in arguments]
    assert main(full) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_failed_report_keeps_the_one_before(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    out.write_text("an earlier one", encoding="utf-8")
    with pytest.raises(OhmtickError):
        write_report([place / "one", tmp_path / "none"], out)
    assert out.read_text(encoding="utf-8") == "an earlier one"


@pytest.mark.usefixtures("_one_figure")
def test_the_default_place_is_beside_the_run(tmp_path: Path) -> None:
    ot.run(ot.load("breadboard-ii").replace(horizon=5.0), out=tmp_path / "run")
    assert main(["report", str(tmp_path / "run/")]) == 0
    assert (tmp_path / "run" / "report.html").stat().st_size > 100_000


def test_a_film_has_the_frames_that_were_asked_for(place: Path, tmp_path: Path) -> None:
    folders = [place / "one", place / "two"]
    seen: list[tuple[int, int]] = []
    film = animation.animate(
        folders,
        tmp_path / "a.gif",
        window=(10.0, 12.0),
        frames=5,
        fps=10,
        watch=lambda frame, frames: seen.append((frame, frames)),
    )
    assert seen == [(frame, 5) for frame in range(5)]
    with Image.open(film) as pictures:
        assert pictures.n_frames == 5  # type: ignore[attr-defined]
        assert pictures.info["duration"] == 100
        assert pictures.size[0] > pictures.size[1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
