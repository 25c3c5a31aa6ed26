"""Kinds from outside: named in files, swept in studies, carried to workers, told in records."""

import hashlib
import inspect
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.agents import Clock, Rule
from ohmtick.analysis.metrics import METRICS
from ohmtick.engine.errors import OhmtickError, RecordError, ScenarioError
from ohmtick.engine.registry import FAMILIES
from ohmtick.engine.streams import Streams
from ohmtick.scenarios import plugins
from ohmtick.scenarios.circuits.base import CircuitKind
from ohmtick.scenarios.circuits.breadboard import Breadboard
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.plugins import load_plugin
from ohmtick.scenarios.studies.planning import planned
from ohmtick.tests.contracts.test_analysis import check_figure, check_metric, check_sampler
from ohmtick.tests.contracts.test_circuits import check_circuit
from ohmtick.tests.contracts.test_tasks import check_task

LABORATORY = Path(__file__).parents[1] / "plugins" / "laboratory.py"
LADDER = """
title = "A ladder learns"
horizon = 8.0
[circuit]
kind = "ladder"
rungs = 3
[task]
kind = "allostery"
sources = { L0 = 4.0, R1 = 0.0 }
targets = { R0 = 1.5 }
[edges.rule]
kind = "patient"
[edges.resistor]
kind = "noisy"
[edges.clock]
kind = "bursting"
burst = 2
[edges.comparator]
kind = "rounding"
"""
STUDY = """
seeds = 3
metrics = ["largest_staleness", "final_error"]
scenario = "ladder.toml"
[grid]
"circuit.rungs" = [2, 4]
"edges.latency" = [0.0, 0.7]
"edges.rule.patience" = [1, 2]
"edges.resistor.noise" = [0.0, 0.4]
"""
COMMAND = [sys.executable, "-P", "-m", "ohmtick.scenarios.cli.main"]


@contextmanager
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the plug-ins of a test, as a new session would have."""
    monkeypatch.setattr(plugins, "_LOADED", {})
    with ExitStack() as families:
        for family in FAMILIES.values():
            families.enter_context(family.restored())
        yield
    for name in [name for name in sys.modules if name.startswith(plugins.PREFIX)]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def _own_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with forgotten(monkeypatch):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a copy of the plug-in, a scenario and a study that name its kinds."""
    (tmp_path / "laboratory.py").write_text(LABORATORY.read_text(encoding="utf-8"))
    (tmp_path / "ladder.toml").write_text(LADDER)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def edit(folder: Path, before: str, after: str) -> Path:
    """Change the plug-in, and load it as a new session would."""
    file = folder / "laboratory.py"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    load_plugin(file)
    return file


def test_a_scenario_names_its_kinds_and_the_record_holds_them(folder: Path) -> None:
    load_plugin(folder / "laboratory.py")
    ladder = ot.load(folder / "ladder.toml")
    assert ot.Scenario.from_toml(ladder.to_toml()) == ladder
    run = ot.run(ladder, out=folder / "run", engine="compiled")
    assert ot.run(ladder, engine="simpy").events.equals(run.events)
    assert len(run.edges) == 7
    digest = hashlib.sha256(LABORATORY.read_bytes()).hexdigest()
    told = {"module": "ohmtick_plugin_laboratory", "name": "Ladder", "sha256": digest}
    summary = json.loads((folder / "run" / "summary.json").read_text())
    assert summary["kinds"].pop("circuit") == {"ladder": told}
    assert sorted(summary["kinds"]) == ["clock", "comparator", "resistor", "rule"]
    assert {kind["sha256"] for each in summary["kinds"].values() for kind in each.values()} == {
        digest
    }
    assert ot.load(folder / "run").circuit == ladder.circuit
    assert ot.run("breadboard-iii").summary["kinds"] == {}


def test_its_kinds_keep_the_contracts_of_their_families(tmp_path: Path) -> None:
    load_plugin(LABORATORY)
    check_circuit("ladder", tmp_path)
    check_metric("largest_staleness")
    check_figure("drops")
    check_sampler("kronecker")
    check_task("divider")


def test_mistakes_are_told_as_those_of_other_kinds(folder: Path) -> None:
    load_plugin(folder / "laboratory.py")
    ladder = ot.load(folder / "ladder.toml")
    for changes, says in (
        ({"circuit.rung": 3}, r"^circuit\.rung is not a key \(got 3\); the nearest is 'circuit"),
        ({"circuit.rungs": 1}, r"^circuit\.rungs must be greater than or equal to 2, got 1"),
        ({"circuit.kind": "lader"}, r"^circuit must be of a kind among .*'lader'.*is 'ladder'$"),
        ({"task.targets": {"R9": 1.0}}, r"got 'R9' instead; the nearest is 'R"),
    ):
        with pytest.raises(ScenarioError, match=says):
            ladder.replace(**changes)


@pytest.mark.parametrize("executor", ["processes", "own"])
def test_a_study_is_the_same_in_threads_and_processes(folder: Path, executor: Any) -> None:
    load_plugin(folder / "laboratory.py")
    study = ot.Study.load(folder / "study.toml")
    table = study.run(folder / "threads", executor="threads")
    assert table["largest_staleness"].max() > 0.0
    (folder / "laboratory.py").unlink()  # workers are sent what it was
    if executor == "own":
        with ProcessPoolExecutor(2, get_context("spawn")) as own:
            other = study.run(folder / "b", executor=own)
    else:
        other = study.run(folder / "b", executor="processes", workers=2)
    assert_frame_equal(table, other, check_exact=True)


def test_a_study_is_the_same_on_a_cluster(folder: Path) -> None:
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dask, quiet = [sys.executable, "-P", "-m", "dask"], {"stdout": -3, "stderr": -3}
    address = f"tcp://127.0.0.1:{port}"
    here = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    one = ["--no-nanny", "--nthreads", "2", "--no-dashboard", "--local-directory", "w"]
    away = folder / "away"  # where there is no such file
    away.mkdir()
    started = [
        subprocess.Popen([*dask, *arguments], cwd=away, **quiet)  # type: ignore[call-overload]
        for arguments in (["scheduler", *here], ["worker", address, *one])
    ]
    try:
        load_plugin(folder / "laboratory.py")
        study = ot.Study.load(folder / "study.toml")
        table = study.run(folder / "a")
        (folder / "laboratory.py").unlink()
        assert_frame_equal(table, study.run(folder / "b", scheduler=address), check_exact=True)
    finally:
        for process in started[::-1]:
            process.kill()
            process.wait()


def test_a_kind_that_was_edited_is_refused_or_accepted(folder: Path) -> None:
    load_plugin(folder / "laboratory.py")
    study = ot.Study.load(folder / "study.toml").replace(metrics=["final_error"])
    table = study.run(folder / "a")
    assert_frame_equal(table, study.run(folder / "a"), check_exact=True)
    edit(folder, "Two rails that", "Two rails which")
    again = ot.Study.load(folder / "study.toml").replace(metrics=["final_error"])
    with pytest.raises(
        RecordError, match=r"circuit 'ladder' of ohmtick_plugin_.* has changed .*--"
    ):
        again.run(folder / "a")
    accepted = again.run(folder / "a", accept_other_code=True)
    np.testing.assert_array_equal(accepted["final_error"], table["final_error"])
    assert len(set(accepted["code"])) == 1
    fresh = again.run(folder / "b")
    assert "code" not in fresh
    assert_frame_equal(fresh, table, check_exact=True)


def test_a_metric_that_was_edited_is_refused(folder: Path) -> None:
    load_plugin(folder / "laboratory.py")
    plain = ot.Study("breadboard-iii", seeds=1, metrics=["largest_staleness"])
    plain = plain.replace(scenario=plain.scenario.replace(horizon=3.0))
    plain.run(folder / "a")
    edit(folder, '["staleness"].max()', '["staleness"].min()')
    with pytest.raises(RecordError, match=r"metric 'largest_staleness' has changed"):
        plain.run(folder / "a")


def test_other_cells_of_other_peoples_kinds_are_no_change(folder: Path) -> None:
    """What a cell is made of counts for that cell alone."""
    load_plugin(folder / "laboratory.py")
    base = ot.load("breadboard-iii").replace(horizon=3.0)
    rules = [{"kind": "sign"}, {"kind": "patient"}]

    def cells() -> list[str]:
        study = ot.Study(base, grid={"edges.rule": rules}, seeds=1, metrics=["updates"])
        return [run.key for run in planned(study)]

    stock, patient = cells()
    edit(folder, "The sign rule, but", "The sign rule; but")
    assert cells()[0] == stock
    assert cells()[1] != patient


def test_a_run_opens_without_its_plug_in(folder: Path) -> None:
    script = f"""
import sys, ohmtick as ot
run = ot.open_run({str(folder / "run")!r})
assert len(run.edges) == 7 and len(run.events) == run.summary["updates"]
assert run.tables["circuit"]["kind"] == "ladder"
try:
    ot.load({str(folder / "run")!r})
except ot.OhmtickError as error:
    print(error)
"""
    load_plugin(folder / "laboratory.py")
    ot.run(ot.load(folder / "ladder.toml"), out=folder / "run")
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (
        "kinds that are not known here: the circuit 'ladder' of ohmtick_plugin_lab" in done.stdout
    )
    assert "--plugin" in done.stdout


def test_every_command_takes_plug_ins(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = ["--plugin", str(folder / "laboratory.py")]
    ladder, run, study = (str(folder / name) for name in ("ladder.toml", "run", "study"))
    assert main(["check", ladder]) == 2
    said = capsys.readouterr().err
    assert "must be of a kind among" in said
    assert "or of one that an import or --plugin brings, got 'ladder' instead" in said
    for command in (
        ["check", ladder],
        ["show", ladder, "--complete", "--set", "circuit.rungs=4"],
        ["run", ladder, "--out", run],
        ["study", str(folder / "study.toml"), "--out", study, "--workers", "2"],
        ["plot", run, "drops"],
        ["report", run],
        ["list", "kinds"],
    ):
        assert main([*command, *plugin]) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    assert "ladder.toml can run: ladder, 6 nodes, 7 edges" in out
    assert "  ladder          Two rails that are joined by rungs.  (ohmtick_plugin_labo" in out
    assert (folder / "run" / "drops.png").exists()
    assert "What each edge read" in (folder / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nothing_of_this_name", r"mine\.py .*\(line 1\): ModuleNotFoundError"),
        ("x = 1\nx +", r"mine\.py .*SyntaxError"),
        ("from ohmtick.analysis.metrics import metric\n@metric\ndef updates(run): ...", "updates"),
        (None, r"cannot read the plug-in .*mine\.py: No such file.*; the nearest is 'mien\.py'"),
    ],
)
def test_a_plug_in_that_cannot_be_loaded_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, says: str
) -> None:
    (tmp_path / "mien.py").touch()
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    with pytest.raises(OhmtickError, match=says) as caught:
        load_plugin(tmp_path / "mine.py")
    assert len(str(caught.value).splitlines()) == 1
    assert main(["list", "--plugin", str(tmp_path / "mine.py")]) in (1, 2)
    assert capsys.readouterr().err.startswith("ohmtick: ")


def test_modules_and_two_files_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(OhmtickError, match=r"plug-in 'no\.such' .*No module named 'no'"):
        load_plugin("no.such")
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").touch()
    load_plugin(tmp_path / "a" / "mine.py")
    with pytest.raises(OhmtickError, match=r"must have another name: .*a/mine\.py is loaded"):
        load_plugin(tmp_path / "b" / "mine.py")


def test_installed_packages_announce_their_kinds(folder: Path) -> None:
    """An entry point, and nothing imported by who names the kind."""
    site = folder / "site"
    (site / "laboratory-1.dist-info").mkdir(parents=True)
    (site / "laboratory.py").write_text(LABORATORY.read_text(encoding="utf-8"))
    info = site / "laboratory-1.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: laboratory\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ohmtick.kinds]\nlaboratory = laboratory\n")
    done = subprocess.run(
        [*COMMAND, "check", "ladder.toml"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "ladder, 6 nodes, 7 edges" in done.stdout


def test_a_kind_of_a_script_runs_in_threads_alone(folder: Path) -> None:
    script = f"""
import ohmtick as ot
from ohmtick.scenarios.circuits.breadboard import Breadboard
class Mine(Breadboard, kind="mine"):
    "Of a script."
if __name__ == "__main__":
    base = ot.load("breadboard-iii").replace(circuit=Mine(), horizon=3.0)
    study = ot.Study(base, seeds=2, metrics=["updates"])
    print(len(study.run({str(folder / "a")!r})))
    try:
        study.run({str(folder / "b")!r}, executor="processes")
    except ot.OhmtickError as error:
        print(error)
"""
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-P", folder / "script.py"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    table, refused = done.stdout.splitlines()
    assert table == "2"
    assert refused.startswith("the circuit 'mine' of __main__ is known to this process alone")


def test_names_are_taken_once() -> None:
    with pytest.raises(OhmtickError, match="must have another name: ohmtick itself has registered"):

        class Other(Breadboard, kind="breadboard"):
            pass

    with pytest.raises(OhmtickError, match="must be letters, digits and '_', got 'a-b' instead"):

        class Dashed(Breadboard, kind="a-b"):
            pass

    class Once(Breadboard, kind="once"):
        """As first written."""

    first = Once
    exec(inspect.cleandoc("class Twice: pass"))
    assert CircuitKind.family["once"] is first
    assert Once().build(Streams(0)).labels == Breadboard().build(Streams(0)).labels
    assert "updates" in METRICS


def test_a_kind_that_lacks_a_method_is_refused_when_it_is_made() -> None:
    with pytest.raises(ot.OhmtickError, match="the clock 'silent' must define ticks"):

        class Silent(Clock, kind="silent"):
            """Never says when."""

    assert "silent" not in Clock.family


def test_a_function_of_other_arguments_is_refused_when_it_is_made() -> None:
    with pytest.raises(ot.OhmtickError, match=r"'change' of the rule 'short' must take"):

        class Short(Rule, kind="short", unit="steps"):
            """Takes too little."""

            @staticmethod
            def change(drop_free, drop_clamped):  # type: ignore[no-untyped-def,override]
                return 1.0

    with pytest.raises(ot.OhmtickError, match="'unit' of the rule 'odd' must be one of"):

        class Odd(Rule, kind="odd", unit="siemen"):
            """Of a unit that nobody takes."""

            @staticmethod
            def change(drop_free, drop_clamped, value, state, parameters, nudge):  # type: ignore[no-untyped-def]
                return 1.0


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_place_that_is_not_there_is_refused_before_the_run(engine: str) -> None:
    with Rule.family.restored():

        class Beyond(Rule, kind="beyond", unit="steps", state_size=2):
            """Writes where nothing is."""

            @staticmethod
            def change(drop_free, drop_clamped, value, state, parameters, nudge):  # type: ignore[no-untyped-def]
                state[7] = 1.0
                return 1.0

        scenario = ot.load("breadboard-iii").replace(**{"edges.rule": {"kind": "beyond"}})
        with pytest.raises(ot.OhmtickError, match="the rule 'beyond' asks for a number"):
            ot.run(scenario, engine=engine)


def test_a_rule_that_raises_is_told_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "laboratory.py"
    own = file.read_text(encoding="utf-8")
    broken = own.replace("state[0] += direction", "state[0] += direction + undefined**2")
    assert broken != own
    file.write_text(broken, encoding="utf-8")
    run = ["run", str(folder / "ladder.toml"), "--plugin", str(file)]
    assert main([*run, "--out", str(folder / "run")]) == 2
    said = r"ohmtick: the rule 'patient' raised NameError: name 'undefined' is not defined "
    assert re.fullmatch(said + r"at edge \d+, [\d.]+ s\n", capsys.readouterr().err)
    assert not (folder / "run").exists()
