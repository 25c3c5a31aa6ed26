"""From a table to an answer: of tables whose answers are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis.crossing import threshold
from ohmtick.analysis.plots import studies as plots_studies
from ohmtick.analysis.statistics import bootstrap, compare
from ohmtick.analysis.studies.figures import draw_all
from ohmtick.analysis.studies.responses import (
    comparisons,
    heat_map,
    influence,
    response,
    thresholds,
)
from ohmtick.engine.errors import AnalysisError

RNG_SEED = 20261124


def doubling(**scale: float) -> pd.DataFrame:
    """error = c_s 2^(x / scale) / y: doubles at the scale of each word."""
    rng = np.random.default_rng(RNG_SEED)
    constants = rng.lognormal(sigma=0.5, size=12)
    return pd.DataFrame(
        {"x": x, "y": y, "word": word, "seed": seed, "error": c * 2 ** (x / length) / y}
        for word, length in scale.items()
        for x in (0.0, 0.1, 0.2, 0.4)
        for y in (1.0, 4.0)
        for seed, c in enumerate(constants)
    )


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_a_response_is_the_bootstrap_of_each_cell() -> None:
    table = doubling(slow=0.3)
    found = response(table, ["x", "y"], "error")
    assert list(found.columns) == ["x", "y", "value", "low", "high", "seeds"]
    assert found[["x", "y"]].to_numpy().tolist()[:3] == [[0.0, 1.0], [0.0, 4.0], [0.1, 1.0]]
    one = table.query("x == 0.2 and y == 4")["error"]
    expected = bootstrap(one.to_numpy())
    row = found.query("x == 0.2 and y == 4").iloc[0]
    assert (row["value"], row["low"], row["high"]) == (expected.value, expected.low, expected.high)
    assert row["seeds"] == 12


def test_runs_without_the_metric_are_left_out() -> None:
    table = doubling(slow=0.3)
    table.loc[(table["x"] == 0.1) & (table["seed"] < 5), "error"] = np.nan
    table.loc[table["x"] == 0.2, "error"] = np.nan
    found = response(table, "x", "error").set_index("x")
    assert found["seeds"].tolist() == [24, 14, 0, 24]
    assert found["value"].isna().tolist() == [False, False, True, False]


def test_thresholds_of_each_key_at_each_value_of_the_others() -> None:
    table = doubling(slow=0.3, quick=0.15)
    found = thresholds(table, ["x", "y", "word"], "error", 2.0)
    rows = found[found["key"] == "x"]
    assert rows[["y", "word"]].to_numpy().tolist() == [
        [1.0, "slow"], [4.0, "slow"], [1.0, "quick"], [4.0, "quick"],
    ]  # fmt: skip
    assert rows["threshold"].tolist() == pytest.approx([0.3, 0.3, 0.15, 0.15])
    assert rows["low"].tolist() == pytest.approx(rows["high"].tolist())
    assert rows["seeds"].tolist() == [12] * 4
    assert rows["x"].isna().all()
    falls = found[found["key"] == "y"]
    assert (falls["threshold"] == np.inf).all()  # a larger y has a smaller error
    assert (falls["furthest"] == 4.0).all()
    halves = thresholds(table, ["x", "y", "word"], "error", 0.5).query("key == 'y'")
    # On a straight axis: half in logarithms of four is half way.
    assert halves["threshold"].tolist() == pytest.approx([2.5] * 8)


@pytest.mark.parametrize(
    ("errors", "factor", "improves"),
    [
        ([4.0, 3.0, 2.0], 2.0, True),
        ([4.0, 3.0, 4.1], 2.0, False),
        ([4.0, 4.0, 4.0], 2.0, False),
        ([4.0, 9.0, 2.0], 2.0, False),
        ([1.0, 1.1, 1.2], 0.5, True),
        ([1.0, 0.9, 1.2], 0.5, False),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_only_improves_is_told(
    errors: list[float], factor: float, improves: bool, turned: bool
) -> None:
    levels = [1.0, 0.5, 0.05] if turned else [0.0, 1.0, 4.0]  # the first is the reference
    table = pd.DataFrame(
        {"x": x, "seed": seed, "error": error * (1.0 + 0.01 * seed)}
        for x, error in zip(levels, errors, strict=True)
        for seed in range(4)
    )
    row = thresholds(table, ["x"], "error", factor).iloc[0]
    assert row["improves"] == improves
    assert row["furthest"] == levels[-1]
    assert np.isinf(row["threshold"]) == (max(errors) < 8.0)


def test_a_threshold_from_another_reference() -> None:
    found = thresholds(doubling(slow=0.3), ["x", "y"], "error", 2.0, reference={"x": 0.1, "y": 4.0})
    assert found.query("key == 'x'")["threshold"].tolist() == pytest.approx([0.4, 0.4])
    assert found.query("key == 'y'")["reference"].tolist() == [4.0] * 4


def test_only_seeds_that_every_level_has_count() -> None:
    table = doubling(slow=0.3).query("y == 1")
    table = table[~((table["x"] == 0.2) & table["seed"].isin([0, 3]))]
    row = thresholds(table, ["x"], "error").iloc[0]
    assert row["seeds"] == 10
    full = table[~table["seed"].isin([0, 3])].pivot_table(index="x", columns="seed", values="error")
    assert row["threshold"] == threshold(full.index, full.to_numpy()).value


def test_positive_levels_over_decades_are_interpolated_in_their_logarithm() -> None:
    table = pd.DataFrame(
        {"n": n, "seed": seed, "error": 1.0 / n} for n in (1024, 64, 4) for seed in range(3)
    )
    row = thresholds(table, ["n"], "error", 64.0).iloc[0]
    assert row["threshold"] == pytest.approx(16.0)
    assert row["furthest"] == 4


def test_comparisons_pair_by_seed() -> None:
    table = doubling(slow=0.3)
    found = comparisons(table, ["x", "y"], "error", {"x": 0.0, "y": 1.0}, of="ratios")
    assert len(found) == 7
    row = found.query("x == 0.4 and y == 4").iloc[0]
    assert [row["value"], row["low"], row["high"]] == pytest.approx([2 ** (4 / 3) / 4] * 3)
    one, other = (table.query(f"x == {x} and y == 1")["error"].to_numpy() for x in (0.1, 0.0))
    expected = compare(one, other)
    row = comparisons(table, ["x", "y"], "error").query("x == 0.1 and y == 1").iloc[0]
    assert (row["low"], row["p_value"]) == (expected.low, expected.p_value)


def test_a_heat_map_is_a_matrix_in_order() -> None:
    matrix = heat_map(doubling(slow=0.3).sample(frac=1.0, random_state=1), "x", "y", "error")
    assert list(map(float, matrix.columns)) == [0.0, 0.1, 0.2, 0.4]
    assert matrix.index.tolist() == [1.0, 4.0]
    np.testing.assert_allclose(matrix.loc[1.0] / matrix.loc[4.0], 4.0)


def test_influence_ranks_the_keys() -> None:
    rng = np.random.default_rng(RNG_SEED)
    table = pd.DataFrame(rng.random((80, 3)), columns=["strong", "weak", "none"])
    table["error"] = np.exp(5 * table["strong"]) * (1.2 - table["weak"])
    table["seed"] = 0
    found = influence(table, ["weak", "none", "strong"], "error")
    assert found["key"].tolist()[0] == "strong"
    ends = {row["key"]: (row["low"], row["high"]) for row in found.to_dict("records")}
    assert ends["strong"][0] > 0.7
    assert ends["weak"][1] < 0.0
    assert ends["none"][0] < 0.0 < ends["none"][1]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda t: response(t, "z", "error"), "have the column z"),
        (lambda t: response(t.head(0), "x", "error"), "at least one row"),
        (lambda t: comparisons(t, ["x", "y"], "error", {"z": 1}), "name keys among x, y"),
        (lambda t: comparisons(t, ["x", "y"], "error", {"x": 9.0}), "be a cell that was run"),
        (lambda t: comparisons(t, ["x"], "error"), "tell all runs apart, got .*'seed': 0.* twice"),
        (lambda t: thresholds(t, ["x"], "error"), "tell all runs apart"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, says: str) -> None:
    with pytest.raises(AnalysisError, match=says):
        call(doubling(slow=0.3))


# --- figures -------------------------------------------------------------------------------------


def test_a_response_curve_draws_what_it_is_given() -> None:
    table = doubling(slow=0.3, quick=0.15).query("y == 1")
    found = response(table, ["x", "word"], "error")
    limits = thresholds(table, ["x", "word"], "error").query("key == 'x'")
    axes = plots_studies.response_curve(found, "x", "word", metric="error", thresholds=limits)
    curves = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_label() for line in curves] == ["slow", "quick"]
    np.testing.assert_array_equal(curves[0].get_xdata(), [0.0, 0.1, 0.2, 0.4])
    np.testing.assert_array_equal(curves[0].get_ydata(), found.query("word == 'slow'")["value"])
    crosses = [line for line in axes.lines if line.get_marker() == "X"]
    assert [line.get_xdata()[0] for line in crosses] == pytest.approx([0.3, 0.15])  # type: ignore[index]
    assert axes.get_yscale() == "log"
    assert axes.get_legend() is not None
    assert axes.get_xlabel() == "x"


def test_of_one_seed_a_figure_says_that_there_is_no_interval() -> None:
    table = doubling(slow=0.3).query("y == 1 and seed == 0")
    limits = thresholds(table, ["x"], "error")
    assert limits[["low", "high"]].isna().all(axis=None)
    axes = plots_studies.response_curve(response(table, "x", "error"), "x", thresholds=limits)
    assert [line.get_marker() for line in axes.lines] == ["o", "X"]  # and no bar
    assert [text.get_text() for text in axes.texts] == ["no interval: one seed"]
    several = doubling(slow=0.3).query("y == 1")
    axes = plots_studies.response_curve(response(several, "x", "error"), "x")
    assert not axes.texts
    found = comparisons(table, ["x"], "error")
    assert plots_studies.comparison(found, ["x"]).texts[0].get_text() == "no interval: one seed"


def test_an_interval_that_ends_beyond_what_was_tried_has_an_arrow() -> None:
    response_frame = pd.DataFrame({"x": [0.0, 4.0], "value": [1.0, 2.5], "low": 1.0, "high": 3.0})
    limits = pd.DataFrame(
        {"reference": 0.0, "value": 1.0, "threshold": [3.0], "low": 2.0, "high": np.inf,
         "furthest": 4.0, "seeds": 5}
    )  # fmt: skip
    axes = plots_studies.response_curve(response_frame, "x", thresholds=limits)
    (arrow,) = [line for line in axes.lines if line.get_marker() == ">"]
    assert arrow.get_xdata().tolist() == [4.0]  # type: ignore[union-attr]
    limits["high"] = 3.5
    axes = plots_studies.response_curve(response_frame, "x", thresholds=limits)
    assert not [line for line in axes.lines if line.get_marker() == ">"]


def test_a_response_over_decades_has_a_logarithmic_axis() -> None:
    frame = pd.DataFrame({"x": [1.0, 10.0, 100.0], "value": 1.0, "low": 0.9, "high": 1.1})
    assert plots_studies.response_curve(frame, "x").get_xscale() == "log"
    frame.loc[0, "x"] = 0.0
    assert plots_studies.response_curve(frame, "x").get_xscale() == "linear"
    more = pd.concat([frame, frame.assign(x=1.0).head(1)])
    axes = plots_studies.response_curve(more, "x", metric="settled_error")
    assert axes.get_xscale() == "symlog"
    assert axes.get_yscale() == "linear"
    assert axes.get_ylabel() == "settled error (V²)"


def test_a_heat_map_has_its_numbers_upwards() -> None:
    axes = plots_studies.heat_map(heat_map(doubling(slow=0.3), "x", "y", "error"), metric="error")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["4", "1"]
    assert axes.get_xlabel() == "x"


def test_a_comparison_has_a_row_a_cell() -> None:
    table = doubling(slow=0.3, quick=0.15).query("x == 0.4 and y == 1")
    found = comparisons(table, ["word"], "error")
    axes = plots_studies.comparison(found, ["word"], metric="error")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["quick"]
    assert axes.get_xlabel() == "error / reference"


def test_figures_of_a_study_go_to_its_folder(tmp_path: Path) -> None:
    base = ot.load("breadboard-iii").replace(horizon=20.0)
    study = ot.Study(
        base,
        seeds=3,
        grid={"edges.comparator.offset": [0.0, 0.01], "edges.comparator.noise": [0.0, 0.01]},
        paired={"label": ["a/b", "c d"], "edges.latency": [0.0, 1.0]},
    )
    study.run(tmp_path / "a")
    names = [path.name for path in draw_all(ot.open_study(tmp_path / "a"))]
    assert names == [
        "response-edges.comparator.offset.png",
        "response-edges.comparator.noise.png",
        "heat-map-edges.comparator.offset-edges.comparator.noise-a-b.png",
        "heat-map-edges.comparator.offset-edges.comparator.noise-c-d.png",
    ]
    assert {path.name for path in (tmp_path / "a" / "figures").iterdir()} == set(names)


def test_a_cell_without_a_seed_of_the_reference_is_not_compared() -> None:
    table = doubling(slow=0.3)
    table = table[(table["x"] == 0) == (table["seed"] < 5)]
    found = comparisons(table, ["x", "y"], "error")
    apart = found[found["x"] != 0]
    assert (apart["seeds"] == 0).all()
    assert apart["value"].isna().all()


def test_of_nothing_there_is_no_multiple() -> None:
    table = doubling(slow=0.3)
    table["error"] = table["error"].where(table["x"] > table["x"].min(), 0.0)
    found = thresholds(table, ["x", "y"], "error")
    assert found.loc[found["key"] == "x", "threshold"].isna().all()
