"""The scenario: what to simulate, as validated data; TOML in and out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import BaseModel, Field, ValidationError, model_validator

from ..agents.clock import PeriodicClock, PoissonClock
from ..agents.part import Part
from ..agents.probe import Probe
from ..agents.resistor import Comparator, ContinuousResistor, DigitalPotentiometer
from ..agents.rules import CoupledLearning, Sign
from ..agents.supervisor import Supervisor
from ..engine.errors import RecordError, ScenarioError, nearest
from .circuits import AnyCircuit, EdgeList
from .messages import explain
from .tasks import AnyTask


class Edges(Part):
    """What every edge is made of."""

    rule: Annotated[CoupledLearning | Sign, Field(discriminator="kind")]
    resistor: Annotated[ContinuousResistor | DigitalPotentiometer, Field(discriminator="kind")]
    clock: Annotated[PeriodicClock | PoissonClock, Field(discriminator="kind")] = PeriodicClock()
    comparator: Comparator = Comparator()
    latency: float = Field(0.0, ge=0)
    """Time from a sense to its actuation, s."""
    latency_jitter: float = Field(0.0, ge=0)
    """Relative s.d. of each latency (normal, truncated to [0, 2 * latency])."""


class Scenario(Part):
    """What to simulate: a circuit, a task, edges, and who presents and measures.

    A scenario is immutable data. Its fields are the tables and keys of a scenario file.

    Raises
    ------
    ScenarioError
        For an unknown key, a wrong type or an impossible value: the message holds the key, the
        value, the rule, and the nearest valid name.
    """

    title: str = ""
    horizon: float = Field(gt=0)
    """Simulated end time, s."""
    seed: int = Field(0, ge=0)
    """The seed of a run that is given no other."""
    circuit: AnyCircuit
    task: AnyTask
    edges: Edges
    supervisor: Supervisor = Supervisor()
    probe: Probe | None = None
    """Without one, the error is measured at the start and at the end only."""
    versions: dict[str, str] = Field(default_factory=dict)
    """What wrote this file; changes nothing."""

    def __init__(self, **tables: Any) -> None:
        try:
            super().__init__(**tables)
        except ValidationError as error:
            raise ScenarioError(explain(error, type(self))) from None

    @model_validator(mode="after")
    def _check(self) -> Self:
        labels = self.circuit.labels()
        self._check_labels(labels)
        if isinstance(self.circuit, EdgeList):
            self._check_connected()
        return self

    def _check_labels(self, labels: list[str]) -> None:
        known = set(labels)
        sources, targets = self.task.source_labels(), self.task.target_labels()
        for what, names in (("source", sources), ("target", targets)):
            for name in names:
                if name not in known:
                    hint = nearest(name, labels)
                    raise ValueError(
                        f"task: every {what} must be the label of a node of the circuit, "
                        f"got {name!r} instead" + (f"; {hint}" if hint else "")
                    )
                if names.count(name) > 1:
                    raise ValueError(f"task: a {what} must be named once, got {name!r} twice")
        for name in targets:
            if name in sources:
                raise ValueError(f"task: a target must not be a source, got {name!r} as both")

    def _check_connected(self) -> None:
        from ..engine.streams import Streams

        circuit = self.circuit.build(Streams(0))
        part = circuit.parts()
        if part.max():
            cut_off = (part != part[circuit.index(self.task.source_labels()[0])]).nonzero()[0]
            raise ValueError(
                f"circuit.edges: the circuit must be connected, got {circuit.name(cut_off)} in "
                f"another part than source {self.task.source_labels()[0]!r}"
            )

    def replace(self, **changes: Any) -> Scenario:
        """Return a scenario with some keys changed.

        Parameters
        ----------
        **changes
            Dotted keys and their new values; a key that names a table takes a whole table and
            replaces it. None removes a key, so that its default holds.

        Raises
        ------
        ScenarioError
            When the result is not a valid scenario.

        Examples
        --------
        >>> scenario = load("breadboard-iii")
        >>> scenario.replace(**{"edges.clock.jitter": 0.2}).edges.clock.jitter
        0.2
        """
        tables = _written(self)
        for key, value in changes.items():
            _set(tables, self, key.split("."), value)
        return Scenario(**tables)

    def to_toml(self) -> str:
        """Return the complete scenario, defaults included, as TOML."""
        return tomli_w.dumps(self.model_dump(exclude_none=True))

    @classmethod
    def from_toml(cls, text: str, name: str = "the scenario") -> Scenario:
        """Return the scenario that a TOML text holds.

        Raises
        ------
        ScenarioError
            When the text is not TOML, or not a valid scenario; `name` begins the message.
        """
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(f"{name} is not TOML: {error}") from None
        try:
            return cls(**tables)
        except ScenarioError as error:
            raise ScenarioError(f"{name}: {error}") from None


def load(source: str | Path) -> Scenario:
    """Return a scenario of the library, by name, or one from a TOML file.

    Parameters
    ----------
    source
        A name that `library` lists, or the path of a file (one that exists, ends in ``.toml``,
        or holds a separator), or of a run folder.

    Raises
    ------
    ScenarioError
        When there is no scenario of that name, or the file does not hold a valid one.
    RecordError
        When the file cannot be read.

    Examples
    --------
    >>> load("breadboard-iii").horizon
    400.0
    """
    path = Path(source)
    if path.is_dir() and (path / "scenario.toml").is_file():
        path = path / "scenario.toml"
    if path.suffix == ".toml" or path.is_file() or len(path.parts) > 1:
        return Scenario.from_toml(_text(path), name=str(path))
    entry = files(__package__) / "library" / f"{source}.toml"
    if not entry.is_file():
        hint = nearest(str(source), library())
        raise ScenarioError(f"no scenario of the library is called {str(source)!r}; {hint}")
    return Scenario.from_toml(entry.read_text(encoding="utf-8"), name=str(source))


def library() -> list[str]:
    """Return the names of the scenarios in the library."""
    folder = files(__package__) / "library"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ScenarioError(f"{path} is not TOML: it is not UTF-8 text") from None
    except OSError as error:
        hint = ""
        if isinstance(error, FileNotFoundError) and path.parent.is_dir():
            hint = nearest(path.name, [file.name for file in path.parent.glob("*.toml")])
        raise RecordError(
            f"cannot read the scenario {path}: {error.strerror}" + (f"; {hint}" if hint else "")
        ) from None


def _written(part: BaseModel) -> dict[str, Any]:
    """Return the keys that were given, and the kinds: what the author would write."""
    tables = {}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if (name in part.model_fields_set or name == "kind") and value is not None:
            tables[name] = _written(value) if isinstance(value, BaseModel) else value
    return tables


def _set(tables: dict[str, Any], part: object, path: list[str], value: Any) -> None:
    """Set the value at a path into nested tables, opening tables that hold their defaults."""
    *into, last = path
    for key in into:
        part = getattr(part, key, None)
        if key not in tables:
            tables[key] = _written(part) if isinstance(part, BaseModel) else {}
        if not isinstance(tables[key], Mapping):
            raise ScenarioError(
                f"{'.'.join(path)}: {key!r} must be a table to hold {last!r}, "
                f"got {tables[key]!r} instead"
            )
        tables[key] = dict(tables[key])
        tables = tables[key]
    if value is None:
        tables.pop(last, None)
    else:
        tables[last] = value
