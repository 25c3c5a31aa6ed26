"""Units and labels: of keys and metrics from the description of each, of columns and settings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from .metrics import METRICS

#: What an axis says of a column of a frame.
COLUMNS = {
    "time_s": "time (s)",
    "updates": "updates",
    "updates_per_edge": "updates per edge",
    "error": "error (V²)",
    "relative_error": "error / initial error",
    "accuracy": "accuracy",
}
#: Units of the settings of a run's edges that have one.
SETTINGS = {
    "period": "s",
    "full_scale": "Ω",
    "k_min": "S",
    "k_max": "S",
    "offset": "V",
    "noise": "V",
}

_UNIT = r"(?:s|V|A|S|Ω|F|W|J|Hz)[²³]?"
#: A description ends a statement with its unit: ``Time between measurements, s; the first …``.
_STATED = re.compile(rf", ({_UNIT}(?:/{_UNIT})*)(?=[.,;:]|$)")


def unit_in(description: str | None) -> str:
    """Return the unit that a description states, or ``""``.

    Examples
    --------
    >>> unit_in("Mean test error over the last quarter of the run, V².")
    'V²'
    >>> unit_in("Relative s.d. of the periods.")
    ''
    """
    found = _STATED.search(description or "")
    return found[1] if found else ""


def unit_of_metric(name: str) -> str:
    """Return the unit of a metric, from its first line, or ``""``."""
    text = (METRICS[name].__doc__ or "") if name in METRICS else ""
    return unit_in(text.strip().partition("\n")[0])


def named(name: str, units: Mapping[str, str] | None = None) -> str:
    """Return the name of a key or a metric with its unit, if it has one.

    Parameters
    ----------
    units
        Of names; one that is not there has the unit of the metric that is called so.
    """
    unit = (units or {}).get(name) or unit_of_metric(name)
    return f"{name} ({unit})" if unit else name


def share(value: float | None) -> str:
    """Return a share in per cent, in words; it may not be known.

    Examples
    --------
    >>> share(0.9444), share(None)
    ('94.4%', 'none')
    """
    return "none" if value is None or math.isnan(value) else f"{value:.1%}"
