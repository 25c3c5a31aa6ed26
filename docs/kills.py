"""Kills commands at random instants, fifty times each, and looks at what they left.

    .venv/bin/python -P -m ohmtick.docs.kills [--kills 50] [--only run report study-threads …]

Every second signal is SIGKILL, which no process can catch; the others are SIGTERM, SIGHUP and
SIGINT in turn. For commands that write files see kills_writing.py. Of a study, the ledger is opened
after each kill, and no run that it held may be gone or have been done again. When no more kills are
due the study is run to its end; its table must equal, bit for bit, that of the same study run
without a kill. After a signal that can be caught nothing is left that has a temporary name.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ohmtick as ot
from ohmtick.docs.kills_writing import SIGNALS, Tally, listening, torments
from ohmtick.scenarios.cli.main import INTERRUPTED
from ohmtick.scenarios.studies.locking import HOLDER

#: What is killed.
COMMANDS = ["run", "study-threads", "study-processes", "figures", "report", "animate", "reproduce"]
COMMAND = [sys.executable, "-P", "-m", "ohmtick.scenarios.cli.main", "study"]

#: Runs of about 10 ms, so that a kill comes between any two instructions, not in one long loop.
STUDY = """
scenario = "breadboard-iii"
seeds = {seeds}
probes = true
events = {events}
metrics = ["settled_error", "mean_staleness", "updates"]

[grid]
"edges.clock.jitter" = [0.0, 0.05, 0.1, 0.2]
"edges.latency" = [0.0, 0.5]
"""


@dataclass
class Outcome:
    """What came of it."""

    kills: int
    """Kills that met a process at work."""
    at_work: int
    """Those that met it after its first run and before its last."""
    runs: int
    equal: bool
    """Whether both tables are the same, bit for bit."""
    kept: bool
    """Whether no run that was entered was lost or done again."""
    left: list[str]
    """What was left behind after a signal that can be caught."""

    @property
    def well(self) -> bool:
        """Whether all is as it should be."""
        return self.equal and self.kept and not self.left


def rows(folder: Path) -> dict[str, str]:
    """Return the instant at which each run of a ledger was entered, by key."""
    file = folder / "ledger.sqlite"
    if not file.exists():
        return {}
    with sqlite3.connect(file, timeout=30.0) as ledger:
        if not ledger.execute("PRAGMA user_version").fetchone()[0]:
            return {}
        return dict(ledger.execute("SELECT key, ended FROM runs").fetchall())


def undisturbed(command: Sequence[str]) -> None:
    """Run a study to its end."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)


def killed(
    command: Sequence[str],
    folder: Path,
    rng: random.Random,
    share: int,
    number: signal.Signals = signal.SIGKILL,
) -> bool:
    """Start a study and send it a signal at a random instant; return whether it was still there.

    That is while it starts, or after some more runs, up to a `share`, and a random moment.
    """
    wanted = len(rows(folder)) + (rng.randrange(1, share) if rng.random() < 0.8 else 0)
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=listening,
    ) as process:
        if len(rows(folder)) >= wanted:
            time.sleep(rng.uniform(0.0, 1.5))
        while process.poll() is None and len(rows(folder)) < wanted:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 0.05))
        process.send_signal(number)
        return process.wait() in (-number, INTERRUPTED)


def passing(folder: Path) -> list[str]:
    """Return what has a name that is only used until something is done."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob(".*")
        if ".partial" in path.name or path.name == HOLDER
    ]


def torment(
    folder: Path,
    kills: int,
    *,
    seeds: int,
    events: bool,
    options: Sequence[str] = (),
    signals: Sequence[signal.Signals] = (signal.SIGKILL,),
    seed: int = 0,
) -> Outcome:
    """Run a study, killed so often by signals in turn, and compare it with one that is not."""
    rng = random.Random(seed)
    file, victim, calm = folder / "study.toml", folder / "victim", folder / "calm"
    file.write_text(STUDY.format(seeds=seeds, events=str(events).lower()), encoding="utf-8")
    command = [*COMMAND, str(file), *options, "--out"]
    undisturbed([*command, str(calm)])
    total = len(rows(calm))
    done, at_work, kept, before = 0, 0, True, rows(victim)
    left: list[str] = []
    for turn in range(kills):
        number = signals[turn % len(signals)]
        share = 2 * total // (kills + 2)
        there = passing(victim)  # of the kill before; it may stay if the next one comes early
        done += killed([*command, str(victim)], victim, rng, share, number)
        if number != signal.SIGKILL:
            left += sorted(set(passing(victim)) - set(there))
        after = rows(victim)
        at_work += len(before) < len(after) < total
        kept &= all(after.get(key) == ended for key, ended in before.items())
        before = after
    undisturbed([*command, str(victim)])
    after = rows(victim)
    kept &= all(after.get(key) == ended for key, ended in before.items()) and len(after) == total
    one, other = ot.open_study(victim), ot.open_study(calm)
    equal = (
        one.table().to_records(index=False).tobytes()
        == other.table().to_records(index=False).tobytes()
        and one.probes().to_records(index=False).tobytes()
        == other.probes().to_records(index=False).tobytes()
    )
    if events:
        name = ["time_s", "edge", "conductance_after_S"]
        equal &= one.events(columns=name).equals(other.events(columns=name))
        kept &= len(list((victim / "runs").iterdir())) == total
    kept &= not passing(victim)  # what kills left was swept
    return Outcome(done, at_work, total, equal, kept, left)


def main() -> int:
    """Do it, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=COMMANDS, metavar="COMMAND")
    parser.add_argument("--seeds", type=int, default=300, help="of the study; it has 8 cells")
    parser.add_argument("--events", action="store_true", help="of the study: keep event logs, too")
    options = parser.parse_args()
    well = True
    for name in options.only:
        with tempfile.TemporaryDirectory(prefix="ohmtick-") as folder:
            found: Outcome | Tally
            if name.startswith("study-"):
                found = torment(
                    Path(folder),
                    options.kills,
                    seeds=options.seeds,
                    events=options.events,
                    options=["--executor", name.removeprefix("study-"), "--workers", "2"],
                    signals=SIGNALS,
                )
            else:
                (found,) = torments(Path(folder), options.kills, [name])
        print(name, found, flush=True)
        well &= found.well
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
