"""What a ledger holds that other code made: found, named, and refused or taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import __version__
from ...analysis.metrics import METRICS
from ...engine.errors import RecordError
from ...engine.records.ledger import Entry, Ledger
from ..outside import Digests, changed
from .code import code, stored_as

if TYPE_CHECKING:
    from .study import Study

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


def other_codes(ledger: Ledger, held: dict[str, Entry]) -> list[str]:
    """Return the other codes whose runs a ledger holds, the latest first."""
    facts = ledger.facts()
    there = {each for each in _codes(held, facts) if _is_other(each, facts)}
    known = [*facts.get("codes", {})][::-1]
    return sorted(there, key=lambda each: known.index(each) if each in known else len(known))


def _codes(held: dict[str, Entry], facts: dict[str, Any]) -> set[str]:
    return {_code_of(key, facts) for key in held}


def _is_other(each: str, facts: dict[str, Any]) -> bool:
    """Whether a code is another of the package's, or has a kind that has changed since."""
    return each.partition("_")[0] != code() or any(changed(_kinds(each, facts)))


def _kinds(each: str, facts: dict[str, Any]) -> Digests:
    """Return the digests of the kinds from outside that a code has."""
    found: Digests = facts.get("kinds", {}).get(each, {})
    return found


def aliases(key: str) -> tuple[str, str]:
    """Return a key, and what it was before keys began with their code."""
    return key, key.partition("-")[2]


def unmarked_code(facts: dict[str, Any]) -> str:
    """Return which code made the runs of keys that do not begin with one: a version."""
    return str(facts.get("unmarked") or facts.get("version", "unknown"))


def _code_of(key: str, facts: dict[str, Any]) -> str:
    code, dash, _ = key.partition("-")
    return code if dash and code != "invalid" else unmarked_code(facts)


def refuse_other_code(ledger: Ledger, held: dict[str, Entry], stored: Stored) -> None:
    """Refuse a ledger with runs, or metrics that a study asks for, of other code.

    Raises
    ------
    RecordError
        What differs, and what can be done.
    """
    facts = ledger.facts()
    hint = (
        "; go on with that code, give another folder, or take what it made with "
        "--accept-other-code (accept_other_code=True); nothing was changed"
    )
    for other in other_codes(ledger, held):
        if other.partition("_")[0] == code():
            family, kind, origin = next(changed(_kinds(other, facts)))
            raise RecordError(
                f"the {family} {kind!r} of {origin.module} has changed since the study in "
                f"{ledger.path.parent} was run with it{hint}"
            )
        theirs = _ohmtick(other, facts.get("codes", {}).get(other, other))
        raise RecordError(
            f"the study in {ledger.path.parent} was run by {theirs}, and this is "
            f"{_ohmtick(code(), __version__)}, whose results may differ{hint}"
        )
    for name, (ours, *others) in other_names(held, stored).items():
        if others:
            raise RecordError(
                f"the metric {name!r} has changed: it was measured in {ledger.path.parent} by "
                f"{_described(others[0])}, and this is {_described(ours)}, which may differ{hint}"
            )


def _ohmtick(code: str, version: str) -> str:
    """Return a code in words."""
    return f"ohmtick {version}" if code == version else f"ohmtick {version} (code {code})"


def _described(stored: str) -> str:
    """Return in words what a metric is called in the ledger."""
    name, _, digest = stored.partition("@")
    return f"{name} of code {digest}" if digest else f"a {name} of no code of its own"
