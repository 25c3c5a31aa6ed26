"""Both copies against oracles that share nothing with the solver.

The oracle of the random circuits writes down Kirchhoff's laws and eliminates in fractions, so that
it makes no error at all; the clamped copy is a problem of its own there, with the targets held.
The other oracles are formulas (series, parallel, bridge, symmetry) and networkx's resistance
distance; and what every resistor network obeys: balance of currents and power, reciprocity,
superposition, indifference to names and order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from random import Random
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from numpy.typing import NDArray

import ohmtick as ot
from ohmtick.engine.errors import CircuitError, OhmtickError, SingularCircuitError
from ohmtick.engine.lattices import random_circuit

FloatArray = NDArray[np.float64]

#: What the engine promises: every voltage, relative to the largest source voltage.
PROMISE = 1e-9

DIVIDER = ot.Circuit([(0, 1), (1, 2)], labels=["in", "out", "ground"])


# --- random cases ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A twin network and a datum, as plain values."""

    nodes: int
    edges: list[tuple[int, int]]
    conductances: list[float]
    sources: list[int]
    targets: list[int]
    inputs: list[float]
    desired: list[float]
    nudge: float

    @property
    def scale(self) -> float:
        return max(abs(voltage) for voltage in self.inputs)

    @cached_property
    def circuit(self) -> ot.Circuit:
        return ot.Circuit(self.edges, self.nodes)

    def twin(self) -> ot.TwinNetwork:
        twin = ot.TwinNetwork(
            self.circuit, self.conductances, self.sources, self.targets, self.nudge
        )
        twin.present(self.inputs, self.desired)
        return twin

    def floating(self) -> list[str]:
        """The labels of the nodes that no path leads to from a source."""
        graph: nx.Graph[int] = nx.empty_graph(self.nodes)
        graph.add_edges_from(
            ends for ends, value in zip(self.edges, self.conductances, strict=True) if value
        )
        reached = set().union(*(nx.node_connected_component(graph, s) for s in self.sources))
        return [str(node) for node in range(self.nodes) if node not in reached]

    def close(self, found: Any, expected: Any) -> bool:
        """Whether two sets of voltages agree as well as the engine promises."""
        return bool(np.allclose(found, expected, rtol=0.0, atol=PROMISE * self.scale))

    def into(self, voltages: FloatArray) -> FloatArray:
        """The current that the edges bring to every node, A."""
        first, second = self.circuit.edges.T
        current = self.conductances * (voltages[first] - voltages[second])
        arriving: FloatArray = np.zeros(self.nodes)
        np.add.at(arriving, second, current)
        np.subtract.at(arriving, first, current)
        return arriving

    def conductance_at(self) -> FloatArray:
        """The sum of the conductances at every node, S."""
        total: FloatArray = np.zeros(self.nodes)
        np.add.at(total, self.circuit.edges, np.array(self.conductances)[:, None])
        return total


def conductances(decades: float) -> st.SearchStrategy[float]:
    """Conductances that span so many decades, S, up to that of a resistor of 100 Ω."""
    return st.floats(-2.0 - decades, -2.0).map(lambda exponent: 10.0**exponent)


#: Voltages as a laboratory has them: from -1 to 1 V, in steps of a microvolt.
VOLTAGES = st.integers(-1_000_000, 1_000_000).map(lambda number: number / 1e6)
FEW = st.integers(0, 3)
SIGNS = st.sampled_from([1.0, -1.0])
WORDS = st.integers(0, math.factorial(8) - 1)


def draw_inputs(draw: st.DrawFn, count: int) -> list[float]:
    """Source voltages of which the largest is 1 V."""
    values = [draw(VOLTAGES) for _ in range(count)]
    values[draw(FEW) % count] = draw(SIGNS)
    return values


def digits(word: int, bases: Sequence[int]) -> list[int]:
    """The digits of a number in mixed bases: many small choices for the price of one draw."""
    word *= 104_729  # a prime: small numbers, of which Hypothesis draws many, differ in all digits
    found = []
    for base in bases:
        word, digit = divmod(word, base)
        found.append(digit)
    return found


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    decades: float = 5.0,
    sources: tuple[int, int] = (1, 3),
    targets: tuple[int, int] = (0, 3),
) -> Case:
    """Connected circuits of up to eight nodes: a tree, and edges between any two nodes.

    These may be parallel, join sources or targets to each other, or have no conductance.
    """
    nodes = draw(st.integers(max(2, sources[0] + targets[0]), 8))
    tree = list(zip(digits(draw(WORDS), range(1, nodes)), range(1, nodes), strict=True))
    extra = [
        (first, (first + 1 + step) % nodes)
        for first, step in (
            digits(word, (nodes, nodes - 1)) for word in draw(st.lists(WORDS, max_size=7))
        )
    ]
    value = conductances(decades)
    values = [draw(value) for _ in tree] + [draw(value) for _ in extra]
    for edge in range(len(tree), len(values)):
        values[edge] *= values[edge] > 2e-2 * 10.0**-decades  # a few do not conduct
    roles = list(range(nodes))
    for place, step in enumerate(digits(draw(WORDS), range(nodes, 0, -1))):
        roles[place], roles[place + step] = roles[place + step], roles[place]
    held = min(sources[0] + (draw(FEW) + 1) % (sources[1] - sources[0] + 1), nodes - targets[0])
    wanted = min(targets[0] + (draw(FEW) + 1) % (targets[1] - targets[0] + 1), nodes - held)
    volt = 10.0 ** (draw(FEW) - 2)
    return Case(
        nodes=nodes,
        edges=tree + extra,
        conductances=values,
        sources=roles[:held],
        targets=roles[held : held + wanted],
        inputs=[volt * value for value in draw_inputs(draw, held)],
        desired=[volt * draw(VOLTAGES) for _ in range(wanted)],
        nudge=draw(st.floats(0.001, 1.5)),
    )


# --- the oracle -----------------------------------------------------------------------------------


def kirchhoff(case: Case, held: Mapping[int, Fraction]) -> list[Fraction]:
    """Solve for the voltages, exactly: the held nodes' are given, elsewhere currents balance."""
    rows = [[Fraction(0)] * (case.nodes + 1) for _ in range(case.nodes)]
    for node, voltage in held.items():
        rows[node][node], rows[node][-1] = Fraction(1), voltage
    for (first, second), conductance in zip(case.edges, case.conductances, strict=True):
        for node, other in ((first, second), (second, first)):
            if node not in held:
                rows[node][node] += Fraction(conductance)
                rows[node][other] -= Fraction(conductance)
    for pivot in range(case.nodes):
        for row in rows[:pivot] + rows[pivot + 1 :]:
            if row[pivot]:
                factor = row[pivot] / rows[pivot][pivot]
                for column in range(pivot, case.nodes + 1):
                    if rows[pivot][column]:
                        row[column] -= factor * rows[pivot][column]
    return [rows[node][-1] / rows[node][node] for node in range(case.nodes)]


def exact(case: Case) -> tuple[FloatArray, FloatArray]:
    """The voltages of the free and the clamped copy, V."""
    inputs = dict(zip(case.sources, map(Fraction, case.inputs), strict=True))
    free = kirchhoff(case, inputs)
    clamp = {
        target: free[target] + Fraction(case.nudge) * (Fraction(desired) - free[target])
        for target, desired in zip(case.targets, case.desired, strict=True)
    }
    clamped = kirchhoff(case, inputs | clamp)
    return np.array(free, dtype=np.float64), np.array(clamped, dtype=np.float64)


@given(cases())
def test_both_copies_are_the_exact_solution(case: Case) -> None:
    twin, expected = case.twin(), exact(case)
    for found, copy in zip(twin.voltages(), expected, strict=True):
        assert found.shape == (case.nodes,)
        assert case.close(found, copy)
    for edge, (first, second) in enumerate(case.edges):
        assert case.close(twin.drops(edge), [copy[first] - copy[second] for copy in expected])


@given(cases())
def test_transfer_is_the_exact_response(case: Case) -> None:
    twin = case.twin()
    transfer = twin.transfer()
    assert transfer.shape == (len(case.targets), len(case.sources))
    for column, source in enumerate(case.sources):
        unit = kirchhoff(case, {node: Fraction(node == source) for node in case.sources})
        expected = [float(unit[target]) for target in case.targets]
        np.testing.assert_allclose(transfer[:, column], expected, rtol=0.0, atol=PROMISE)
    np.testing.assert_allclose(transfer.sum(axis=1), 1.0, rtol=0.0, atol=PROMISE)
    assert case.close(transfer @ case.inputs, twin.voltages()[0][case.targets])


# --- formulas -------------------------------------------------------------------------------------


@given(st.lists(conductances(5.0), min_size=2, max_size=12), st.data())
def test_resistors_in_series_divide_the_voltage(values: list[float], data: st.DataObject) -> None:
    nodes = len(values) + 1
    target = data.draw(st.integers(1, nodes - 2))
    twin = ot.TwinNetwork(
        ot.Circuit(list(pairwise(range(nodes)))), values, [0, nodes - 1], [target], 0.5
    )
    twin.present([1.0, 0.0], [0.25])
    resistances = 1 / np.array(values)
    after = np.append(np.cumsum(resistances[::-1])[::-1], 0.0)
    free = after / after[0]
    np.testing.assert_allclose(twin.voltages()[0], free, rtol=0.0, atol=PROMISE)
    # The clamp makes two chains of one: from 1 V to the target, and from the target to 0 V.
    held = (free[target] + 0.25) / 2
    fall = (after - after[target])[: target + 1] / (after[0] - after[target])
    rest = after[target:] / after[target]
    clamped = np.concatenate([held + (1 - held) * fall, held * rest[1:]])
    np.testing.assert_allclose(twin.voltages()[1], clamped, rtol=0.0, atol=PROMISE)


@given(st.lists(conductances(5.0), min_size=1, max_size=8), conductances(5.0), st.data())
def test_resistors_in_parallel_add_their_conductances(
    bundle: list[float], other: float, data: st.DataObject
) -> None:
    flips = data.draw(st.lists(st.booleans(), min_size=len(bundle), max_size=len(bundle)))
    edges = [(1, 0) if flip else (0, 1) for flip in flips] + [(1, 2)]
    twin = ot.TwinNetwork(ot.Circuit(edges), [*bundle, other], [0, 2], [1], 0.1)
    twin.present([1.0, 0.0], [0.0])
    free = math.fsum(bundle) / math.fsum([*bundle, other])
    for edge, flip in enumerate(flips):
        sign = -1 if flip else 1
        expected = [sign * (1 - free), sign * (1 - 0.9 * free)]
        np.testing.assert_allclose(twin.drops(edge), expected, rtol=0.0, atol=PROMISE)


@given(st.lists(conductances(5.0), min_size=5, max_size=5), VOLTAGES)
def test_bridge(values: list[float], bottom: float) -> None:
    """Source 0 feeds 1 and 2, both lead to source 3, a fifth resistor bridges 1 and 2."""
    k01, k02, k13, k23, k12 = values
    circuit = ot.Circuit([(0, 1), (0, 2), (1, 3), (2, 3), (1, 2)])
    twin = ot.TwinNetwork(circuit, values, sources=[0, 3], targets=[2], nudge=1.0)
    twin.present([1.0, bottom], [0.5])
    at_1, at_2 = k01 + k13 + k12, k02 + k23 + k12
    into_1, into_2 = k01 + k13 * bottom, k02 + k23 * bottom
    # Cramer's rule; the determinant's terms k12² cancel.
    determinant = (k01 + k13) * at_2 + k12 * (k02 + k23)
    free_1 = (into_1 * at_2 + k12 * into_2) / determinant
    free_2 = (into_2 * at_1 + k12 * into_1) / determinant
    free = [1, free_1, free_2, bottom]
    clamped = [1, (into_1 + k12 * 0.5) / at_1, 0.5, bottom]
    np.testing.assert_allclose(twin.voltages(), [free, clamped], rtol=0.0, atol=PROMISE)


@given(st.tuples(*[conductances(2.0)] * 3), st.floats(0.1, 10.0))
def test_balanced_bridge_has_no_drop_over_it(
    values: tuple[float, float, float], ratio: float
) -> None:
    first, second, across = values
    arms = [first, second, ratio * first, ratio * second]
    circuit = ot.Circuit([(0, 1), (0, 2), (1, 3), (2, 3), (1, 2)])
    twin = ot.TwinNetwork(circuit, [*arms, across], sources=[0, 3], targets=[], nudge=1.0)
    twin.present([1.0, 0.0], [])
    assert abs(twin.drops(4)[0]) < PROMISE


def resistance(circuit: ot.Circuit, values: Sequence[float], first: int, second: int) -> float:
    """The resistance between two nodes, as one measures it: by the current at 1 V."""
    twin = ot.TwinNetwork(circuit, values, [first, second], [], 0.5)
    twin.present([1.0, 0.0])
    current = sum(
        value * twin.drops(edge)[0] * (1 if ends[0] == first else -1)
        for edge, (ends, value) in enumerate(zip(circuit.edges.tolist(), values, strict=True))
        if first in ends
    )
    return 1 / current


@pytest.mark.parametrize(
    ("corner", "expected"), [(1, 7 / 12), (3, 3 / 4), (7, 5 / 6)], ids=["edge", "face", "space"]
)
def test_resistances_of_a_cube(corner: int, expected: float) -> None:
    cube = ot.from_networkx(nx.convert_node_labels_to_integers(nx.hypercube_graph(3)))
    # Labelled in binary order, so that 0 and 1 share an edge, 0 and 3 a face.
    assert resistance(cube, [1.0] * 12, 0, corner) == pytest.approx(expected, rel=1e-12)


def distance(case: Case, first: int, second: int) -> float:
    """The resistance between two nodes, by networkx."""
    graph: nx.MultiGraph[int] = nx.MultiGraph()
    for (one, two), value in zip(case.edges, case.conductances, strict=True):
        graph.add_edge(one, two, conductance=value)
    found = nx.resistance_distance(graph, first, second, "conductance", invert_weight=False)
    assert isinstance(found, float)
    return found


@given(cases(decades=2.0, sources=(2, 2)))
def test_resistances_are_the_distances_of_networkx(case: Case) -> None:
    source, ground = case.sources
    across = distance(case, source, ground)
    found = resistance(case.circuit, case.conductances, source, ground)
    assert found == pytest.approx(across, rel=PROMISE)
    # What a target sees of the source follows from three resistances.
    for row, target in zip(case.twin().transfer(), case.targets, strict=True):
        more = distance(case, target, ground) - distance(case, source, target)
        assert row[0] == pytest.approx((across + more) / (2 * across), abs=PROMISE)


@pytest.mark.parametrize(
    "circuit",
    [ot.breadboard(), ot.square_lattice(4, 4, periodic=True), random_circuit(12, 30, seed=1)],
)
def test_foster(circuit: ot.Circuit) -> None:
    """The conductances times the resistances between their ends add to N - 1."""
    values = 10.0 ** np.random.default_rng(2).uniform(-6, -3, len(circuit.edges))
    total = sum(
        value * resistance(circuit, values.tolist(), *ends)
        for ends, value in zip(circuit.edges.tolist(), values, strict=True)
    )
    assert total == pytest.approx(circuit.nodes - 1, rel=PROMISE)


# --- what every resistor network obeys ------------------------------------------------------------


@given(cases())
def test_kirchhoff(case: Case) -> None:
    """Currents balance wherever no voltage is held, and what is held is where it should be."""
    free, clamped = case.twin().voltages()
    bound = PROMISE * case.scale * case.conductance_at()
    for copy, held in ((free, case.sources), (clamped, case.sources + case.targets)):
        balanced = ~np.isin(np.arange(case.nodes), held)
        assert (abs(case.into(copy)) <= bound)[balanced].all()
    assert free[case.sources].tolist() == clamped[case.sources].tolist() == case.inputs
    shift = case.nudge * (np.array(case.desired) - free[case.targets])
    assert case.close(clamped[case.targets], free[case.targets] + shift)


@given(cases())
def test_power_put_in_is_the_power_dissipated(case: Case) -> None:
    twin = case.twin()
    free, clamped = np.array([twin.drops(edge) for edge in range(len(case.edges))]).T
    held = case.sources, case.sources + case.targets
    bound = PROMISE * case.scale**2 * sum(case.conductances)
    for copy, nodes, drop in zip(twin.voltages(), held, (free, clamped), strict=True):
        put_in = -copy[nodes] @ case.into(copy)[nodes]
        assert put_in == pytest.approx(case.conductances @ drop**2, abs=bound)
    # Tellegen: P_clamped - P_free = Σ k (drop_clamped - drop_free)², so that clamping costs power.
    more = case.conductances @ (clamped**2 - free**2)
    assert more == pytest.approx(case.conductances @ (clamped - free) ** 2, abs=bound)


@given(cases(sources=(3, 3)))
def test_reciprocity_of_currents(case: Case) -> None:
    """1 V at one of three sources draws as much from another as the other way round."""
    twin = case.twin()
    drawn = np.empty((3, 3))
    for column in range(3):
        twin.present(np.eye(3)[column])
        drawn[:, column] = case.into(twin.voltages()[0])[case.sources]
    bound = PROMISE * case.conductance_at()[case.sources].max()
    np.testing.assert_allclose(drawn, drawn.T, rtol=0.0, atol=bound)
    np.testing.assert_allclose(drawn.sum(axis=0), 0.0, rtol=0.0, atol=3 * bound)


@given(cases(decades=2.0, sources=(2, 2), targets=(1, 1)))
def test_reciprocity_of_source_and_target(case: Case) -> None:
    """The resistance of transfer is the same with source and target swapped: T R = T' R'."""
    (source, ground), (target,) = case.sources, case.targets
    swapped = replace(case, sources=[target, ground], targets=[source])
    there, back = case.twin().transfer()[0, 0], swapped.twin().transfer()[0, 0]
    in_front = resistance(case.circuit, case.conductances, source, ground)
    behind = resistance(case.circuit, case.conductances, target, ground)
    assert there * in_front == pytest.approx(
        back * behind, rel=PROMISE, abs=PROMISE * max(in_front, behind)
    )


@given(cases(), st.randoms(use_true_random=False))
def test_names_order_and_direction_do_not_matter(case: Case, random: Random) -> None:
    name, order, sources, targets = (
        random.sample(range(len(given)), len(given))
        for given in (range(case.nodes), case.edges, case.sources, case.targets)
    )
    signs = [random.choice([-1, 1]) for _ in order]
    ends = {
        (edge, sign): (name[first], name[second])
        for edge, (one, two) in enumerate(case.edges)
        for sign, first, second in ((1, one, two), (-1, two, one))
    }
    other = replace(
        case,
        edges=[ends[key] for key in zip(order, signs, strict=True)],
        conductances=[case.conductances[edge] for edge in order],
        sources=[name[case.sources[place]] for place in sources],
        targets=[name[case.targets[place]] for place in targets],
        inputs=[case.inputs[place] for place in sources],
        desired=[case.desired[place] for place in targets],
    )
    twin, again = case.twin(), other.twin()
    assert case.close(np.array(again.voltages())[:, name], twin.voltages())
    for place, (edge, sign) in enumerate(zip(order, signs, strict=True)):
        assert case.close(sign * np.array(again.drops(place)), twin.drops(edge))
    np.testing.assert_allclose(
        again.transfer(), twin.transfer()[np.ix_(targets, sources)], rtol=0.0, atol=PROMISE
    )


@given(cases(), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), st.data())
def test_data_superpose(case: Case, first: float, second: float, data: st.DataObject) -> None:
    twin = case.twin()
    one = np.array(twin.voltages())
    count = [len(case.inputs), len(case.desired)]
    inputs, desired = (
        case.scale * np.array(data.draw(st.lists(VOLTAGES, min_size=n, max_size=n))) for n in count
    )
    twin.present(inputs, desired)
    two = np.array(twin.voltages())
    twin.present(
        first * np.array(case.inputs) + second * inputs,
        first * np.array(case.desired) + second * desired,
    )
    bound = PROMISE * case.scale * (1 + abs(first) + abs(second))
    np.testing.assert_allclose(twin.voltages(), first * one + second * two, rtol=0.0, atol=bound)


# --- the clamp ------------------------------------------------------------------------------------


@given(cases(targets=(1, 3)))
def test_a_nudge_of_one_puts_the_targets_on_the_desired_voltages(case: Case) -> None:
    _, clamped = replace(case, nudge=1.0).twin().voltages()
    assert case.close(clamped[case.targets], case.desired)


@given(cases())
def test_the_response_is_proportional_to_the_nudge(case: Case) -> None:
    free, clamped = case.twin().voltages()
    same, whole = replace(case, nudge=1.0).twin().voltages()
    assert case.close(same, free)
    assert case.close(clamped, free + case.nudge * (whole - free))
    # Targets that are right already are not moved.
    right = replace(case, desired=free[case.targets].tolist())
    assert case.close(right.twin().voltages(), [free, free])


def test_without_targets_the_copies_are_one() -> None:
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], ["in", "ground"], [], nudge=0.5)
    twin.present([1.0, 0.0], [])
    assert twin.drops(0) == pytest.approx((0.75, 0.75), rel=1e-12)
    assert twin.transfer().shape == (0, 2)


def test_with_every_node_a_source_nothing_is_left_to_solve() -> None:
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], [1, 0, 2], [], nudge=0.5)
    twin.present([0.5, 2.0, -1.0])
    assert [copy.tolist() for copy in twin.voltages()] == [[2.0, 0.5, -1.0]] * 2


def test_the_clamp_follows_the_free_outputs() -> None:
    """It is not held where the outputs were when the datum was presented."""
    twin = ot.TwinNetwork(DIVIDER, [1.0, 1.0], ["in", "ground"], ["out"], nudge=0.5)
    twin.present([1.0, 0.0], [0.0])
    assert twin.drops(1) == pytest.approx((0.5, 0.25), rel=1e-12)
    twin.set_conductance(0, 3.0)
    assert twin.drops(1) == pytest.approx((0.75, 0.375), rel=1e-12)


# --- a twin that lives ----------------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """A twin whose conductances and datum change in any order, next to what they should be.

    It is read only where a rule says so: in between, changes pile up.
    """

    @initialize(case=cases())
    def begin(self, case: Case) -> None:
        self.case, self.volt, self.twin = case, case.scale, case.twin()

    def edge(self, number: int) -> int:
        return number % len(self.case.edges)

    @rule(number=st.integers(0, 99), value=st.just(0.0) | conductances(5.0))
    def set_one(self, number: int, value: float) -> None:
        values = self.case.conductances.copy()
        values[self.edge(number)] = value
        self.case = replace(self.case, conductances=values)
        self.twin.set_conductance(self.edge(number), value)

    @rule(data=st.data())
    def set_all(self, data: st.DataObject) -> None:
        count = len(self.case.edges)
        values = data.draw(st.lists(conductances(5.0), min_size=count, max_size=count))
        self.case = replace(self.case, conductances=values)
        self.twin.set_conductances(values)

    @rule(values=st.lists(VOLTAGES, min_size=3, max_size=3), place=FEW, sign=SIGNS)
    def present_inputs(self, values: list[float], place: int, sign: float) -> None:
        count = len(self.case.sources)
        values[place % count] = sign  # the largest
        self.case = replace(self.case, inputs=[self.volt * value for value in values[:count]])
        self.twin.present(inputs=self.case.inputs)

    @rule(values=st.lists(VOLTAGES, min_size=3, max_size=3))
    def present_desired(self, values: list[float]) -> None:
        count = len(self.case.targets)
        self.case = replace(self.case, desired=[self.volt * value for value in values[:count]])
        self.twin.present(desired=self.case.desired)

    def cut_off(self, read: Callable[[], object]) -> bool:
        """Whether a part is cut off, in which case the twin must say so, and which."""
        floating = self.case.floating()
        if floating:
            with pytest.raises(SingularCircuitError) as caught:
                read()
            assert re.findall("'(.*?)'", str(caught.value)) == floating[:8]
        return bool(floating)

    @rule(number=st.integers(0, 99))
    def read_drops(self, number: int) -> None:
        edge = self.edge(number)
        if not self.cut_off(lambda: self.twin.drops(edge)):
            first, second = self.case.edges[edge]
            expected = [copy[first] - copy[second] for copy in exact(self.case)]
            assert self.case.close(self.twin.drops(edge), expected)

    @rule()
    def read_voltages(self) -> None:
        if not self.cut_off(self.twin.voltages):
            assert self.case.close(self.twin.voltages(), exact(self.case))

    @rule()
    def read_transfer(self) -> None:
        if not self.cut_off(self.twin.transfer):
            expected = exact(self.case)[0][self.case.targets]
            assert self.case.close(self.twin.transfer() @ self.case.inputs, expected)

    @rule(number=st.integers(0, 99))
    def read_conductances(self, number: int) -> None:
        edge = self.edge(number)
        assert self.twin.conductance(edge) == self.case.conductances[edge]
        assert self.twin.conductances.tolist() == self.case.conductances


TestLife = Life.TestCase
TestLife.settings = settings(stateful_step_count=15)


@pytest.mark.parametrize("read_every", [1, 7, 1000])
def test_many_changes_leave_it_as_good_as_new(read_every: int) -> None:
    """After a thousand changes over two decades, read on the way or not."""
    circuit = random_circuit(64, 143, seed=3)
    rng = np.random.default_rng(5)
    values = 10.0 ** rng.uniform(-5, -3, 143)
    roles: tuple[list[int | str], list[int | str]] = ([0, 1, 2], [3, 4, 5])
    twin = ot.TwinNetwork(circuit, values, *roles, nudge=0.1)
    datum = ([1.0, 0.0, 0.4], [0.2, 0.3, 0.7])
    twin.present(*datum)
    for change in range(1, 1001):
        edge = int(rng.integers(143))
        values[edge] = 10.0 ** rng.uniform(-5, -3)
        twin.set_conductance(edge, values[edge])
        if change % read_every == 0:
            twin.drops(int(rng.integers(143)))
    fresh = ot.TwinNetwork(circuit, values, *roles, nudge=0.1)
    fresh.present(*datum)
    assert twin.conductances.tolist() == values.tolist()
    for edge in range(143):
        assert twin.drops(edge) == pytest.approx(fresh.drops(edge), rel=0.0, abs=PROMISE)
    np.testing.assert_allclose(twin.transfer(), fresh.transfer(), rtol=0.0, atol=PROMISE)


def test_set_conductance_shows_in_the_next_drops() -> None:
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], ["in", "ground"], ["out"], nudge=0.5)
    twin.present([1.0, 0.0], [0.75])
    assert twin.drops(0) == pytest.approx((0.75, 0.5), rel=1e-12)
    twin.set_conductance(1, 1.0)
    assert twin.drops(0) == pytest.approx((0.5, 0.375), rel=1e-12)
    twin.set_conductances(2.0)  # the same for every edge: nothing but their ratio counts
    assert twin.drops(0) == pytest.approx((0.5, 0.375), rel=1e-12)
    assert twin.conductances.tolist() == [2.0, 2.0]


def test_present_keeps_what_is_omitted() -> None:
    twin = ot.TwinNetwork(DIVIDER, 1.0, ["in", "ground"], ["out"], nudge=1.0)
    twin.present([1.0, 0.0], [0.25])
    twin.present(inputs=[3.0, 1.0])
    assert np.array(twin.voltages()) == pytest.approx(np.array([[3, 2, 1], [3, 0.25, 1]]))
    twin.present(desired=[0.5])
    assert np.array(twin.voltages()) == pytest.approx(np.array([[3, 2, 1], [3, 0.5, 1]]))
    twin.present()
    assert np.array(twin.voltages()) == pytest.approx(np.array([[3, 2, 1], [3, 0.5, 1]]))


def test_before_the_first_datum_everything_is_at_zero() -> None:
    twin = ot.TwinNetwork(DIVIDER, 1.0, ["in", "ground"], ["out"], nudge=1.0)
    assert twin.drops(0) == (0.0, 0.0)
    assert not np.any(twin.voltages())


# --- no aliasing ----------------------------------------------------------------------------------


def test_what_it_returns_is_the_callers() -> None:
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], ["in", "ground"], ["out"], nudge=0.5)
    twin.present([1.0, 0.0], [0.75])

    def returned() -> list[FloatArray]:
        return [twin.conductances, *twin.voltages(), twin.transfer()]

    before = [array.copy() for array in returned()]
    for array in returned():
        array[...] = 99.0
    kept = returned()
    # Nor does what was returned once follow what happens later.
    twin.set_conductances([5.0, 1.0])
    twin.present([2.0, 1.0], [0.0])
    for one, two, now in zip(before, kept, returned(), strict=True):
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(two, now)


def test_what_it_was_given_stays_the_callers() -> None:
    values, inputs, desired = np.array([1.0, 3.0]), np.array([1.0, 0.0]), np.array([0.75])
    sources: list[int | str] = ["in", "ground"]
    targets: list[int | str] = ["out"]
    twin = ot.TwinNetwork(DIVIDER, values, sources, targets, nudge=0.5)
    twin.present(inputs, desired)
    values[:], inputs[:], desired[:] = 7.0, 8.0, 9.0
    sources.reverse()
    targets.clear()
    assert twin.conductances.tolist() == [1.0, 3.0]
    assert twin.drops(0) == pytest.approx((0.75, 0.5), rel=1e-12)
    twin.set_conductances(values)
    values[0] = 1.0
    assert twin.conductances.tolist() == [7.0, 7.0]
    twin.set_conductance(0, 1.0)
    assert values.tolist() == [1.0, 7.0]


def test_twins_on_one_circuit_are_independent() -> None:
    one, two = (ot.TwinNetwork(DIVIDER, 1.0, [0, 2], [1], nudge=0.5) for _ in range(2))
    one.present([1.0, 0.0], [0.0])
    one.set_conductance(0, 3.0)
    assert two.conductance(0) == 1.0
    assert two.drops(0) == (0.0, 0.0)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sources", "targets"),
    [([2, 8], [3, 7]), (["3", "9"], ["4", "8"]), ([2, "9"], ["4", 7]), (np.array([2, 8]), (3, 7))],
    ids=["indices", "labels", "mixed", "array"],
)
def test_nodes_by_index_or_by_label(
    sources: Sequence[int | str], targets: Sequence[int | str]
) -> None:
    twin = ot.TwinNetwork(ot.breadboard(), 1e-4, sources, targets, nudge=1.0)
    twin.present([4.0, 0.0], [1.0, 2.0])
    _, clamped = twin.voltages()
    # An integer is an index, also where the labels are numbers.
    assert clamped[[2, 8, 3, 7]].tolist() == pytest.approx([4.0, 0.0, 1.0, 2.0], rel=1e-12)


# --- a part that is cut off -----------------------------------------------------------------------


@given(cases(), st.data())
def test_a_part_that_is_cut_off_is_named_until_it_is_joined_again(
    case: Case, data: st.DataObject
) -> None:
    others = [node for node in range(case.nodes) if node not in case.sources]
    assume(others)
    part = data.draw(st.sets(st.sampled_from(others), min_size=1))
    crossing = [edge for edge, ends in enumerate(case.edges) if len(part & set(ends)) == 1]
    twin = case.twin()
    for edge in crossing:
        twin.set_conductance(edge, 0.0)
    cut = replace(case, conductances=twin.conductances.tolist())
    assert {str(node) for node in part} <= set(cut.floating())
    for read in (lambda: twin.drops(0), twin.voltages, twin.transfer, cut.twin):
        with pytest.raises(SingularCircuitError) as caught:
            read()
        assert re.findall("'(.*?)'", str(caught.value)) == cut.floating()
        assert "every part of the circuit must touch a source" in str(caught.value)
    for edge in crossing:
        twin.set_conductance(edge, case.conductances[edge])
    assert case.close(twin.voltages(), case.twin().voltages())


def test_a_part_that_is_cut_off_is_named_by_its_labels() -> None:
    twin = ot.TwinNetwork(ot.breadboard(), 1e-4, ["3", "9"], ["4", "8"], nudge=0.5)
    for edge in (5, 6, 8):  # all that leads to node 5
        twin.set_conductance(edge, 0.0)
    with pytest.raises(SingularCircuitError) as caught:
        twin.drops(0)
    assert str(caught.value) == (
        "every part of the circuit must touch a source, got node '5' cut off from all of them"
    )
    assert isinstance(caught.value, OhmtickError)
    assert isinstance(caught.value, ValueError)


def test_a_long_list_of_nodes_is_cut_short() -> None:
    with pytest.raises(SingularCircuitError) as caught:
        ot.TwinNetwork(ot.square_lattice(3, 4), 0.0, [0], [], nudge=0.5)
    assert "got nodes '1', '2', '3', '4', '5', '6', '7', '8' and 3 more cut off" in str(
        caught.value
    )


def test_a_cut_between_sources_leaves_two_circuits() -> None:
    chain = ot.Circuit([(0, 1), (1, 2), (2, 3)])
    twin = ot.TwinNetwork(chain, [1.0, 0.0, 1.0], [0, 3], [1], nudge=0.5)
    twin.present([1.0, -2.0], [0.5])
    free, clamped = twin.voltages()
    np.testing.assert_allclose(free, [1, 1, -2, -2], rtol=1e-12)
    np.testing.assert_allclose(clamped, [1, 0.75, -2, -2], rtol=1e-12)


def test_a_change_is_refused_only_when_read() -> None:
    """Edges may pass through a state without a solution, as long as nobody looks."""
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], ["in"], ["out"], nudge=0.5)
    twin.set_conductances(0.0)
    twin.present([2.0], [1.0])
    twin.set_conductances([3.0, 1.0])
    assert twin.drops(0) == pytest.approx((0.0, 0.5), abs=1e-12)


# --- what it refuses ------------------------------------------------------------------------------


def divider(**changes: Any) -> ot.TwinNetwork:
    given = {"conductances": [1.0, 3.0], "sources": ["in", "ground"], "targets": ["out"]}
    return ot.TwinNetwork(DIVIDER, **{**given, "nudge": 0.5, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"conductances": [1.0]},
            "the 'conductances' of a TwinNetwork must have the shape (2,), got (1,) instead",
        ),
        ({"conductances": [[1.0, 3.0]]}, "must have the shape (2,), got (1, 2) instead"),
        (
            {"conductances": [1.0, -3.0]},
            "the conductance of edge 1 must be finite and not negative, got -3.0 S instead",
        ),
        ({"conductances": -1.0}, "must be finite and not negative, got -1.0 S instead"),
        ({"conductances": [math.nan, 1.0]}, "edge 0 must be finite and not negative, got nan S"),
        ({"conductances": [1.0, math.inf]}, "edge 1 must be finite and not negative, got inf S"),
        ({"conductances": 0.0}, "got node 'out' cut off from all of them"),
        ({"sources": []}, "a TwinNetwork must have at least one source, got none"),
        ({"sources": ["inn"]}, "no node is labelled 'inn'; the nearest is 'in'"),
        ({"targets": ["0"]}, "no node is labelled '0'; there are 'in', 'out', 'ground'"),
        (
            {"sources": [3]},
            "the 'sources' of a TwinNetwork must be node indices in [0, 3) or labels, got 3",
        ),
        (
            {"targets": [-2]},
            "the 'targets' of a TwinNetwork must be node indices in [0, 3) or labels, got -2 "
            "instead; the nearest is '2'",
        ),
        (
            {"sources": ["in", 0]},
            "the 'sources' of a TwinNetwork must all differ, got ['in', 0]",
        ),
        ({"targets": [1, 1]}, "the 'targets' of a TwinNetwork must all differ, got [1, 1]"),
        ({"targets": ["in"]}, "a target must not be a source, got node 'in' as both"),
        ({"targets": [2, "in"]}, "a target must not be a source, got nodes 'in', 'ground' as both"),
        (
            {"nudge": 0.0},
            "the 'nudge' of a TwinNetwork must be positive and finite, got 0.0 instead",
        ),
        (
            {"nudge": -0.5},
            "the 'nudge' of a TwinNetwork must be positive and finite, got -0.5 instead",
        ),
        (
            {"nudge": math.nan},
            "the 'nudge' of a TwinNetwork must be positive and finite, got nan instead",
        ),
        (
            {"nudge": math.inf},
            "the 'nudge' of a TwinNetwork must be positive and finite, got inf instead",
        ),
    ],
)
def test_a_mistake_gets_one_clear_message(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(CircuitError) as caught:
        divider(**changes)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("datum", "says"),
    [
        (
            {"inputs": [1.0]},
            "the 'inputs' of a datum must be 2 finite voltages, one for each of the sources, "
            "got [1.0] instead",
        ),
        ({"inputs": [1.0, math.nan]}, "the 'inputs' of a datum must be 2 finite voltages"),
        ({"inputs": 1.0}, "one for each of the sources, got 1.0 instead"),
        (
            {"desired": [1.0, 2.0]},
            "the 'desired' of a datum must be 1 finite voltages, one for each of the targets, "
            "got [1.0, 2.0] instead",
        ),
        ({"desired": [-math.inf]}, "one for each of the targets, got [-inf] instead"),
    ],
)
def test_a_wrong_datum_is_refused_and_the_old_one_stays(datum: dict[str, Any], says: str) -> None:
    twin = divider()
    twin.present([1.0, 0.0], [0.75])
    with pytest.raises(CircuitError) as caught:
        twin.present(**datum)
    assert says in str(caught.value)
    assert twin.drops(0) == pytest.approx((0.75, 0.5), rel=1e-12)


@pytest.mark.parametrize("value", [-1e-9, math.nan, math.inf, -math.inf])
def test_a_wrong_conductance_is_refused_and_the_old_one_stays(value: float) -> None:
    twin = divider()
    twin.present([1.0, 0.0], [0.75])
    with pytest.raises(CircuitError) as caught:
        twin.set_conductance(1, value)
    assert str(caught.value) == (
        f"the conductance of edge 1 must be finite and not negative, got {value} S instead"
    )
    with pytest.raises(CircuitError) as caught:
        twin.set_conductances([2.0, value])
    assert f"edge 1 must be finite and not negative, got {value} S instead" in str(caught.value)
    with pytest.raises(CircuitError) as caught:
        twin.set_conductances([1.0, 2.0, 3.0])
    assert "must have the shape (2,), got (3,) instead" in str(caught.value)
    assert twin.conductances.tolist() == [1.0, 3.0]
    assert twin.drops(0) == pytest.approx((0.75, 0.5), rel=1e-12)


def test_a_half_wrong_datum_changes_nothing() -> None:
    twin = divider()
    twin.present([1.0, 0.0], [0.75])
    before = twin.drops(0)
    with pytest.raises(CircuitError):
        twin.present([5.0, 0.0], [math.nan])
    twin.set_conductances(twin.conductances)
    assert twin.drops(0) == before


@pytest.mark.parametrize("node", [0.9, math.nan, None])
def test_a_node_is_an_index_or_a_label(node: object) -> None:
    with pytest.raises(CircuitError, match=r"'sources' .* node indices or labels"):
        divider(sources=[node])


# --- long falls, and the check --------------------------------------------------------------------


def fallen(lowest: float) -> tuple[ot.TwinNetwork, Case]:
    """The breadboard after its conductances have fallen from 1e3 S, tenth by tenth, and risen."""
    board = ot.breadboard()
    sources, targets = [board.index(3), board.index(9)], [board.index(4), board.index(8)]
    edges = len(board.edges)
    twin = ot.TwinNetwork(board, 1e3, sources, targets, 0.5)
    twin.present([4.0, 0.0], [1.0, 2.0])
    random = Random(5)
    for factor, end in ((0.1, lowest), (10.0, 1e3), (0.1, lowest)):
        order = [edge for edge in range(edges) for _ in range(20)]
        random.shuffle(order)
        for edge in order:
            k = twin.conductance(edge) * factor
            last = end * (1.0 + edge / edges)
            twin.set_conductance(edge, max(k, last) if factor < 1.0 else min(k, last))
            twin.drops(random.randrange(edges))
    case = Case(
        nodes=board.nodes,
        edges=[(int(i), int(j)) for i, j in board.edges],
        conductances=twin.conductances.tolist(),
        sources=sources,
        targets=targets,
        inputs=[4.0, 0.0],
        desired=[1.0, 2.0],
        nudge=0.5,
    )
    return twin, case


@pytest.mark.parametrize("lowest", [1e-2, 1e-6, 1e-15])
def test_a_long_fall_of_all_conductances_costs_no_digits(lowest: float) -> None:
    """Each change is small, and what they add up to is not."""
    twin, case = fallen(lowest)
    for volts, expected in zip(twin.voltages(), exact(case), strict=True):
        assert case.close(volts, expected)


def test_the_check_finds_a_spoilt_factor_and_makes_it_anew() -> None:
    twin, case = fallen(1e-2)
    twin.drops(0)
    twin.real[:8] *= 1.0 + 1e-6
    assert twin.imbalance() > 1e-9
    twin.check()
    assert twin.refactorizations == 1
    for volts, expected in zip(twin.voltages(), exact(case), strict=True):
        assert case.close(volts, expected)


@pytest.mark.parametrize(
    ("inputs", "nudge"), [([0.0, 0.0], 0.5), ([4.0, 0.0], 1e6), ([0.0, 0.0], 1e9)]
)
def test_the_check_is_content_whatever_is_held(inputs: list[float], nudge: float) -> None:
    board = ot.breadboard()
    twin = ot.TwinNetwork(board, 1e-4, ["3", "9"], ["4", "8"], nudge)
    twin.present(inputs, [1.0, 2.0])
    for edge in range(16):
        twin.set_conductance(edge, 1e-4 / (edge + 1))
        twin.drops(edge)
    twin.check()
    assert twin.refactorizations == 0


@pytest.mark.parametrize("edge", [0.7, np.float64(1.0), "1", None, 2, 99, -1])
def test_what_is_no_edge_is_refused(edge: Any) -> None:
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], ["in", "ground"], ["out"], 0.5)
    for call in (twin.drops, twin.conductance, lambda e: twin.set_conductance(e, 2.0)):
        with pytest.raises(CircuitError, match=r"must be a whole number in \[0, 2\), got"):
            call(edge)


def test_numbers_of_numpy_are_welcome() -> None:
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], ["in", "ground"], ["out"], 0.5)
    twin.present([1.0, 0.0])
    one: Any = np.int64(1)
    twin.set_conductance(one, np.float64(1.0))
    assert twin.drops(one - 1)[0] == pytest.approx(0.5)
    with pytest.raises(CircuitError, match="must be one number, got 'x' S instead"):
        twin.set_conductance(1, "x")  # type: ignore[arg-type]


def test_what_is_not_presented_stays() -> None:
    twin = ot.TwinNetwork(DIVIDER, [1.0, 3.0], ["in", "ground"], ["out"], 0.5)
    twin.present(inputs=[1.0, 0.0])
    twin.present(desired=[0.75])
    twin.present()
    assert twin.drops(0) == (0.75, 0.5)
