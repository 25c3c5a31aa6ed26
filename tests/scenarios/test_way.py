"""The way of a scenario to its first event: down the layers, through each file once."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import ohmtick as ot

ROOT = Path(ot.__file__).parent
#: Files that a run is made by, in the order in which it comes to them.
WAY = {
    "compiled": [
        "scenarios/running.py", "scenarios/stand_ins.py", "scenarios/in_step.py",
        "scenarios/outside.py", "scenarios/build.py", "scenarios/parts.py", "scenarios/sizes.py",
        "agents/learning.py", "agents/supervisor.py", "agents/probe.py", "agents/schedule.py",
        "engine/compiled/simulation.py", "scenarios/outcome.py",
        "scenarios/versions.py",
    ],
    "simpy": [
        "scenarios/running.py", "scenarios/stand_ins.py", "scenarios/in_step.py",
        "scenarios/outside.py", "scenarios/build.py", "scenarios/parts.py", "scenarios/sizes.py",
        "agents/learning.py", "agents/supervisor.py", "agents/probe.py", "agents/device.py",
        "agents/edge.py", "engine/simulation.py", "scenarios/outcome.py", "scenarios/versions.py",
    ],
}  # fmt: skip
LAYERS = ("engine", "agents", "scenarios")


def file_of(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""


def entries(scenario: ot.Scenario, engine: str) -> list[tuple[str, str, str]]:
    """Return from which file and function a run enters which files, in order, each once.

    To enter a file is to call a function or make an object of it; to ask an object that was made
    before, or to go on with a generator that was handed over, is not.
    """
    found: dict[tuple[str, str, str], None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        caller, name = frame.f_back, frame.f_code.co_qualname
        if event != "call" or caller is None or frame.f_code.co_flags & inspect.CO_GENERATOR:
            return
        while caller.f_back is not None and not file_of(caller):  # through a library
            caller = caller.f_back
        to, origin = file_of(frame), file_of(caller)
        if to and origin != to and ("." not in name or name.endswith("_init__")):
            found[origin, caller.f_code.co_qualname.partition(".<")[0], to] = None

    sys.setprofile(note)
    try:
        ot.run(scenario, engine=engine)
    finally:
        sys.setprofile(None)
    return list(found)


@pytest.mark.parametrize("engine", WAY)
def test_each_file_is_entered_once_and_no_layer_calls_one_above(engine: str) -> None:
    scenario = ot.load("breadboard-iii").replace(**{"horizon": 5.0, "edges.latency": 0.1})
    ot.run(scenario, engine=engine)  # whatever is imported late has been
    entered: dict[str, list[str]] = {}
    up = []
    for origin, caller, to in entries(scenario, engine):
        if to in WAY[engine]:
            entered.setdefault(to, []).append(f"{origin}: {caller}")
        above, below = to.partition("/")[0], origin.partition("/")[0]
        if {above, below} <= {*LAYERS} and LAYERS.index(above) > LAYERS.index(below):
            up.append(f"{origin} calls {to}")
    assert list(entered) == WAY[engine]
    assert {to: callers for to, callers in entered.items() if len(callers) > 1} == {}
    assert not up
