"""Both copies of a circuit that takes time, against formulas and against matrix exponentials."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm

from ohmtick.engine.circuit import Circuit
from ohmtick.engine.errors import CircuitError, SingularCircuitError
from ohmtick.engine.networks.equilibrium import TwinNetwork
from ohmtick.engine.networks.relaxation import RelaxingTwins
from ohmtick.engine.relaxing.layout import AT_TIME
from ohmtick.tests import oracle
from ohmtick.tests.ngspice import ngspice

Reals = NDArray[np.float64]

EXAMPLES = settings().max_examples
SEEDS = st.integers(0, 2**32 - 1)


class Dense:
    """Both copies as one linear equation, y' = A y + b, gone on with by matrix exponentials.

    Free voltages and then clamped ones; rows of held nodes are zero, and a clamped target is
    differentiated: c' = (1 - nudge) v'.
    """

    def __init__(self, net: oracle.Network, capacitances: Reals) -> None:
        self.net, self.capacitances = net, capacitances
        self.k = net.conductances.copy()
        self.inputs, self.desired = net.voltages, net.desired
        free, clamped = oracle.both_copies(net)
        self.y = np.concatenate([free, clamped])

    def go_on(self, span: float) -> None:
        net, nodes = self.net, self.net.nodes
        rates = oracle.laplacian(net.edges, nodes, self.k) / self.capacitances[:, np.newaxis]
        whole = np.zeros((2 * nodes, 2 * nodes))
        whole[:nodes, :nodes] = whole[nodes:, nodes:] = -rates
        whole[net.sources] = 0.0
        whole[nodes + np.array(net.sources)] = 0.0
        for target in net.targets:
            whole[nodes + target] = (1.0 - net.nudge) * whole[target]
        self.y = expm(span * whole) @ self.y

    def hold(self) -> None:
        """Have the sources, and then the clamp, follow the datum at once."""
        net, nodes = self.net, self.net.nodes
        self.y[net.sources] = self.y[nodes + np.array(net.sources)] = self.inputs
        free = self.y[net.targets]
        self.y[nodes + np.array(net.targets, int)] = free + net.nudge * (self.desired - free)

    @property
    def copies(self) -> Reals:
        return self.y.reshape(2, -1)


def relaxing(net: oracle.Network, capacitances: Reals | float) -> RelaxingTwins:
    twins = RelaxingTwins(
        Circuit(net.edges, net.nodes),
        net.conductances,
        net.sources,
        net.targets,
        net.nudge or 0.3,
        capacitances=capacitances,
    )
    twins.present(net.voltages, net.desired)
    return twins


# --- formulas ------------------------------------------------------------------------------------


@pytest.mark.parametrize("capacitance", [1e-12, 2.0, 1e6])
def test_a_divider_relaxes_exponentially(capacitance: float) -> None:
    """RC = C / (k_1 + k_2), whenever and however often somebody looks."""
    twins = RelaxingTwins(
        Circuit([(0, 1), (1, 2)], nodes=3), [1.0, 3.0], [0, 2], [], 0.5, capacitances=capacitance
    )
    twins.present([0.0, 0.0], [])
    twins.present([2.0, 0.0], [])
    rc = capacitance / 4.0
    for time in rc * np.array([0.0, 1e-9, 0.01, 0.5, 1.0, 1.5, 6.0, 29.0, 60.0]):
        expected = 0.5 * -np.expm1(-time / rc)
        assert twins.drops(1, time) == pytest.approx((expected, expected), abs=2e-12)
        assert twins.power(time)[0] == pytest.approx(
            (2.0 - expected) ** 2 + 3.0 * expected**2, rel=1e-11
        )


def test_the_clamp_follows_the_relaxing_output() -> None:
    """A target at v(t) of the divider is clamped at v + nudge (desired - v), and no edge waits."""
    twins = RelaxingTwins(
        Circuit([(0, 1), (1, 2)], nodes=3), [1.0, 1.0], [0, 2], [1], 0.25, capacitances=1.0
    )
    twins.present([0.0, 0.0], [0.0])
    twins.present([1.0, 0.0], [0.8])
    assert twins.drops(1, 0.0) == pytest.approx((0.0, 0.2), abs=1e-15)
    for time in (0.3, 0.31, 2.0):
        free = 0.5 * -np.expm1(-2.0 * time)
        assert twins.drops(1, time) == pytest.approx((free, free + 0.25 * (0.8 - free)), abs=2e-12)


def test_two_stages_in_series() -> None:
    """Of RC stages that load each other the rates are (3 ± √5) / 2 over RC."""
    twins = RelaxingTwins(
        Circuit([(0, 1), (1, 2)], nodes=3), [1.0, 1.0], [0], [], 0.5, capacitances=1.0
    )
    twins.present([0.0], [])
    twins.present([1.0], [])
    slow, fast = (3.0 - np.sqrt(5.0)) / 2.0, (3.0 + np.sqrt(5.0)) / 2.0
    for time in (0.1, 0.2, 1.0, 10.0, 30.0):
        last = 1.0 - (fast * np.exp(-slow * time) - slow * np.exp(-fast * time)) / (fast - slow)
        assert twins.voltages(time)[0][2] == pytest.approx(last, abs=2e-12)
        assert twins.drops(0, time)[0] == pytest.approx(
            1.0 - last - slow * fast * (np.exp(-slow * time) - np.exp(-fast * time))
            / (fast - slow), abs=2e-12,
        )  # fmt: skip


def test_a_bridge_whose_arms_differ() -> None:
    """A Wheatstone bridge without a bridging current: each arm has a time constant of its own."""
    edges = [(0, 1), (1, 3), (0, 2), (2, 3), (1, 2)]
    twins = RelaxingTwins(
        Circuit(edges, nodes=4), [1.0, 2.0, 3.0, 4.0, 0.0], [0, 3], [2], 0.5,
        capacitances=[9.0, 1.0, 5.0, 9.0],
    )  # fmt: skip
    twins.present([0.0, 0.0], [0.0])
    twins.present([1.0, 0.0], [1.0])
    for time in (0.05, 0.5, 0.6, 3.0):
        one = -np.expm1(-3.0 * time) / 3.0
        other = -3.0 * np.expm1(-7.0 * time / 5.0) / 7.0
        found = twins.drops(4, time)
        assert found == pytest.approx((one - other, one - (1.0 + other) / 2.0), abs=2e-12)


# --- matrix exponentials -------------------------------------------------------------------------


@settings(max_examples=max(2, EXAMPLES // 10), deadline=None)
@given(net=oracle.networks(most=64), seed=SEEDS)
def test_a_hundred_changes_against_matrix_exponentials(net: oracle.Network, seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = oracle.Network(
        **{
            **vars(net),
            "nudge": float(rng.choice([0.05, 0.5, 1.0, 3.0])),
            "conductances": net.conductances**0.25,
        }
    )
    capacitances = rng.choice([0.01, 1.0]) * 10.0 ** rng.uniform(-0.3, 0.3, net.nodes)
    twins, dense = relaxing(net, capacitances), Dense(net, capacitances)
    first, second = net.edges.T
    time, largest, worst = 0.0, np.abs(dense.y).max(), 0.0
    for event in range(100):
        span = float(rng.choice([0.0, 20.0, *10.0 ** rng.uniform(-3.0, 0.5, 8)]))
        time += span
        dense.go_on(span)
        largest = max(largest, np.abs(dense.y).max())
        edge = int(rng.integers(len(net.edges)))
        drops = dense.copies[:, first[edge]] - dense.copies[:, second[edge]]
        worst = max(worst, np.abs(np.array(twins.drops(edge, time)) - drops).max())
        if event % 10 == 3:
            dense.inputs = rng.uniform(-5.0, 5.0, len(net.sources))
            dense.desired = rng.uniform(-5.0, 5.0, len(net.targets))
            dense.hold()
            twins.present(dense.inputs, dense.desired, time)
        else:
            dense.k[edge] = 10.0 ** rng.uniform(-0.7, 0.7)
            twins.set_conductance(edge, float(dense.k[edge]), time)
        worst = max(worst, np.abs(np.array(twins.voltages(time)) - dense.copies).max())
    assert worst <= 1e-10 * largest


def test_a_breadboard_with_capacitors_against_spice() -> None:
    """Both copies after a step of data; the clamp is a source that depends on the free target."""
    rng = np.random.default_rng(11)
    k, farads = rng.uniform(1e-4, 1e-3, 16), rng.uniform(0.5e-9, 2e-9, 9)
    circuit = Circuit(oracle.BREADBOARD, nodes=9)
    twins = RelaxingTwins(circuit, k, [0, 8], [4], 0.5, capacitances=farads)
    twins.present([1.0, 0.0], [0.3])
    before = twins.voltages()
    twins.present([-2.0, 1.0], [0.6], time=0.0)
    lines = ["a breadboard", ".options reltol=1e-7 vntol=1e-12 abstol=1e-15 chgtol=1e-22"]
    for copy, volts in zip("fc", before, strict=True):
        lines += [f"v{copy}0 {copy}0 0 -2", f"v{copy}8 {copy}8 0 1"]
        for edge, (first, second) in enumerate(oracle.BREADBOARD.tolist()):
            lines.append(f"r{copy}{edge} {copy}{first} {copy}{second} {1.0 / k[edge]:.17g}")
        for node in sorted({*range(1, 8)} - ({4} if copy == "c" else set())):
            lines.append(f"c{copy}{node} {copy}{node} 0 {farads[node]:.17g}")
            lines.append(f".ic v({copy}{node})={volts[node]:.17g}")
    lines += ["bclamp c4 0 v = v(f4) + 0.5 * (0.6 - v(f4))", ".end\n"]
    after = 1.5e-6
    names = [f"{copy}{node}" for copy in "fc" for node in range(9)]
    asked = [f"tran 1n {after} 0 1n uic"]
    for name in names:
        asked += [f"let seen{name} = v({name})[length(time)-1]", f"print seen{name}"]
    said = ngspice("\n".join(lines), "\n".join(asked))
    expected = [said[f"seen{name}"] for name in names]
    found = np.array(twins.voltages(after))
    np.testing.assert_allclose(found.ravel(), expected, rtol=0.0, atol=2e-6)
    assert np.abs(found - np.array(twins.voltages(1.0))).max() > 0.1  # far from settled


# --- what is never handed over, and what is refused ----------------------------------------------


def test_a_look_changes_no_bit() -> None:
    circuit = Circuit(oracle.BREADBOARD, nodes=9)
    quiet, seen = (
        RelaxingTwins(circuit, 1.0, [0, 8], [4], 0.5, capacitances=0.3) for _ in range(2)
    )
    for event in range(60):
        time = 0.1 * event + (40.0 if event > 30 else 0.0)
        for twins in (quiet, seen):
            if event % 7 == 0:
                twins.present([1.0 + event, 0.0], [0.2], time)
            twins.set_conductance(event % 16, 1.0 + event % 5, time)
        seen.voltages(time + 0.05)
        seen.power(time + 0.07)
        assert seen.drops(event % 3, time + 0.09) == quiet.drops(event % 3, time + 0.09)
    assert quiet.real[quiet.index[AT_TIME]] == pytest.approx(45.99)


def test_a_part_that_is_cut_off_keeps_its_charge() -> None:
    """No source tells it where to settle, so nobody says that it has; a probe is refused."""
    twins = RelaxingTwins(
        Circuit([(0, 1), (1, 2), (2, 3)], nodes=4), 1.0, [0], [3], 0.5,
        capacitances=[1.0, 1.0, 1.0, 3.0],
    )  # fmt: skip
    twins.present([0.0], [0.0])
    twins.present([1.0], [0.0])
    before = twins.voltages(0.7)[0]
    twins.set_conductance(1, 0.0, time=0.7)
    assert twins.drops(2, 500.0)[0] == pytest.approx(0.0, abs=1e-12)
    assert twins.drops(0, 500.0)[0] == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(SingularCircuitError, match=r"got nodes '2', '3' cut off"):
        twins.respond(np.ones((1, 1)), np.zeros((1, 1)))
    twins.set_conductance(1, 1e-9, time=500.0)
    charge = (before[2] + 3.0 * before[3]) / 4.0
    assert twins.drops(1, 500.0)[0] == pytest.approx(1.0 - charge, abs=1e-12)


def test_outputs_are_those_of_equilibrium() -> None:
    circuit, k = Circuit(oracle.BREADBOARD, nodes=9), np.linspace(1.0, 2.0, 16)
    twins = RelaxingTwins(circuit, k, [0, 8], [4], 0.5, capacitances=1.0)
    settled = TwinNetwork(circuit, k, [0, 8], [4], 0.5)
    for each in (twins, settled):
        each.present([1.0, 0.0], [0.2])
        each.present([0.3, 0.9], [0.4], time=1.0)
    inputs, outputs, others = np.array([[1.0, 0.5]]), np.zeros((1, 1)), np.zeros((1, 1))
    twins.respond(inputs, outputs)
    settled.respond(inputs, others)
    assert outputs.tobytes() == others.tobytes()
    assert twins.transfer().tobytes() == settled.transfer().tobytes()
    twins.check()
    assert twins.refactorizations == 0
    np.testing.assert_array_equal(twins.voltages(1e9), settled.voltages())
    assert twins.power(1e9) == settled.power()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (0.0, "the capacitance of every node must be finite and positive, got 0.0 F"),
        ([1.0, -1.0, 1.0], r"the capacitance of node '1' must be finite and positive, got -1.0 F"),
        ([1.0, 1.0, np.nan], r"the capacitance of node '2' must be finite and positive, got nan F"),
        ([1.0], r"must have the shape \(3,\), got \(1,\)"),
    ],
)
def test_a_capacitance_that_cannot_be_is_refused(wrong: float | list[float], message: str) -> None:
    circuit = Circuit([(0, 1), (1, 2)], nodes=3)
    with pytest.raises(CircuitError, match=message):
        RelaxingTwins(circuit, 1.0, [0, 2], [1], 0.5, capacitances=wrong)


def test_pairs_and_energies_are_refused() -> None:
    circuit = Circuit([(0, 1), (1, 2), (2, 3)], nodes=4)
    with pytest.raises(CircuitError, match=r"must be single nodes, got \(1, 2\)"):
        RelaxingTwins(circuit, 1.0, [0, 3], [(1, 2)], 0.5, capacitances=1.0)  # type: ignore[list-item]
    twins = RelaxingTwins(circuit, 1.0, [0, 3], [1], 0.5, capacitances=1.0)
    none = np.empty(0)
    with pytest.raises(CircuitError, match="the energy of RelaxingTwins is not added up yet"):
        twins.energy(np.empty(0, np.intp), none, none, 0.0, 1.0)
