"""The protocols that are compared: what tables call them, and one colour each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import seaborn as sns

from ..claims import Records
from ..tables import tables_of

if TYPE_CHECKING:
    import pandas as pd

#: Lockstep, with which all others are compared.
REFERENCE = "p = 1"
COLOURS = sns.color_palette("colorblind")
_GATES = sns.color_palette("viridis", 6)
#: Gated protocols in order (viridis), clocks in colours of their own.
PROTOCOLS: dict[str, Any] = {
    "p = 1": "black",
    "p = 0.5": _GATES[1],
    "p = 0.2": _GATES[2],
    "p = 0.1": _GATES[3],
    "p = 0.05": _GATES[4],
    "round robin": COLOURS[5],
    "uniform": COLOURS[1],
    "jitter 10 %": COLOURS[3],
    "Poisson": COLOURS[4],
}
#: Clocks as tables write them, and what they are called.
CLOCKS = {
    '{"kind": "periodic", "period": 1.0}': "p = 1",
    '{"kind": "periodic", "period": 0.1, "gate": 0.1}': "p = 0.1",
    '{"kind": "periodic", "period": 1.0, "phase": "uniform"}': "uniform",
    '{"kind": "poisson", "period": 1.0}': "Poisson",
}


def tables_by_clock(records: Records) -> pd.DataFrame:
    """Return the tables of a series as one, with the protocol's name in the clock's stead."""
    runs = tables_of(records)
    runs["label"] = runs["edges.clock"].map(CLOCKS)
    return runs.drop(columns="edges.clock")
