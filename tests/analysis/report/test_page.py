"""The page that a report is, in a real browser: what it shows is held against the log."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from matplotlib.colors import LogNorm

import ohmtick as ot
from ohmtick.analysis import node_voltages
from ohmtick.analysis.plots import ORDERED
from ohmtick.analysis.report import replay
from ohmtick.analysis.report import runs as report
from ohmtick.analysis.report.figures import FIGURES
from ohmtick.analysis.report.runs import write_report
from ohmtick.engine.records.run import Run
from ohmtick.tests.browser import Opened, chromium, opened
from ohmtick.tests.old_folders import as_of_an_earlier_version

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "<script>alert(1)</script>"
LABELS = ('in & "out"', "<b>mid</b>", "it's ${x}", "$\\alpha$ </script>")

FloatArray = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def _one_figure() -> Iterator[None]:
    """Figures take longer to draw than all that is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "FIGURES", {"learning": FIGURES["learning"]})
        yield


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of the bench: edges with latencies of their own, and in lockstep."""
    place = tmp_path_factory.mktemp("runs")
    late = {"edges.latency": 0.6, "edges.latency_jitter": 0.5, "horizon": 60.0}
    free = ot.load("breadboard-iii").replace(**late)
    ot.run(free, seed=1, out=place / "own")
    locked = ot.load("breadboard-iii-synchronous").replace(horizon=40.0)
    ot.run(locked, seed=1, out=place / "lockstep")
    return place / "own", place / "lockstep"


@pytest.fixture(scope="module")
def page_of_one(folders: tuple[Path, Path]) -> Path:
    return write_report([folders[0]], folders[0].parent / "one.html")


@pytest.fixture(scope="module")
def page_of_two(folders: tuple[Path, Path]) -> Path:
    return write_report(folders, folders[0].parent / "two.html")


@pytest.fixture
def one(browser: Browser, page_of_one: Path) -> Iterator[Opened]:
    with opened(browser, page_of_one) as page:
        yield page


@pytest.fixture
def two(browser: Browser, page_of_two: Path) -> Iterator[Opened]:
    with opened(browser, page_of_two) as page:
        yield page


def conductances(run: Run, at: float) -> FloatArray:
    """Conductances at a time, read off the log."""
    held = run.edges["conductance_start_S"].to_numpy(copy=True)
    done = run.events[run.events["time_s"] <= at]
    for edge, after in zip(done["edge"], done["conductance_after_S"], strict=True):
        held[edge] = after
    return held


def scale_of(*runs: Run) -> LogNorm:
    shown = np.concatenate(
        [run.events["conductance_after_S"] for run in runs]
        + [run.edges["conductance_start_S"] for run in runs]
    )
    return LogNorm(shown.min(), shown.max())


def pixels(page: Opened, player: int = 0) -> npt.NDArray[np.int64]:
    """The colour in the middle of every edge, read off the canvas, shape (E, 3)."""
    page.locator(".copy").select_option("none")
    colours: Any = page.evaluate(
        """number => {
          const { view, edges } = ohmtick.players[number];
          const copy = document.createElement("canvas");
          [copy.width, copy.height] = [view.canvas.width, view.canvas.height];
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(view.canvas, 0, 0);
          return Array.from({ length: edges }, (_, edge) => {
            const [x, y] = view.middle(edge).map(Math.round);
            return Array.from(context.getImageData(x, y, 1, 1).data.slice(0, 3));
          });
        }""",
        player,
    )
    return np.array(colours)


def expected(run: Run, at: float, scale: LogNorm) -> npt.NDArray[np.int64]:
    colours: FloatArray = np.asarray(ORDERED(scale(conductances(run, at))))[:, :3]
    return np.rint(255 * colours).astype(np.int64)


def slide(page: Opened, share: float) -> float:
    """Click on the slider; return the time that it then shows."""
    slider = page.locator(".slider")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": share * box["width"], "y": box["height"] / 2})
    return float(slider.input_value())


def wait_until(page: Opened, condition: str) -> None:
    """Wait for what the page's own policy forbids Playwright to wait for."""
    deadline = time.monotonic() + 30.0
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"waited half a minute for {condition}"
        page.wait_for_timeout(20)


def now(page: Opened) -> float:
    return float(page.evaluate("ohmtick.time"))


def test_without_a_browser_tests_are_skipped_but_on_ci_they_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no chromium here"), chromium():
        pass
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no chromium here"), chromium():
        pass


def test_the_slider_shows_the_colours_of_the_log(one: Opened, folders: tuple[Path, Path]) -> None:
    run = ot.open_run(folders[0])
    scale = scale_of(run)
    seen = []
    for share in (0.5, 0.9, 0.2, 0.02, 0.7):
        at = slide(one, share)
        assert at == pytest.approx(60.0 * share, abs=1.0)
        seen.append(pixels(one))
        np.testing.assert_array_equal(seen[-1], expected(run, at, scale))
    assert (seen[0] != seen[3]).any(axis=1).sum() > 8  # they do change


def test_play_advances_at_its_speed_and_pauses(one: Opened) -> None:
    one.locator(".speed").select_option("5")
    one.locator(".play").click()
    wait_until(one, "ohmtick.time > 2")
    assert "pause" in one.locator(".play").inner_text()
    passed: Any = one.evaluate(
        """async () => {
          const seen = [[performance.now(), ohmtick.time]];
          while (ohmtick.time < seen[0][1] + 4) await new Promise(requestAnimationFrame);
          return [performance.now() - seen[0][0], ohmtick.time - seen[0][1]];
        }"""
    )
    # No frame takes more than a quarter of a second's worth, however busy the machine is.
    assert passed[1] <= 5.0 * (passed[0] / 1000.0) + 0.5
    one.locator(".play").click()
    paused = now(one)
    one.wait_for_timeout(200)
    assert now(one) == paused
    one.locator(".speed").select_option("50")
    one.locator(".play").click()
    wait_until(one, "ohmtick.time === ohmtick.horizon && !ohmtick.playing")


def test_a_step_goes_to_the_next_event_of_the_log(one: Opened, folders: tuple[Path, Path]) -> None:
    events = ot.open_run(folders[0]).events
    times = np.unique(events["time_s"])
    for at in times[:3]:
        one.locator(".forward").click()
        assert now(one) == at
    one.keyboard.press("ArrowRight")
    assert now(one) == times[3]
    one.locator(".back").click()
    assert now(one) == times[2]
    one.keyboard.press("ArrowLeft")
    assert now(one) == times[1]
    lit: Any = one.evaluate(
        "Array.from(ohmtick.players[0].flash).flatMap((glow, edge) => glow > 0 ? [edge] : [])"
    )
    assert lit == events.loc[events["time_s"] == times[1], "edge"].tolist()


def test_an_edge_flashes_when_it_ticks_while_the_page_plays(
    one: Opened, folders: tuple[Path, Path]
) -> None:
    """A reading is seen when it is taken, before its resistor follows."""
    event = ot.open_run(folders[0]).events.iloc[40]
    assert event["sensed_s"] < event["time_s"] - 0.1
    beside: Any = one.evaluate(
        """([edge, time]) => {
          ohmtick.select(null);
          ohmtick.seek(time, 0.1);
          const player = ohmtick.players[0];
          const { view, run } = player;
          const ends = [run.edges.first[edge], run.edges.second[edge]].map((n) => view.node(n));
          const along = [ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]];
          const length = Math.hypot(...along);
          const middle = view.middle(edge);
          const off = view.lineWidth / 2 + 1.5;
          const at = [middle[0] - off * along[1] / length, middle[1] + off * along[0] / length];
          const colour = view.context.getImageData(...at.map(Math.round), 1, 1).data;
          return { glow: player.flash[edge], colour: Array.from(colour) };
        }""",
        [int(event["edge"]), float(event["sensed_s"]) + 0.001],
    )
    assert beside["glow"] == pytest.approx(0.99)
    red, green, blue, _ = beside["colour"]
    assert red > 150 > green > blue  # vermillion


def test_keys_do_what_the_buttons_do(one: Opened) -> None:
    one.keyboard.press("End")
    assert now(one) == 60.0
    one.keyboard.press("Shift+ArrowLeft")
    assert now(one) == 57.0
    one.keyboard.press("Home")
    assert now(one) == 0.0
    speed = float(one.locator(".speed").input_value())
    one.keyboard.press("+")
    assert float(one.locator(".speed").input_value()) > speed
    one.keyboard.press("-")
    assert float(one.locator(".speed").input_value()) == speed
    one.keyboard.press("Escape")
    assert not one.locator(".history").is_visible()
    one.keyboard.press("e")
    one.keyboard.press("e")
    assert one.locator("h4").inner_text().startswith("edge 1:")
    one.keyboard.press("E")
    assert one.locator("h4").inner_text().startswith("edge 0:")
    one.keyboard.press("Space")
    wait_until(one, "ohmtick.time > 0")
    one.keyboard.press("Space")
    assert not one.evaluate("ohmtick.playing")


def test_a_click_on_an_edge_shows_its_history(one: Opened, folders: tuple[Path, Path]) -> None:
    run = ot.open_run(folders[0])
    at = slide(one, 0.5)
    middle: Any = one.evaluate("ohmtick.players[0].view.middle(10)")
    one.locator("canvas").click(position={"x": middle[0], "y": middle[1]})
    own = run.events[run.events["edge"] == 10]
    assert one.locator("h4").inner_text() == "edge 10: 4 – 7"
    assert one.locator(".edge").input_value() == "10"
    text = one.locator(".now").inner_text()
    assert f"{(own['time_s'] <= at).sum()} of {len(own)} events" in text
    number, prefix = re.findall(r"^([0-9.]+) ([µm]?)S ", text)[0]
    shown_S = float(number) * {"µ": 1e-6, "m": 1e-3, "": 1.0}[prefix]
    assert shown_S == pytest.approx(conductances(run, at)[10], rel=1e-3)
    shown: Any = one.evaluate(
        """() => {
          const { conductance, drops, intervals } = ohmtick.players[0].history;
          return [conductance, drops, intervals].map((chart) =>
            chart.series.map(({ x, y }) => [Array.from(x), Array.from(y)]));
        }"""
    )
    (steps,), (free, clamped), (intervals,) = shown
    np.testing.assert_array_equal(steps[0][1:-1], own["time_s"])
    np.testing.assert_array_equal(steps[1][1:-1], own["conductance_after_S"])
    np.testing.assert_allclose(free[0], own["sensed_s"], rtol=1e-6)
    np.testing.assert_allclose(free[1], own["drop_free_V"], rtol=1e-6)
    np.testing.assert_allclose(clamped[1], own["drop_clamped_V"], rtol=1e-6)
    ticks = np.sort(own["sensed_s"])
    np.testing.assert_allclose(intervals[1], np.diff(ticks), rtol=1e-5)
    assert one.locator(".history svg path.line, .history svg path.dots").count() == 4


def test_a_click_in_the_learning_curve_goes_to_that_time(one: Opened) -> None:
    chart = one.locator(".curve svg")
    box = chart.bounding_box()
    assert box is not None
    left, right = 72.0, 18.0
    chart.click(position={"x": left + (box["width"] - left - right) / 4, "y": 60})
    assert now(one) == pytest.approx(15.0, abs=0.1)
    cursor = float(one.locator(".curve .cursor").get_attribute("x1") or "nan")
    assert cursor == pytest.approx(left + (box["width"] - left - right) / 4, abs=1.0)


@pytest.mark.parametrize("copy", ["free", "clamped"])
def test_the_voltages_are_those_of_the_twin_network(
    one: Opened, folders: tuple[Path, Path], copy: str
) -> None:
    run = ot.open_run(folders[0])
    one.locator(".copy").select_option(copy)
    for share in (0.1, 0.8):
        at = slide(one, share)
        solved = node_voltages(run, conductances=conductances(run, at))
        shown: Any = one.evaluate("Array.from(ohmtick.players[0].voltages)")
        np.testing.assert_allclose(shown, solved[f"{copy}_V"], atol=1e-8)


def test_a_datum_can_be_chosen(browser: Browser, tmp_path: Path) -> None:
    run = ot.run("lattice-regression", seed=2, out=tmp_path / "many")
    with opened(browser, write_report([tmp_path / "many"], tmp_path / "many.html")) as page:
        at = slide(page, 0.6)
        held = conductances(run, at)
        before = run.events[run.events["time_s"] <= at]
        for chosen in (None, 7):
            if chosen is not None:
                page.locator(".datum").select_option(str(chosen))
            datum = int(before["datum"].iloc[-1]) if chosen is None else chosen
            solved = node_voltages(run, datum, held)
            shown: Any = page.evaluate("Array.from(ohmtick.players[0].voltages)")
            np.testing.assert_allclose(shown, solved["free_V"], atol=1e-8)


@pytest.mark.parametrize("copy", ["free", "clamped"])
def test_copies_that_differ_are_each_solved_for_what_they_conduct(
    browser: Browser, copy: str, tmp_path: Path
) -> None:
    changes = {"edges.mismatch.conductance": 0.4, "horizon": 5.0}
    run = ot.run(ot.load("breadboard-iii").replace(**changes), seed=2, out=tmp_path / "run")
    with opened(browser, write_report([tmp_path / "run"], tmp_path / "run.html")) as page:
        page.locator(".copy").select_option(copy)
        solved = node_voltages(run, conductances=conductances(run, slide(page, 0.6)))
        shown: Any = page.evaluate("Array.from(ohmtick.players[0].voltages)")
        np.testing.assert_allclose(shown, solved[f"{copy}_V"], atol=1e-8)


def test_a_datum_that_only_one_run_has_shows_no_voltages_in_the_other(
    browser: Browser, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    ot.run("lattice-regression", seed=2, out=tmp_path / "many")
    page = write_report([folders[0], tmp_path / "many"], tmp_path / "both.html")
    shown = "ohmtick.players.map(player => player.voltages !== null)"
    with opened(browser, page) as both:
        assert both.evaluate(shown) == [True, True]
        both.locator(".datum").select_option("7")
        assert both.evaluate(shown) == [False, True]


def test_the_datum_is_the_one_that_was_read_last(browser: Browser, tmp_path: Path) -> None:
    scenario = ot.load("lattice-regression").replace(horizon=20.0, **{"edges.latency": 3.0})
    events = ot.run(scenario, seed=2, out=tmp_path / "late").events
    differ = 0
    with opened(browser, write_report([tmp_path / "late"], tmp_path / "late.html")) as page:
        for share in (0.3, 0.5, 0.6, 0.8):
            at = slide(page, share)
            read = events[events["sensed_s"] <= at].sort_values("sensed_s", kind="stable")
            assert page.evaluate("ohmtick.players[0].datum") == read["datum"].iloc[-1]
            written = events[events["time_s"] <= at]
            differ += written["datum"].iloc[-1] != read["datum"].iloc[-1]
    assert differ


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_cut_edge_is_shown_cut(browser: Browser, tmp_path: Path, engine: str) -> None:
    faults = {"fraction": 0.2, "effect": "cut", "time": 20.0}
    scenario = ot.load("breadboard-iii").replace(horizon=60.0, **{"edges.faults": faults})
    run = ot.run(scenario, 3, engine, out=tmp_path / "cut")
    cut = np.flatnonzero(run.conductances == 0.0)
    assert cut.size == 3
    held = "Array.from(ohmtick.players[0].conductance)"
    with opened(browser, write_report([tmp_path / "cut"], tmp_path / "cut.html")) as page:
        page.evaluate("ohmtick.seek(19.999)")
        np.testing.assert_array_equal(page.evaluate(held), conductances(run, 19.999))
        page.evaluate(f"ohmtick.select({cut[0]})")
        page.evaluate("ohmtick.seek(60)")
        np.testing.assert_array_equal(page.evaluate(held), run.edges["conductance_final_S"])
        shown = page.evaluate("Array.from(ohmtick.players[0].voltages)")
        np.testing.assert_allclose(shown, node_voltages(run)["free_V"], atol=1e-8)
        assert "0 S, cut at 20 s" in page.locator(".now").inner_text()
        grey = "ohmtick.players[0].colour.map(place => place === 256)"
        np.testing.assert_array_equal(
            np.flatnonzero(list(page.evaluate(f"Array.from({grey})"))), cut
        )


def test_two_runs_share_one_clock(two: Opened, folders: tuple[Path, Path]) -> None:
    runs = [ot.open_run(folder) for folder in folders]
    scale = scale_of(*runs)
    assert two.locator("canvas").count() == 2
    assert two.locator("article .name").all_inner_texts() == ["own", "lockstep"]
    for share in (0.4, 0.8):  # the second run has ended by then
        at = slide(two, share)
        for number, run in enumerate(runs):
            np.testing.assert_array_equal(pixels(two, number), expected(run, at, scale))
    middle: Any = two.evaluate("ohmtick.players[1].view.middle(3)")
    two.locator("canvas").nth(1).click(position={"x": middle[0], "y": middle[1]})
    assert two.locator("h4").all_inner_texts() == ["edge 3: 6 – 8"] * 2
    two.keyboard.press("Home")
    two.keyboard.press("ArrowRight")
    times = np.concatenate([run.events["time_s"] for run in runs])
    assert now(two) == times[times > 0.0].min()


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out(browser: Browser, page_of_two: Path, width: int) -> None:
    with opened(browser, page_of_two, width) as page:
        page.locator(".edge").fill("2")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for canvas in page.locator("canvas").all():
            box = canvas.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert 300 < box["width"] <= width
        clipped: Any = page.evaluate(
            """() => Array.from(document.querySelectorAll("svg text")).filter((text) => {
              const [inner, outer] = [text, text.ownerSVGElement].map((n) =>
                n.getBoundingClientRect());
              return inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
                inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
            }).map((text) => text.textContent)"""
        )
        assert clipped == []


def test_hostile_names_are_text(browser: Browser, tmp_path: Path) -> None:
    hub = LABELS[1]
    scenario = ot.load("breadboard-iii").replace(
        title=HOSTILE,
        circuit={
            "kind": "edge_list",
            "edges": [[LABELS[0], hub], [hub, LABELS[2]], [hub, LABELS[3]], [hub, LABELS[3]]],
        },
        task={
            "kind": "allostery",
            "sources": {LABELS[0]: 5.0, LABELS[3]: 0.0},
            "targets": {LABELS[2]: 2.0},
        },
        horizon=20.0,
    )
    folder = tmp_path / "a & <i>b</i> 'c'"
    ot.run(scenario, out=folder)
    with opened(browser, write_report([folder], tmp_path / "hostile.html")) as page:
        assert page.locator("h1").inner_text() == HOSTILE
        assert page.title() == f"{HOSTILE} · Ohmtick"
        assert page.locator("article .title").inner_text() == HOSTILE
        assert page.locator("article .name").inner_text() == folder.name
        page.locator(".edge").fill("2")
        assert page.locator("h4").inner_text() == f"edge 2: {hub} – {LABELS[3]}"
        assert page.evaluate("ohmtick.players[0].run.nodes.label") == list(dict.fromkeys(LABELS))
        assert page.locator("b, i:not(.key i), script:not([type]):not(:empty)").count() == 9
        page.locator("details summary").last.click()
        assert HOSTILE in page.locator("details pre").inner_text()


def test_a_thinned_run_is_exact_at_the_end_of_each_frame(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MOST_EVENTS", 640)
    monkeypatch.setattr(replay, "EXACT", 0)
    run = ot.run(ot.load("breadboard-iii").replace(horizon=200.0), seed=4, out=tmp_path / "long")
    scale = scale_of(run)
    with opened(browser, write_report([tmp_path / "long"], tmp_path / "long.html")) as page:
        note = page.locator(".note").inner_text()
        assert f"640 of {len(run.events):,} events are here" in note
        assert "each frame of 5 s" in note
        for frame in (1, 17, 40):
            page.evaluate(f"ohmtick.seek({5 * frame} - 1e-3)")
            np.testing.assert_array_equal(pixels(page), expected(run, 5 * frame - 1e-3, scale))
        page.locator(".edge").fill("4")
        shown = page.evaluate("ohmtick.players[0].history.intervals.series[0].y.join()")
        kept = [float(value) for value in shown.split(",")[1:]]
        own = run.events.loc[run.events["edge"] == 4, "sensed_s"]
        last = own.groupby((own // 5.0).astype(int)).tail(1).index
        np.testing.assert_allclose(kept, own.diff()[last].to_numpy()[1:], atol=1e-4)


LARGE = {
    "a million events": ot.load("breadboard-iii").replace(
        **{"horizon": 62_500.0, "edges.latency": 0.3}
    ),
    "ten thousand edges": ot.load("lattice-regression").replace(
        circuit={"kind": "square_lattice", "rows": 71, "cols": 71},
        horizon=100.0,
        **{
            "task.inputs": [0, 70],
            "task.ground": [4970],
            "task.targets": [2520, 5000],
            "edges.latency": 0.3,
            "edges.latency_jitter": 0.2,
        },
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_large_run_can_be_replayed(name: str, browser: Browser, tmp_path: Path) -> None:
    run = ot.run(LARGE[name], seed=1, out=tmp_path / "large")
    assert len(run.events) > 980_000
    path = write_report([tmp_path / "large"], tmp_path / "large.html")
    assert path.stat().st_size < 8_000_000
    with opened(browser, path) as page:
        note = page.locator(".note").inner_text()
        kept, events = re.findall(r"^([\d,]+) of ([\d,]+) events are here", note)[0]
        assert events == f"{len(run.events):,}"
        assert int(kept.replace(",", "")) > 350_000
        frames = 400_000 // len(run.edges)
        span = run.tables["horizon"]
        at = span / frames * (frames // 2) - 1e-3 * span / frames
        page.evaluate(f"ohmtick.seek({at})")
        shown: Any = page.evaluate("Array.from(ohmtick.players[0].colour)")
        # The scale spans what is shown: extremes that were left out have no place on it.
        held = LogNorm(*page.evaluate("[ohmtick.low, ohmtick.high]"))(conductances(run, at))
        # Times are kept to 24 bits: events this close to the end of the frame may fall beyond it.
        wrong = np.array(shown) != np.clip(np.floor(256 * np.asarray(held)), 0, 255)
        assert wrong.mean() < 0.01
        page.locator(".edge").fill("7")
        assert "events that are here" in page.locator(".now").inner_text()
        page.locator(".play").click()
        wait_until(page, f"ohmtick.time > {at}")


def test_a_run_without_probes_or_data_says_so(browser: Browser, tmp_path: Path) -> None:
    scenario = ot.load("lattice-regression").replace(probe=None, horizon=5.0)
    ot.run(scenario, out=tmp_path / "bare")
    as_of_an_earlier_version(tmp_path / "bare", without="data.parquet")
    with opened(browser, write_report([tmp_path / "bare"], tmp_path / "bare.html")) as page:
        assert page.locator(".no-curve").is_visible()
        assert not page.locator(".voltages").is_visible()
        assert "does not record its data" in page.locator(".note").inner_text()
        assert "no [probe]" in page.locator("figure .absent").first.inner_text()


def test_a_run_in_which_nothing_happened_can_be_opened(browser: Browser, tmp_path: Path) -> None:
    still = ot.load("breadboard-iii").replace(**{"edges.clock.gate": 0.0, "horizon": 10.0})
    run = ot.run(still, out=tmp_path / "still")
    assert run.events.empty
    assert isinstance(run.events, pd.DataFrame)
    with opened(browser, write_report([tmp_path / "still"], tmp_path / "still.html")) as page:
        page.keyboard.press("ArrowRight")
        assert now(page) == 0.0
        page.locator(".edge").fill("0")
        assert "0 of 0 events" in page.locator(".now").inner_text()


def test_the_history_of_an_edge_says_its_group(browser: Browser, tmp_path: Path) -> None:
    groups = [{"edges": [0], "title": HOSTILE, "latency": 0.3}]
    grouped = ot.load("breadboard-iii").replace(horizon=10.0, **{"edges.groups": groups})
    ot.run(grouped, seed=1, out=tmp_path / "run")
    with opened(browser, write_report([tmp_path / "run"], tmp_path / "page.html")) as page:
        assert page.locator("h4").inner_text() == f"edge 0: 6 – 3 ({HOSTILE})"
        page.locator(".edge").fill("10")
        assert page.locator("h4").inner_text() == "edge 10: 4 – 7"
