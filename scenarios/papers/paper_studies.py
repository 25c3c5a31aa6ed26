"""The studies of a paper: all that belong together, read from one file beside theirs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from pydantic import Field

from ...engine.settings import Frozen, Settings
from ..scenario import Scenario, load
from ..studies.study import Study
from . import folder_of
from .perturbed_solutions import beyond, fast, late, noise


class Series(Settings):
    """One study, carried out with each of some scenarios."""

    name: str
    """What the results are called."""
    study: str
    """The file of the study, beside this one."""
    scenarios: tuple[str, ...] = ()
    """Files beside this one, or names of the library; by default the study's own."""
    seeds: int | tuple[int, ...] | None = None
    """Replaces those of the study."""
    grid: Frozen[Any] | None = None
    """Replaces keys of the study's grid."""
    quick: Frozen[Any] | None = None
    """Replaces keys of this table in the short version; without it, that leaves the series out."""


class Near(Settings):
    """A study of networks near a solution, which `perturbed_solutions` makes."""

    name: str
    """What the results are called."""
    kind: Literal["late", "beyond", "fast", "noise"]
    """Which."""
    products: tuple[float, ...] = ()
    """The dimensionless numbers that it goes through."""
    scenarios: tuple[str, ...]
    """As in a series."""
    seeds: int
    """How many solutions."""
    quick: Frozen[Any] | None = None
    """As in a series."""


class PaperStudies(Settings):
    """Several studies that belong together."""

    title: str
    """What it is about, in a line."""
    series: Annotated[tuple[Series, ...], Field(min_length=1)]
    """Studies."""
    near: tuple[Near, ...] = ()
    """Studies near solutions."""
    folder: str
    """Where the files are."""

    @classmethod
    def load(cls, name: str) -> PaperStudies:
        """Return the studies of a paper, by its name."""
        folder = folder_of(name)
        text = (folder / "studies.toml").read_text(encoding="utf-8")
        return cls(**tomllib.loads(text), folder=str(folder))

    def studies(
        self, quick: bool = False, folder: Path | None = None
    ) -> Iterator[tuple[str, str, Study]]:
        """Yield the name of each series, of the scenario, and the study, one after the other.

        Parameters
        ----------
        quick
            The short version.
        folder
            Where the runs are kept that find solutions; those that are there are not repeated.
            Without one they are done anew, and not kept.
        """
        with nullcontext(folder) if folder else TemporaryDirectory(prefix="ohmtick-") as kept:
            yield from self._studies(quick, Path(kept))

    def _studies(self, quick: bool, folder: Path) -> Iterator[tuple[str, str, Study]]:
        for series in self.series:
            if quick and series.quick is None:
                continue
            chosen = Series(**_changed(series)) if quick else series
            tables = self._tables(chosen)
            for scenario in chosen.scenarios or (tables["scenario"],):
                tables["scenario"] = self._scenario(scenario)
                yield chosen.name, Path(scenario).stem, Study(**tables)
        for near in self.near:
            if quick and near.quick is None:
                continue
            chosen_near = Near(**_changed(near)) if quick else near
            for scenario in chosen_near.scenarios:
                for stem, study in self._near(chosen_near, scenario, folder):
                    yield chosen_near.name, stem, study

    def _tables(self, series: Series) -> dict[str, Any]:
        text = (Path(self.folder) / series.study).read_text(encoding="utf-8")
        tables = tomllib.loads(text)
        if series.seeds is not None:
            tables["seeds"] = series.seeds
        tables["grid"] = tables.get("grid", {}) | dict(series.grid or {})
        return tables

    def _near(self, near: Near, scenario: str, folder: Path) -> Iterator[tuple[str, Study]]:
        """Yield the name and the study of each seed: its circuit, its data, its solution."""
        base, stem = self._scenario(scenario), Path(scenario).stem
        for name, seed in ((f"{stem}-{seed}", seed) for seed in range(near.seeds)):
            if near.kind == "noise":
                batches = Study.load(Path(self.folder) / "minibatch.toml")
                yield name, noise(base, seed, batches, folder / name)
            else:
                make = {"late": late, "beyond": beyond, "fast": fast}[near.kind]
                yield name, make(base, seed, near.products, folder / name)

    def _scenario(self, name: str) -> Scenario:
        beside = Path(self.folder) / name
        return load(beside if name.endswith(".toml") else name)


def _changed(series: Series | Near) -> dict[str, Any]:
    """Return the keys of a series with those of its short version put in."""
    return series.model_dump() | dict(series.quick or {}) | {"quick": None}
