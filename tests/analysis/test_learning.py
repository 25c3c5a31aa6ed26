import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ohmtick.analysis import SettledError, learning_curve, settled_error, time_to


@pytest.fixture
def probes() -> pd.DataFrame:
    """Nine probes of four edges: the error halves, then moves between 1 and 3 mV²."""
    return pd.DataFrame(
        {
            "time_s": [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0],
            "updates": [0, 20, 40, 60, 80, 100, 120, 140, 160],
            "error": [0.016, 0.008, 0.004, 0.002, 0.001, 0.003, 0.001, 0.002, 0.003],
        }
    )


def test_curve_is_the_probes_with_what_compares_them(probes: pd.DataFrame) -> None:
    curve = learning_curve(probes, edges=4)
    assert list(curve) == ["time_s", "updates", "updates_per_edge", "error", "relative_error"]
    pd.testing.assert_frame_equal(curve[list(probes)], probes)
    np.testing.assert_array_equal(curve["updates_per_edge"], np.arange(0, 45, 5))
    np.testing.assert_allclose(curve["relative_error"], probes["error"] / 0.016, rtol=1e-15)


def test_curve_carries_accuracy_and_leaves_its_input_alone(probes: pd.DataFrame) -> None:
    probes = probes.assign(accuracy=np.linspace(0.3, 0.9, 9)).iloc[2:]
    before = probes.copy()
    curve = learning_curve(probes)
    assert "updates_per_edge" not in curve
    assert list(curve.index) == list(range(7))
    np.testing.assert_array_equal(curve["accuracy"], before["accuracy"])
    assert curve["relative_error"].iloc[0] == 1.0
    pd.testing.assert_frame_equal(probes, before)


def test_curve_from_an_error_of_zero_has_no_relative_error() -> None:
    probes = pd.DataFrame({"time_s": [0.0, 1.0], "updates": [0, 1], "error": [0.0, 0.5]})
    relative = learning_curve(probes)["relative_error"].to_numpy()
    assert np.isnan(relative[0])
    assert relative[1] == np.inf


@pytest.mark.parametrize(
    ("last", "window"),
    [
        (0.25, [0.001, 0.002, 0.003]),  # from 30 s on, the probe at 30 s included
        (0.24, [0.002, 0.003]),
        (0.5, [0.001, 0.003, 0.001, 0.002, 0.003]),
    ],
)
def test_settled_error_is_that_of_the_last_part_of_the_time(
    probes: pd.DataFrame, last: float, window: list[float]
) -> None:
    found = settled_error(probes, last=last)
    assert found.mean == pytest.approx(np.mean(window))
    assert found.fluctuation == pytest.approx(np.std(window, ddof=1))
    assert found.best == min(window)
    assert found.probes == len(window)
    assert settled_error(probes) == settled_error(probes, last=0.25)


def test_settled_error_goes_by_time_and_not_by_rows() -> None:
    probes = pd.DataFrame({"time_s": [0.0, 1.0, 2.0, 100.0], "error": [8.0, 4.0, 2.0, 1.0]})
    assert settled_error(probes, last=0.5).probes == 1
    assert settled_error(probes, last=1.0).probes == 4


def test_settled_error_keeps_a_probe_on_the_edge_of_the_window_up_to_rounding() -> None:
    for period in (0.1, 0.3, 0.7):
        time = np.cumsum(np.full(41, period))
        probes = pd.DataFrame({"time_s": time, "error": 1.0})
        assert settled_error(probes, last=0.25).probes == 11


def test_settled_error_of_one_probe_has_no_fluctuation() -> None:
    found = settled_error(pd.DataFrame({"time_s": [3.0], "error": [0.5]}))
    assert (found.mean, found.best, found.probes) == (0.5, 0.5, 1)
    assert math.isnan(found.fluctuation)
    assert str(found) == "0.5 V²"


def test_settled_error_is_said_with_its_fluctuation() -> None:
    found = settled_error(pd.DataFrame({"time_s": [0.0, 3.0], "error": [1.0, 3.0]}), last=1.0)
    assert str(found) == "2 ± 1.4 V²"


def test_settled_error_does_not_hide_a_run_that_diverged() -> None:
    probes = pd.DataFrame({"time_s": [0.0, 1.0, 2.0], "error": [1.0, np.nan, 0.5]})
    found = settled_error(probes, last=1.0)
    assert math.isnan(found.mean)
    assert math.isnan(found.best)


def test_settled_error_is_frozen() -> None:
    found = SettledError(mean=1.0, fluctuation=0.0, best=1.0, probes=2)
    with pytest.raises(AttributeError):
        found.mean = 2.0  # type: ignore[misc]


def test_time_to_is_the_first_time_strictly_below(probes: pd.DataFrame) -> None:
    assert time_to(probes, 0.5) == 10.0  # 0.008 at 5 s is the half, not below it
    assert time_to(probes, 0.1) == time_to(probes) == 20.0  # and back above it at 25 s
    assert math.isnan(time_to(probes, 0.01))
    assert time_to(probes.iloc[1:], 0.9) == 10.0


LONE = pd.DataFrame({"time_s": [0.0], "updates": [0], "error": [1.0]})
TWO_RUNS = pd.concat([LONE.assign(time_s=7.0), LONE], ignore_index=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: settled_error(LONE, last=2),
            "The 'last' parameter of settled_error must be in (0, 1], got 2 instead",
        ),
        (
            lambda: settled_error(LONE, last=0.0),
            "The 'last' parameter of settled_error must be in (0, 1], got 0.0 instead",
        ),
        (
            lambda: settled_error(LONE, last=math.nan),
            "The 'last' parameter of settled_error must be in (0, 1], got nan instead",
        ),
        (
            lambda: time_to(LONE, 1.5),
            "The 'fraction' parameter of time_to must be in (0, 1], got 1.5 instead",
        ),
        (
            lambda: learning_curve(LONE, edges=0),
            "The 'edges' parameter of learning_curve must be at least 1, got 0 instead",
        ),
        (
            lambda: learning_curve(LONE[["time_s"]]),
            "The 'probes' parameter of learning_curve must have the columns updates, error, "
            "got time_s instead",
        ),
        (
            lambda: time_to(LONE.iloc[:0]),
            "The 'probes' parameter of time_to must have at least one row, "
            "got an empty frame instead",
        ),
        (
            lambda: settled_error(TWO_RUNS),
            "The 'probes' parameter of settled_error must be sorted by time_s (one run at a time), "
            "got 0.0 after 7.0 in row 1 instead",
        ),
    ],
)
def test_bad_input_is_refused_in_one_grammar(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        call()
    assert str(refused.value) == message


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(TypeError, match="'probes' parameter of time_to must be a DataFrame, got d"):
        time_to({"time_s": [0.0], "error": [1.0]})  # type: ignore[arg-type]


def test_import_loads_neither_seaborn_nor_pandas() -> None:
    code = (
        "import sys, ohmtick.analysis; "
        "sys.exit(bool({'seaborn', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
