"""What a notebook shows of a scenario: what it is, and where it differs from the defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ..analysis.html.markup import page, table
from ..engine.errors import shown
from ..engine.messages import kind_of

if TYPE_CHECKING:
    from .scenario import Scenario


def in_a_line(scenario: Scenario) -> str:
    """Return what a scenario is, without its title."""
    edges, circuit = scenario.edges, scenario.circuit
    parts = [part.kind for part in (edges.rule, edges.resistor, edges.clock)]
    return (
        f"{circuit.kind}, {circuit.node_count} nodes; {scenario.task.kind}; "
        f"{', '.join(parts)}; {scenario.horizon:g} s"
    )


def scenario_html(scenario: Scenario) -> str:
    """Return a table of the kinds of a scenario, and of each key that is not at its default."""
    rows = dict(differing(scenario))
    for left_out in ("title", "versions"):
        rows.pop(left_out, None)
    return page(scenario.title or "untitled scenario", [table(rows)])


def differing(part: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted keys of a part that differ from their defaults, and all of its kinds."""
    if kind := kind_of(type(part)):
        yield f"{prefix}kind", kind
    for name, field in type(part).model_fields.items():
        value, key = getattr(part, name), f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from differing(value, f"{key}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for number, entry in enumerate(value):
                yield from differing(entry, f"{key}.{number}.")
        elif value != field.get_default(call_default_factory=True):
            yield key, value if isinstance(value, str) else shown(value)
