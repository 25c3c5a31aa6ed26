"""Results are those of the code that made them: other code is told apart, named, and refused."""

from __future__ import annotations

import functools
import hashlib
import importlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import ohmtick as ot
from ohmtick.analysis import metrics as known
from ohmtick.analysis.studies.answers import answer
from ohmtick.engine.errors import RecordError
from ohmtick.engine.records.ledger import LEDGER, Ledger
from ohmtick.engine.records.run import Run
from ohmtick.engine.registry import PARTS
from ohmtick.scenarios.cli.main import main
from ohmtick.scenarios.studies import code as digests
from ohmtick.scenarios.studies.code import ROOT, code, code_of, own_code, sources
from ohmtick.scenarios.studies.estimating import estimate
from ohmtick.scenarios.versions import versions

BASE = ot.load("breadboard-iii").replace(horizon=20.0)
MODULE = """
from math import hypot
import other_helpers
LIMIT = 1.0
def helper(value):
    return value + 1.0
def mine(run):
    "A number."
    return helper(LIMIT) + other_helpers.more(1.0) + hypot(0.0, 0.0)
"""
HELPERS = """
def more(value):
    return value
def unused(value):
    return value
"""


def small(**settings: Any) -> ot.Study:
    return ot.Study(BASE, **{"grid": {"edges.latency": [0.0, 0.7]}, "seeds": 2} | settings)


@pytest.fixture(autouse=True)
def _own_metrics() -> Iterator[None]:
    with known.METRICS.restored():
        yield


@pytest.fixture
def other_sources(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Let this session have been started after an edit of the package."""

    def edit() -> str:
        monkeypatch.setattr(digests, "_SOURCES", "0123456789ab")
        return "0123456789ab"

    return edit


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Write a module with a metric, and import it as a new session would."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(module: str = MODULE, helpers: str = HELPERS) -> Any:
        (folder / "my_metrics.py").write_text(module, encoding="utf-8")
        (folder / "other_helpers.py").write_text(helpers, encoding="utf-8")
        _read_anew()
        return importlib.import_module("my_metrics").mine

    yield write
    _read_anew()


def _read_anew() -> None:
    for name in ("my_metrics", "other_helpers"):
        sys.modules.pop(name, None)
    if "mine" in known.METRICS:
        known.METRICS.remove("mine")
    importlib.invalidate_caches()


def held(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        return list(ledger.iterdump())


# --- what tells code apart -----------------------------------------------------------------------


def test_the_digest_is_of_every_source_that_can_change_a_result(tmp_path: Path) -> None:
    copy = tmp_path / "ohmtick"
    for part in PARTS:
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "__init__.py").write_bytes((ROOT / "__init__.py").read_bytes())
    assert sources(copy) == sources(ROOT) == code() == versions()["code"]
    for name in ("tests/test_a.py", "docs/a.py", "engine/notes.txt"):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text("1", encoding="utf-8")
    assert sources(copy) == code()
    found = {code()}
    for name in (
        "engine/solver/kernels.py",
        "agents/rules.py",
        "analysis/papers/wycoff2022/claim5.py",
    ):
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n# another line\n")
        found.add(sources(copy))
    (copy / "scenarios" / "another.py").write_text("", encoding="utf-8")
    assert len(found | {sources(copy)}) == 5


def test_a_release_is_told_by_its_version() -> None:
    assert code_of("1.2.0", "digest") == "1.2.0"
    assert code_of("1.2.0.dev0", "digest") == "digest"


def test_a_run_records_the_code_that_made_it(tmp_path: Path) -> None:
    ot.run(BASE, out=tmp_path / "a")
    run = ot.open_run(tmp_path / "a")
    assert run.summary["versions"]["code"] == code()
    assert run.tables["versions"]["code"] == code()
    assert run.summary["versions"]["ohmtick"] == ot.__version__


def test_a_metric_is_told_by_all_that_it_refers_to(written: Callable[..., Any]) -> None:
    first = own_code(written())
    assert own_code(written()) == first
    assert (
        own_code(written(helpers=HELPERS.replace("unused(value):", "unused(v, value):"))) == first
    )
    assert own_code(written("\n\n# a remark\n" + MODULE)) == first
    changed = [
        written(MODULE.replace("hypot(0.0, 0.0)", "hypot(0.0, 1.0)")),
        written(MODULE.replace("value + 1.0", "value + 2.0")),
        written(MODULE.replace("LIMIT = 1.0", "LIMIT = 2.0")),
        written(helpers=HELPERS.replace("    return value\ndef", "    return 2 * value\ndef")),
    ]
    assert len({first, *map(own_code, changed)}) == 5


def test_closures_defaults_classes_and_arrays_count() -> None:
    def made(weights: Any, offset: float = 0.0) -> Callable[[Run], float]:
        class Scale:
            of = offset

            def by(self) -> float:
                return self.of

        def weighed(run: Run, more: float = offset) -> float:
            return float(np.sum(weights)) + Scale().by()

        return weighed

    def kept(run: Run) -> float:
        return made(1.0)(run)

    one = own_code(made([1.0, {"a"}]))
    assert own_code(made([1.0, {"a"}])) == one
    others = [
        made([1.0, {"b"}]),
        made(np.arange(3.0)),
        made(np.arange(4.0)),
        made([1.0, {"a"}], 1.0),
    ]
    others += [functools.wraps(made(2.0))(functools.lru_cache(made(2.0))), kept]
    assert len({one, *map(own_code, others)}) == 7
    assert own_code(known.METRICS["settled_error"]) == ""


def test_a_function_that_refers_to_itself_has_a_digest() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return even(n - 1)", namespace)
    assert isinstance(namespace["even"], FunctionType)
    assert own_code(namespace["even"]) != own_code(namespace["odd"])


def test_a_metric_of_a_script_is_the_same_in_every_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import ohmtick as ot\n"
        "NAMES = {'b', 'a', 'c'}\n"
        "def helper(run): return len(NAMES)\n"
        "def mine(run): return helper(run)\n"
        "if __name__ == '__main__':\n"
        "    base = ot.load('breadboard-iii').replace(horizon=5.0)\n"
        "    for executor in ('threads', 'processes'):\n"
        f"        table = ot.Study(base, metrics=[mine], seeds=2).run({str(tmp_path / 'a')!r},\n"
        "            executor=executor, workers=2, retry_failed=True)\n"
        f"        (ot.Study(base, metrics=[mine], seeds=4)).run({str(tmp_path / 'a')!r},\n"
        "            executor=executor, workers=2)\n"
        "    print(len(table))\n",
        encoding="utf-8",
    )
    for _ in range(2):  # with another order of sets
        done = subprocess.run(
            [sys.executable, "-P", script], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


# --- what becomes of it --------------------------------------------------------------------------


def test_what_other_code_ran_is_refused_by_name_and_not_touched(
    tmp_path: Path, other_sources: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    small().run(tmp_path / "a")
    first, before = code(), held(tmp_path / "a")
    now = other_sources()
    says = (
        f"was run by ohmtick {ot.__version__} (code {first}), and this is ohmtick "
        f"{ot.__version__} (code {now}), whose results may differ; go on with that code, give "
        "another folder, or take what it made with --accept-other-code"
    )
    for attempt in (lambda: small().run(tmp_path / "a"), lambda: estimate(small(), tmp_path / "a")):
        with pytest.raises(RecordError) as caught:
            attempt()
        assert says in str(caught.value)
    assert main(["study", str(tmp_path / "a"), "--out", str(tmp_path / "a")]) == 1
    assert says in capsys.readouterr().err
    assert held(tmp_path / "a") == before


def test_what_other_code_ran_is_taken_where_that_is_asked_for(
    tmp_path: Path, other_sources: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    table = small().run(tmp_path / "a")
    assert "code" not in table
    first, now = code(), other_sources()
    grown = small(seeds=3)
    assert estimate(grown, tmp_path / "a", accept_other_code=True).there == 4
    both = grown.run(tmp_path / "a", accept_other_code=True)
    assert both["code"].tolist() == [first, first, now] * 2
    old = both[both["seed"] < 2].drop(columns="code").reset_index(drop=True)
    assert_frame_equal(old, table, check_exact=True)
    record = ot.open_study(tmp_path / "a")
    assert record.metadata["code"] == now
    assert record.metadata["codes"] == {first: ot.__version__, now: ot.__version__}
    assert f"4 of 6 runs were made by other code: {first}" in answer(record)
    with pytest.raises(RecordError, match=rf"was run by ohmtick .*code {first}"):
        grown.run(tmp_path / "a")  # it is asked for each time
    assert (
        main(["study", str(tmp_path / "a"), "--out", str(tmp_path / "a"), "--accept-other-code"])
        == 0
    )


def test_failures_of_other_code_are_no_result(
    tmp_path: Path, other_sources: Callable[[], str]
) -> None:
    def fragile(run: Run) -> float:
        if fragile.broken and run.summary["seed"] == 1:  # type: ignore[attr-defined]
            raise ValueError
        return 1.0

    fragile.broken = True  # type: ignore[attr-defined]
    assert len(small(metrics=[fragile]).run(tmp_path / "a")) == 2
    fragile.broken = False  # type: ignore[attr-defined]
    other_sources()
    assert len(small(metrics=[fragile]).run(tmp_path / "a", accept_other_code=True)) == 4


def test_an_edited_metric_is_refused_or_taken(tmp_path: Path, written: Callable[..., Any]) -> None:
    folder = tmp_path / "a"
    small(metrics=["updates", written()]).run(folder)
    same = small(metrics=["updates", written()], seeds=3)
    assert same.run(folder)["mine"].tolist() == [3.0] * 6
    edited = small(
        metrics=[written(MODULE.replace("LIMIT = 1.0", "LIMIT = 5.0")), "updates"], seeds=4
    )
    with pytest.raises(
        RecordError, match=r"metric 'mine' has changed: it was measured in .* by mine of code \w+, "
    ):
        edited.run(folder)
    assert len(small(metrics=["updates"], seeds=3).run(folder)) == 6  # it is not asked for
    table = edited.run(folder, accept_other_code=True)
    assert table["mine"].tolist() == [3.0, 3.0, 3.0, 7.0] * 2
    made = table["code"].tolist()
    assert made[3] == code()
    assert made[0].startswith(f"{code()}, mine@")
    assert edited.run(tmp_path / "b")["mine"].tolist() == [7.0] * 8


def _old_key(text: str, seed: int) -> str:
    whole = text.replace("\nseed = 0\n", f"\nseed = {seed}\n")
    return hashlib.sha256(f"ohmtick 0.1.0\n{whole}".encode()).hexdigest()[:32]


def test_a_ledger_that_tells_no_code_is_refused_or_taken(tmp_path: Path) -> None:
    """Its keys were a hash of the scenario and a version, and nothing else."""
    study, folder = small(), tmp_path / "a"
    table = study.run(folder)
    with Ledger(folder / LEDGER) as ledger:
        metadata, runs, entries = ledger.metadata(), ledger.plan(), ledger.entries()
    (folder / LEDGER).unlink()
    for name in ("code", "codes", "stored", "units", "unmarked"):
        del metadata[name]
    old = {run.key: _old_key(study.cells[run.cell].text, run.seed) for run in runs}
    with Ledger(folder / LEDGER, writes=True) as ledger:
        cells = [(cell.changes, cell.text) for cell in study.cells]
        plan = [replace(run, key=old[run.key]) for run in runs]
        ledger.set_plan(metadata | {"version": "0.1.0"}, cells, plan)
        for key, entry in entries.items():
            ledger.enter(replace(entry, key=old[key]))
    assert_frame_equal(ot.open_study(folder).table(), table, check_exact=True)
    with pytest.raises(RecordError, match=r"was run by ohmtick 0\.1\.0, and this is"):
        study.run(folder)
    taken = study.run(folder, accept_other_code=True)
    assert taken.pop("code").tolist() == ["0.1.0"] * 4
    assert_frame_equal(taken, table, check_exact=True)
    grown = small(seeds=3).run(folder, accept_other_code=True)
    assert grown["code"].tolist() == ["0.1.0", "0.1.0", code()] * 2


def test_workers_of_other_code_are_refused(tmp_path: Path, written: Callable[..., Any]) -> None:
    """Processes import a metric's module anew, and so see what was edited meanwhile."""
    mine = written()
    (tmp_path / "modules" / "my_metrics.py").write_text(
        MODULE.replace("LIMIT = 1.0", "LIMIT = 5.0"), encoding="utf-8"
    )
    study = small(metrics=[mine])
    with pytest.raises(ot.OhmtickError, match=r"a worker has other code .*the metric mine@"):
        study.run(tmp_path / "a", executor="processes", workers=1)
    assert ot.open_study(tmp_path / "a").table().empty
    assert study.run(tmp_path / "a")["mine"].tolist() == [3.0] * 4


def test_workers_of_another_package_are_refused(
    tmp_path: Path, other_sources: Callable[[], str]
) -> None:
    now = other_sources()  # here alone: a process reads the sources that are there
    with pytest.raises(ot.OhmtickError, match=rf"other code .*ohmtick of code \w+, not {now}"):
        small().run(tmp_path / "a", executor="processes", workers=1)


def test_a_metric_without_a_name_is_refused() -> None:
    with pytest.raises(ot.OhmtickError, match="metrics must be known: a metric must have a name"):
        small(metrics=[functools.partial(max, 1.0)])
