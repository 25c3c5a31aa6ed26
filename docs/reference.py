"""Writes `scenarios.md`, the reference of every key of a scenario, from what reads them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ohmtick.engine.messages import kind_of, models
from ohmtick.engine.records.attached import AttachedFile
from ohmtick.engine.registry import is_ours
from ohmtick.scenarios.scenario import Scenario

FILE = Path(__file__).parent / "scenarios.md"
HEAD = """# Every key of a scenario

Written by `docs/reference.py` from the models that read a scenario (`make figures`); a test holds
it complete. Where a table has a `kind`, the kind decides which keys it takes. A key without a
default must be given. Where the meaning says no unit, the key has none.

Nodes of lattices and of drawn networks are called `"0"`, `"1"`, …, a lattice's row by row; those
of the breadboard `"1"` to `"9"`, as in the paper. Edges are numbered from 0 in the circuit's own
order, which is that of the rows of `run.edges`. Kinds of your own need their `--plugin`.
"""
PLAIN = {
    float: "a number",
    int: "a whole number",
    str: "text",
    bool: "true or false",
    AttachedFile: "the path of a file",
}
BOUNDS = {Gt: ("gt", ">"), Ge: ("ge", "≥"), Lt: ("lt", "<"), Le: ("le", "≤")}


def reference() -> str:
    """Return the reference as Markdown."""
    return HEAD + "".join(_tables("", Scenario))


def _tables(path: str, model: type[BaseModel], listed: bool = False) -> Iterator[str]:
    kind = kind_of(model)
    title = f"`[{path}]`" if path else "The scenario itself"
    if listed:  # one of a list; the kinds that it may hold were told where it is one for all
        title = f"`[[{path}]]`"
    if kind:
        title += f" of kind `{kind}`"
    about = (model.__doc__ or "").strip().splitlines()[0]
    yield f"\n## {title}\n\n{about}\n"
    if model.model_fields:
        yield "\n| key | takes | default | meaning |\n|---|---|---|---|\n"
    inner = []
    for name, field in model.model_fields.items():
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        if branches := _ours(field.annotation):
            place, each = f"{path}.{name}".lstrip("."), get_origin(field.annotation) is tuple
            inner += [
                (place, branch, each)
                for branch in branches
                if not (listed and kind_of(branch)) and not _may_be_keys(field.annotation)
            ]
        yield f"| `{name}` | {_takes(field, branches)} | {_default(field)} | {meaning} |\n"
    for place, branch, each in inner:
        yield from _tables(place, branch, each)


def _takes(field: FieldInfo, branches: tuple[type[BaseModel], ...]) -> str:
    if branches:
        kinds = [kind_of(branch) for branch in branches if kind_of(branch)]
        what = "a list of tables" if get_origin(field.annotation) is tuple else "a table"
        what += f" of kind {_listed(kinds)}" if kinds else ""
        return what + (", or some keys of the one before" if _may_be_keys(field.annotation) else "")
    return _type(field.annotation) + _bounds(field.metadata)


def _may_be_keys(annotation: Any) -> bool:
    """Return whether a field takes a part that was told of before, or some of its keys."""
    return get_origin(annotation) is Mapping or any(map(_may_be_keys, get_args(annotation)))


def _ours(annotation: Any) -> tuple[type[BaseModel], ...]:
    """Return what a field may hold that comes with Ohmtick, whoever's kinds are known as well."""
    return tuple(model for model in models(annotation) if is_ours(model.__module__))


def _type(annotation: Any) -> str:
    """Return the words for a type, such as ``a list of numbers``."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return _listed([f'"{word}"' for word in inside])
    if origin is tuple:
        return f"a list, each {_type(inside[0])}"
    if origin is Mapping:
        return f"a table, each {_type(inside[-1])}"
    if inside:
        return " or ".join(_type(each) for each in inside if each is not type(None))
    return PLAIN[annotation]


def _bounds(metadata: list[Any]) -> str:
    found = [
        f"{sign} {_number(getattr(rule, name))}"
        for rule in metadata
        for kind, (name, sign) in BOUNDS.items()
        if isinstance(rule, kind)
    ]
    return f", {' and '.join(found)}" if found else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "–"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        kind = getattr(default, "kind", None)
        return f"of kind `{kind}`" if kind else "its defaults"
    if default is None or default in ((), {}):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f'`"{default}"`' if isinstance(default, str) else f"`{_number(default)}`"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _listed(words: list[Any]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
