"""A run seen from a terminal: a progress bar, and signals that end it at an event boundary."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer, current_thread, main_thread
from types import FrameType, TracebackType
from typing import Self

from tqdm import tqdm

from ...engine.records.segments import UNFINISHED
from ...engine.simulation import Watched

#: The signals that end a run.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds of silence, before a run or in `check`, after which a word is due.
PATIENCE_S = 2.5


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a polite request to end, and a terminal that is closed, be as Ctrl-C.

    What is being written is then taken back, as it is after any exception.
    """
    sent = [signal.SIGINT]

    def interrupt(number: int, frame: FrameType | None) -> None:
        sent[0] = signal.Signals(number)
        raise KeyboardInterrupt

    def lost(error: sys.UnraisableHookArgs) -> None:
        """Send a signal again that came while Python could not raise an exception."""
        if isinstance(error.exc_value, KeyboardInterrupt):
            Timer(0.01, os.kill, (os.getpid(), sent[0])).start()
        else:
            said(error)

    if current_thread() is not main_thread():  # which alone is told of signals
        yield
        return
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in usual.items():
        if handler != signal.SIG_IGN:  # as under nohup
            signal.signal(number, interrupt)
    said, sys.unraisablehook = sys.unraisablehook, lost
    try:
        yield
    finally:
        sys.unraisablehook = said
        for number, handler in usual.items():
            signal.signal(number, handler)


@contextmanager
def snapshots_told(out: str | Path) -> Iterator[None]:
    """Let an interrupt say which folder has the snapshots of the run that it ended."""
    out = Path(out)

    def there() -> set[Path]:
        beside = out.parent.iterdir() if out.parent.is_dir() else ()
        return {each for each in beside if each.name.endswith(UNFINISHED)}

    before = there()
    try:
        yield
    except KeyboardInterrupt:
        for kept in sorted(there() - before):
            if kept.name.startswith(out.name):
                told = f"its latest snapshot is kept, and ohmtick resume {kept} goes on from it"
                raise KeyboardInterrupt(told) from None
        raise


@contextmanager
def patience() -> Iterator[None]:
    """Say a word on a terminal where what is done takes long."""
    word = _word()
    word.start()
    try:
        yield
    finally:
        word.cancel()


def _word() -> Timer:
    """Return what says, after a while, why nothing else is said."""
    word = Timer(PATIENCE_S, _explain)
    word.daemon = True
    return word


def _explain() -> None:
    if sys.stderr.isatty():
        tqdm.write(
            "getting ready: the first run compiles the kernels, about half a minute, "
            "and a large circuit takes some seconds to be ordered …",
            file=sys.stderr,
        )


class Terminal:
    """Shows how far a run is, and stops it when the user asks.

    The first Ctrl-C lets the run end after the present event, so that what happened can be
    kept; a second one ends the program. A polite request to end (SIGTERM), and a terminal that
    is closed (SIGHUP), do the same. The bar is drawn on a terminal only.

    Parameters
    ----------
    horizon
        Simulated end time, s.
    """

    def __init__(self, horizon: float) -> None:
        self._bar = tqdm(
            total=horizon,
            unit="s",
            disable=not sys.stderr.isatty(),
            leave=False,
            bar_format="{l_bar}{bar}| {n:.0f}/{total:.0f} s simulated [{elapsed}<{remaining}]",
        )
        self._simulation: Watched | None = None
        self._asked = False
        self._word = _word()
        # What is ignored stays so, as SIGHUP is under nohup.
        handlers = {number: signal.getsignal(number) for number in SIGNALS}
        self._usual = {n: usual for n, usual in handlers.items() if usual != signal.SIG_IGN}

    def __enter__(self) -> Self:
        for number in self._usual:
            signal.signal(number, self._on_interrupt)
        self._word.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, usual in self._usual.items():
            signal.signal(number, usual)
        self._word.cancel()
        self._bar.close()

    def watch(self, simulation: Watched) -> None:
        """Show the time that the run has reached."""
        self._simulation = simulation
        self._word.cancel()
        if self._asked:  # while the kernels were compiled, which may swallow an interrupt
            simulation.stop()
        self._bar.update(min(simulation.now, simulation.horizon) - self._bar.n)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        if self._simulation is None or self._simulation.stopped:
            raise KeyboardInterrupt
        self._simulation.stop()
