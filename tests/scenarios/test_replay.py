"""Voltages, power and energy of a run, against dense solves, formulas and SPICE."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.engine.networks.mismatch import Mismatch
from ohmtick.engine.records.run import Run
from ohmtick.engine.streams import Streams
from ohmtick.tests import oracle
from ohmtick.tests.old_folders import as_of_an_earlier_version

Reals = NDArray[np.float64]
#: Scenarios in which no two events fall together: classes, many data in a random order, edges that
#: are cut, copies that differ, readings in flight.
SCENARIOS: dict[str, dict[str, Any]] = {
    "breadboard-iris": {"edges.clock": {"kind": "periodic", "phase": "uniform"}, "horizon": 130.0},
    "every-knob": {
        "edges.faults": {"fraction": 0.25, "effect": "cut", "time": 9.0, "interval": 7.0},
        "edges.mismatch": {"conductance": 0.05},
        "horizon": 60.0,
    },
    "lattice-regression": {"horizon": 12.0, "edges.latency": 0.3},
}
each_scenario = pytest.mark.parametrize("name", SCENARIOS)


def run_of(name: str) -> Run:
    return ot.run(ot.load(name).replace(**SCENARIOS[name]), seed=2)


class Dense:
    """Both copies of the network of a run, whose state a test writes, by dense solves."""

    def __init__(self, run: Run, scenario: ot.Scenario) -> None:
        number = {label: at for at, label in enumerate(run.nodes["node"])}
        ends = [run.edges[end].map(number).to_numpy() for end in ("first", "second")]
        self.edges, self.nodes = np.array(ends).T, len(number)
        self.sources = [number[label] for label in scenario.task.source_labels()]
        self.targets = [number[label] for label in scenario.task.target_labels()]
        seed = run.summary["seed"]
        spread = scenario.edges.mismatch.conductance
        self.relative = Mismatch(conductance=spread).relative(len(run.edges), Streams(seed))
        self.conductances = run.edges["conductance_start_S"].to_numpy(copy=True)
        self.inputs, self.desired = scenario.task.datasets(Streams(seed))[0], None
        self.nudge, self.datum = scenario.supervisor.nudge, 0

    def power(self) -> Reals:
        """Return the power of both copies, W."""
        free_of, clamped_of = (
            oracle.laplacian(self.edges, self.nodes, k) for k in self.relative * self.conductances
        )
        assert self.inputs.desired is not None
        held, desired = self.inputs.inputs[self.datum], self.inputs.desired[self.datum]
        free = oracle.hold(free_of, self.sources, held)
        moved = free[self.targets] + self.nudge * (desired - free[self.targets])
        both = self.sources + self.targets
        clamped = oracle.hold(clamped_of, both, np.concatenate([held, moved]))
        return np.array([free @ free_of @ free, clamped @ clamped_of @ clamped])


@each_scenario
def test_what_edges_read_is_what_the_network_was(name: str) -> None:
    """Of every datum, class and cut: the drops of the log, at just before the time of the sense."""
    run = run_of(name)
    events = run.events.sort_values("sensed_s")[::3]
    assert len(events) > 100
    replay = ot.Replay(run)
    for row in events.to_dict("records"):
        replay.to(np.nextafter(row["sensed_s"], 0.0))
        assert replay.datum == row["datum"]
        drops = replay.twin.drops(row["edge"])
        assert drops == pytest.approx((row["drop_free_V"], row["drop_clamped_V"]), abs=1e-12)
    replay.to(replay.span)
    np.testing.assert_array_equal(replay.twin.conductances, run.conductances)


@each_scenario
def test_what_is_delivered_is_dissipated(name: str) -> None:
    """Tellegen's theorem, at times in any order."""
    run = run_of(name)
    times = np.random.default_rng(1).uniform(0.0, run.summary["simulated_s"], 50)
    power = run.power(times)
    np.testing.assert_array_equal(power["time_s"], times)
    assert (power["free_W"] > 0.0).all()
    np.testing.assert_allclose(power["free_sources_W"], power["free_W"], rtol=1e-12)
    shares = power["clamped_sources_W"] + power["clamped_clamp_W"]
    np.testing.assert_allclose(shares, power["clamped_W"], rtol=1e-12)
    for copy in ("free", "clamped"):
        volts = run.voltages(times, copy)
        conductances = ot.Replay(run)
        for time in np.sort(times)[::10]:
            conductances.to(time)
            k = conductances.twin.copy_conductances()[copy == "clamped"]
            row = volts.loc[time]
            drops = row[run.edges["first"]].to_numpy() - row[run.edges["second"]].to_numpy()
            watts = power.set_index("time_s").loc[time, f"{copy}_W"]
            assert watts == pytest.approx(k @ drops**2, rel=1e-12)


@pytest.mark.parametrize("kept", [False, True], ids=["in memory", "in a folder"])
def test_the_energy_is_that_of_a_loop_of_dense_solves(kept: bool, tmp_path: Path) -> None:
    """A thousand events, cyclic data, copies that differ, edges that are cut."""
    scenario = ot.load("lattice-regression").replace(
        **{
            "horizon": 30.0,
            "supervisor": {"nudge": 0.1, "period": 0.9, "order": "cyclic"},
            "edges.mismatch": {"conductance": 0.1},
            "edges.faults": {"fraction": 0.1, "effect": "cut", "time": 5.0, "interval": 2.0},
        }
    )
    run = ot.run(scenario, seed=4, out=tmp_path / "run" if kept else None)
    assert len(run.events) > 1000
    assert run.edges["cut_s"].notna().sum() == 4
    rows = run.events[["time_s", "edge", "conductance_after_S"]].to_numpy().tolist()
    happened = [(time, 2, int(edge), after) for time, edge, after in rows]
    happened += [(time, 0, edge, 0.0) for edge, time in enumerate(run.cuts.tolist()) if time > 0.0]
    happened += [(0.9 * n, 1, n % 50, 0.0) for n in range(34) if 0.9 * n < 30.0]
    network, now, spent, halfway = Dense(run, scenario), 0.0, np.zeros(2), np.zeros(2)
    for time, kind, number, conductance in [*sorted(happened), (30.0, 3, 0, 0.0)]:
        power = network.power()
        if now <= 17.3 < time:
            halfway = spent + (17.3 - now) * power
        spent = spent + (time - now) * power
        now = time
        if kind == 1:
            network.datum = number
        else:
            network.conductances[number] = conductance
    opened = ot.open_run(tmp_path / "run") if kept else run
    energy = opened.energy([30.0, 17.3, 0.0])
    expected = [[30.0, *spent], [17.3, *halfway], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(energy, expected, rtol=1e-9)
    assert energy.columns.tolist() == ["time_s", "free_J", "clamped_J"]
    assert_frame_equal(opened.energy(), energy[:1])


def test_a_divider_that_does_not_learn() -> None:
    """U² k₁ k₂ / (k₁ + k₂), and what holding the middle elsewhere adds: nudge² miss² (k₁ + k₂)."""
    tables: dict[str, Any] = {
        "horizon": 10.0,
        "circuit": {"kind": "edge_list", "edges": [["a", "m"], ["m", "b"]]},
        "task": {"kind": "allostery", "sources": {"a": 4.0, "b": 1.0}, "targets": {"m": 2.0}},
        "edges": {
            "rule": {"kind": "coupled_learning", "learning_rate": 1e-3},
            "resistor": {"kind": "fixed", "conductance_S": 2e-3},
            "clock": {"kind": "periodic"},
        },
        "supervisor": {"nudge": 0.5},
    }
    run = ot.run(tables)
    free, added = 9.0 * 1e-3, (0.5 * (2.5 - 2.0)) ** 2 * 4e-3
    power = run.power(3.0).iloc[0]
    assert power["free_W"] == pytest.approx(free, rel=1e-14)
    assert power["clamped_W"] == pytest.approx(free + added, rel=1e-14)
    middle = 2.25  # the clamp takes the difference of the currents of both edges up
    assert power["clamped_clamp_W"] == pytest.approx(middle * -2e-3 * 0.5, rel=1e-13)
    energy = run.energy().iloc[0]
    assert energy.tolist() == pytest.approx([10.0, 10.0 * free, 10.0 * (free + added)], rel=1e-13)
    assert run.voltages([0.0, 9.9]).loc[9.9].to_dict() == pytest.approx({"a": 4, "m": 2.5, "b": 1})


def test_a_time_sees_what_is_written_at_it() -> None:
    run = ot.run(ot.load("breadboard-iii").replace(horizon=20.0))
    row = run.events[run.events["time_s"] > 3.0].to_dict("records")[0]
    replay = ot.Replay(run)
    replay.to(np.nextafter(row["time_s"], 0.0))
    assert replay.twin.conductances[row["edge"]] == row["conductance_before_S"]
    replay.to(row["time_s"])
    written = run.events[run.events["time_s"] <= row["time_s"]].groupby("edge")
    last = written["conductance_after_S"].last()
    np.testing.assert_array_equal(replay.twin.conductances[last.index.to_numpy()], last)


def test_spice_agrees_on_the_power(tmp_path: Path) -> None:
    """Each source and each clamp is a voltage source between its node and ground."""
    if shutil.which("ngspice") is None:
        absent = "there is no ngspice here: apt-get install ngspice"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(absent)
    run = run_of("every-knob")
    for time in (0.0, 20.0):
        replay = ot.Replay(run)
        replay.to(time)
        power = run.power(time).iloc[0]
        for copy, k in zip(("free", "clamped"), replay.twin.copy_conductances(), strict=True):
            volts = run.voltages(time, copy).loc[time]
            roles = run.nodes.set_index("node")["role"]
            held = [node for node in volts.index if roles[node] in ("source", "target")]
            held = [node for node in held if copy == "clamped" or roles[node] == "source"]
            lines = ["power"]
            lines += [f"v{at} n_{node} 0 {volts[node]:.17g}" for at, node in enumerate(held)]
            lines += [
                f"r{at} n_{edge.first} n_{edge.second} {1.0 / k[at]:.17g}"
                for at, edge in enumerate(run.edges.itertuples())
                if k[at] > 0.0
            ]
            asked = [f"print i(v{at})" for at in range(len(held))]
            lines += [".op", ".control", "set numdgt=15", "run", *asked, ".endc", ".end"]
            netlist = tmp_path / f"{copy}-{time:g}.cir"
            netlist.write_text("\n".join(lines) + "\n", encoding="ascii")
            said = subprocess.run(
                ["ngspice", "-b", str(netlist)], capture_output=True, text=True, check=True
            ).stdout
            amperes = [float(line.split("=")[1]) for line in said.splitlines() if "i(v" in line]
            watts = -volts[held].to_numpy() * np.array(amperes)
            assert watts.sum() == pytest.approx(power[f"{copy}_W"], rel=1e-9)
            sources = watts[[roles[node] == "source" for node in held]].sum()
            assert sources == pytest.approx(power[f"{copy}_sources_W"], rel=1e-9)


def test_a_run_that_was_stopped_is_known_until_there() -> None:
    def enough(simulation: Any) -> None:
        if simulation.now > 10.0:
            simulation.stop()

    run = ot.run("lattice-regression", watch=enough)
    end = run.summary["simulated_s"]
    assert 10.0 < end < 20.0
    assert run.energy()["time_s"].tolist() == [end]
    with pytest.raises(ValueError, match=rf"'times' .* lie in \[0, {end:g}\] s, got 300.0"):
        run.power([1.0, 300.0])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda run: run.voltages(-1.0), r"'times' .* lie in \[0, 3\] s, got -1.0 instead"),
        (lambda run: run.voltages(np.nan), r"'times' .* lie in \[0, 3\] s, got nan"),
        (lambda run: run.energy("end"), "'times' .* be a time or a list of times, s, got 'end'"),
        (lambda run: run.power([[1.0]]), r"'times' .* be a time or a list of times, s, got \[\["),
        (lambda run: run.voltages(1, "clampd"), "got 'clampd' instead; the nearest is 'clamped'"),
        (lambda run: run.voltages(1, copy=0), "be one of 'free', 'clamped', got 0 instead"),
    ],
)
def test_what_cannot_be_told_is_refused(ask: Any, message: str) -> None:
    run = ot.run(ot.load("breadboard-iii").replace(horizon=3.0))
    with pytest.raises(ot.OhmtickError, match=message):
        ask(run)


def test_time_only_goes_on() -> None:
    replay = ot.Replay(ot.run(ot.load("breadboard-iii").replace(horizon=3.0)))
    replay.to(2.0)
    with pytest.raises(ot.OhmtickError, match=r"'time' .* lie in \[2, 3\] s, got 1.0 instead"):
        replay.to(1.0)
    no_times: list[Any] = ["x", None, [2.5], np.array([2.5, 2.6]), math.nan]
    for no_time in no_times:
        with pytest.raises(ot.OhmtickError, match=r"'time' .* lie in \[2, 3\] s, got "):
            replay.to(no_time)
        with pytest.raises(ot.OhmtickError, match=r"'time' .* lie in \[2, 3\] s, got "):
            replay.energy_to(no_time)
        if no_time is not None:
            with pytest.raises(ot.OhmtickError, match=r"'at' .* lie in \[2, 3\] s, got "):
                replay.twin_at(no_time)
    replay.to(np.float64(2.5))


def test_a_run_without_its_data_is_refused(tmp_path: Path) -> None:
    ot.run(ot.load("lattice-regression").replace(horizon=3.0), out=tmp_path / "a")
    as_of_an_earlier_version(tmp_path / "a", without="data.parquet")
    with pytest.raises(ValueError, match="does not record its data"):
        ot.open_run(tmp_path / "a").energy()


def test_classes_of_other_data_are_refused() -> None:
    run = ot.run(ot.load("breadboard-iris").replace(horizon=3.0))
    run.data["voltage_V"] += 1e-3
    with pytest.raises(ot.OhmtickError, match="are not those of its task"):
        run.energy()


def test_no_times_are_no_rows() -> None:
    run = ot.run(ot.load("breadboard-iii").replace(horizon=3.0))
    assert run.voltages([]).shape == (0, 9)
    assert len(run.power([])) == len(run.energy([])) == 0
