"""Input that is broken, huge or hostile is refused by name, in time, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis import plots
from ohmtick.analysis.plots import studies as plots_studies
from ohmtick.analysis.report.runs import write_report
from ohmtick.analysis.studies.figures import draw_all
from ohmtick.engine import lattices, memory
from ohmtick.engine.errors import (
    MOST_SHOWN,
    CircuitError,
    OhmtickError,
    RecordError,
    ScenarioError,
    TooLargeError,
    shown,
)
from ohmtick.engine.records.reading import read_text
from ohmtick.engine.solver.symbolic import analyse
from ohmtick.scenarios.cli.main import main

BASE = ot.load("breadboard-iii")
BROKEN = r"$\frac{$"  # a formula that does not end
DIGITS = "9" * 5000


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """A test of this file that hangs fails; the first may have to compile."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError

    usual = signal.signal(signal.SIGALRM, late)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, usual)


def study_file(folder: Path, more: str) -> Path:
    file = folder / "study.toml"
    file.write_text(f'scenario = "breadboard-iii"\nseeds = 1\n{more}', encoding="utf-8")
    return file


# --- sizes ---


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"edges.clock.period": 1e-308}, "edges.clock.period must leave a run at most 1e+12"),
        ({"supervisor.period": 1e-308}, "supervisor.period must leave a run at most 1e+12"),
        ({"probe.period": 1e-308}, "probe.period must leave a run at most 1e+12"),
        ({"horizon": 1e20}, "edges.clock.period must leave a run at most 1e+12"),
        ({"task.test": 10**9, "probe.period": 1e-5}, "at most 1e+15 measurements of a test datum"),
        ({"edges.batch": 10**40}, "edges.batch must be less than or equal to 1e12"),
        ({"edges.clock.gate_ticks": 10**20}, "edges.clock.gate_ticks must be less than or equal"),
        ({"task.data": 10**40}, "task.data must be less than or equal to 1e12"),
        ({"seed": 1 << 128}, "seed must be less than or equal to"),
    ],
)
def test_a_run_that_would_never_end_is_refused(keys: dict[str, Any], says: str) -> None:
    scenario = ot.load("lattice-regression").replace(probe={"period": 1.0})
    with pytest.raises(ScenarioError) as refused:
        scenario.replace(**keys)
    assert says in str(refused.value)


def test_what_does_not_fit_into_memory_is_refused_before_any_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "machine_bytes", lambda: 8_000_000_000)
    large = ot.load("lattice-regression").replace(**{"task.data": 10**10})
    with pytest.raises(TooLargeError) as refused:
        ot.run(large)
    assert "task: 10000000000 data to learn from and" in str(refused.value)
    assert "of memory, and this machine has 8 GB" in str(refused.value)
    assert main(["check", "lattice-regression", "--set", "task.test=20000000000"]) == 2
    assert "20000000000 to test on" in capsys.readouterr().err
    # A million nodes fit into a desk's machine.
    ot.load("lattice-regression").replace(**{"circuit.rows": 1024, "circuit.cols": 1024})


@pytest.mark.parametrize(
    ("made", "sizes"),
    [
        (ot.square_lattice, (10**6, 10**6)),
        (lattices.delaunay, (10**12,)),
        (lattices.random_circuit, (10**12, 10**12)),
        (lattices.random_circuit, (10**6, 4 * 10**11)),
    ],
)
def test_a_circuit_is_counted_before_it_is_made(made: Any, sizes: tuple[int, ...]) -> None:
    with pytest.raises(TooLargeError, match=r"would take at least .* this machine has"):
        made(*sizes)


@pytest.mark.parametrize("size", ["3", 2.5, True, None, "x" * 1000])
def test_a_size_is_a_whole_number(size: Any) -> None:
    with pytest.raises(
        CircuitError, match=r"'rows' of a square_lattice must be a whole number, got"
    ):
        ot.square_lattice(size, 3)
    with pytest.raises(CircuitError, match=r"'nodes' of a delaunay circuit must be a whole number"):
        lattices.delaunay(size)
    with pytest.raises(CircuitError, match=r"'edges' of a random circuit must be a whole number"):
        lattices.random_circuit(5, size)


def test_a_factor_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = ot.square_lattice(12, 12)
    # Of a lattice of n nodes it has some n log n numbers.
    monkeypatch.setattr(memory, "machine_bytes", lambda: 100_000)
    analyse(circuit.edges, 144, [0], [9])
    monkeypatch.setattr(memory, "machine_bytes", lambda: 1_000)
    with pytest.raises(TooLargeError, match=r"the factor of a circuit of 144 nodes and 264 edges"):
        analyse(circuit.edges, 144, [0], [9])


def test_memory_is_what_a_limit_leaves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = memory.machine_bytes.__wrapped__()
    assert 1e8 < whole <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = tmp_path / "memory.max"
    limit.write_text("1000\n", encoding="ascii")
    monkeypatch.setattr(memory, "_CONTAINER", limit)
    assert memory.machine_bytes.__wrapped__() == 1000
    limit.write_text("max\n", encoding="ascii")
    assert memory.machine_bytes.__wrapped__() >= whole


def test_out_of_memory_says_what_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def greedy(*rest: object, **more: object) -> None:
        raise MemoryError("Unable to allocate 7 TiB")

    monkeypatch.setattr("ohmtick.scenarios.running.build", greedy)
    with pytest.raises(TooLargeError, match=r"memory: Unable to allocate 7 TiB; its circuit"):
        ot.run(BASE)
    assert main(["run", "breadboard-iii", "--out", str(tmp_path / "a")]) == 2
    assert "ohmtick: the run is out of memory" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("ohmtick.scenarios.cli.main.load", greedy)
    assert main(["show", "breadboard-iii"]) == 2
    said = "ohmtick: show asked for more than there is: out of memory: Unable to allocate 7 TiB\n"
    assert capsys.readouterr().err == said


def test_cells_are_counted_before_they_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ["jitter", "wander", "spread", "gate"]
    values = [n / 1000 for n in range(600)]
    grid = "\n".join(f'"edges.clock.{key}" = {values}' for key in keys)
    file = study_file(tmp_path, f"[grid]\n{grid}\n")
    for option in (["--dry-run"], ["--out", str(tmp_path / "a")]):
        assert main(["study", str(file), *option]) == 2
        said = capsys.readouterr().err
        assert "must have from 1 to 1000000 cells, got 129600000000 instead: 600 of" in said
    assert not (tmp_path / "a").exists()
    file = study_file(tmp_path, "[sample]\ncount = 100000000000\nkeys.horizon = [1.0]\n")
    assert main(["study", str(file), "--dry-run"]) == 2
    assert "sample.count must be less than or equal to 1000000" in capsys.readouterr().err


def test_a_dry_run_says_what_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = study_file(tmp_path, '[grid]\n"task.data" = [100000000000]\n')
    text = file.read_text(encoding="utf-8").replace("breadboard-iii", "lattice-regression")
    file.write_text(text, encoding="utf-8")
    assert main(["study", str(file), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "task: 100000000000 data to learn from and" in said
    assert "this machine has" in said


def test_the_length_of_a_study_needs_no_cells() -> None:
    study = ot.Study(BASE, grid={"horizon": [float(n) for n in range(1, 1001)]}, seeds=1000)
    assert len(study) == 1_000_000
    assert "cells" not in study.__dict__


def test_runs_of_a_study_must_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "machine_bytes", lambda: 10_000_000)
    study = ot.Study(BASE, grid={"horizon": [1.0, 2.0]}, seeds=1_000_000)
    with pytest.raises(TooLargeError, match=r"a study of 2 cells × 1000000 seeds would take"):
        _ = study.cells


# --- what a file may hold ---


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"seed = {DIGITS}", "is not TOML: Exceeds the limit"),
        (f"horizon = {'[' * 100_000}", "is nested too deeply"),
        (f"{'.'.join(['a'] * 1000)} = 1", "must not be nested more than 32 deep"),
        ("horizon = 2022-04-14", "horizon must be a number, got datetime.date(2022, 4, 14)"),
        ("horizon = true", "horizon must be a number, got True"),
        ("horizon = nan", "horizon must be a finite number, got nan"),
        ("horizon = inf", "horizon must be a finite number, got inf"),
        ("title = 'a\x00b'", "is not TOML"),
        ("title = 1\ntitle = 2", "is not TOML: Cannot overwrite a value"),
        (f"{'k' * 1000} = 1", "..."),
    ],
)
def test_a_broken_scenario_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        ot.load(file)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 1500


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("metrics = [1.5]", "a metric must be named by text, got 1.5"),
        (
            "metrics = ['nothing']",
            "a metric must be one that comes with Ohmtick, or that an import or --plugin brings, "
            "got 'nothing' instead; 'ohmtick list kinds' names all",
        ),
        ("metrics = ['final_eror']", "got 'final_eror' instead; the nearest is 'final_error'"),
        ("events = 2022-04-14", "events must be a boolean or a string, got datetime.date"),
        ("metrics = [[]]", "a metric must be named by text, got ()"),
        ("[grid]\nversions = [{ a = '1' }]", "'versions' is no key to vary"),
        ("[grid]\nversions.numpy = ['1']", "'versions.numpy' is no key to vary"),
        (
            "[grid]\nhorizon = [2022-04-14]",
            "must be a number, text, true, false, a list or a table",
        ),
        ("[grid]\nhorizon = [01:02:03]", "got datetime.time(1, 2, 3)"),
        ("[grid]\nhorizon = [nan]", "must be a finite number, got nan"),
        (f"[grid]\nseed = [{DIGITS}]", "is not TOML: Exceeds the limit"),
        (f"[grid]\nhorizon = [1{'0' * 400}]", "an integer must have at most 1024 bits"),
        (f"[grid]\n{'.'.join(['a'] * 900)} = [1]", "must not be nested more than 32 deep"),
        ("[threshold.reference]\nhorizon = 2022-04-14", "got datetime.date(2022, 4, 14)"),
        ("[[paired]]\n[paired.a]", "must have from 1 to 1000000 cells, got 0"),
        ("scenario = 'x'", "is not TOML: Cannot overwrite a value"),
    ],
)
def test_a_broken_study_is_refused_and_leaves_nothing(
    tmp_path: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = study_file(tmp_path, text)
    assert main(["study", str(file), "--out", str(tmp_path / "a")]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said) < 1500
    assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]


@pytest.mark.parametrize("value", [10**5000, b"x", "\ud800", 1j, {1.5: 2}, object()], ids=type)
def test_what_only_python_can_hand_over_is_refused(value: object) -> None:
    for key in ("horizon", "title", "edges.clock", "circuit.nodes", "task.sources"):
        with pytest.raises(ScenarioError):
            BASE.replace(**{key: value})
    with pytest.raises(ScenarioError):
        ot.Study(BASE, grid={"horizon": [value]})


@pytest.mark.parametrize("source", [42, None, 1.5, b"breadboard-iii", ["breadboard-iii"], {1: 2}])
def test_what_is_no_scenario_is_refused_by_name(source: Any) -> None:
    with pytest.raises(ScenarioError, match=r"a scenario must be a Scenario, a name, a path or"):
        ot.run(source)


@pytest.mark.parametrize("name", ["clock", "rule", "agent", "watch", "poll"])
def test_what_cannot_stand_in_is_refused_by_name(name: str) -> None:
    with pytest.raises(OhmtickError, match=f"the '{name}' of a run must .*, got 3"):
        ot.run(BASE, **{name: 3})  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize(
    "yields", [None, 3.0, ["ab"], [["ab"]], [3.0], [[[1.0]]], [[1j]], [[10**400]], [[1.0], [[], 2]]]
)
def test_what_is_no_tick_is_refused(engine: str, yields: Any) -> None:
    class Odd:
        def ticks(self, *_: object) -> Any:
            return yields

    for faults in ({}, {"edges.faults.fraction": 0.2}):
        with pytest.raises(OhmtickError, match=r"the ticks of a .*Odd must come in lists of times"):
            ot.run(BASE.replace(horizon=5.0, **faults), engine=engine, clock=Odd())


@pytest.mark.parametrize("change", ["x", None, (1.0,), 1j, np.zeros(2)], ids=type)
def test_a_change_that_is_no_number_is_refused(change: Any) -> None:
    with pytest.raises(
        OhmtickError, match=r"the change that the rule asks for must be finite, got"
    ):
        ot.run(BASE.replace(horizon=5.0), rule=lambda *_: change)


@pytest.mark.parametrize("opening", [ot.open_run, ot.open_study])
@pytest.mark.parametrize("path", [42, None, 1.5, b"a"])
def test_what_is_no_path_is_refused(opening: Any, path: Any) -> None:
    with pytest.raises(RecordError, match="folder is opened by its path, got "):
        opening(path)


def test_a_run_can_be_run_again_from_what_it_recorded() -> None:
    short = BASE.replace(horizon=5.0)
    first = ot.run(short, seed=3)
    again = ot.run(first.scenario)
    assert again.summary["seed"] == 3
    pd.testing.assert_frame_equal(again.events, first.events, check_exact=True)


# --- what a name may stand for ---


@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
@pytest.mark.parametrize("loading", [ot.load, ot.Study.load])
def test_what_is_no_regular_file_is_not_read(kind: str, loading: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    if kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        (path / "scenario.toml").mkdir(parents=True)
        (path / "study.toml").mkdir()
    with pytest.raises(RecordError, match=r"it is no regular file|Is a directory"):
        loading(path)


def test_a_file_without_an_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ohmtick.engine.records.reading.MOST_CHARACTERS", 10)
    (tmp_path / "a").write_text("0123456789", encoding="utf-8")
    assert read_text(tmp_path / "a") == "0123456789"
    (tmp_path / "a").write_text("0123456789x", encoding="utf-8")
    with pytest.raises(OSError, match="longer than 10 characters"):
        read_text(tmp_path / "a")


@pytest.mark.parametrize("name", ["a\x00b.toml", "x" * 5000, "x" * 300, f"{'x' * 300}.toml"])
def test_names_that_no_file_can_have(name: str, tmp_path: Path) -> None:
    for loading in (ot.load, ot.Study.load):
        with pytest.raises((ScenarioError, RecordError)) as refused:
            loading(name)
        assert len(str(refused.value)) < 1000
    with pytest.raises(ot.OhmtickError):
        ot.Study(name)


# --- what a message and a figure show ---


def test_a_message_quotes_a_value_in_a_few_words() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    for value in ("x" * 10**7, list(range(10**6)), 10**100_000, nested, {"a" * 999: "b" * 999}):
        assert 0 < len(shown(value)) <= MOST_SHOWN
    assert shown("it's") == '"it\'s"'
    assert shown(-1.5) == "-1.5"
    assert shown({"b": 1, "a": [True, None]}) == "{'b': 1, 'a': [True, None]}"


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {f"key{number}": number for number in range(10_000)}
    with pytest.raises(ScenarioError) as refused:
        ot.Scenario(**wrong)
    assert len(str(refused.value).splitlines()) == 17
    assert str(refused.value).endswith("more mistakes")


def test_escapes_are_shown_and_not_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    title = "\x1b[31mred\x9b2J\u202e"
    file = tmp_path / "a.toml"
    file.write_text(BASE.replace(title=title, horizon=2.0).to_toml(), encoding="utf-8")
    study = tmp_path / "s.toml"
    study.write_text(ot.Study(file, title=title, seeds=1).to_toml(), encoding="utf-8")
    commands = [
        ["show", str(file)],
        ["check", str(file), "--set", f"title=1{title}"],
        ["check", str(file), "--set", f"{title}=1"],
        ["run", str(file), "--out", str(tmp_path / "a")],
        ["study", str(study), "--show"],
        ["study", str(study), "--out", str(tmp_path / "b")],
        ["run", str(tmp_path / f"{title}.toml")],
    ]
    for command in commands:
        main(command)
        told = capsys.readouterr()
        assert "red" in told.out + told.err or "can run" in told.out
        assert not set(told.out + told.err) & set("\x1b\x9b\u202e")


def test_labels_are_no_formulas(tmp_path: Path) -> None:
    probes = pd.DataFrame(
        {"time_s": [0.0, 1.0] * 2, "error": [1.0, 0.1, 1.0, 0.2], BROKEN: [BROKEN] * 2 + ["b"] * 2}
    )
    events = pd.DataFrame(
        {
            "edge": [0] * 8,
            "sensed_s": np.arange(8.0),
            "staleness": [0, 1] * 4,
            BROKEN: [BROKEN] * 4 + ["b"] * 4,
        }
    )
    response = pd.DataFrame(
        {"x": [0.0, 1.0], "value": 1.0, "low": 0.5, "high": 2.0, BROKEN: [BROKEN, BROKEN]}
    )
    matrix = pd.DataFrame([[1.0, 2.0]], index=[BROKEN], columns=[BROKEN, "b"])
    matrix.columns.name = matrix.index.name = BROKEN
    drawn = [
        plots.learning_curve(probes, hue=BROKEN),
        plots.staleness(events, hue=BROKEN),
        plots.intervals(events, hue=BROKEN),
        plots_studies.response_curve(response, "x", BROKEN, metric=BROKEN),
        plots_studies.heat_map(matrix),
        plots_studies.comparison(response, [BROKEN], metric=BROKEN),
    ]
    for number, ax in enumerate(drawn):
        ax.set_title(BROKEN)
        plt.figure(ax.get_figure(root=True))
        plt.savefig(tmp_path / f"{number}.png")
    plt.close("all")
    figure, ax = plt.subplots()
    ax.set_title(BROKEN)
    with pytest.raises(ValueError, match="Expected"):  # as it was everywhere
        figure.savefig(tmp_path / "formula.png")
    plt.close(figure)


def test_a_study_of_labels_is_drawn(tmp_path: Path) -> None:
    labels = [BROKEN, "x" * 300 + "/", "x" * 300 + "?"]
    study = ot.Study(
        BASE.replace(horizon=5.0),
        grid={"edges.latency": [0.0, 1.0], "edges.clock.jitter": [0.0, 0.1]},
        paired={"label": labels, "edges.clock.wander": [0.0, 0.01, 0.02]},
        seeds=2,
    )
    study.run(tmp_path / "a", workers=1)
    drawn = draw_all(ot.open_study(tmp_path / "a"))
    assert len(set(drawn)) == len(drawn) > 0
    assert all(path.stat().st_size for path in drawn)


def test_a_study_without_keys_is_drawn_and_reported(tmp_path: Path) -> None:
    ot.Study(BASE.replace(horizon=5.0), seeds=2).run(tmp_path / "a", workers=1)
    record = ot.open_study(tmp_path / "a")
    assert draw_all(record) == []
    assert len(record.comparisons()) == 0
    assert len(record.response()) == 1
    page = write_report([tmp_path / "a"], tmp_path / "report.html")
    assert page.stat().st_size > 1000


# --- Ctrl-C ---

INTERRUPTED = """
import os, signal, sys
def met(event, arguments):
    if event == "import" and arguments[0] == {module!r}:
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(met)
from ohmtick.scenarios.cli.entry import main
sys.argv = ["ohmtick", "list"]
sys.exit(main())
"""


@pytest.mark.parametrize(
    "module", ["numpy", "pydantic", "ohmtick.scenarios.cli.main", "simpy", "tqdm"]
)
def test_an_interrupt_while_it_imports_is_quiet(module: str) -> None:
    command = [sys.executable, "-P", "-c", INTERRUPTED.format(module=module)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
