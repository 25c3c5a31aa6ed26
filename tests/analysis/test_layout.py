"""Where a network is drawn: held against geometry, not against pictures."""

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis.report.layout import layout_of
from ohmtick.engine.records.frames import edge_frame, node_frame


def frames(circuit: ot.Circuit) -> tuple[pd.DataFrame, pd.DataFrame]:
    ones = np.ones(len(circuit.edges))
    return edge_frame(circuit, ones, ones), node_frame(circuit, [0], [1])


def test_positions_of_a_circuit_are_kept_but_for_scale() -> None:
    circuit = ot.breadboard()
    assert circuit.positions is not None
    layout = layout_of(*frames(circuit))
    given = circuit.positions
    scale = np.ptp(given, axis=0).max()
    np.testing.assert_allclose(layout.places, (given - given.min(axis=0)) / scale)
    np.testing.assert_array_equal(layout.ends, circuit.edges)
    np.testing.assert_allclose(layout.middles, layout.places[layout.ends].mean(axis=1))
    np.testing.assert_allclose(layout.control(), layout.middles)


def test_parallel_edges_are_bent_apart_whichever_way_they_run() -> None:
    circuit = ot.Circuit(edges=[(0, 1), (1, 0), (0, 1), (1, 2)], positions=[(0, 0), (2, 0), (2, 1)])
    layout = layout_of(*frames(circuit))
    heights = np.sort(layout.middles[:3, 1])
    assert np.diff(heights) == pytest.approx([0.28 * 2 / layout_size(layout)] * 2)
    np.testing.assert_allclose(layout.middles[3], layout.places[[1, 2]].mean(axis=0))


def layout_size(layout: object) -> float:
    """How long the drawing was before its larger side became 1: node 1 is 2 from node 0."""
    places = layout.places  # type: ignore[attr-defined]
    return 2.0 / float(places[1, 0] - places[0, 0])


def test_edges_that_close_a_periodic_lattice_do_not_hide() -> None:
    layout = layout_of(*frames(ot.square_lattice(4, 5, periodic=True)))
    chords = layout.places[layout.ends]
    length = np.hypot(*(chords[:, 1] - chords[:, 0]).T)
    long = length > 1.5 * np.median(length)
    assert long.sum() == 4 + 5
    off = np.hypot(*(layout.middles - chords.mean(axis=1)).T)
    assert (off[long] > 0.1 * length[long]).all()
    assert (off[~long] < 1e-12).all()
    drawn = np.concatenate([layout.places, layout.middles])
    assert drawn.min() == pytest.approx(0.0)
    assert drawn.max() == pytest.approx(1.0)


@pytest.mark.parametrize("nodes", [2, 30, 250, 1200])
def test_a_network_without_positions_is_laid_out_the_same_each_time(nodes: int) -> None:
    circuit = ot.Circuit(edges=[(node, node + 1) for node in range(nodes - 1)])
    layout = layout_of(*frames(circuit))
    again = layout_of(*frames(circuit))
    np.testing.assert_array_equal(layout.places, again.places)
    assert np.isfinite(layout.places).all()
    # A chain is drawn as one: its ends are among the farthest apart, and nodes do not coincide.
    assert len(np.unique(layout.places.round(9), axis=0)) == nodes
    away = np.hypot(*(layout.places - layout.places[0]).T)
    assert away[-1] > 0.5 * away.max()


def test_words_stand_where_no_edge_is() -> None:
    circuit = ot.Circuit(
        edges=[(0, 1), (0, 2), (0, 3), (0, 4)],
        positions=[(0, 0), (1, 0), (0, 1), (-1, 0), (1, 1)],
    )
    layout = layout_of(*frames(circuit))
    np.testing.assert_allclose(layout.sides[0], [-np.sqrt(0.5), -np.sqrt(0.5)], atol=1.0)
    assert layout.sides[0, 1] < 0  # the half plane below is free
    np.testing.assert_allclose(layout.sides[1], [1.0, 0.0], atol=1e-9)  # away from its one edge
    np.testing.assert_allclose(np.hypot(*layout.sides.T), 1.0)
