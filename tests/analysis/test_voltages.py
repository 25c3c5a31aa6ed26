"""Voltages of recorded states, against what the run itself read."""

from pathlib import Path

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.analysis import node_voltages
from ohmtick.analysis.voltages import data_of
from ohmtick.engine.records.run import Run
from ohmtick.tests.old_folders import as_of_an_earlier_version


@pytest.mark.parametrize("name", ["breadboard-iv", "lattice-regression", "every-knob"])
def test_the_drops_of_an_event_are_those_of_the_state_that_it_read(name: str) -> None:
    run = ot.run(
        ot.load(name).replace(
            **{"horizon": 12.0, "edges.latency": 0.0} | ({"edges.latency_jitter": 0.0})
        )
    )
    held = run.edges["conductance_start_S"].to_numpy(copy=True)
    number = {label: at for at, label in enumerate(run.nodes["node"])}
    rows = run.events.to_dict("records")
    for place, row in enumerate(rows):
        if place % 17 == 0:
            nodes = node_voltages(run, row["datum"], held)
            edge = run.edges.iloc[row["edge"]]
            for copy in ("free", "clamped"):
                volts = nodes[f"{copy}_V"].to_numpy()
                drop = volts[number[edge["first"]]] - volts[number[edge["second"]]]
                assert drop == pytest.approx(row[f"drop_{copy}_V"], abs=1e-9)
        held[row["edge"]] = row["conductance_after_S"]


def test_targets_have_what_is_desired_of_them() -> None:
    run = ot.run(ot.load("breadboard-iii").replace(horizon=3.0))
    nodes = node_voltages(run).set_index("node")
    assert nodes.loc["4", "desired_V"] == 1.0
    assert nodes.loc["8", "desired_V"] == 2.0
    assert nodes["desired_V"].notna().sum() == 2
    assert nodes.loc[["3", "9"], "free_V"].tolist() == [4.0, 0.0]
    free, clamped = nodes.loc["4", ["free_V", "clamped_V"]].to_numpy(dtype=float)
    assert clamped == pytest.approx(free + 0.5 * (1.0 - free))


def test_classes_have_no_clamped_copy() -> None:
    nodes = node_voltages(ot.run(ot.load("breadboard-iris").replace(horizon=2.0)), datum=29)
    assert nodes["free_V"].notna().all()
    assert nodes["clamped_V"].isna().all()


@pytest.fixture
def old(tmp_path: Path) -> Run:
    """A run of an earlier version: without its data."""
    ot.run(ot.load("breadboard-iii").replace(horizon=3.0), out=tmp_path / "a")
    as_of_an_earlier_version(tmp_path / "a", without="data.parquet")
    return ot.open_run(tmp_path / "a")


def test_one_datum_is_known_from_the_scenario(old: Run) -> None:
    whole = ot.run(ot.load("breadboard-iii").replace(horizon=3.0))
    found, expected = data_of(old), data_of(whole)
    assert found is not None
    assert expected is not None
    for name in ("sources", "targets", "inputs", "desired"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_many_data_are_not_known_from_the_scenario(tmp_path: Path) -> None:
    ot.run(ot.load("lattice-regression").replace(horizon=3.0), out=tmp_path / "a")
    as_of_an_earlier_version(tmp_path / "a", without="data.parquet")
    with pytest.raises(ValueError, match="does not record its data"):
        node_voltages(ot.open_run(tmp_path / "a"))


def test_a_datum_that_is_not_there_is_refused(old: Run) -> None:
    with pytest.raises(ValueError, match=r"'datum' .* be in \[0, 1\), got 1 instead"):
        node_voltages(old, datum=1)
