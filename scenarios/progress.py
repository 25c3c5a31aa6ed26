"""Progress bars of runs and studies: in a notebook by default, elsewhere on request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ..engine.errors import OhmtickError, shown

if TYPE_CHECKING:
    from ..engine.simulation import Observer, Watched
    from .studies.carry_out import Progress, Tally

#: What is over within so many seconds shows no bar that was not asked for.
PATIENCE_S = 1.0
_OF_A_RUN = "{l_bar}{bar}| {n:.0f}/{total:.0f} s simulated [{elapsed}<{remaining}]"


def in_notebook() -> bool:
    """Whether this is a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and "IPKernelApp" in shell.config


@contextmanager
def of_a_run(
    progress: bool | None, start: float, horizon: float, poll: Observer | None
) -> Iterator[Observer | None]:
    """Provide what polls a run and shows how far it is.

    Parameters
    ----------
    progress
        Whether it is shown; None for in a notebook, where it takes more than a moment.
    start, horizon
        Simulated times from which and to which it goes, s.
    poll
        Who polls it beside.
    """
    if not _wanted(progress):
        yield poll
        return
    with _bar(progress, total=horizon, initial=start, unit="s", bar_format=_OF_A_RUN) as bar:

        def show(simulation: Watched) -> None:
            bar.update(min(simulation.now, horizon) - bar.n)
            if poll is not None:
                poll(simulation)

        yield show


@contextmanager
def of_a_study(progress: bool | None, watch: Progress | None) -> Iterator[Progress | None]:
    """Provide what is told of each run of a study and shows how many there are.

    Parameters
    ----------
    progress
        As for `of_a_run`.
    watch
        Who else is told.
    """
    if not _wanted(progress):
        yield watch
        return
    with _bar(progress, total=0, unit="run") as bar:

        def show(tally: Tally) -> None:
            if bar.total != tally.total:
                bar.reset(total=tally.total)
                bar.initial = tally.before
            bar.update(tally.before + tally.done - bar.n)
            if watch is not None:
                watch(tally)

        yield show


def _wanted(progress: object) -> bool:
    if progress is not None and not isinstance(progress, bool):
        raise OhmtickError(f"'progress' must be True, False or None, got {shown(progress)} instead")
    return in_notebook() if progress is None else progress


@contextmanager
def _bar(progress: bool | None, **how: Any) -> Iterator[Any]:
    """Provide a bar that is gone when it is done: a widget in a notebook that can show one."""
    make: Callable[..., Any] = tqdm
    if in_notebook():
        if find_spec("ipywidgets"):
            from tqdm.notebook import tqdm as make  # needs IPython
        else:
            how["file"] = sys.stdout  # what is on stderr looks like an error there
    with make(leave=False, delay=0.0 if progress else PATIENCE_S, **how) as bar:
        yield bar
