"""What a page leaves out of a long run, and what it must not."""

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.analysis import tick_intervals
from ohmtick.analysis.report.downsampling import COLUMNS, downsample
from ohmtick.engine.records.event_log import EventLog
from ohmtick.engine.records.run import Run


@pytest.fixture(scope="module")
def run() -> Run:
    scenario = ot.load("breadboard-iii").replace(**{"edges.clock.kind": "poisson", "horizon": 90.0})
    return ot.run(scenario, seed=3)


def test_few_events_are_all_kept(run: Run) -> None:
    sample = downsample(run, 10_000)
    assert sample.frame_s is None
    pd.testing.assert_frame_equal(sample.rows, run.events[list(COLUMNS)])


@pytest.mark.parametrize("most", [800, 160, 16, 1])
def test_the_last_event_of_each_edge_in_each_frame_is_kept(run: Run, most: int) -> None:
    sample = downsample(run, most)
    assert sample.frame_s is not None
    assert sample.frame_s == pytest.approx(90.0 / max(1, most // 16))
    assert len(sample.rows) <= max(most, 16)
    assert sample.events == len(run.events)
    last: dict[tuple[int, int], int] = {}
    times, edges = run.events["time_s"].to_numpy(), run.events["edge"].to_numpy()
    for place, (time, edge) in enumerate(zip(times, edges, strict=True)):
        last[int(time // sample.frame_s), int(edge)] = place
    expected = run.events.loc[sorted(last.values()), list(COLUMNS)].reset_index(drop=True)
    pd.testing.assert_frame_equal(sample.rows[list(COLUMNS)], expected)


def test_kept_events_bring_the_interval_that_they_ended(run: Run) -> None:
    sample = downsample(run, 160)
    intervals = tick_intervals(run.events).set_index(["edge", "time_s"])["interval_s"]
    kept = sample.rows.dropna(subset="interval_s")
    keys = pd.MultiIndex.from_frame(kept[["edge", "sensed_s"]])
    np.testing.assert_allclose(kept["interval_s"], intervals.loc[keys])
    assert len(kept) > 0.9 * len(sample.rows)


def test_a_log_is_sample_alike_in_memory_and_in_batches(
    run: Run, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = ot.open_run(run.save(f"{tmp_path}/a"))
    in_parts = iter_in_parts(saved, 100)
    monkeypatch.setattr(saved, "batches", in_parts)
    pd.testing.assert_frame_equal(downsample(saved, 320).rows, downsample(run, 320).rows)
    assert isinstance(run._log, EventLog)


def iter_in_parts(run: Run, rows: int) -> object:
    def batches(columns: list[str]) -> list[pd.DataFrame]:
        events = run.events[list(columns)]
        return [events.iloc[at : at + rows] for at in range(0, len(events), rows)]

    return batches
