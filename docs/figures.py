"""Draws the figures of the documentation, by the code that they document."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import pandas as pd
from matplotlib import pyplot as plt

import ohmtick as ot
from ohmtick.analysis import plots

FOLDER = Path(__file__).parent / "figures"
SEEDS = range(20)


def learning() -> None:
    """Draw learning curves over seeds, in lockstep and not, and the clocks behind them."""
    curves = pd.concat(
        ot.run(name, seed=seed).probes.assign(clocks=clocks)
        for name, clocks in (
            ("breadboard-iii-synchronous", "one clock for all"),
            ("breadboard-iii", "a clock each"),
        )
        for seed in SEEDS
    )
    run = ot.run("breadboard-iii", seed=0)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.8), layout="constrained")
    plots.learning_curve(curves.reset_index(drop=True), hue="clocks", ax=left)
    plots.ticks(run.events, start=0.0, stop=10.0, ax=right)
    left.set_title(f"bench task iii, {len(SEEDS)} seeds", fontsize="medium")
    right.set_title("when each edge ticked", fontsize="medium")
    FOLDER.mkdir(exist_ok=True)
    figure.savefig(FOLDER / "learning.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    learning()
