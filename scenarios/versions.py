"""The versions of what computes a run, as its record holds them."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from .. import __version__
from .studies.code import code


def versions() -> dict[str, str]:
    """Return the versions of what computes a run, and ``code``, what tells ours from another."""
    return _versions() | {"code": code()}


@cache  # looking them up takes as long as a short run does
def _versions() -> dict[str, str]:
    found = {"python": ".".join(map(str, sys.version_info[:3])), "ohmtick": __version__}
    for package in ("numba", "numpy", "pymetis", "scipy", "simpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
