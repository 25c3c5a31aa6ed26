"""The cells of a study: a grid, paired lists and a sample, multiplied out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, product
from math import isfinite, prod
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from ...engine.errors import ScenarioError, nearest, shown
from ...engine.kind import Kind
from ...engine.records.attached import with_content
from ...engine.settings import Frozen, Settings
from ...engine.streams import MOST_SEED
from ..attached import attached
from .cells import LABEL, Changes
from .samplers import SAMPLERS

#: Cells of one study.
MOST_CELLS = 1_000_000
#: The largest integer of a table.
LARGEST = 2**63 - 1


class Range(Settings):
    """An interval to draw a key's values from."""

    low: float
    """Smallest value."""
    high: float
    """Largest value."""
    scale: Literal["linear", "log"] = "linear"
    """Uniform in the value, or in its logarithm."""
    whole: bool = False
    """Whether values are whole numbers; both ends then belong to them."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"'high' must exceed low = {self.low:g}, got {self.high:g} instead")
        if self.scale == "log" and self.low <= 0.0:
            raise ValueError(f"'low' must be positive for scale 'log', got {self.low:g} instead")
        if self.whole and not (self.low.is_integer() and self.high.is_integer()):
            raise ValueError(
                f"'low' and 'high' must be whole numbers, got {self.low:g} and {self.high:g} "
                "instead"
            )
        return self

    def at(self, part: float) -> float | int:
        """Return the value that lies so far, in [0, 1), from the low end to the high one."""
        # Whole numbers each own an interval of length one.
        low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
        if self.scale == "log":
            value = float(low * (high / low) ** part)
        else:
            value = low + (high - low) * part
        return min(max(round(value), int(self.low)), int(self.high)) if self.whole else value


def flat(table: object) -> object:
    """Return a table of dotted keys, whether they were written so or as tables in tables."""
    return dict(_flat(table)) if isinstance(table, Mapping) else table


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and not {"low", "high"} & value.keys():
            yield from ((f"{key}.{inner}", leaf) for inner, leaf in _flat(value))
        else:
            yield key, value


def _data(value: Any) -> Any:
    """Refuse what a ledger and a TOML file cannot hold both, dates among them."""
    if isinstance(value, Kind) and value.family.get(value.kind) is type(value):
        value = with_content(value.model_dump(exclude_none=True), attached(value))
    if isinstance(value, BaseModel | bool | str) or value is None:
        return value
    if isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            raise ValueError(f"must be within ±{LARGEST}, got {shown(value)} instead")
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError(f"must be a finite number, got {value} instead")
        return value
    if isinstance(value, tuple):
        return tuple(map(_data, value))
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _data(inner) for key, inner in value.items()}
    raise ValueError(
        f"must be a number, text, true, false, a list or a table, got {shown(value)} instead"
    )


#: A value that a key is given.
Value = Annotated[Any, AfterValidator(_data)]
#: The values of a key; or of several, by dotted key.
Values = Annotated[tuple[Value, ...], Field(min_length=1)]
Lists = Annotated[Frozen[Values], BeforeValidator(flat)]


def several(tables: object) -> object:
    """Return a list of tables, also where there is one only."""
    if isinstance(tables, Mapping):
        return (tables,) if tables else ()
    return tables


#: Blocks of paired lists.
Paired = Annotated[tuple[Lists, ...], BeforeValidator(several)]


def _known(kind: str) -> str:
    if kind not in SAMPLERS:
        known = ", ".join(map(repr, SAMPLERS))
        raise ValueError(
            f"must be of a kind among {known}, got {shown(kind)} instead; {nearest(kind, SAMPLERS)}"
        )
    return kind


class Sample(Settings):
    """Points drawn from the space of some keys."""

    kind: Annotated[str, AfterValidator(_known)] = "latin_hypercube"
    """A Latin hypercube puts one point into each of `count` slices of every key's range."""
    count: int = Field(ge=1, le=MOST_CELLS)
    """Number of points."""
    seed: int = Field(0, ge=0, le=MOST_SEED)
    """Draws the points."""
    keys: Annotated[Frozen[Range | Values], BeforeValidator(flat)] = Field(min_length=1)
    """Dotted key = a range, such as ``{ low = 0.0, high = 0.3 }``, or a list to choose from."""

    def points(self) -> list[Changes]:
        """Return the points, each with a value for every key."""
        rng = np.random.default_rng(self.seed)
        unit = SAMPLERS[self.kind](self.count, len(self.keys), rng)
        return [
            {
                key: values.at(part)
                if isinstance(values, Range)
                else values[min(int(part * len(values)), len(values) - 1)]
                for (key, values), part in zip(self.keys.items(), row, strict=True)
            }
            for row in unit.tolist()
        ]


def cell_count(
    grid: Mapping[str, Sequence[Any]],
    paired: Sequence[Mapping[str, Sequence[Any]]],
    sample: Sample | None,
) -> int:
    """Return how many cells there are, without making any."""
    rows = (min(map(len, block.values()), default=0) for block in paired)
    return prod(map(len, grid.values())) * prod(rows) * (1 if sample is None else sample.count)


def cells(
    grid: Mapping[str, Sequence[Any]],
    paired: Sequence[Mapping[str, Sequence[Any]]],
    sample: Sample | None,
) -> list[Changes]:
    """Return every combination of a grid's values, the rows of paired lists, and sampled points.

    The last key of the grid varies faster than those before it, then the pairs, then the points.
    """
    parts = [[{key: value} for value in values] for key, values in grid.items()]
    parts += [
        [dict(zip(block, row, strict=True)) for row in zip(*block.values(), strict=True)]
        for block in paired
    ]
    parts += [] if sample is None else [sample.points()]
    return [dict(chain.from_iterable(map(dict.items, choice))) for choice in product(*parts)]


def check_disjoint(
    grid: Mapping[str, Any], paired: Sequence[Mapping[str, Any]], sample: Sample | None
) -> None:
    """Refuse a key that is varied twice, paired lists of different lengths, a key within a key.

    Raises
    ------
    ValueError
        Which and why.
    """
    for block in paired:
        lengths = {key: len(values) for key, values in block.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{length} for {shown(key)}" for key, length in lengths.items())
            raise ValueError(f"paired: the lists must have one length, got {listed}")
    varied = Counter([*grid, *chain.from_iterable(paired), *(sample.keys if sample else ())])
    for key, times in varied.items():
        if times > 1:
            raise ValueError(f"a key must be varied in one place, got {shown(key)} twice")
        if key == "seed":
            raise ValueError("'seed' is no key to vary; 'seeds' lists them")
        if key.partition(".")[0] == "versions":
            raise ValueError(f"{shown(key)} is no key to vary: it says what wrote a file")
    if LABEL in grid or (sample is not None and LABEL in sample.keys):
        raise ValueError(f"{LABEL!r} names the rows of [paired], and nothing else")


def check_reference(reference: Mapping[str, Any], made: Sequence[Changes]) -> None:
    """Refuse a reference that names a key or a value which no cell has.

    Raises
    ------
    ScenarioError
        Which, and what there is.
    """
    keys = list(made[0]) if made else []
    for key, value in reference.items():
        if key not in keys:
            raise ScenarioError(
                f"threshold.reference: {shown(key)} is not varied; {nearest(key, keys)}"
            )
        if all(changes[key] != value for changes in made):
            raise ScenarioError(
                f"threshold.reference: {shown(key)} must be one of the study's values, "
                f"got {shown(value)} instead"
            )
