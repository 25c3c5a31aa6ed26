"""The units of what a study varies and measures, from the descriptions of keys and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from ..analysis.units import unit_in, unit_of_metric
from ..engine.messages import models
from .scenario import Scenario

if TYPE_CHECKING:
    from .studies.study import Study


def unit_of_key(key: str, scenario: Scenario | None = None) -> str:
    """Return the unit of a dotted key, or ``""``.

    Parameters
    ----------
    scenario
        Whose kinds are meant. A key that it does not hold has the unit that all kinds with such a
        key agree on.

    Examples
    --------
    >>> unit_of_key("edges.latency"), unit_of_key("edges.clock.jitter")
    ('s', '')
    """
    part: object = scenario
    tables: tuple[type[BaseModel], ...] = (Scenario,)
    units = {""}
    for name in key.split("."):
        if tables and name.isdecimal():  # the number of an entry of a list
            entries = part if isinstance(part, tuple) else ()
            part = entries[int(name)] if int(name) < len(entries) else None
            continue
        if name in getattr(type(part), "model_fields", ()):
            tables, part = (type(part),), getattr(part, name)  # type: ignore[assignment]
        else:
            part = None
        fields = [model.model_fields[name] for model in tables if name in model.model_fields]
        if tables and not fields:
            return ""
        if fields:  # otherwise a name within a mapping, whose values have the unit of the whole
            units = {unit_in(field.description) for field in fields}
        tables = tuple(model for field in fields for model in models(field.annotation))
    return units.pop() if len(units) == 1 else ""


def units_of(study: Study) -> dict[str, str]:
    """Return the units of a study's keys and metrics, by name, where they have one."""
    units = {key: unit_of_key(key, study.scenario) for key in study.keys}
    units |= {name: unit_of_metric(name) for name in study.metrics}
    return {name: unit for name, unit in units.items() if unit}
