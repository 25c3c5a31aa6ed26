from collections.abc import Iterator
from typing import cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import EventCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ohmtick.analysis import learning_curve, plots
from ohmtick.analysis.plots.scale import conductance_key, log_norm


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def probes() -> pd.DataFrame:
    time = np.arange(0.0, 100.0, 5.0)
    return pd.DataFrame({"time_s": time, "updates": 16 * time, "error": np.exp(-time / 20.0)})


@pytest.fixture
def study(probes: pd.DataFrame) -> pd.DataFrame:
    """Two settings with five seeds each: 1, 2, 4, 8, 16 times the error, as many more updates."""
    return pd.concat(
        [
            probes.assign(
                jitter=jitter,
                seed=seed,
                error=(1 + jitter) * 2**seed * probes["error"],
                updates=probes["updates"] + 2**seed,
            )
            for jitter in (0.1, 0.2)
            for seed in range(5)
        ],
        ignore_index=True,
    )


@pytest.fixture
def events() -> pd.DataFrame:
    """Three edges of period 1 s; edge 4 steps down twice, 2 up once, 9 saturates."""
    return pd.DataFrame(
        {
            "time_s": [0.5, 0.7, 0.9, 1.5, 1.7, 1.9],
            "sensed_s": [0.4, 0.6, 0.8, 1.4, 1.6, 1.8],
            "edge": np.array([4, 2, 9, 4, 2, 9], dtype=np.int32),
            "conductance_before_S": [5e-5, 2e-5, 1e-5, 4e-5, 2e-5, 1e-5],
            "conductance_after_S": [4e-5, 2e-5, 1e-5, 3e-5, 3e-5, 1e-5],
        }
    )


def random_events(edges: int, each: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    edge = rng.permutation(np.repeat(np.arange(edges), each))
    time = np.sort(rng.uniform(0.0, 1e3, edges * each))
    after = rng.uniform(1e-5, 2e-5, edges * each)
    return pd.DataFrame(
        {
            "time_s": time,
            "sensed_s": time - 0.01,
            "edge": edge,
            "conductance_before_S": 1.5e-5,
            "conductance_after_S": after,
        }
    )


def drawn(ax: Axes) -> list[Line2D]:
    """The lines with data: seaborn keeps empty ones for the legend."""
    return [line for line in ax.get_lines() if points(line).size]


def points(line: Line2D) -> npt.NDArray[np.float64]:
    """The vertices of a line, shape (n, 2)."""
    return np.column_stack([np.asarray(line.get_xdata()), np.asarray(line.get_ydata())])


def legend_of(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def rows(ax: Axes) -> list[EventCollection]:
    return [row for row in ax.collections if isinstance(row, EventCollection)]


def test_learning_curve_draws_the_probes(probes: pd.DataFrame) -> None:
    ax = plots.learning_curve(probes)
    (line,) = drawn(ax)
    np.testing.assert_array_equal(points(line), probes[["time_s", "error"]])
    assert ax.get_yscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "error (V²)")
    assert ax.get_legend() is None
    assert not ax.collections  # one run has no band


def test_learning_curve_of_a_study_is_median_and_quartiles(study: pd.DataFrame) -> None:
    ax = plots.learning_curve(study.sample(frac=1, random_state=0), hue="jitter")
    lines, bands = drawn(ax), list(ax.collections)
    assert legend_of(ax) == ["0.1", "0.2"]
    assert len(lines) == len(bands) == 2
    for jitter, line, band in zip((0.1, 0.2), lines, bands, strict=True):
        seeds = [
            study.loc[(study["jitter"] == jitter) & (study["seed"] == seed), "error"].to_numpy()
            for seed in range(5)
        ]
        time = study["time_s"].to_numpy()[: len(seeds[0])]
        np.testing.assert_allclose(points(line), np.column_stack([time, seeds[2]]))
        corners = np.asarray(band.get_paths()[0].vertices)
        for at, low, high in zip(time, seeds[1], seeds[3], strict=True):
            heights = corners[corners[:, 0] == at, 1]
            assert (heights.min(), heights.max()) == pytest.approx((low, high))
        assert mpl.colors.to_rgb(line.get_color()) == tuple(np.asarray(band.get_facecolor())[0, :3])


def test_learning_curve_over_updates_matches_seeds_by_time(study: pd.DataFrame) -> None:
    ax = plots.learning_curve(study[study["jitter"] == 0.1], x="updates")
    (line,) = drawn(ax)
    np.testing.assert_allclose(points(line)[:, 0], 16 * np.arange(0.0, 100.0, 5.0) + 4)
    assert ax.get_xlabel() == "updates"


def test_learning_curve_takes_the_frame_of_the_same_name(probes: pd.DataFrame) -> None:
    curve = learning_curve(probes, edges=16)
    ax = plots.learning_curve(curve, x="updates_per_edge", y="relative_error")
    (line,) = drawn(ax)
    np.testing.assert_array_equal(points(line), curve[["updates_per_edge", "relative_error"]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("updates per edge", "error / initial error")


def test_learning_curve_of_accuracy_is_linear(probes: pd.DataFrame) -> None:
    ax = plots.learning_curve(probes.assign(accuracy=1 - probes["error"]), y="accuracy")
    assert ax.get_yscale() == "linear"
    assert ax.get_ylabel() == "accuracy"


def test_learning_curve_names_many_numbers_only_in_part(probes: pd.DataFrame) -> None:
    many = pd.concat([probes.assign(seed=seed) for seed in range(21)])
    ax = plots.learning_curve(many, hue="seed")
    assert len(drawn(ax)) == 21
    assert legend_of(ax) == ["0", "4", "8", "12", "16", "20"]


def test_learning_curve_without_anything_positive_stays_linear(probes: pd.DataFrame) -> None:
    assert plots.learning_curve(probes.assign(error=0.0)).get_yscale() == "linear"


def test_conductances_are_steps_from_before_to_after(events: pd.DataFrame) -> None:
    ax = plots.conductances(events.sample(frac=1, random_state=0))
    assert legend_of(ax) == ["2", "4", "9"]
    expected = {
        2: [(0.5, 2e-5), (0.7, 2e-5), (1.7, 3e-5), (1.9, 3e-5)],
        4: [(0.5, 5e-5), (0.5, 4e-5), (1.5, 3e-5), (1.9, 3e-5)],
        9: [(0.5, 1e-5), (0.9, 1e-5), (1.9, 1e-5), (1.9, 1e-5)],
    }
    for line, steps in zip(drawn(ax), expected.values(), strict=True):
        np.testing.assert_array_equal(points(line), steps)
        assert line.get_drawstyle() == "steps-post"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "conductance (S)")
    assert ax.get_yscale() == "linear"


def test_conductances_over_a_decade_are_logarithmic(events: pd.DataFrame) -> None:
    events.loc[5, "conductance_after_S"] = 4.9e-6
    assert plots.conductances(events).get_yscale() == "log"
    assert plots.conductances(events, edges=[2, 4]).get_yscale() == "linear"


def test_conductances_of_edges_that_never_act_are_level(events: pd.DataFrame) -> None:
    ax = plots.conductances(events, initial=np.full(11, 2.5e-5), edges=[10, 4])
    idle, acting = drawn(ax)[::-1]
    np.testing.assert_array_equal(points(idle), [(0.5, 2.5e-5), (1.9, 2.5e-5)])
    assert points(acting)[0, 1] == 5e-5  # what the log says comes first
    assert len(drawn(plots.conductances(events, initial=np.full(11, 2.5e-5)))) == 11


def test_conductances_of_one_event() -> None:
    ax = plots.conductances(random_events(1, 1))
    assert len(drawn(ax)) == 1


def test_conductances_of_many_edges_have_a_colour_bar() -> None:
    ax = plots.conductances(random_events(40, 3))
    assert ax.get_legend() is None
    bar = next(axes for axes in cast(Figure, ax.figure).axes if axes is not ax)
    assert bar.get_ylabel() == "edge"
    assert bar.get_ylim() == (0, 39)
    lines = drawn(ax)
    assert len(lines) == 40
    assert mpl.colors.same_color(lines[39].get_color(), plots.ORDERED(1.0))


def test_conductances_thin_a_long_run_but_keep_its_envelope() -> None:
    events = random_events(2, 50_000)
    events.loc[51_234, "conductance_after_S"] = 9e-5  # a spike of one actuation
    ax = plots.conductances(events)
    for edge, line in enumerate(drawn(ax)):
        own = events[events["edge"] == edge]
        kept = pd.DataFrame(points(line), columns=["time_s", "k"])
        assert len(kept) <= 3 * plots.BINS + 5
        assert kept["k"].max() == own["conductance_after_S"].max()
        assert kept["k"].min() == own["conductance_after_S"].min()
        assert kept["k"].iloc[-1] == own["conductance_after_S"].iloc[-1]
        assert kept["time_s"].is_monotonic_increasing
        inner = kept.iloc[1:-1].merge(own, on="time_s")
        assert len(inner) == len(kept) - 2
        assert (inner["k"] == inner["conductance_after_S"]).all()


def test_more_edges_than_can_be_seen_are_spread_evenly() -> None:
    events = random_events(401, 2)
    ax = plots.conductances(events)
    assert len(drawn(ax)) == 150
    raster = plots.ticks(events, stop=1e3)
    assert len(rows(raster)) == 150
    assert len(drawn(plots.conductances(events, edges=range(200)))) == 200


def test_ticks_are_the_times_of_sensing(events: pd.DataFrame) -> None:
    ax = plots.ticks(events.sample(frac=1, random_state=0))
    found = {
        label.get_text(): row.get_positions()
        for label, row in zip(ax.get_yticklabels(), rows(ax), strict=True)
    }
    assert found == {"2": [0.6, 1.6], "4": [0.4, 1.4], "9": [0.8, 1.8]}
    assert [row.get_lineoffset() for row in rows(ax)] == [0, 1, 2]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "edge")


def test_ticks_lie_in_a_half_open_window(events: pd.DataFrame) -> None:
    ax = plots.ticks(events, start=0.6, stop=1.6)
    assert [list(row.get_positions()) for row in rows(ax)] == [[0.6], [1.4], [0.8]]
    assert ax.get_xlim() == (0.6, 1.6)
    ax = plots.ticks(events, edges=[9, 4], stop=0.8)
    assert [list(row.get_positions()) for row in rows(ax)] == [[0.4], []]


def test_ticks_show_twenty_an_edge_unless_told() -> None:
    sensed = np.arange(500.0)
    events = pd.concat([pd.DataFrame({"edge": e, "sensed_s": sensed + e / 4}) for e in range(4)])
    assert [len(row.get_positions()) for row in rows(plots.ticks(events))] == [20] * 4
    late = plots.ticks(events, start=300.0)
    assert rows(late)[0].get_positions() == list(np.arange(300.0, 320.0))
    assert sum(len(row.get_positions()) for row in rows(plots.ticks(events, stop=500.0))) == 2000


def test_ticks_of_a_long_window_are_thinned_where_they_would_touch() -> None:
    events = random_events(2, 50_000).sample(frac=1, random_state=0)
    ax = plots.ticks(events, stop=1e3)
    for edge, row in enumerate(rows(ax)):
        positions = np.asarray(row.get_positions())
        assert len(positions) == plots.BINS
        own = events.loc[events["edge"] == edge, "sensed_s"]
        assert np.isin(positions, own).all()
        assert positions[0] == own.min()


def test_ticks_of_one_event() -> None:
    (row,) = rows(plots.ticks(random_events(1, 1)))
    assert len(row.get_positions()) == 1


def test_figures_are_a_column_wide_and_leave_the_style_alone(
    probes: pd.DataFrame, events: pd.DataFrame
) -> None:
    before = dict(mpl.rcParams)
    for ax in (plots.learning_curve(probes), plots.conductances(events), plots.ticks(events)):
        figure = cast(Figure, ax.figure)
        assert tuple(figure.get_size_inches()) == (3.4, 2.4)
        figure.draw_without_rendering()
        width = figure.get_tightbbox().width
        assert width <= 3.4  # nothing sticks out
        assert float(ax.xaxis.label.get_fontsize()) < 10
    assert dict(mpl.rcParams) == before


def test_figures_draw_where_told(probes: pd.DataFrame, events: pd.DataFrame) -> None:
    figure, panels = plt.subplots(1, 3, layout="constrained")
    assert plots.learning_curve(probes, ax=panels[0]) is panels[0]
    assert plots.conductances(events, ax=panels[1]) is panels[1]
    assert plots.ticks(events, ax=panels[2]) is panels[2]
    assert plt.get_fignums() == [figure.number]


def test_bad_input_is_refused(probes: pd.DataFrame, events: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"'probes' parameter of learning_curve .* column jitter,"):
        plots.learning_curve(probes, hue="jitter")
    with pytest.raises(ValueError, match=r"'probes' parameter of learning_curve .* one row"):
        plots.learning_curve(probes.iloc[:0])
    with pytest.raises(ValueError, match=r"'events' parameter of conductances .* column edge,"):
        plots.conductances(events.drop(columns="edge"))
    with pytest.raises(ValueError, match=r"'events' parameter of ticks .* one row"):
        plots.ticks(events.iloc[:0])
    with pytest.raises(ValueError, match=r"'edges' .* name edges in the events, got 3 instead"):
        plots.conductances(events, edges=[2, 3])
    with pytest.raises(ValueError, match=r"'edges' .* at least one edge, got none instead"):
        plots.ticks(events, edges=[])
    with pytest.raises(ValueError, match=r"'initial' .* one-dimensional, got an array of shape"):
        plots.conductances(events, initial=np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"'start' .* before the window's end at 1.0 s, got 2.0"):
        plots.ticks(events, start=2.0, stop=1.0)
    with pytest.raises(ValueError, match=r"'start' .* holds ticks, got \[1.85, 9.0\) instead"):
        plots.ticks(events, start=1.85, stop=9.0)


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.3, 0.45), (1.0, 2.0), (0.4, 2.5), (0.5, 5.0), (1e-5, 1e-3), (2e-5, 3e-3), (1e-9, 1e3)],
)
def test_a_key_of_conductances_has_two_numbers_at_least(low: float, high: float) -> None:
    figure, ax = plt.subplots()
    conductance_key(ax, log_norm(np.array([low, high])))
    figure.draw_without_rendering()
    bar = figure.axes[-1]
    inside = [at for at in bar.get_xticks() if low <= at * (1 + 1e-9) and at <= high * (1 + 1e-9)]
    assert 2 <= len(inside) <= 6
    assert [float(f"{at:.1e}") for at in inside] == pytest.approx(inside)  # round
    plt.close(figure)
