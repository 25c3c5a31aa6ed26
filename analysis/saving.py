"""Draws figures into files, without a display and without leaving any behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import OhmtickError
from ..engine.records.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@contextmanager
def savable() -> Iterator[None]:
    """Let figures be drawn without a display, and free at the end those that were made."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    already = set(plt.get_fignums())
    try:
        yield
    finally:
        for number in set(plt.get_fignums()) - already:
            plt.close(number)


def figure_of(axes: object) -> Figure:
    """Return the figure that Axes are in, or an array of them."""
    first: Axes = np.ravel(np.asarray(axes, dtype=object))[0]
    figure = first.get_figure(root=True)
    assert figure is not None
    return figure


def save(figure: Figure, path: Path) -> None:
    """Save a figure in the format of the path's suffix, whole or not at all, and free it."""
    import matplotlib.pyplot as plt

    with whole_file(path) as partial:
        try:
            figure.savefig(partial, dpi=200, bbox_inches="tight")
        except ValueError as error:
            raise OhmtickError(f"{path} is in no known format: {error}") from None
    plt.close(figure)
