"""Runs a scenario: checks what is handed in, opens its folder and its log, builds, runs, ends."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from ..agents.edge import EdgeAgent
from ..agents.kernels import RuleFunction
from ..agents.timing import Ticks
from ..analysis.runs import open_run
from ..engine.errors import OhmtickError, TooLargeError, nearest, shown
from ..engine.records.event_log import EventLog
from ..engine.records.run import EVENTS, Run
from ..engine.records.writing import new_folder
from ..engine.simulation import Observer
from ..engine.streams import Streams
from .build import Experiment, build
from .in_step import warn_in_step
from .observers import NOBODY, Observers, Stopper
from .outcome import Start, outcome
from .outside import recorded
from .progress import of_a_run
from .scenario import Scenario, as_scenario, naming
from .sizes import size_of
from .snapshots import Snapshots, unfinished
from .stand_ins import NONE, StandIns
from .starting import start_of

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
    start: Run | str | Path | None = None,
    stop: Stopper | None = None,
    watch: Observer | None = None,
    poll: Observer | None = None,
    progress: bool | None = None,
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
        `ohmtick.scenarios.stand_ins.StandIns`. The summary names them, with a digest of their
        sources, as ``stand_ins``; the scenario that is recorded does not know of these.
    start
        A run, or its folder, with whose last values the edges begin; see
        `~ohmtick.scenarios.starting.Start`. The scenario that is recorded has them.
    stop
        Called with each row of `Run.probes` when it is measured, a dict; what it finds good enough,
        by returning True, ends the run with the event of that probe, the same on either engine.
        The summary names it among ``stand_ins``. The scenario's ``[stop]``, which costs next to
        nothing, is for what needs no code.
    watch
        Called with the simulation before the first event, after each probe, and at the end; see
        `~ohmtick.engine.simulation.Watched`. It must change nothing, but may ``stop()`` the run,
        which then ends likewise, and is recorded as interrupted. A scenario without a ``[probe]``
        is watched at its start and end alone.
        It costs some 3 µs a probe.
    poll
        Called likewise before the first event, now and then by the wall clock, and at the end: for
        a progress bar, or to stop a run that is not wanted any more, at whatever event it happens
        to be. What it sees, and where it stops, is no part of a result that repeats.
    progress
        Whether a bar shows how far it is; by default in a notebook, where it takes more than a
        second. It changes nothing of the run.

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

    A run may end when it is good enough:

    >>> short = run("breadboard-iii", seed=7, stop=lambda probe: probe["error"] < 1e-2)
    >>> bool(short.summary["simulated_s"] == short.probes["time_s"].iloc[-1])
    True
    """
    check_engine(engine)
    stand_ins = StandIns(clock=clock, rule=rule, agent=agent)
    source, scenario = scenario, as_scenario(scenario)
    if start is not None:
        started = start_of(start if isinstance(start, Run) else open_run(start))
        scenario = scenario.replace(start=started)
    if clock is None:  # of another's period nothing is known
        warn_in_step([scenario])
    with naming(source), of_a_run(progress, 0.0, scenario.horizon, poll) as polled:
        return recorded_run(
            scenario,
            seed,
            engine,
            out=out,
            numbered=numbered,
            stand_ins=stand_ins,
            observers=Observers(stop=stop, watch=watch, poll=polled),
        )


def check_engine(engine: object) -> None:
    """Refuse an engine that there is not.

    Raises
    ------
    OhmtickError
        With the nearest that there is.
    """
    if engine not in ENGINES:
        raise OhmtickError(
            f"the 'engine' of a run must be one of {', '.join(map(repr, ENGINES))}, "
            f"got {shown(engine)} instead; {nearest(str(engine), ENGINES)}"
        )


def recorded_run(
    scenario: Scenario,
    seed: int | None,
    engine: str,
    *,
    out: str | Path | None = None,
    numbered: bool = False,
    stand_ins: StandIns = NONE,
    observers: Observers = NOBODY,
    before: Run | None = None,
    snapshots: bool = True,
) -> Run:
    """Run a scenario as `run` does, of whose warnings a study has given its own.

    Parameters
    ----------
    before
        The run that this goes on with.
    snapshots
        Whether those that the scenario asks for are kept.
    """
    observers.check(scenario)
    seed = Streams(scenario.seed if seed is None else seed).seed
    if out is not None or not scenario.own_parts:
        _ = scenario.is_writable  # whatever could be wrong with it had better be known now
    run_it = partial(
        simulate, scenario, seed, engine, stand_ins=stand_ins, observers=observers, before=before
    )
    values = scenario.edges.records_values
    if out is None:
        return run_it(EventLog(values=values))
    with (
        unfinished(Path(out)) if scenario.snapshot and snapshots else nullcontext() as kept,
        new_folder(out, numbered=numbered) as folder,
    ):
        events = folder.partial / EVENTS
        if kept is None:
            result = run_it(EventLog(events, values=values))
        else:
            result = run_it(kept.begin(events, values), snapshots=kept)
        result.write(folder.partial)
    return result.moved(folder.path / EVENTS)


def simulate(
    scenario: Scenario,
    seed: int,
    engine: str,
    log: EventLog,
    *,
    stand_ins: StandIns = NONE,
    observers: Observers = NOBODY,
    before: Run | None = None,
    snapshots: Snapshots | None = None,
) -> Run:
    """Run a scenario into a log, which is then closed; the parameters are those of `run`."""
    described = {
        "stand_ins": stand_ins.described((*scenario.own_parts, *observers.parts)),
        "kinds": recorded(scenario),
    }
    try:
        state = None if before is None else before.state
        experiment = build(
            scenario,
            seed,
            engine,
            log=log,
            stand_ins=stand_ins,
            state=state,
            interventions=[] if snapshots is None else snapshots.times(scenario, state),
        )
        start = _start(experiment, seed, described, before)
        if before is not None:
            _copy_events(before, log)
        watch, poll = observers.watching()
        began = perf_counter()
        if snapshots is not None:
            snapshots.made_by(
                lambda: outcome(scenario, experiment, start, perf_counter() - began, ended=False)
            )
        experiment.simulation.run(watch, poll)
        took = perf_counter() - began
        result = outcome(scenario, experiment, start, took, stopped_by=observers.stopped_by)
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


def _start(
    experiment: Experiment, seed: int, described: Mapping[str, Any], before: Run | None
) -> Start:
    """Return what is known when a run begins; of one that goes on, when that began."""
    twin, probe = experiment.parts.twin, experiment.parts.probe
    if before is None:
        return Start(
            seed=seed,
            conductances=twin.conductances,
            measured=probe.measure(twin),
            described=described,
        )
    prefix = "initial_"
    return Start(
        seed=seed,
        conductances=before.edges["conductance_start_S"].to_numpy(copy=True),
        measured={
            key.removeprefix(prefix): value
            for key, value in before.summary.items()
            if key.startswith(prefix)
        },
        described=described,
        before=before,
    )


def _copy_events(run: Run, log: EventLog) -> None:
    """Let a log begin with the events of a run."""
    for batch in run.batches():
        if len(batch):
            log.extend({str(name): column.to_numpy() for name, column in batch.items()})
