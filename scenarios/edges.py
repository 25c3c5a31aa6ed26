"""The `[edges]` table of a scenario: what edges are made of, and which of them differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from ..agents.clocks.base import MOST_TICKS, Clock
from ..agents.clocks.periodic import PeriodicClock
from ..agents.comparators.base import Comparator
from ..agents.comparators.gaussian import GaussianComparator
from ..agents.faults import Faults
from ..agents.resistors.base import Resistor
from ..agents.rules.base import Rule
from ..engine.circuit import Circuit
from ..engine.errors import CircuitError, ScenarioError, shown
from ..engine.networks.mismatch import Mismatch
from ..engine.records.frames import group_names
from ..engine.settings import MOST_SECONDS, Settings
from ..engine.streams import Streams
from .circuits.base import MOST_EDGES
from .labels import Label

#: A few edges, as a file writes them: "0-7, 12".
_RANGES = re.compile(r"\s*\d{1,9}(\s*-\s*\d{1,9})?\s*(,\s*\d{1,9}(\s*-\s*\d{1,9})?\s*)*")


def _numbers(edges: object) -> object:
    """Return the numbers that a text such as "0-7, 12" names."""
    if not isinstance(edges, str):
        return edges
    if not _RANGES.fullmatch(edges):
        raise ValueError(
            f'must be numbers of edges, or a text such as "0-7, 12", got {shown(edges)}'
        )
    found: list[int] = []
    for part in edges.split(","):
        first, _, last = part.partition("-")
        least, most = int(first), int(last or first)
        if least > most:
            raise ValueError(f"must go from the lower to the higher, got {shown(part.strip())}")
        if most >= MOST_EDGES:
            raise ValueError(f"must name edges below {MOST_EDGES}, got {most}")
        found += range(least, most + 1)
    return tuple(found)


class Group(Settings):
    """Edges that differ from the others: which, and in what.

    One of `edges`, `nodes` and `fraction` says which. What is not given is that of ``[edges]``.
    """

    title: str = ""
    """What they are, in a few words; figures and reports call them so."""
    edges: Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_numbers)] | None = (
        None
    )
    """Their numbers, in the circuit's own order, or a text such as ``"0-7, 12"``."""
    nodes: tuple[Label, ...] | None = None
    """All edges that touch one of these nodes."""
    fraction: float | None = Field(None, gt=0, le=1)
    """So many of all edges, rounded to whole ones, drawn by the seed among those that no group
    names; a larger fraction holds the edges of a smaller one."""
    rule: Rule | None = None
    """How they learn."""
    resistor: Resistor | None = None
    """What they change."""
    clock: Clock | None = None
    """When they act."""
    comparator: Comparator | None = None
    """How well they read."""
    batch: int | None = Field(None, ge=1, le=MOST_TICKS)
    """Readings that each gathers before it acts."""
    latency: float | None = Field(None, ge=0, le=MOST_SECONDS)
    """Time from a sense to its actuation, s."""
    latency_jitter: float | None = Field(None, ge=0)
    """Relative s.d. of each latency."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [name for name in ("edges", "nodes", "fraction") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                "must say which edges by one of 'edges', 'nodes' and 'fraction', "
                f"got {' and '.join(map(repr, given)) or 'none'}"
            )
        return self


@dataclass(frozen=True)
class EdgeKind:
    """What the edges of one group are made of.

    Attributes
    ----------
    title : str
        "" for those of no group.
    edges : ndarray
        Their numbers, ascending, shape (n,).
    """

    title: str
    edges: NDArray[np.intp]
    rule: Rule
    resistor: Resistor
    clock: Clock
    comparator: Comparator
    batch: int
    latency: float
    latency_jitter: float


_SHARED = ("rule", "resistor", "clock", "comparator", "batch", "latency", "latency_jitter")


class Edges(Settings):
    """What every edge is made of."""

    rule: Rule
    """How an edge learns."""
    resistor: Resistor
    """What an edge changes."""
    clock: Clock = PeriodicClock()
    """When an edge acts."""
    comparator: Comparator = GaussianComparator()
    """How well an edge reads."""
    batch: int = Field(1, ge=1, le=MOST_TICKS)
    """Readings that an edge gathers before it acts; its rule then gets the root mean square of
    each drop over them."""
    faults: Faults = Faults()
    """Which edges fail, and when."""
    mismatch: Mismatch = Mismatch()
    """How far the free and the clamped copy of an edge differ."""
    latency: float = Field(0.0, ge=0, le=MOST_SECONDS)
    """Time from a sense to its actuation, s."""
    latency_jitter: float = Field(0.0, ge=0)
    """Relative s.d. of each latency (normal, truncated to [0, 2 * latency])."""
    groups: tuple[Group, ...] = ()
    """Edges that differ from the others."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for number, group in enumerate((None, *self.groups), start=-1):
            made, inside = self._made_of(group), f"groups.{number}." if group else ""
            if made["latency_jitter"] and not made["latency"]:
                raise ValueError(
                    f"'{inside}latency_jitter' must have a 'latency' to vary, got "
                    f"{made['latency_jitter']} of none"
                )
            rule, resistor = made["rule"], made["resistor"]
            if rule.unit not in resistor.units:
                raise ValueError(
                    f"'{inside}rule' must ask for changes that the resistor takes, got "
                    f"{rule.kind!r}, which asks for {rule.unit}, and {resistor.kind!r}, which "
                    f"takes {' or '.join(resistor.units)}"
                )
        return self

    def kinds(self, circuit: Circuit, streams: Streams) -> list[EdgeKind]:
        """Return what edges there are: those of no group first, and then those of each.

        Raises
        ------
        ScenarioError
            When a group names an edge or a node that is not there, an edge is in two groups, or
            there are too few left for a fraction.
        """
        group_of = self._assigned(circuit, streams)
        names = ["", *group_names([group.title for group in self.groups])]
        found = [
            (name, np.flatnonzero(group_of == number), self._made_of(group))
            for number, (name, group) in enumerate(
                zip(names, (None, *self.groups), strict=True), start=-1
            )
        ]
        return [EdgeKind(title, edges, **made) for title, edges, made in found if edges.size]

    @property
    def records_values(self) -> bool:
        """Whether the value of some edge's device is no conductance, so that logs have both."""
        made = (self._made_of(group)["resistor"] for group in (None, *self.groups))
        return any(type(resistor).conductance is not None for resistor in made)

    def shares(self, count: int) -> Iterator[tuple[str, dict[str, Any], int]]:
        """Yield the key, what it is made of, and the size of each group, those of none first.

        Parameters
        ----------
        count
            How many edges there are. Those that touch nodes are counted as all, and as none taken
            from the others: a circuit that is still to be drawn does not tell.
        """
        sizes = [
            len(set(group.edges)) if group.edges is not None
            else round(group.fraction * count) if group.fraction is not None
            else count
            for group in self.groups
        ]  # fmt: skip
        named = sum(
            size for size, group in zip(sizes, self.groups, strict=True) if group.nodes is None
        )
        yield "edges.", self._made_of(None), max(0, count - named)
        for number, (size, group) in enumerate(zip(sizes, self.groups, strict=True)):
            yield f"edges.groups.{number}.", self._made_of(group), size

    def clocked(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the key of each clock, and what the edges that it drives are made of, by name."""
        yield "edges.clock", self._made_of(None)
        for number, group in enumerate(self.groups):
            if group.clock is not None:
                yield f"edges.groups.{number}.clock", self._made_of(group)

    def _made_of(self, group: Group | None) -> dict[str, Any]:
        own = {name: getattr(group, name) for name in _SHARED} if group else {}
        return {
            name: getattr(self, name) if own.get(name) is None else own[name] for name in _SHARED
        }

    def _assigned(self, circuit: Circuit, streams: Streams) -> NDArray[np.int64]:
        """Return the group of each edge, from 0 on, and -1 for none; shape (E,)."""
        count = len(circuit.edges)
        group_of = np.full(count, -1)
        if not self.groups:
            return group_of
        for number, group in enumerate(self.groups):
            for edge in _named(group, number, circuit):
                if group_of[edge] not in (-1, number):
                    raise ScenarioError(
                        f"edges.groups.{number} must name edges of no other group, got edge "
                        f"{edge}, which is in edges.groups.{group_of[edge]}"
                    )
                group_of[edge] = number
        order = np.argsort(streams.uniforms("edges.groups", 0, 0, count), kind="stable")
        free = order[group_of[order] == -1]
        for number, group in enumerate(self.groups):
            if group.fraction is None:
                continue
            wanted = round(group.fraction * count)
            if wanted > free.size:
                raise ScenarioError(
                    f"edges.groups.{number}.fraction must find {wanted} of the {count} edges in "
                    f"no other group, got {free.size}"
                )
            group_of[free[:wanted]] = number
            free = free[wanted:]
        return group_of


def _named(group: Group, number: int, circuit: Circuit) -> Iterator[int]:
    """Yield the edges that a group names."""
    count = len(circuit.edges)
    for edge in group.edges or ():
        if edge >= count:
            raise ScenarioError(
                f"edges.groups.{number}.edges must be from 0 to {count - 1}, got {edge}"
            )
        yield edge
    if group.nodes is not None:
        try:
            nodes = [circuit.index(label) for label in group.nodes]
        except CircuitError as error:
            raise ScenarioError(f"edges.groups.{number}.nodes: {error}") from None
        yield from np.flatnonzero(np.isin(circuit.edges, nodes).any(axis=1)).tolist()
