"""Figures as pictures of a page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Pixels of a picture for each of the page.
DENSITY = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A figure on the page, or the reason why it is not there."""

    title: str
    caption: str
    picture: str = ""
    width: int = 0
    height: int = 0
    reason: str = ""


def picture(figure: Figure, title: str, caption: str) -> Picture:
    """Return a figure as a picture of a page, and free it."""
    import matplotlib.pyplot as plt

    data = BytesIO()
    dpi = 110 * DENSITY
    figure.savefig(data, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    held = data.getvalue()
    width, height = (int.from_bytes(held[at : at + 4], "big") // DENSITY for at in (16, 20))
    text = base64.b64encode(held).decode("ascii")
    return Picture(title=title, caption=caption, picture=text, width=width, height=height)
