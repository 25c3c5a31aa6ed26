"""The figure of a run's power shows what the run says of it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import ohmtick as ot
from ohmtick.analysis import plots
from ohmtick.analysis.report.figures import FIGURES
from ohmtick.engine.errors import AnalysisError


def test_each_point_is_a_power() -> None:
    run = ot.run(ot.load("lattice-regression").replace(horizon=20.0))
    axes: Any = FIGURES["power"].draw(run)
    upper, lower = axes
    times, free = upper.lines[0].get_data()
    power = run.power(times)
    assert len(times) == 300
    np.testing.assert_array_equal(free, power["free_W"])
    np.testing.assert_array_equal(lower.lines[0].get_ydata(), power["clamped_W"] - power["free_W"])
    assert upper.get_yscale() == lower.get_yscale() == "log"
    gaps = np.diff(times)
    assert gaps.min() > 0.0
    assert gaps.max() < 3.0 * 20.0 / 300
    assert len(np.unique(gaps.round(9))) > 1  # in step with nothing
    plt.close("all")


def test_what_probes_measured_can_be_drawn() -> None:
    run = ot.run(ot.load("breadboard-iii").replace(horizon=9.0, probe={"power": True}))
    upper, _ = plots.power(run.probes)
    np.testing.assert_array_equal(upper.lines[0].get_ydata(), run.probes["free_W"])
    plt.close("all")


def test_power_that_a_mismatched_clamp_takes_away_has_a_linear_axis() -> None:
    frame = pd.DataFrame({"time_s": [0.0, 1.0], "free_W": [1.0, 1.0], "clamped_W": [0.5, 9.0]})
    _, lower = plots.power(frame)
    assert lower.get_yscale() == "linear"
    plt.close("all")


def test_a_frame_without_power_is_refused() -> None:
    with pytest.raises(AnalysisError, match=r"'frame' .* power must have the columns? free_W"):
        plots.power(pd.DataFrame({"time_s": [0.0], "error": [1.0]}))
