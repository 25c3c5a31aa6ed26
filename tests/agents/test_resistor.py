"""What an edge is made of: resistors against plain formulas, the comparator, the rules.

Where draws are tested every seed is fixed, and tolerances are for a seed drawn anew: five
standard errors (one chance in two million), or a p-value of 1e-4.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from ohmtick.agents.comparators.gaussian import GaussianComparator
from ohmtick.agents.device import Device
from ohmtick.agents.resistors.continuous import ContinuousResistor
from ohmtick.agents.resistors.digital_potentiometer import DigitalPotentiometer
from ohmtick.agents.rules.base import Unit
from ohmtick.agents.rules.coupled_learning import CoupledLearning
from ohmtick.agents.rules.sign import Sign
from ohmtick.engine.errors import CircuitError, OhmtickError, ScenarioError
from ohmtick.engine.streams import Streams
from ohmtick.tests.contracts.examples import ASKING
from ohmtick.tests.driven import Asked, Driven, learning, starts

Array = npt.NDArray[np.float64]
UNITS: list[Unit] = ["siemens", "steps"]


def coupled_learning(
    free: float, clamped: float, conductance: float, rate: float, nudge: float
) -> float:
    return CoupledLearning.change(free, clamped, conductance, [], [rate], nudge)


def sign(free: float, clamped: float, conductance: float) -> float:
    return Sign.change(free, clamped, conductance, [], [], 0.5)


# --- Continuous resistors ----------------------------------------------------------------------

conductances = st.floats(1e-5, 1e-1)
changes = st.lists(st.floats(-0.2, 0.2), max_size=30)
steps = st.lists(st.sampled_from([-1.0, 1.0, 2.0, -3.0]), max_size=60)


@given(conductances, changes)
def test_continuous_changed_in_siemens(start: float, amounts: list[float]) -> None:
    part = ContinuousResistor(k_min=1e-5, k_max=1e-1, start=start)
    resistor = Driven(part, "siemens")
    expected = start
    for amount in amounts:
        expected = float(np.clip(expected + amount, 1e-5, 1e-1))
        assert resistor.change(amount) == expected == resistor.conductance


@given(st.floats(1e-4, 1e-2), steps)
def test_continuous_changed_by_steps_of_resistance(start: float, amounts: list[float]) -> None:
    part = ContinuousResistor(k_min=1e-4, k_max=1e-2, start=start, step=781.25)
    resistor = Driven(part, "steps")
    ohms = 1 / start
    for amount in amounts:
        ohms = float(np.clip(ohms + amount * 781.25, 1e2, 1e4))
        after = resistor.change(amount)
        assert after == resistor.conductance
        assert 1e-4 <= after <= 1e-2
        # Each of at most 60 steps rounds twice: 1e-13 in all where nothing cancels. Steps down
        # to the smallest resistance cancel at most two digits.
        assert after == pytest.approx(1 / ohms, rel=1e-11, abs=0.0)


@pytest.mark.parametrize(
    ("unit", "up", "down"), [("siemens", 1e300, -1e300), ("steps", -1e300, 1e300)]
)
def test_continuous_resistors_saturate_at_the_bounds(unit: Unit, up: float, down: float) -> None:
    part = ContinuousResistor(k_min=1e-3, k_max=0.7, start=0.3, step=10.0)
    resistor = Driven(part, unit)
    for _ in range(2):
        assert resistor.change(up) == 0.7
    assert resistor.change(-1e-9 * up) < 0.7  # and come back
    for _ in range(2):
        assert resistor.change(down) == 1e-3
    assert resistor.change(-1e-9 * down) > 1e-3


def test_a_step_beyond_zero_resistance_is_the_upper_bound() -> None:
    for start in (0.2, 0.1, 0.05):  # 5, 10 and 20 Ω: past zero, at it, and short of it
        resistor = Driven(ContinuousResistor(k_max=0.9, start=start, step=10.0), "steps")
        assert resistor.change(-1.0) == (0.1 if start == 0.05 else 0.9)


def test_a_bound_passed_is_not_remembered() -> None:
    resistor = Driven(ContinuousResistor(k_min=0.1, k_max=1.0, start=0.5), "siemens")
    assert [resistor.change(amount) for amount in (5.0, -0.25, -9.0, 0.5)] == [1.0, 0.75, 0.1, 0.6]


# --- Digital potentiometers --------------------------------------------------------------------


def test_the_laboratorys_potentiometer() -> None:
    """AD5220: 128 positions, 100 kΩ; a step is 781.25 Ω, the middle 50 kΩ."""
    ohms = DigitalPotentiometer().resistances()
    assert ohms.tolist() == [781.25 * position for position in range(1, 129)]
    resistor = Driven(DigitalPotentiometer(start="middle"), "steps")
    assert resistor.conductance == 1 / 50e3
    assert resistor.change(1.0) == 1 / 50781.25
    assert resistor.change(-1.0) == 1 / 50e3


@pytest.mark.parametrize("positions", [2, 3, 64, 128, 1024])
def test_the_spacings_share_their_ends(positions: int) -> None:
    linear = DigitalPotentiometer(positions=positions, full_scale=2e4).resistances()
    np.testing.assert_allclose(np.diff(linear), 2e4 / positions, rtol=1e-11)
    part = DigitalPotentiometer(positions=positions, full_scale=2e4, spacing="logarithmic")
    logarithmic = part.resistances()
    ratio = positions ** (1 / (positions - 1))
    np.testing.assert_allclose(logarithmic[1:] / logarithmic[:-1], ratio, rtol=1e-13)
    for ohms in (linear, logarithmic):
        assert ohms.shape == (positions,)
        np.testing.assert_allclose(ohms[[0, -1]], [2e4 / positions, 2e4], rtol=1e-15)


potentiometers = st.builds(
    DigitalPotentiometer,
    positions=st.integers(2, 200),
    full_scale=st.floats(1.0, 1e6),
    spacing=st.sampled_from(["linear", "logarithmic"]),
    start=st.sampled_from(["middle", "random", 1, 2]),
)


def position_of(part: DigitalPotentiometer, conductance: float) -> int:
    (index,) = np.flatnonzero(1 / part.resistances() == conductance)
    return int(index) + 1


@given(potentiometers, st.lists(st.sampled_from([-1.0, 1.0, 5.0, -80.0]), max_size=60))
def test_pulses_move_the_wiper_and_saturate(
    part: DigitalPotentiometer, amounts: list[float]
) -> None:
    resistor = Driven(part, "steps")
    position = position_of(part, resistor.conductance)
    for amount in amounts:
        position = min(max(position + int(amount), 1), part.positions)
        assert resistor.change(amount) == resistor.conductance
        assert position_of(part, resistor.conductance) == position


@given(potentiometers, st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=20))
def test_a_change_in_siemens_moves_to_the_nearest_resistance(
    part: DigitalPotentiometer, fractions: list[float]
) -> None:
    """The position nearest to 1 / (k + dk) in ohms, by trying all; lower of two that tie."""
    ohms = part.resistances()
    resistor = Driven(part, "siemens")
    for fraction in fractions:
        amount = fraction * resistor.conductance
        wanted = resistor.conductance + amount
        nearest = -1 if wanted <= 0 else int(np.abs(ohms - 1 / wanted).argmin())
        assert resistor.change(amount) == resistor.conductance == 1 / ohms[nearest]


@given(potentiometers, st.integers(1, 200), st.floats(-1.2, 1.2))
def test_a_change_below_half_a_step_is_lost(
    part: DigitalPotentiometer, position: int, fraction: float
) -> None:
    assume(position <= part.positions)
    part = DigitalPotentiometer(**{**part.model_dump(), "start": position})
    ohms = part.resistances()
    resistor = Driven(part, "siemens")
    beyond = position if fraction > 0 else position - 2  # the index of the neighbour
    assume(0 <= beyond < part.positions)
    half = abs(fraction) / 2  # of the way to it
    assume(abs(half - 0.5) > 1e-6)
    wanted = ohms[position - 1] * (1 - half) + ohms[beyond] * half
    resistor.change(1 / wanted - resistor.conductance)
    moved_to = beyond if half > 0.5 else position - 1
    assert resistor.conductance == 1 / ohms[moved_to]


@pytest.mark.parametrize(("amount", "position"), [(1e300, 1), (-1e300, 128), (-1 / 50e3, 128)])
def test_changes_in_siemens_saturate_at_the_ends(amount: float, position: int) -> None:
    part = DigitalPotentiometer(start="middle")
    resistor = Driven(part, "siemens")
    for _ in range(2):
        resistor.change(amount)
        assert position_of(part, resistor.conductance) == position


# --- Starts ------------------------------------------------------------------------------------


def test_given_starts() -> None:
    assert starts(ContinuousResistor(start=0.3), 4).tolist() == [0.3] * 4
    given_one_each = (0.1, 0.2, 0.3)
    assert starts(ContinuousResistor(start=given_one_each), 3).tolist() == list(given_one_each)
    part = DigitalPotentiometer(positions=10, full_scale=10.0, start=4)
    assert starts(part, 2).tolist() == [0.25, 0.25]
    part = DigitalPotentiometer(positions=10, full_scale=10.0, start=(1, 10, 5))
    assert starts(part, 3).tolist() == [1.0, 0.1, 0.2]
    part = DigitalPotentiometer(positions=10, full_scale=10.0, start="middle")
    assert starts(part, 2).tolist() == [0.2, 0.2]


def test_a_random_conductance_is_uniform_in_its_logarithm() -> None:
    found = starts(ContinuousResistor(k_min=1e-4, k_max=10.0, start="random"), 20_000)
    assert stats.kstest(found, stats.loguniform(1e-4, 10.0).cdf).pvalue > 1e-4


def test_a_random_position_is_uniform() -> None:
    part = DigitalPotentiometer(positions=16, start="random")
    found = starts(part, 16_000)
    index = np.searchsorted(part.resistances(), 1 / found * (1 - 1e-12))
    assert stats.chisquare(np.bincount(index, minlength=16)).pvalue > 1e-4


@pytest.mark.parametrize(
    "part", [ContinuousResistor(start="random"), DigitalPotentiometer(start="random")]
)
def test_a_random_start_is_the_edges_own(
    part: ContinuousResistor | DigitalPotentiometer,
) -> None:
    found = starts(part, 50)
    assert np.array_equal(starts(part, 200)[:50], found)
    assert len(set(found)) > 25


@pytest.mark.parametrize(
    "part",
    [
        ContinuousResistor(start=(1.0, 2.0)),
        ContinuousResistor(start=(1.0,)),
        DigitalPotentiometer(start=(1, 2, 3, 4)),
        DigitalPotentiometer(start=()),
    ],
)
def test_a_list_of_starts_has_one_for_each_edge(
    part: ContinuousResistor | DigitalPotentiometer,
) -> None:
    size = np.size(part.start)
    message = f"'start' must be one value or one for each of the 3 edges, got {size} instead"
    with pytest.raises(CircuitError, match=message) as refused:
        starts(part, 3)
    assert isinstance(refused.value, OhmtickError)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"k_min": 1.0, "k_max": 1.0}, "'k_max' must exceed k_min = 1.0 S, got 1.0"),
        ({"k_min": 0.0}, "k_min"),
        ({"start": 2e3}, r"'start' must lie in \[k_min, k_max\] = \[1e-06, 1000.0\] S, got 2000"),
        ({"start": [1.0, 1e-7]}, "'start' must lie in .*, got 1e-07"),
        ({"start": "middle"}, "start"),
        ({"step": 0.0}, "step"),
        ({"step": -1.0}, "step"),
    ],
)
def test_impossible_continuous_resistors_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        ContinuousResistor(**keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"positions": 1}, "positions"),
        ({"positions": 128.0}, "positions"),
        ({"full_scale": 0.0}, "full_scale"),
        ({"spacing": "log"}, "spacing"),
        ({"start": 0}, "'start' must be a position from 1 to 128, got 0"),
        ({"start": [1, 129]}, "'start' must be a position from 1 to 128, got 129"),
        ({"start": 1.5}, "start"),
        ({"start": "center"}, "start"),
    ],
)
def test_impossible_potentiometers_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        DigitalPotentiometer(**keys)  # type: ignore[arg-type]


def test_resistors_of_one_part_are_their_own() -> None:
    for part in (ContinuousResistor(start=0.5), DigitalPotentiometer(start=64)):
        for unit in UNITS:
            shared = learning(ASKING[unit], part, edges=2)
            first, second = (
                Device(shared, edge, siemens) for edge, siemens in enumerate(shared.conductances())
            )
            before = second.conductance
            assert first.change(-1.0) != before
            assert second.change(0.0) == before == shared.conductances()[1]


# --- The comparator ----------------------------------------------------------------------------


def errors_of(comparator: GaussianComparator, edge: int, count: int, seed: int = 1) -> Array:
    return comparator.draw(edge, 0, count, Streams(seed))


def test_an_exact_comparator_has_no_errors() -> None:
    assert GaussianComparator().is_exact
    assert not errors_of(GaussianComparator(), 0, 9).any()


drops = st.floats(-5.0, 5.0)


@given(drops, drops, st.floats(0.0, 3.0), st.floats(0.0, 3.0), st.integers(0, 100))
def test_the_errors_are_those_of_two_comparators_and_an_xor(
    free: float, clamped: float, offset: float, noise: float, edge: int
) -> None:
    """|C'| > |F'| tells whether (C - F + e_-)(C + F + e_+) > 0."""
    assume(offset or noise)
    for reading, (free_error, clamped_error) in enumerate(
        errors_of(GaussianComparator(offset=offset, noise=noise), edge, 3).tolist()
    ):
        # What each comparator adds, drawn here from the streams.
        fixed = offset * Streams(1).normals("comparator.offset", 0, 2 * edge, 2)
        varying = noise * Streams(1).normals("comparator.noise", edge, 2 * reading, 2)
        minus, plus = (fixed + varying).tolist()
        first, second = clamped - free + minus, clamped + free + plus
        assume(abs(first) > 1e-9)
        assume(abs(second) > 1e-9)
        decided = sign(free + free_error, clamped + clamped_error, 1.0)
        assert (decided > 0) == ((first > 0) == (second > 0))


def test_an_offset_is_fixed_for_a_device_and_scatters_over_them() -> None:
    devices = 4000
    errors = np.array(
        [errors_of(GaussianComparator(offset=0.02), edge, 3) for edge in range(devices)]
    )
    assert (errors == errors[:, :1]).all()
    free, clamped = errors[:, 0].T
    # The two comparators' own offsets.
    for offsets in (clamped - free, clamped + free):
        assert stats.kstest(offsets / 0.02, "norm").pvalue > 1e-4
        # The standard error of an s.d. is itself over sqrt(2 n).
        assert offsets.std() == pytest.approx(0.02, abs=5 * 0.02 / np.sqrt(2 * devices))
        assert abs(np.corrcoef(offsets[1:], offsets[:-1])[0, 1]) < 5 / np.sqrt(devices)
    assert abs(np.corrcoef(clamped - free, clamped + free)[0, 1]) < 5 / np.sqrt(devices)


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_noise_is_drawn_at_each_reading(offset: float) -> None:
    readings = 20_000
    comparator = GaussianComparator(offset=offset, noise=0.003)
    free, clamped = errors_of(comparator, 4, readings).T
    fixed = np.zeros((2, 1))
    if offset:
        fixed = errors_of(GaussianComparator(offset=offset), 4, 1).T
    assert len(np.unique(free)) == readings  # no draw comes twice
    free, clamped = free - fixed[0], clamped - fixed[1]
    for noise in (clamped - free, clamped + free):
        assert stats.kstest(noise / 0.003, "norm").pvalue > 1e-4
        assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 5 / np.sqrt(readings)
    assert abs(np.corrcoef(clamped - free, clamped + free)[0, 1]) < 5 / np.sqrt(readings)
    other = errors_of(comparator, 5, readings)[:, 0]
    assert abs(np.corrcoef(free, other)[0, 1]) < 5 / np.sqrt(readings)


# --- The rules ---------------------------------------------------------------------------------


@given(drops, drops, st.floats(1e-3, 10.0), st.floats(1e-3, 10.0), st.floats(1e-3, 1.0))
def test_coupled_learning_is_its_formula(
    free: float, clamped: float, conductance: float, rate: float, nudge: float
) -> None:
    change = coupled_learning(free, clamped, conductance, rate, nudge)
    scale = rate / (2 * nudge)
    assert change == pytest.approx(scale * (free**2 - clamped**2), rel=1e-12, abs=1e-13 * scale)


@given(drops, drops, st.floats(0.1, 10.0), st.floats(1e-3, 10.0), st.floats(1e-3, 1.0))
def test_coupled_learning_descends_the_contrast_in_power(
    free: float, clamped: float, conductance: float, rate: float, nudge: float
) -> None:
    """dk is -rate/nudge times the derivative by k of the contrast ½ k (clamped² - free²).

    The contrast is linear in k where drops are held, so the difference quotient is exact but
    for rounding: 1e-16 of the contrast's parts over the step of 1e-3.
    """

    def contrast(k: float) -> float:
        return 0.5 * k * (clamped**2 - free**2)

    step = 1e-3
    slope = (contrast(conductance + step) - contrast(conductance - step)) / (2 * step)
    change = coupled_learning(free, clamped, conductance, rate, nudge)
    rounding = 1e-11 * conductance * (clamped**2 + free**2 + 1e-3) * rate / nudge
    assert change == pytest.approx(-rate / nudge * slope, abs=rounding)


@given(st.floats(1e-3, 5.0), st.floats(-1e-12, 1e-12))
def test_drops_that_differ_little_lose_no_digits(free: float, apart: float) -> None:
    clamped = -free * (1.0 + apart)
    exact = float(Fraction(free) ** 2 - Fraction(clamped) ** 2)
    # Three roundings, of half an ulp each; of the plain formula 1e-4 would be lost.
    assert coupled_learning(free, clamped, 1.0, 2.0, 1.0) == pytest.approx(
        exact, rel=4e-16, abs=0.0
    )


@given(drops, drops)
def test_the_sign_rule_compares_magnitudes(free: float, clamped: float) -> None:
    change = sign(free, clamped, 1e-5)
    assert change == (1.0 if clamped**2 > free**2 or abs(clamped) > abs(free) else -1.0)
    # It takes the same side as coupled learning, whose change is one of conductance.
    assert change * coupled_learning(free, clamped, 1e-5, 1.0, 0.5) <= 0.0
    flipped = [sign(a * free, b * clamped, 1e-5) for a, b in SIGNS]
    assert flipped == [change] * 4


SIGNS = [(1, 1), (1, -1), (-1, 1), (-1, -1)]


@given(drops)
def test_ties_go_down(drop: float) -> None:
    for a, b in SIGNS:
        assert sign(a * drop, b * drop, 1e-5) == -1.0
    above = float(np.nextafter(abs(drop), 9.0))
    assert sign(drop, above, 1e-5) == 1.0
    assert sign(above, drop, 1e-5) == -1.0


def test_the_settings_name_their_function_and_unit() -> None:
    rule = Sign()
    assert (rule.unit, Asked(rule, 1.0)(0.0, 1.0, 1.0)) == ("steps", 1.0)
    coupled = CoupledLearning(learning_rate=0.5)
    assert (coupled.unit, Asked(coupled, 0.25)(2.0, 1.0, 9.0)) == ("siemens", 3.0)
    for rate in (0.0, -1.0, np.nan):
        with pytest.raises(ScenarioError, match="learning_rate"):
            CoupledLearning(learning_rate=rate)


def test_down_is_less_resistance() -> None:
    """The sign rule, on the laboratory's device: pulses up raise the resistance."""
    resistor = Driven(DigitalPotentiometer(start="middle"), "steps")
    trail = [resistor.conductance]
    for free, clamped in ((0.1, 0.2), (0.1, -0.2), (0.2, 0.1), (0.1, 0.1), (0.0, 0.0)):
        trail.append(resistor.change(sign(free, clamped, trail[-1])))
    directions = [np.sign(1 / after - 1 / before) for before, after in pairwise(trail)]
    assert directions == [1, 1, -1, -1, -1]


@pytest.mark.parametrize("spacing", ["linear", "logarithmic"])
def test_the_outermost_devices_conduct_within_bounds(spacing: str) -> None:
    for full_scale, positions in ((1e15, 2), (2e-15, 2), (1e-9, 1 << 19)):
        part = DigitalPotentiometer(
            full_scale=full_scale,
            positions=positions,
            spacing=spacing,  # type: ignore[arg-type]
        )
        siemens = 1.0 / part.resistances()
        assert siemens.min() >= 1e-15 * (1 - 1e-12)
        assert siemens.max() <= 1e15 * (1 + 1e-12)
    with pytest.raises(ScenarioError, match="'full_scale' must be at least 1e-15"):
        DigitalPotentiometer(full_scale=1e-14, positions=128)


@pytest.mark.parametrize("keys", [{"k_min": 1e-16}, {"k_max": 1e16}])
def test_conductances_are_bounded(keys: dict[str, float]) -> None:
    with pytest.raises(ScenarioError, match=next(iter(keys))):
        ContinuousResistor(**keys)
