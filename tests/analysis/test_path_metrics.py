"""Metrics of paths against what they do not know of: scale of time, spacing, and by hand."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.resistors.digital_potentiometer import DigitalPotentiometer
from ohmtick.analysis import trajectories
from ohmtick.analysis.metrics import METRICS
from ohmtick.analysis.metrics.paths import LAGS
from ohmtick.analysis.settled import settled_path
from ohmtick.engine.errors import AnalysisError
from ohmtick.engine.records.run import Run

BENCH = ot.load("breadboard-iii").replace(**{"edges.clock": {"kind": "periodic"}, "horizon": 200.0})
PATHS = (
    "cycle_period",
    "distinct_states",
    "effective_dimension",
    "spread_of_states",
    "displacement_1",
    "displacement_2",
    "displacement_20",
)
CLOCKS: dict[str, dict[str, Any]] = {
    "lockstep": {"kind": "periodic"},
    "round robin": {"kind": "periodic", "phase": "staggered"},
    "gated": {"kind": "periodic", "period": 0.5, "gate": 0.5},
    "Poisson": {"kind": "poisson"},
}


def slowed(factor: float, **clock: Any) -> Run:
    """Return a run of which all times are so many times longer."""
    own = {**clock, "period": clock.get("period", 1.0) * factor}
    return ot.run(BENCH.replace(**{"edges.clock": own, "horizon": 200.0 * factor}), seed=5)


@pytest.mark.parametrize("factor", [0.25, 0.1, 3.0, 7.3])
@pytest.mark.parametrize("name", CLOCKS)
def test_a_slower_network_has_the_same_path(name: str, factor: float) -> None:
    """Nothing but the scale of time is different, and only the cycle's period is a time."""
    own, other = slowed(1.0, **CLOCKS[name]), slowed(factor, **CLOCKS[name])
    for metric in PATHS:
        scale = factor if metric == "cycle_period" else 1.0
        assert METRICS[metric](other) == pytest.approx(scale * METRICS[metric](own)), metric


def test_lockstep_ends_in_a_cycle_of_two_of_its_own_periods() -> None:
    assert METRICS["cycle_period"](slowed(0.25, kind="periodic")) == 0.5


def test_a_latency_of_a_period_is_read_after_it_has_passed() -> None:
    """Latency and period are 0.1 s, whose multiples and sums differ in the last bit."""
    found = [
        METRICS["cycle_period"](
            ot.run(BENCH.replace(**{"edges.clock.period": T, "edges.latency": T, "horizon": H}), 5)
        )
        for T, H in ((1.0, 300.0), (0.1, 30.0))
    ]
    assert math.isfinite(found[0])
    assert found[1] == pytest.approx(found[0] / 10.0)


def test_a_batch_is_one_action() -> None:
    single = slowed(1.0, kind="periodic")
    batch = BENCH.replace(**{"edges.clock.period": 0.25, "edges.batch": 4})
    found = ot.run(batch, seed=5)
    assert settled_path(found).shape == settled_path(single).shape
    assert METRICS["cycle_period"](found) == METRICS["cycle_period"](single) == 2.0


@pytest.mark.parametrize("spacing", ["linear", "logarithmic"])
@pytest.mark.parametrize(("count", "full_scale"), [(128, 100e3), (7, 3.3), (1024, 1e4)])
def test_positions_are_those_of_the_potentiometer(
    spacing: Any, count: int, full_scale: float
) -> None:
    ohms = DigitalPotentiometer(positions=count, full_scale=full_scale, spacing=spacing)
    conductances = 1.0 / ohms.resistances()[None]
    found = trajectories.positions(conductances, count, full_scale, spacing)
    np.testing.assert_array_equal(found[0], np.arange(1, count + 1))


def test_a_path_is_counted_in_positions_of_the_potentiometer() -> None:
    """By the sign rule a wiper moves by one position an action, unless it is at its end."""
    run = ot.run(
        BENCH.replace(
            **{"edges.resistor.spacing": "logarithmic", "edges.clock.phase": "uniform"},
        ),
        seed=5,
    )
    moved = np.abs(np.diff(settled_path(run), axis=0))
    assert {1.0} <= set(np.unique(moved)) <= {0.0, 1.0}
    assert METRICS["displacement_1"](run) == pytest.approx(moved.sum(axis=1).mean())


def test_an_unknown_spacing_is_refused_by_name() -> None:
    with pytest.raises(AnalysisError, match=r"'spacing' .* 'linear' or 'logarithmic', got 'cubic'"):
        trajectories.positions([[1.0]], 3, 9.0, "cubic")


class Slowing:
    """A clock without a period."""

    def ticks(self, edge: int, edges: int, streams: Any, horizon: float) -> Any:
        yield list(itertools.accumulate(1.1**n for n in range(60)))


@pytest.mark.parametrize(
    ("changes", "handed", "message"),
    [
        ({}, {"clock": Slowing()}, r"Slowing stood in as the clock of this run"),
        ({"edges.clock.gate": 0.0}, {}, r"at edges\.clock\.gate = 0\.0 none does"),
        ({"edges.clock.period": 99.0}, {}, r"at least 3 periods of 99 s .* got 100 s"),
    ],
)
def test_where_there_is_no_period_a_path_is_refused(
    changes: dict[str, Any], handed: dict[str, Any], message: str
) -> None:
    run = ot.run(BENCH.replace(**changes), seed=5, **handed)
    for metric in PATHS:
        with pytest.raises(AnalysisError, match=message):
            METRICS[metric](run)


def test_each_displacement_says_after_how_long() -> None:
    for lag in LAGS:
        ago = "a period ago" if lag == 1 else f"{lag} periods ago"
        assert ago in str(METRICS[f"displacement_{lag}"].__doc__)
