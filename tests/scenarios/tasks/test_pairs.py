"""Tasks whose outputs are differences of two nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.analysis.report.figures import FIGURES
from ohmtick.analysis.voltages import node_voltages
from ohmtick.engine.errors import ScenarioError
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.tasks.table import Table

RNG = np.random.default_rng(8)
X = RNG.uniform(0.0, 1.0, (30, 2))
#: Weights of either sign, which no single node has.
Y = X @ [[0.2], [-0.2]]
NODES: dict[str, Any] = {"sources": [0, 15], "fixed": {"12": 0.5}}
LATTICE = ot.load("breadboard-iii").replace(
    circuit={"kind": "square_lattice", "rows": 4, "cols": 4},
    horizon=60.0,
    **{
        "edges.rule": {"kind": "coupled_learning", "learning_rate": 1e-2},
        "edges.resistor": {"kind": "continuous", "k_min": 1e-5, "k_max": 1e-2, "start": 1e-3},
    },
)
TASKS = {
    "outputs": ot.tasks.from_arrays(X, np.c_[Y, X[:, :1]], targets=[(3, 6), 9], **NODES),
    "classes": ot.tasks.from_arrays(X, np.where(Y[:, 0] > 0, "up", "down"), targets=[(3, 6), 9],
                                    separation=2.0, **NODES),
}  # fmt: skip


@pytest.mark.parametrize("mismatch", [0.0, 0.1])
@pytest.mark.parametrize("name", TASKS)
def test_both_engines_run_them_alike(name: str, mismatch: float) -> None:
    scenario = LATTICE.replace(task=TASKS[name], **{"edges.mismatch.conductance": mismatch})
    first, second = (ot.run(scenario, seed=2, engine=engine) for engine in ("simpy", "compiled"))
    assert first.events.equals(second.events)
    assert first.probes.equals(second.probes)
    assert len(first.events) > 1000


def test_a_difference_has_weights_of_either_sign() -> None:
    task = ot.tasks.from_arrays(X, Y, targets=[(3, 6)], **NODES)
    run = ot.run(LATTICE.replace(task=task, horizon=3000.0), seed=2)
    assert run.score(X, Y) > 0.99
    alone = ot.tasks.from_arrays(X, Y, targets=[3], **NODES)
    assert ot.run(LATTICE.replace(task=alone, horizon=3000.0), seed=2).score(X, Y) < 0.5


@pytest.mark.parametrize("name", TASKS)
def test_a_record_knows_them(name: str, tmp_path: Path) -> None:
    ran = ot.run(LATTICE.replace(task=TASKS[name]), seed=2, out=tmp_path / "run")
    run = ot.open_run(tmp_path / "run")
    twin = run.twin()
    free, clamped = twin.voltages()
    assert twin.circuit.labels[twin.targets[1]] == "6"
    outputs = run.predict(X)
    np.testing.assert_array_equal(outputs, ran.predict(X))
    learned, _ = TASKS[name].rows(Streams(2))
    first = run.data[run.data["datum"] == 0]
    assert first["role"].tolist() == ["source"] * 3 + ["target", "reference", "target"]
    # Which datum is presented at the end follows from the order, here in turn, one a second.
    last = outputs[learned[59 % len(learned)]]
    assert free[3] - free[6] == pytest.approx(last[0], abs=1e-13)
    assert (free[3] + free[6]) / 2 == pytest.approx((clamped[3] + clamped[6]) / 2, abs=1e-13)
    if name == "outputs":
        nudge, wanted = LATTICE.supervisor.nudge, Y[learned[59 % len(learned)], 0]
        assert clamped[3] - clamped[6] == pytest.approx(last[0] + nudge * (wanted - last[0]))
        assert node_voltages(run)["desired_V"].notna().sum() == 1
    FIGURES["network"].draw(run)


def test_a_file_names_them_by_two_labels(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a,b\n1,0.5\n2,1.0\n3,1.5\n", encoding="utf-8")
    table = {"kind": "table", "file": str(tmp_path / "mine.csv"), "inputs": {"a": 0}, "test": 0}
    table |= {"fixed": {15: 0.0}, "outputs": {"b": [3, "6"]}}
    scenario = LATTICE.replace(task=table)
    assert isinstance(scenario.task, Table)
    assert scenario.task.target_labels() == [("3", "6")]
    path = scenario.save(tmp_path / "mine.toml")
    assert ot.load(path).task.target_labels() == [("3", "6")]
    mistakes: list[tuple[object, str]] = [
        (["3", "99"], "every target must be the label of a node of the circuit, got '99'"),
        (["3", "3"], "a target must be named once, got '3' twice"),
        (["3", "0"], "a target must not be a source, got '0' as both"),
        (["3"], r"task.outputs.b must be the label of a node or a list of two, got \('3',\)"),
        (["3", 1.5], r"task.outputs.b must be the label of a node or a list of two"),
        (1.5, r"task.outputs.b must be the label of a node or a list of two, got 1.5 instead"),
    ]
    for pair, says in mistakes:
        with pytest.raises(ScenarioError, match=says):
            LATTICE.replace(task=table | {"outputs": {"b": pair}})
