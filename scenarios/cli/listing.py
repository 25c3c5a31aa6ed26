"""`ohmtick list kinds`: all that a scenario, a study or a command can name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...analysis.metrics import METRICS
from ...analysis.report.figures import FIGURES
from ...engine.registry import FAMILIES, Family
from ..papers import PAPERS
from ..scenario import Scenario
from ..studies.samplers import SAMPLERS

#: Families are known once their modules are imported; this module imports all.
ALL = (Scenario, SAMPLERS, METRICS, FIGURES, PAPERS)


def kinds() -> Iterator[str]:
    """Yield lines: each family, and of each kind its name, what it is, and where it is from."""
    for family in FAMILIES.values():
        yield family.name
        width = max(map(len, family), default=0)
        for kind in family:
            yield f"  {kind:{width}}  {_about(family[kind])}{_from(family, kind)}".rstrip()


def _about(member: Any) -> str:
    """Return the first line of a kind's docstring; of a figure its title."""
    about = getattr(member, "title", None) or (member.__doc__ or "").strip().partition("\n")[0]
    return str(about)


def _from(family: Family[Any], kind: str) -> str:
    module = family.module(kind)
    return f"  ({module})" if module else ""
