"""Parts of one's own: run as they are, named in the record, refused where only data can go."""

import hashlib
import inspect
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.agents.clocks.periodic import PeriodicClock
from ohmtick.agents.clocks.poisson import PoissonClock
from ohmtick.agents.comparators.gaussian import GaussianComparator
from ohmtick.agents.edge import EdgeAgent
from ohmtick.agents.faults import Faults
from ohmtick.agents.probe import Probe
from ohmtick.agents.resistors.continuous import ContinuousResistor
from ohmtick.agents.resistors.digital_potentiometer import DigitalPotentiometer
from ohmtick.agents.rules.coupled_learning import CoupledLearning
from ohmtick.agents.rules.sign import Sign
from ohmtick.agents.supervisor import Dataset, Supervisor
from ohmtick.analysis.report.settings import how_to_repeat, settings_of
from ohmtick.engine.errors import OhmtickError, ScenarioError
from ohmtick.engine.kernels.kernel import Row
from ohmtick.engine.streams import FloatArray, Streams
from ohmtick.scenarios.circuits.edge_list import EdgeList
from ohmtick.scenarios.edges import Edges
from ohmtick.scenarios.tasks.allostery import Allostery

BASE = ot.load("breadboard-iii").replace(horizon=20.0)
WITH_GROUPS = BASE.replace(**{"edges.groups": [{"edges": "0-7"}]})


class Halved(PeriodicClock):
    """Ticks at half of the times that it would."""

    def ticks(
        self, edge: int, edges: int, streams: Streams, horizon: float
    ) -> Iterator[FloatArray]:
        for block in super().ticks(edge, edges, streams, horizon):
            yield block[::2]


class Memoryless(PoissonClock):
    pass


class Stuck(ContinuousResistor):
    """A resistor that takes no change."""

    @staticmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        return value


class Spelt(ContinuousResistor):
    """A resistor that takes no change, by means that numba does not know."""

    @staticmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        return float(f"{value!r}")


class Coarse(DigitalPotentiometer):
    """Takes every other position, in both engines."""

    def resistances(self) -> FloatArray:
        return np.repeat(super().resistances()[::2], 2)


class Deaf(GaussianComparator):
    """Reads nothing."""

    def draw(self, edge: int, first: int, count: int, streams: Streams) -> FloatArray:
        return np.full((count, 2), (math.pi, 0.0))


def upwards(
    drop_free: float, drop_clamped: float, conductance: float, learning_rate: float, nudge: float
) -> float:
    return 1.0


class Upwards(Sign):
    @staticmethod
    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Row,
        parameters: Row,
        nudge: float,
    ) -> float:
        return 1.0


class Spoken(Sign):
    """One step, by means that numba does not know."""

    @staticmethod
    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Row,
        parameters: Row,
        nudge: float,
    ) -> float:
        return float(f"{1}")


class Slower(CoupledLearning):
    pass


class Raised(Allostery):
    """Desires 0.25 V more."""

    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        train, _ = super().datasets(streams)
        assert train.desired is not None
        datum = Dataset(inputs=train.inputs, desired=train.desired + 0.25)
        return datum, datum


class Wire(EdgeList):
    pass


class Doubtful(Supervisor):
    pass


class Rare(Probe):
    pass


class Weak(Faults):
    pass


class Own(Edges):
    pass


class Mine(ot.Scenario):
    pass


SIEMENS = {"edges.resistor": {"kind": "continuous", "start": 0.01}}
#: Every member of every union that a scenario has, and every part besides.
PARTS: dict[str, tuple[str, Any]] = {
    "a clock": ("edges.clock", Halved()),
    "a Poisson clock": ("edges.clock", Memoryless()),
    "a resistor": ("edges.resistor", Stuck(start=0.01)),
    "a potentiometer": ("edges.resistor", Coarse()),
    "a comparator": ("edges.comparator", Deaf()),
    "a sign rule": ("edges.rule", Upwards()),
    "a continuous rule": ("edges.rule", Slower(learning_rate=1.0)),
    "a task": ("task", Raised(**BASE.task.model_dump())),
    "a supervisor": ("supervisor", Doubtful()),
    "a probe": ("probe", Rare()),
    "faults": ("edges.faults", Weak()),
    "edges": ("edges", Own(rule=Sign(), resistor=ContinuousResistor())),
    "a clock of a group": ("edges.groups.0.clock", Halved()),
}


def with_part(name: str) -> ot.Scenario:
    """The base, with one part of one's own."""
    key, part = PARTS[name]
    if key.startswith("edges.groups"):
        return WITH_GROUPS.replace(**{key: part})
    return BASE.replace(**{key: part})


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_ones_own_is_run_and_refused_by_name_wherever_only_data_can_go(
    tmp_path: Path, name: str
) -> None:
    key, part = PARTS[name]
    scenario = with_part(name)
    named = rf"^{key} must be of a kind that comes with ohmtick .*\.{type(part).__qualname__} "
    run = ot.run(scenario, seed=3)
    assert run.summary["stand_ins"][key]["name"] == f"{__name__}.{type(part).__qualname__}"
    for written in (
        scenario.to_toml,
        lambda: run.save(tmp_path / "a"),
        lambda: ot.run(scenario, out=tmp_path / "b"),
        lambda: ot.Study(scenario, seeds=1).run(tmp_path / "c"),
        lambda: ot.Study(scenario, seeds=1).run(tmp_path / "c", executor="processes"),
        lambda: ot.Study(WITH_GROUPS if "groups" in key else BASE, seeds=1, grid={key: [part]}).run(
            tmp_path / "d"
        ),
        lambda: ot.Study(scenario, seeds=1).to_toml(),
    ):
        with pytest.raises(ScenarioError, match=named):
            written()
    assert not any(path for path in tmp_path.rglob("*") if path.suffix == ".parquet")


def test_a_class_of_ones_own_for_a_circuit_or_the_whole_is_refused(tmp_path: Path) -> None:
    task = Allostery(sources={"0": 1.0, "2": 0.0}, targets={"1": 0.4})
    circuit = Wire(edges=(("0", "1"), ("1", "2")))
    edges = Edges(rule=Sign(), resistor=ContinuousResistor())
    with pytest.raises(ScenarioError, match=r"^circuit must be .*\.Wire "):
        ot.Scenario(horizon=9.0, circuit=circuit, task=task, edges=edges).to_toml()
    mine = Mine(horizon=9.0, circuit=EdgeList(edges=circuit.edges), task=task, edges=edges)
    assert type(mine.replace(horizon=8.0)) is Mine
    with pytest.raises(ScenarioError, match=r"^scenario must be .*\.Mine "):
        mine.to_toml()


def test_a_part_of_ones_own_stays_where_other_keys_are_replaced() -> None:
    scenario = BASE.replace(**{"edges.clock": Halved(period=2.0)}).replace(
        **{"edges.clock.jitter": 0.1, "edges.latency": 0.5}
    )
    assert scenario.edges.clock == Halved(period=2.0, jitter=0.1)
    assert type(scenario.edges.clock) is Halved
    stock = scenario.replace(**{"edges.clock.kind": "periodic"})
    assert type(stock.edges.clock) is PeriodicClock
    stock.to_toml()


@pytest.mark.parametrize(
    ("key", "part"), [("edges.resistor", Spelt(start=0.01)), ("edges.rule", Spoken())]
)
def test_the_compiled_engine_refuses_what_it_cannot_compile(key: str, part: Any) -> None:
    scenario = BASE.replace(**{key: part})
    run = ot.run(scenario, seed=3)
    assert run.summary["engine"] == "simpy"
    if isinstance(part, Spelt):
        assert set(run.conductances) == {0.01}
    what = rf"cannot run the {part.family.name} of the class {type(part).__name__} \(numba: "
    with pytest.raises(OhmtickError, match=what):
        ot.run(scenario, engine="compiled")


@pytest.mark.parametrize("name", [name for name in PARTS if name != "a continuous rule"])
def test_both_engines_run_what_stands_in(name: str) -> None:
    scenario = with_part(name)
    simpy, compiled = (ot.run(scenario, 3, engine) for engine in ("simpy", "compiled"))
    assert compiled.summary["engine"] == "compiled"
    assert simpy.events.equals(compiled.events)
    assert simpy.summary["final_error"] == compiled.summary["final_error"]


def test_what_a_stand_in_does_happens() -> None:
    """Half of the ticks, one direction only, and another desire."""
    stock = ot.run(BASE, seed=3)
    halved = ot.run(BASE.replace(**{"edges.clock": Halved()}), seed=3)
    uniform = BASE.replace(**{"edges.clock": Halved(**BASE.edges.clock.model_dump())})
    assert ot.run(uniform, seed=3).summary["updates"] == stock.summary["updates"] / 2
    assert halved.summary["updates"] == stock.summary["updates"] / 2
    up = ot.run(BASE.replace(**{"edges.rule": Upwards()}), seed=3).events
    assert (up["conductance_after_S"] <= up["conductance_before_S"]).all()
    raised = ot.run(BASE.replace(task=PARTS["a task"][1]), seed=3)
    now, before = (each.data.query("role == 'target'")["voltage_V"] for each in (raised, stock))
    np.testing.assert_allclose(now, before + 0.25)


class Careful(EdgeAgent):
    def decide(self, drop_free: float, drop_clamped: float) -> float:
        return 0.0


def test_what_is_handed_to_a_run_is_in_its_record(tmp_path: Path) -> None:
    handed: dict[str, Any] = {"clock": Halved(jitter=0.1), "rule": upwards, "agent": Careful}
    ot.run(BASE, seed=3, out=tmp_path / "run", **handed)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    for key, what in handed.items():
        own = type(what) if key == "clock" else what
        digest = hashlib.sha256(inspect.getsource(own).encode()).hexdigest()
        assert summary["stand_ins"][key]["name"] == f"{__name__}.{own.__qualname__}"
        assert summary["stand_ins"][key]["source_sha256"] == digest
    assert summary["stand_ins"]["clock"]["settings"]["jitter"] == 0.1
    run = ot.open_run(tmp_path / "run")
    assert run.summary["stand_ins"] == summary["stand_ins"]
    assert settings_of(run)["stood in"].startswith(f"clock: {__name__}.Halved, rule: ")
    assert f"{__name__}.Careful) is handed to ohmtick.run again." in how_to_repeat(run)[0]


def test_who_loads_such_a_run_is_told(tmp_path: Path) -> None:
    ot.run(BASE, seed=3, out=tmp_path / "run", agent=Careful)
    for source in (tmp_path / "run", tmp_path / "run" / "scenario.toml"):
        with pytest.warns(
            ot.OhmtickWarning, match=rf"\(agent: {__name__}\.Careful\): hand them to"
        ):
            assert ot.load(source).edges == BASE.edges
    ot.run(BASE, seed=3, out=tmp_path / "plain")
    assert ot.load(tmp_path / "plain").edges == BASE.edges  # warnings are errors here


def test_what_has_no_source_is_named() -> None:
    names: dict[str, Any] = {"__name__": "elsewhere"}
    exec("def typed(free, clamped, k, rate, nudge): return 1.0", names)
    run = ot.run(BASE, seed=3, rule=names["typed"])
    told = run.summary["stand_ins"]["rule"]
    assert told.keys() == {"name", "sha256"}
    assert told["name"] == "elsewhere.typed"


def test_nothing_stands_in_where_nothing_does() -> None:
    run = ot.run(BASE, seed=3)
    assert run.summary["stand_ins"] == {}
    assert "stood in" not in settings_of(run)
    assert how_to_repeat(run)[0].endswith("by either engine.")
