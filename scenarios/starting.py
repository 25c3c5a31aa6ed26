"""The `[start]` table of a scenario: edges begin with what those of another run ended with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from ..agents.learning import Learning
from ..agents.resistors.base import Resistor
from ..engine.circuit import Circuit
from ..engine.errors import OhmtickError, ScenarioError, shown
from ..engine.records.attached import AttachedFile
from ..engine.records.run import Run
from ..engine.streams import FloatArray, Streams
from .attached import FromFile
from .edges import EdgeKind

#: What stands in the file, an array each.
ARRAYS = ("first", "second", "resistor", "resistors", "value", "state")


@dataclass(frozen=True)
class Values:
    """What the edges of a run ended with.

    Attributes
    ----------
    first, second : ndarray of str
        The labels of each edge's ends, shape (E,).
    resistor : ndarray of int
        Which of the resistors each edge has, shape (E,).
    resistors : list of dict
        Their settings, but for where they began.
    value : ndarray
        Of each device, in its unit, shape (E,).
    state : ndarray
        The devices' own numbers, shape (E, S).
    """

    first: NDArray[np.str_]
    second: NDArray[np.str_]
    resistor: NDArray[np.int64]
    resistors: list[dict[str, Any]]
    value: FloatArray
    state: FloatArray


def _read(file: AttachedFile) -> Values:
    try:
        with np.load(BytesIO(file.content), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in ARRAYS}
        resistors = json.loads(str(found.pop("resistors")))
        values = Values(resistors=resistors, **found)
        count = values.value.size
        shapes = [getattr(values, name).shape for name in ("first", "second", "resistor", "value")]
        if shapes != [(count,)] * 4 or values.state.ndim != 2 or len(values.state) != count:
            raise ValueError("its arrays do not have an entry for each edge")
        if not set(values.resistor.tolist()) <= set(range(len(resistors))):
            raise ValueError("it names resistors that it does not have")
        if not np.isfinite(values.value).all() or not np.isfinite(values.state).all():
            raise ValueError("it holds values that are not finite")
    except Exception as error:  # of whatever is in the file
        raise ValueError(
            f"must be what a run ended with, as 'ohmtick run --from' keeps it: {error}"
        ) from None
    return values


class Start(FromFile):
    """What edges begin with: the values, and the devices' own numbers, that another run ended with.

    Clocks begin at 0, draws are this run's own, and rules remember nothing. Edges that were cut are
    whole again, and conduct what they did before.
    """

    @field_validator("file")
    @classmethod
    def _check_file(cls, file: AttachedFile) -> AttachedFile:
        file.once(_read)
        return file

    def apply(self, learning: Learning, circuit: Circuit, kinds: Iterable[EdgeKind]) -> None:
        """Set the devices of a run.

        Raises
        ------
        ScenarioError
            When the circuit has other edges, or an edge another resistor.
        """
        values = self.file.once(_read)
        labels = np.array(circuit.labels)
        first, second = labels[circuit.edges[:, 0]], labels[circuit.edges[:, 1]]
        if not (np.array_equal(first, values.first) and np.array_equal(second, values.second)):
            raise ScenarioError(
                f"start.file: the circuit must have the {values.first.size} edges of the run that "
                f"{shown(self.file)} is of, got {first.size} others"
            )
        for kind in kinds:
            own = _settings(kind.resistor)
            for number in np.unique(values.resistor[kind.edges]).tolist():
                if (held := values.resistors[number]) != own:
                    edge = int(kind.edges[values.resistor[kind.edges] == number][0])
                    raise ScenarioError(
                        f"start.file: the resistor of edge {edge} must be that of the run that "
                        f"{shown(self.file)} is of, {_told(held, own)}, got {_told(own, held)}"
                    )
        learning.devices.value[:] = values.value
        learning.devices.state[:] = values.state


def start_of(run: Run) -> Start:
    """Return what edges begin with where a run ended.

    Raises
    ------
    OhmtickError
        When the run does not say: it is of an earlier version.
    """
    if run.state is None:
        raise OhmtickError(
            "the run to start from does not say what it ended with: it is of an earlier version"
        )
    kinds = run.scenario.edges.kinds(run.circuit, Streams(run.summary["seed"]))
    resistor = np.zeros(len(run.edges), np.int64)
    for number, kind in enumerate(kinds):
        resistor[kind.edges] = number
    written = BytesIO()
    np.savez(
        written,
        first=run.edges["first"].to_numpy(dtype=str),
        second=run.edges["second"].to_numpy(dtype=str),
        resistor=resistor,
        resistors=np.array(json.dumps([_settings(kind.resistor) for kind in kinds])),
        value=run.state.value,
        state=run.state.device_state,
    )
    return Start(file=AttachedFile.of("start", ".npz", written.getvalue()))


def _settings(resistor: Resistor) -> dict[str, Any]:
    """Return what a resistor is, but for where it begins."""
    settings = resistor.model_dump(mode="json")
    settings.pop("start", None)
    return settings


def _told(these: dict[str, Any], others: dict[str, Any]) -> str:
    """Return what these settings have that others do not."""
    differ = {key: value for key, value in these.items() if others.get(key) != value}
    return ", ".join(f"{key} = {value!r}" for key, value in differ.items()) or "no more"
