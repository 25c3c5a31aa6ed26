"""Kinds from outside: which of a scenario's are other people's, and what they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from ..engine.kind import Kind
from ..engine.registry import FAMILIES, Origin

#: Modules that only this process has.
LOCAL = ("__main__", "__mp_main__")
#: Digests of kinds from outside, by family and name.
Digests = dict[str, dict[str, str]]


def origins(scenario: BaseModel) -> dict[str, dict[str, Origin]]:
    """Return where the kinds of a scenario come from that are not Ohmtick's, by family and name.

    Raises
    ------
    OhmtickError
        When a record could not say what one of them is: its source cannot be read.
    """
    found: dict[str, dict[str, Origin]] = {}
    for part in _kinds(scenario):
        if part.family.get(part.kind) is type(part):  # nothing that stands in
            origin = part.family.origin(part.kind)
            if origin is not None:
                found.setdefault(part.family.name, {})[part.kind] = origin
    return found


def recorded(scenario: BaseModel) -> dict[str, dict[str, dict[str, str]]]:
    """Return what a summary says of kinds from outside: by family and name, their origin."""
    return {
        family: {
            kind: {"module": each.module, "name": each.name, "sha256": each.sha256}
            for kind, each in kinds.items()
        }
        for family, kinds in origins(scenario).items()
    }


def digests(scenario: BaseModel) -> Digests:
    """Return the digests of a scenario's kinds from outside."""
    return {
        family: {kind: each.sha256 for kind, each in kinds.items()}
        for family, kinds in origins(scenario).items()
    }


def code_with(code: str, kinds: Digests) -> str:
    """Return what tells the code of a run from another's: the package's, and that of kinds."""
    if not kinds:
        return code
    told = [(family, kind, kinds[family][kind]) for family in kinds for kind in kinds[family]]
    return f"{code}_{sha256(repr(sorted(told)).encode()).hexdigest()[:12]}"


def changed(kinds: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, Origin]]:
    """Yield family, name and origin of kinds that have another digest here than is told."""
    for family, told in kinds.items():
        for kind, digest in told.items():
            known = family in FAMILIES and kind in FAMILIES[family]
            origin = FAMILIES[family].origin(kind) if known else None
            if origin is not None and origin.sha256 != digest:
                yield family, kind, origin


def missing(summary: Mapping[str, Any]) -> str:
    """Return which kinds of a run's summary are not known here, in words; "" for none."""
    return ", ".join(
        f"the {family} {kind!r} of {told['module']}"
        for family, kinds in summary["kinds"].items()
        for kind, told in kinds.items()
        if kind not in FAMILIES.get(family, ())
    )


def _kinds(part: object) -> Iterator[Kind]:
    if isinstance(part, Kind):
        yield part
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _kinds(getattr(part, name))
    elif isinstance(part, tuple):
        for each in part:
            if isinstance(each, BaseModel):
                yield from _kinds(each)
