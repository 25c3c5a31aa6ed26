"""Who may know whom: layers, no cycles between files, and imports at the top."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
#: What each part may import of the others, at any time.
KNOWS = {
    "engine": set(),
    "agents": {"engine"},
    "analysis": {"engine"},
    "scenarios": {"agents", "analysis", "engine"},
}
PARTS = sorted(KNOWS)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("ohmtick", cache_dir=None)


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def product(graph: grimp.ImportGraph) -> list[str]:
    return [module for module in sorted(graph.modules) if part_of(module) in KNOWS]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_knows_only_those_below(graph: grimp.ImportGraph, part: str) -> None:
    wrong = [
        f"{module} imports {found}"
        for module in product(graph)
        if part_of(module) == part
        for found in graph.find_modules_directly_imported_by(module)
        if part_of(found) not in {part, "", *KNOWS[part]} and not found.startswith("ohmtick.docs")
    ]
    assert not wrong


def at_the_top(module: str, modules: set[str]) -> set[str]:
    """Return which of some modules a file imports when it is imported itself, typing's aside."""
    path = ROOT.joinpath(*module.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    package = module if path.is_dir() else module.rpartition(".")[0]
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            target = ".".join([*base, *([node.module] if node.module else [])])
            names = {f"{target}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else target for name in names}
    return found & modules - {module}


def test_no_files_import_each_other_in_a_circle(graph: grimp.ImportGraph) -> None:
    modules = set(product(graph))
    needs = {module: at_the_top(module, modules) for module in modules}
    try:
        list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        pytest.fail(f"these files import each other: {' -> '.join(error.args[1])}")


def late_imports(module: str, file: Path) -> Iterator[str]:
    """Yield the modules that a file imports within its functions, by their full names."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        for node in ast.walk(function) if isinstance(function, functions) else ():
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")
                base = above[: len(above) - node.level + 1] if node.level else []
                home = ".".join([*base, *([node.module] if node.module else [])])
                # A name may be a module: of that, and not of its package, the start would pay.
                yield from (f"{home}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def declared() -> list[str]:
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([\w.]+)` \| \d+", told, re.MULTILINE)


def is_within(module: str, packages: list[str]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def test_functions_import_only_what_is_declared_as_slow(declared: list[str]) -> None:
    found = [
        (file.relative_to(ROOT).as_posix(), module)
        for part in PARTS
        for file in sorted((ROOT / part).rglob("*.py"))
        for module in late_imports(
            ".".join(["ohmtick", *file.relative_to(ROOT).with_suffix("").parts]).removesuffix(
                ".__init__"
            ),
            file,
        )
    ]
    assert [each for each in found if not is_within(each[1], declared)] == []
    unused = [name for name in declared if not any(is_within(each, [name]) for _, each in found)]
    assert unused == []


def test_the_command_starts_without_what_is_declared_as_slow(declared: list[str]) -> None:
    code = "import sys, ohmtick.scenarios.cli.main; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    slow = [name for name in declared if name != "ohmtick.scenarios.cli.main"]
    assert [each for each in done.stdout.split() if is_within(each, slow)] == []
