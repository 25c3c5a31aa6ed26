"""Power and energy of every network, against dense solves of both copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

import ohmtick as ot
from ohmtick.engine.errors import SingularCircuitError
from ohmtick.engine.networks.equilibrium import SUMMED_EVERY
from ohmtick.engine.networks.network import Network
from ohmtick.tests import oracle
from ohmtick.tests.contracts.test_networks import (
    EXAMPLES,
    MEMBERS,
    NETS,
    PLAIN,
    SEEDS,
    Reals,
    dense,
    each_member,
)


def dense_power(net: oracle.Network, relative: Reals) -> Reals:
    copies = relative * net.conductances
    drops = [volts[net.edges[:, 0]] - volts[net.edges[:, 1]] for volts in dense(net, copies)]
    return np.array([k @ drop**2 for k, drop in zip(copies, drops, strict=True)])


@each_member
@settings(max_examples=EXAMPLES // 8)
@given(net=NETS, seed=SEEDS)
def test_the_energy_is_the_sum_over_all_changes(
    member: str, net: oracle.Network, seed: int
) -> None:
    """A few changes a call and many, of one edge and another, some at one instant."""
    network, relative = MEMBERS[member](net, seed)
    network.present(net.voltages, net.desired)
    rng = np.random.default_rng(seed)
    now = 0.0
    for changes in (0, 1, 40):
        edges = rng.integers(len(net.edges), size=changes)
        written = 10.0 ** rng.uniform(-1.5, 1.5, changes)
        times = now + np.sort(rng.integers(0, 9, changes) / 8.0)
        expected, before = np.zeros(2), now
        for edge, k, time in zip(edges, written, times, strict=True):
            expected += (time - before) * dense_power(net, relative)
            conductances = net.conductances.copy()
            conductances[edge] = k
            net, before = replace(net, conductances=conductances), time
        expected += (now + 2.0 - before) * dense_power(net, relative)
        found = network.energy(edges, written, times, now, now + 2.0)
        scale = 1e-9 * relative.max() * net.conductances.sum()
        assert found == pytest.approx(expected, rel=1e-9, abs=scale)
        now += 2.0
        np.testing.assert_array_equal(network.conductances, net.conductances)
        assert network.power() == pytest.approx(dense_power(net, relative), rel=1e-9, abs=scale)


@each_member
def test_the_power_is_summed_anew_before_it_drifts(member: str) -> None:
    """Over more changes than that, and more than are checked; the clamp never takes heat away."""
    network, _ = MEMBERS[member](PLAIN, 3)
    twin, _ = MEMBERS[member](PLAIN, 3)
    rng = np.random.default_rng(1)
    changes = 101_000
    assert changes > 20 * SUMMED_EVERY
    edges = rng.integers(len(PLAIN.edges), size=changes)
    written = 10.0 ** rng.uniform(-1.5, 1.5, changes)
    times = np.sort(rng.uniform(0.0, 1.0, changes))
    for each in (network, twin):
        each.present(PLAIN.voltages, PLAIN.desired)
    expected, now = np.zeros(2), 0.0
    for edge, k, time in zip(edges.tolist(), written.tolist(), times.tolist(), strict=True):
        expected += (time - now) * np.array(twin.power())
        twin.set_conductance(edge, k)
        now = time
    expected += (1.0 - now) * np.array(twin.power())
    found = network.energy(edges, written, times, 0.0, 1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    if member == "TwinNetwork":
        assert found[1] > found[0]


@each_member
def test_looking_at_the_power_changes_no_drop(member: str) -> None:
    """Not a bit, in whatever state of its ledger the network is looked at."""
    rng = np.random.default_rng(5)
    seen, unseen = (MEMBERS[member](PLAIN, 3)[0] for _ in range(2))
    for each in (seen, unseen):
        each.present(PLAIN.voltages, PLAIN.desired)
    for _ in range(300):
        edge, k = int(rng.integers(len(PLAIN.edges))), float(10.0 ** rng.uniform(-1.5, 1.5))
        reads = rng.integers(len(PLAIN.edges), size=rng.integers(8)).tolist()
        seen.power()
        for each in (seen, unseen):
            each.set_conductance(edge, k)
        for read in reads:
            seen.power()
            assert seen.drops(read) == unseen.drops(read)


@each_member
def test_what_a_series_cuts_off_is_named(member: str) -> None:
    chain = oracle.Network(
        edges=np.array([(0, 1), (1, 2), (2, 3)]),
        nodes=4,
        sources=[0],
        targets=[1],
        conductances=np.ones(3),
        voltages=np.array([1.0]),
        desired=np.array([0.5]),
        nudge=0.5,
    )
    network, _ = MEMBERS[member](chain, 0)
    with pytest.raises(SingularCircuitError, match=r"got nodes? .*2.*3.* cut off"):
        network.energy(np.array([1]), np.zeros(1), np.array([0.5]), 0.0, 1.0)


def test_an_edge_between_two_sources_takes_its_part() -> None:
    """V² k, which no factor knows of."""
    circuit = ot.Circuit([(0, 1), (0, 2), (2, 1)], nodes=3)
    network: Network = ot.TwinNetwork(circuit, [5.0, 1.0, 1.0], [0, 1], [2], nudge=1.0)
    network.present([3.0, 1.0], [2.5])
    assert network.power() == pytest.approx((4.0 * 5.0 + 2.0, 20.0 + 0.25 + 2.25), rel=1e-14)
    spent = network.energy(np.array([0]), np.array([7.0]), np.array([1.0]), 0.0, 3.0)
    assert spent == pytest.approx((22.0 + 2.0 * 30.0, 22.5 + 2.0 * 30.5), rel=1e-14)
    free, sources, clamp = network.delivered()
    assert free == pytest.approx(30.0, rel=1e-14)
    # 3 V · (0.5 + 14) A + 1 V · (-1.5 - 14) A, and 2.5 V · 1 A.
    assert (sources, clamp) == pytest.approx((28.0, 2.5), rel=1e-14)
