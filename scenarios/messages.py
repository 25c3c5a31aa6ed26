"""Says what is wrong with a scenario, in one line a mistake."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..engine.errors import nearest


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Return what is wrong: for each mistake the key, the rule, the value, the nearest name."""
    rules: dict[str, list[str]] = {}
    values: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        key, owner = _locate(detail["loc"], model)
        rule, value = _rule(detail, key, owner)
        rules.setdefault(key, []).append(rule)
        values[key] = value
    return "\n".join(
        f"{key + ' ' if key else ''}{' or '.join(dict.fromkeys(found))}{values[key]}"
        for key, found in rules.items()
    )


def _rule(detail: ErrorDetails, key: str, owner: type[BaseModel] | None) -> tuple[str, str]:
    """Return the rule that is broken, and the words on the value that breaks it."""
    context: dict[str, Any] = detail.get("ctx", {})
    got = f", got {_short(detail['input'])} instead"
    match detail["type"]:
        case "extra_forbidden":
            table, dot, name = key.rpartition(".")
            fields = () if owner is None else owner.model_fields
            hint = nearest(name, list(fields))
            hint = hint.replace("nearest is '", f"nearest is '{table}{dot}")
            return "is not a key of a scenario", f" (got {_short(detail['input'])}); {hint}"
        case "missing":
            return "is missing", ""
        case "union_tag_not_found":
            kinds = context.get("discriminator", "'kind'")
            return f"must say its {kinds}", ""
        case "union_tag_invalid":
            tag, expected = str(context["tag"]), str(context["expected_tags"])
            hint = nearest(tag, [name.strip(" '") for name in expected.split(",")])
            return f"must be of a kind among {expected}", f", got {tag!r} instead; {hint}"
        case "value_error":
            said = str(context["error"])
            return (f"is wrong: {said}" if key else said), ""
        case "model_type" | "model_attributes_type":
            return "must be a table", got
        case _:
            return detail["msg"].replace("Input should be", "must be").replace(
                "Input should", "must"
            ), got


def _locate(
    location: tuple[int | str, ...], model: type[BaseModel]
) -> tuple[str, type[BaseModel] | None]:
    """Return the dotted key of an error, and the model that owns its last name.

    Pydantic's location also names the branches of unions that it tried; a user did not write
    these.
    """
    key: list[str] = []
    owner: type[BaseModel] | None = model
    branches: tuple[Any, ...] = ()
    inside_field = False
    for place in location:
        chosen = _branch(branches, place)
        if chosen is not None:
            owner, branches, inside_field = chosen, (), False
        elif inside_field and isinstance(place, str) and _is_type_name(place):
            continue
        else:
            key.append(str(place))
            field = owner.model_fields.get(str(place)) if owner and not inside_field else None
            branches = _models(field.annotation) if field else ()
            inside_field = bool(field)
            if len(branches) == 1 and "kind" not in branches[0].model_fields:
                owner, branches, inside_field = branches[0], (), False
    return ".".join(key), owner


def _branch(branches: tuple[Any, ...], place: object) -> type[BaseModel] | None:
    for branch in branches:
        kind = branch.model_fields.get("kind")
        if kind is not None and place in get_args(kind.annotation):
            return branch  # type: ignore[no-any-return]
    return None


def _models(annotation: Any) -> tuple[type[BaseModel], ...]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(model for inner in get_args(annotation) for model in _models(inner))


def _is_type_name(place: str) -> bool:
    """Whether a location names a type that pydantic tried, such as ``literal['random']``."""
    return place in ("float", "int", "str") or place.startswith(("literal[", "list["))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
