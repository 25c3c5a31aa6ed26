"""When a run is good enough, as its probes see it."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from ..engine.settings import Settings
from ..engine.streams import FloatArray

#: What ends a run, by the number of `~ohmtick.engine.kernels.stopping`.
CRITERIA = {1: "error_below", 2: "accuracy_above", 3: "no_improvement"}
#: Probes of a run: more than any has.
MOST_PROBES = 10**12


class Stop(Settings):
    """What ends a run before its horizon: it is looked at after each probe.

    The run then ends with the event of that probe, the same on either engine.
    """

    error_below: float | None = Field(None, gt=0)
    """The error, V², below which the run is good enough."""
    accuracy_above: float | None = Field(None, ge=0, lt=1)
    """The accuracy above which it is; of classes only."""
    patience: int = Field(1, ge=1, le=MOST_PROBES)
    """At how many probes in a row it must be so."""
    no_improvement: int | None = Field(None, ge=1, le=MOST_PROBES)
    """So many probes in a row without a new lowest error end the run."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.error_below is None and self.accuracy_above is None and self.no_improvement is None:
            raise ValueError(
                "must say what ends the run by 'error_below', 'accuracy_above' or "
                "'no_improvement', got none"
            )
        return self

    def criterion(self) -> FloatArray:
        """Return it as both engines take it; see `~ohmtick.engine.kernels.stopping`."""
        return np.array(
            [
                -math.inf if self.error_below is None else self.error_below,
                math.inf if self.accuracy_above is None else self.accuracy_above,
                self.patience,
                math.inf if self.no_improvement is None else self.no_improvement,
            ],
            dtype=np.float64,
        )
