"""The data of a replay: what a page needs to show runs at any simulated time.

A page holds the events themselves (see `downsample` for which), not pictures of states: the state
at a time is what the events up to it left. Voltages are solved in the page, from the conductances
shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...engine.records.run import Run
from ..recorded import span_of
from ..voltages import data_of, mismatch_of, relative_of, relaxes
from .downsampling import Downsampled, downsample
from .layout import layout_of
from .packing import Packed, pack, pack_index, pack_logarithms, pack_rounded

if TYPE_CHECKING:
    import pandas as pd

#: Events in a page, over all of its runs, and probes of a run. With these a page stays below 8 MB.
MOST_EVENTS, MOST_PROBES = 400_000, 4000
#: Edges of a network that a page can draw, and that are worth drawing.
MOST_EDGES = 100_000
#: Up to how many events keep every digit.
EXACT = 120_000
#: Data that can be chosen from, in one run.
MOST_DATA = 500


def replay_of(runs: Sequence[Run], names: Sequence[str]) -> dict[str, Any] | None:
    """Return the data of a page that replays runs side by side on one clock.

    None where a network has more than `MOST_EDGES` edges.

    Parameters
    ----------
    runs
        Recorded runs, at least one.
    names
        What each is called.
    """
    from matplotlib.colors import to_hex

    from ..plots.style import DISTINCT, ORDERED

    if any(len(run.edges) > MOST_EDGES for run in runs):
        return None
    samples = [downsample(run, MOST_EVENTS // len(runs)) for run in runs]
    low, high = bounds_of(runs, [each.rows for each in samples])
    exact = sum(len(each.rows) for each in samples) <= EXACT
    return {
        "horizon": max(map(span_of, runs)),
        "low": low,
        "high": high,
        "colours": [*map(to_hex, ORDERED(np.linspace(0.0, 1.0, 256)))],
        "distinct": [*map(to_hex, DISTINCT)],
        "runs": [
            _run(run, name, sample, (low, high), exact)
            for run, name, sample in zip(runs, names, samples, strict=True)
        ],
    }


def bounds_of(runs: Sequence[Run], events: Sequence[pd.DataFrame]) -> tuple[float, float]:
    """Return the least and the largest positive conductance that is shown, S, never the same."""
    from ..plots.scale import log_norm

    shown = np.concatenate(
        [run.edges["conductance_start_S"] for run in runs]
        + [run.edges["conductance_final_S"] for run in runs]
        + [frame["conductance_after_S"] for frame in events]
    )
    norm = log_norm(shown)
    assert norm.vmin is not None
    assert norm.vmax is not None
    return norm.vmin, norm.vmax


def _run(
    run: Run, name: str, sample: Downsampled, bounds: tuple[float, float], exact: bool
) -> dict[str, Any]:
    layout = layout_of(run.edges, run.nodes)
    return {
        "name": name,
        "title": run.summary["title"],
        "span": span_of(run),
        "note": note_on(run, sample),
        "nodes": {
            "label": run.nodes["node"].tolist(),
            "grain": layout.grain,
            "role": run.nodes["role"].tolist(),
            **_points(layout.places),
            **_points(layout.sides, "side_"),
        },
        "edges": {
            "first": pack_index(layout.ends[:, 0]),
            "second": pack_index(layout.ends[:, 1]),
            **_points(layout.middles, "middle_"),
            "start": pack(run.edges["conductance_start_S"], "f8"),
            "cut": pack(run.cuts, "f8"),
            **_relative(run),
            **run.edges.filter(["group"]).to_dict("list"),
        },
        "events": _events(sample.rows, bounds, exact) | {"count": sample.events},
        "probes": _probes(run.probes),
        "data": _data(run),
        "nudge": run.tables.get("supervisor", {}).get("nudge"),
    }


def _points(places: npt.NDArray[np.float64], name: str = "") -> dict[str, Packed]:
    return {f"{name}{axis}": pack(places[:, row], "f4") for row, axis in enumerate("xy")}


def _events(rows: pd.DataFrame, bounds: tuple[float, float], exact: bool) -> dict[str, Packed]:
    time, sensed = rows["time_s"].to_numpy(), rows["sensed_s"].to_numpy()
    after = rows["conductance_after_S"]
    columns = {
        "time": pack(time, "f8" if exact else "f4"),
        "edge": pack_index(rows["edge"]),
        "datum": pack_index(rows["datum"].clip(lower=0)),
        "conductance": pack(after, "f8") if exact else pack_logarithms(after, *bounds),
    }
    if (sensed != time).any():
        delay = time - sensed
        columns["delay"] = pack(delay, "f4") if exact else pack_rounded(delay)
    if "interval_s" in rows:
        columns["interval"] = pack_rounded(rows["interval_s"].fillna(0.0))
    for name in ("free", "clamped"):
        drops = rows[f"drop_{name}_V"]
        columns[name] = pack(drops, "f4") if exact else pack_rounded(drops)
    return columns


def _probes(probes: pd.DataFrame) -> dict[str, Packed]:
    """Pack the probes, of many every so many, and the last."""
    every = math.ceil(len(probes) / MOST_PROBES) or 1
    kept = probes.iloc[sorted({*range(0, len(probes), every), len(probes) - 1} - {-1})]
    shown = kept.filter(["time_s", "error", "accuracy"])
    return {str(name).removesuffix("_s"): pack(shown[name], "f8") for name in shown}


def _relative(run: Run) -> dict[str, Packed]:
    """Pack what each copy of an edge conducts of what is written, where the copies differ."""
    if not mismatch_of(run).conductance:
        return {}
    free, clamped = relative_of(run)
    return {"relative_free": pack(free, "f8"), "relative_clamped": pack(clamped, "f8")}


def _data(run: Run) -> dict[str, Any] | None:
    """Return the source and the desired voltages of the data, as far as they are recorded."""
    data = data_of(run)
    if data is None or run.tables.get("schedule") or relaxes(run):
        return None
    # Of a difference nothing is desired of either node: the page shows the free copy alone.
    desired = data.desired if len(data.outputs) == data.targets.size else None
    return {
        "count": len(data.inputs),
        "sources": data.sources.tolist(),
        "targets": data.targets.tolist(),
        "inputs": data.inputs[:MOST_DATA].tolist(),
        "desired": None if desired is None else desired[:MOST_DATA].tolist(),
    }


def note_on(run: Run, sample: Downsampled) -> str:
    """Say what a page leaves out of a run, or that it leaves out nothing."""
    if sample.frame_s is None:
        parts = [f"All {sample.events:,} events are here."]
    else:
        parts = [
            f"{len(sample.rows):,} of {sample.events:,} events are here: the last of each edge "
            f"in each frame of {sample.frame_s:.3g} s. States are exact at the end of a frame; an "
            f"edge flashes for the events that are here."
        ]
    if len(run.probes) > MOST_PROBES:
        parts.append(f"The curve has one probe in {math.ceil(len(run.probes) / MOST_PROBES)}.")
    data = data_of(run)
    if relaxes(run):
        parts.append("Voltages are not shown: a page knows of circuits at equilibrium only.")
    elif run.tables.get("schedule"):
        parts.append("Voltages are not shown: a page knows no schedule; run.voltages has them.")
    elif data is None:
        parts.append("Voltages are not shown: the run does not record its data.")
    else:
        if len(data.inputs) > MOST_DATA:
            parts.append(f"Of {len(data.inputs):,} data the first {MOST_DATA} can be chosen.")
        if len(data.outputs) < data.targets.size:
            parts.append("Only the free copy is shown: outputs are differences of two nodes.")
        elif data.desired is None:
            parts.append(
                "Only the free copy is shown: what is desired of a class is measured anew every "
                "epoch, and not recorded."
            )
    return " ".join(parts)
