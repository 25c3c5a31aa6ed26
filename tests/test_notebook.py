"""The notebook of the documentation, executed by a kernel, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from pydantic import BaseModel

import ohmtick as ot

FIRST_STEPS = Path(__file__).resolve().parents[1] / "docs" / "first_steps.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what is in somebody's home alone, and what an editor keeps there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def execute(notebook: Any, folder: Path) -> None:
    """Run all cells in a kernel; an error in one of them is raised."""
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from cell.get("outputs", ())


def shown(notebook: Any) -> dict[str, set[str]]:
    """Return the mime types of what each cell that ends in a value shows, by its last line."""
    return {
        cell.source.splitlines()[-1]: set(output.data)
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "execute_result"
    }


@pytest.mark.slow
def test_the_first_steps_run_and_show_what_they_say(tmp_path: Path) -> None:
    notebook = nbformat.read(FIRST_STEPS, as_version=4)
    execute(notebook, tmp_path)
    assert not [each for each in outputs(notebook) if each.output_type == "error"]
    said = [each for each in outputs(notebook) if each.output_type == "stream"]
    assert said == []  # on stderr least of all
    kinds = shown(notebook)
    for rich in ("scenario", "run", "study", 'ot.open_study("latency")', "run.events.head()"):
        assert kinds[rich] == {"text/plain", "text/html"}
    assert kinds["ot.estimate(scenario)"] == {"text/plain"}
    assert "image/png" in kinds["plots.learning_curve(run.probes).figure"]
    size = sum(len(str(each.get("data", ""))) for each in outputs(notebook))
    assert size < 300_000
    assert (tmp_path / "latency" / "study.toml").is_file()


def test_the_first_steps_are_kept_without_outputs() -> None:
    notebook = nbformat.read(FIRST_STEPS, as_version=4)
    nbformat.validate(notebook)
    assert list(outputs(notebook)) == []
    assert all(cell.get("execution_count") is None for cell in notebook.cells)
    assert FIRST_STEPS.stat().st_size < 10_000


def test_a_notebook_has_bars(tmp_path: Path) -> None:
    cells = [
        "import ohmtick as ot\nscenario = ot.load('breadboard-iii').replace(horizon=20.0)",
        "run = ot.run(scenario, engine='simpy', progress=False)",  # and imports what is slow
        "run = ot.run(scenario, engine='simpy')",  # over in a moment: no bar
        "run = ot.run(scenario, engine='simpy', progress=True)",
        "run.circuit",
    ]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    execute(notebook, tmp_path)
    _, first, quiet, barred, circuit = (cell.outputs for cell in notebook.cells)
    assert first == quiet == []
    assert [set(each.data) for each in barred] == [{"text/plain", WIDGET}]
    assert circuit[0].data["text/html"].count("<path") == 16


def test_tab_shows_the_fields_and_nothing_of_pydantic() -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive("import ohmtick as ot; scenario = ot.load('breadboard-iii')")
        reply = client.complete("scenario.", reply=True, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    found = set(reply["content"]["matches"])
    assert {*ot.Scenario.model_fields, "replace", "save"} <= found
    internals = {name for name in dir(BaseModel) if not hasattr(object, name)}
    assert not found & internals
