"""The study: a scenario, what is varied about it, and the seeds it is run with."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from functools import cached_property
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import tomli_w
from pydantic import BeforeValidator, Field, field_validator, model_validator

from ...analysis import metrics as known
from ...analysis.html.markup import page, table
from ...analysis.studies.answers import unmeasured
from ...analysis.studies.record import open_study
from ...engine.errors import (
    MOST_OF_PATH,
    AnalysisError,
    OhmtickError,
    OhmtickWarning,
    RecordError,
    ScenarioError,
    nearest,
    reason,
    shortened,
    shown,
)
from ...engine.memory import check_memory
from ...engine.records.addresses import check_place
from ...engine.records.ledger import STUDY
from ...engine.records.reading import exists, read_text, toml_tables
from ...engine.settings import Frozen, Settings, plain
from ..attached import relative_to, with_files
from ..progress import of_a_study
from ..scenario import Scenario, as_scenario
from ..showing import in_a_line
from .carry_out import carry_out
from .cells import Cell, cell_of
from .sampling import (
    MOST_CELLS,
    Lists,
    Paired,
    Sample,
    Value,
    cell_count,
    cells,
    check_disjoint,
    check_reference,
    flat,
)

if TYPE_CHECKING:
    import pandas as pd

    from .carry_out import Progress

#: SQLite's largest integer.
LARGEST_SEED = 2**63 - 1
#: Bytes that a cell and a run take at least while a study is carried out.
_CELL, _RUN = 4000, 300
#: Seeds of one study.
MOST_SEEDS = 1_000_000


def _scenario(source: object) -> object:
    """Return the scenario of a name or a path; tables are validated in place, for their keys."""
    return source if isinstance(source, Mapping) else as_scenario(source)


def _seeds(seeds: object) -> object:
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        if not 1 <= seeds <= MOST_SEEDS:
            raise ValueError(
                f"must be a number from 1 to {MOST_SEEDS}, or a list of different ones, "
                f"got {shown(seeds)}"
            )
        return tuple(range(seeds))
    return seeds


class Threshold(Settings):
    """What the answer is: how far a key can be moved before a metric has grown by a factor."""

    metric: str = "settled_error"
    """Which metric; the first of the study's where it has no such one."""
    factor: float = Field(2.0, gt=0)
    """How many times the reference's value is too much; below 1 for a metric that falls."""
    statistic: Literal["median", "mean", "geometric_mean"] = "median"
    """Of the seeds."""
    confidence: float = Field(0.95, gt=0, lt=1)
    """Level of the intervals."""
    reference: Annotated[Frozen[Value], BeforeValidator(flat)] = Field(
        default_factory=dict, validate_default=True
    )
    """Dotted key = the value to compare with; without it, the first value of the key."""


class Study(Settings):
    """A scenario, what is varied about it, and the seeds it is run with.

    The cells are every combination of the grid's values, the rows of the paired lists, and the
    points of the sample. Each cell is run with each seed. Runs of one seed have their network,
    start and draws in common, whatever the cell (common random numbers), so cells can be
    compared seed by seed.

    Parameters
    ----------
    scenario
        A `Scenario`, what `load` takes, or tables.
    **settings
        The fields below.

    Raises
    ------
    ScenarioError
        When it is not a valid study: the message holds the key, the value and the rule.

    Examples
    --------
    >>> study = Study("breadboard-iii", grid={"edges.clock.jitter": [0.0, 0.1]}, seeds=20)
    >>> len(study)
    40
    """

    title: str = ""
    """What it asks, in a line."""
    scenario: Annotated[Scenario, BeforeValidator(_scenario)]
    """The base: a name of the library, a path, or a scenario's tables."""
    seeds: Annotated[
        tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...], BeforeValidator(_seeds)
    ] = Field(tuple(range(20)), min_length=1)
    """How many seeds, from 0 on, or which."""
    grid: Lists = Field(default_factory=dict, validate_default=True)
    """Dotted key = list of values; every combination is a cell."""
    paired: Paired = ()
    """Dotted key = list of values, all of one length: the first of each belong together, and so
    on. The list ``label`` names the rows. Several such tables are multiplied out."""
    sample: Sample | None = None
    """Points drawn at random, or as a Latin hypercube."""
    metrics: tuple[str, ...] = Field((), validate_default=True)
    """What is measured of each run, by name; by default what `analysis.metrics.DEFAULT` lists."""
    threshold: Threshold = Threshold()
    """What the answer is."""
    engine: Literal["auto", "compiled", "simpy"] = "auto"
    """Which engine runs it."""
    probes: bool = False
    """Whether to keep the probes of each run, for learning curves."""
    events: bool | str = False
    """Whether to keep each run's folder, with its event log: in the study's folder, or at a path or
    an address of ``file://``, ``s3://``, ``gs://`` or ``abfs://``."""

    def __init__(self, scenario: object = None, /, **settings: Any) -> None:
        if scenario is not None:
            settings["scenario"] = scenario
        super().__init__(**settings)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # as in Settings

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Read the files that values of keys name; the scenario reads its own."""
        return {
            name: each if name == "scenario" else with_files(name, plain(each))
            for name, each in settings.items()
        }

    @field_validator("metrics", mode="before")
    @classmethod
    def _known(cls, metrics: object) -> object:

        if not isinstance(metrics, tuple):
            return metrics
        try:
            named = [known.name_of(each) if callable(each) else each for each in metrics]
            return known.known(named or known.DEFAULT)
        except AnalysisError as error:
            raise ValueError(f"must be known: {error}") from None

    @field_validator("events")
    @classmethod
    def _allowed(cls, events: bool | str) -> bool | str:
        return check_place(events) if isinstance(events, str) else events

    @field_validator("seeds")
    @classmethod
    def _different(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            twice = next(seed for seed in seeds if seeds.count(seed) > 1)
            raise ValueError(f"must be different, got {shown(twice)} twice")
        return seeds

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_disjoint(self.grid, self.paired, self.sample)
        if not 1 <= self.cell_count <= MOST_CELLS:
            raise ValueError(
                f"a study must have from 1 to {MOST_CELLS} cells, "
                f"got {shown(self.cell_count)} instead: {self._factors()}"
            )
        if clash := {"cell", "code", "seed", *self.metrics} & set(self.keys):
            raise ValueError(
                f"{shown(min(clash))} is the name of a column of the table, and no key"
            )
        chosen = self.threshold.metric
        if "metric" in self.threshold.model_fields_set and chosen not in self.metrics:
            raise ValueError(f"threshold.metric: the study must measure it, got {shown(chosen)}")
        return self

    def __repr__(self) -> str:
        size = f"{self.cell_count} cells × {len(self.seeds)} seeds"
        return f"Study({shown(self.title)}: {size} of {shown(self.scenario.title)})"

    def _repr_html_(self) -> str:
        values = {key: shown(list(held)) for key, held in self.grid.items()}
        for block in self.paired:
            values |= {key: f"{shown(list(held))}, paired" for key, held in block.items()}
        if self.sample is not None:
            values |= dict.fromkeys(self.sample.keys, "sampled")
        rows = {
            "scenario": f"{self.scenario.title or 'untitled'}: {in_a_line(self.scenario)}",
            "runs": f"{len(self)}: {self.cell_count} cells × {len(self.seeds)} seeds",
            **values,
            "metrics": ", ".join(self.metrics),
        }
        return page(self.title or "untitled study", [table(rows)])

    def __len__(self) -> int:
        """Return the number of runs."""
        return self.cell_count * len(self.seeds)

    @property
    def cell_count(self) -> int:
        """How many cells there are; none is made to tell."""
        return cell_count(self.grid, self.paired, self.sample)

    def _factors(self) -> str:
        """Return what the number of cells is the product of, in words."""
        counts = [f"{len(values)} of {shortened(key)}" for key, values in self.grid.items()]
        counts += [f"{cell_count({}, [block], None)} rows of 'paired'" for block in self.paired]
        counts += [] if self.sample is None else [f"{self.sample.count} of 'sample'"]
        return " × ".join(counts[:8] + ["…"] * (len(counts) > 8))

    @property
    def keys(self) -> tuple[str, ...]:
        """What is varied: dotted keys, and ``label`` where rows have one."""
        sampled = self.sample.keys if self.sample else ()
        return (*self.grid, *chain.from_iterable(self.paired), *sampled)

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells, in order.

        Raises
        ------
        ScenarioError
            When none of them is a valid scenario, as when a key does not exist.
        """
        check_memory(
            f"a study of {self.cell_count} cells × {len(self.seeds)} seeds",
            _CELL * self.cell_count + _RUN * len(self),
        )
        made = cells(self.grid, self.paired, self.sample)
        check_reference(self.threshold.reference, made)
        found = [cell_of(self.scenario, changes) for changes in made]
        if all(cell.scenario is None for cell in found):
            raise ScenarioError(found[0].text)
        return found

    def replace(self, **changes: Any) -> Study:
        """Return a study with some fields changed."""
        return Study(**{name: getattr(self, name) for name in self.model_fields_set} | changes)

    def run(
        self,
        folder: str | Path,
        workers: int | None = None,
        *,
        executor: Executor | Literal["threads", "processes"] | None = None,
        scheduler: str | None = None,
        retry_failed: bool = False,
        accept_other_code: bool = False,
        watch: Progress | None = None,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Run what is not in the folder's ledger yet, and return the table.

        Parameters
        ----------
        folder
            The study's folder; made if it is not there.
        workers
            How many runs at a time; by default as many as there are processors.
        executor
            ``"threads"``, ``"processes"``, or any executor of the `concurrent.futures` interface.
            By default threads for the compiled engine and processes for SimPy. The results are
            the same, bit for bit. Processes serve many short runs better. A script that uses
            them must do so under ``if __name__ == "__main__":``.
        scheduler
            Address of a Dask scheduler, such as ``tcp://host:8786``, instead of an executor.
        retry_failed
            Run those that failed once more.
        accept_other_code
            Take what other code left in the folder, of the package or of a metric of one's own,
            instead of refusing it: its runs are not done again, and the table's column ``code``
            tells whose each is.
        watch
            Is told of each run that ends; see `~ohmtick.scenarios.studies.carry_out.Progress`.
        progress
            Whether a bar shows how many there are; by default in a notebook, where it takes more
            than a second.

        Returns
        -------
        DataFrame
            As `~ohmtick.analysis.studies.record.StudyRecord.table`.

        Raises
        ------
        RecordError
            When the folder cannot be written to, is in use by another process, holds another
            study or what other code made, or its ledger is damaged. What it holds stays.

        Warns
        -----
        OhmtickWarning
            When a metric is NaN in every run.
        """
        with of_a_study(progress, watch) as watched:
            carry_out(
                self,
                Path(folder),
                workers=workers,
                executor=executor,
                scheduler=scheduler,
                retry_failed=retry_failed,
                accept_other_code=accept_other_code,
                watch=watched,
            )
        record = open_study(folder)
        table = record.table()
        if nothing := unmeasured(record, table):
            warnings.warn(f"{folder}: {nothing}", OhmtickWarning, stacklevel=2)
        return table

    def to_toml(self) -> str:
        """Return the study as a TOML file that holds its scenario, too."""
        tables = self.model_dump(exclude_none=True, exclude_defaults=True, exclude={"scenario"})
        if self.seeds == tuple(range(len(self.seeds))):
            tables["seeds"] = len(self.seeds)
        scenario = tomllib.loads(self.scenario.to_toml())
        return tomli_w.dumps(tables | {"metrics": self.metrics, "scenario": scenario})

    @classmethod
    def from_toml(cls, text: str, name: str = "the study", folder: Path | None = None) -> Study:
        """Return the study that a TOML text holds.

        Parameters
        ----------
        text
            The file's content.
        name
            Begins each message.
        folder
            Where the path of a scenario, or of a file, begins that is not absolute.

        Raises
        ------
        ScenarioError
            When the text is not TOML, or not a valid study.
        """
        tables = toml_tables(text, name)
        try:
            if isinstance(source := tables.get("scenario"), str) and folder is not None:
                beside = folder / source
                tables["scenario"] = str(beside) if exists(beside) else source
            with relative_to(folder):
                return cls(**tables)
        except OhmtickError as error:
            raise ScenarioError(f"{name}: {error}") from None

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Return a study of the library, by name, or the one in a TOML file or a study folder.

        Raises
        ------
        RecordError
            When the file cannot be read.
        ScenarioError
            When it does not hold a valid study.
        """
        if not isinstance(path, str | Path):
            raise ScenarioError(f"a study is loaded by name or path, got {shown(path)} instead")
        file = Path(path)
        if str(path) in study_library():
            text = (_LIBRARY / f"{path}.toml").read_text(encoding="utf-8")
            return cls.from_toml(text, name=str(path))
        if not file.suffix and len(file.parts) == 1 and not exists(file):
            hint = nearest(str(path), study_library())
            raise ScenarioError(f"no study of the library is called {shown(str(path))}; {hint}")
        try:
            if file.is_dir():
                file /= STUDY
            text = read_text(file)
        except UnicodeDecodeError:
            raise ScenarioError(f"{file} is not TOML: it is not UTF-8 text") from None
        except (OSError, ValueError) as error:
            named = shortened(file, MOST_OF_PATH)
            raise RecordError(f"cannot read the study {named}: {reason(error)}") from None
        return cls.from_toml(text, name=str(path), folder=file.parent)


def study_library() -> list[str]:
    """Return the names of the studies in the library."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in _LIBRARY.iterdir()
        if entry.name.endswith(".toml")
    )


_LIBRARY = files(__package__) / "library"
