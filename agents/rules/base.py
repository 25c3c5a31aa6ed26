"""Learning rules: how much an edge wants its device changed. One rule a file, and their base.

A rule is one scalar function, compiled once and called by both engines, with the parameters and the
state of the edge that asks.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal, get_args

from ...engine.errors import OhmtickError, shown
from ...engine.kernels.kernel import Row
from ...engine.kind import Kind
from ..numbers import numbers
from ..signatures import check_arguments

#: What a change is counted in: a conductance, S; steps of a device; or volts of a gate.
Unit = Literal["siemens", "steps", "volts"]

#: What a rule's `change` takes.
ARGUMENTS = "drop_free, drop_clamped, value, state, parameters, nudge"


class Rule(Kind, family="rule"):
    """How an edge learns: a function of its two drops.

    A subclass names its kind and the unit of its changes, declares its settings as fields, and
    defines `change`. With ``state_size=n`` each edge has n numbers of its own, zero at the start,
    that `change` may read and write.

    Attributes
    ----------
    unit : str
        What a change is counted in: ``"siemens"``, ``"steps"`` or ``"volts"``. Devices take some
        of these.
    state_size : int
        How many numbers each edge keeps.
    """

    unit: ClassVar[Unit]
    state_size: ClassVar[int] = 0

    def __init_subclass__(
        cls, *, unit: Unit | None = None, state_size: int | None = None, **keywords: Any
    ) -> None:
        super().__init_subclass__(**keywords)
        if unit is not None:
            cls.unit = unit
        if state_size is not None:
            cls.state_size = state_size

    @classmethod
    def __pydantic_init_subclass__(cls, *, kind: str = "", **keywords: Any) -> None:
        if kind:
            check_arguments(f"the 'change' of the rule {kind!r}", cls.change, ARGUMENTS)
            if getattr(cls, "unit", None) not in get_args(Unit):
                raise OhmtickError(
                    f"the 'unit' of the rule {kind!r} must be one of {get_args(Unit)}, got "
                    f"{shown(getattr(cls, 'unit', None))}"
                )
        super().__pydantic_init_subclass__(kind=kind, **keywords)

    def parameters(self) -> tuple[float, ...]:
        """Return what `change` gets as its parameters; by default each field that is a number."""
        return numbers(self)

    @staticmethod
    @abstractmethod
    def change(
        drop_free: float,
        drop_clamped: float,
        value: float,
        state: Row,
        parameters: Row,
        nudge: float,
    ) -> float:
        """Return the change that an edge asks for, in the rule's unit.

        Numba compiles it, so it does arithmetic on numbers and calls nothing but `math` and other
        compiled functions.

        Parameters
        ----------
        drop_free, drop_clamped
            The drops as the edge sees them, V; of a batch of readings, their root mean squares.
        value
            What the edge's device has learned so far: of most devices their conductance, S.
        state
            The edge's own numbers: ``state[0]``, ``state[1]``, …, up to `state_size`.
        parameters
            ``parameters[0]``, …: what the method of that name returns.
        nudge
            η, of the supervisor.
        """
