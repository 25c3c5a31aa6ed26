"""Fills in the page: its template, style and scripts, all in one file that makes no request."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ... import __version__

#: The scripts of a replay, in the order in which they need one another.
SCRIPTS = (
    "columns.js",
    "cursor.js",
    "kirchhoff.js",
    "numbers.js",
    "chart.js",
    "network.js",
    "history.js",
    "player.js",
    "replay.js",
)
#: What a page is without.
_NOTHING = {"answer": "", "lead": "", "no_replay": "", "tables": ()}

_PAGE = files(__package__) / "page"


def fill(context: dict[str, Any], replay: dict[str, Any] | None) -> str:
    """Return the whole page as text.

    Whatever comes from a run (titles, labels, names of folders) is escaped: it is text, and never
    markup. The page's own content security policy names its scripts by their digests and forbids
    all others, and every request.

    Parameters
    ----------
    context
        What report.html shows: all of its names but those in `_NOTHING`.
    replay
        The data of the replay, or None for a page without.
    """
    environment = Environment(
        loader=FunctionLoader(_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["integrity"] = integrity
    return environment.get_template("report.html").render(
        _NOTHING | {"version": __version__} | context,
        replay=replay,
        style=Markup(_text("report.css")),
        scripts=[Markup(_text(name)) for name in SCRIPTS if replay],
    )


def integrity(text: str) -> str:
    """Return the digest by which a content security policy knows a script or a style."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _text(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
