"""Ohmtick: a laboratory for circuits that learn without a clock."""

from .analysis.runs import open_run
from .analysis.studies import open_study
from .engine.circuit import Circuit
from .engine.errors import OhmtickError, OhmtickWarning
from .engine.lattices import breadboard, from_networkx, square_lattice
from .engine.twin import TwinNetwork
from .scenarios.running import run
from .scenarios.scenario import Scenario, load
from .scenarios.study import Study

__version__ = "0.2.0.dev0"

__all__ = [
    "Circuit",
    "OhmtickError",
    "OhmtickWarning",
    "Scenario",
    "Study",
    "TwinNetwork",
    "breadboard",
    "from_networkx",
    "load",
    "open_run",
    "open_study",
    "run",
    "square_lattice",
]
