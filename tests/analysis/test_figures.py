"""The figures of networks, clocks, staleness and displacement: what is drawn, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import LogNorm

import ohmtick as ot
from ohmtick.analysis import allan_deviations, node_voltages, order_parameter, plots
from ohmtick.analysis.report.figures import FIGURES, drawn
from ohmtick.engine.records.run import Run
from ohmtick.scenarios.cli.main import main


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def run() -> Run:
    return ot.run(ot.load("breadboard-iii").replace(horizon=60.0), seed=2)


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def lines_of(ax: Axes) -> LineCollection:
    (lines,) = (part for part in ax.collections if isinstance(part, LineCollection))
    return lines


def test_a_network_has_its_edges_in_the_colours_of_their_conductances(run: Run) -> None:
    ax = plots.network(run.edges, run.nodes)
    lines = lines_of(ax)
    held = run.edges["conductance_final_S"].to_numpy()
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    norm = LogNorm(held.min(), held.max())
    colours: Any = lines.get_colors()
    np.testing.assert_allclose(colours, plots.ORDERED(norm(held)))
    ends = np.array([np.asarray(path.vertices)[[0, -1]] for path in lines.get_paths()])
    positions = ot.breadboard().positions
    assert positions is not None
    scale = np.ptp(positions, axis=0).max()
    expected = (positions - positions.min(axis=0))[ot.breadboard().edges] / scale
    np.testing.assert_allclose(ends, expected, atol=1e-12)
    assert set(words(ax)) == set(run.nodes["node"])


def test_roles_have_marks_of_their_own_and_voltages(run: Run) -> None:
    ax = plots.network(run.edges, node_voltages(run), voltage="free_V")
    counts = [len(c.get_offsets()) for c in ax.collections if isinstance(c, PathCollection)]  # type: ignore[arg-type]
    assert counts == [5, 2, 2]  # inner nodes, sources, targets
    said = " ".join(words(ax))
    solved = node_voltages(run).set_index("node")["free_V"]
    for text in ("4 V", "0 V", f"{solved['4']:.3g} V → 1 V", f"{solved['8']:.3g} V → 2 V"):
        assert text in said


def test_both_copies_stand_side_by_side_on_one_scale(run: Run) -> None:
    nodes = node_voltages(run)
    free, clamped = plots.twins(run.edges, nodes)
    assert [free.get_title(), clamped.get_title()] == ["free copy", "clamped copy"]
    assert lines_of(free).get_clim() == lines_of(clamped).get_clim()
    target = nodes.set_index("node").loc["4"]
    assert f"{target['free_V']:.3g} V → 1 V" in words(free)
    assert f"{target['clamped_V']:.3g} V → 1 V" in words(clamped)


def test_equal_conductances_have_a_scale_too(run: Run) -> None:
    ax = plots.network(run.edges, run.nodes, np.full(16, 2e-5))
    assert lines_of(ax).get_clim() == (1e-5, 4e-5)


def test_names_are_not_read_as_formulae(run: Run) -> None:
    nodes = run.nodes.replace({"node": {"1": "$x^"}})
    edges = run.edges.replace({"first": {"1": "$x^"}, "second": {"1": "$x^"}})
    ax = plots.network(edges, nodes)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    assert r"\$x^" in " ".join(words(ax))


def test_a_network_refuses(run: Run) -> None:
    with pytest.raises(ValueError, match=r"'conductances' .* be one for each of the edges"):
        plots.network(run.edges, run.nodes, [1.0, 2.0])
    with pytest.raises(ValueError, match="'nodes' parameter of network must have the column u_V"):
        plots.network(run.edges, run.nodes, voltage="u_V")
    with pytest.raises(ValueError, match="'nodes' parameter of twins must have the columns free_V"):
        plots.twins(run.edges, run.nodes)


def test_the_order_parameter_is_drawn_where_most_clocks_are_known(run: Run) -> None:
    order = order_parameter(run.events, np.linspace(0.0, 10.0, 101))
    ax = plots.order_parameter(order)
    curve, dashed = ax.get_lines()
    known = order["edges"] >= 0.9 * 16
    drawn_y = np.asarray(curve.get_ydata(), dtype=float)
    assert (np.isfinite(drawn_y) == known).all()
    np.testing.assert_array_equal(drawn_y[known], order.loc[known, "order_parameter"])
    assert np.asarray(dashed.get_ydata())[0] == pytest.approx(np.sqrt(np.pi / 64))


def test_ticks_stand_above_their_order(run: Run) -> None:
    raster, order = plots.ticks_and_order(run.events, start=10.0, stop=20.0)
    assert raster.get_xlim() == order.get_xlim() == (10.0, 20.0)
    assert order.get_xlabel() == "time (s)"


def test_intervals_are_a_density(run: Run) -> None:
    ax = plots.intervals(run.events)
    (area,) = ax.collections
    corners = np.asarray(area.get_paths()[0].vertices)
    x, y = corners.T
    assert abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2 == pytest.approx(1.0, rel=1e-6)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("interval between ticks (s)", "density (1/s)")
    two = pd.concat([run.events.assign(clock="a"), run.events.assign(clock="b")])
    assert len(plots.intervals(two, hue="clock").collections) == 2


def test_intervals_of_a_perfect_clock_are_one_bar() -> None:
    events = pd.DataFrame({"edge": 0, "sensed_s": 2.0 * np.arange(50)})
    low, high = plots.intervals(events).get_xlim()
    assert 1.7 < low < 2.0 < high < 2.3


def test_few_clocks_have_a_line_each_and_many_a_band(run: Run) -> None:
    deviations = allan_deviations(run.events, 1.0)
    ax = plots.allan(deviations, guides=False)
    assert len(ax.get_lines()) == 16
    first = deviations[deviations["edge"] == 0]
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), first["allan_deviation"])
    many = pd.concat([deviations.assign(edge=deviations["edge"] + 16 * n) for n in range(2)])
    ax = plots.allan(many)
    (band,) = ax.collections
    assert len(ax.get_lines()) == 3  # the median and two guides
    middle = deviations.groupby("tau_s")["allan_deviation"].median()
    np.testing.assert_allclose(np.asarray(ax.get_lines()[0].get_ydata()), middle)
    assert band.get_paths()
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_staleness_is_a_bar_a_value() -> None:
    events = pd.DataFrame({"staleness": [0, 0, 3, 0]})
    bars = {bar.get_center()[0]: bar.get_height() for bar in plots.staleness(events).patches}  # type: ignore[attr-defined]
    assert bars == {0.0: 0.75, 3.0: 0.25}
    wide = pd.DataFrame({"staleness": [0, 100, 100, 7]})
    (line,) = plots.staleness(wide).get_lines()
    heights = dict(zip(np.asarray(line.get_xdata()), np.asarray(line.get_ydata()), strict=True))
    assert (heights[0], heights[7], heights[50], heights[100]) == (0.25, 0.25, 0.0, 0.5)


def test_a_displacement_of_zero_has_its_own_mark() -> None:
    frame = pd.DataFrame({"lag": [1, 2, 3, 4], "msd": [2.0, 0.0, 2.0, 0.0]})
    ax = plots.displacement(frame)
    line, zeros = ax.get_lines()
    assert list(np.asarray(line.get_xdata())) == [1, 3]
    assert list(np.asarray(zeros.get_xdata())) == [2, 4]
    assert zeros.get_markerfacecolor() == "none"
    assert ax.get_yscale() == "log"


def test_displacements_of_seeds_are_median_and_quartiles() -> None:
    frame = pd.concat(pd.DataFrame({"lag": [1, 2], "msd": [s, 2.0 * s]}) for s in (1.0, 2.0, 9.0))
    ax = plots.displacement(frame)
    assert list(np.asarray(ax.get_lines()[0].get_ydata())) == [2.0, 4.0]
    corners = np.asarray(ax.collections[0].get_paths()[0].vertices)
    assert (corners[:, 1].min(), corners[:, 1].max()) == (1.5, 11.0)


def test_a_short_logarithmic_axis_has_plain_numbers() -> None:
    frame = pd.DataFrame({"lag": np.arange(1.0, 31.0), "msd": np.geomspace(1e-7, 1e-6, 30)})
    ax = plots.displacement(frame)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    shown = [label.get_text() for label in ax.get_xticklabels()]
    assert {"1", "2", "5", "10", "20"} <= {*shown}
    assert any("10^{-7}" in label.get_text() for label in ax.get_yticklabels())


@pytest.mark.parametrize(("seeds", "low", "high"), [(4, 0, 3), (20, 5, 14), (100, 39, 60)])
def test_the_confidence_band_lies_between_order_statistics(seeds: int, low: int, high: int) -> None:
    """For 20 and 100 values the published ranks of a 95 % interval are 6 and 15, 40 and 61."""
    values = np.random.default_rng(0).permutation(seeds) + 1.0
    probes = pd.DataFrame({"time_s": 0.0, "error": values, "updates": 0})
    both = pd.concat([probes, probes.assign(time_s=1.0)])
    ax = plots.learning_curve(both, band="confidence")
    corners = np.asarray(ax.collections[0].get_paths()[0].vertices)
    assert (corners[:, 1].min(), corners[:, 1].max()) == (low + 1, high + 1)
    with pytest.raises(ValueError, match=r"'band' .* be 'quartiles' or 'confidence', got 'all'"):
        plots.learning_curve(both, band="all")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", FIGURES)
def test_every_figure_is_at_most_two_columns_wide_and_labelled(run: Run, kind: str) -> None:
    if kind == "confusion":  # of classes only
        run = ot.run(ot.load("breadboard-iris").replace(horizon=60.0), seed=2)
    with drawn(run, kind) as figure:
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        assert 3.0 < box.width <= 6.85
        for ax in figure.axes:
            if ax.axison and ax.get_label() != "<colorbar>" and kind not in ("ticks", "power"):
                assert ax.get_xlabel()
                assert ax.get_ylabel()
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"edges.clock.gate": 0.5}, "allan", "its gate lets ticks pass"),
        ({"edges.clock.phase": "aligned", "edges.clock.jitter": 0.0}, "allan", "no deviation"),
        ({"edges.clock.gate": 0.0}, "ticks", "no edge acted in this run"),
        ({"probe": None}, "learning", r"no \[probe\]"),
        ({"horizon": 6.0}, "displacement", "shorter than four periods"),
    ],
)
def test_a_figure_that_cannot_be_drawn_says_why(
    changes: dict[str, object],
    kind: str,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ot.run(ot.load("breadboard-iii").replace(**{"horizon": 20.0} | changes), out=tmp_path / "a")
    assert main(["plot", str(tmp_path / "a"), kind]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"ohmtick: cannot draw '{kind}' of {tmp_path / 'a'}: ")
    assert pd.Series([said]).str.contains(says).all()
    assert not (tmp_path / "a" / f"{kind}.png").exists()


def test_plots_leave_the_style_alone(run: Run) -> None:
    before = dict(plt.rcParams)
    for kind in ("network", "ticks", "staleness"):
        FIGURES[kind].draw(run)
    assert dict(plt.rcParams) == before
