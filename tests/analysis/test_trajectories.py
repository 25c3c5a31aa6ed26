"""Trajectories of series with known answers, and of runs whose answer the physics gives."""

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis import trajectories as tr


def test_a_path_is_what_was_written_last_and_ties_have_happened() -> None:
    events = pd.DataFrame(
        {
            "time_s": [0.0, 1.0, 1.0, 2.0, 2.0],
            "edge": [2, 0, 0, 1, 2],
            "conductance_after_S": [7.0, 2.0, 3.0, 5.0, 8.0],
        }
    )
    found = tr.path(events, initial=[1.0, 1.0, 1.0], times=[0.0, 0.5, 1.0, 1.5, 2.0, 9.0])
    expected = [[1, 1, 7], [1, 1, 7], [3, 1, 7], [3, 1, 7], [3, 5, 8], [3, 5, 8]]
    np.testing.assert_array_equal(found, expected)


def test_a_path_ends_at_the_conductances_of_its_run() -> None:
    run = ot.run("breadboard-iii", seed=2)
    start = run.edges["conductance_start_S"]
    found = tr.path(run.events, start, times=[-1.0, 1e9])
    np.testing.assert_array_equal(found[0], start)
    np.testing.assert_array_equal(found[-1], run.conductances)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("latency", [0.0, 3.0])
def test_a_path_ends_at_the_conductances_of_a_run_with_cuts(engine: str, latency: float) -> None:
    faults = {"fraction": 0.2, "effect": "cut", "time": 20.0, "interval": 1.0}
    scenario = ot.load("breadboard-iii").replace(
        horizon=60.0, **{"edges.faults": faults, "edges.latency": latency}
    )
    run = ot.run(scenario, 3, engine)
    start = run.edges["conductance_start_S"]
    found = tr.path(run.events, start, [19.999, 20.0, 21.0, 22.0, 60.0], run.cuts)
    assert (found == 0.0).sum(axis=1).tolist() == [0, 1, 2, 3, 3]
    np.testing.assert_array_equal(found[-1], run.conductances)


def test_a_run_without_events_stays_where_it_is() -> None:
    events = pd.DataFrame({"time_s": [], "edge": [], "conductance_after_S": []})
    np.testing.assert_array_equal(tr.path(events, [1.0, 2.0], [0.0, 5.0]), [[1, 2], [1, 2]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": []}, "'times'"),
        ({"times": [1.0, 0.0]}, "'times'"),
        ({"cuts": [1.0]}, "'cuts'.*2"),
        ({"initial": [1.0]}, "'initial'.*edge 1.*got 1"),
        ({"events": pd.DataFrame({"time_s": [0.0]})}, "'events'.*edge"),
    ],
)
def test_a_path_refuses_what_makes_none(change: dict[str, object], message: str) -> None:
    events = pd.DataFrame({"time_s": [0.0], "edge": [1], "conductance_after_S": [1.0]})
    good: dict[str, object] = {"events": events, "initial": [1.0, 1.0], "times": [0.0]}
    with pytest.raises(ot.OhmtickError, match=message):
        tr.path(**(good | change))  # type: ignore[arg-type]


def test_steps_are_whole_where_the_resistance_is() -> None:
    positions = np.arange(1, 129)
    conductances = 1.0 / (100e3 * positions / 128)
    np.testing.assert_array_equal(tr.steps(conductances[None], 781.25)[0], positions)
    assert tr.steps([[1.0 / 1000.0]], 400.0)[0, 0] == pytest.approx(2.5)


def test_displacement_of_a_uniform_motion_grows_as_the_square_of_the_lag() -> None:
    path = np.outer(np.arange(50.0), [3.0, 4.0])
    found = tr.displacement(path, lags=[1, 7, 49])
    np.testing.assert_allclose(found["msd"], 25.0 * found["lag"] ** 2)
    assert found["pairs"].tolist() == [49, 43, 1]


def test_displacement_of_a_random_walk_grows_as_the_lag() -> None:
    rng = np.random.default_rng(5)
    walk = np.cumsum(rng.choice([-1.0, 1.0], (40_000, 8)), axis=0)
    found = tr.displacement(walk, lags=[1, 10, 100])
    assert found["msd"].iloc[0] == 8.0
    # Overlapping pairs: some T / lag independent squares of 8 normal displacements.
    spread = np.sqrt(2.0 / 8 * found["lag"] / 40_000)
    assert (np.abs(found["msd"] / (8.0 * found["lag"]) - 1.0) <= 5.0 * spread).all()


@pytest.mark.parametrize("lags", [[0], [4], [1.5], 1])
def test_displacement_refuses_lags_that_the_path_has_not(lags: object) -> None:
    with pytest.raises(ot.OhmtickError, match=r"'lags'.*from 1 to 3 for 4 samples"):
        tr.displacement(np.zeros((4, 2)), lags)  # type: ignore[arg-type]


@pytest.mark.parametrize("period", [1, 2, 3, 7])
@pytest.mark.parametrize("onset", [0, 1, 20])
def test_a_cycle_is_found_with_its_period_and_its_onset(period: int, onset: int) -> None:
    rng = np.random.default_rng(period)
    cycle = rng.permutation(100)[:period, None] + 1000.0 * np.ones(3)
    before = rng.uniform(size=(onset, 3))
    found = tr.limit_cycle(np.vstack([before, np.tile(cycle, (5, 1))]))
    assert found == tr.LimitCycle(period=period, onset=onset, states=period)


def test_a_cycle_that_passes_a_state_twice() -> None:
    found = tr.limit_cycle(np.tile([[0.0], [1.0], [0.0], [2.0]], (4, 1)))
    assert found == tr.LimitCycle(period=4, onset=0, states=3)


def test_what_does_not_repeat_has_no_cycle() -> None:
    assert tr.limit_cycle(np.arange(30.0)[:, None]) is None
    # Twice is not yet a repetition: a third time must confirm it.
    assert tr.limit_cycle(np.tile(np.arange(5.0)[:, None], (2, 1))) is None
    assert tr.limit_cycle(np.tile([[0.0], [1.0], [2.0]], (9, 1)), longest=2) is None


def test_states_are_counted_once_each() -> None:
    walk = np.array([[0, 0], [0, 1], [0, 0], [1, 1], [0, 1], [2, 2]])
    assert tr.distinct_states(walk).tolist() == [1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize("dimension", [1, 3, 6])
def test_dimension_of_an_even_cloud_is_that_of_its_space(dimension: int) -> None:
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0][:dimension]
    corners = np.vstack([axes, -axes])  # the corners of a cross: the same in each direction
    assert tr.effective_dimension(4.0 + 2.5 * corners) == pytest.approx(dimension, rel=1e-12)
    few = corners[:2] if dimension == 1 else np.vstack([corners] * 3)
    assert tr.effective_dimension(few) == pytest.approx(dimension, rel=1e-12)


def test_dimension_of_a_lopsided_cloud() -> None:
    # Variances 9 and 1: (9 + 1)² / (81 + 1).
    cloud = [[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    assert tr.effective_dimension(cloud) == pytest.approx(100.0 / 82.0)
    assert tr.effective_dimension(np.ones((5, 3))) == 0.0


def test_lockstep_ends_in_a_cycle_of_period_two_and_displaces_nothing_at_even_lags() -> None:
    run = ot.run("breadboard-iii-synchronous", seed=4)
    walk = tr.path(run.events, run.edges["conductance_start_S"], np.arange(200.0, 400.0))
    found = tr.limit_cycle(walk)
    assert found is not None
    assert found.period == 2
    moved = tr.displacement(tr.steps(walk, 781.25), lags=[1, 2, 3, 10])
    assert moved["msd"].iloc[1] == moved["msd"].iloc[3] == 0.0
    # Every edge goes one step to and fro, or stands at an end.
    assert moved["msd"].iloc[0] == moved["msd"].iloc[2] <= 16.0


def test_the_squared_conductances_change_by_the_steps_and_by_the_nudge_alone() -> None:
    lockstep = ot.load("random-143").replace(
        **{"edges.clock": {"kind": "periodic"}, "edges.rule.learning_rate": 2.0, "horizon": 60.0}
    )
    drift = {}
    for nudge in (1e-3, 1e-2):
        run = ot.run(lockstep.replace(**{"supervisor.nudge": nudge}), seed=1)
        walk = tr.path(run.events, run.edges["conductance_start_S"], [-1.0, 59.0])
        assert not np.allclose(walk[0], walk[1], rtol=0.02)
        written = run.events["conductance_after_S"] - run.events["conductance_before_S"]
        # Σ (k + dk)² = Σ k² + 2 Σ k dk + Σ dk²: of the three the last is not the rule's doing.
        finite = float((written**2).sum() / (walk[0] ** 2).sum())
        drift[nudge] = tr.invariant(walk)[1] - 1.0 - finite
    assert -1e-4 < drift[1e-3] < 0.0
    assert drift[1e-2] / drift[1e-3] == pytest.approx(10.0, rel=0.15)
