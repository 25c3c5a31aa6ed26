"""Who may know whom: layers, no cycles between files, and imports at the top."""

from __future__ import annotations

import ast
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
