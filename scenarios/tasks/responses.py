"""Several inputs, each with its outputs, written out."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from ...agents.supervisor import Dataset
from ...engine.errors import shown
from ...engine.settings import Settings
from ...engine.streams import Streams
from ..labels import Voltages
from .base import Task


class Response(Settings):
    """One of the data."""

    sources: Voltages = Field(min_length=1)
    """Node label = V."""
    targets: Voltages = Field(min_length=1)
    """Node label = desired V."""


class Responses(Task, kind="responses"):
    """Some data: each of several inputs shall have its own outputs, as in an `allostery` of one."""

    data: tuple[Response, ...] = Field(min_length=1)
    """Tables of ``sources`` and ``targets``, of the same nodes in each."""

    @model_validator(mode="after")
    def _check_nodes(self) -> Self:
        first = self.data[0]
        for number, datum in enumerate(self.data):
            for what in ("sources", "targets"):
                wanted, got = set(getattr(first, what)), set(getattr(datum, what))
                if wanted != got:
                    raise ValueError(
                        f"'data.{number}.{what}' must be of the nodes of the first, "
                        f"{shown(sorted(wanted))}, got {shown(sorted(got))}"
                    )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        pairs = ((4.0, 1.0), (2.0, 1.5))
        data = [{"sources": {"3": v, "9": 0.0}, "targets": {"4": wanted}} for v, wanted in pairs]
        return cls(data=tuple(Response(**datum) for datum in data))

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return list(self.data[0].sources)

    def target_labels(self) -> list[str]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.data[0].targets)

    def data_counts(self) -> tuple[int, int]:
        """Return how many data there are to learn from, and to test on."""
        return len(self.data), len(self.data)

    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        """Return what is presented, and what is tested: the same data."""
        sources, targets = self.source_labels(), self.target_labels()
        data = Dataset(
            inputs=np.array([[datum.sources[label] for label in sources] for datum in self.data]),
            desired=np.array([[datum.targets[label] for label in targets] for datum in self.data]),
        )
        return data, data
