"""What every network keeps, against dense solves of both copies that share nothing with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.analysis import node_voltages
from ohmtick.analysis.metrics import METRICS
from ohmtick.engine.circuit import Circuit
from ohmtick.engine.errors import AnalysisError, CircuitError, ScenarioError, SingularCircuitError
from ohmtick.engine.networks import mismatch
from ohmtick.engine.networks.equilibrium import TwinNetwork
from ohmtick.engine.networks.mismatch import Mismatch, MismatchedTwins
from ohmtick.engine.networks.network import Network
from ohmtick.engine.streams import Streams
from ohmtick.tests import oracle
from ohmtick.tests.driven import assert_engines_agree
from ohmtick.tests.engine.test_engines import scenarios

Reals = NDArray[np.float64]

#: What the engine promises: every voltage, relative to the largest that is held.
PROMISE = 1e-9
EXAMPLES = settings().max_examples


def shared(net: oracle.Network, seed: int) -> tuple[Network, Reals]:
    return TwinNetwork(*_whole(net)), np.ones((2, len(net.edges)))


def mismatched(net: oracle.Network, seed: int) -> tuple[Network, Reals]:
    relative = np.random.default_rng(seed).uniform(0.5, 1.5, (2, len(net.edges)))
    return MismatchedTwins(*_whole(net), relative=relative), relative


def _whole(net: oracle.Network) -> tuple[Any, ...]:
    circuit = Circuit(net.edges, net.nodes)
    return circuit, net.conductances, net.sources, net.targets, net.nudge


#: Every network, by the name of its class, and what its copies conduct of what is written.
MEMBERS: dict[str, Callable[[oracle.Network, int], tuple[Network, Reals]]] = {
    "TwinNetwork": shared,
    "MismatchedTwins": mismatched,
}
#: Of three decades at most, over which a dense solve is itself exact to what is promised.
NETS = oracle.networks().map(
    lambda net: replace(net, nudge=net.nudge or 0.3, conductances=np.sqrt(net.conductances))
)
SEEDS = st.integers(0, 2**32 - 1)
each_member = pytest.mark.parametrize("member", MEMBERS)


def dense(net: oracle.Network, copies: Reals) -> tuple[Reals, Reals]:
    """Return the node voltages of both copies, which conduct `copies`, by a dense solve each."""
    free_of, clamped_of = (oracle.laplacian(net.edges, net.nodes, k) for k in copies)
    free = oracle.hold(free_of, net.sources, net.voltages)
    moved = free[net.targets] + net.nudge * (net.desired - free[net.targets])
    held = np.concatenate([net.voltages, moved])
    return free, oracle.hold(clamped_of, net.sources + net.targets, held)


def scale(net: oracle.Network, volts: tuple[Reals, Reals]) -> float:
    return float(max(np.abs(volts[0]).max(), np.abs(volts[1]).max(), 1e-3))


def assert_kept(network: Network, net: oracle.Network, relative: Reals, walks: bool) -> None:
    """Hold drops and voltages against dense solves of what has been written."""
    copies = relative * net.conductances
    expected = dense(net, copies)
    tolerance = PROMISE * scale(net, expected)
    first, second = net.edges.T
    if walks:
        for edge in range(len(net.edges)):
            for found, volts in zip(network.drops(edge), expected, strict=True):
                drop = volts[first[edge]] - volts[second[edge]]
                assert found == pytest.approx(drop, rel=0.0, abs=tolerance)
    for found_volts, volts in zip(network.voltages(), expected, strict=True):
        np.testing.assert_allclose(found_volts, volts, rtol=0.0, atol=tolerance)
    for conducted, k in zip(network.copy_conductances(), copies, strict=True):
        np.testing.assert_allclose(conducted, k, rtol=1e-15)


@each_member
@settings(max_examples=EXAMPLES // 2)
@given(net=NETS, seed=SEEDS)
def test_kirchhoff_s_law_holds_in_both_copies(member: str, net: oracle.Network, seed: int) -> None:
    """Whatever was written and presented, in any order; a few changes, and more than are walked."""
    network, relative = MEMBERS[member](net, seed)
    rng = np.random.default_rng(seed)
    network.present(net.voltages, net.desired)
    assert_kept(network, net, relative, walks=True)
    for changes in (1, 2, 3 * len(net.edges), 1):
        k = net.conductances.copy()
        for edge in rng.integers(len(k), size=changes).tolist():
            k[edge] = 10.0 ** rng.uniform(-1.5, 1.5)
            network.set_conductance(edge, float(k[edge]))
        net = replace(
            net,
            conductances=k,
            voltages=rng.uniform(-5.0, 5.0, len(net.sources)),
            desired=rng.uniform(-5.0, 5.0, len(net.targets)),
        )
        np.testing.assert_array_equal(network.conductances, k)
        if changes % 2:
            network.present(net.voltages)
            network.present(desired=net.desired)
        else:
            network.drops(0)
            network.present(net.voltages, net.desired, time=1.0)
        assert_kept(network, net, relative, walks=changes != 2)
    network.check()
    assert_kept(network, net, relative, walks=True)


@each_member
@settings(max_examples=EXAMPLES // 4)
@given(net=NETS, seed=SEEDS)
def test_the_power_is_what_the_held_nodes_deliver(
    member: str, net: oracle.Network, seed: int
) -> None:
    """Tellegen's theorem: the sum over what is held of voltage times current into the network."""
    network, relative = MEMBERS[member](net, seed)
    network.present(net.voltages, net.desired)
    for found, k, volts in zip(
        network.power(), relative * net.conductances, dense(net, relative * net.conductances),
        strict=True,
    ):  # fmt: skip
        currents = oracle.laplacian(net.edges, net.nodes, k) @ volts
        delivered = float(volts @ currents)
        assert found == pytest.approx(
            delivered, rel=1e-9, abs=1e-9 * k.sum() * scale(net, (volts, volts)) ** 2
        )
        assert found >= 0.0


@each_member
@settings(max_examples=EXAMPLES // 4)
@given(net=NETS, seed=SEEDS)
def test_responses_are_those_of_the_free_copy(member: str, net: oracle.Network, seed: int) -> None:
    network, relative = MEMBERS[member](net, seed)
    network.present(net.voltages, net.desired)
    before = np.array(network.voltages())
    inputs = np.random.default_rng(seed).uniform(-5.0, 5.0, (4, len(net.sources)))
    outputs = np.full((4, len(net.targets)), np.nan)
    network.respond(inputs, outputs)
    free = oracle.laplacian(net.edges, net.nodes, relative[0] * net.conductances)
    expected = [oracle.hold(free, net.sources, row)[net.targets] for row in inputs]
    np.testing.assert_allclose(outputs, np.array(expected), rtol=0.0, atol=5.0 * PROMISE)
    np.testing.assert_allclose(inputs @ network.transfer().T, outputs, rtol=0.0, atol=1e-12)
    misses = outputs - 1.0
    network.respond(inputs, misses, add=True)
    np.testing.assert_allclose(misses, 2.0 * outputs - 1.0, rtol=0.0, atol=1e-12)
    assert np.array(network.voltages()).tobytes() == before.tobytes()


@each_member
def test_a_part_that_is_cut_off_is_named(member: str) -> None:
    net = oracle.Network(
        edges=np.array([(0, 1), (1, 2), (2, 3)]),
        nodes=4,
        sources=[0],
        targets=[1],
        conductances=np.ones(3),
        voltages=np.array([1.0]),
        desired=np.array([0.5]),
        nudge=0.5,
    )
    network, _ = MEMBERS[member](net, 0)
    network.set_conductance(1, 0.0)
    inputs, outputs = np.ones((1, 1)), np.zeros((1, 1))
    for ask in (
        lambda: network.drops(0),
        network.voltages,
        network.power,
        lambda: network.respond(inputs, outputs),
    ):
        with pytest.raises(SingularCircuitError, match=r"got nodes? .*2.*3.* cut off"):
            ask()
    network.set_conductance(1, 2.0)
    assert network.drops(2) == pytest.approx((0.0, 0.0))


@each_member
def test_a_wrong_conductance_is_refused(member: str) -> None:
    net = replace(PLAIN, nudge=0.5)
    network, _ = MEMBERS[member](net, 0)
    for wrong in (-1.0, np.inf, np.nan):
        with pytest.raises(CircuitError, match="must be finite and not negative"):
            network.set_conductance(0, wrong)


PLAIN = oracle.Network(
    edges=oracle.BREADBOARD,
    nodes=9,
    sources=[0, 8],
    targets=[4],
    conductances=np.linspace(1.0, 2.0, len(oracle.BREADBOARD)),
    voltages=np.array([1.0, 0.0]),
    desired=np.array([0.2]),
    nudge=0.5,
)


def test_what_only_linear_networks_have_is_refused_elsewhere() -> None:
    class Curved(TwinNetwork):
        transfer = Network.transfer

    network = Curved(*_whole(PLAIN))
    with pytest.raises(CircuitError, match=r"a Curved has no transfer, since .* linearly"):
        network.transfer()


# --- copies that do not match --------------------------------------------------------------------


@settings(max_examples=EXAMPLES // 4)
@given(scenarios(), st.sampled_from([1e-3, 0.02, 0.5]), SEEDS)
def test_the_engines_agree_on_copies_that_differ(
    scenario: ot.Scenario, spread: float, seed: int
) -> None:
    assert_engines_agree(scenario.replace(**{"edges.mismatch.conductance": spread}), seed)


@settings(max_examples=EXAMPLES // 10)
@given(scenarios(), SEEDS)
def test_copies_that_happen_to_match_are_those_that_share(scenario: ot.Scenario, seed: int) -> None:
    """Two factors of the same numbers tell the same story as one, bit for bit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            mismatch,
            "TwinNetwork",
            lambda circuit, *rest: MismatchedTwins(
                circuit, *rest, relative=np.ones((2, len(circuit.edges)))
            ),
        )
        two = ot.run(scenario, seed, "compiled")
    one = ot.run(scenario.replace(**{"edges.mismatch.conductance": 0.0}), seed, "compiled")
    assert_frame_equal(one.events, two.events, check_exact=True)
    assert_frame_equal(one.probes, two.probes, check_exact=True)


def test_a_large_lattice_whose_copies_differ() -> None:
    for clock in ({"kind": "periodic"}, {"kind": "periodic", "phase": "uniform", "jitter": 0.1}):
        scenario = ot.load("lattice-regression").replace(
            **{
                "circuit": {"kind": "square_lattice", "rows": 16, "cols": 16},
                "edges.clock": clock,
                "edges.mismatch": {"conductance": 0.02},
                "probe.period": 0.7,
                "horizon": 3.0,
            }
        )
        assert_engines_agree(scenario, seed=5)


def test_the_log_is_that_of_two_dense_circuits() -> None:
    """Every drop of a run, of each copy as the seed has it, follows from what had been written."""
    scenario = ot.load("breadboard-iii").replace(
        **{"horizon": 12.0, "edges.mismatch.conductance": 0.05}
    )
    run = ot.run(scenario, seed=3)
    relative = Mismatch(conductance=0.05).relative(len(run.edges), Streams(3))
    number = {label: at for at, label in enumerate(run.nodes["node"])}
    ends = [run.edges[end].map(number).to_numpy() for end in ("first", "second")]
    task: Any = scenario.task
    net = oracle.Network(
        edges=np.array(ends).T,
        nodes=len(number),
        sources=[number[label] for label in task.sources],
        targets=[number[label] for label in task.targets],
        conductances=run.edges["conductance_start_S"].to_numpy(copy=True),
        voltages=np.array(list(task.sources.values())),
        desired=np.array(list(task.targets.values())),
        nudge=scenario.supervisor.nudge,
    )
    assert len(run.events) > 150
    for row in run.events.to_dict("records"):
        first, second = net.edges[row["edge"]]
        volts = dense(net, relative * net.conductances)
        drops = [copy[first] - copy[second] for copy in volts]
        assert drops == pytest.approx([row["drop_free_V"], row["drop_clamped_V"]], abs=1e-9)
        net.conductances[row["edge"]] = row["conductance_after_S"]
    nodes = node_voltages(run)
    for name, expected in zip(
        ("free_V", "clamped_V"), dense(net, relative * net.conductances), strict=True
    ):
        np.testing.assert_allclose(nodes[name], expected, atol=1e-9)
    outputs = dense(net, relative * net.conductances)[0][net.targets]
    error = float(np.mean((outputs - net.desired) ** 2))
    assert run.summary["final_error"] == pytest.approx(error, rel=1e-9)
    for name in ("largest_curvature", "participation"):
        with pytest.raises(AnalysisError, match=r"edges\.mismatch\.conductance is 0\.05"):
            METRICS[name](run)


def test_each_copy_of_each_edge_has_a_draw_of_its_own() -> None:
    drawn = Mismatch(conductance=0.02).relative(20_000, Streams(4))
    assert drawn.mean() == pytest.approx(1.0, abs=5 * 0.02 / np.sqrt(drawn.size))
    np.testing.assert_allclose(drawn.std(axis=1), 0.02, rtol=0.03)
    assert abs(np.mean((drawn[0] - 1.0) * (drawn[1] - 1.0))) < 0.03 * 0.02**2
    fewer = Mismatch(conductance=0.02).relative(7, Streams(4))
    np.testing.assert_array_equal(fewer, drawn[:, :7])
    assert (Mismatch(conductance=0.02).relative(7, Streams(5)) != fewer).all()
    wide = Mismatch(conductance=0.5).relative(20_000, Streams(4))
    assert wide.min() > 0.0
    assert wide.mean() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("wrong", [-0.1, 0.6, float("nan")])
def test_a_mismatch_that_cannot_be_is_refused(wrong: float) -> None:
    with pytest.raises(ScenarioError, match=r"edges\.mismatch\.conductance"):
        ot.load("breadboard-iii").replace(**{"edges.mismatch.conductance": wrong})


@pytest.mark.parametrize(
    ("relative", "message"),
    [
        (np.ones(16), r"'relative', must have the shape \(2, 16\), got \(16,\)"),
        (np.zeros((2, 16)), "must be positive and finite"),
        (np.full((2, 16), np.nan), "must be positive and finite"),
    ],
)
def test_what_copies_cannot_conduct_is_refused(relative: Reals, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        MismatchedTwins(*_whole(PLAIN), relative=relative)
