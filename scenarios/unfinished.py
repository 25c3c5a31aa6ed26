"""What a run goes on from: its folder, or what it left where it was killed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ..analysis.runs import latest_snapshot, open_run, open_unfinished
from ..engine.errors import OhmtickError, RecordError, shown
from ..engine.records.run import Run
from ..engine.records.segments import UNFINISHED

#: What differs between a run and the same gone on with.
_VARIES = ("horizon", "versions")


@dataclass(frozen=True)
class Before:
    """A run that is to go on.

    Attributes
    ----------
    run : Run
    left : tuple of Path
        The folders of its snapshots, which nobody needs once it has a folder of its own.
    """

    run: Run
    left: tuple[Path, ...] = ()

    def clear(self) -> None:
        """Remove what is left of it."""
        for folder in self.left:
            shutil.rmtree(folder, ignore_errors=True)


def before(source: object) -> Before:
    """Return the run that a source means: a run, its folder, or where it was to be.

    Of several snapshots of one run the latest counts; a run that was killed may have been gone on
    with, and killed again.

    Raises
    ------
    OhmtickError
        For what is no run and no path.
    RecordError
        When there is no such run, or there are several.
    """
    if isinstance(source, Run):
        return Before(source)
    if not isinstance(source, str | PathLike):
        raise OhmtickError(f"a run goes on from a Run or its folder, got {shown(source)} instead")
    path = Path(source).absolute()
    if latest_snapshot(path) is not None:
        return _latest([path])
    beside = [
        each
        for each in sorted(path.parent.glob(f"{_escaped(path.name)}*{UNFINISHED}"))
        if _is_of(each.name, path.name) and latest_snapshot(each) is not None
    ]
    if not beside:
        return Before(open_run(path if path.exists() else Path(source)))
    if path.exists():
        raise RecordError(
            f"{source} is a run, and beside it is what another left that did not end: name "
            f"{beside[-1]}, or remove it to go on with the former"
        )
    return _latest(beside)


def _latest(folders: list[Path]) -> Before:
    """Return the run that has come the furthest; all must be the same."""
    runs = {folder: open_unfinished(folder) for folder in folders}
    first, *others = runs.values()
    if any(_identity(other) != _identity(first) for other in others):
        raise RecordError(
            f"several runs did not end there, {', '.join(map(str, folders))}: name one of them"
        )
    furthest = max(runs.values(), key=lambda run: float(run.summary["simulated_s"]))
    return Before(furthest, tuple(folders))


def _identity(run: Run) -> tuple[Any, ...]:
    tables = {key: value for key, value in run.tables.items() if key not in _VARIES}
    return run.summary["seed"], tables, run.summary["stand_ins"], run.summary["kinds"]


def _is_of(name: str, wanted: str) -> bool:
    """Whether a folder's name is that of a run's snapshots, with a number perhaps."""
    mark = name.removeprefix(wanted).removesuffix(UNFINISHED)
    return not mark or (mark.startswith("-") and mark[1:].isdecimal())


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
