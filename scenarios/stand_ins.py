"""What stands in for a part of a scenario: found, named, and refused where only data can go."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..agents.edge import EdgeAgent
from ..agents.kernels import RuleFunction
from ..agents.timing import Ticks
from ..engine.errors import OhmtickError, ScenarioError, shown
from ..engine.kind import Kind
from ..engine.messages import models
from .whole_digest import whole_digest


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """What a run is handed in place of parts of its scenario.

    Attributes
    ----------
    clock : Ticks or None
        For the clock of all edges.
    rule : callable or None
        For the function of their rule, in the unit of the rule that it replaces.
    agent : type
        For the edges' class.

    Raises
    ------
    OhmtickError
        For what cannot be a clock, and what cannot be called.
    """

    clock: Ticks | None = None
    rule: RuleFunction | None = None
    agent: type[EdgeAgent] = EdgeAgent

    def __post_init__(self) -> None:
        if self.clock is not None and not callable(getattr(self.clock, "ticks", None)):
            raise OhmtickError(
                f"the 'clock' of a run must have a method ticks, got {shown(self.clock)}"
            )
        for name, function in (("rule", self.rule), ("agent", self.agent)):
            if function is not None and not callable(function):
                raise OhmtickError(f"the {name!r} of a run must be callable, got {shown(function)}")

    def described(self, parts: Iterable[tuple[str, object]]) -> dict[str, dict[str, Any]]:
        """Return what a summary says of all that stood in, by key.

        Parameters
        ----------
        parts
            Those that a scenario holds itself, and their keys.
        """
        told = dict(parts)
        told |= {} if self.clock is None else {"clock": self.clock}
        told |= {} if self.rule is None else {"rule": self.rule}
        told |= {} if self.agent is EdgeAgent else {"agent": self.agent}
        return {key: _described(what) for key, what in told.items()}


#: Nothing stands in for anything.
NONE = StandIns()


def is_stand_in(value: object, field: FieldInfo) -> bool:
    """Whether a field holds a subclass of the kinds that it names, which no file can hold."""
    if isinstance(value, Kind):
        return value.family.get(value.kind) is not type(value)
    return isinstance(value, BaseModel) and type(value) not in models(field.annotation)


def stand_ins(whole: BaseModel, kind: type[BaseModel]) -> Iterator[tuple[str, BaseModel]]:
    """Yield what stands in within a whole, by dotted key; and the whole, if not of its kind."""
    if type(whole) is not kind:
        yield "scenario", whole
    yield from _within(whole, "")


def _within(part: BaseModel, key: str) -> Iterator[tuple[str, BaseModel]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if is_stand_in(value, field):
            yield key + name, value
        elif isinstance(value, BaseModel):
            yield from _within(value, f"{key}{name}.")
        elif isinstance(value, tuple):
            for place, entry in enumerate(value):
                if is_stand_in(entry, field):
                    yield f"{key}{name}.{place}", entry
                elif isinstance(entry, BaseModel):
                    yield from _within(entry, f"{key}{name}.{place}.")


def refuse_stand_ins(whole: BaseModel, kind: type[BaseModel]) -> None:
    """Refuse what a file cannot hold: a whole that is not just of its kind, and parts that are not.

    Raises
    ------
    ScenarioError
        With the key and the class of the first stand-in.
    """
    for key, value in stand_ins(whole, kind):
        raise ScenarioError(
            f"{key} must be of a kind that comes with ohmtick or has a name of its own, as by "
            f"class {type(value).__name__}(…, kind={type(value).__name__.lower()!r}), to be "
            "written to a file, and so to be saved or put into a study, got the class "
            f"{_name(type(value))} instead; ohmtick.run runs it in memory"
        )


def _described(what: Any) -> dict[str, Any]:
    """Return what a summary says of a class, a function or an object that stood in.

    Returns
    -------
    dict
        ``name``, qualified, of the class or the function; ``source_sha256``, of its own source,
        where Python has it; ``sha256``, of all that it depends on, its closure, its arguments and
        what it holds among them, None where something of that has no digest; of a part also its
        ``settings``.
    """
    what = getattr(what, "py_func", what)  # numba's own: what runs is compiled anew from Python's
    source: Any = what
    if not (inspect.isclass(source) or inspect.isroutine(source)):
        source = type(source)
    told: dict[str, Any] = {"name": _name(source)}
    with suppress(OSError, TypeError):  # typed into an interpreter, or no Python
        told["source_sha256"] = hashlib.sha256(inspect.getsource(source).encode()).hexdigest()
    told["sha256"] = whole_digest(what)
    if isinstance(what, BaseModel):
        told["settings"] = what.model_dump(mode="json")
    return told


def _name(what: Any) -> str:
    return f"{what.__module__}.{what.__qualname__}"
