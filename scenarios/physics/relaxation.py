"""Circuits that take time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag

from ...engine.circuit import Circuit
from ...engine.errors import shown
from ...engine.networks.mismatch import Mismatch
from ...engine.networks.network import FloatArray, Network
from ...engine.networks.relaxation import RelaxingTwins
from ...engine.settings import Frozen
from ...engine.streams import Streams
from ..circuits.base import CircuitKind
from ..labels import text_keys
from .base import Physics

#: F.
Capacitance = Annotated[float, Field(gt=0, le=1e30)]
#: One for every node, or a table of one for each: what is wrong with either is said of that alone.
Capacitances = Annotated[
    Annotated[Capacitance, Tag("float")]
    | Annotated[Frozen[Capacitance], BeforeValidator(text_keys), Tag("dict")],
    Discriminator(lambda given: "dict" if isinstance(given, Mapping) else "float"),
]


class Relaxation(Physics, kind="relaxation"):
    """Every node has a capacitor to ground: voltages relax, C dv/dt = -L v, in both copies."""

    capacitance: Capacitances
    """F: of every node, or of each by its label."""
    clamp: Literal["instantaneous"] = "instantaneous"
    """Clamped targets follow the relaxing free ones at every instant."""
    method: Literal["exact"] = "exact"
    """From event to event, exact to rounding."""

    @classmethod
    def example(cls) -> Self:
        """Return one whose capacitances are those of a discrete circuit."""
        return cls(capacitance=1e-9)

    def check(
        self, circuit: CircuitKind, targets: Sequence[str | tuple[str, ...]], mismatch: Mismatch
    ) -> None:
        """Refuse labels that are not the circuit's, and what cannot relax yet."""
        if not isinstance(self.capacitance, float):
            for label in circuit.unknown_labels(self.capacitance):
                raise ValueError(
                    f"physics.capacitance must name nodes of the circuit, got {shown(label)} "
                    f"instead; {circuit.hint(label)}"
                )
            for label in circuit.labels():
                if label not in self.capacitance:
                    raise ValueError(
                        f"physics.capacitance must name every node of the circuit, got none for "
                        f"{shown(label)}"
                    )
        for target in targets:
            if not isinstance(target, str):
                raise ValueError(
                    "physics.kind must be 'equilibrium' where an output is the difference of two "
                    f"nodes, here {shown(target)}, got {self.kind!r}"
                )
        if mismatch.conductance:
            raise ValueError(
                "physics.kind must be 'equilibrium' where copies differ, "
                f"edges.mismatch.conductance = {mismatch.conductance}, got {self.kind!r}"
            )

    def network(
        self,
        circuit: Circuit,
        conductances: FloatArray,
        sources: list[str],
        targets: Sequence[str | tuple[str, ...]],
        nudge: float,
        mismatch: Mismatch,
        streams: Streams,
    ) -> Network:
        """Return the network, which settles on its first datum and relaxes from then on."""
        each = self.capacitance
        values = each if isinstance(each, float) else [each[label] for label in circuit.labels]
        nodes = [target for target in targets if isinstance(target, str)]
        return RelaxingTwins(circuit, conductances, sources, nodes, nudge, capacitances=values)
