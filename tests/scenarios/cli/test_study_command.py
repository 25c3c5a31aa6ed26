"""`ohmtick study`, as a user meets it."""

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
from pathlib import Path

import pytest

import ohmtick as ot
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.studies.study import study_library

COMMAND = [sys.executable, "-P", "-m", "ohmtick.scenarios.cli.main", "study"]
STUDY = """
title = "How late may edges act?"
scenario = "breadboard-iii"
seeds = 8
[grid]
"edges.latency" = [0.0, 1.0, 4.0]
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("timing.toml").write_text(STUDY, encoding="utf-8")


def test_a_study_ends_in_an_answer_and_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "timing.toml", "--out", "a", "--figures", "--workers", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "How late may edges act?"
    assert lines[1] == "  runs       24 of 24: 3 cells × 8 seeds"
    assert lines[2] == "  metric     settled_error (V²), median over the seeds"
    assert lines[4] == "  threshold  where it is 2 × what it is at the reference (95 %)"
    assert lines[5].split() == ["edges.latency,", "of", "which", "0", "s", "is", "the", "reference"]
    row = ot.open_study("a").thresholds().iloc[0]
    assert f"{row['threshold']:.3g} ({row['low']:.3g} … {row['high']:.3g}) s; from " in lines[6]
    assert lines[6].endswith(f"{row['value']:.3g} V²")
    assert 0.0 < row["low"] <= row["threshold"] <= row["high"] <= 4.0
    assert lines[-2:] == ["  folder     a", "  figure     a/figures/response-edges.latency.png"]
    assert Path("a/figures/response-edges.latency.png").read_bytes().startswith(b"\x89PNG")


def test_a_study_that_is_there_only_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "timing.toml", "--out", "a"]) == 0
    first = capsys.readouterr().out
    began = Path("a/ledger.sqlite").stat().st_mtime_ns
    assert main(["study", "timing.toml", "--out", "a"]) == 0
    assert capsys.readouterr().out == first
    assert main(["study", "a", "--out", "b"]) == 0  # the folder is a study, too
    assert capsys.readouterr().out == first.replace("folder     a", "folder     b")
    assert began > 0


def test_the_folder_of_a_study_goes_on_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "timing.toml", "--out", "a", "--seeds", "2"]) == 0
    first = capsys.readouterr().out
    assert main(["study", "a"]) == 0
    assert capsys.readouterr().out == first
    assert main(["study", "a", "--dry-run", "--seeds", "3"]) == 0
    assert "9 runs: 3 cells × 3 seeds; 6 are there already" in capsys.readouterr().out
    assert main(["study", "a/", "--seeds", "3"]) == 0
    assert len(ot.open_study("a").table()) == 9
    Path("a").rename("gate")  # a name of the library is never taken for a folder …
    assert main(["study", "gate"]) == 2
    assert main(["study", "./gate"]) == 0  # … but this is one


def test_a_dry_run_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "timing.toml", "--dry-run", "--workers", "2"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "24 runs: 3 cells × 8 seeds"
    assert second.startswith("about ")
    assert second.endswith("ms a run, of 8 tried")
    assert sorted(path.name for path in Path().iterdir()) == ["timing.toml"]
    assert main(["study", "timing.toml", "--seeds", "3", "--out", "a"]) == 0
    capsys.readouterr()
    assert main(["study", "timing.toml", "--dry-run", "--out", "a"]) == 0
    assert "24 runs: 3 cells × 8 seeds; 9 are there already" in capsys.readouterr().out


def test_the_library_is_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == study_library()
    assert all(line.endswith("?") for line in lines)
    assert main(["study", "jitter", "--show", "--seeds", "3"]) == 0
    Path("mine.toml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert ot.Study.load("mine.toml") == ot.Study.load("jitter").replace(seeds=3)


def test_another_scenario_and_other_keys(capsys: pytest.CaptureFixture[str]) -> None:
    changed = ["--scenario", "breadboard-v", "--set", "horizon=20.0", "--seeds", "2"]
    assert main(["study", "timing.toml", *changed, "--out", "a"]) == 0
    assert len(ot.open_study("a").table()) == 6
    scenario = ot.Study.load("a").scenario
    assert scenario.horizon == 20.0
    assert scenario.task == ot.load("breadboard-v").task


def test_failures_are_said_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    Path("timing.toml").write_text(
        STUDY.replace('"edges.latency" = [0.0, 1.0, 4.0]', '"edges.resistor.start" = [64, 200]'),
        encoding="utf-8",
    )
    for more in ([], ["--retry-failed"]):
        assert main(["study", "timing.toml", "--out", "a", *more]) == 1
        said = capsys.readouterr()
        assert "8 of 16: 2 cells × 8 seeds" in said.out
        assert "8 of 16 runs failed, the last of them because: " in said.err
        assert "position from 1 to 128, got 200" in said.err
    assert main(["study", "timing.toml", "--dry-run"]) == 0
    assert "1 of the cells cannot run: " in capsys.readouterr().out


def test_a_sample_ends_in_ranks(capsys: pytest.CaptureFixture[str]) -> None:
    sample = """
    [sample]
    count = 24
    [sample.keys]
    "edges.latency" = { low = 0.0, high = 8.0 }
    "edges.clock.jitter" = { low = 0.0, high = 0.3 }
    """
    text = STUDY.partition("[grid]")[0].replace("seeds = 8", "seeds = 2") + sample
    Path("timing.toml").write_text(text, encoding="utf-8")
    assert main(["study", "timing.toml", "--out", "a", "--figures"]) == 0
    said = capsys.readouterr().out
    assert "  influence  rank correlation of each key with it (95 %)" in said
    found = ot.open_study("a").influence()
    assert found["key"].tolist() == ["edges.latency", "edges.clock.jitter"]
    assert found["low"].iloc[0] > 0.5  # latency does harm
    assert len(list(Path("a/figures").iterdir())) == 2


def test_words_end_in_comparisons(capsys: pytest.CaptureFixture[str]) -> None:
    text = STUDY.replace(
        '"edges.latency" = [0.0, 1.0, 4.0]', '"edges.clock.phase" = ["aligned", "uniform"]'
    )
    Path("timing.toml").write_text(text, encoding="utf-8")
    assert main(["study", "timing.toml", "--out", "a", "--figures"]) == 0
    said = capsys.readouterr().out
    assert "  ratio      of each cell to the reference, paired by seed (95 %)" in said
    assert "a/figures/comparison.png" in said


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["timing.toml"], 2, "a study must be given its folder: --out DIR"),
        (["timig.toml", "--out", "a"], 1, "cannot read the study timig.toml: No such file"),
        (["jiter", "--out", "a"], 2, "no study of the library is called 'jiter'; the nearest is"),
        (["timing.toml", "--out", "a", "--set", "edges.latancy=1"], 2, "nearest is 'edges.latency"),
        (["timing.toml", "--out", "a", "--seeds", "0"], 2, "seeds must be"),
        (["timing.toml", "--out", "a", "--workers", "0"], 2, "at least 1, got 0 instead"),
        (["timing.toml", "--out", "timing.toml"], 1, "cannot write the study folder timing.toml"),
    ],
)
def test_mistakes_are_said_and_nothing_is_made(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", *arguments]) == code
    assert says in capsys.readouterr().err
    assert sorted(path.name for path in Path().iterdir()) == ["timing.toml"]


def test_a_grid_key_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    Path("timing.toml").write_text(STUDY.replace("latency", "latancy"), encoding="utf-8")
    assert main(["study", "timing.toml", "--out", "a"]) == 2
    assert capsys.readouterr().err == (
        "ohmtick: edges.latancy is not a key (got 0.0); the nearest is 'edges.latency'\n"
    )
    assert not Path("a").exists()


def test_a_study_that_is_not_toml(capsys: pytest.CaptureFixture[str]) -> None:
    Path("timing.toml").write_text("seeds = [", encoding="utf-8")
    assert main(["study", "timing.toml", "--out", "a"]) == 2
    assert "timing.toml is not TOML" in capsys.readouterr().err


def test_a_full_disk_stops_the_study_and_loses_nothing() -> None:
    """A limit on the size of files stands in for the disk: the write-ahead log meets it first."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

    command = [*COMMAND, "timing.toml", "--seeds", "60", "--out", "a"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1
    assert done.stderr.startswith("ohmtick: cannot write to the ledger a/ledger.sqlite: disk ")
    assert done.stderr.endswith("is safe, and the same command goes on with it\n")
    there = len(ot.open_study("a").table())
    assert 0 < there < 180
    assert main(["study", "timing.toml", "--seeds", "60", "--out", "a"]) == 0
    main(["study", "timing.toml", "--seeds", "60", "--out", "b"])
    assert ot.open_study("a").table().equals(ot.open_study("b").table())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_keeps_what_is_there(number: signal.Signals) -> None:
    command = [*COMMAND, "timing.toml", "--seeds", "3000", "--out", "a"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        if Path("a/study.toml").exists() and len(ot.open_study("a").table()) > 3:
            break
        time.sleep(0.05)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    told = re.fullmatch(
        r"ohmtick: interrupted; (\d+) of 9000 runs are in a, and the same command goes on\n", said
    )
    assert told, said
    # The last one may have been entered, and not yet been told of.
    assert 0 <= len(ot.open_study("a").table()) - int(told[1]) <= 1


def test_a_bar_with_rate_and_time_left_on_a_terminal() -> None:
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 100))
    process = subprocess.Popen(
        [*COMMAND, "timing.toml", "--seeds", "60", "--out", "a"],
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
    assert b"/180 [" in shown
    assert b"run/s]" in shown
