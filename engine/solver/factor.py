"""The factor of a circuit: build it, and judge what it costs and whether it is singular.

The parts: `ordering` and `symbolic` find the structure, `layout` puts it in memory, `eliminate`
makes the numbers, `walk` and `panel` read and change them along one path, `boundary` holds what a
datum sets, `voltages` reads them all, and `network` decides which of these a read is worth.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from ..kernels.kernel import Ints
from .costs import break_even
from .layout import AT_ORDER, Factor, allocate
from .symbolic import analyse


def build(
    edges: ArrayLike,
    nodes: int,
    sources: ArrayLike,
    targets: ArrayLike,
    outputs: Ints | None = None,
) -> Factor:
    """Analyse a circuit and lay its factor out in memory.

    Call `refactor` and `present` before anything else; either order does.

    Parameters
    ----------
    edges
        Pairs of nodes, shape (E, 2).
    nodes
        Number of nodes, N.
    sources, targets
        Node indices, all different; at least one source.
    outputs
        As for `~ohmtick.engine.solver.layout.allocate`.
    """
    symbolic = analyse(edges, nodes, sources, targets)
    return allocate(symbolic, *break_even(symbolic), outputs)


def node_at(index: Ints, position: int) -> int:
    """Return the node at a position, as `add` and `refactor` report it."""
    return int(index[index[AT_ORDER] + position])
