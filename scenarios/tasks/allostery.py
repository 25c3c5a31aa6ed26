"""One input, one output."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field

from ...agents.supervisor import Dataset
from ...engine.streams import Streams
from ..labels import Voltages
from .base import Task


class Allostery(Task, kind="allostery"):
    """One datum: given source voltages shall give the desired target voltages."""

    sources: Voltages = Field(min_length=1)
    """Node label = V."""
    targets: Voltages = Field(min_length=1)
    """Node label = desired V."""

    @classmethod
    def example(cls) -> Self:
        """Return a small one."""
        return cls(sources={"3": 4.0, "9": 0.0}, targets={"4": 1.0})

    def source_labels(self) -> list[str]:
        """Return the labels of the sources, in the order of the inputs."""
        return list(self.sources)

    def target_labels(self) -> list[str]:
        """Return the labels of the targets, in the order of the outputs."""
        return list(self.targets)

    def data_counts(self) -> tuple[int, int]:
        """Return how many data there are to learn from, and to test on."""
        return 1, 1

    def datasets(self, streams: Streams) -> tuple[Dataset, Dataset]:
        """Return what is presented, and what is tested: the same datum."""
        datum = Dataset(
            inputs=np.array([list(self.sources.values())]),
            desired=np.array([list(self.targets.values())]),
        )
        return datum, datum
