"""Tables and numbers in HTML: everything that a user wrote is escaped, and nothing is long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import islice

from ...engine.errors import shortened

#: Rows of a table, and characters of a cell.
MOST_ROWS, MOST_TEXT = 40, 200
_CELL = "text-align:left;vertical-align:top;padding:0.1em 0.8em 0.1em 0"


def text(value: object, most: int = MOST_TEXT) -> str:
    r"""Return a value as one line of HTML, cut where it is long.

    Examples
    --------
    >>> text("<b>\n")
    '&lt;b&gt;\\n'
    """
    return escape(shortened(value, most))


def table(rows: Mapping[str, object]) -> str:
    """Return two columns: what, and its value; of many rows the first `MOST_ROWS`."""
    lines = [
        f'<tr><th style="{_CELL}">{text(name)}</th><td style="{_CELL}">{text(value)}</td></tr>'
        for name, value in islice(rows.items(), MOST_ROWS)
    ]
    if more := len(rows) - len(lines):
        lines.append(f'<tr><td colspan="2" style="{_CELL}">… and {more} more</td></tr>')
    return f"<table>{''.join(lines)}</table>"


def page(title: object, parts: Sequence[str]) -> str:
    """Return a heading and what is below it, side by side where there is room."""
    below = "".join(f"<div>{part}</div>" for part in parts)
    style = "display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start"
    return f'<div><strong>{text(title)}</strong><div style="{style}">{below}</div></div>'
