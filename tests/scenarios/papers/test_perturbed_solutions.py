"""Studies near solutions: one circuit, draws of their own, and nothing is learned twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.engine.streams import FloatArray, Streams
from ohmtick.scenarios.in_step import in_step
from ohmtick.scenarios.papers import perturbed_solutions
from ohmtick.scenarios.papers.paper_studies import PaperStudies
from ohmtick.scenarios.papers.perturbed_solutions import PUSH, beyond, fast, late, solution
from ohmtick.scenarios.studies.study import Study

#: A network that each seed draws anew.
DRAWN = ot.load("random-143").replace(
    circuit={"kind": "random", "nodes": 8, "edges": 14},
    task={"kind": "allostery", "sources": {"0": 1.0, "1": 0.0}, "targets": {"2": 0.5}},
    edges={
        "rule": {"kind": "coupled_learning", "learning_rate": 1.0},
        "resistor": {"kind": "continuous"},
    },
    horizon=10.0,
)


def starts(study: Study) -> FloatArray:
    return np.array(study.scenario.edges.resistor.start)


def test_the_circuit_is_that_of_the_runs(tmp_path: Path) -> None:
    """The error at a solution is nothing: so the runs have the circuit that it was found on."""
    for seed in (1, 2):
        study = late(DRAWN, seed, [0.5], tmp_path / str(seed))
        (cell, *_) = study.cells
        assert cell.scenario is not None
        assert study.seeds == (seed,)
        pairs = ot.run(cell.scenario, seed).edges[["first", "second"]].astype(int).to_numpy()
        own = DRAWN.circuit.build(Streams(seed)).edges
        np.testing.assert_array_equal(np.sort(pairs), np.sort(own))
        exact = cell.scenario.replace(
            **{"edges.resistor.start": solution(DRAWN, seed, tmp_path / str(seed))[0].tolist()}
        )
        assert ot.run(exact, seed).summary["initial_error"] < 1e-12


def test_pushes_have_nothing_to_do_with_starts(tmp_path: Path) -> None:
    """Of 30 seeds and 14 edges; uncorrelated, r has the s.d. 1 / √420 = 0.049."""
    pairs = []
    for seed in range(30):
        state = np.ones(14)
        start = np.log(perturbed_solutions._start(DRAWN, seed))
        push = np.array(perturbed_solutions._pushed(state, seed)) - 1.0
        assert (np.abs(start) < np.log(3.0)).all()
        pairs.append((start, push / PUSH))
    drawn = np.array(pairs).transpose(1, 0, 2).reshape(2, -1)
    assert abs(np.corrcoef(drawn)[0, 1]) < 0.2
    assert drawn[1].std() == pytest.approx(1.0, abs=0.15)


def test_a_solution_is_learned_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "solution"
    study = late(DRAWN, 3, [0.5], folder)
    (kept,) = folder.glob("runs/*/scenario.toml")
    assert ot.open_run(kept.parent).summary["seed"] == 3

    def again(*_: Any, **__: Any) -> None:
        raise AssertionError("it was simulated again")

    monkeypatch.setattr("ohmtick.scenarios.studies.jobs.recorded_run", again)
    monkeypatch.setattr("ohmtick.scenarios.studies.jobs.simulate", again)
    assert starts(late(DRAWN, 3, [0.5], folder)).tobytes() == starts(study).tobytes()
    assert starts(fast(DRAWN, 3, [0.5], folder)).tobytes() == starts(study).tobytes()
    far = starts(beyond(DRAWN, 3, [0.5], folder))
    assert (far == ot.open_run(kept.parent).edges["conductance_start_S"]).all()


def test_they_read_out_of_step(tmp_path: Path) -> None:
    for near in PaperStudies.load("wycoff2022").near:
        if near.kind != "noise":
            make = {"late": late, "beyond": beyond, "fast": fast}[near.kind]
            cells = make(DRAWN, 3, near.products, tmp_path / "solution").cells
            assert {in_step(cell.scenario) for cell in cells if cell.scenario} == {""}


def test_a_series_keeps_its_solutions(tmp_path: Path) -> None:
    paper_studies = PaperStudies.load("wycoff2022")
    only = [each for each in paper_studies.near if each.kind == "fast"]
    paper_studies = paper_studies.model_copy(update={"series": (), "near": tuple(only)})
    found = list(paper_studies.studies(quick=True, folder=tmp_path))
    assert [name for _, name, _ in found] == [f"idealised-16-one-{seed}" for seed in range(4)]
    assert [study.seeds for *_, study in found] == [(seed,) for seed in range(4)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [name for _, name, _ in found]


def test_copies_that_mismatch_have_no_curvature_to_go_by(tmp_path: Path) -> None:
    mismatched = DRAWN.replace(**{"edges.mismatch.conductance": 0.02})
    for study in (late, beyond, fast):
        with pytest.raises(
            ot.OhmtickError, match=r"^edges\.mismatch\.conductance must be 0 .* got 0\.02$"
        ):
            study(mismatched, 1, [0.5], tmp_path / "a")
    assert not (tmp_path / "a").exists()
