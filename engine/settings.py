"""The settings of an agent or of a part of it: declared once, validated, immutable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    create_model,
    model_validator,
)

from .errors import ScenarioError, nearest, shown
from .messages import explain

V = TypeVar("V")

#: No table or list of a scenario or a study lies deeper in others.
DEEPEST = 32
#: The longest time, s: multiples of it are numbers still.
MOST_SECONDS = 1e30
#: Bits of an integer; Python does not write out those of some ten thousand.
WIDEST = 1024
#: What is plain at sight; most values are such.
_PLAIN = (float, bool, type(None))
#: What pydantic's models have and other objects have not; `__dir__` does not list it.
_INTERNALS = {*object.__dir__(create_model("Bare")()), "__signature__"} - {*dir(object)}
_SURROGATE = re.compile("[\\ud800-\\udfff]")


class Settings(BaseModel):
    """Base of every setting: frozen, strict about types, and closed to unknown keys.

    A part is data. It is what a scenario file holds under one key, and it knows how to build
    what it describes; it keeps no state of a run. Lists, tuples and NumPy arrays are all taken,
    and kept as tuples.

    Raises
    ------
    ScenarioError
        For an unknown key, a wrong type or an impossible value: the message holds the key, the
        value, the rule, and the nearest valid name.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )

    def __init__(self, /, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise ScenarioError(explain(error, type(self), settings)) from None

    # A part within another is then validated in place, not by its own __init__: its mistakes get
    # the whole dotted key. (Pydantic marks the __init__ of its own RootModel so.)
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    if not TYPE_CHECKING:  # a type checker would take it for leave to set anything

        def __setattr__(self, name: str, value: object) -> None:
            try:
                super().__setattr__(name, value)
            except ValidationError:
                raise ScenarioError(self._frozen(name, shown(value))) from None

        def __delattr__(self, name: str) -> None:
            try:
                super().__delattr__(name)
            except ValidationError:
                raise ScenarioError(self._frozen(name, "None")) from None

    def _frozen(self, name: str, value: str) -> str:
        """Return that a key cannot be set, and what can be done."""
        own = type(self)
        if name not in own.model_fields:
            hint = nearest(name, own.model_fields)
            return f"{shown(name)} is not a key of {own.__name__}{hint and f'; {hint}'}"
        if hasattr(own, "replace"):
            return f"{own.__name__} is frozen; .replace({name}={value}) returns another"
        return (
            f"{own.__name__} is frozen; replace of the scenario, with the dotted key that ends in "
            f"{name!r}, returns another: .replace(**{{'….{name}': {value}}})"
        )

    def __dir__(self) -> Iterable[str]:
        """Return the names that a user of a scenario wants: pydantic's own are left out."""
        fields = type(self).model_fields
        return [name for name in super().__dir__() if name in fields or name not in _INTERNALS]

    def __str__(self) -> str:
        return repr(self)

    def __repr_str__(self, join_str: str) -> str:
        """Return the fields for a repr, each cut where it is long: a task may hold its data."""
        return join_str.join(
            shown(value) if name is None else f"{name}={shown(value)}"
            for name, value in self.__repr_args__()
        )

    def __getitem__(self, key: str) -> Any:
        """Return what stands at a dotted key, as in ``scenario["edges.clock.jitter"]``.

        Raises
        ------
        KeyError
            When there is no such key.
        """
        found: Any = self
        for name in key.split("."):
            if isinstance(found, Settings) and name in type(found).model_fields:
                found = getattr(found, name)
            elif isinstance(found, Mapping) and name in found:
                found = found[name]
            elif isinstance(found, tuple) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                raise KeyError(key)
        return found

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, settings: object) -> object:
        return plain(settings)


class Table(Mapping[str, V]):
    """A mapping that does not change; equal to any mapping of the same items, and hashable."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, V]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return shown(self._items)


#: A field that holds a `Table`.
Frozen = Annotated[Mapping[str, V], AfterValidator(Table), PlainSerializer(dict)]


def label(node: object) -> object:
    """Return what a whole number names a node by, as text; anything else as it is."""
    whole = isinstance(node, int | np.integer) and not isinstance(node, bool)
    return str(node) if whole else node


#: A node's label; whole numbers are welcome and mean their digits.
Label = Annotated[str, BeforeValidator(label)]


def plain(value: object, depth: int = 0) -> object:
    """Return the same data in tuples, dicts and Python's own numbers, NumPy's among them.

    Raises
    ------
    ValueError
        Where lists and tables lie in one another, deeper than `DEEPEST`; for an integer of more
        bits than `WIDEST`, and for text that has no encoding.
    """
    if type(value) in _PLAIN:
        return value
    if depth > DEEPEST:
        raise ValueError(f"tables and lists must not be nested more than {DEEPEST} deep")
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        raise ValueError(f"text must be such that a file can hold it, got {shown(value)} instead")
    if isinstance(value, int) and value.bit_length() > WIDEST:
        raise ValueError(f"an integer must have at most {WIDEST} bits, got {shown(value)} instead")
    if isinstance(value, list | tuple):
        return tuple(plain(item, depth + 1) for item in value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item, depth + 1) for key, item in value.items()}
    return value
