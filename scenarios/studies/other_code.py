"""What a ledger holds that other code made: found, named, and refused or taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...analysis.metrics import METRICS
from ...engine.errors import RecordError
from ...engine.records.ledger import Entry
from ...engine.registry import Origin
from ..outside import changed
from .code import code, stored_as

if TYPE_CHECKING:
    from .study import Study

#: What a ledger notes of its study as a whole, by name.
Metadata = dict[str, Any]
#: What each metric is called in the ledger: as this code calls it, and as other code did.
Stored = dict[str, tuple[str, ...]]


def stored_names(study: Study) -> Stored:
    """Return what this code calls each metric of a study in the ledger."""
    return {name: (stored_as(name, METRICS[name]),) for name in study.metrics}


def other_names(held: dict[str, Entry], stored: Stored) -> Stored:
    """Return the names of metrics together with those that other code gave them."""
    there = {each for entry in held.values() for each in entry.metrics or ()}
    return {
        name: (ours, *sorted(each for each in there - {ours} if each.partition("@")[0] == name))
        for name, (ours, *_) in stored.items()
    }


def other_codes(metadata: Metadata, held: dict[str, Entry]) -> list[str]:
    """Return the other codes whose runs a ledger holds, the latest first."""
    known = [*metadata.get("codes", {})][::-1]
    there = {_code_of(key, metadata) for key in held}
    others = (each for each in there if each.partition("_")[0] != code() or _edited(each, metadata))
    return sorted(others, key=lambda each: known.index(each) if each in known else len(known))


def _edited(each: str, metadata: Metadata) -> tuple[str, str, Origin] | None:
    """Return family, name and origin of a kind from outside that has changed since a code."""
    return next(changed(metadata.get("kinds", {}).get(each, {})), None)


def unmarked_code(metadata: Metadata) -> str:
    """Return which code made the runs of keys that do not begin with one: a version."""
    return str(metadata.get("unmarked") or metadata.get("version", "unknown"))


def _code_of(key: str, metadata: Metadata) -> str:
    code, dash, _ = key.partition("-")
    return code if dash and code != "invalid" else unmarked_code(metadata)


def refuse_other_code(
    folder: Path, metadata: Metadata, held: dict[str, Entry], stored: Stored
) -> None:
    """Refuse a study folder with runs, or metrics that a study asks for, of other code.

    Raises
    ------
    RecordError
        What differs, and what can be done.
    """
    hint = (
        "; go on with that code, give another folder, or take what it made with "
        "--accept-other-code (accept_other_code=True); nothing was changed"
    )
    for other in other_codes(metadata, held):
        if other.partition("_")[0] == code() and (found := _edited(other, metadata)):
            family, kind, origin = found
            raise RecordError(
                f"the {family} {kind!r} of {origin.module} has changed since the study in "
                f"{folder} was run with it{hint}"
            )
        theirs = _ohmtick(other, metadata.get("codes", {}).get(other, other))
        raise RecordError(
            f"the study in {folder} was run by {theirs}, and this is "
            f"{_ohmtick(code(), __version__)}, whose results may differ{hint}"
        )
    for name, (ours, *others) in other_names(held, stored).items():
        if others:
            raise RecordError(
                f"the metric {name!r} has changed: it was measured in {folder} by "
                f"{_described(others[0])}, and this is {_described(ours)}, which may differ{hint}"
            )


def _ohmtick(code: str, version: str) -> str:
    """Return a code in words."""
    return f"ohmtick {version}" if code == version else f"ohmtick {version} (code {code})"


def _described(stored: str) -> str:
    """Return in words what a metric is called in the ledger."""
    name, _, digest = stored.partition("@")
    return f"{name} of code {digest}" if digest else f"a {name} of no code of its own"
