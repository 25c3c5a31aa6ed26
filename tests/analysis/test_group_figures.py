"""Groups of edges in figures and reports: each edge in the colour of its own, and a legend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.analysis import allan_deviation, order_parameter, plots
from ohmtick.analysis.report.figures import FIGURES
from ohmtick.analysis.report.replay import replay_of
from ohmtick.analysis.report.settings import settings_of
from ohmtick.engine.records.run import Run

BENCH = ot.load("breadboard-iii").replace(horizon=30.0)
GROUPS: list[dict[str, Any]] = [
    {"edges": "0-3", "title": "$late_", "latency": 0.3, "clock": BENCH.edges.clock},
    {"edges": [9, 5], "clock": {"kind": "poisson", "period": 2.0}},
]
EXPECTED = ["$late_"] * 4 + [""] + ["group 2"] + [""] * 3 + ["group 2"] + [""] * 6
NAMES = ["$late_", "group 2", "other edges"]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def run() -> Run:
    return ot.run(BENCH.replace(**{"edges.groups": GROUPS}), seed=2)


def key_of(ax: Axes) -> dict[str, str]:
    """The colours in the legend, by what is written beside each; it is outside the axes."""
    legend = ax.get_legend()
    assert legend is not None
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    assert legend.get_window_extent().x0 >= ax.get_window_extent().x1 - 1.0
    handles: list[Any] = list(legend.legend_handles)
    texts = [text.get_text() for text in legend.get_texts()]
    return {text: to_hex(handle.get_color()) for text, handle in zip(texts, handles, strict=True)}


def assert_of_groups(ax: Axes, colours: list[Any]) -> None:
    """Assert that each edge has the colour that the legend says of its group, each another."""
    key = key_of(ax)
    assert sorted(key) == NAMES
    assert len(set(key.values())) == 3
    assert [to_hex(colour) for colour in colours] == [
        key[title or "other edges"] for title in EXPECTED
    ]


def test_a_run_says_the_group_of_each_edge(run: Run, tmp_path: Path) -> None:
    assert run.edges["group"].tolist() == EXPECTED
    again = ot.open_run(run.save(tmp_path / "run"))
    assert_frame_equal(again.edges, run.edges)
    simpy = ot.run(BENCH.replace(**{"edges.groups": GROUPS}), seed=2, engine="simpy")
    assert_frame_equal(simpy.edges, run.edges)


def test_a_run_without_groups_has_no_such_column(tmp_path: Path) -> None:
    run = ot.run(BENCH, seed=2)
    assert "group" not in run.edges
    assert "group" not in ot.open_run(run.save(tmp_path / "run")).edges
    assert not [name for name in settings_of(run) if name.startswith("group")]
    (shown,) = (replay_of([run], ["one"]) or {})["runs"]
    assert "group" not in shown["edges"]


def test_conductances_and_ticks_have_the_colours_of_groups(run: Run) -> None:
    ax: Any = FIGURES["conductances"].draw(run)
    assert_of_groups(ax, [line.get_color() for line in ax.get_lines()])
    panels: Any = FIGURES["ticks"].draw(run)
    raster = panels[0]
    assert_of_groups(raster, [np.ravel(row.get_color()) for row in raster.collections])


def test_intervals_and_staleness_are_of_each_group(run: Run) -> None:
    ax: Any = FIGURES["intervals"].draw(run)
    areas = {to_hex(area.get_facecolor()[0]) for area in ax.collections}
    assert areas == set(key_of(ax).values())
    ax = FIGURES["staleness"].draw(run)
    key = key_of(ax)
    late = run.events[run.events["edge"] < 4]
    (line,) = (line for line in ax.get_lines() if to_hex(line.get_color()) == key["$late_"])
    counts = np.bincount(late["staleness"]) / len(late)
    np.testing.assert_allclose(line.get_ydata()[: len(counts)], counts)


def test_the_stability_of_clocks_is_of_each_group_over_its_own_period(run: Run) -> None:
    ax: Any = FIGURES["allan"].draw(run)
    key = key_of(ax)
    assert sorted(key) == NAMES
    lines = [line for line in ax.get_lines() if to_hex(line.get_color()) in key.values()]
    edges = run.events.groupby("edge")["sensed_s"]
    assert_of_groups(ax, [line.get_color() for line in lines])
    for edge, line in enumerate(lines):
        period = 2.0 if EXPECTED[edge] == "group 2" else 1.0  # of its clock
        expected = allan_deviation(np.sort(edges.get_group(edge)), period)
        np.testing.assert_allclose(line.get_xdata(), expected["tau_s"])
        np.testing.assert_allclose(line.get_ydata(), expected["allan_deviation"])


def test_clocks_are_in_step_with_those_of_their_group() -> None:
    locked = {"kind": "periodic", "period": 1.0, "jitter": 0.0, "phase": "aligned"}
    halves = [{"edges": "0-7", "clock": locked | {"gate": 0.5}, "title": "in step"}]
    run = ot.run(BENCH.replace(**{"edges.groups": halves}), seed=2)
    panels: Any = FIGURES["ticks"].draw(run)
    key = key_of(panels[0])
    curves = {to_hex(line.get_color()): line for line in panels[1].get_lines()[::2]}
    together = np.asarray(curves[key["in step"]].get_ydata(), dtype=float)
    np.testing.assert_allclose(together[np.isfinite(together)], 1.0)
    assert np.isfinite(together).any()
    own = run.events[run.events["edge"] > 7]
    others = curves[key["other edges"]]
    times = np.asarray(others.get_xdata(), dtype=float)
    expected = order_parameter(own, times)
    known = (expected["edges"] >= 0.9 * 8).to_numpy()
    drawn = np.asarray(others.get_ydata(), dtype=float)
    np.testing.assert_allclose(drawn[known], expected["order_parameter"][known])
    dashed = {to_hex(line.get_color()): line.get_ydata()[0] for line in panels[1].get_lines()[1::2]}
    assert dashed == dict.fromkeys(key.values(), pytest.approx(np.sqrt(np.pi / 32)))


def test_clocks_that_are_alone_in_their_groups_have_one_order_together(run: Run) -> None:
    _, order = plots.ticks_and_order(run.events, groups=[f"edge {edge}" for edge in range(16)])
    curve, dashed = order.get_lines()
    assert dashed.get_ydata()[0] == pytest.approx(np.sqrt(np.pi / 64))
    found = order_parameter(run.events, curve.get_xdata())
    known = (found["edges"] >= 0.9 * 16).to_numpy()
    np.testing.assert_allclose(curve.get_ydata()[known], found["order_parameter"][known])


def test_displacements_are_of_each_group_over_its_own_period(run: Run) -> None:
    ax: Any = FIGURES["displacement"].draw(run)
    key = key_of(ax)
    assert sorted(key) == NAMES
    lines = {to_hex(line.get_color()): line for line in ax.get_lines()}
    start = run.edges["conductance_start_S"].to_numpy()
    for name in NAMES:
        edges = np.flatnonzero(np.array([title or NAMES[2] for title in EXPECTED]) == name)
        period = 2.0 if name == "group 2" else 1.0
        times = 30.0 - period * (np.arange(int(15.0 / period), 0, -1) - 0.5)
        held = np.tile(start[edges], (len(times), 1))
        for row, time in enumerate(times):
            past = run.events[run.events["time_s"] <= time].groupby("edge")["conductance_after_S"]
            for edge, last in past.last().items():
                held[row, edges == edge] = last
        steps = np.diff(1 / held, axis=0) / (1e5 / 128)  # full scale over positions
        moved = np.mean(np.sum(steps**2, axis=1))
        assert lines[key[name]].get_xdata()[0] == pytest.approx(period)
        assert lines[key[name]].get_ydata()[0] == pytest.approx(moved)


def test_groups_of_one_title_are_told_apart_by_their_numbers() -> None:
    same = [{"edges": "0-1", "title": "late"}, {"edges": "2", "title": "late"}]
    same += [{"edges": "3"}, {"edges": "4", "title": "group 3"}]
    same += [{"edges": "5", "title": "other edges"}]
    run = ot.run(BENCH.replace(**{"edges.groups": same}), seed=2)
    names = ["late (group 1)", "late (group 2)", "group 3 (group 3)", "group 3 (group 4)"]
    names += ["other edges (group 5)"]
    assert run.edges["group"].tolist() == [names[0], *names, *[""] * 10]
    table = settings_of(run)
    assert table["group 2"].startswith("late: 1 edge, numbers 2")
    ax: Any = FIGURES["conductances"].draw(run)
    assert sorted(key_of(ax)) == sorted([*names, "other edges"])


def test_the_edges_of_a_network_bear_the_marks_of_their_groups(run: Run) -> None:
    plain = run.edges.drop(columns="group")
    without = plots.network(plain, run.nodes)
    assert without.get_legend() is None
    ax = plots.network(run.edges, run.nodes)
    key = key_of(ax)
    assert sorted(key) == NAMES[:2]
    marks: dict[str, Any] = {
        str(part.get_label()): part for part in ax.collections if isinstance(part, PathCollection)
    }
    places = ot.breadboard().positions
    assert places is not None
    middles = places[ot.breadboard().edges].mean(axis=1)
    middles = (middles - places.min(axis=0)) / np.ptp(places, axis=0).max()
    for name in NAMES[:2]:
        at = np.asarray(marks[name].get_offsets())
        np.testing.assert_allclose(at, middles[np.array(EXPECTED) == name], atol=1e-12)
        assert to_hex(marks[name].get_facecolor()[0]) == key[name]
    _, clamped = plots.twins(run.edges, run.nodes.assign(free_V=0.0, clamped_V=0.0))
    assert key_of(clamped) == key


def test_an_edge_has_one_group_and_runs_are_told_apart_or_groups(run: Run) -> None:
    for plot in (plots.conductances, plots.ticks, plots.intervals, plots.staleness):
        with pytest.raises(ValueError, match=r"'groups' .* be one for each of the edges"):
            plot(run.events, groups=["a", "b"])
    with pytest.raises(ValueError, match=r"'groups' .* be given without a hue"):
        plots.intervals(run.events.assign(run="a"), "run", groups=EXPECTED)


def test_a_report_says_which_edges_differ_and_in_what(run: Run) -> None:
    table = settings_of(run)
    assert table["group 1"] == "$late_: 4 edges, numbers 0-3; latency: 0.3 s"
    assert table["group 2"].startswith("2 edges, numbers 5, 9; clock: poisson, period 2 s")
    same = ot.run(BENCH.replace(**{"edges.groups": [{"nodes": ["9"]}]}), seed=2)
    assert settings_of(same)["group 1"] == "2 edges, at node 9; as the others"
    some = ot.run(BENCH.replace(**{"edges.groups": [{"fraction": 0.25, "batch": 3}]}), seed=2)
    assert settings_of(some)["group 1"] == "4 edges, 0.25 of all, drawn by the seed; batch: 3"


def test_a_replay_knows_the_groups(run: Run) -> None:
    (shown,) = (replay_of([run], ["one"]) or {})["runs"]
    assert shown["edges"]["group"] == EXPECTED
