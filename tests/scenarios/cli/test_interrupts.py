"""What an interrupted command says of what is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from ohmtick.engine.simulation import Watched
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.cli.terminal import Terminal
from ohmtick.scenarios.unfinished import before


@pytest.fixture(autouse=True)
def _interrupted_at_100_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a second Ctrl-C."""

    def watch(terminal: Terminal, simulation: Watched) -> None:
        if simulation.now >= 100.0:
            raise KeyboardInterrupt

    monkeypatch.setattr(Terminal, "watch", watch)
    monkeypatch.chdir(tmp_path)


def test_it_says_where_the_latest_snapshot_is(capsys: pytest.CaptureFixture[str]) -> None:
    for kept in ("a.unfinished", "a-2.unfinished"):
        command = ["run", "breadboard-iii", "--set", "snapshot.every=30.0", "--out", "a"]
        assert main(command) == 130
        said = capsys.readouterr().err
        assert said == (
            f"ohmtick: interrupted; its latest snapshot is kept, and ohmtick resume {kept} "
            "goes on from it\n"
        )
        assert 60.0 <= before(kept).run.summary["simulated_s"] <= 100.0
    often = ["run", "breadboard-iii", "--set", "snapshot.every=30.0", "--out"]
    assert (main([*often, "elsewhere"]), main(["resume", "a.unfinished", "--out", "b"])) == (
        130,
        130,
    )
    lines = capsys.readouterr().err.splitlines()
    assert "ohmtick resume elsewhere.unfinished goes on" in lines[0]
    assert lines[1] == "ohmtick: interrupted; nothing was kept"  # by what went on from 90 s
    assert sorted(map(str, Path().iterdir())) == [
        "a-2.unfinished", "a.unfinished", "elsewhere.unfinished"
    ]  # fmt: skip


@pytest.mark.parametrize("more", [[], ["--set", "snapshot.every=500.0"]])
def test_without_one_it_says_that_nothing_was_kept(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "breadboard-iii", *more, "--out", "a"]) == 130
    assert capsys.readouterr().err == "ohmtick: interrupted; nothing was kept\n"
    assert not any(Path().iterdir())
