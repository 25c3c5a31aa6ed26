"""Goes on with a run from where it ended: the events of one longer run, bit for bit."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

from ..agents.kernels import RuleFunction
from ..agents.timing import Ticks
from ..engine.errors import OhmtickError, OhmtickWarning, shown
from ..engine.records.run import Run
from ..engine.simulation import Observer
from .observers import Observers, Stopper
from .outside import recorded
from .progress import of_a_run
from .running import check_engine, recorded_run
from .scenario import Scenario
from .stand_ins import StandIns
from .unfinished import Before
from .unfinished import before as what_goes_on
from .versions import versions


def resume(
    run: Run | str | Path | Before,
    horizon: float | None = None,
    engine: str = "auto",
    *,
    out: str | Path | None = None,
    numbered: bool = False,
    clock: Ticks | None = None,
    rule: RuleFunction | None = None,
    stop: Stopper | Literal[False] | None = None,
    watch: Observer | None = None,
    poll: Observer | None = None,
    progress: bool | None = None,
) -> Run:
    """Go on with a run from where it ended.

    The run that is returned has all events from the start: those of one run to the new horizon, bit
    for bit, whichever engine ran before and runs now. Readings that were in flight are actuated,
    batches that were half gathered are filled.

    Parameters
    ----------
    run
        A run, or its folder. Of a run that was killed, where that was to be, or the folder of its
        snapshots, which is removed when the run has a folder of its own (`out`).
    horizon
        Where it ends now, s; the scenario's own by default, for a run that ended before it.
    engine, out, numbered, watch, poll, progress
        As for `ohmtick.run`.
    clock, rule
        What stood in for those of the scenario; its digest must be the one that was recorded.
    stop
        As for `ohmtick.run`; False for going on without the scenario's ``[stop]``.

    Raises
    ------
    OhmtickError
        When the horizon does not lie after the run's end, when the run does not say what it goes on
        from, or when something that it depends on is not what it was.
    RecordError
        When a folder cannot be read or written.

    Warns
    -----
    OhmtickWarning
        When other versions computed what went before: then nobody knows whether one run of today's
        would have had the same events.

    Examples
    --------
    >>> import ohmtick as ot
    >>> short = ot.run(ot.load("breadboard-iii").replace(horizon=100.0), seed=7)
    >>> longer = ot.resume(short, horizon=200.0)
    >>> whole = ot.run(ot.load("breadboard-iii").replace(horizon=200.0), seed=7)
    >>> longer.events.equals(whole.events)
    True
    """
    check_engine(engine)
    source = run if isinstance(run, Before) else what_goes_on(run)
    before = source.run
    if before.state is None:
        raise OhmtickError(
            f"{_called(before)} does not say what it goes on from: it is of an earlier version"
        )
    scenario = _scenario(before, horizon, stop)
    stand_ins = StandIns(clock=clock, rule=rule)
    observers = Observers(stop=stop or None, watch=watch, poll=poll)
    _check_the_same(before, scenario, stand_ins, observers if stop is not False else None)
    if before.summary["versions"] != versions():
        warnings.warn(
            f"{_called(before)} was computed by other versions ({_differing(before)}): what "
            "follows may not be what one longer run of these would have been",
            OhmtickWarning,
            stacklevel=2,
        )
    reached = float(before.summary["simulated_s"])
    with of_a_run(progress, reached, scenario.horizon, poll) as polled:
        observers.poll = polled
        result = recorded_run(
            scenario,
            before.summary["seed"],
            engine,
            out=out,
            numbered=numbered,
            stand_ins=stand_ins,
            observers=observers,
            before=before,
        )
    if out is not None:
        source.clear()
    return result


def _scenario(before: Run, horizon: float | None, stop: object) -> Scenario:
    """Return what is run: the scenario to its new horizon."""
    assert before.state is not None
    scenario = before.scenario
    if horizon is not None:
        scenario = scenario.replace(horizon=horizon)
    end = float(before.summary["simulated_s"])
    if not scenario.horizon > end:
        raise OhmtickError(
            f"the 'horizon' to which a run goes on must lie after its end at {end} s, got "
            f"{shown(scenario.horizon)} s instead; give a later one (horizon=, --horizon)"
        )
    by = before.summary["stopped_by"]
    if stop is False:
        return scenario.replace(stop=None)
    if by is not None and scenario.stop is not None:
        raise OhmtickError(
            f"{_called(before)} was ended by the {by!r} of its [stop], as a longer run would be; "
            "stop=False, or --no-stop, goes on without"
        )
    return scenario


def _check_the_same(
    before: Run, scenario: Scenario, stand_ins: StandIns, observers: Observers | None
) -> None:
    """Refuse what would make another run of it.

    Parameters
    ----------
    observers
        Who may stop it; None where it is to go on without.

    Raises
    ------
    OhmtickError
        Which part is not what it was.
    """
    had: dict[str, Any] = {**before.summary["stand_ins"]}
    if observers is None or before.summary["stopped_by"] == "stop":  # that has done what it was for
        had.pop("stop", None)
    if "agent" in had:
        raise OhmtickError(
            f"{_called(before)} had edges of the class {had['agent']['name']}, of which nobody "
            "recorded what they know; ohmtick.run starts anew"
        )
    stops = () if observers is None or "stop" not in had else observers.parts
    has = stand_ins.described((*scenario.own_parts, *stops))
    for part in sorted({*had, *has}):
        was, got = had.get(part, {}), has.get(part, {})
        if was != got:
            raise OhmtickError(
                f"the {part!r} that stands in must be the one of {_called(before)}, "
                f"{was.get('name', 'none')}, with the same source and settings, got "
                f"{got.get('name', 'none')}"
            )
        if got.get("sha256") is None:
            warnings.warn(
                f"nobody can tell whether the {part!r} that stands in, {got['name']}, is what it "
                f"was in {_called(before)}: it holds what has no digest",
                OhmtickWarning,
                stacklevel=3,
            )
    known = recorded(scenario)
    if known != before.summary["kinds"]:
        raise OhmtickError(
            f"the kinds from outside must be those of {_called(before)}, with the same source: "
            f"it had {before.summary['kinds']}, got {known}"
        )


def _differing(before: Run) -> str:
    had, has = before.summary["versions"], versions()
    return ", ".join(
        f"{name} {str(had.get(name))[:12]}" for name in has if had.get(name) != has[name]
    )


def _called(run: Run) -> str:
    return "the run" if run.folder is None else f"the run {run.folder}"
