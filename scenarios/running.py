"""Runs a scenario from its start to its horizon, and hands over what happened."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..agents.edge import EdgeAgent
from ..agents.kernels import RuleFunction
from ..agents.schedule import Ticks
from ..engine.errors import OhmtickError, TooLargeError, nearest, shown
from ..engine.records.event_log import EventLog
from ..engine.records.run import EVENTS, Run, data_frame, edge_frame, node_frame
from ..engine.records.writing import new_folder
from ..engine.simulation import Observer
from ..engine.streams import Streams
from .attached import attached, carried
from .build import Experiment, build
from .in_step import warn_in_step
from .outside import recorded
from .scenario import Scenario, as_scenario
from .sizes import size_of
from .stand_ins import described
from .studies.code import code

#: The engines that can be asked for.
ENGINES = ("auto", "compiled", "simpy")


def run(
    scenario: Scenario | str | Path | Mapping[str, Any],
    seed: int | None = None,
    engine: str = "auto",
    *,
    out: str | Path | None = None,
    numbered: bool = False,
    clock: Ticks | None = None,
    rule: RuleFunction | None = None,
    agent: type[EdgeAgent] = EdgeAgent,
    watch: Observer | None = None,
    poll: Observer | None = None,
) -> Run:
    """Run a scenario.

    Parameters
    ----------
    scenario
        A scenario, what `load` takes, or a mapping of tables.
    seed
        An integer from 0 to 2**128 - 1; the scenario's own by default. The same seed gives the same
        run, bit for bit.
    engine
        ``"simpy"``, the reference; ``"compiled"``, the same to the bit and far faster; or
        ``"auto"`` for the compiled one where it can run this. The summary says which it was.
    out
        A new folder to write the run to, event by event; otherwise it stays in memory until
        `Run.save`.
    numbered
        Where `out` is taken when the run ends, call it ``out-2``, ``out-3``, …; see `Run.folder`.
    clock, rule, agent
        Stand in for the scenario's clock, for its rule's function and for the edges' class; see
        `ohmtick.scenarios.build.build`. The summary names them, with a digest of their sources,
        as ``stand_ins``; the scenario that is recorded does not know of these.
    watch
        Called with the simulation before the first event, after each probe, and at the end; see
        `~ohmtick.engine.simulation.Watched`. It must change nothing, but may ``stop()`` the run,
        which then ends with the event of that probe, the same on either engine, and is recorded as
        interrupted. A scenario without a ``[probe]`` is watched at its start and end alone.
        It costs some 3 µs a probe.
    poll
        Called likewise before the first event, now and then by the wall clock, and at the end: for
        a progress bar, or to stop a run that is not wanted any more, at whatever event it happens
        to be. What it sees, and where it stops, is no part of a result that repeats.

    Raises
    ------
    OhmtickError
        For an unknown engine, a bad seed, or a scenario that cannot be built; with `out` also for
        a part of the scenario that is of a class of one's own, as no file can hold it.
    RecordError
        When `out` exists or cannot be written; then nothing is left behind. Where it appeared
        during the run, the run is kept under a name beside it, which the message holds.

    Warns
    -----
    OhmtickWarning
        Where the probe is in step with who acts; see `~ohmtick.scenarios.in_step.in_step`.

    Examples
    --------
    >>> result = run("breadboard-iii", seed=7)
    >>> result.summary["final_error"] < result.summary["initial_error"] / 10
    True

    A watcher may end a run that is good enough:

    >>> def enough(simulation):
    ...     if simulation.probe and simulation.probe["error"] < 1e-2:
    ...         simulation.stop()
    >>> short = run("breadboard-iii", seed=7, watch=enough)
    >>> bool(short.summary["simulated_s"] == short.probes["time_s"].iloc[-1])
    True
    """
    if engine not in ENGINES:
        raise OhmtickError(
            f"the 'engine' of a run must be one of {', '.join(map(repr, ENGINES))}, "
            f"got {shown(engine)} instead; {nearest(str(engine), ENGINES)}"
        )
    _check_handed(clock, rule=rule, agent=agent, watch=watch, poll=poll)
    scenario = as_scenario(scenario)
    if clock is None:  # of another's period nothing is known
        warn_in_step([scenario])
    return recorded_run(
        scenario,
        seed,
        engine,
        out=out,
        numbered=numbered,
        clock=clock,
        rule=rule,
        agent=agent,
        watch=watch,
        poll=poll,
    )


def _check_handed(clock: object, **called: object) -> None:
    """Refuse what cannot be a clock, and what cannot be called.

    Raises
    ------
    OhmtickError
        Which, and what it is.
    """
    if clock is not None and not callable(getattr(clock, "ticks", None)):
        raise OhmtickError(f"the 'clock' of a run must have a method ticks, got {shown(clock)}")
    for name, function in called.items():
        if function is not None and not callable(function):
            raise OhmtickError(f"the {name!r} of a run must be callable, got {shown(function)}")


def recorded_run(
    scenario: Scenario,
    seed: int | None,
    engine: str,
    *,
    out: str | Path | None = None,
    numbered: bool = False,
    clock: Ticks | None = None,
    rule: RuleFunction | None = None,
    agent: type[EdgeAgent] = EdgeAgent,
    watch: Observer | None = None,
    poll: Observer | None = None,
) -> Run:
    """Run a scenario as `run` does, of whose warnings a study has given its own."""
    seed = Streams(scenario.seed if seed is None else seed).seed
    if out is not None or not scenario.own_parts:
        _ = scenario.is_writable  # whatever could be wrong with it had better be known now
    with nullcontext() if out is None else new_folder(out, numbered=numbered) as folder:
        log = EventLog(
            None if folder is None else folder.partial / EVENTS,
            values=scenario.edges.records_values,
        )
        result = simulate(
            scenario, seed, engine, log,
            clock=clock, rule=rule, agent=agent, watch=watch, poll=poll,
        )  # fmt: skip
        if folder is None:
            return result
        result.write(folder.partial)
    return result.moved(folder.path / EVENTS)


def simulate(
    scenario: Scenario,
    seed: int,
    engine: str,
    log: EventLog,
    *,
    clock: Ticks | None = None,
    rule: RuleFunction | None = None,
    agent: type[EdgeAgent] = EdgeAgent,
    watch: Observer | None = None,
    poll: Observer | None = None,
) -> Run:
    """Run a scenario into a log, which is then closed; the parameters are those of `run`."""
    handed = {"clock": clock, "rule": rule, "agent": None if agent is EdgeAgent else agent}
    others = chain(scenario.own_parts, handed.items())
    told = {key: described(what) for key, what in others if what is not None}
    outside = recorded(scenario)
    try:
        experiment = build(scenario, seed, engine, log=log, clock=clock, rule=rule, agent=agent)
        result = _run(experiment, scenario, seed, told, outside, watch, poll)
        log.close()
    except TooLargeError:
        raise
    except MemoryError as error:
        raise TooLargeError(
            f"the run is out of memory{f': {error}' if str(error) else ''}; {size_of(scenario)}"
        ) from error
    finally:
        log.discard()
    return result


def _text(scenario: Scenario, seed: int) -> str:
    """Return the complete scenario of a run as TOML; its files have the names that are written."""
    return carried(scenario).replace(seed=seed, versions=versions()).to_toml()


def _run(
    experiment: Experiment,
    scenario: Scenario,
    seed: int,
    stood_in: dict[str, dict[str, Any]],
    outside: dict[str, dict[str, dict[str, str]]],
    watch: Observer | None,
    poll: Observer | None,
) -> Run:
    import pandas as pd

    simulation, twin = experiment.simulation, experiment.simulation.twin
    start = twin.conductances
    before = experiment.probe.measure(twin)
    began = perf_counter()
    simulation.run(watch, poll)
    took = perf_counter() - began
    after = experiment.probe.measure(twin)
    kinds = {"time_s": "f8", "updates": "i8"}
    kinds |= dict.fromkeys([*after, *experiment.probe.observed], "f8")
    probed = simulation.probe_columns()
    return Run(
        scenario_toml=partial(_text, scenario, seed),
        log=simulation.log,
        probes=pd.DataFrame(
            {name: np.asarray(probed.get(name, ()), kind) for name, kind in kinds.items()}
        ),
        edges=partial(
            edge_frame,
            twin.circuit,
            start,
            twin.conductances,
            simulation.cuts,
            scenario.edges.titles(twin.circuit, Streams(seed)),
        ),
        nodes=partial(node_frame, twin.circuit, twin.sources, twin.targets),
        data=partial(
            data_frame,
            scenario.task.source_labels(),
            experiment.dataset.inputs,
            scenario.task.target_labels(),
            experiment.dataset.desired,
        ),
        attached=[file.carried for file in attached(scenario)],
        summary={
            "title": scenario.title,
            "seed": seed,
            "engine": experiment.engine,
            "stand_ins": stood_in,
            "kinds": outside,
            **{f"initial_{name}": value for name, value in before.items()},
            **{f"final_{name}": value for name, value in after.items()},
            "updates": simulation.updates,
            "simulated_s": simulation.now if simulation.stopped else scenario.horizon,
            "interrupted": simulation.stopped,
            "wall_s": took,
            "updates_per_s": simulation.updates / took,
            "versions": versions(),
        },
    )


def versions() -> dict[str, str]:
    """Return the versions of what computes a run, and ``code``, what tells ours from another."""
    return _versions() | {"code": code()}


@cache  # looking them up takes as long as a short run does
def _versions() -> dict[str, str]:
    from .. import __version__

    found: dict[str, Any] = {"python": ".".join(map(str, sys.version_info[:3]))}
    found["ohmtick"] = __version__
    for package in ("numba", "numpy", "pymetis", "scipy", "simpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
