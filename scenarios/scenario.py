"""The scenario: what to simulate, as validated data; TOML in and out."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import tomli_w
from pydantic import BaseModel, Field, model_validator

from ..agents.probe import Probe
from ..agents.stop import Stop
from ..agents.supervisor import Supervisor
from ..engine.errors import (
    MOST_OF_PATH,
    OhmtickWarning,
    RecordError,
    ScenarioError,
    nearest,
    reason,
    shortened,
    shown,
)
from ..engine.messages import chosen, kind_of, models
from ..engine.networks.network import split_pairs
from ..engine.records.reading import exists, read_text, toml_tables
from ..engine.records.run import SUMMARY
from ..engine.records.writing import write_text
from ..engine.settings import MOST_SECONDS, Frozen, Settings, plain
from ..engine.streams import MOST_SEED
from .attached import FromFile, attached, carried, relative_to
from .changes import Change, changed, within
from .circuits.base import CircuitKind
from .edges import Edges
from .outside import missing
from .physics import Physics
from .physics.equilibrium import Equilibrium
from .showing import in_a_line, scenario_html
from .sizes import check_events
from .snapshots import Snapshot
from .stand_ins import is_stand_in, refuse_stand_ins, stand_ins
from .starting import Start
from .tasks.base import Task


class Scenario(Settings):
    """What to simulate: a circuit, a task, edges, and who presents and measures.

    A scenario is immutable data. Its fields are the tables and keys of a scenario file.

    Raises
    ------
    ScenarioError
        For an unknown key, a wrong type or an impossible value: the message holds the key, the
        value, the rule, and the nearest valid name.
    """

    title: str = ""
    """What it is, in a line."""
    horizon: float = Field(gt=0, le=MOST_SECONDS)
    """Simulated end time, s."""
    seed: int = Field(0, ge=0, le=MOST_SEED)
    """The seed of a run that is given no other."""
    circuit: CircuitKind
    """Which nodes and edges there are."""
    task: Task
    """What the network is to learn."""
    edges: Edges
    """What every edge is made of."""
    physics: Physics = Equilibrium()
    """How voltages follow what happens."""
    supervisor: Supervisor = Supervisor()
    """How data are presented."""
    probe: Probe | None = None
    """Without one, the error is measured at the start and at the end only."""
    start: Start | None = None
    """What edges begin with, where another run ended; else their resistors say."""
    stop: Stop | None = None
    """What ends it before its horizon."""
    snapshot: Snapshot | None = None
    """How often what happened is kept while it goes on; without, it is kept at the end."""
    schedule: tuple[Change, ...] = ()
    """What changes at times, one after the other."""
    versions: Frozen[str] = Field(default_factory=dict, validate_default=True)
    """What wrote this file; changes nothing."""

    def __repr__(self) -> str:
        return f"Scenario({shown(self.title)}: {in_a_line(self)})"

    def _repr_html_(self) -> str:
        return scenario_html(self)

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        self._check_labels()
        self._check_start()
        self._check_stop()
        check_events(self)
        self.circuit.check(self.task.source_labels())
        self.physics.check(self.circuit, self.task.target_labels(), self.edges.mismatch)
        _ = self.later_stages
        return self

    def _check_labels(self) -> None:
        sources = list(self.task.source_labels())
        targets = [str(node) for node in split_pairs(self.task.target_labels())[0]]
        for what, names in (("source", sources), ("target", targets)):
            for name in self.circuit.unknown_labels(names):
                hint = self.circuit.hint(name)
                raise ValueError(
                    f"task: every {what} must be the label of a node of the circuit, "
                    f"got {shown(name)} instead" + (f"; {hint}" if hint else "")
                )
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise ValueError(f"task: a {what} must be named once, got {shown(twice)} twice")
        for name in targets:
            if name in sources:
                raise ValueError(f"task: a target must not be a source, got {shown(name)} as both")
        for name in self.circuit.unknown_labels(self.probe.nodes if self.probe else ()):
            hint = self.circuit.hint(name)
            raise ValueError(
                f"probe.nodes must be labels of nodes of the circuit, got {shown(name)} instead"
                + (f"; {hint}" if hint else "")
            )

    def _check_start(self) -> None:
        start, edges = getattr(self.edges.resistor, "start", None), self.circuit.edge_count
        if (
            isinstance(start, tuple)
            and not self.edges.groups
            and edges is not None
            and len(start) != edges
        ):
            raise ValueError(
                f"edges.resistor.start must be one value or one for each of the {edges} edges, "
                f"got {len(start)} instead"
            )
        conductances = self.circuit.edge_conductances()
        groups = self.edges.groups
        own = {
            f"edges.groups.{number}.resistor": each.resistor for number, each in enumerate(groups)
        }
        for key, resistor in {"edges.resistor": self.edges.resistor, **own}.items():
            if resistor is not None and (conductances is None or not groups):
                resistor.begun(key, conductances)

    def _check_stop(self) -> None:
        if self.stop is not None and self.probe is None:
            raise ValueError("stop: a scenario must have a [probe] to be stopped at, got none")

    # A scenario never changes, and studies run the same one many times: looked up once each.

    @property
    def stages(self) -> tuple[Self, ...]:
        """What holds at first, and from each change of the schedule on; itself without any."""
        return self, *self.later_stages

    @cached_property
    def later_stages(self) -> tuple[Self, ...]:
        """What holds from each change of the schedule on."""
        found, before = [self], 0.0
        for number, change in enumerate(self.schedule):
            key = f"schedule.{number}"
            if not change.at > before:
                raise ValueError(
                    f"{key}.at must lie after the change before it, at {before} s, got {change.at}"
                )
            found.append(self._after(found[-1], change, key))
            before = change.at
        return tuple(found[1:])

    def _after(self, stage: Self, change: Change, key: str) -> Self:
        """Return the scenario that a change makes of the one before it."""
        parts = {name: getattr(stage, name) for name in stage.model_fields_set - {"schedule"}}
        parts["task"] = changed(stage.task, change.task, f"{key}.task")
        parts["supervisor"] = changed(stage.supervisor, change.supervisor, f"{key}.supervisor")
        if change.edges is not None:
            rule = changed(stage.edges.rule, change.edges.rule, f"{key}.edges.rule")
            if rule.unit != self.edges.rule.unit:
                raise ValueError(
                    f"{key}.edges.rule must ask for changes in {self.edges.rule.unit}, as the "
                    f"first does, got {rule.kind!r}, which asks for {rule.unit}"
                )
            parts["edges"] = changed(stage.edges, {"rule": rule}, f"{key}.edges")
        for what in ("source", "target"):
            had, has = (getattr(task, f"{what}_labels")() for task in (self.task, parts["task"]))
            if sorted(map(str, had)) != sorted(map(str, has)):  # some may be pairs
                raise ValueError(
                    f"{key}.task must have the {what}s of the first task, "
                    f"{', '.join(map(shown, had))}, got {', '.join(map(shown, has))}"
                )
        try:
            return type(self)(**parts)
        except ScenarioError as error:
            raise ScenarioError(within(key, error)) from None

    @cached_property
    def own_parts(self) -> tuple[tuple[str, BaseModel], ...]:
        """Parts of classes of somebody's own, by dotted key: what no file can hold."""
        return tuple(stand_ins(self, Scenario))

    @cached_property
    def is_writable(self) -> bool:
        """True; raises the error of a scenario that no file could hold, as `to_toml` does."""
        return bool(self.to_toml())

    def replace(self, /, **changes: Any) -> Self:
        """Return a scenario with some keys changed.

        Parameters
        ----------
        **changes
            Dotted keys and their new values; a key that names a table takes a whole table and
            replaces it. None removes a key, so that its default holds. A new ``kind`` keeps
            what the new kind knows of the table, and drops the rest; a new ``file`` is looked for
            from the working folder, and has another ``digest``.

        Raises
        ------
        ScenarioError
            When the result is not a valid scenario.

        Examples
        --------
        >>> scenario = load("breadboard-iii")
        >>> scenario.replace(**{"edges.clock.jitter": 0.2}).edges.clock.jitter
        0.2
        >>> scenario.replace(**{"edges.clock.kind": "poisson"}).edges.clock  # knows no phase
        PoissonClock(period=1.0, spread=0.0, gate=1.0, gate_ticks=1)
        """
        tables = _written(self)
        for key, value in sorted(changes.items(), key=lambda change: change[0].endswith(".digest")):
            _set(tables, type(self), key.split("."), value)
        return type(self)(**tables)

    def to_toml(self) -> str:
        """Return the complete scenario, defaults included, as TOML.

        Of a file that it has, that is the name and the digest; `save` writes the file as well.

        Raises
        ------
        ScenarioError
            When a part is of a class of somebody's own, which a file cannot hold.
        """
        refuse_stand_ins(self, Scenario)
        tables = self.model_dump(exclude_none=True)
        for name in ("versions", "schedule"):
            if not tables[name]:
                del tables[name]
        return tomli_w.dumps(tables)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the complete scenario as a TOML file, and its files beside it.

        A file that it has is named after its content there, such as ``net-1f3c02ab.graphml``, so
        that the folder can be moved, and no two scenarios take each other's.

        Parameters
        ----------
        path
            Where; its folder must exist.
        overwrite
            Replace a file that is there.

        Raises
        ------
        RecordError
            When there is a file already, or it cannot be written.
        ScenarioError
            As from `to_toml`.
        """
        path, text = Path(path), carried(self).to_toml()
        if not overwrite and exists(path):
            raise RecordError(f"cannot write {path}: it is there already; overwrite=True does")
        for file in attached(self):
            file.carried.write(path.parent)
        write_text(path, text)
        return path

    @classmethod
    def from_toml(
        cls, text: str, name: str = "the scenario", folder: Path | None = None
    ) -> Scenario:
        """Return the scenario that a TOML text holds.

        Parameters
        ----------
        text
            The file's content.
        name
            Begins each message.
        folder
            Where paths of files begin that are not absolute; by default the working folder.

        Raises
        ------
        ScenarioError
            When the text is not TOML, or not a valid scenario.
        """
        tables = toml_tables(text, name)
        try:
            with relative_to(folder):
                return cls(**tables)
        except ScenarioError as error:
            raise ScenarioError(f"{name}: {error}") from None


def load(source: str | Path) -> Scenario:
    """Return a scenario of the library, by name, or one from a TOML file.

    Parameters
    ----------
    source
        A name that `library` lists; or else the path of a file (one that ends in ``.toml``, or
        holds a separator), or of a run folder. A name of the library is never taken for a path:
        write ``./name`` for a folder that is called the same.

    Raises
    ------
    ScenarioError
        When there is no scenario of that name, or the file does not hold a valid one.
    RecordError
        When the file cannot be read.

    Warns
    -----
    OhmtickWarning
        When it is of a run in which something stood in for a part of the scenario.

    Examples
    --------
    >>> load("breadboard-iii").horizon
    400.0
    """
    text = source_text(source)
    try:
        scenario = Scenario.from_toml(text, name=str(source), folder=_folder(source))
    except ScenarioError as error:
        if str(source) not in library() and (lost := _missing(Path(source))):
            raise ScenarioError(
                f"{error}\n{source} was run with kinds that are not known here: {lost}; import "
                "that module, or give it by --plugin"
            ) from None
        raise
    if str(source) not in library() and (others := _others(Path(source))):
        warnings.warn(
            f"{source} was run with parts that its scenario does not hold ({others}): hand them to "
            "ohmtick.run again, or the scenario's own are run in their place",
            OhmtickWarning,
            stacklevel=2,
        )
    return scenario


@contextmanager
def naming(source: object) -> Iterator[None]:
    """Let what turns out to be wrong with a scenario begin with where that came from."""
    try:
        yield
    except ScenarioError as error:
        if isinstance(source, str | Path):
            raise ScenarioError(f"{source}: {error}") from None
        raise


def _others(source: Path) -> str:
    """Return what stood in for parts of the scenario of a run folder, or of the file in it."""
    try:
        told = _summary(source)["stand_ins"].items()
        return ", ".join(f"{part}: {other['name']}" for part, other in told)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # no run's, or damaged
        return ""


def _missing(source: Path) -> str:
    """Return the kinds of a run folder, or of the file in it, that are not known here."""
    try:
        return missing(_summary(source))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # no run's, or damaged
        return ""


def _summary(source: Path) -> Any:
    return json.loads(read_text((_folder(source) or source) / SUMMARY))


def _folder(source: str | Path) -> Path | None:
    """Return the folder of a scenario's file; None of one of the library."""
    path = Path(source)
    if str(source) in library():
        return None
    return path if path.is_dir() else path.parent


def as_scenario(source: object) -> Scenario:
    """Return a scenario that is given as one, as what `load` takes, or as a mapping of tables.

    Raises
    ------
    ScenarioError
        For anything else, and when it is not a valid scenario.
    RecordError
        When the file cannot be read.
    """
    if isinstance(source, Scenario):
        return source
    if isinstance(source, str | Path):
        return load(source)
    if isinstance(source, Mapping) and all(isinstance(key, str) for key in source):
        return Scenario(**source)
    raise ScenarioError(
        "a scenario must be a Scenario, a name, a path or a mapping of tables, "
        f"got {shown(source)} instead"
    )


def source_text(source: str | Path) -> str:
    """Return the TOML text of a scenario, as its author wrote it; `source` is as for `load`."""
    if not isinstance(source, str | Path):
        raise ScenarioError(f"a scenario is loaded by name or path, got {shown(source)} instead")
    name = os.fspath(source)
    if name in library():
        return (_LIBRARY / f"{name}.toml").read_text(encoding="utf-8")
    path = Path(source)
    is_path = name.endswith(".toml") or os.sep in name or (os.altsep or os.sep) in name
    try:
        return read_text(path / "scenario.toml" if not is_path or path.is_dir() else path)
    except UnicodeDecodeError:
        raise ScenarioError(f"{path} is not TOML: it is not UTF-8 text") from None
    except (FileNotFoundError, NotADirectoryError) as error:
        if not is_path:
            beside = (file.name for file in Path().glob("*.toml"))
            hint = nearest(name, [*library(), *beside]) or "'ohmtick list' shows them"
            raise ScenarioError(
                f"no scenario of the library is called {shown(name)}; {hint}"
            ) from None
        raise RecordError(_unread(path, error) + _neighbour(path)) from None
    except (OSError, ValueError) as error:  # a ValueError is of a NUL in the path
        raise RecordError(_unread(path, error)) from None


def library() -> list[str]:
    """Return the names of the scenarios in the library."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in _LIBRARY.iterdir()
        if entry.name.endswith(".toml")
    )


_LIBRARY = files(__package__) / "library"


def _unread(path: Path, error: Exception) -> str:
    return f"cannot read the scenario {shortened(path, MOST_OF_PATH)}: {reason(error)}"


def _neighbour(path: Path) -> str:
    try:
        hint = nearest(path.name, (file.name for file in path.parent.glob("*.toml")))
    except OSError:
        return ""
    return f"; {hint}" if hint else ""


def _written(part: BaseModel) -> dict[str, Any]:
    """Return the keys that were given, and the kinds: what the author would write.

    A part of a class of the author's own stays as it is.
    """
    own = type(part)
    tables: dict[str, Any] = {"kind": kind_of(own)} if kind_of(own) else {}
    for name, field in own.model_fields.items():
        value = getattr(part, name)
        if name in part.model_fields_set and value is not None:
            opens = isinstance(value, BaseModel) and not is_stand_in(value, field)
            tables[name] = _written(value) if opens else value
    return tables


def _set(
    tables: dict[str, Any], model: type[BaseModel] | None, path: Sequence[str], value: Any
) -> None:
    """Set the value at a path into nested tables, opening tables that hold their defaults.

    Parameters
    ----------
    tables
        What is written already; changed in place.
    model
        Whose keys these are; None where they are no part's, but labels.
    path
        The key, one name after the other.
    value
        None removes the key.
    """
    key, *rest = path
    field = None if model is None else model.model_fields.get(key)
    branches = () if field is None else models(field.annotation)
    unset = None if field is None or field.is_required() else field.get_default()
    held = tables.get(key, unset)
    if rest and isinstance(held, list | tuple) and rest[0].isdecimal():
        tables[key] = _entries(held, branches, key, rest, value)
    elif rest:
        inner = _written(held) if isinstance(held, BaseModel) else {} if held is None else held
        if not isinstance(inner, Mapping):
            raise ScenarioError(
                f"{shown(key)} must be a table to hold {shown(rest[0])}, got {shown(held)} instead"
            )
        tables[key] = dict(inner)
        _set(tables[key], chosen(branches, tables[key].get("kind")), rest, value)
        if isinstance(held, BaseModel) and field and is_stand_in(held, field) and rest != ["kind"]:
            tables[key] = type(held)(**tables[key])
        elif rest == ["kind"] and (now := chosen(branches, value)) is not None:
            known = {"kind", *now.model_fields}
            tables[key] = {name: held for name, held in tables[key].items() if name in known}
    elif value is None and (key in tables or field is not None):
        tables.pop(key, None)
    else:  # an unknown key stays, even without a value: validation says what it thinks of it
        if key == "file" and model is not None and issubclass(model, FromFile):
            tables.pop("digest", None)  # it was that of the file before
        try:
            tables[key] = value if isinstance(value, BaseModel) else plain(value)
        except ValueError as error:
            raise ScenarioError(f"{shortened(key)}: {error}") from None


def _entries(
    held: Sequence[Any],
    branches: tuple[type[BaseModel], ...],
    key: str,
    rest: Sequence[str],
    value: Any,
) -> tuple[Any, ...]:
    """Return the entries of a list of tables with a value set in one, or one replaced or removed.

    Parameters
    ----------
    rest
        The number of the entry, from 0, and what follows it in the key.
    """
    entries = [_written(each) if isinstance(each, BaseModel) else each for each in held]
    place = int(rest[0][:9])
    if place >= len(entries):
        raise ScenarioError(
            f"{shortened(key)} has {len(entries) or 'no'} entries, numbered from 0, got "
            f"{shown(rest[0])}; a list as a whole, {shortened(key)}=[{{…}}], adds some"
        )
    if len(rest) > 1:
        _set(entries[place], branches[0] if len(branches) == 1 else None, rest[1:], value)
    elif value is None:
        del entries[place]
    else:
        entries[place] = value if isinstance(value, BaseModel) else plain(value)
    return tuple(entries)
