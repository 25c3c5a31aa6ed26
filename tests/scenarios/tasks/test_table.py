"""Data of one's own: files of data, what they become, and what is said of those that are wrong."""

from __future__ import annotations

import io
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

import ohmtick as ot
from ohmtick.engine import memory
from ohmtick.engine.errors import ScenarioError, TooLargeError
from ohmtick.engine.records.attached import AttachedFile
from ohmtick.engine.streams import Streams
from ohmtick.scenarios.tasks.table import Table

BENCH = ot.load("breadboard-iii").replace(horizon=5.0)
RNG = np.random.default_rng(8)
FRAME = pd.DataFrame(
    {
        "x": RNG.uniform(0.0, 5.0, 24).round(3),
        "ash, dry": RNG.integers(0, 9, 24),
        "y": RNG.uniform(0.0, 5.0, 24).round(3),
        "kind": np.repeat(["good", "bad", "ugly"], [12, 8, 4]),
    }
)


def csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def parquet(frame: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    frame.to_parquet(held, index=False)
    return held.getvalue()


def npz(frame: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    arrays: dict[str, Any] = {str(name): frame[name].to_numpy() for name in frame}
    arrays["kind"] = arrays["kind"].astype(str)
    np.savez(held, **arrays)
    return held.getvalue()


WRITERS = {"csv": csv, "parquet": parquet, "npz": npz}
OUTPUTS: dict[str, Any] = {"inputs": {"x": 3, "ash, dry": 8}, "outputs": {"y": 4}}
CLASSES: dict[str, Any] = {"inputs": {"x": 3}, "classes": "kind", "targets": [4, 6]}


def table(content: bytes, name: str = "mine.csv", **settings: Any) -> Table:
    return Table(file=AttachedFile(name, content), **{"fixed": {9: 0.0}} | settings)


@pytest.mark.parametrize("suffix", WRITERS)
def test_each_format_holds_the_same_data(suffix: str) -> None:
    task = table(WRITERS[suffix](FRAME), f"mine.{suffix}", **OUTPUTS)
    train, test = task.datasets(Streams(4))
    learned, tested = task.rows(Streams(4))
    assert sorted([*learned, *tested]) == list(range(24))
    for rows, dataset in ((learned, train), (tested, test)):
        part = FRAME.iloc[rows]
        np.testing.assert_array_equal(dataset.inputs[:, :2], part[["x", "ash, dry"]])
        np.testing.assert_array_equal(dataset.inputs[:, 2], 0.0)
        assert dataset.desired is not None
        np.testing.assert_array_equal(dataset.desired[:, 0], part["y"])


@pytest.mark.parametrize("suffix", WRITERS)
def test_classes_are_split_alike(suffix: str) -> None:
    task = table(WRITERS[suffix](FRAME), f"mine.{suffix}", test=0.25, **CLASSES)
    assert task.class_labels() == ["bad", "good", "ugly"]
    train, test = task.datasets(Streams(4))
    assert train.classes is not None
    assert test.classes is not None
    assert np.bincount(train.classes).tolist() == [6, 9, 3]
    assert np.bincount(test.classes).tolist() == [2, 3, 1]
    learned, _ = task.rows(Streams(4))
    assert [task.class_labels()[c] for c in train.classes] == FRAME["kind"].iloc[learned].tolist()


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        (["01", "1", "2"], ["01", "1", "2"]),
        (["0", "-1", " 2 "], [-1, 0, 2]),
        (["1", "1.0", "2"], ["1", "1.0", "2"]),
        (["NA", "None", "nan"], ["NA", "None", "nan"]),
        (["1", "2", "NA"], ["1", "2", "NA"]),
        (["True", "False", "null"], ["False", "True", "null"]),
        (["12345678901234567890", "1", "2"], ["1", "12345678901234567890", "2"]),
        (["-0", "0", "+0"], ["+0", "-0", "0"]),
    ],
)
def test_classes_of_a_csv_are_those_that_are_written(
    written: list[str], labels: list[object]
) -> None:
    frame = FRAME.assign(kind=np.repeat(written, 8))
    task = table(csv(frame), test=0.25, **CLASSES)
    assert task.class_labels() == labels
    classes = task.datasets(Streams(4))[0].classes
    assert classes is not None
    told = [str(task.class_labels()[number]) for number in classes]
    assert told == frame["kind"].iloc[task.rows(Streams(4))[0]].str.strip().tolist()


def test_matrices_of_an_npz_have_numbered_columns() -> None:
    held = io.BytesIO()
    matrix = RNG.uniform(size=(6, 12))
    np.savez(held, X=matrix, Y=matrix[:, :1])
    task = table(held.getvalue(), "mine.npz", inputs={"X11": 3}, outputs={"Y0": 4}, test=0)
    train, test = task.datasets(Streams(0))
    assert sorted(train.inputs[:, 0]) == sorted(matrix[:, 11])
    assert train.desired is not None
    np.testing.assert_array_equal(test.inputs, train.inputs)


OWN: list[dict[str, Any]] = [{}, {"seed": 4}]


def test_the_split_is_the_runs_or_its_own() -> None:
    free, held = (table(csv(FRAME), **OUTPUTS, **own) for own in OWN)
    first, second = (free.rows(Streams(seed))[1].tolist() for seed in (4, 5))
    assert first != second
    assert [held.rows(Streams(seed))[1].tolist() for seed in (4, 5)] == [first, first]


def test_scales_are_those_of_the_rows_to_learn_from() -> None:
    low_high: dict[str, Any] = {"low": 1.0, "high": 3.0, "output_low": -1.0, "output_high": 0.0}
    task = table(csv(FRAME), **OUTPUTS, **low_high, scaling="feature", output_scaling="common")
    learned, tested = task.rows(Streams(2))
    part = FRAME.iloc[learned]
    train, test = task.datasets(Streams(2))
    for column, name in enumerate(("x", "ash, dry")):
        slope = 2.0 / (part[name].max() - part[name].min())
        for rows, dataset in ((learned, train), (tested, test)):
            expected = 1.0 + slope * (FRAME[name].iloc[rows] - part[name].min())
            np.testing.assert_allclose(dataset.inputs[:, column], expected, rtol=1e-14)
    assert train.desired is not None
    np.testing.assert_allclose(
        train.desired[:, 0], part["y"] / part["y"].max() - 1.0, rtol=1e-14, atol=1e-15
    )


def test_a_scenario_finds_its_table_and_takes_it_along(tmp_path: Path) -> None:
    home = tmp_path / "mine"
    home.mkdir()
    (home / "wine.csv").write_bytes(csv(FRAME))
    lines = BENCH.to_toml().split("[task]")[0]
    (home / "mine.toml").write_text(
        lines + '[task]\nkind = "table"\nfile = "wine.csv"\ninputs = { x = "3" }\n'
        'outputs = { y = "4" }\nfixed = { 9 = 0.0 }\n[edges.rule]\nkind = "sign"\n'
        '[edges.resistor]\nkind = "digital_potentiometer"\n[edges.clock]\nkind = "periodic"\n',
        encoding="utf-8",
    )
    run = ot.run(home / "mine.toml", seed=3, out=tmp_path / "run")
    digest = run.scenario["task"]["digest"]
    shutil.rmtree(home)
    (tmp_path / "run").rename(tmp_path / "moved")
    assert (tmp_path / "moved" / f"wine-{digest[:8]}.csv").read_bytes() == csv(FRAME)
    again = ot.run(tmp_path / "moved", engine="simpy")
    assert again.events.equals(ot.open_run(tmp_path / "moved").events)
    assert len(again.events)


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_study_carries_the_table(
    tmp_path: Path, executor: Literal["threads", "processes"]
) -> None:
    task = table(csv(FRAME), **OUTPUTS)
    study = ot.Study(BENCH.replace(task=task), grid={"task.test": [0.25, 0.5]}, seeds=2)
    found = study.run(tmp_path / "study", executor=executor, workers=2)
    for _, row in found.iterrows():
        alone = ot.run(
            BENCH.replace(task=task, **{"task.test": row["task.test"]}), int(row["seed"])
        )
        assert row["final_error"] == alone.summary["final_error"]


def put(row: int, name: str, value: object) -> bytes:
    """Return the table with another value in one cell."""
    cells = FRAME[name].tolist()
    cells[row] = value
    return csv(FRAME.assign(**{name: cells}))


MISTAKES: dict[str, tuple[bytes, Mapping[str, Any], str]] = {
    "a missing cell": (put(7, "x", ""), {}, "'inputs.x' .* finite numbers .* nan in row 7 from 0"),
    "an infinity": (put(2, "y", "inf"), {}, "'outputs.y' .* finite .* got inf in row 2"),
    "a word": (put(5, "x", "much"), {}, "'inputs.x' must be a column of numbers, got 'much' in ro"),
    "too many volts": (put(5, "x", 1e10), {}, "'inputs.x' .* of at most 1e[+]09, got 1.*row 5"),
    "no such column": (
        csv(FRAME), {"inputs": {"ash dry": 3}},
        "'inputs.ash dry' must be a column of 'mine.csv', got 'ash dry'; the nearest is 'ash, dry'",
    ),
    "no rows": (csv(FRAME.iloc[:0]), {}, "'file' must have rows of data, got none in 'mine.csv'"),
    "an empty file": (b"", {}, "'file' must be a table, got 'mine.csv': it is empty"),
    "too few rows": (csv(FRAME.iloc[:2]), {}, "'test' must leave rows to learn from and to .* 0.2"),
    "a class too small": (
        csv(FRAME), CLASSES | {"outputs": {}, "test": 0.1},
        "'test' must leave rows of the class 'ugly' .* 0.1, which makes 0 of 4",
    ),
    "one class": (
        csv(FRAME.assign(kind="good")), CLASSES | {"outputs": {}},
        "'classes' must be a column of at least 2 classes, got 'good' in each row",
    ),
    "classes in fractions": (
        csv(FRAME), CLASSES | {"outputs": {}, "classes": "x"}, "'classes' must be whole numbers or",
    ),
    "a class is missing": (
        put(3, "kind", ""), CLASSES | {"outputs": {}}, "'classes' .* or text, got nan in row 3",
    ),
    "a class is missing among numbers": (
        csv(FRAME.assign(kind=[1.0, np.nan] + 22 * [2.0])), CLASSES | {"outputs": {}},
        "'classes' must be whole numbers or text, got nan in row 1",
    ),
    "a row ends before its class": (
        csv(FRAME) + b"1,2,3\n", CLASSES | {"outputs": {}},
        "'classes' must be whole numbers or text, got nan in row 24",
    ),
    "both": (csv(FRAME), CLASSES, "either 'outputs' or 'classes' must be given, got both"),
    "neither": (csv(FRAME), {"outputs": {}}, "either 'outputs' or 'classes' .* got neither"),
    "targets of outputs": (csv(FRAME), {"targets": [6]}, "'targets' are of 'classes'"),
    "two columns of a name": (
        csv(FRAME).replace(b",y,", b",x,", 1), {}, "must all differ, got 'x' twice",
    ),
    "ragged rows": (csv(FRAME) + b"1,2,3,a,b\n", {}, "'file' must be a table.* 5"),
    "no text": (b"\xff\xfe\x00junk", {}, "'file' must be a table, got 'mine.csv': .*utf-8"),
    "upside down": (csv(FRAME), {"high": -1.0}, "'high' must exceed low = 0.0 V, got -1.0 V"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_clear_message(mistake: str) -> None:
    content, settings, says = MISTAKES[mistake]
    with pytest.raises(ScenarioError, match=says) as caught:
        table(content, **OUTPUTS | dict(settings))
    assert len(str(caught.value).splitlines()) == 1


def test_unknown_labels_and_constant_columns_are_named() -> None:
    task = table(csv(FRAME), **OUTPUTS | {"outputs": {"y": "42"}})
    with pytest.raises(ScenarioError, match=r"every target must be the label of a node .* '42'"):
        BENCH.replace(task=task)
    flat = table(csv(FRAME.assign(x=2.5)), **OUTPUTS, scaling="feature")
    with pytest.raises(ScenarioError, match=r"the column 'x' must vary .* got 2.5 in all 19"):
        ot.run(BENCH.replace(task=flat))


def test_no_pickle_is_ever_loaded(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "exploded",)

    held = io.BytesIO()
    np.savez(held, x=np.array([Bomb()], dtype=object), y=np.arange(1.0))
    for content in (held.getvalue(), pickle.dumps(Bomb())):
        with pytest.raises(ScenarioError, match=r"'file' must be a table, got 'mine.npz'"):
            table(content, "mine.npz", inputs={"x": 3}, outputs={"y": 4})
    assert not (tmp_path / "exploded").exists()
    with pytest.raises(
        ScenarioError, match=r"'file' must end in .csv, .parquet, .npz, got 'm.pkl'"
    ):
        table(b"", "m.pkl", **OUTPUTS)


def test_what_would_not_fit_into_memory_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = pd.DataFrame({"x": np.zeros(10**6), "y": np.zeros(10**6)})
    held = io.BytesIO()
    np.savez_compressed(held, x=many["x"], y=many["y"])
    small = {"mine.parquet": parquet(many), "mine.npz": held.getvalue()}
    monkeypatch.setattr(memory, "machine_bytes", lambda: 10**7)
    for name, content in small.items():
        assert len(content) < 10**5
        with pytest.raises(TooLargeError, match="would take at least 16 MB"):
            table(content, name, inputs={"x": 3}, outputs={"y": 4})
