"""The end of a run: what its simulation leaves, as the `Run` that is handed over and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..engine.records.run import Run, data_frame, edge_frame, node_frame
from ..engine.streams import FloatArray
from .attached import attached, carried
from .build import Experiment
from .scenario import Scenario
from .versions import versions


@dataclass(frozen=True, kw_only=True)
class Start:
    """What is known when a run begins.

    Attributes
    ----------
    seed : int
    conductances : ndarray
        S, shape (E,).
    measured : mapping
        What the probe measures then.
    described : mapping
        What a summary says of stand-ins and of kinds from outside.
    """

    seed: int
    conductances: FloatArray
    measured: Mapping[str, float]
    described: Mapping[str, Any]


def outcome(scenario: Scenario, experiment: Experiment, start: Start, took: float) -> Run:
    """Return the run of an experiment that has come to its end, in so many seconds."""
    import pandas as pd

    simulation, parts = experiment.simulation, experiment.parts
    twin, task = parts.twin, scenario.task
    final = parts.probe.measure(twin)
    measured = [*final, *parts.probe.observed]
    kinds = {"time_s": "f8", "updates": "i8", **dict.fromkeys(measured, "f8")}
    probed = simulation.probe_columns()
    return Run(
        scenario_toml=partial(_text, scenario, start.seed),
        log=simulation.log,
        probes=pd.DataFrame(
            {name: np.asarray(probed.get(name, ()), kind) for name, kind in kinds.items()}
        ),
        edges=partial(
            edge_frame,
            twin.circuit,
            start.conductances,
            twin.conductances,
            simulation.cuts,
            parts.titles() if scenario.edges.groups else None,
        ),
        nodes=partial(node_frame, twin.circuit, twin.sources, twin.targets),
        data=partial(
            data_frame,
            task.source_labels(),
            parts.train.inputs,
            task.target_labels(),
            parts.train.desired,
        ),
        attached=[file.carried for file in attached(scenario)],
        summary={
            "title": scenario.title,
            "seed": start.seed,
            "engine": experiment.engine,
            **({"not_compiled": experiment.not_compiled} if experiment.not_compiled else {}),
            **start.described,
            **{f"initial_{name}": value for name, value in start.measured.items()},
            **{f"final_{name}": value for name, value in final.items()},
            "updates": simulation.updates,
            "simulated_s": simulation.now if simulation.stopped else scenario.horizon,
            "interrupted": simulation.stopped,
            "wall_s": took,
            "updates_per_s": simulation.updates / took,
            "versions": versions(),
        },
    )


def _text(scenario: Scenario, seed: int) -> str:
    """Return the complete scenario of a run as TOML; its files have the names that are written."""
    return carried(scenario).replace(seed=seed, versions=versions()).to_toml()
