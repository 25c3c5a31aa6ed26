"""The frames that a run records: its edges, its nodes, and the data that were presented."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..circuit import Circuit
from ..networks.network import Target, split_pairs
from ..streams import FloatArray

if TYPE_CHECKING:
    import pandas as pd

#: What edges of no group are called beside those of groups.
OTHER_EDGES = "other edges"


def group_names(titles: Sequence[str]) -> list[str]:
    """Return what groups of edges are called: their titles, told apart by their numbers from 1.

    Examples
    --------
    >>> group_names(["late", "", "late"])
    ['late (group 1)', 'group 2', 'late (group 3)']
    """
    names = [title or f"group {number}" for number, title in enumerate(titles, start=1)]
    while repeated := {name for name in names if [*names, OTHER_EDGES].count(name) > 1}:
        for row, name in enumerate(names):
            names[row] = f"{name} (group {row + 1})" if name in repeated else name
    return names


def edge_frame(
    circuit: Circuit,
    start: FloatArray,
    final: FloatArray,
    cuts: Mapping[int, float] | None = None,
    groups: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the `edges` frame of a run, in which some edges were cut at their times, s.

    It has a column `group` where the name of each edge's group is given, "" for none.
    """
    import pandas as pd

    labels = np.array(circuit.labels)
    frame = pd.DataFrame(
        {
            "edge": np.arange(len(circuit.edges), dtype=np.int32),
            "first": labels[circuit.edges[:, 0]],
            "second": labels[circuit.edges[:, 1]],
            "conductance_start_S": start,
            "conductance_final_S": final,
            "cut_s": [(cuts or {}).get(edge, math.nan) for edge in range(len(circuit.edges))],
        }
    )
    return frame if groups is None else frame.assign(group=np.array(groups, dtype=str))


def node_frame(circuit: Circuit, sources: Any, targets: Any) -> pd.DataFrame:
    """Return the `nodes` frame of a run."""
    import pandas as pd

    role = np.full(circuit.nodes, "inner", dtype=object)
    role[sources], role[targets] = "source", "target"
    places = circuit.positions
    x, y = np.full((2, circuit.nodes), np.nan) if places is None else places.T
    return pd.DataFrame({"node": list(circuit.labels), "role": role, "x": x, "y": y})


def data_frame(
    sources: Sequence[str] = (),
    inputs: FloatArray | None = None,
    targets: Sequence[Target] = (),
    desired: FloatArray | None = None,
) -> pd.DataFrame:
    """Return the `data` frame of a run.

    Parameters
    ----------
    sources, targets
        Labels of the S sources; and of the O targets, each of one or of a pair of nodes.
    inputs
        Source voltages of each datum, V, shape (D, S); no datum by default.
    desired
        Desired outputs, V, shape (D, O); NaN by default.
    """
    import pandas as pd

    held = np.empty((0, len(sources))) if inputs is None else inputs
    nodes, places = split_pairs(targets)
    wanted = np.full((len(held), len(nodes)), np.nan)
    if desired is not None:
        wanted[:, places[:, 0]] = desired
    roles = ["source"] * len(sources) + ["target"] * len(nodes)
    for second in places[places[:, 1] >= 0, 1]:
        roles[len(sources) + second] = "reference"
    return pd.DataFrame(
        {
            "datum": np.repeat(np.arange(len(held), dtype=np.int32), len(roles)),
            "node": [*sources, *nodes] * len(held),
            "role": roles * len(held),
            "voltage_V": np.hstack([held, wanted]).ravel(),
        }
    ).astype({"node": str, "role": str})
