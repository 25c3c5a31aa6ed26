"""The cells of a study: every combination, the pairs, and points that fill the space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import ohmtick as ot
from ohmtick.scenarios.studies.cells import in_order
from ohmtick.scenarios.studies.sampling import Range, Sample, cells

KEYS: dict[str, Any] = {
    "a": {"low": 2.0, "high": 4.0},
    "b": {"low": 1e-3, "high": 10.0, "scale": "log"},
}


def test_a_grid_pairs_and_points_are_multiplied_out_in_order() -> None:
    sample = Sample(count=2, keys={"z": ("only",)})
    made = cells({"a": (1, 2), "b": (3, 4)}, ({"c": (5, 6), "d": (7, 8)},), sample)
    assert len(made) == 2 * 2 * 2 * 2
    assert made[0] == {"a": 1, "b": 3, "c": 5, "d": 7, "z": "only"}
    assert [cell["c"] * 10 + cell["d"] for cell in made[:4]] == [57, 57, 68, 68]
    assert [(cell["a"], cell["b"]) for cell in made[::4]] == [(1, 3), (1, 4), (2, 3), (2, 4)]
    assert cells({}, (), None) == [{}]


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    points = Sample(count=50, seed=3, keys=KEYS).points()
    a = np.array([point["a"] for point in points])
    b = np.array([point["b"] for point in points])
    assert sorted(np.floor((a - 2.0) / 2.0 * 50).astype(int)) == list(range(50))
    assert sorted(np.floor((np.log10(b) + 3.0) / 4.0 * 50).astype(int)) == list(range(50))
    assert points == Sample(count=50, seed=3, keys=KEYS).points()
    assert points != Sample(count=50, seed=4, keys=KEYS).points()


def test_random_points_are_uniform() -> None:
    points = Sample(kind="random", count=4000, keys=KEYS).points()
    scaled: dict[str, Callable[[Any], Any]] = {
        "a": lambda x: (x - 2.0) / 2.0,
        "b": lambda x: (np.log10(x) + 3.0) / 4.0,
    }
    for name, inside in scaled.items():
        unit = inside(np.array([point[name] for point in points]))
        assert stats.kstest(unit, "uniform").pvalue > 0.01


def test_whole_numbers_have_their_ends_and_equal_shares() -> None:
    points = Sample(count=6000, keys={"n": Range(low=2, high=7, whole=True)}).points()
    values, counts = np.unique([point["n"] for point in points], return_counts=True)
    assert values.tolist() == [2, 3, 4, 5, 6, 7]
    assert (counts == 1000).all()
    assert isinstance(points[0]["n"], int)


def test_words_are_chosen_evenly() -> None:
    points = Sample(count=300, keys={"phase": ("aligned", "uniform", "staggered")}).points()
    assert [sum(p["phase"] == w for p in points) for w in ("aligned", "uniform")] == [100, 100]


def test_a_range_keeps_to_its_ends() -> None:
    for part in (0.0, 1.0 - 2**-53):
        for settings in KEYS.values():
            found = Range(**settings).at(part)
            assert settings["low"] <= found <= settings["high"] * (1 + 1e-15)


def test_tables_come_before_what_is_in_them_and_kinds_first() -> None:
    changes = {"a.b.c": 1, "a.b.kind": 2, "a": 3, "a.b": 4}
    assert list(in_order(changes)) == ["a", "a.b", "a.b.kind", "a.b.c"]
    study = ot.Study(
        "breadboard-iii",
        paired={
            "edges.clock.spread": [0.1],
            "edges.clock.kind": ["poisson"],
            "edges.clock": [{"kind": "periodic", "period": 2.0}],
        },
    )
    scenario = study.cells[0].scenario
    assert scenario is not None
    assert scenario.edges.clock.kind == "poisson"
    assert (scenario.edges.clock.period, scenario.edges.clock.spread) == (2.0, 0.1)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sample": {"count": 3, "keys": {"horizon": {"low": 3.0, "high": 1.0}}}}, "must exceed"),
        (
            {"sample": {"count": 3, "keys": {"horizon": {"low": 0, "high": 1, "scale": "log"}}}},
            "must be positive for scale 'log'",
        ),
        ({"sample": {"count": 0, "keys": {"horizon": [1.0]}}}, "sample.count must be"),
        ({"sample": {"count": 3, "keys": {}}}, "sample.keys must have at least 1 entry"),
        ({"sample": {"count": 3, "kind": "latin", "keys": {"horizon": [1.0]}}}, "latin_hypercube"),
        ({"paired": {"horizon": [1.0], "edges.latency": [0.0, 1.0]}}, "must have one length"),
        ({"grid": {"horizon": [1.0]}, "paired": {"horizon": [1.0]}}, "got 'horizon' twice"),
        ({"grid": {"horizon": []}}, "grid.horizon must have at least 1 entry"),
        ({"grid": {"horizon": 5.0}}, "grid.horizon must be a list"),
        ({"grid": {"seed": [1, 2]}}, "'seeds' lists them"),
        ({"grid": {"label": ["a"]}}, "names the rows of [paired]"),
        ({"grdi": {"horizon": [1.0]}}, "the nearest is 'grid'"),
        ({"seeds": 0}, "seeds must be"),
        ({"seeds": [1, 1]}, "got 1 twice"),
        ({"seeds": [-1]}, "greater than or equal to 0"),
        ({"metrics": ["settled_eror"]}, "the nearest is 'settled_error'"),
        ({"metrics": ["updates", "updates"]}, "got 'updates' twice"),
        ({"metrics": ["updates"], "threshold": {"metric": "best_error"}}, "must measure it"),
        ({"engine": "cython"}, "engine must be"),
    ],
)
def test_what_is_no_study_is_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ot.OhmtickError) as caught:
        ot.Study("breadboard-iii", **settings)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"grid": {"edges.clock.jiter": [0.1]}}, "the nearest is 'edges.clock.jitter'"),
        ({"grid": {"edges.clock.jitter": ["much"]}}, "got 'much'"),
        ({"grid": {"horizon": [1.0]}, "threshold": {"reference": {"horizon": 2.0}}}, "got 2.0"),
        ({"grid": {"horizon": [1.0]}, "threshold": {"reference": {"horzon": 2.0}}}, "'horizon'"),
    ],
)
def test_cells_that_cannot_be_are_refused(settings: dict[str, object], says: str) -> None:
    study = ot.Study("breadboard-iii", **settings)
    with pytest.raises(ot.OhmtickError) as caught:
        study.cells  # noqa: B018
    assert says in str(caught.value)
