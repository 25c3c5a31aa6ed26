"""Files that are whole or absent: written beside their place, then renamed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..engine.errors import RecordError, reason


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path in the same folder, with the same suffix, and rename it at the end.

    Should anything go wrong, nothing is left, and a file that was there before stays as it was.

    Raises
    ------
    RecordError
        When the file cannot be written.
    """
    wanted = Path(path)
    partial = wanted.with_name(f".{wanted.stem}.{secrets.token_hex(4)}.partial{wanted.suffix}")
    try:
        partial.touch()  # what cannot be written had better be known before it is made
        yield partial
        partial.replace(wanted)
    except RecordError:
        raise
    except OSError as error:
        raise RecordError(f"cannot write {wanted}: {reason(error)}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
