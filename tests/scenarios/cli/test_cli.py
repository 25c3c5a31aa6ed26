"""The `ohmtick` command, as a user meets it: what it prints, what it leaves, how it exits."""

from __future__ import annotations

import os
import pty
import re
import resource
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ohmtick as ot
from ohmtick.engine.simulation import Watched
from ohmtick.scenarios.cli import terminal
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.cli.terminal import Terminal
from ohmtick.scenarios.scenario import library

COMMAND = [sys.executable, "-m", "ohmtick.scenarios.cli.main"]
LONG = ["--set", "horizon=1e7", "--set", "probe.period=1e5"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def start(*arguments: str, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.02)


def test_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == library()
    assert all(len(line.split()) > 2 for line in lines)


def test_show_prints_a_scenario_that_can_be_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--complete"], ["--set", "horizon=400.0"]):
        assert main(["show", "every-knob", *more]) == 0
        text = capsys.readouterr().out
        Path("mine.toml").write_text(text, encoding="utf-8")
        assert ot.load("mine.toml") == ot.load("every-knob")
        assert text.startswith("# Every knob") == (not more)  # as it was written


def test_check_tells_what_a_run_takes_and_warns_of_a_circuit_far_from_planar(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "breadboard-iii"]) == 0
    said = capsys.readouterr()
    assert str(ot.estimate("breadboard-iii")) in said.out
    assert said.err == ""
    circuit = 'circuit={kind="random",nodes=1000,edges=4000}'
    assert main(["check", "breadboard-iii", "--set", circuit]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("ohmtick: warning: this circuit is far from planar")
    assert "planar" not in said.out


def test_check_says_whether_a_scenario_can_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "breadboard-iv"]) == 0
    assert "9 nodes, 16 edges" in capsys.readouterr().out
    text = ot.load("breadboard-iv").to_toml().replace("gate = 1.0", "gate = 7.0")
    Path("mine.toml").write_text(text, encoding="utf-8")
    assert main(["check", "mine.toml"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "ohmtick: mine.toml: edges.clock.gate must be less than or equal to 1, got 7.0 instead\n"
    )


def test_check_says_a_word_where_it_takes_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(*arguments: Any) -> ot.Estimate:
        time.sleep(0.2)
        return ot.estimate(*arguments)

    monkeypatch.setattr(terminal, "PATIENCE_S", 0.05)
    monkeypatch.setattr("ohmtick.scenarios.cli.main.estimate", slow)
    for is_terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda now=is_terminal: now)
        assert main(["check", "breadboard-iii"]) == 0
        assert ("the first run compiles the kernels" in capsys.readouterr().err) == is_terminal


def test_set_takes_a_whole_schedule() -> None:
    schedule = "schedule=[{at=5, supervisor={nudge=0.1}}]"
    both = ["--set", "horizon=6", "--set", schedule, "--set", "schedule.0.at=4"]
    assert main(["run", "breadboard-iii", *both, "--out", "a"]) == 0
    assert ot.open_run("a").scenario["schedule.0.at"] == 4.0


def test_run_prints_what_ran_and_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "breadboard-iii", "--seed", "3"]) == 0
    said = capsys.readouterr()
    assert said.err == ""  # no progress bar in a pipe
    run = ot.open_run("runs/breadboard-iii")
    assert run.summary["seed"] == 3
    for words in (
        "Bench task iii",
        "9 nodes, 16 edges",
        "seed 3",
        f"{run.summary['initial_error']:.3g} V² before, {run.summary['final_error']:.3g} V² after",
        f"{run.summary['updates']} in",
        "a second",
        "runs/breadboard-iii",
    ):
        assert words in said.out
    assert run.events.equals(ot.run("breadboard-iii", seed=3).events)


def test_runs_are_numbered_not_overwritten() -> None:
    short = ["run", "breadboard-ii", "--set", "horizon=5"]
    assert main(short) == main(short) == main(short) == 0
    names = ["breadboard-ii", "breadboard-ii-2", "breadboard-ii-3"]
    assert sorted(path.name for path in Path("runs").iterdir()) == names


def test_set_takes_toml_values_and_plain_words() -> None:
    changes = {
        "horizon": "5",
        "edges.clock.phase": "aligned",
        "edges.resistor.start": "[" + "64, " * 16 + "]",
        "probe": "{ period = 2.5 }",
        "edges.clock.jitter": "0",
    }
    settings = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    assert main(["run", "breadboard-iii", *settings, "--out", "a"]) == 0
    run = ot.open_run("a")
    assert run.events["time_s"].max() == 4.0
    assert run.probes["time_s"].tolist() == [0.0, 2.5]
    assert (run.edges["conductance_start_S"] == 1 / 50e3).all()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", "breadbord-iii"], 2, "nearest is 'breadboard-iii'"),
        (["run", "gone.toml"], 1, "gone.toml: No such file"),
        (["run", "breadboard-iii", "--seed", "-4"], 2, "'seed'.*-4"),
        (["run", "breadboard-iii", "--set", "horizon"], 2, "KEY=VALUE, got 'horizon'"),
        (["run", "breadboard-iii", "--set", "horizon=0"], 2, "horizon must be greater than 0"),
        (["run", "breadboard-iii", "--set", "edges.clok.gate=1"], 2, "'edges.clock'"),
        (["run", "breadboard-iii", "--out", "taken"], 1, "taken must be a new one"),
        (["run", "breadboard-iii", "--out", "file/a"], 1, "cannot write the run folder file/a"),
        (["run", "breadboard-iii", "--out", "/proc/a"], 1, "cannot write the run folder /proc/a"),
        (["check", "broken.toml"], 2, "broken.toml is not TOML"),
        (["show", "x"], 2, "no scenario of the library is called 'x'; 'ohmtick list' shows them\n"),
        (["plot", "taken", "learning"], 1, "taken is not a run folder"),
        (["plot", "nowhere", "learning"], 1, "no run folder nowhere"),
        (["plot", "killed", "learning"], 1, "killed, but .*: 'ohmtick resume killed' goes on"),
        (["report", "killed"], 1, "killed, but .*: 'ohmtick resume killed' goes on"),
        (["run", "data-clock", "--from", "killed"], 1, "'ohmtick resume killed' goes on"),
        (["run", "broken.tml"], 2, "'broken.tml'; the nearest is 'broken.toml'"),
        (["run", "data-clock", "--set", "schedule.0.at=5"], 2, r"no entries, .*schedule=\[{…}\]"),
        (["plot", "taken", "leaning"], 2, "nearest is 'learning'"),
    ],
)
def test_mistakes_end_in_one_message_and_leave_nothing(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken").mkdir()
    Path("taken/mine").touch()
    Path("file").touch()
    Path("killed.unfinished/at-1").mkdir(parents=True)
    Path("killed.unfinished/at-1/summary.json").touch()
    Path("broken.toml").write_text("horizon = [", encoding="utf-8")
    before = sorted(Path().rglob("*"))
    assert main(arguments) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ohmtick: ")
    assert len(said.err.splitlines()) == 1
    assert re.search(says, said.err)
    assert sorted(Path().rglob("*")) == before


def test_wrong_words_on_the_command_line_exit_with_2() -> None:
    for arguments in (["runn"], ["run"], ["run", "breadboard-iii", "--engine", "warp"], []):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2


def test_a_full_disk_leaves_nothing() -> None:
    """The operating system refuses to let any file grow beyond 4 kB."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    process = start("run", "breadboard-iii", "--out", "a", limit=limit)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert err.startswith("ohmtick: cannot write the ")
    assert "too large" in err
    assert "Traceback" not in err
    assert out == ""
    assert list(Path().iterdir()) == []


def test_ctrl_c_keeps_what_happened() -> None:
    ot.run(ot.load("breadboard-iii").replace(horizon=2.0))  # the kernels are compiled by now
    process = start("run", "breadboard-iii", *LONG, "--out", "a")
    logs = ".a.*.partial/events.parquet"  # of a few chunks, so that it is running by then
    until(lambda: any(log.stat().st_size > 1_000_000 for log in Path().glob(logs)))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in out
    run = ot.open_run("a")
    assert run.summary["interrupted"]
    assert 0.0 < run.summary["simulated_s"] < 1e7
    assert len(run.events) == run.summary["updates"] > 0
    # An interrupted run is the beginning of the whole one.
    reached = run.events["time_s"].iloc[-1]
    whole = ot.run(ot.load("a").replace(horizon=min(reached, 200.0))).events
    assert run.events.iloc[: len(whole)].equals(whole)
    assert [path.name for path in Path().iterdir()] == ["a"]


def test_a_progress_bar_on_a_terminal() -> None:
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    process = subprocess.Popen(
        [*COMMAND, "run", "breadboard-iii", "--out", "a"],
        stdout=subprocess.DEVNULL,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # the terminal's other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    assert process.wait(timeout=60) == 0
    assert b"s simulated" in shown


def test_a_reader_may_close_the_pipe() -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {' '.join(COMMAND)} show every-knob | head -1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# Every knob")


@pytest.mark.parametrize("kind", ["learning", "conductances", "ticks"])
def test_plot_draws_a_figure(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    ot.run(ot.load("breadboard-iii").replace(horizon=20.0), out="a")
    assert main(["plot", "a", kind]) == 0
    assert capsys.readouterr().out == f"a/{kind}.png\n"
    assert Path(f"a/{kind}.png").read_bytes().startswith(b"\x89PNG")
    assert main(["plot", "a", kind, "--out", "b.svg"]) == 0
    assert "<svg" in Path("b.svg").read_text(encoding="utf-8")
    assert main(["plot", "a", kind, "--out", "b.xyz"]) == 2
    assert "xyz" in capsys.readouterr().err
    assert ot.open_run("a").summary["seed"] == 0  # a figure beside the files does no harm


def test_importing_ohmtick_is_light() -> None:
    """What takes long to import is imported when it is used."""
    code = "import sys, ohmtick; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"pandas", "pyarrow", "seaborn", "matplotlib", "sklearn", "networkx", "numba"}
    assert not heavy & set(loaded.stdout.split())


def test_two_runs_at_once_each_get_a_folder() -> None:
    runs = [start("run", "breadboard-ii", "--set", "horizon=5", "--seed", n) for n in "123"]
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    folders = sorted(Path("runs").iterdir())
    assert len(folders) == 3
    assert {ot.open_run(folder).summary["seed"] for folder in folders} == {1, 2, 3}
    assert all(any(f"{folder}\n" in out for out, _ in said) for folder in folders)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_a_run_too(number: signal.Signals) -> None:
    stop: list[Terminal] = []

    def watch(simulation: Watched) -> None:
        stop[0].watch(simulation)
        if simulation.updates > 10 and not simulation.stopped:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with Terminal(1e5) as terminal:
        stop.append(terminal)
        run = ot.run(ot.load("breadboard-iii").replace(horizon=1e5), watch=watch)
    assert run.summary["interrupted"]
    assert run.summary["simulated_s"] < 1e5
    assert signal.getsignal(number) == before


def test_a_full_device_on_stdout() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "show", "breadboard-iii"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "ohmtick: cannot write the output: No space left on device\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("ohmtick ")


def test_check_takes_changes_and_a_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "random-143", "--seed", "5", "--set", "circuit.edges=150"]) == 0
    assert "150 edges" in capsys.readouterr().out
    assert main(["check", "breadboard-iii", "--set", "horizon=0"]) == 2


def test_none_removes_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "breadboard-iii", "--set", "probe=none"]) == 0
    assert "[probe]" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("horizon=5.0\nseed=3", "one KEY=VALUE"),
        ("horizon=" + "[" * 20_000, "nested so deeply"),
        ("edges.clock.kind=perodic", "nearest is 'periodic'"),
    ],
)
def test_odd_changes_are_refused(
    change: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "breadboard-iii", "--set", change]) == 2
    assert says in capsys.readouterr().err


def test_a_new_kind_drops_the_keys_of_the_old(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "breadboard-iii", "--set", "edges.clock.kind=poisson"]) == 0
    assert "poisson clock" in capsys.readouterr().out


def test_plot_says_what_a_run_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    ot.run(ot.load("breadboard-iii").replace(horizon=5.0, probe=None), out="a")
    assert main(["plot", "a", "learning"]) == 2
    assert "this run has no [probe]" in capsys.readouterr().err
    ot.run(ot.load("breadboard-iii").replace(**{"edges.clock.gate": 0.0}), out="b")
    for kind in ("ticks", "conductances"):
        assert main(["plot", "b", kind]) == 2
        assert "no edge acted" in capsys.readouterr().err


def test_plot_prints_the_file_that_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    ot.run(ot.load("breadboard-iii").replace(horizon=5.0), out="a")
    assert main(["plot", "a", "learning", "--out", "picture"]) == 0
    assert capsys.readouterr().out == "picture.png\n"
    assert Path("picture.png").is_file()
