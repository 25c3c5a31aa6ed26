"""What holds of every metric, figure and sampler."""

from functools import cache

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

import ohmtick as ot
from ohmtick.analysis.metrics import METRICS, need_events
from ohmtick.analysis.report.figures import FIGURES
from ohmtick.engine.errors import OhmtickError
from ohmtick.engine.records.event_log import NoLog
from ohmtick.engine.records.run import Run
from ohmtick.scenarios.running import simulate
from ohmtick.scenarios.studies.samplers import SAMPLERS

BASE = ot.load("breadboard-iii")


@cache
def short(*, classes: bool) -> Run:
    if classes:
        return ot.run(ot.load("breadboard-iris").replace(horizon=12.0))
    return ot.run(BASE.replace(horizon=40.0))


def check_metric(name: str) -> None:
    """A number, NaN where it cannot be told, or a reason; the same where no events are kept."""
    for classes in (False, True):
        try:
            value = METRICS[name](short(classes=classes))
        except OhmtickError:
            continue
        assert isinstance(value, float)
    if not need_events([name]):
        blind = simulate(BASE.replace(horizon=40.0), 0, "compiled", NoLog())
        np.testing.assert_equal(METRICS[name](blind), METRICS[name](short(classes=False)))
    assert (METRICS[name].__doc__ or "").strip()


def check_figure(name: str) -> None:
    shown = FIGURES[name]
    assert shown.title
    assert shown.caption
    for classes in (False, True):
        try:
            axes = shown.draw(short(classes=classes))
        except OhmtickError:
            continue
        assert all(isinstance(each, Axes) for each in np.ravel(np.asarray(axes, dtype=object)))
        plt.close("all")


def check_sampler(name: str) -> None:
    for count, keys in ((1, 1), (50, 3)):
        points = SAMPLERS[name](count, keys, np.random.default_rng(7))
        assert points.shape == (count, keys)
        assert ((points >= 0.0) & (points < 1.0)).all()
        again = SAMPLERS[name](count, keys, np.random.default_rng(7))
        np.testing.assert_array_equal(points, again)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_a_number_or_says_why_not(name: str) -> None:
    check_metric(name)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_axes_or_says_why_not(name: str) -> None:
    check_figure(name)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_fills_the_unit_cube(name: str) -> None:
    check_sampler(name)
