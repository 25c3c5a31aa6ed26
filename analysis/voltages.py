"""The node voltages of a recorded state: solved from what was recorded; nothing is run again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..engine.errors import AnalysisError
from ..engine.networks.mismatch import Mismatch
from ..engine.networks.network import Target, split_pairs
from ..engine.records.frames import data_frame
from ..engine.records.run import Run
from ..engine.streams import Streams
from .frames import require
from .recorded import nudge_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """What was presented in a run, as arrays."""

    sources: IndexArray
    """Rows of the nodes frame, shape (S,); so are the targets, shape (T,)."""
    targets: IndexArray
    outputs: list[Target]
    """The targets as a network takes them: a row, or two of which the output is the difference."""
    inputs: FloatArray
    """Source voltages, V, shape (D, S)."""
    desired: FloatArray | None
    """Desired outputs, V, shape (D, O); None where they were measured anew every epoch."""


def data_of(run: Run, stage: int | None = None) -> Data | None:
    """Return what was presented in a run; None where neither the run nor its scenario says.

    Runs of an earlier version recorded no data; a task of one datum has it in the scenario.

    Parameters
    ----------
    stage
        Of a scenario's schedule: how many changes there were; all by default.
    """
    frame, task = run.data, run.tables.get("task", {})
    if frame.empty and task.get("kind") == "allostery":
        inputs, desired = (
            np.array([list(task[role].values())], dtype=float) for role in ("sources", "targets")
        )
        frame = data_frame(list(task["sources"]), inputs, list(task["targets"]), desired)
    if frame.empty:
        return None
    if "stage" in frame:  # a stage that brought no data has those of the last that did
        own = frame["stage"]
        frame = frame[own == (own if stage is None else own[own <= stage]).max()]
    number = {label: index for index, label in enumerate(run.nodes["node"])}
    voltage, node = {}, {}
    for role in ("source", "target"):
        rows = frame[frame["role"] == role]
        labels = rows.loc[rows["datum"] == rows["datum"].iloc[0], "node"] if len(rows) else []
        node[role] = np.array([number[label] for label in labels], dtype=np.intp)
        voltage[role] = rows["voltage_V"].to_numpy().reshape(-1, len(labels) or 1)
    desired = voltage["target"]
    outputs = _outputs(frame[frame["datum"] == frame["datum"].iloc[0]], number)
    return Data(
        sources=node["source"],
        targets=np.array(split_pairs(outputs)[0], dtype=np.intp),
        outputs=outputs,
        inputs=voltage["source"],
        desired=desired if np.isfinite(desired).all() and desired.size else None,
    )


def _outputs(datum: pd.DataFrame, number: dict[str, int]) -> list[Target]:
    """Return the outputs of one datum: a target, or a pair where a reference follows it."""
    outputs: list[Target] = []
    for label, role in zip(datum["node"], datum["role"], strict=True):
        if role == "target":
            outputs.append(number[label])
        elif role == "reference":
            outputs.append((outputs.pop(), number[label]))  # type: ignore[arg-type]
    return outputs


def node_voltages(
    run: Run, datum: int = 0, conductances: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Solve a recorded state for its node voltages while a datum is presented.

    The conductances, S, shape (E,), are by default those that the run ended with; data and nudge
    are those with which it ended. Of a circuit that takes time, these are the voltages at which it
    settles.

    Returns
    -------
    DataFrame
        The nodes of the run with the columns `free_V`, `clamped_V` (NaN where the desired outputs
        are not recorded) and `desired_V` (NaN but for targets). Where the data are not recorded, or
        there is none of that number, that is an AnalysisError.
    """
    where = "node_voltages"
    data = data_of(run)
    if data is None:
        raise AnalysisError("this run does not record its data, so its voltages are not known")
    require(0 <= datum < len(data.inputs), "datum", where, f"be in [0, {len(data.inputs)})", datum)
    twin = mismatch_of(run).network(
        run.circuit,
        run.conductances if conductances is None else conductances,
        data.sources.tolist(),
        data.outputs,
        nudge_of(run),
        Streams(run.summary["seed"]),
    )
    wanted = None if data.desired is None else data.desired[datum]
    twin.present(data.inputs[datum], wanted)
    free, clamped = twin.voltages()
    desired = np.full(len(run.nodes), np.nan)
    if wanted is not None:
        alone = twin.outputs[:, 1] < 0  # of one node of a pair nothing is desired
        desired[twin.targets[twin.outputs[alone, 0]]] = wanted[alone]
    held = clamped if wanted is not None else desired
    return run.nodes.assign(free_V=free, clamped_V=held, desired_V=desired)


def relaxes(run: Run) -> bool:
    """Return whether the circuit of a recorded run took time to settle."""
    return bool(run.tables.get("physics", {}).get("kind", "equilibrium") != "equilibrium")


def mismatch_of(run: Run) -> Mismatch:
    """Return how far the copies of the edges of a recorded run were from what was written."""
    return Mismatch(**run.tables.get("edges", {}).get("mismatch", {}))


def relative_of(run: Run) -> FloatArray:
    """Return what the copies of a recorded run conducted of what was written, shape (2, E)."""
    return mismatch_of(run).relative(len(run.edges), Streams(run.summary["seed"]))
