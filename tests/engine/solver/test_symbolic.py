"""The structure holds every entry of the factor, and little else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmtick.engine.solver import loops
from ohmtick.engine.solver.costs import break_even
from ohmtick.engine.solver.layout import allocate
from ohmtick.engine.solver.ordering import column_counts, elimination_tree, neighbours, postorder
from ohmtick.engine.solver.symbolic import Symbolic, analyse
from ohmtick.tests.oracle import BREADBOARD, Ints, Network, brute_force_structure, networks, square


def stored_rows(found: Symbolic, column: int) -> set[int]:
    """The rows below a column that the structure has room for."""
    s = found.supernode[column]
    own = range(column + 1, found.first[s + 1])
    return set(own) | set(found.rows[found.row_start[s] : found.row_start[s + 1]].tolist())


def check(found: Symbolic, edges: Ints, nodes: int) -> int:
    """Hold a structure against brute-force elimination; return the fill it must have."""
    assert sorted(found.order.tolist()) == list(range(nodes))
    exact = brute_force_structure(edges, found.order, found.unknowns)
    for column, below in enumerate(exact):
        assert below <= stored_rows(found, column)
    for s in range(found.parent.size):
        rows = found.rows[found.row_start[s] : found.row_start[s + 1]]
        assert (np.diff(rows) > 0).all()
        assert rows.size == 0 or rows[0] >= found.first[s + 1]
        if rows.size and rows[0] < found.unknowns:
            above = found.parent[s]
            assert above == found.supernode[rows[0]] > s
            beyond = set(rows.tolist()) - set(range(found.first[above], found.first[above + 1]))
            kept = found.rows[found.row_start[above] : found.row_start[above + 1]]
            assert beyond <= set(kept.tolist())
        else:
            assert found.parent[s] == -1
    return sum(len(below) for below in exact)


@settings(max_examples=100)
@given(networks(most=40), st.sampled_from([0, 64]))
def test_structure_holds_every_entry(net: Network, dense: int) -> None:
    found = analyse(net.edges, net.nodes, net.sources, net.targets, dense_unknowns=dense)
    check(found, net.edges, net.nodes)


@settings(max_examples=100)
@given(networks(most=40), st.sampled_from([0, 64]))
def test_boundary_comes_last_and_in_the_callers_order(net: Network, dense: int) -> None:
    found = analyse(net.edges, net.nodes, net.sources, net.targets, dense_unknowns=dense)
    assert found.order[found.unknowns :].tolist() == net.sources
    assert found.order[found.interior : found.unknowns].tolist() == net.targets
    assert (found.order[found.ends] == net.edges).all()


@pytest.mark.parametrize("side", [12, 30])
def test_little_more_is_stored_than_fills(side: int) -> None:
    edges, nodes = square(side), side * side
    found = analyse(edges, nodes, [0, nodes - 1], [side - 1, nodes - side])
    exact = check(found, edges, nodes)
    width, below = np.diff(found.first), np.diff(found.row_start)
    stored = int((width * below + width * (width - 1) // 2).sum())
    assert exact <= stored <= 2.0 * exact


def test_fill_of_a_lattice_grows_as_nested_dissection_says() -> None:
    """Entries grow as n log n (George 1973): by far less than the n^1.5 of a banded order."""
    stored = []
    for side in (32, 128):
        found = analyse(square(side), side**2, [0], [])
        width, below = np.diff(found.first), np.diff(found.row_start)
        stored.append(int((width * (width + below)).sum()) / side**2)
    assert stored[1] < 1.7 * stored[0]


def test_counts_of_a_chain_and_a_star() -> None:
    """A chain in its own order has one entry a column; a star eliminated last has one too."""
    chain = np.array([(i, i + 1) for i in range(6)])
    star = np.array([(i, 6) for i in range(6)])
    for edges, tree in ((chain, [1, 2, 3, 4, 5, -1]), (star, [-1] * 6)):
        start, adjacent = neighbours(edges, 7)
        parent = elimination_tree(start, adjacent, 6)
        assert parent.tolist() == tree
        assert column_counts(start, adjacent, parent).tolist() == [1] * 6


@settings(max_examples=100)
@given(networks(most=30))
def test_counts_are_those_of_brute_force(net: Network) -> None:
    start, adjacent = neighbours(net.edges, net.nodes)
    columns = net.nodes - 1
    parent = elimination_tree(start, adjacent, columns)
    exact = brute_force_structure(net.edges, np.arange(net.nodes), columns)
    assert column_counts(start, adjacent, parent).tolist() == [len(rows) for rows in exact]
    first = [min(rows, default=-1) for rows in exact]
    assert parent.tolist() == [row if row < columns else -1 for row in first]


def test_postorder_keeps_subtrees_together() -> None:
    parent = np.array([6, 5, 4, 4, 6, -1, -1])
    assert postorder(parent).tolist() == [1, 5, 0, 2, 3, 4, 6]


def test_the_breadboard_is_one_panel() -> None:
    found = analyse(BREADBOARD, 9, [2, 8], [3, 7])
    assert found.first.tolist() == [0, 7]
    assert found.rows.tolist() == [7, 8]


@settings(max_examples=20)
@given(networks(most=40))
def test_loops_give_the_same_interpreted_and_compiled(net: Network) -> None:
    """They are compiled where a circuit is large: nothing may depend on which they are."""
    built = []
    for small in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loops, "SMALL", small)
            found = analyse(net.edges, net.nodes, net.sources, net.targets, dense_unknowns=0)
            built.append(allocate(found, *break_even(found)))
    (real, index, found), (other_real, other_index, other_found) = built
    assert real.size == other_real.size
    assert np.array_equal(index, other_index)
    for part, other in zip(found, other_found, strict=True):
        np.testing.assert_array_equal(np.asarray(part), np.asarray(other))


def test_a_loop_is_compiled_for_large_arrays_only() -> None:
    @loops.compiled_when_large
    def wraps_around(numbers: Ints) -> int:
        return numbers.size * (1 << 62)

    assert wraps_around(np.zeros(loops.SMALL, np.int64)) == loops.SMALL << 62
    assert wraps_around(np.zeros(2 * loops.SMALL, np.int64)) == 0
