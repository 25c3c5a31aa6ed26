"""How kernels are compiled: code that is kept is that of the sources, and borrows its arrays."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba.core.caching import FunctionCache

from ohmtick.engine.kernels import kernel as kernels

SOURCE = """
from ohmtick.engine.kernels.kernel import kernel

@kernel
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what imports one source file anew, as another session would."""
    file = tmp_path / "summed.py"
    file.write_text(SOURCE, encoding="utf-8")

    def imported(sources: str) -> ModuleType:
        monkeypatch.setattr(kernels, "_SOURCES", sources)
        spec = importlib.util.spec_from_file_location("summed", file)
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        assert made.total(np.arange(4.0)) == 6.0
        return made

    return imported


def hits(module: ModuleType) -> int:
    return sum(module.total.stats.cache_hits.values())


def test_compiled_code_is_kept_while_no_source_changes(module: Any) -> None:
    assert [hits(module(sources)) for sources in ("one", "one", "two", "two", "one")] == [
        0,
        1,
        0,
        1,
        0,
    ]


def test_what_is_out_of_date_is_not_kept(module: Any, tmp_path: Path) -> None:
    for sources in ("one", "two", "three"):
        module(sources)
    assert len(list(tmp_path.rglob("*.nbc"))) == 1


def test_an_index_that_names_a_class_of_other_sources_is_no_error(
    module: Any, tmp_path: Path
) -> None:
    module("one")
    (index,) = tmp_path.rglob("*.nbi")
    with index.open("rb") as file:
        version = pickle.load(file)
    index.write_bytes(pickle.dumps(version) + b"cohmtick.engine.compiled.state\nGone\n.")
    assert hits(module("one")) == 0
    assert hits(module("one")) == 1


def test_without_a_folder_it_compiles_and_says_so(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object) -> None:
        raise RuntimeError("no locator available")

    monkeypatch.setattr(FunctionCache, "__init__", nowhere)
    kernels._warn.cache_clear()
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR"):
        module("one")


def test_a_kernel_counts_no_references(module: Any) -> None:
    total = module("one").total
    assert not total.targetoptions["_nrt"]
