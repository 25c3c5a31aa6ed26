"""Times a study of many short runs: throughput, memory, and what the ledger costs.

    .venv/bin/python -P -m ohmtick.docs.throughput [--runs 10000] [--workers 2]

A run is 20 000 events on the breadboard. Its rate by itself is taken before, amid and after the
study, in the same process. On a machine that others use as well, wall time says little: so the
time that our threads stood ready and were given no processor, which Linux counts, is left out.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import threading
import time
from itertools import islice
from pathlib import Path

import ohmtick as ot
from ohmtick.engine.records.ledger import Entry, Ledger
from ohmtick.scenarios.studies.carry_out import Tally
from ohmtick.scenarios.studies.executors import NAMED
from ohmtick.scenarios.studies.jobs import perform
from ohmtick.scenarios.studies.planning import jobs_for, plan_of

BASE = ot.load("breadboard-iii").replace(horizon=1250.0)  # s: 16 edges that tick every second


def rate(study: ot.Study, runs: int) -> float:
    """Return the processor time of a run by itself, s: the median of some."""
    took = []
    for job in islice(jobs_for(study, plan_of(study).lacking, None), runs):
        began = time.thread_time()
        perform(job)
        took.append(time.thread_time() - began)
    return statistics.median(took)


def scheduled() -> tuple[float, float]:
    """Return the time that our workers ran, and that they waited for a processor, s."""
    ran = waited = 0.0
    for task in Path("/proc/self/task").iterdir():
        thread = next((t for t in threading.enumerate() if str(t.native_id) == task.name), None)
        if thread is not None and thread.name.startswith("ohmtick"):
            mine = (task / "schedstat").read_text().split()
            ran, waited = ran + int(mine[0]) * 1e-9, waited + int(mine[1]) * 1e-9
    return ran, waited


def resident() -> float:
    """Return the memory that this process holds, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--executor", choices=NAMED, default="threads")
    options = parser.parse_args()
    jitters = [0.0, 0.05, 0.1, 0.2]
    study = ot.Study(BASE, grid={"edges.clock.jitter": jitters}, seeds=options.runs // len(jitters))
    perform(next(jobs_for(study, plan_of(study).lacking, None)))
    alone = [rate(study, 200)]
    entered: list[float] = []
    memory: list[float] = []
    begun: list[float] = []
    last = (0.0, 0.0)
    original = Ledger.enter

    def enter(self: Ledger, entry: Entry) -> None:
        began = time.perf_counter()
        original(self, entry)
        entered.append(time.perf_counter() - began)

    def watch(tally: Tally) -> None:
        nonlocal last
        if tally.done == options.runs // 5:
            begun.append(time.perf_counter())
        if tally.done % 100 == 0:
            last = scheduled()
            if tally.done % (options.runs // 10) == 0:
                memory.append(resident())

    Ledger.enter = enter  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="ohmtick-") as folder:
        began, cpu = time.perf_counter(), time.process_time()
        study.run(folder, options.workers, executor=options.executor, watch=watch)
        ended = time.perf_counter()
        wall, cpu = ended - began, time.process_time() - cpu
        of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu += of_children.ru_utime + of_children.ru_stime
        size = Path(folder, "ledger.sqlite").stat().st_size
    alone.append(rate(study, 200))
    one = statistics.mean(alone)
    ran, waited = last
    busy = options.workers * wall - waited  # what the workers had of the processors, or slept
    print(f"one run by itself      {one * 1e3:8.2f} ms of a processor ({alone})")
    print(f"{len(study)} runs             {wall:8.2f} s, {len(study) / wall:.1f} a second")
    print(f"processor time a run   {cpu / len(study) * 1e3:8.2f} ms, all threads together")
    print(f"workers ran            {ran:8.2f} s, waited for a processor {waited:.2f} s")
    steady = (ended - begun[0]) / (0.8 * len(study))
    print(f"efficiency, under way  {one / (options.workers * steady):8.3f}")
    print(f"efficiency, as timed   {one * len(study) / (options.workers * wall):8.3f}")
    if options.executor == "threads":
        print(f"efficiency, own share  {one * len(study) / max(busy, cpu):8.3f}")
    print(
        f"ledger                 {statistics.median(entered) * 1e3:8.3f} ms a run (median), "
        f"{statistics.mean(entered) * 1e3:.3f} (mean); {size / len(study):.0f} B a run"
    )
    print("memory                 " + ", ".join(f"{held:.0f}" for held in memory) + " MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
