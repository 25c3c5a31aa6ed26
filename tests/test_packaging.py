"""The wheel holds the package, all of it, and nothing else."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from ohmtick import __version__

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PARTS = ("agents", "analysis", "engine", "scenarios")


def package_files() -> set[str]:
    """What the wheel has to hold, as paths inside the package."""
    modules = {path for part in PARTS for path in (ROOT / part).rglob("*.py")}
    library = set((ROOT / "scenarios").rglob("*.toml"))
    page = set((ROOT / "analysis" / "report" / "page").iterdir())
    paths = {ROOT / "__init__.py", ROOT / "py.typed"} | modules | library | page
    return {path.relative_to(ROOT).as_posix() for path in paths}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the project so that nothing is left behind here."""
    folder = tmp_path_factory.mktemp("wheel")
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
    made = shutil.ignore_patterns("build", "dist", "runs", "studies")

    def ignored(where: str, names: list[str]) -> set[str]:
        return unwanted(where, names) | (made(where, names) if Path(where) == ROOT else set())

    shutil.copytree(ROOT, folder / "copy", ignore=ignored)
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    run(sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), str(folder / "copy"))
    (built,) = folder.glob("*.whl")
    return built


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_folder_with_code_is_a_listed_package() -> None:
    folders = {Path(name).parent for name in package_files() if name.endswith(".py")}
    folders |= {path.parent.relative_to(ROOT) for path in (ROOT / "scenarios").rglob("*.toml")}
    packages = {".".join(("ohmtick", *folder.parts)) for folder in folders}
    assert packages == set(PYPROJECT["tool"]["setuptools"]["packages"])


def test_no_other_folder_pretends_to_be_a_package() -> None:
    assert {path.parent.name for path in ROOT.glob("[!.]*/__init__.py")} == set(PARTS)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    info = f"ohmtick-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(info)} == {
        f"ohmtick/{name}" for name in package_files()
    }
    assert f"{info}licenses/LICENSE" in names


@pytest.mark.slow
def test_the_installed_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--target", str(site)]
    run(sys.executable, "-m", "pip", "install", *options, str(wheel))
    found = run(
        sys.executable, "-c", "import ohmtick; print(ohmtick.__file__)", PYTHONPATH=str(site)
    )
    assert Path(found.strip()) == site / "ohmtick" / "__init__.py"
    listed = run(str(site / "bin" / "ohmtick"), "list", PYTHONPATH=str(site))
    assert "breadboard-iii" in listed
    folder, site_path = tmp_path / "run", str(site)
    command = [str(site / "bin" / "ohmtick"), "run", "breadboard-iii", "--set", "horizon=5"]
    run(*command, "--out", str(folder), PYTHONPATH=site_path)
    run(str(site / "bin" / "ohmtick"), "report", str(folder), PYTHONPATH=site_path)
    assert "replay-data" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("package", "following"), [("numba", "0.70"), ("simpy", "4.2")])
def test_a_package_whose_insides_are_used_is_held_to_a_series(package: str, following: str) -> None:
    (wanted,) = (
        Requirement(text)
        for text in PYPROJECT["project"]["dependencies"]
        if Requirement(text).name == package
    )
    assert version(package) in wanted.specifier
    assert following not in wanted.specifier


def test_citation_and_changelog_name_the_version() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    heading = "Unreleased" if ".dev" in __version__ else __version__
    assert f"\n## [{heading}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
