"""Says what is wrong with a setting, in one line a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import nearest, shortened, shown
from .registry import Family

#: Mistakes that a message lists.
MOST_MISTAKES = 16


def explain(error: ValidationError, model: type[BaseModel], settings: object) -> str:
    """Return what is wrong: for each mistake the key, the rule, the value, the nearest name.

    Parameters
    ----------
    error
        What pydantic found.
    model
        What was to be made.
    settings
        What it was to be made of: the kinds of its tables tell whose keys were meant.
    """
    rules: dict[str, list[str]] = {}
    values: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        if _follows(detail):
            continue
        key, owner = _locate(detail["loc"], model, settings)
        rule, value = _rule(detail, key, owner)
        rules.setdefault(key, []).append(rule)
        # Where several types were tried, the one with a hint has the most to say.
        values[key] = max(values.get(key, ""), value, key=len)
    lines = [
        f"{shortened(key) + ' ' if key else ''}{_either(found)}{values[key]}"
        for key, found in islice(rules.items(), MOST_MISTAKES)
    ]
    if more := len(rules) - len(lines):
        lines.append(f"and {more} more mistakes")
    return "\n".join(lines)


def _either(rules: list[str]) -> str:
    return " or ".join(dict.fromkeys(rules)).replace(" or must be ", " or ")


def _follows(detail: ErrorDetails) -> bool:
    """Whether something is too short only because its entries are wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _rule(detail: ErrorDetails, key: str, owner: type[BaseModel] | None) -> tuple[str, str]:
    """Return the rule that is broken, and the words on the value that breaks it."""
    context: dict[str, Any] = detail.get("ctx", {})
    got = f", got {shown(detail['input'])} instead"
    match detail["type"]:
        case "extra_forbidden":
            table, dot, name = key.rpartition(".")
            fields = () if owner is None else owner.model_fields
            hint = nearest(name, list(fields))
            hint = hint.replace("nearest is '", f"nearest is '{shortened(table)}{dot}")
            if owner is not None and not fields:
                hint = f"the kind {shown(kind_of(owner))} has no keys"
            return "is not a key", f" (got {shown(detail['input'])}){hint and f'; {hint}'}"
        case "missing":
            return "is missing", ""
        case "kind_missing":
            return detail["msg"], ""
        case "kind_unknown":
            return detail["msg"], f", got {shown(context['kind'])} instead; {context['hint']}"
        case "value_error":
            said = str(context["error"])
            says_it = not key or said.startswith("must ")
            return (said if says_it else f"is wrong: {said}"), ""
        case "too_short" | "too_long":
            most, least = context.get("max_length"), context.get("min_length")
            bound = f"at least {least}" if most is None else f"at most {most}"
            return f"must have {bound} {'entry' if 1 in (most, least) else 'entries'}", got
        case "literal_error" if isinstance(detail["input"], str):
            names = re.findall("'([^']*)'", str(context["expected"]))
            hint = nearest(detail["input"], names)
            close = f"; {hint}" if hint.startswith("the nearest") else ""
            return f"must be {context['expected']}", got + close
        case "model_type" | "model_attributes_type":
            return "must be a table", got
        case _:
            said = (
                detail["msg"]
                .replace("a valid integer", "an integer")
                .replace("valid tuple", "list")
            )
            said = re.sub(r"\b1(0{12,})\b", lambda found: f"1e{len(found[1])}", said)
            return said.replace("valid ", "").replace("Input should", "must"), got


def _locate(
    location: tuple[int | str, ...], model: type[BaseModel], settings: object
) -> tuple[str, type[BaseModel] | None]:
    """Return the dotted key of an error, and the model that owns its last name.

    Pydantic's location also names the types that it tried; a user did not write these.
    """
    key: list[str] = []
    owner: type[BaseModel] | None = model
    inside_field = False
    held = settings
    for place in location:
        if inside_field and isinstance(place, str) and _is_type_name(place):
            continue
        key.append(str(place))
        held = _inside(held, place)
        field = owner.model_fields.get(str(place)) if owner and not inside_field else None
        branches = models(field.annotation) if field else ()
        if branches:
            owner = chosen(branches, _inside(held, "kind"))
        inside_field = bool(field) and not branches
    return ".".join(key), owner


def _inside(held: object, place: int | str) -> object:
    """Return what a table or a list holds at a place; None where it holds nothing."""
    if isinstance(held, Mapping):
        return held.get(place)
    if isinstance(held, list | tuple) and isinstance(place, int) and place < len(held):
        return held[place]
    return None


def models(annotation: Any) -> tuple[type[BaseModel], ...]:
    """Return the models that a field may hold: of a family's base all members, as of now."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        family = vars(annotation).get("family")
        return tuple(family.values()) if isinstance(family, Family) else (annotation,)
    return tuple(model for inner in get_args(annotation) for model in models(inner))


def chosen(branches: tuple[type[BaseModel], ...], kind: object) -> type[BaseModel] | None:
    """Return which of some models is of a kind; the only one, where it has no kinds."""
    if len(branches) == 1 and not kind_of(branches[0]):
        return branches[0]
    if kind is None and branches:
        kind = getattr(branches[0], "default_kind", None)
    return next((branch for branch in branches if kind_of(branch) == kind), None)


def kind_of(model: type[BaseModel]) -> str:
    """Return the name by which a scenario calls a model; "" where it has none."""
    return str(getattr(model, "kind", ""))


def _is_type_name(place: str) -> bool:
    """Whether a location names a type that pydantic tried, such as ``literal['random']``."""
    names = ("bool", "dict", "float", "int", "str")
    return place in names or place.startswith(("literal[", "tuple[", "function-"))
