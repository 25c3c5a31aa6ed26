"""The supervisor: when it presents, in which order, and what it desires of classes.

Every seed is fixed; statistical tests hold a p-value of 1e-4 for a seed drawn anew.
"""

from __future__ import annotations

from itertools import islice, permutations
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from ohmtick.agents.supervisor import Dataset, Supervisor, SupervisorAgent
from ohmtick.engine.circuit import Circuit
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.networks.equilibrium import TwinNetwork
from ohmtick.engine.networks.network import Network
from ohmtick.engine.simulation import Simulation
from ohmtick.engine.streams import Streams

Array = npt.NDArray[np.float64]
Order = Literal["cyclic", "shuffled", "random"]
ORDERS: tuple[Order, ...] = ("cyclic", "shuffled", "random")


def presented(
    supervisor: Supervisor, data: int, count: int, seed: int = 1
) -> tuple[Array, npt.NDArray[np.int64]]:
    """The times and the numbers of the first presentations."""
    pairs = list(islice(supervisor.presentations(data, Streams(seed)), count))
    times, numbers = zip(*pairs, strict=True)
    return np.array(times), np.array(numbers)


# --- Times -------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("period", [1.0, 0.1, 37.5])
def test_presentations_keep_the_period_exactly(order: Order, period: float) -> None:
    times, _ = presented(Supervisor(order=order, period=period), 3, 5000)
    assert times.tolist() == [n * period for n in range(5000)]


@pytest.mark.parametrize("jitter", [0.1, 2.0])
def test_jitter_moves_all_but_the_first_about_the_grid(jitter: float) -> None:
    count = 20_000
    times, _ = presented(Supervisor(period=0.4, jitter=jitter), 3, count)
    assert times[0] == 0.0
    moved = times[1:] / 0.4 - np.arange(1, count)
    law = stats.truncnorm(-0.499 / jitter, 0.499 / jitter)
    assert stats.kstest(moved / jitter, law.cdf).pvalue > 1e-4
    assert (np.diff(times) > 0.0).all()


@pytest.mark.parametrize("seed", range(20))
def test_the_first_is_presented_at_zero_whatever_the_jitter(seed: int) -> None:
    times, _ = presented(Supervisor(jitter=5.0), 2, 3, seed)
    assert 0.0 == times[0] < 0.5 < times[1] < 1.5 < times[2]


@pytest.mark.parametrize("order", ORDERS)
def test_a_single_datum_is_presented_once(order: Order) -> None:
    supervisor = Supervisor(order=order, jitter=0.3)
    assert list(supervisor.presentations(1, Streams(2))) == [(0.0, 0)]


def test_several_data_are_presented_without_end() -> None:
    times, _ = presented(Supervisor(period=0.5), 2, 20_000)
    assert times[-1] == 9999.5


# --- Orders ------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [2, 5, 150])
def test_cyclic_order_takes_turns(data: int) -> None:
    _, numbers = presented(Supervisor(), data, 3 * data + 1)
    assert numbers.tolist() == [n % data for n in range(3 * data + 1)]


@pytest.mark.parametrize("data", [2, 7, 150])
def test_shuffled_order_holds_each_datum_once_an_epoch(data: int) -> None:
    _, numbers = presented(Supervisor(order="shuffled"), data, 20 * data)
    epochs = numbers.reshape(20, data)
    assert (np.sort(epochs, axis=1) == np.arange(data)).all()
    if data > 2:
        assert len(np.unique(epochs, axis=0)) == 20  # a new order each: 5040 of them, or more


def test_all_orders_of_an_epoch_are_as_likely() -> None:
    epochs = 12_000
    _, numbers = presented(Supervisor(order="shuffled"), 4, 4 * epochs)
    found = [tuple(epoch) for epoch in numbers.reshape(epochs, 4).tolist()]
    names = list(permutations(range(4)))
    index = np.array([names.index(epoch) for epoch in found])
    assert stats.chisquare(np.bincount(index, minlength=24)).pvalue > 1e-4
    # And one epoch's says nothing of the next one's first.
    table = pd.crosstab(index[:-1], numbers.reshape(epochs, 4)[1:, 0])
    assert stats.chi2_contingency(table.to_numpy()).pvalue > 1e-4


def test_random_order_draws_each_from_all() -> None:
    count = 30_000
    _, numbers = presented(Supervisor(order="random"), 5, count)
    assert stats.chisquare(np.bincount(numbers, minlength=5)).pvalue > 1e-4
    # Whatever came before, within an epoch and across two; repeats included.
    for lag in (1, 5):
        table = pd.crosstab(numbers[:-lag], numbers[lag:])
        assert stats.chi2_contingency(table.to_numpy()).pvalue > 1e-4


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_depends_on_the_seed_alone(order: Order) -> None:
    _, numbers = presented(Supervisor(order=order), 6, 60)
    other = Supervisor(order=order, period=0.2, jitter=0.4, nudge=0.1)
    assert np.array_equal(presented(other, 6, 60)[1], numbers)
    assert np.array_equal(presented(other, 6, 60, seed=2)[1], numbers) == (order == "cyclic")


def test_times_do_not_depend_on_the_order_or_the_data() -> None:
    times = [
        presented(Supervisor(order=order, jitter=0.2), data, 100)[0]
        for order in ORDERS
        for data in (2, 9)
    ]
    assert all(np.array_equal(times[0], other) for other in times[1:])


# --- Classes -----------------------------------------------------------------------------------


def classified() -> Dataset:
    rng = np.random.default_rng(5)
    classes = np.array([2, 0, 1, 1, 0, 2, 2, 2, 0])
    return Dataset(inputs=rng.uniform(0.0, 5.0, (9, 2)), classes=classes)


def test_class_means_are_the_means_of_the_classes() -> None:
    dataset = classified()
    table = pd.DataFrame(dataset.inputs).groupby(dataset.classes).mean()
    np.testing.assert_allclose(dataset.class_means(), table.to_numpy(), rtol=1e-14)


def star(conductances: list[float]) -> TwinNetwork:
    """A target that two sources and a ground feed: its voltage is their weighted mean."""
    circuit = Circuit(edges=[(0, 3), (1, 3), (2, 3)], nodes=4)
    return TwinNetwork(circuit, np.array(conductances), sources=[0, 1, 2], targets=[3], nudge=0.5)


def lessons_of_the_star() -> Dataset:
    dataset = classified()
    return Dataset(inputs=np.c_[dataset.inputs, np.zeros(9)], classes=dataset.classes)


def desired_by_hand(dataset: Dataset, k: list[float]) -> Array:
    means = pd.DataFrame(dataset.inputs).groupby(dataset.classes).mean().to_numpy()
    return np.asarray((means @ np.array(k) / sum(k))[:, None])


def test_desired_of_a_class_is_the_response_to_its_mean_and_kept_for_an_epoch() -> None:
    dataset, k = lessons_of_the_star(), [1.0, 2.0, 0.5]
    assert dataset.classes is not None
    twin = star(k)
    agent = SupervisorAgent(Supervisor(), dataset, Streams(1))
    assert agent.class_desired is None
    agent.begin_epoch(twin)
    expected = desired_by_hand(dataset, k)
    assert agent.class_desired is not None
    np.testing.assert_allclose(agent.class_desired, expected, rtol=1e-12)
    np.testing.assert_allclose(agent.desired_of(dataset), expected[dataset.classes], rtol=1e-12)

    twin.set_conductance(0, 9.0)
    np.testing.assert_allclose(agent.class_desired, expected, rtol=1e-12)
    agent.present(twin, 3)
    free, clamped = twin.voltages()
    k[0] = 9.0
    response = dataset.inputs[3] @ np.array(k) / sum(k)
    assert free[3] == pytest.approx(response, rel=1e-12)
    halfway = response + 0.5 * (expected[dataset.classes[3], 0] - response)
    assert clamped[3] == pytest.approx(halfway, rel=1e-12)

    agent.begin_epoch(twin)
    np.testing.assert_allclose(agent.class_desired, desired_by_hand(dataset, k), rtol=1e-12)


def test_a_run_measures_the_classes_anew_at_each_epoch_only() -> None:
    """Nine data a second apart; the network changes at 4 s and is measured anew at 9 s."""
    dataset, k = lessons_of_the_star(), [1.0, 2.0, 0.5]
    agent = SupervisorAgent(Supervisor(order="shuffled"), dataset, Streams(1))
    simulation = Simulation(star(k), horizon=12.5)
    seen: list[tuple[float, int, Array]] = []

    class Watching(SupervisorAgent):
        def present(self, twin: Network, datum: int, time: float = 0.0) -> None:
            super().present(twin, datum, time)
            assert time == simulation.now
            assert self.class_desired is not None
            seen.append((simulation.now, datum, self.class_desired.copy()))
            assert simulation.datum == datum
            if simulation.now == 4.0:
                twin.set_conductance(0, 9.0)

    simulation.add(Watching(agent.settings, dataset, Streams(1)))
    simulation.run()
    pairs = list(islice(agent.settings.presentations(9, Streams(1)), 13))
    assert [(time, datum) for time, datum, _ in seen] == pairs
    before, after = desired_by_hand(dataset, k), desired_by_hand(dataset, [9.0, *k[1:]])
    for time, _, desired in seen:
        np.testing.assert_allclose(desired, before if time < 9.0 else after, rtol=1e-12)


def test_given_desires_are_presented_as_they_are() -> None:
    dataset = Dataset(
        inputs=np.array([[1.0, 0.0, 0.0], [2.0, 1.0, 0.0]]), desired=np.array([[0.3], [0.7]])
    )
    twin = star([1.0, 1.0, 2.0])
    agent = SupervisorAgent(Supervisor(), dataset, Streams(1))
    agent.begin_epoch(twin)
    assert agent.class_desired is None
    assert agent.table_of(dataset) is dataset.desired
    agent.present(twin, 1)
    free, clamped = twin.voltages()
    assert (free[3], clamped[3]) == pytest.approx((0.75, 0.75 + 0.5 * (0.7 - 0.75)), rel=1e-12)


@pytest.mark.parametrize(
    ("key", "value"),
    [("nudge", 0.0), ("nudge", -1.0), ("period", 0.0), ("jitter", -0.1), ("order", "sorted")],
)
def test_impossible_supervisors_are_refused(key: str, value: object) -> None:
    with pytest.raises(ScenarioError, match=key):
        Supervisor(**{key: value})  # type: ignore[arg-type]
