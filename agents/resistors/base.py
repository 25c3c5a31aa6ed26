"""Resistors: what an edge changes, and how it takes a change. One device a file, and their base.

A device is two scalar functions, compiled once and called by both engines: how its value takes a
change, and what it conducts at a value.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ...engine.errors import CircuitError, ScenarioError
from ...engine.kernels.kernel import Row
from ...engine.kind import Kind
from ...engine.streams import FloatArray, Streams
from ..numbers import numbers
from ..rules.base import Unit
from ..signatures import check_arguments

#: Conductances, S, and resistances, Ω, beyond these drown all others in the rounding.
LEAST, MOST = 1e-15, 1e15

#: What a key says where the circuit knows the conductances.
OF_CIRCUIT = "circuit"

EdgeNumbers = NDArray[np.intp]


class Resistor(Kind, family="resistor"):
    """What an edge is made of: a device whose value learns.

    A subclass names its kind and the units of the changes that it takes, declares its settings as
    fields, and defines `starts` and `change`; where its value is no conductance, `conductance` too,
    and ``value_unit``, with which the event log records values beside conductances.

    Attributes
    ----------
    units : tuple of str
        The units of the changes that it takes; the scenario's rule must have one of them.
    value_unit : str
        Of its value; ``"S"`` where the value is the conductance.
    state_size : int
        How many numbers each device keeps beside its value.
    draws : bool
        Whether `change` uses its draw.
    learns : bool
        Whether it changes at all; where it does not, its edge needs no clock and never acts.
    """

    units: ClassVar[tuple[Unit, ...]] = ("siemens",)
    value_unit: ClassVar[str] = "S"
    state_size: ClassVar[int] = 0
    draws: ClassVar[bool] = False
    learns: ClassVar[bool] = True

    def __init_subclass__(
        cls,
        *,
        units: tuple[Unit, ...] | None = None,
        value_unit: str | None = None,
        state_size: int | None = None,
        draws: bool | None = None,
        learns: bool | None = None,
        **keywords: Any,
    ) -> None:
        super().__init_subclass__(**keywords)
        given = {
            "units": units,
            "value_unit": value_unit,
            "state_size": state_size,
            "draws": draws,
            "learns": learns,
        }
        for name, value in given.items():
            if value is not None:
                setattr(cls, name, value)

    @classmethod
    def __pydantic_init_subclass__(cls, *, kind: str = "", **keywords: Any) -> None:
        if kind:
            what = f"of the resistor {kind!r}"
            check_arguments(
                f"the 'change' {what}", cls.change, "value, amount, state, parameters, draw"
            )
            if cls.conductance is not None:
                check_arguments(f"the 'conductance' {what}", cls.conductance, "value, parameters")
        super().__pydantic_init_subclass__(kind=kind, **keywords)

    @abstractmethod
    def starts(self, edges: EdgeNumbers, streams: Streams) -> FloatArray:
        """Return the first value of each of some edges, shape (n,).

        Parameters
        ----------
        edges
            The numbers of the edges that have this device, ascending, shape (n,). Address draws by
            them, so that what an edge draws does not depend on who else has such a device.
        streams
            The run's random streams.
        """

    def begun(self, key: str, conductances: FloatArray | None) -> Self:
        """Return it with the circuit's conductances where a setting asks for them.

        Parameters
        ----------
        key
            What a file calls it, for messages: ``"edges.resistor"``.
        conductances
            Of the edges that have it, S, shape (n,); None where the circuit does not say.

        Raises
        ------
        ScenarioError
            When they are asked for and not known, or are none that it can have.
        """
        asked = [name for name in type(self).model_fields if getattr(self, name) == OF_CIRCUIT]
        if not asked:
            return self
        if conductances is None:
            raise ScenarioError(
                f"{key}.{asked[0]} must be given, got {OF_CIRCUIT!r} of a circuit that does not "
                "say what its edges conduct"
            )
        settings = {name: getattr(self, name) for name in self.model_fields_set}
        try:
            return type(self)(**settings | dict.fromkeys(asked, tuple(conductances.tolist())))
        except ScenarioError as error:
            raise ScenarioError(f"{key}, of the circuit: {error}") from None

    def states(self, edges: EdgeNumbers, streams: Streams) -> FloatArray:
        """Return what each edge keeps at first, shape (n, state_size); zeros by default."""
        return np.zeros((edges.size, self.state_size))

    def parameters(self, unit: Unit) -> tuple[float, ...]:
        """Return what the kernels get as parameters; by default each field that is a number.

        Parameters
        ----------
        unit
            Of the rule's changes.
        """
        return numbers(self)

    def device_parameters(
        self, unit: Unit, edges: EdgeNumbers, streams: Streams
    ) -> FloatArray | None:
        """Return parameters of each device of its own, shape (n, P); None where all are alike."""
        return None

    @staticmethod
    @abstractmethod
    def change(value: float, amount: float, state: Row, parameters: Row, draw: float) -> float:
        """Return the value after a change, as far as the device can take it.

        Numba compiles it.

        Parameters
        ----------
        value
            The present value.
        amount
            What the rule asks for, in its unit.
        state, parameters
            The device's own numbers, by index.
        draw
            Uniform in (0, 1), anew for each edge and actuation.
        """

    #: What the device conducts at a value, S: a function of ``(value, parameters)``. None where the
    #: value is the conductance.
    conductance: ClassVar[Any] = None


def one_an_edge(start: object, edges: EdgeNumbers) -> FloatArray:
    """Return one number for each edge, of one for all or one for each.

    Raises
    ------
    CircuitError
        For any other number of them.
    """
    starts = np.asarray(start, dtype=np.float64)
    if starts.shape not in ((), (edges.size,)):
        raise CircuitError(
            f"'start' must be one value or one for each of the {edges.size} edges, "
            f"got {starts.size} instead"
        )
    return np.broadcast_to(starts, (edges.size,)).copy()


def start_draws(edges: EdgeNumbers, streams: Streams) -> FloatArray:
    """Return the draw of each edge's start, uniform in (0, 1), shape (n,)."""
    most = int(edges.max(initial=-1)) + 1
    return streams.uniforms("resistor.start", 0, 0, most)[edges]


def check_bounds(k_min: float, k_max: float, start: object) -> None:
    """Refuse bounds that hold nothing, and starts beyond them.

    Raises
    ------
    ValueError
        Which, and the bounds.
    """
    if k_min >= k_max:
        raise ValueError(f"'k_max' must exceed k_min = {k_min} S, got {k_max}")
    for each in () if isinstance(start, str) else np.ravel(np.asarray(start, dtype=np.float64)):
        if not k_min <= each <= k_max:
            raise ValueError(
                f"'start' must lie in [k_min, k_max] = [{k_min}, {k_max}] S, got {each}"
            )
