"""The `[[schedule]]` of a scenario: what changes at a time, and holds from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..agents.rules.base import Rule
from ..agents.supervisor import Supervisor
from ..engine.errors import ScenarioError
from ..engine.settings import MOST_SECONDS, Settings, Table
from .tasks.base import Task

P = TypeVar("P", bound=BaseModel)
#: Keys of the supervisor that say what is presented when; the nudge is another matter.
_WHEN = {"order", "period", "jitter"}


def _frozen(value: Any) -> Any:
    """Return the same tables, which do not change."""
    return Table({k: _frozen(v) for k, v in value.items()}) if isinstance(value, Mapping) else value


def _dumped(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=True)
    return {k: _dumped(v) for k, v in value.items()} if isinstance(value, Mapping) else value


class _WholeOrKeys:
    """Takes a part of a scenario that says its kind, or some keys of the one that there is.

    Keys are validated with the part that they change, which the scenario knows.
    """

    def __init__(self, part: type[BaseModel]) -> None:
        self.part = part

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._taken,
            serialization=core_schema.plain_serializer_function_ser_schema(_dumped),
        )

    def _taken(self, value: object) -> object:
        if isinstance(value, self.part):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError("table", "must be a table")
        if "kind" in value:
            return self.part.chosen(value)  # type: ignore[attr-defined]
        if "file" in value:
            raise PydanticCustomError(
                "file", "must say its 'kind' as well where it names a 'file': it is then whole"
            )
        return _frozen(value)


class EdgesChange(Settings):
    """What changes of the edges."""

    rule: Annotated[Rule | Mapping[str, Any], _WholeOrKeys(Rule)]
    """How they learn; groups with a rule of their own keep that."""


class Change(Settings):
    """What changes at a time, and holds from then on.

    A table with a `kind` takes the place of the one that there was; of any other the keys that it
    has are changed.
    """

    at: float = Field(gt=0, le=MOST_SECONDS)
    """When, s: before all other events of that instant. After the horizon it does not happen."""
    task: Annotated[Task | Mapping[str, Any], _WholeOrKeys(Task)] | None = None
    """What is learned and tested from then on, by the same sources and targets."""
    supervisor: Annotated[Supervisor | Mapping[str, Any], _WholeOrKeys(Supervisor)] | None = None
    """How data are presented."""
    edges: EdgesChange | None = None
    """How edges learn."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.task is None and self.supervisor is None and self.edges is None:
            raise ValueError(
                "must say what changes by 'task', 'supervisor' or 'edges.rule', got none"
            )
        return self

    @property
    def presents_anew(self) -> bool:
        """Whether presentations begin anew; they go on where only the nudge or the rule changes."""
        return self.task is not None or (
            self.supervisor is not None
            and (isinstance(self.supervisor, Supervisor) or not _WHEN.isdisjoint(self.supervisor))
        )


def changed(part: P, change: P | Mapping[str, Any] | None, key: str) -> P:
    """Return a part of a scenario after a change.

    Parameters
    ----------
    change
        Another part, or some keys of it; None for none.
    key
        The dotted key of the change, with which messages begin.

    Raises
    ------
    ScenarioError
        When the keys and the part do not fit.
    """
    if not isinstance(change, Mapping):
        return part if change is None else change
    held = {name: getattr(part, name) for name in part.model_fields_set} | dict(change)
    try:
        return type(part)(**{name: value for name, value in held.items() if value is not None})
    except ScenarioError as error:
        raise ScenarioError(within(key, error)) from None


def within(key: str, error: ScenarioError) -> str:
    """Return what is wrong with a part, each mistake with the dotted key of the part before it."""
    return "\n".join(f"{key}.{line}" for line in str(error).splitlines())
