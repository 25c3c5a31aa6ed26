"""The memristor against its formula, and its draws against the laws that they claim.

Every seed is fixed, and tolerances are for a seed drawn anew: five standard errors of what is
estimated (one chance in two million), or a p-value of 1e-4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import ohmtick as ot
from ohmtick.agents.resistors.memristor import Memristor
from ohmtick.engine.errors import CircuitError, ScenarioError
from ohmtick.engine.streams import FloatArray, Streams
from ohmtick.tests.driven import Driven, starts

LOW, HIGH = 1e-6, 1e-4
SET, RESET = 2e-6, 3e-6


def memristor(**settings: Any) -> Memristor:
    """A memristor of the default bounds and steps."""
    return Memristor(k_min=LOW, k_max=HIGH, set_step=SET, reset_step=RESET, **settings)


def after(value: float, amount: float, window: float, cycle: float = 1.0) -> float:
    """What a pulse leaves, by the formula in Python's numbers."""
    filled = (value - LOW) / (HIGH - LOW)
    if amount < 0:
        moved = value - amount * SET * (1 - filled) ** window * cycle
    else:
        moved = value - amount * RESET * filled**window * cycle
    return float(np.clip(moved, LOW, HIGH))


@given(
    st.floats(LOW, HIGH),
    st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    st.lists(st.sampled_from([-1.0, 1.0, 2.0, -0.5, -30.0]), max_size=20),
)
def test_pulses_set_and_reset_by_the_formula(
    start: float, window: float, amounts: list[float]
) -> None:
    driven = Driven(memristor(start=start, window=window), "steps")
    for amount in amounts:
        expected = after(driven.conductance, amount, window)
        assert driven.change(amount) == pytest.approx(expected, rel=1e-13, abs=0.0)


def test_soft_bounds_are_approached_exponentially_and_hard_ones_reached() -> None:
    """With a window of 1 what is left shrinks by 1 - step / range at each pulse."""
    soft = Driven(memristor(start=LOW, window=1.0), "steps")
    found = np.array([soft.change(-1.0) for _ in range(200)])
    left = (HIGH - LOW) * (1.0 - SET / (HIGH - LOW)) ** np.arange(1, 201)
    np.testing.assert_allclose(HIGH - found, left, rtol=1e-10)
    hard = Driven(memristor(start=LOW, window=0.0), "steps")
    steps = np.array([hard.change(-1.0) for _ in range(60)])
    np.testing.assert_allclose(steps, np.minimum(LOW + SET * np.arange(1, 61), HIGH), rtol=1e-13)
    down = np.array([hard.change(1.0) for _ in range(40)])
    np.testing.assert_allclose(down, np.maximum(HIGH - RESET * np.arange(1, 41), LOW), rtol=1e-9)


def cycles(spread: float, pulses: int, edge: int = 0) -> FloatArray:
    """The factors of set pulses of a device without a window, from the same conductance."""
    bounds: dict[str, float] = {"k_min": 1e-9, "k_max": 1.0, "start": 1e-3, "set_step": 1e-6}
    part = Memristor(**bounds, window=0.0, cycle_spread=spread)
    driven = Driven(part, "steps", edge, edge + 1)
    found, before = np.empty(pulses), driven.conductance
    for pulse in range(pulses):
        now = driven.change(-1.0)
        found[pulse], before = (now - before) / 1e-6, now
    return found


def test_cycles_scatter_normally_about_the_step_and_never_turn_it() -> None:
    pulses = 4000
    small = cycles(0.1, pulses)
    assert stats.kstest((small - 1.0) / 0.1, "norm").pvalue > 1e-4
    assert small.mean() == pytest.approx(1.0, abs=5 * 0.1 / np.sqrt(pulses))
    assert small.std() == pytest.approx(0.1, abs=5 * 0.1 / np.sqrt(2 * pulses))
    assert abs(np.corrcoef(small[1:], small[:-1])[0, 1]) < 5 / np.sqrt(pulses)
    other = cycles(0.1, pulses, edge=1)
    assert abs(np.corrcoef(small, other)[0, 1]) < 5 / np.sqrt(pulses)
    # Of a normal cut at zero so much is zero: Φ(-1 / 2).
    wide = cycles(2.0, pulses)
    assert (wide >= 0.0).all()
    assert stats.binomtest(int((wide == 0.0).sum()), pulses, stats.norm.cdf(-0.5)).pvalue > 1e-4
    law = stats.truncnorm(-0.5, np.inf, loc=1.0, scale=2.0)
    assert stats.kstest(wide[wide > 1e-9], law.cdf).pvalue > 1e-4


@pytest.mark.parametrize("spread", [0.05, 0.4, 3.0])
def test_devices_have_steps_of_their_own(spread: float) -> None:
    """Normal about the nominal ones, cut so that none is below a hundredth of it."""
    edges = np.arange(6000)
    rows = memristor(device_spread=spread).device_parameters("steps", edges, Streams(4))
    assert rows is not None
    bound = 0.99 / spread
    law = stats.truncnorm(-bound, bound)
    off = (rows[:, 2:4] / [SET, RESET] - 1.0) / spread
    for column in off.T:
        assert stats.kstest(column, law.cdf).pvalue > 1e-4
        assert column.mean() == pytest.approx(0.0, abs=5 * law.std() / np.sqrt(edges.size))
        moment = law.moment(4) / law.var() ** 2
        error = law.std() * np.sqrt((moment - 1.0) / (4 * edges.size))
        assert column.std() == pytest.approx(law.std(), abs=5 * error)
    assert abs(np.corrcoef(off[:, 0], off[:, 1])[0, 1]) < 5 / np.sqrt(edges.size)
    assert (rows[:, 2:4] / [SET, RESET] >= 0.0099).all()
    alike = memristor().parameters("steps")
    assert (rows[:, [0, 1, 4, 5]] == np.array(alike)[[0, 1, 4, 5]]).all()
    assert memristor().device_parameters("steps", edges, Streams(4)) is None


def test_a_device_moves_by_its_own_steps() -> None:
    part = memristor(device_spread=0.3, window=0.0, start=5e-5)
    rows = part.device_parameters("steps", np.arange(5), Streams(1))
    assert rows is not None
    for edge in range(5):
        driven = Driven(part, "steps", edge, 5)
        assert driven.change(-1.0) == pytest.approx(5e-5 + rows[edge, 2], rel=1e-12)
        assert driven.change(1.0) == pytest.approx(5e-5 + rows[edge, 2] - rows[edge, 3], rel=1e-12)


def test_starts_are_uniform_between_the_bounds_or_as_given() -> None:
    found = starts(memristor(start="random"), 20_000)
    assert stats.kstest((found - LOW) / (HIGH - LOW), "uniform").pvalue > 1e-4
    assert starts(memristor(start=3e-5), 2).tolist() == [3e-5] * 2
    assert starts(memristor(start=(2e-5, 3e-5)), 2).tolist() == [2e-5, 3e-5]
    with pytest.raises(CircuitError, match="one for each of the 3 edges, got 2"):
        starts(memristor(start=(2e-5, 3e-5)), 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k_min": 1e-3}, r"'k_max' must exceed k_min = 0.001 S, got 0.0001"),
        ({"start": 1e-3}, r"'start' must lie in \[k_min, k_max\]"),
        ({"set_step": 0.0}, "set_step"),
        ({"reset_step": -1.0}, "reset_step"),
        ({"window": -0.1}, "window"),
        ({"cycle_spread": -1.0}, "cycle_spread"),
    ],
)
def test_impossible_memristors_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        Memristor(**settings)


def test_a_run_moves_its_memristors_by_the_formula() -> None:
    """Each row of the log: set where the rule asks for less resistance, reset where for more."""
    scenario = ot.load("breadboard-iii").replace(
        **{"edges.resistor": memristor(window=2.0), "horizon": 30.0}
    )
    events = ot.run(scenario, 3).events
    up = np.abs(events["drop_clamped_V"]) > np.abs(events["drop_free_V"])
    before = events["conductance_before_S"].to_numpy()
    expected = [after(k, 1.0 if more else -1.0, 2.0) for k, more in zip(before, up, strict=True)]
    np.testing.assert_allclose(events["conductance_after_S"], expected, rtol=1e-13)
    assert 0.1 < up.mean() < 0.9
