import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ohmtick.analysis import (
    allan_deviation,
    interval_statistics,
    staleness,
    staleness_statistics,
    tick_intervals,
)

PERIOD = 0.8
TICKS = 40_000

Array = npt.NDArray[np.float64]


@pytest.fixture
def events() -> pd.DataFrame:
    """Two edges and a third that acts once; edge 1 actuates its readings out of order."""
    return pd.DataFrame(
        {
            "time_s": [0.5, 1.0, 1.6, 2.5, 3.9, 4.1, 4.5],
            "sensed_s": [0.5, 0.9, 1.5, 2.5, 3.7, 2.9, 4.5],
            "edge": np.array([3, 1, 7, 3, 1, 1, 3], dtype=np.int32),
            "staleness": np.array([0, 0, 1, 0, 0, 2, 0], dtype=np.int32),
        }
    )


def test_intervals_follow_the_sensing_of_each_edge(events: pd.DataFrame) -> None:
    intervals = tick_intervals(events)
    expected = pd.DataFrame(
        {
            "edge": np.array([1, 1, 3, 3], dtype=np.int32),
            "time_s": [2.9, 3.7, 2.5, 4.5],
            "interval_s": [2.0, 0.8, 2.0, 2.0],
        }
    )
    pd.testing.assert_frame_equal(intervals, expected)
    pd.testing.assert_frame_equal(tick_intervals(events.sample(frac=1, random_state=0)), expected)


def test_interval_statistics_of_known_intervals(events: pd.DataFrame) -> None:
    table = interval_statistics(events)
    assert list(table) == ["edge", "ticks", "mean_s", "std_s", "relative", "min_s", "max_s"]
    assert list(table["edge"]) == [1, 3, 7]
    assert list(table["ticks"]) == [3, 3, 1]
    std = 1.2 / math.sqrt(2)  # of 2.0 and 0.8
    assert table.iloc[0, 2:].tolist() == pytest.approx([1.4, std, std / 1.4, 0.8, 2.0])
    assert table.iloc[1, 2:].tolist() == pytest.approx([2.0, 0.0, 0.0, 2.0, 2.0])
    assert table.iloc[2, 2:].isna().all()  # one tick, no interval


def test_relative_is_the_wander_or_root_two_of_the_jitter() -> None:
    rng = np.random.default_rng(1)
    both = {0: jittered(rng, 0.05), 1: wandering(rng, 0.05)}
    events = pd.concat(
        [pd.DataFrame({"edge": edge, "sensed_s": ticks}) for edge, ticks in both.items()]
    )
    relative = interval_statistics(events)["relative"]
    # A standard deviation from n intervals is known to 1/sqrt(2 n) = 0.4 %; five of these.
    assert relative.tolist() == pytest.approx([math.sqrt(2) * 0.05, 0.05], rel=0.02)


def jittered(rng: np.random.Generator, jitter: float) -> Array:
    grid = np.arange(TICKS) + jitter * rng.standard_normal(TICKS)
    return np.asarray(PERIOD * grid, dtype=float)


def wandering(rng: np.random.Generator, wander: float) -> Array:
    return np.asarray(PERIOD * np.cumsum(1.0 + wander * rng.standard_normal(TICKS)), dtype=float)


@pytest.mark.parametrize(
    ("clock", "slope", "level"),
    [(jittered, -1.0, math.sqrt(3.0)), (wandering, -0.5, 1.0)],
    ids=["jitter: white phase noise", "wander: white frequency noise"],
)
def test_allan_deviation_has_the_slope_and_level_of_the_noise(
    clock: Callable[[np.random.Generator, float], Array], slope: float, level: float
) -> None:
    table = allan_deviation(clock(np.random.default_rng(2), 0.02), PERIOD)
    table = table[table["pairs"] > 0.98 * TICKS]  # where the estimate is sharp
    m = table["tau_s"] / PERIOD
    assert len(table) >= 8
    np.testing.assert_allclose(table["allan_deviation"], level * 0.02 * m**slope, rtol=0.1)
    fitted = np.polyfit(np.log(m), np.log(table["allan_deviation"]), 1)[0]
    assert fitted == pytest.approx(slope, abs=0.03)


def test_allan_deviation_of_the_test_data_of_the_handbook() -> None:
    """Values published in NIST SP 1065 (2008), section on test suites, for two data sets."""
    nbs14 = [892.0, 809.0, 823.0, 798.0, 671.0, 644.0, 883.0, 903.0, 677.0]
    found = allan_deviation(ticks_of(nbs14), 1.0, factors=[1, 2])
    np.testing.assert_allclose(found["allan_deviation"], [91.22945, 85.95287], rtol=1e-7)

    state, uniform = 1234567890, []
    for _ in range(1000):
        uniform.append(state / 2147483647)
        state = 16807 * state % 2147483647
    found = allan_deviation(ticks_of(uniform), 1.0, factors=[1, 10, 100])
    published = [2.922319e-01, 9.159953e-02, 3.241343e-02]
    np.testing.assert_allclose(found["allan_deviation"], published, rtol=2e-7)
    assert list(found["pairs"]) == [999, 981, 801]


def ticks_of(frequencies: list[float]) -> Array:
    """Tick times of a clock of period 1 s with the given fractional frequency deviations."""
    return np.concatenate([[0.0], np.cumsum(1.0 + np.asarray(frequencies))])


def test_allan_deviation_ignores_phase_and_a_steady_rate_and_scales_with_the_unit() -> None:
    ticks = wandering(np.random.default_rng(3), 0.1)[:500]
    table = allan_deviation(ticks, PERIOD)
    drifted = ticks + 12.5 + 0.003 * np.arange(500)
    moved = allan_deviation(drifted, PERIOD)
    np.testing.assert_allclose(moved["allan_deviation"], table["allan_deviation"], rtol=1e-9)
    milliseconds = allan_deviation(1e3 * ticks, 1e3 * PERIOD)
    np.testing.assert_allclose(milliseconds["tau_s"], 1e3 * table["tau_s"])
    np.testing.assert_allclose(milliseconds["allan_deviation"], table["allan_deviation"])
    perfect = allan_deviation(7.0 + 0.25 * np.arange(100), 0.25)
    assert (perfect["allan_deviation"] == 0.0).all()


@pytest.mark.parametrize(
    ("ticks", "factors"), [(3, [1]), (4, [1]), (5, [1, 2]), (16, [1, 2, 4]), (17, [1, 2, 4, 8])]
)
def test_allan_deviation_takes_the_octaves_that_fit(ticks: int, factors: list[int]) -> None:
    table = allan_deviation(np.arange(ticks) * 1.0, 1.0)
    assert table["tau_s"].tolist() == factors
    assert table["pairs"].tolist() == [ticks - 2 * m for m in factors]


def test_staleness_is_counted(events: pd.DataFrame) -> None:
    table = staleness(events)
    assert table["staleness"].tolist() == [0, 1, 2]
    assert table["count"].tolist() == [5, 1, 1]
    assert table["fraction"].tolist() == pytest.approx([5 / 7, 1 / 7, 1 / 7])


def test_staleness_of_each_edge(events: pd.DataFrame) -> None:
    table = staleness_statistics(events)
    assert list(table) == ["edge", "actuations", "mean", "max", "fresh"]
    assert table["edge"].tolist() == [1, 3, 7]
    assert table["actuations"].tolist() == [3, 3, 1]
    assert table["mean"].tolist() == pytest.approx([2 / 3, 0.0, 1.0])
    assert table["max"].tolist() == [2, 0, 1]
    assert table["fresh"].tolist() == pytest.approx([2 / 3, 1.0, 0.0])


EVENTS = pd.DataFrame({"edge": [0], "sensed_s": [0.0], "staleness": [0]})


@pytest.mark.parametrize(
    ("function", "column"),
    [
        (tick_intervals, "sensed_s"),
        (interval_statistics, "edge"),
        (staleness, "staleness"),
        (staleness_statistics, "edge"),
    ],
)
def test_frames_without_a_column_or_a_row_are_refused(
    function: Callable[[pd.DataFrame], pd.DataFrame], column: str
) -> None:
    start = f"The 'events' parameter of {function.__name__} must have"
    with pytest.raises(ValueError, match=f"{start} the column {column}, got "):
        function(EVENTS.drop(columns=column))
    with pytest.raises(ValueError, match=f"{start} at least one row, got an empty frame instead"):
        function(EVENTS.iloc[:0])


@pytest.mark.parametrize(
    ("times", "period", "factors", "message"),
    [
        ([0.0, 1.0], 1.0, None, "times: at least 3 ticks, got an array of shape (2,) instead"),
        ([[0.0, 1.0, 2.0]], 1.0, None, "times: at least 3 ticks, got an array of shape (1, 3)"),
        ([0.0, math.nan, 2.0], 1.0, None, "times: must be finite, got nan instead"),
        ([0.0, 2.0, 1.5], 1.0, None, "times: must be sorted, got 1.5 after 2.0 in row 2 instead"),
        ([0.0, 1.0, 2.0], 0.0, None, "period: must be positive and finite, got 0.0 instead"),
        ([0.0, 1.0, 2.0], math.inf, None, "period: must be positive and finite, got inf instead"),
        (
            [0.0, 1.0, 2.0],
            1.0,
            [0],
            "factors: must hold whole numbers from 1 to 1 for 3 ticks, got 0",
        ),
        ([0.0, 1.0, 2.0], 1.0, [1, 2], "factors: from 1 to 1 for 3 ticks, got 2 instead"),
        ([0.0, 1.0, 2.0], 1.0, [1.0], "factors: from 1 to 1 for 3 ticks, got [1.0] instead"),
    ],
)
def test_allan_deviation_refuses(
    times: list[float], period: float, factors: list[int] | None, message: str
) -> None:
    parameter, rule = message.split(": ")
    with pytest.raises(
        ValueError, match=f"^The '{parameter}' parameter of allan_deviation must"
    ) as refused:
        allan_deviation(times, period, factors)
    assert rule in str(refused.value)
