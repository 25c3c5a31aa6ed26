"""What a notebook shows: well-formed, self-contained, escaped, and never long."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.analysis.html.curve import curve
from ohmtick.analysis.html.drawing import MOST_EDGES, drawing
from ohmtick.analysis.html.markup import MOST_ROWS, table, text
from ohmtick.engine.records.run import Run

NASTY = "<script>alert('1')</script> & \x1b[31m"
SVG = "{http://www.w3.org/2000/svg}"


def parsed(html: str) -> Xml.Element:
    """Return HTML that is XML as well, and that holds nothing which runs or loads."""
    root = Xml.fromstring(html)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in {"script", "img", "link", "iframe", "style"}
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    return root


def words(html: str) -> str:
    return " ".join(parsed(html).itertext())


@pytest.fixture(scope="module")
def run() -> Run:
    return ot.run(ot.load("breadboard-iii").replace(title=NASTY, horizon=30.0), seed=1)


def test_a_run_shows_what_it_was_its_curve_and_its_network(run: Run) -> None:
    root = parsed(run._repr_html_())
    assert "breadboard: 9 nodes, 16 edges" in list(root.itertext())
    assert f"{run.summary['updates']:,}" in list(root.itertext())
    curved, drawn = root.iter(f"{SVG}svg")
    assert curved.find(f"{SVG}polyline") is not None
    assert len(list(drawn.iter(f"{SVG}rect"))) == 4  # two sources, and two targets on their tips
    assert len(list(drawn.iter(f"{SVG}circle"))) == 5
    assert len(list(drawn.iter(f"{SVG}path"))) == 16


def test_what_a_user_wrote_is_shown_as_text(run: Run, tmp_path: Path) -> None:
    study = ot.Study(run.scenario, title=NASTY, seeds=1, grid={"edges.clock.jitter": [0.0, 0.1]})
    table = study.run(tmp_path / "study")
    assert len(table) == 2
    circuit = ot.Circuit([(0, 1)], labels=["<b>", "&"])
    shown: list[Any] = [run, run.scenario, study, ot.open_study(tmp_path / "study")]
    for each in shown:
        assert "<script>alert('1')</script> & \\u001b[31m" in words(each._repr_html_())
    assert {"<b>", "&"} <= set(parsed(circuit._repr_html_()).itertext())


def test_a_scenario_shows_its_kinds_and_what_differs_from_the_defaults() -> None:
    scenario = ot.load("breadboard-iii").replace(
        **{"edges.latency": 0.25, "edges.groups": [{"fraction": 0.5, "batch": 3}]}
    )
    rows = {
        row[0].text: row[1].text for row in parsed(scenario._repr_html_()).iter("tr") if len(row)
    }
    assert rows["circuit.kind"] == "breadboard"
    assert rows["edges.latency"] == "0.25"
    assert rows["edges.groups.0.batch"] == "3"
    assert "edges.latency_jitter" not in rows
    written = scenario.to_toml()
    assert all(key.rpartition(".")[2] in written for key in rows if key)


def test_a_study_shows_what_is_varied_and_its_record_how_far_it_is(tmp_path: Path) -> None:
    base = ot.load("breadboard-iii").replace(horizon=5.0)
    study = ot.Study(base, title="Late", seeds=3, grid={"edges.latency": [0.0, 0.5]})
    study.run(tmp_path / "study")
    assert "6: 2 cells × 3 seeds" in words(study._repr_html_())
    told = words(ot.open_study(tmp_path / "study")._repr_html_())
    assert "6 of 6 done" in told
    assert "edges.latency 0.0, 0.5" in told


def test_a_large_circuit_is_not_drawn_edge_by_edge() -> None:
    large = ot.square_lattice(100, 100)
    assert "10,000 nodes and 19,800 edges: too many" in words(large._repr_html_())
    side = int(np.sqrt(MOST_EDGES / 2))
    assert len(ot.square_lattice(side, side)._repr_html_()) < 150_000


def test_edges_are_the_darker_the_more_they_conduct_and_cut_ones_dashed() -> None:
    circuit = ot.Circuit(
        [(0, 1), (1, 2), (2, 3), (3, 0)], positions=[(0, 0), (1, 0), (1, 1), (0, 1)]
    )
    paths = list(parsed(drawing(circuit, None, [1e-3, 1e-2, 1e-1, 0.0])).iter(f"{SVG}path"))
    shades = [re.findall(r"\d+", path.attrib["stroke"]) for path in paths[:3]]
    brightness = [sum(map(int, shade)) for shade in shades]
    assert brightness[0] > brightness[1] > brightness[2]
    # By decades: a tenth is as far from a hundredth as that is from a thousandth.
    assert brightness[0] - brightness[1] == pytest.approx(brightness[1] - brightness[2], abs=3)
    assert "stroke-dasharray" in paths[3].attrib
    assert paths[3].attrib["stroke"] not in [path.attrib["stroke"] for path in paths[:3]]


def test_up_is_up_on_a_page() -> None:
    circuit = ot.Circuit([(0, 1)], labels=["low", "high"], positions=[(0.0, 0.0), (0.5, 2.0)])
    low, high = parsed(drawing(circuit)).iter(f"{SVG}circle")
    assert float(low.attrib["cy"]) > float(high.attrib["cy"])
    assert float(low.attrib["cx"]) < float(high.attrib["cx"])


def test_parallel_edges_are_bent_apart() -> None:
    circuit = ot.Circuit([(0, 1), (0, 1)], positions=[(0, 0), (1, 0)])
    first, second = parsed(drawing(circuit)).iter(f"{SVG}path")
    assert "Q" in first.attrib["d"]
    assert first.attrib["d"] != second.attrib["d"]


def points(svg: str) -> list[list[float]]:
    line = parsed(svg).find(f"{SVG}polyline")
    assert line is not None
    return [[float(n) for n in point.split(",")] for point in line.attrib["points"].split()]


def test_a_curve_is_of_the_logarithm() -> None:
    (x0, y0), (x1, y1), (x2, y2) = points(curve([0.0, 1.0, 2.0], [1.0, 1e-2, 1e-4]))
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.11)
    assert y2 > y0  # less error is lower on the page


def test_a_long_curve_keeps_its_extremes_and_is_short() -> None:
    errors = np.full(100_000, 1e-3)
    errors[54_321], errors[12_345] = 1e-6, 1.0
    drawn = points(curve(np.arange(100_000.0), errors))
    assert len(drawn) <= 400
    tops = [y for _, y in drawn]
    assert min(tops) == pytest.approx(10.0, abs=0.1)  # 1 V² at the upper edge
    assert max(tops) == pytest.approx(116.0, abs=0.1)  # and 1e-6 V² at the floor


@pytest.mark.parametrize("errors", [[], [1.0], [np.nan, np.nan], [0.0, 0.0]])
def test_where_nothing_can_be_drawn_there_is_no_curve(errors: list[float]) -> None:
    assert curve(np.arange(len(errors)), errors) == ""


def test_tables_and_cells_have_an_end() -> None:
    long = table({f"key {n}": "x" * 10_000 for n in range(MOST_ROWS + 5)})
    assert "… and 5 more" in words(long)
    assert len(long) < 20_000
    assert len(text("&" * 10_000)) <= 5 * 200


def test_what_is_none_of_these_is_refused() -> None:
    with pytest.raises(ot.OhmtickError, match="must be given a Circuit or a Run, got 3"):
        ot.as_html(3)
