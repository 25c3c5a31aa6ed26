"""A kind that is a table of a scenario: settings with a name, known to everybody once imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, model_serializer, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from .errors import OhmtickError, nearest
from .registry import Family
from .settings import Settings


class Kind(Settings):
    """Base of each family of tables; a family's base says what its members must do.

    ::

        class Clock(Kind, family="clock"): ...          # the base of a family
        class Bursting(Clock, kind="bursting"): ...     # a member of it

    A field of a model that is annotated with the family's base takes a table whose ``kind`` names a
    member, or a member itself. A class that has no ``kind`` of its own, such as a subclass of a
    member, bears its parent's and is nothing that a file could name: it is taken, and runs in
    memory, but what writes a scenario refuses it.

    Attributes
    ----------
    kind : str
        The name by which a scenario calls it.
    family : Family
        All kinds beside it.
    """

    family: ClassVar[Family[Any]]
    kind: ClassVar[str]
    default_kind: ClassVar[str | None] = None
    """The kind of a table that does not say; None where it has to."""

    if TYPE_CHECKING:
        # A field of a family's base holds any member, and each has settings of its own.
        def __getattr__(self, name: str) -> Any: ...

    def __init_subclass__(
        cls, *, kind: str = "", family: str = "", default: str | None = None, **keywords: Any
    ) -> None:
        super().__init_subclass__(**keywords)
        if kind:
            cls.kind = kind
        if family:
            cls.family, cls.kind, cls.default_kind = Family(family), "", default

    @classmethod
    def __pydantic_init_subclass__(cls, *, kind: str = "", **keywords: Any) -> None:
        super().__pydantic_init_subclass__(**keywords)
        if kind and (lacking := sorted(cls.__abstractmethods__)):
            raise OhmtickError(
                f"the {cls.family.name} {kind!r} must define {', '.join(lacking)}, as its base says"
            )
        if kind:
            cls.family.add(kind, cls)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if "family" in vars(cls):  # a field of the family's base: any member
            return core_schema.no_info_plain_validator_function(cls.chosen)
        return handler(source)

    @classmethod
    def example(cls) -> Self:
        """Return a small member, for contract tests; one that has keys to be given says them."""
        return cls()

    @classmethod
    def chosen(cls, settings: object) -> Self:
        """Return the member that a table describes, or that is given already.

        Raises
        ------
        ValueError
            For what is no table, no kind of this family, or has settings that are wrong.
        """
        if isinstance(settings, cls):
            return settings
        if not isinstance(settings, Mapping):
            raise PydanticCustomError("table", "must be a table")
        rest = dict(settings)
        kind = rest.pop("kind", cls.default_kind)
        if kind is None:
            raise PydanticCustomError("kind_missing", "must say its 'kind'")
        if not isinstance(kind, str) or kind not in cls.family:
            hint = nearest(str(kind), cls.family)
            known = ", ".join(map(repr, cls.family))
            raise PydanticCustomError(
                "kind_unknown",
                "must be of a kind among {known}, or of one that an import or --plugin brings",
                {"known": known, "kind": kind, "hint": hint},
            )
        member: Self = cls.family[kind].__pydantic_validator__.validate_python(rest)
        return member

    @model_validator(mode="before")
    @classmethod
    def _own_kind(cls, settings: object) -> object:
        """Take a table that names this very kind."""
        if isinstance(settings, Mapping) and settings.get("kind") == cls.kind:
            return {key: value for key, value in settings.items() if key != "kind"}
        return settings

    @model_serializer(mode="wrap")
    def _with_kind(self, serialize: Any) -> dict[str, Any]:
        tables: dict[str, Any] = serialize(self)
        return {"kind": self.kind} | tables
