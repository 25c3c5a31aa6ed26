"""Reproductions of papers: a folder each, with its studies and what only code can make.

A paper is a function under its name: it takes what its studies recorded, by series and scenario,
the folder of the report, and the command (``command=``) that the report shall name; it writes the
report and returns what was found. The studies are in ``studies.toml``, beside the function's file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ...engine.registry import Family, load_folder

Paper = Callable[..., list[Any]]
P = TypeVar("P", bound=Paper)

#: What can be reproduced.
PAPERS: Family[Paper] = Family("paper")


def paper(function: P) -> P:
    """Make a function known as a paper, under its own name; use it as a decorator."""
    PAPERS.add(function.__name__, function)
    return function


def folder_of(name: str) -> Path:
    """Return the folder of a paper's studies."""
    return Path(inspect.getfile(PAPERS[name])).parent


load_folder(__name__, folders=True)
