"""Reads, changes and full solves against dense solves that share nothing with them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmtick.engine.solver.boundary import present
from ohmtick.engine.solver.costs import break_even
from ohmtick.engine.solver.eliminate import refactor
from ohmtick.engine.solver.factor import node_at
from ohmtick.engine.solver.layout import AT_LOCAL, AT_WEIGHT, Factor, allocate
from ohmtick.engine.solver.symbolic import analyse
from ohmtick.engine.solver.voltages import imbalance, transfer, voltages
from ohmtick.engine.solver.walk import add, drops
from ohmtick.tests.oracle import BREADBOARD, Network, Reals, both_copies, floating, networks, square

SHAPES = st.sampled_from([0, 64])  # sparse, or one dense panel


def make(net: Network, dense: int = 64) -> Factor:
    symbolic = analyse(net.edges, net.nodes, net.sources, net.targets, dense_unknowns=dense)
    factor = allocate(symbolic, *break_even(symbolic))
    present(factor.real, factor.ints, net.voltages, net.desired, net.nudge)
    assert refactor(factor.real, factor.ints, net.conductances) == -1
    return factor


def read_all(factor: Factor, net: Network) -> Reals:
    pairs = [drops(factor.real, factor.ints, edge) for edge in range(len(net.edges))]
    return np.array(pairs).T


def solve_all(factor: Factor, nodes: int) -> tuple[Reals, Reals]:
    free, clamped = np.empty(nodes), np.empty(nodes)
    voltages(factor.real, factor.ints, free, clamped)
    return free, clamped


def over_edges(net: Network, volts: Reals) -> Reals:
    return volts[net.edges[:, 0]] - volts[net.edges[:, 1]]


def lattice(side: int, *, seed: int = 0, decades: float = 0.5) -> Network:
    rng = np.random.default_rng(seed)
    edges, nodes = square(side), side * side
    return Network(
        edges=edges,
        nodes=nodes,
        sources=[0, nodes - 1],
        targets=[side - 1, nodes - side],
        conductances=10.0 ** rng.uniform(-decades, decades, len(edges)),
        voltages=np.array([5.0, 0.0]),
        desired=np.array([1.0, 2.0]),
        nudge=0.5,
    )


def breadboard(seed: int = 0, decades: float = 0.5) -> Network:
    rng = np.random.default_rng(seed)
    return replace(
        lattice(3),
        edges=BREADBOARD,
        sources=[2, 8],
        targets=[3, 7],
        conductances=10.0 ** rng.uniform(-decades, decades, 16),
    )


# --- exactness -------------------------------------------------------------------------------


@settings(max_examples=200)
@given(networks(), SHAPES)
def test_drops_and_voltages_are_those_of_dense_solves(net: Network, dense: int) -> None:
    factor = make(net, dense)
    tolerance = 1e-9 * np.abs(net.voltages).max() + 1e-9 * np.abs(net.desired).max(initial=0.0)
    for read, solved, expected in zip(
        read_all(factor, net), solve_all(factor, net.nodes), both_copies(net), strict=True
    ):
        assert solved == pytest.approx(expected, abs=tolerance)
        assert read == pytest.approx(over_edges(net, expected), abs=tolerance)


@settings(max_examples=100)
@given(networks(), SHAPES)
def test_full_nudge_puts_the_targets_on_what_is_desired(net: Network, dense: int) -> None:
    factor = make(replace(net, nudge=1.0), dense)
    free, clamped = solve_all(factor, net.nodes)
    assert clamped[net.targets] == pytest.approx(net.desired, abs=1e-14)
    assert free[net.sources].tolist() == clamped[net.sources].tolist() == net.voltages.tolist()


@settings(max_examples=100)
@given(networks(), SHAPES)
def test_transfer_takes_inputs_to_outputs(net: Network, dense: int) -> None:
    factor = make(net, dense)
    gain = np.empty((len(net.targets), len(net.sources)))
    transfer(factor.real, factor.ints, gain)
    assert gain @ net.voltages == pytest.approx(
        solve_all(factor, net.nodes)[0][net.targets], abs=1e-13
    )
    assert (gain >= 0.0).all()
    assert gain.sum(axis=1) == pytest.approx(np.ones(len(net.targets)), abs=1e-13)


@settings(max_examples=150)
@given(networks(), SHAPES, st.integers(0, 2**32 - 1))
def test_changes_one_by_one_are_those_of_a_fresh_factor(
    net: Network, dense: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    factor = make(net, dense)
    k = net.conductances.copy()
    for edge in rng.integers(len(k), size=12):
        new = 10.0 ** rng.uniform(-1.5, 1.5)
        delta, k[edge] = new - k[edge], new
        if add(factor.real, factor.ints, int(edge), delta) >= 0:
            assert refactor(factor.real, factor.ints, k) == -1
        desired = rng.uniform(-5.0, 5.0, len(net.targets))
        net = replace(net, conductances=k.copy(), desired=desired)
        present(factor.real, factor.ints, net.voltages, net.desired, net.nudge)
        expected = both_copies(net)
        for read, volts in zip(read_all(factor, net), expected, strict=True):
            assert read == pytest.approx(over_edges(net, volts), abs=1e-8)


@settings(max_examples=60)
@given(networks(), st.integers(0, 2**32 - 1))
def test_both_shapes_of_the_factor_agree(net: Network, seed: int) -> None:
    """One dense panel or many: the same circuit."""
    rng = np.random.default_rng(seed)
    one, many = make(net, 64), make(net, 0)
    for edge in rng.integers(len(net.conductances), size=5).tolist():
        delta = rng.uniform(0.0, 3.0) * net.conductances[edge]
        for factor in (one, many):
            assert add(factor.real, factor.ints, edge, delta) == -1
    assert read_all(one, net) == pytest.approx(read_all(many, net), abs=1e-9)


@pytest.mark.parametrize("side", [9, 20, 33])
def test_lattices(side: int) -> None:
    net = lattice(side)
    factor = make(net)
    for expected, read in zip(both_copies(net), read_all(factor, net), strict=True):
        assert read == pytest.approx(over_edges(net, expected), abs=1e-12)


def test_many_targets_and_sources() -> None:
    """Two sides of a lattice held, a third wanted: boundaries wider than any block."""
    net = lattice(14)
    node = np.arange(14 * 14).reshape(14, 14)
    rng = np.random.default_rng(3)
    net = replace(
        net,
        sources=[*node[0].tolist(), *node[-1].tolist()],
        targets=node[1:-1, 0].tolist(),
        voltages=rng.normal(size=28),
        desired=rng.normal(size=12),
    )
    factor = make(net, 0)
    k = net.conductances.copy()
    for edge in range(0, len(k), 7):
        k[edge] += 0.5
        assert add(factor.real, factor.ints, edge, 0.5) == -1
    for expected, read, solved in zip(
        both_copies(net, k), read_all(factor, net), solve_all(factor, net.nodes), strict=True
    ):
        assert read == pytest.approx(over_edges(net, expected), abs=1e-12)
        assert solved == pytest.approx(expected, abs=1e-12)


def test_two_parts_each_with_a_source() -> None:
    edges = np.concatenate([square(10), square(10) + 100])
    rng = np.random.default_rng(1)
    net = Network(edges, 200, [0, 100], [55, 155, 199], rng.uniform(0.5, 2.0, len(edges)),
                  np.array([1.0, -1.0]), np.array([0.2, 0.3, -0.4]), 0.7)  # fmt: skip
    factor = make(net)
    for expected, read in zip(both_copies(net), read_all(factor, net), strict=True):
        assert read == pytest.approx(over_edges(net, expected), abs=1e-12)


def exact_chain_drop(conductances: list[float]) -> list[float]:
    """Return the drops over a chain held at 1 and 0, by rational arithmetic."""
    resistance = [1 / Fraction(k) for k in conductances]
    return [float(r / sum(resistance)) for r in resistance]


def test_forty_decades_cost_no_digit() -> None:
    """Nothing is subtracted: even ratios of 1e40 come out to round-off, each drop of its own."""
    k = [1e-20, 3.0, 1e20, 7e3, 2e-20, 1e20, 0.1]
    edges = np.array([(i, i + 1) for i in range(7)])
    net = Network(edges, 8, [0, 7], [], np.array(k), np.array([1.0, 0.0]), np.empty(0), 0.5)
    exact = exact_chain_drop(k)
    for dense in (0, 64):
        read = read_all(make(net, dense), net)[0]
        assert read == pytest.approx(exact, rel=0.0, abs=3e-16)


# --- properties ------------------------------------------------------------------------------


def test_a_datum_moves_only_the_boundary() -> None:
    net = lattice(12)
    factor = make(net)
    before = factor.real.copy()
    present(factor.real, factor.ints, np.array([-2.0, 7.0]), np.array([0.1, 0.2]), 0.3)
    until = factor.ints[AT_WEIGHT]
    assert (before[:until] == factor.real[:until]).all()
    again = replace(net, voltages=np.array([-2.0, 7.0]), desired=np.array([0.1, 0.2]), nudge=0.3)
    assert (read_all(factor, net) == read_all(make(again), net)).all()


@settings(max_examples=60)
@given(networks(), SHAPES)
def test_weights_are_zero_between_walks(net: Network, dense: int) -> None:
    factor = make(net, dense)
    for edge in range(len(net.edges)):
        drops(factor.real, factor.ints, edge)
        add(factor.real, factor.ints, edge, 0.1)
    rest = factor.real[factor.ints[AT_WEIGHT] : factor.ints[AT_LOCAL]]
    assert not rest.any()


@settings(max_examples=60)
@given(networks(), SHAPES)
def test_reads_leave_no_trace(net: Network, dense: int) -> None:
    factor = make(net, dense)
    once = read_all(factor, net)
    until = factor.ints[AT_LOCAL]
    before = factor.real[:until].copy()
    assert (read_all(factor, net) == once).all()
    assert (factor.real[:until] == before).all()


def test_refactorizing_keeps_nothing_of_before() -> None:
    net = lattice(12)
    fresh, used = make(net), make(net)
    for edge in range(40):
        add(used.real, used.ints, edge, 0.3)
    assert refactor(used.real, used.ints, net.conductances) == -1
    assert (read_all(fresh, net) == read_all(used, net)).all()


def test_no_change_changes_no_bit() -> None:
    net = lattice(12)
    factor = make(net)
    before = factor.real.copy()
    for edge in range(len(net.edges)):
        assert add(factor.real, factor.ints, edge, 0.0) == -1
    until = factor.ints[AT_WEIGHT]
    assert (factor.real[:until] == before[:until]).all()


def test_reversing_an_edge_reverses_its_drop() -> None:
    net = breadboard()
    turned = replace(net, edges=net.edges[:, ::-1].copy())
    assert (read_all(make(net), net) == -read_all(make(turned), turned)).all()


def test_break_even_lies_between_one_edge_and_all() -> None:
    for side in (10, 32, 64):
        edges = square(side)
        symbolic = analyse(edges, side * side, [0], [side])
        changes, walks = break_even(symbolic)
        assert 2 < changes < len(edges)
        assert 2 < walks < len(edges)


def test_imbalance_sees_what_is_wrong() -> None:
    net = lattice(20)
    factor = make(net)
    free, clamped = solve_all(factor, net.nodes)
    held = np.zeros(net.nodes, np.bool_)
    held[net.sources] = True
    assert imbalance(net.edges, net.conductances, held, free) < 1e-14
    assert imbalance(net.edges, net.conductances, held, clamped) > 1e-3
    held[net.targets] = True
    assert imbalance(net.edges, net.conductances, held, clamped) < 1e-14
    free[57] += 1e-6
    assert imbalance(net.edges, net.conductances, held, free) == pytest.approx(1e-6, rel=0.01)
    free[57] = np.nan
    assert np.isnan(imbalance(net.edges, net.conductances, held, free))


# --- singular circuits -----------------------------------------------------------------------


@settings(max_examples=150)
@given(networks(), SHAPES, st.integers(0, 2**32 - 1))
def test_a_cut_off_part_is_reported_and_named(net: Network, dense: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = np.where(rng.random(len(net.edges)) < 0.4, 0.0, net.conductances)
    factor = make(net, dense)
    position = refactor(factor.real, factor.ints, k)
    loose = floating(net, k)
    assert (position >= 0) == bool(loose)
    if position >= 0:
        assert node_at(factor.ints, position) in loose


@pytest.mark.parametrize("dense", [0, 64])
def test_taking_away_the_last_bridge_is_reported(dense: int) -> None:
    net = Network(np.array([(0, 1), (1, 2), (2, 3), (3, 1)]), 4, [0], [3], np.ones(4) / 3.0,
                  np.array([1.0]), np.array([0.5]), 0.5)  # fmt: skip
    factor = make(net, dense)
    assert add(factor.real, factor.ints, 0, -1.0 / 3.0) >= 0
    k = np.array([0.0, 1.0, 1.0, 1.0])
    assert node_at(factor.ints, refactor(factor.real, factor.ints, k)) in (1, 2, 3)
    assert refactor(factor.real, factor.ints, np.ones(4)) == -1
    assert drops(factor.real, factor.ints, 1) == pytest.approx((0.0, 0.05), abs=1e-15)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_conductances_that_are_none_are_reported(bad: float) -> None:
    net = Network(np.array([(0, 1), (1, 2)]), 3, [0], [], np.ones(2), np.ones(1), np.empty(0), 0.5)
    factor = make(net)
    assert refactor(factor.real, factor.ints, np.array([1.0, bad])) >= 0


# --- drift -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "events"),
    [(breadboard(decades=3.0), 100_000), (lattice(10, decades=3.0), 50_000)],
    ids=["breadboard", "10x10"],
)
def test_drift_over_six_decades(net: Network, events: int) -> None:
    """1e-9 of the largest source voltage a million events, and in proportion."""
    rng = np.random.default_rng(5)
    factor = make(net)
    k = net.conductances.copy()
    for edge in rng.integers(len(k), size=events).tolist():
        new = 10.0 ** rng.uniform(-3.0, 3.0)
        delta, k[edge] = new - k[edge], new
        if add(factor.real, factor.ints, edge, delta) >= 0:
            refactor(factor.real, factor.ints, k)
    fresh = make(replace(net, conductances=k))
    error = np.abs(read_all(factor, net) - read_all(fresh, net)).max()
    assert error <= 1e-9 * np.abs(net.voltages).max()


def test_mild_events_drift_by_a_few_units_of_the_last_place() -> None:
    """200 000 changes within a factor of two."""
    net = breadboard()
    rng = np.random.default_rng(6)
    factor = make(net)
    k = net.conductances.copy()
    for edge in rng.integers(len(k), size=200_000).tolist():
        new = rng.uniform(0.7, 1.4)
        delta, k[edge] = new - k[edge], new
        add(factor.real, factor.ints, edge, delta)
    fresh = make(replace(net, conductances=k))
    until = factor.ints[AT_WEIGHT]
    relative = np.abs(factor.real[:until] - fresh.real[:until]) / (fresh.real[:until] + 1e-300)
    assert relative.max() < 5e-13
