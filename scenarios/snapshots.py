"""Snapshots: what a killed run goes on from, kept while it runs.

Beside the run's folder-to-be, DIR, there is DIR.unfinished: the events so far in segments, and for
the latest snapshot a folder with all else that a run has. Each of these is whole or absent. It is
removed when the run has its own folder.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ..analysis.runs import latest_snapshot
from ..engine.errors import RecordError, reason
from ..engine.interventions import Intervention
from ..engine.records.run import Run
from ..engine.records.segments import UNFINISHED, SegmentedLog
from ..engine.records.writing import new_folder
from ..engine.settings import MOST_SECONDS, Settings
from ..engine.state import State

if TYPE_CHECKING:
    from .scenario import Scenario


class Snapshot(Settings):
    """When what happened is kept while a run with a folder goes on, so that it can be resumed."""

    every: float = Field(gt=0, le=MOST_SECONDS)
    """Simulated time from one to the next, s."""


@dataclass(frozen=True)
class TakeSnapshot:
    """An intervention that changes nothing: it keeps what happened so far."""

    time: float
    take: Callable[[], None]

    def apply(self, simulation: Any) -> None:
        """Keep it."""
        self.take()


class Snapshots:
    """The folder in which the snapshots of one run are.

    Parameters
    ----------
    path
        The folder, which is there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._taken = 0
        self._log: SegmentedLog | None = None
        self._run: Callable[[], Run] | None = None

    def begin(self, events: Path, values: bool) -> SegmentedLog:
        """Return the log of the run, which is written to `events` and, in segments, here."""
        self._log = SegmentedLog(self.path, events, values=values)
        return self._log

    def made_by(self, run: Callable[[], Run]) -> None:
        """Let snapshots be what this returns when they are taken."""
        self._run = run

    def times(self, scenario: Scenario, state: State | None) -> list[Intervention]:
        """Return when they are taken, from a state on."""
        assert scenario.snapshot is not None
        every, began = scenario.snapshot.every, 0.0 if state is None else state.time
        first = math.floor(began / every) + 1
        last = math.ceil(scenario.horizon / every)
        return [TakeSnapshot(number * every, self.take) for number in range(first, last)]

    def take(self) -> None:
        """Keep the run as it is.

        Raises
        ------
        RecordError
            When it cannot be written.
        """
        assert self._log is not None
        assert self._run is not None
        self._log.end_segment()
        with new_folder(self.path / f"at-{self._taken:06}") as folder:
            self._run().write(folder.partial, segments=self._log.segments)
        if self._taken:
            shutil.rmtree(self.path / f"at-{self._taken - 1:06}", ignore_errors=True)
        self._taken += 1


@contextmanager
def unfinished(out: Path) -> Iterator[Snapshots]:
    """Make the folder for the snapshots of a run, and remove it when the run has its own.

    Whatever stops the run before leaves the latest of them.

    Parameters
    ----------
    out
        The folder that the run is to have.

    Raises
    ------
    RecordError
        When it cannot be made.
    """
    out = out.absolute()
    marks = ("" if number == 1 else f"-{number}" for number in count(1))
    for path in (out.with_name(f"{out.name}{mark}{UNFINISHED}") for mark in marks):
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:
            continue
        except (OSError, ValueError) as error:
            raise RecordError(f"cannot write the snapshots {path}: {reason(error)}") from error
    try:
        yield Snapshots(path)
    except BaseException:
        if latest_snapshot(path) is None:  # there is nothing to go on from
            shutil.rmtree(path, ignore_errors=True)
        raise
    shutil.rmtree(path, ignore_errors=True)
