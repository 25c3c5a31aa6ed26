"""The protocols that are compared: what tables call them, one colour each, and lines of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import seaborn as sns

from ...statistics import bootstrap
from ..claims import Records
from ..drawing import curve
from ..tables import groups, tables_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

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


def draw_sweep(ax: Axes, runs: pd.DataFrame, key: str) -> npt.NDArray[np.float64]:
    """Draw settled errors against a parameter, a line a clock, and return its levels."""
    levels = np.sort(runs[key].unique())
    for label, own in groups(runs, "label"):
        errors = [bootstrap(own[own[key] == x]["settled_error"], resamples=500) for x in levels]
        curve(ax, levels, errors, PROTOCOLS[label], label=label)
    return levels
