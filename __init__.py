"""Ohmtick: a laboratory for circuits that learn without a clock."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .analysis.html.show import as_html
    from .analysis.runs import open_run
    from .analysis.studies.record import open_study
    from .engine.circuit import Circuit
    from .engine.errors import OhmtickError, OhmtickWarning
    from .engine.lattices import breadboard, from_networkx, square_lattice
    from .engine.networks.equilibrium import TwinNetwork
    from .engine.streams import Streams
    from .scenarios import tasks
    from .scenarios.estimate import Estimate, estimate
    from .scenarios.export import export
    from .scenarios.predictor import Predictor
    from .scenarios.replay import Replay
    from .scenarios.resuming import resume
    from .scenarios.running import run
    from .scenarios.scenario import Scenario, load
    from .scenarios.studies.study import Study

__version__ = "0.2.0.dev0"

__all__ = [
    "Circuit",
    "Estimate",
    "OhmtickError",
    "OhmtickWarning",
    "Predictor",
    "Replay",
    "Scenario",
    "Streams",
    "Study",
    "TwinNetwork",
    "as_html",
    "breadboard",
    "estimate",
    "export",
    "from_networkx",
    "load",
    "open_run",
    "open_study",
    "resume",
    "run",
    "square_lattice",
    "tasks",
]

# Imported when they are first asked for: the command must be able to answer Ctrl-C before half a
# second of imports has passed, and any import of a module in here comes by this file.
_WHERE = {
    "Circuit": "engine.circuit",
    "Estimate": "scenarios.estimate",
    "OhmtickError": "engine.errors",
    "OhmtickWarning": "engine.errors",
    "Predictor": "scenarios.predictor",
    "Replay": "scenarios.replay",
    "Scenario": "scenarios.scenario",
    "Streams": "engine.streams",
    "Study": "scenarios.studies.study",
    "TwinNetwork": "engine.networks.equilibrium",
    "as_html": "analysis.html.show",
    "breadboard": "engine.lattices",
    "estimate": "scenarios.estimate",
    "export": "scenarios.export",
    "from_networkx": "engine.lattices",
    "load": "scenarios.scenario",
    "open_run": "analysis.runs",
    "open_study": "analysis.studies.record",
    "resume": "scenarios.resuming",
    "run": "scenarios.running",
    "square_lattice": "engine.lattices",
    "tasks": "scenarios.tasks",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_WHERE[name]}", __name__)
    value = getattr(module, name, module)  # or that module itself, such as `tasks`
    globals()[name] = value  # asked for once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
