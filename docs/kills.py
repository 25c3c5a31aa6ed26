"""Kills a study at random instants, a hundred times, and compares what is left with a calm one.

    .venv/bin/python -P -m ohmtick.docs.kills [--kills 100] [--executor processes]

After each kill (SIGKILL, which no process can catch) the ledger is opened, and no run that it held
may be gone or have been done again. When no more kills are due the study is run to its end; its
table must equal, bit for bit, that of the same study run without a kill.
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

COMMAND = [sys.executable, "-P", "-m", "ohmtick.scenarios.cli", "study"]

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


def killed(command: Sequence[str], folder: Path, rng: random.Random, share: int) -> bool:
    """Start a study and kill it at a random instant; return whether it was still there.

    That is while it starts, or after some more runs, up to a `share`, and a random moment.
    """
    wanted = len(rows(folder)) + (rng.randrange(1, share) if rng.random() < 0.8 else 0)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        if len(rows(folder)) >= wanted:
            time.sleep(rng.uniform(0.0, 1.5))
        while process.poll() is None and len(rows(folder)) < wanted:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def torment(
    folder: Path,
    kills: int,
    *,
    seeds: int,
    events: bool,
    options: Sequence[str] = (),
    seed: int = 0,
) -> Outcome:
    """Run a study in a folder, killed so often, and compare it with one that is not."""
    rng = random.Random(seed)
    file, victim, calm = folder / "study.toml", folder / "victim", folder / "calm"
    file.write_text(STUDY.format(seeds=seeds, events=str(events).lower()), encoding="utf-8")
    command = [*COMMAND, str(file), *options, "--out"]
    undisturbed([*command, str(calm)])
    total = len(rows(calm))
    done, at_work, kept, before = 0, 0, True, rows(victim)
    for _ in range(kills):
        done += killed([*command, str(victim)], victim, rng, share=2 * total // (kills + 2))
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
        partial = list((victim / "runs").glob(".*.partial"))
        kept &= not partial and len(list((victim / "runs").iterdir())) == total
    return Outcome(done, at_work, total, equal, kept)


def main() -> int:
    """Do it, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=1500, help="of the study; it has 8 cells")
    parser.add_argument("--events", action="store_true", help="keep event logs, too")
    parser.add_argument("--executor", default="threads")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ohmtick-") as folder:
        outcome = torment(
            Path(folder),
            options.kills,
            seeds=options.seeds,
            events=options.events,
            options=["--executor", options.executor, "--workers", "2"],
        )
    print(outcome)
    return 0 if outcome.equal and outcome.kept else 1


if __name__ == "__main__":
    sys.exit(main())
