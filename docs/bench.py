"""Times Ohmtick beside what one would use instead; prints a table and saves it as CSV.

Figures are medians; each ratio is of figures taken in turn in the same call. Run ``make bench``,
or ``make bench ARGS="--quick"`` for a minute's worth; ``--help`` names the rest.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import os
import platform
from importlib.metadata import version
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # one core for everyone
import ohmtick as ot
from ohmtick.docs.bench_cases import SIZES, Options, Row
from ohmtick.docs.bench_measures import MEASURES
from ohmtick.docs.bench_table import publish

PACKAGES = ("numpy", "scipy", "numba", "simpy", "pymetis")
HEADINGS = f"{'measure':42} {'nodes':>8} {'figure':>12} {'unit':12} {'baseline':26} {'figure':>12} "


def main() -> None:
    """Measure what was asked for."""
    arguments = _arguments()
    options = Options(
        repeats=3 if arguments.quick else 5,
        sizes=(9, 100, 1024, 4096, 16_384) if arguments.quick else SIZES,
        effort=0.2 if arguments.quick else 1.0,
        largest_dense=1024 if arguments.quick else 4096,
        million=arguments.million,
        long=arguments.long,
    )
    for what, value in machine().items():
        print(f"{what}: {value}")
    print("\n" + HEADINGS + f"{'ratio':>10}  target")
    rows = []
    for name in arguments.only or MEASURES:
        for row in MEASURES[name](options):
            rows.append(row)
            print(line(row), flush=True)
    save(arguments.out, rows)
    print(f"\nsaved as {arguments.out}")
    if arguments.publish:
        publish(machine(), rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="small sizes, few repeats")
    parser.add_argument("--million", action="store_true", help="a million nodes, too")
    parser.add_argument("--long", action="store_true", help="log 1e8 events, not 3e6")
    parser.add_argument("--only", action="append", choices=list(MEASURES), metavar="NAME",
                        help=f"one of {', '.join(MEASURES)}; may be repeated")  # fmt: skip
    parser.add_argument("--publish", action="store_true", help="write docs/performance.md's table")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    return parser.parse_args()


def machine() -> dict[str, str]:
    """Return what the figures were taken on."""
    cpu = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.exists():
        models = [line for line in about.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "load": "{:.1f} {:.1f} {:.1f} (1, 5, 15 minutes, at the start)".format(*os.getloadavg()),
        "python": platform.python_version(),
        "ohmtick": ot.__version__,
        **{package: version(package) for package in PACKAGES},
    }


def line(row: Row) -> str:
    """Return a row as it is printed."""
    baseline = f"{row.baseline:26} {row.baseline_value:12.5g} {row.ratio:10.4g}"
    verdict = f"{row.target}: {row.met}" if row.target else ""
    return (
        f"{row.measure:42} {row.nodes:8d} {row.value:12.5g} {row.unit:12} "
        f"{baseline if row.baseline else ' ' * len(baseline)}  {verdict}"
    ).rstrip()


def save(path: Path, rows: list[Row]) -> None:
    """Write the rows as CSV; the machine goes before them, in lines that start with ``#``."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"# {what}: {value}\n" for what, value in machine().items())
        writer = csv.writer(file)
        writer.writerow(field.name for field in dataclasses.fields(Row))
        writer.writerows(dataclasses.astuple(row) for row in rows)


if __name__ == "__main__":
    main()
