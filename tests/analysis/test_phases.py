"""Order parameter and Allan deviations, against clocks whose answer is known."""

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis import allan_deviation, allan_deviations, order_parameter


def clocks(phases: list[float], ticks: int = 50, period: float = 2.0) -> pd.DataFrame:
    """Perfect clocks of one period with the given phases, in turns."""
    return pd.concat(
        pd.DataFrame({"edge": edge, "sensed_s": period * (np.arange(ticks) + phase / (2 * np.pi))})
        for edge, phase in enumerate(phases)
    ).sample(frac=1, random_state=0)


@pytest.mark.parametrize(
    "phases",
    [[0.0] * 5, [0.0, np.pi], [0.0, 1.0], [0.0, 2 * np.pi / 3, 4 * np.pi / 3], [0.3, 1.1, 2.0, 5]],
)
def test_perfect_clocks_have_the_order_of_their_phases(phases: list[float]) -> None:
    at = np.linspace(4.0, 90.0, 37)
    found = order_parameter(clocks(phases), at)
    expected = abs(np.exp(1j * np.array(phases)).mean())
    np.testing.assert_allclose(found["order_parameter"], expected, atol=1e-9)
    assert (found["edges"] == len(phases)).all()
    np.testing.assert_array_equal(found["time_s"], at)


def test_clocks_without_order_have_the_order_of_a_random_walk() -> None:
    rng = np.random.default_rng(5)
    orders = [
        order_parameter(clocks(rng.uniform(0, 2 * np.pi, 16).tolist()), [20.0]) for _ in range(400)
    ]
    mean = np.mean([order["order_parameter"].iloc[0] for order in orders])
    # The mean of a Rayleigh distribution of scale 1/sqrt(2 E); its s.d. over 400 draws is 0.006.
    assert mean == pytest.approx(np.sqrt(np.pi / 64), abs=0.02)


def test_a_phase_is_known_between_the_first_tick_and_the_last() -> None:
    events = pd.DataFrame({"edge": [0, 0, 1, 1, 1, 2], "sensed_s": [0, 4, 1, 2, 3, 2]})
    found = order_parameter(events, times=[-0.1, 0.5, 2.5, 3.5, 4.1])
    assert found["edges"].tolist() == [0, 1, 2, 1, 0]
    assert found["order_parameter"].isna().tolist() == [True, False, False, False, True]


def test_missing_ticks_are_bridged_by_the_period() -> None:
    whole = clocks([0.0, 1.0, 2.5])
    rng = np.random.default_rng(1)
    acted = whole[rng.random(len(whole)) < 0.5]
    at = np.linspace(20.0, 80.0, 11)
    expected = order_parameter(whole, at)["order_parameter"]
    np.testing.assert_allclose(order_parameter(acted, at, period=2.0)["order_parameter"], expected)
    assert not np.allclose(order_parameter(acted, at)["order_parameter"], expected)


def test_clocks_have_periods_of_their_own() -> None:
    whole = clocks([0.0, 1.0, 2.5])
    rng = np.random.default_rng(1)
    acted = whole[(whole["edge"] != 1) | (rng.random(len(whole)) < 0.5)]
    at = np.linspace(20.0, 80.0, 11)
    expected = order_parameter(whole, at)["order_parameter"]
    found = order_parameter(acted, at, period=[np.nan, 2.0, np.nan])
    np.testing.assert_allclose(found["order_parameter"], expected)


def test_lockstep_is_in_step_and_a_uniform_phase_is_not() -> None:
    at = np.linspace(5.0, 35.0, 31)
    locked = ot.run(ot.load("breadboard-iii-synchronous").replace(horizon=40.0))
    np.testing.assert_allclose(order_parameter(locked.events, at)["order_parameter"], 1.0)
    own = ot.run(ot.load("breadboard-iii").replace(horizon=40.0))
    assert order_parameter(own.events, at)["order_parameter"].max() < 0.6


def test_order_parameter_refuses() -> None:
    with pytest.raises(ValueError, match="'period' parameter of order_parameter must be positive"):
        order_parameter(clocks([0.0]), period=0.0)
    with pytest.raises(ValueError, match=r"'period' .* must be one for each of the edges, got"):
        order_parameter(clocks([0.0, 1.0]), period=[2.0])
    with pytest.raises(ValueError, match="'events' parameter of order_parameter must have"):
        order_parameter(pd.DataFrame({"edge": [0]}))


def test_every_edge_has_the_deviation_of_its_own_ticks() -> None:
    rng = np.random.default_rng(2)
    ticks = {3: 2.0 * np.cumsum(1 + 0.1 * rng.standard_normal(40)), 7: 2.0 * np.arange(9.0)}
    events = pd.concat(pd.DataFrame({"edge": e, "sensed_s": t}) for e, t in ticks.items())
    events = pd.concat([events, pd.DataFrame({"edge": [1, 1], "sensed_s": [0.0, 2.0]})])
    found = allan_deviations(events.sample(frac=1, random_state=0), period=2.0)
    assert found["edge"].unique().tolist() == [3, 7]  # edge 1 has two ticks
    for edge, own in found.groupby("edge"):
        expected = allan_deviation(ticks[int(str(edge))], 2.0)
        pd.testing.assert_frame_equal(own.drop(columns="edge").reset_index(drop=True), expected)
    median = float(np.median(np.concatenate([np.diff(each) for each in ticks.values()])))
    usual = allan_deviations(events[events["edge"] != 1])
    assert usual["tau_s"].min() == pytest.approx(median)


def test_allan_deviations_need_three_ticks() -> None:
    with pytest.raises(ValueError, match="hold three ticks of an edge, got fewer"):
        allan_deviations(pd.DataFrame({"edge": [0, 0, 1], "sensed_s": [0.0, 1.0, 0.0]}))
