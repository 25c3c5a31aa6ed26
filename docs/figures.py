"""Draws the pictures of the documentation, by the code that they document."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import pandas as pd
from matplotlib import pyplot as plt

import ohmtick as ot
from ohmtick.analysis import plots
from ohmtick.analysis.report.animation import animate
from ohmtick.analysis.report.figures import FIGURES, drawn
from ohmtick.analysis.report.runs import write_report

FOLDER = Path(__file__).parent / "figures"
SEEDS = range(20)
BARE = {"Software": None}  # the same picture has the same bytes, whoever drew it


def learning(runs: Path) -> None:
    """Draw learning curves over seeds, in lockstep and not, and the clocks behind them."""
    curves = pd.concat(
        ot.run(name, seed=seed).probes.assign(clocks=clocks)
        for name, clocks in (
            ("breadboard-iii-synchronous", "one clock for all"),
            ("breadboard-iii", "a clock each"),
        )
        for seed in SEEDS
    )
    run = ot.open_run(runs / "own clocks")
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.8), layout="constrained")
    plots.learning_curve(curves.reset_index(drop=True), hue="clocks", ax=left)
    plots.ticks(run.events, start=0.0, stop=10.0, ax=right)
    left.set_title(f"bench task iii, {len(SEEDS)} seeds", fontsize="medium")
    right.set_title("when each edge ticked", fontsize="medium")
    figure.savefig(FOLDER / "learning.png", dpi=150, metadata=BARE)
    plt.close(figure)


def kinds(runs: Path) -> None:
    """Draw every figure that `ohmtick plot` knows, of a run with late edges, or with classes."""
    late = ot.open_run(runs / "late edges")
    iris = ot.run(ot.load("breadboard-iris-95"), seed=1)
    for kind in FIGURES:
        with drawn(iris if kind == "confusion" else late, kind) as figure:
            figure.savefig(FOLDER / f"plot-{kind}.png", dpi=150, bbox_inches="tight", metadata=BARE)


def film(runs: Path) -> None:
    """Make a film of edges in lockstep beside edges with clocks of their own."""
    both = [runs / "lockstep", runs / "own clocks"]
    animate(both, FOLDER / "clocks.gif", window=(100.0, 104.0), frames=41, fps=10)


def page(runs: Path) -> None:
    """Take pictures of a report in a browser, as a large and as a small screen shows it."""
    path = shutil.which("chromium")
    if path is None:
        print("no chromium here: the pictures of the report stay as they are")
        return
    from playwright.sync_api import sync_playwright

    from ohmtick.tests.browser import SWITCHES

    both = [runs / "lockstep", runs / "own clocks"]
    address = write_report(both, runs / "report.html").as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        for width in (1280, 400):
            tab = browser.new_page(viewport={"width": width, "height": 900})
            tab.goto(address)
            tab.wait_for_selector("#replay[data-ready]")
            tab.evaluate("ohmtick.select(9); ohmtick.seek(100.0)")
            tab.wait_for_timeout(300)
            tab.locator("#replay").screenshot(path=FOLDER / f"replay-{width}.png")
        browser.close()


PICTURES: tuple[Callable[[Path], None], ...] = (learning, kinds, film, page)


def draw() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    late = {"edges.latency": 0.3, "edges.latency_jitter": 0.3, "edges.clock.wander": 0.01}
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        ot.run("breadboard-iii", out=runs / "own clocks")
        ot.run("breadboard-iii-synchronous", out=runs / "lockstep")
        ot.run(ot.load("breadboard-iii").replace(**late), out=runs / "late edges")
        for picture in PICTURES:
            picture(runs)


if __name__ == "__main__":
    draw()
