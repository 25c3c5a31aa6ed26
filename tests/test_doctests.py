"""Every example in a docstring, and every Python block of some pages, runs as written.

Not left to ``pytest --doctest-modules``: that imports files by their path, and since the root of
the repository is the package, it would load each module again under the name of the checkout.
"""

import doctest
import importlib
import pkgutil
import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ohmtick.engine.registry import FAMILIES

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [f"ohmtick.{part}" for part in ("agents", "analysis", "engine", "scenarios")]
MODULES = ["ohmtick", *PACKAGES] + [
    found.name
    for package in PACKAGES
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture(autouse=True)
def _leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a folder of its own, and without the kinds that an example defines afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in MODULES:
        importlib.import_module(name)
    with ExitStack() as stack:
        for family in FAMILIES.values():
            stack.enter_context(family.restored())
        yield


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    failures = doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed
    assert not failures, capsys.readouterr().out


@pytest.mark.parametrize("page", ["README.md", "docs/your_work.md"])
def test_pages(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE))
    assert blocks, f"{page} has no Python block"
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    shared: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks:
        line = text.count("\n", 0, block.start(1))
        if ">>>" in block[1]:
            example = doctest.DocTestParser().get_doctest(block[1], shared, page, page, line)
            runner.run(example, clear_globs=False)
            shared = example.globs  # the runner was given a copy
        else:
            source = "\n" * line + textwrap.dedent(block[1])
            exec(compile(source, str(ROOT / page), "exec"), shared)
    assert not runner.failures, capsys.readouterr().out


def test_no_module_is_loaded_twice() -> None:
    for name in MODULES:
        importlib.import_module(name)
    inside = {ROOT / "__init__.py"} | {
        path for package in PACKAGES for path in (ROOT / package.split(".")[1]).rglob("*.py")
    }
    names = [
        name
        for name, module in list(sys.modules.items())
        if Path(getattr(module, "__file__", None) or "-") in inside
    ]
    assert set(names) == set(MODULES)
