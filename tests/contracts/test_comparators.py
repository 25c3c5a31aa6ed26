"""The contract of every comparator: errors addressed by edge and reading, alike in both engines."""

from __future__ import annotations

from functools import partial
from itertools import islice

import numpy as np

import ohmtick as ot
from ohmtick.agents.comparators import Comparator
from ohmtick.agents.timing import one_by_one
from ohmtick.engine.streams import Streams
from ohmtick.tests.contracts.examples import every
from ohmtick.tests.driven import assert_engines_agree


@every(Comparator.family, "comparator")
def test_errors_are_those_of_the_seed_the_edge_and_the_reading(comparator: Comparator) -> None:
    whole = comparator.draw(3, 0, 200, Streams(5))
    assert whole.shape == (200, 2)
    assert np.isfinite(whole).all()
    for first, count in ((0, 1), (0, 7), (1, 1), (63, 66), (199, 1)):
        part = comparator.draw(3, first, count, Streams(5))
        assert part.tobytes() == whole[first : first + count].tobytes()
    comparator.draw(4, 0, 9, shared := Streams(5))
    assert comparator.draw(3, 0, 200, shared).tobytes() == whole.tobytes()


@every(Comparator.family, "comparator")
def test_errors_come_one_by_one_and_are_none_of_exact_readings(comparator: Comparator) -> None:
    whole = comparator.draw(3, 0, 200, Streams(5))
    assert whole.any() != comparator.is_exact
    found = one_by_one(partial(comparator.draw, streams=Streams(5)), 3)
    assert found is not None
    assert np.array(list(islice(found, 200))).tobytes() == whole.tobytes()


@every(Comparator.family, "comparator")
def test_the_engines_agree_on_every_comparator(comparator: Comparator) -> None:
    scenario = ot.load("breadboard-iii").replace(
        **{"edges.comparator": comparator, "horizon": 12.0}
    )
    run = assert_engines_agree(scenario, seed=4)
    exact = ot.run(scenario.replace(**{"edges.comparator": None}), seed=4)
    assert run.events.equals(exact.events) == comparator.is_exact
