"""Takes a network out of a run: as a SPICE netlist, as GraphML, or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import (
    MOST_OF_PATH,
    AnalysisError,
    CircuitError,
    RecordError,
    nearest,
    shortened,
    shown,
)
from ..engine.formats.files import SPICE, suffix_of
from ..engine.formats.graph_files import write_graphml, write_json
from ..engine.formats.netlist import write_netlist
from ..engine.networks.network import Network
from ..engine.records.reading import exists
from ..engine.records.run import Run
from ..engine.records.writing import write_text
from .replay import COPIES, Replay

if TYPE_CHECKING:
    import networkx as nx


def export(
    run: Run,
    path: str | Path,
    copy: str = "free",
    at: float | None = None,
    datum: int | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write one copy of a run's network to a file that other programs read.

    A netlist (``.cir``, ``.sp``, ``.spice``) has a resistor for each edge, a voltage source for
    each source, and in the clamped copy for each target, so that its operating point is the state
    of the run. GraphML (``.graphml``) and the JSON of networkx (``.json``) have what
    `Circuit.to_networkx` gives, and the voltage of each node, ``voltage_V``. Each of them is taken
    by ``[circuit] kind = "file"``. An edge that was cut is in none of them, and the others keep
    their numbers there: read again, they are numbered anew in that order.

    Parameters
    ----------
    run
        In memory or opened from its folder.
    path
        Its suffix says the format.
    copy
        ``"free"`` or ``"clamped"``.
    at, datum
        As of `Run.twin`.
    overwrite
        Replace a file that is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    AnalysisError
        For what is no run, another copy, or a time or a datum that is not there.
    CircuitError
        For another suffix, or a label that the format cannot hold.
    RecordError
        When there is a file already, or it cannot be written.

    Examples
    --------
    >>> import ohmtick as ot
    >>> run = ot.run("breadboard-iii", seed=7)
    >>> print(export(run, "learned.cir", datum=0))
    learned.cir
    """
    try:
        suffix = suffix_of(str(path))
    except CircuitError as error:
        raise CircuitError(f"the file of an export {error}") from None
    file = Path(path)
    if copy not in COPIES:
        raise AnalysisError(
            f"the 'copy' of an export must be one of {', '.join(map(repr, COPIES))}, "
            f"got {shown(copy)} instead; {nearest(str(copy), COPIES)}"
        )
    if not overwrite and exists(file):
        named = shortened(file, MOST_OF_PATH)
        raise RecordError(
            f"cannot write {named}: it is there already; only with overwrite=True "
            "(--overwrite) is it replaced"
        )
    replay = Replay(run)
    twin = replay.twin_at(at, datum)
    if suffix in SPICE:
        text = _netlist(run, twin, copy, f"at {replay.time:g} s, datum {replay.datum}")
    else:
        write = write_graphml if suffix == ".graphml" else write_json
        text = write(_graph(twin, copy))
    write_text(file, text)
    return file


def _netlist(run: Run, twin: Network, copy: str, when: str) -> str:
    which = COPIES.index(copy)
    volts = twin.voltages()[which]
    holders = {"source": twin.sources} | ({"target": twin.targets} if which else {})
    held = {
        node: (f"{role}{number}", float(volts[node]))
        for role, nodes in holders.items()
        for number, node in enumerate(nodes.tolist())
    }
    title = f"{run.summary['title'] or 'ohmtick'}: the {copy} copy {when}"
    return write_netlist(twin.circuit, twin.copy_conductances()[which], held, title)


def _graph(twin: Network, copy: str) -> nx.MultiGraph[str]:
    which = COPIES.index(copy)
    conductances = twin.copy_conductances()[which]
    graph = twin.circuit.to_networkx(conductances)
    labels, ends = twin.circuit.labels, twin.circuit.edges
    for edge in np.flatnonzero(conductances == 0.0).tolist():  # cut: no resistor, as in a netlist
        first, second = ends[edge].tolist()
        graph.remove_edge(labels[first], labels[second], key=edge)
    role = np.full(twin.circuit.nodes, "inner", dtype=object)
    role[twin.sources], role[twin.targets] = "source", "target"
    volts = twin.voltages()[which].tolist()
    for label, name, voltage in zip(twin.circuit.labels, role, volts, strict=True):
        graph.nodes[label].update(role=name, voltage_V=voltage)
    return graph
