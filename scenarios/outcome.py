"""The end of a run: what its simulation leaves, as the `Run` that is handed over and written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.stop import CRITERIA
from ..engine.records.attached import AttachedFile
from ..engine.records.event_log import NoLog
from ..engine.records.frames import data_frame, edge_frame, node_frame
from ..engine.records.run import Run
from ..engine.streams import FloatArray
from .attached import attached, carried
from .build import Experiment
from .scenario import Scenario
from .stages import Stage
from .versions import versions

if TYPE_CHECKING:
    import pandas as pd


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
    before : Run or None
        The run that this goes on with.
    """

    seed: int
    conductances: FloatArray
    measured: Mapping[str, float]
    described: Mapping[str, Any]
    before: Run | None = None


def outcome(
    scenario: Scenario,
    experiment: Experiment,
    start: Start,
    took: float,
    *,
    stopped_by: str | None = None,
    ended: bool = True,
) -> Run:
    """Return the run of an experiment, in so many seconds.

    Parameters
    ----------
    stopped_by
        What ended it, where the criterion of its scenario did not.
    ended
        Whether it has come to its end. Otherwise nothing is measured, since that would make the
        network do now what it does later, and round otherwise.
    """
    import pandas as pd

    simulation, parts, before = experiment.simulation, experiment.parts, start.before
    twin = parts.twin
    # Before anything is measured, likewise; nobody goes on with a run whose events are gone.
    state = None if isinstance(simulation.log, NoLog) else experiment.state()
    final = parts.probe.measure(twin) if ended else dict.fromkeys(start.measured, math.nan)
    measured = [*final, *parts.probe.observed]
    kinds = {"time_s": "f8", "updates": "i8", **dict.fromkeys(measured, "f8")}
    probed = simulation.probe_columns()
    probes = pd.DataFrame(
        {name: np.asarray(probed.get(name, ()), kind) for name, kind in kinds.items()}
    )
    if before is not None:
        probes = pd.concat([before.probes, probes], ignore_index=True)
    stopped_by = CRITERIA.get(simulation.stopped_by, stopped_by)
    wall_s = took + (0.0 if before is None else before.summary["wall_s"])
    return Run(
        scenario_toml=partial(_text, scenario, start.seed),
        log=simulation.log,
        probes=probes,
        edges=partial(
            edge_frame,
            twin.circuit,
            start.conductances,
            twin.conductances,
            dict(simulation.cuts),
            parts.titles() if scenario.edges.groups else None,
        ),
        nodes=partial(node_frame, twin.circuit, twin.sources, twin.targets),
        data=partial(_data, scenario, parts.stages[: simulation.stage + 1]),
        state=state,
        attached=partial(_attached, scenario),
        summary={
            "title": scenario.title,
            "seed": start.seed,
            "engine": experiment.engine,
            **({"not_compiled": experiment.not_compiled} if experiment.not_compiled else {}),
            **start.described,
            **{f"initial_{name}": value for name, value in start.measured.items()},
            **{f"final_{name}": value for name, value in final.items()},
            "updates": simulation.updates,
            "simulated_s": simulation.now if simulation.stopped or not ended else scenario.horizon,
            "stopped_by": stopped_by,
            "interrupted": not ended or (simulation.stopped and stopped_by is None),
            "resumed_at_s": _resumed(before),
            "wall_s": wall_s,
            "updates_per_s": simulation.updates / wall_s,
            "versions": versions(),
        },
    )


def _data(scenario: Scenario, stages: Sequence[Stage]) -> pd.DataFrame:
    """Return the `data` frame; where there is a schedule with the stage that brought the data."""
    import pandas as pd

    sources, targets = scenario.task.source_labels(), scenario.task.target_labels()
    frames = [
        data_frame(sources, stage.train.inputs, targets, stage.train.desired).assign(
            **({"stage": np.int32(stage.number)} if scenario.schedule else {})
        )
        for stage in stages
        if stage.has_task
    ]
    return pd.concat(frames, ignore_index=True)


def _resumed(before: Run | None) -> list[float]:
    """Return the times at which a run was gone on with, s."""
    if before is None:
        return []
    return [*before.summary.get("resumed_at_s", ()), before.summary["simulated_s"]]


def _attached(scenario: Scenario) -> list[AttachedFile]:
    """Return the files that a scenario names, as a folder holds them."""
    return [file.carried for file in attached(scenario)]


def _text(scenario: Scenario, seed: int) -> str:
    """Return the complete scenario of a run as TOML; its files have the names that are written."""
    return carried(scenario).replace(seed=seed, versions=versions()).to_toml()
