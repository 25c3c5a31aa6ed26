"""Where the `ohmtick` command begins: it can be interrupted before all is imported."""

from __future__ import annotations

import os
import signal
from types import FrameType

#: Exit code of a command that was interrupted.
INTERRUPTED = 130


def main() -> int:
    """Import the command and run it; Ctrl-C at any instant ends it without a traceback."""
    usual = signal.getsignal(signal.SIGINT)
    if usual != signal.SIG_IGN:  # as in the background
        signal.signal(signal.SIGINT, _leave)
    try:
        from .main import main as command  # here: it takes half a second

        signal.signal(signal.SIGINT, usual)  # the command knows better what to keep, and says so
        return command()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        if usual != signal.SIG_IGN:
            signal.signal(signal.SIGINT, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    # No exception: extension modules make errors of their own of one that meets their import.
    os._exit(INTERRUPTED)
