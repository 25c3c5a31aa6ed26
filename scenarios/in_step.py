"""Says where the probe keeps step with who acts, so that it would see few phases of a cycle."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache

import numpy as np

from ..engine.errors import OhmtickWarning
from .scenario import Scenario

#: A part of a period so long, into which no reading falls, is too much. So a ratio p/q of whole
#: numbers is in step for q below ten, and one so close to it that the phases do not drift apart.
LONGEST_GAP = 0.1
#: Readings that are looked at: those of the last quarter of the run, within these bounds. A short
#: run is judged by the ratio and not by how few its readings are.
FEWEST, MOST = 64, 4096
#: What a period is multiplied by for a probe that is in step with no clock of one's own choice, nor
#: if it is multiplied by a power of the golden ratio; see docs/decisions.md.
OUT_OF_STEP = 0.6 * math.sqrt(2.0)
#: What is suggested, the first that helps.
WAYS_OUT = (OUT_OF_STEP, 1 / math.sqrt(2.0), 1 / math.sqrt(3.0), 1 / math.sqrt(7.0))


def in_step(scenario: Scenario) -> str:
    """Return what the probe of a scenario is in step with, in a line; "" where it is not.

    Reading k sees the phase ``k * r mod 1`` of a period, with r the ratio of the probe's period to
    it. Who acts are the edges, if their clock is periodic (whatever its phase, spread, jitter or
    wander: nominally it keeps its grid), and the supervisor, if it has more than one datum.
    """
    probe, horizon = scenario.probe, scenario.horizon
    if probe is None or probe.period >= horizon:  # it reads the start alone
        return ""
    readings = min(max(math.ceil(horizon / probe.period / 4.0), FEWEST), MOST)
    for key, period in _acting(scenario):
        if _coincides(ratio := probe.period / period, readings):
            near = Fraction(ratio).limit_denominator(9)
            ways = (
                f"{way * probe.period:.6g}"
                for way in WAYS_OUT
                if not any(
                    _coincides(way * probe.period / each, readings) for _, each in _acting(scenario)
                )
            )
            out = next(ways, None)
            return (
                f"probe.period = {probe.period:g} s is in step with {key} = {period:g} s "
                f"({near.numerator} : {near.denominator}): its readings see few phases of a cycle, "
                "and an error or a threshold from them may mislead; take a period in no ratio of "
                "small whole numbers to it" + (f", such as {out}" if out else "")
            )
    return ""


def warn_in_step(scenarios: Iterable[Scenario], stacklevel: int = 2) -> None:
    """Warn once where the probe of any of some scenarios is in step.

    Parameters
    ----------
    scenarios
        One, or the cells of a study.
    stacklevel
        Whose call it is that is warned of, 1 being this one's caller.
    """
    told = [in_step(scenario) for scenario in scenarios]
    if found := [each for each in told if each]:
        where = f" (in {len(found)} of {len(told)} cells)" if len(told) > 1 else ""
        warnings.warn(found[0] + where, OhmtickWarning, stacklevel=stacklevel + 1)


def _acting(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """Yield the key and the period, s, of each who acts again and again."""
    for key, made in scenario.edges.clocked():
        if (period := made["clock"].nominal_period()) is not None:
            yield f"{key}.period", period
    before = None
    for key, stage in _stages(scenario):
        if stage.task.data_counts()[0] > 1 and stage.supervisor.period != before:
            before = stage.supervisor.period
            yield f"{key}supervisor.period", before


def _stages(scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    """Yield the stages that the run comes to, and with what their keys begin."""
    yield "", scenario
    for number, (change, stage) in enumerate(
        zip(scenario.schedule, scenario.later_stages, strict=True)
    ):
        if change.at < scenario.horizon:
            yield f"schedule.{number}.", stage


@lru_cache(maxsize=4096)  # the cells of a study have few ratios
def _coincides(ratio: float, readings: int) -> bool:
    """Whether so many readings leave out more than `LONGEST_GAP` of a period at a stretch."""
    if not LONGEST_GAP < ratio < 1e9:  # it reads many times a period, or once in very many
        return False
    phases = np.sort(np.arange(readings) * ratio % 1.0)
    gaps = np.diff(np.append(phases, phases[0] + 1.0))
    return bool(gaps.max() > LONGEST_GAP + 1e-9)
