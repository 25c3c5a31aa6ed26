"""The cell of a study: one combination of what it varies, and the scenario that it comes to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...engine.errors import ScenarioError
from ..outside import Digests, code_with, digests
from ..scenario import Scenario

#: A paired list of this name is no key of the scenario: it names the rows.
LABEL = "label"
#: What makes a cell out of the base scenario: dotted keys and their values.
Changes = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One combination of what a study varies."""

    changes: Changes
    """Dotted keys and their values."""
    scenario: Scenario | None
    """What is run; None where the combination is no valid scenario."""
    text: str
    """The complete scenario as TOML, with the seed 0; or why there is none."""

    @cached_property
    def kinds(self) -> Digests:
        """Digests of the scenario's kinds from outside, by family and name."""
        return {} if self.scenario is None else digests(self.scenario)

    def code(self, code: str) -> str:
        """Return what tells the code of the cell's runs, given that of the package."""
        return code_with(code, self.kinds)

    def key(self, seed: int, code: str) -> str:
        """Return the code that makes a run, and a hash of it and the run's full scenario."""
        if self.scenario is None:
            made = json.dumps([code, seed, self.changes, self.text], default=repr)
            return f"{code}-invalid-{hashlib.sha256(made.encode()).hexdigest()[:24]}"
        head, seed_line, tail = self.text.partition("\nseed = 0\n")
        whole = f"ohmtick {code}\n{head}{seed_line[:-2]}{seed}\n{tail}"
        return f"{code}-{hashlib.sha256(whole.encode()).hexdigest()[:32]}"


def cell_of(base: Scenario, changes: Changes) -> Cell:
    """Return the cell that some changes make of a scenario, valid or not."""
    keys = {key: value for key, value in in_order(changes).items() if key != LABEL}
    try:
        scenario = base.replace(**keys | {"seed": 0, "versions": None})
    except ScenarioError as error:
        return Cell(changes, None, str(error))
    return Cell(changes, scenario, scenario.to_toml())


def in_order(changes: Changes) -> Changes:
    """Return changes in an order to make them in: tables before what is in them, kinds first."""
    return dict(
        sorted(changes.items(), key=lambda item: (item[0].count("."), not _is_kind(item[0])))
    )


def _is_kind(key: str) -> bool:
    return key.rpartition(".")[2] == "kind"
