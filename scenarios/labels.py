"""What a file calls a node, and what it holds for some of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from ..engine.errors import shown
from ..engine.settings import Frozen, label
from ..engine.settings import Label as Label


def text_keys(table: object) -> object:
    """Return a table with its labels as text."""
    if not isinstance(table, Mapping):
        return table
    return {label(key): value for key, value in table.items()}


def _no_loop(pair: tuple[str, ...]) -> tuple[str, ...]:
    if pair[0] == pair[1]:
        raise ValueError(f"must join two different nodes, got the self-loop {shown(pair)} instead")
    return pair


def _output(value: object) -> object:
    is_pair = isinstance(value, list | tuple)
    labels = tuple(map(label, value)) if isinstance(value, list | tuple) else (label(value),)
    if len(labels) != 1 + is_pair or not all(isinstance(each, str) for each in labels):
        raise ValueError(
            f"must be the label of a node or a list of two, got {shown(value)} instead"
        )
    return labels if is_pair else labels[0]


#: A voltage, V. Its square, and the sum of many, is a finite number.
Volts = Annotated[float, Field(ge=-1e9, le=1e9)]
#: A voltage for each of some labels, V.
Voltages = Annotated[Frozen[Volts], BeforeValidator(text_keys)]
#: A target: a node, or a pair of them, whose difference is the output.
Output = Annotated[str | tuple[str, ...], PlainValidator(_output)]
#: A place to draw a node at.
Place = Annotated[tuple[float, ...], Field(min_length=2, max_length=2)]
#: The two ends of an edge.
Pair = Annotated[tuple[Label, ...], Field(min_length=2, max_length=2), AfterValidator(_no_loop)]
