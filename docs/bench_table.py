"""Writes the benchmark's table into `performance.md`, between its two marks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from ohmtick.docs.bench_cases import Row

FILE = Path(__file__).with_name("performance.md")
BEGIN, END = "<!-- the table: make bench ARGS=--publish -->", "<!-- the end of the table -->"


def publish(machine: dict[str, str], rows: Iterable[Row]) -> None:
    """Replace the table in `performance.md` by these rows."""
    text = FILE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    about = "; ".join(f"{what} {value}" for what, value in machine.items())
    table = "\n".join(_lines(rows))
    FILE.write_text(f"{before}{BEGIN}\n\n{about}.\n\n{table}\n\n{END}{after}", encoding="utf-8")


def _lines(rows: Iterable[Row]) -> Iterable[str]:
    yield "| measure | nodes | figure | beside | figure | ratio | asked for |"
    yield "|---|--:|--:|---|--:|--:|---|"
    for row in rows:
        beside = [row.baseline, _figure(row.baseline_value, row.unit), _number(row.ratio)]
        asked = f"{row.target}: {row.met}" if row.target and "inf" not in row.target else ""
        cells = [row.measure.strip(), f"{row.nodes:,}", _figure(row.value, row.unit)]
        yield "| " + " | ".join([*cells, *(beside if row.baseline else ["", "", ""]), asked]) + " |"


def _figure(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}".strip()


def _number(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
