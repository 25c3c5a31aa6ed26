"""Files that a scenario names: read once, checked, carried along, written beside it."""

from __future__ import annotations

import copy
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

import ohmtick as ot
from ohmtick.engine.circuit import Circuit
from ohmtick.engine.errors import RecordError, ScenarioError
from ohmtick.engine.records.attached import AttachedFile
from ohmtick.engine.registry import FAMILIES
from ohmtick.engine.streams import Streams
from ohmtick.scenarios import attached
from ohmtick.scenarios.attached import FromFile
from ohmtick.scenarios.circuits.base import CircuitKind

TEXT = "a b\nb c\nc a\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
TASK = {"kind": "allostery", "sources": {"a": 1.0, "c": 0.0}, "targets": {"b": 0.3}}
BASE = ot.load("breadboard-iii").replace(horizon=3.0)


@pytest.fixture(autouse=True)
def lines() -> Iterator[None]:
    """A kind of circuit whose file has two labels a line."""
    with FAMILIES["circuit"].restored():

        class Lines(CircuitKind, FromFile, kind="lines"):
            """Two labels a line."""

            def labels(self) -> list[str]:
                return list(dict.fromkeys(self.file.content.decode().split()))

            def build(self, streams: Streams) -> Circuit:
                names = self.labels()
                ends = [names.index(word) for word in self.file.content.decode().split()]
                pairs = list(zip(ends[::2], ends[1::2], strict=True))
                return Circuit(pairs, labels=names)

        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scenario and its file, which is not the working folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    made = tmp_path / "mine"
    made.mkdir()
    (made / "net.txt").write_text(TEXT, encoding="utf-8")
    scenario = given(AttachedFile("net.txt", TEXT.encode()))
    (made / "scenario.toml").write_text(scenario.to_toml(), encoding="utf-8")
    return made


def given(file: object, **more: Any) -> ot.Scenario:
    return BASE.replace(circuit={"kind": "lines", "file": file, **more}, task=TASK)


def test_a_file_lies_beside_the_scenario_and_else_in_the_working_folder(folder: Path) -> None:
    scenario = ot.load(folder / "scenario.toml")
    assert scenario.circuit.file == "net.txt"
    assert scenario.circuit.file.content == TEXT.encode()
    assert scenario.circuit.digest == SHA256
    with pytest.raises(
        ScenarioError, match=r"circuit.file must be a file .* 'net.txt' in .*/work: No such"
    ):
        given("net.txt")
    assert given("../mine/net.txt").circuit.digest == SHA256
    assert given(str(folder / "net.txt")).circuit.digest == SHA256


def test_it_is_read_once(folder: Path) -> None:
    scenario = ot.load(folder / "scenario.toml")
    shutil.rmtree(folder)
    for same in (
        scenario.replace(horizon=4.0).replace(horizon=3.0),
        copy.deepcopy(scenario),
        ot.Scenario(**scenario.model_dump() | {"circuit": scenario.circuit}),
    ):
        assert same == scenario
        assert same.circuit.file.content == TEXT.encode()
        assert same.circuit.file.digest == SHA256
        assert ot.run(same).events.equals(ot.run(scenario).events)


def test_another_content_is_another_scenario(folder: Path) -> None:
    scenario = ot.load(folder / "scenario.toml")
    (folder / "net.txt").write_text(TEXT + "a c\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"circuit.digest must be that of the file 'net.txt'"):
        ot.load(folder / "scenario.toml")
    now = given(str(folder / "net.txt"))
    assert now.circuit.digest != SHA256
    assert now.replace(**{"circuit.file": scenario.circuit.file}).circuit == scenario.circuit
    other = scenario.replace(**{"circuit.file": AttachedFile("net.txt", b"a b b c")})
    assert other.replace(**{"circuit.file": scenario.circuit.file}).circuit == scenario.circuit
    changes = {"circuit.digest": SHA256, "circuit.file": str(folder / "net.txt")}
    with pytest.raises(ScenarioError, match=r"circuit.digest must be that of the file"):
        scenario.replace(**changes)
    with pytest.raises(ScenarioError, match=r"circuit.digest must be .*, got 'beef' instead"):
        given(str(folder / "net.txt"), digest="beef")


def test_a_run_folder_has_the_file_and_runs_again_wherever_it_is(folder: Path) -> None:
    scenario = ot.load(folder / "scenario.toml")
    run = ot.run(scenario, seed=3, out="first")
    name = f"net-{SHA256[:8]}.txt"
    assert (Path("first") / name).read_text(encoding="utf-8") == TEXT
    assert f'file = "{name}"' in run.scenario_toml
    shutil.rmtree(folder)
    Path("elsewhere").mkdir()
    shutil.move("first", "elsewhere/moved")
    again = ot.run("elsewhere/moved", out="second")
    assert again.events.equals(ot.open_run("elsewhere/moved").events)
    assert {path.name for path in Path("second").iterdir()} == {
        path.name for path in Path("elsewhere/moved").iterdir()
    }
    opened = ot.open_run("second")
    opened.save("third")
    assert ot.load("third") == ot.load("second")
    for each in (run, opened):
        assert ot.Scenario(**each.tables).circuit == ot.load("second").circuit


def test_a_damaged_file_of_a_run_folder_is_noticed(folder: Path) -> None:
    ot.run(ot.load(folder / "scenario.toml"), out="run")
    (Path("run") / f"net-{SHA256[:8]}.txt").write_text("a b\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"circuit.digest must be that of the file"):
        ot.load("run")
    with pytest.raises(RecordError, match=r"cannot read run/net-\w{8}\.txt: it is damaged"):
        ot.open_run("run").save("copy")
    (Path("run") / f"net-{SHA256[:8]}.txt").unlink()
    with pytest.raises(RecordError, match=r"it lacks net-\w{8}\.txt"):
        ot.open_run("run")


def test_save_writes_the_files_and_replaces_nothing_unasked(folder: Path) -> None:
    scenario = ot.load(folder / "scenario.toml")
    assert scenario.save("mine.toml") == Path("mine.toml")
    shutil.rmtree(folder)
    assert ot.load("./mine.toml").circuit.file.content == TEXT.encode()
    with pytest.raises(RecordError, match=r"cannot write mine\.toml: it is there already"):
        scenario.save("mine.toml")
    scenario.replace(title="Another").save("mine.toml", overwrite=True)
    assert ot.load("./mine.toml").title == "Another"
    assert len(list(Path().iterdir())) == 2
    ot.load("./mine.toml").save("again.toml")  # by the same name of the same content
    assert len(list(Path().iterdir())) == 3


def test_what_came_from_memory_is_named_by_its_digest() -> None:
    file = AttachedFile.of("table", ".npz", b"123")
    assert file == f"table-{hashlib.sha256(b'123').hexdigest()[:8]}.npz"
    assert file.carried == file
    assert given(AttachedFile.of("net", ".txt", TEXT.encode())).circuit.node_count == 3
    assert len(os.fsencode(AttachedFile("é" * 300 + ".txt", b"").carried)) <= 255


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.txt").mkdir()
    Path("closed.txt").write_text(TEXT, encoding="utf-8")
    Path("to-itself.txt").symlink_to("to-itself.txt")
    Path("to-nothing.txt").symlink_to("nothing")
    os.mkfifo("pipe.txt")
    says = {
        "folder.txt": "Is a directory",
        "to-itself.txt": "symbolic links",
        "to-nothing.txt": "No such file",
        "pipe.txt": "no regular file",
        "clsed.txt": "No such file or directory; the nearest is 'closed.txt'",
        "closed.txt/inside": "Not a directory",
        "a\0b": "null byte",
        "": "must be the path of a file, got ''",
    }
    for name, why in says.items():
        with pytest.raises(ScenarioError, match=r"circuit.file must be") as caught:
            given(name)
        assert why in str(caught.value)
    for what in (7, ["net.txt"], None, b"net.txt"):
        with pytest.raises(ScenarioError, match=r"circuit.file .*(must be the path|is missing)"):
            given(what)
    Path("link.txt").symlink_to("closed.txt")
    assert given(Path("link.txt")).circuit.digest == SHA256
    if os.geteuid():
        Path("closed.txt").chmod(0)
        with pytest.raises(ScenarioError, match="Permission denied"):
            given("closed.txt")
    monkeypatch.setattr(attached, "MOST_BYTES", 10)
    Path("long.txt").write_text(TEXT, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"'long.txt' in .*: it is longer than 10 bytes"):
        given("long.txt")


# --- studies --------------------------------------------------------------------------------------

NETS = {
    "square.cir": "* square\nR0 a b 1k\nR1 b c 1k\nR2 c d 1k\nR3 d a 1k\n",
    "star.cir": "* star\nR0 a b 1k\nR1 b c 1k\nR2 b d 1k\n",
}


@pytest.fixture
def nets(folder: Path) -> Path:
    """A folder with a study of two files, whose scenario has a third."""
    for name, text in NETS.items():
        (folder / name).write_text(text, encoding="utf-8")
    netlist = AttachedFile("net.cir", b"* line\nR0 a b 1k\nR1 b c 1k\n")
    netlist.write(folder)
    own = BASE.replace(circuit={"kind": "file", "file": netlist}, task=TASK)
    (folder / "own.toml").write_text(own.to_toml().replace("digest", "# digest"), encoding="utf-8")
    (folder / "study.toml").write_text(
        'scenario = "own.toml"\nseeds = 2\nmetrics = ["final_error"]\n'
        'grid."circuit.file" = ["square.cir", "star.cir"]\n',
        encoding="utf-8",
    )
    return folder


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_study_has_its_files(nets: Path, executor: Literal["threads", "processes"]) -> None:
    study = ot.Study.load(nets / "study.toml")
    shutil.rmtree(nets)
    table = study.run("answer", workers=2, executor=executor)
    named = [
        f"{Path(net).stem}-{hashlib.sha256(NETS[net].encode()).hexdigest()[:8]}" for net in NETS
    ]
    assert sorted(set(table["circuit.file"])) == [f"{name}.cir" for name in named]
    for net, name in zip(NETS, named, strict=True):
        circuit = {"kind": "file", "file": AttachedFile(net, NETS[net].encode())}
        alone = [ot.run(BASE.replace(circuit=circuit, task=TASK), seed=seed) for seed in (0, 1)]
        rows = table[table["circuit.file"] == f"{name}.cir"]
        assert rows["final_error"].tolist() == [run.summary["final_error"] for run in alone]
    Path("elsewhere").mkdir()
    shutil.move("answer", "elsewhere/moved")
    Path("elsewhere/moved/ledger.sqlite").rename("elsewhere/kept.sqlite")
    again = ot.Study.load("elsewhere/moved").run("second")
    assert again.drop(columns="wall_s", errors="ignore").equals(
        table.drop(columns="wall_s", errors="ignore")
    )


def test_a_study_goes_on_with_the_same_content_wherever_it_is(nets: Path) -> None:
    study = ot.Study.load(nets / "study.toml")
    study.run("answer")
    told: list[int] = []
    for same in (study, ot.Study.load("answer"), ot.Study.load(nets / "study.toml")):
        same.run("answer", watch=lambda tally: told.append(tally.left))
    assert told == [0, 0, 0]
    (nets / "star.cir").write_text(NETS["star.cir"] + "R3 a c 1k\n", encoding="utf-8")
    ot.Study.load(nets / "study.toml").run("answer", watch=lambda tally: told.append(tally.left))
    assert told[3] == 2  # of the one that changed


def test_a_file_that_a_study_lacks_is_named(nets: Path) -> None:
    (nets / "star.cir").unlink()
    with pytest.raises(ScenarioError, match=r"grid.circuit.file must be a file .* 'star.cir'"):
        ot.Study.load(nets / "study.toml")
