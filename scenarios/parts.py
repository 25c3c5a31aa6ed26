"""The parts of a run that no engine is needed for: circuit, data, what edges learn by, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..agents.faults import FailingClock
from ..agents.learning import Group, Learning, learning_of, stand_in
from ..agents.probe import ProbeAgent
from ..agents.stop import Stop
from ..agents.supervisor import SupervisorAgent
from ..agents.timing import Ticks, Timing, latencies
from ..engine.errors import ScenarioError
from ..engine.interventions import Cut, Intervention
from ..engine.networks.network import Network
from ..engine.state import State
from ..engine.streams import FloatArray, Streams
from .edges import EdgeKind
from .scenario import Scenario
from .sizes import check_run_memory
from .stages import Beginning, Stage, stages_of
from .stand_ins import StandIns


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What either engine is given.

    Attributes
    ----------
    streams : Streams
        The run's random streams.
    stages : sequence of Stage
        What is presented and tested, and what holds, one after the other.
    kinds : sequence of EdgeKind
        What edges there are.
    timings : sequence of Timing
        When those of each kind act, in the same order.
    learning : Learning
        What they learn by and what they change.
    interventions : sequence of Intervention
        What is still to be done from outside, but for the beginnings of stages.
    state : State or None
        Where the run goes on from; rules and devices are there already.
    twin : Network
        The network as it is at first.
    supervisor, probe
        Who presents and who measures.
    """

    streams: Streams
    stages: Sequence[Stage]
    kinds: Sequence[EdgeKind]
    timings: Sequence[Timing]
    learning: Learning
    interventions: Sequence[Intervention]
    state: State | None
    twin: Network
    supervisor: SupervisorAgent
    probe: ProbeAgent

    @property
    def stage(self) -> Stage:
        """In which the run begins, or goes on."""
        return self.stages[0 if self.state is None else self.state.stage]

    def begin(self, stage: Stage) -> None:
        """Begin the next stage, as far as no engine has to know."""
        settings, had = stage.settings, self.twin.nudge
        self.learning.begin_stage()
        self.twin.nudge = settings.nudge
        self.probe.test_on(stage.test)
        if stage.presents_anew:
            self.supervisor.begin(settings, stage.train, stage.since, stage.number)
            self.supervisor.begin_epoch(self.twin)
        elif settings.nudge != had:  # the clamp follows at once
            self.twin.present(time=stage.time)

    def all_interventions(self, begin: Callable[[Any, Stage], None]) -> list[Intervention]:
        """Return all that is still to be done from outside, the first one first.

        Parameters
        ----------
        begin
            Begins a stage on a simulation.
        """
        later = self.stages[self.stage.number + 1 :]
        done = [*self.interventions, *(Beginning(each, begin) for each in later)]
        return sorted(done, key=lambda each: each.time)

    def titles(self) -> list[str]:
        """Return what the group of each edge is called, "" for none."""
        title_of = {edge: kind.title for kind in self.kinds for edge in kind.edges.tolist()}
        return [title_of[edge] for edge in range(len(title_of))]


def parts_of(
    scenario: Scenario,
    seed: int,
    stand_ins: StandIns,
    state: State | None = None,
    interventions: Sequence[Intervention] = (),
) -> Parts:
    """Return the parts of a scenario's run.

    Raises
    ------
    TooLargeError
        When they would not fit into memory.
    OhmtickError
        When the drawn circuit does not fit the scenario.
    """
    check_run_memory(scenario)
    streams = Streams(seed)
    made_of, task = scenario.edges, scenario.task
    circuit = scenario.circuit.build(streams)
    stages = stages_of(scenario, streams)
    stage = stages[0 if state is None else state.stage]
    faults = made_of.faults.times(circuit, streams)
    cuts = faults if made_of.faults.effect == "cut" else {}
    kinds = made_of.kinds(circuit, streams)
    change = None if stand_ins.rule is None else stand_in(stand_ins.rule)
    stated = scenario.circuit.edge_conductances()
    later = [each.edges.kinds(circuit, streams) for each in scenario.later_stages]
    groups = [
        Group(
            kind.edges,
            kind.rule,
            kind.resistor.begun("resistor", None if stated is None else stated[kind.edges]),
            change,
            [kinds[g].rule for kinds in later],
        )
        for g, kind in enumerate(kinds)
    ]
    learning = learning_of(groups, len(circuit.edges), streams)
    if scenario.start is not None:
        scenario.start.apply(learning, circuit, kinds)
    twin = scenario.physics.network(
        circuit,
        learning.conductances(),
        task.source_labels(),
        task.target_labels(),
        stage.settings.nudge,
        made_of.mismatch,
        streams,
    )
    supervisor = stage.supervisor(streams)
    supervisor.begin_epoch(twin)
    accuracy = any(each.test.classes is not None for each in stages)
    criterion = None if scenario.stop is None else _criterion(scenario.stop, task.kind, accuracy)
    if state is not None:
        learning.restore(state)
        twin.restore(state.real, state.index)
    done = {} if state is None else state.cuts
    return Parts(
        streams=streams,
        stages=stages,
        kinds=kinds,
        timings=[_timing(kind, stand_ins.clock, faults, cuts, streams) for kind in kinds],
        learning=learning,
        interventions=[
            *(Cut(time, edge) for edge, time in cuts.items() if edge not in done),
            *interventions,
        ],
        state=state,
        twin=twin,
        supervisor=supervisor,
        probe=ProbeAgent(stage.test, supervisor, scenario.probe, criterion, accuracy),
    )


def _criterion(stop: Stop, task: str, accuracy: bool) -> FloatArray:
    """Return what ends the run, as both engines take it."""
    if stop.accuracy_above is not None and not accuracy:
        raise ScenarioError(
            f"stop.accuracy_above: the task must have classes to have an accuracy, got {task!r}"
        )
    return stop.criterion()


def _timing(
    kind: EdgeKind,
    stand_in: Ticks | None,
    faults: Mapping[int, float],
    cuts: Mapping[int, float],
    streams: Streams,
) -> Timing:
    """Return when edges of a kind act, of which some fail, s, and some of these are cut."""
    drawn = latencies(kind.latency, kind.latency_jitter, streams)
    clock: Ticks | None = None
    if kind.resistor.learns:
        clock = kind.clock if stand_in is None else stand_in
        clock = FailingClock(clock, faults, drawn if cuts else None) if faults else clock
    exact = kind.comparator.is_exact
    return Timing(
        kind.edges,
        clock,
        latencies=drawn,
        errors=None if exact else partial(kind.comparator.draw, streams=streams),
        batch=kind.batch,
    )
