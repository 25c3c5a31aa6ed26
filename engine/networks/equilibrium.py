"""Both copies of the network: what every voltage is, for the present conductances and datum."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..circuit import Circuit
from ..errors import CircuitError, SingularCircuitError, nearest, shown
from ..kernels.network import NEEDS_FACTOR, NEEDS_VOLTAGES
from .network import FloatArray, IndexArray, Network, Target, split_pairs

#: How far a node may be from the mean that Kirchhoff's law asks for, in units of the largest
#: voltage that is held, before a check makes the factor anew.
TOLERATED = 1e-12
#: How far a voltage may be from that of a new factor, likewise. Kirchhoff's law at each node says
#: little of a cluster of strong edges on weak ties, whose nodes are off together.
DRIFTED = 1e-10
#: After how many changes the power that follows them is summed anew, over all edges.
SUMMED_EVERY = 4096
_NO_NODES = np.empty(0, np.int64)


class TwinNetwork(Network):
    """The free and the clamped copy of one circuit, which share every conductance.

    In the free copy the sources are held at the input voltages and Kirchhoff's current law holds
    everywhere else. In the clamped copy the targets are held as well, at::

        v_clamped = v_free + nudge * (desired - v_free)

    of the instantaneous free voltages. A pair of targets is one output, o = v_1 - v_2; clamped,
    each of its nodes takes half of the pull, so that their mean stays::

        v_1_clamped = v_1_free + nudge * (desired - o_free) / 2
        v_2_clamped = v_2_free - nudge * (desired - o_free) / 2

    Both copies share one factorisation: eliminating all other
    nodes leaves each drop as a weighted mean of the voltages of targets and sources, which are
    known in both.

    Nothing is solved until somebody looks. `set_conductance` and `present` only note the change;
    `drops` then walks one path of the elimination tree to take in what changed and to read the
    drop, exact to rounding.

    Parameters
    ----------
    circuit
        The network.
    conductances
        S, shape (E,), or one number for every edge; finite and not negative.
    sources, targets
        Nodes, each an index (int) or a label (str). At least one source; no node is both. A target
        may be a pair of nodes, whose difference is then the output.
    nudge
        How far the clamp moves the targets towards the desired voltages; 1 puts them there.

    Attributes
    ----------
    real, index : ndarray
        The state that kernels take; see `~ohmtick.engine.solver.layout`.
    refactorizations : int
        How often a check (every 100 000 changes) found Kirchhoff's law kept too loosely, or
        voltages other than a new factor gives, and made the factor anew.

    Raises
    ------
    CircuitError
        For a node that does not exist, is named twice, or is a source and a target.
    SingularCircuitError
        When a part of the circuit touches no source; the message names its nodes.

    References
    ----------
    Stern, Hexner, Rocks, Liu, Phys. Rev. X 11, 021045 (2021), for the two copies; Dillavou et al.,
    PNAS 121, e2319718121 (2024), for outputs that are differences;
    `~ohmtick.engine.solver.walk` for the walks.

    Examples
    --------
    >>> divider = Circuit(edges=[(0, 1), (1, 2)], nodes=3)
    >>> twin = TwinNetwork(divider, [1.0, 3.0], sources=[0, 2], targets=[1], nudge=0.5)
    >>> twin.present(inputs=[1.0, 0.0], desired=[0.75])
    >>> twin.drops(0)
    (0.75, 0.5)
    """

    def __init__(
        self,
        circuit: Circuit,
        conductances: ArrayLike,
        sources: Sequence[int | str],
        targets: Sequence[Target],
        nudge: float,
    ) -> None:
        self.circuit = circuit
        self.sources = _nodes(circuit, sources, "sources")
        held, self.outputs = split_pairs([targets] if isinstance(targets, str) else targets)
        self.targets = _nodes(circuit, held, "targets")
        both = np.intersect1d(self.sources, self.targets)
        if both.size:
            raise CircuitError(f"a target must not be a source, got {circuit.name(both)} as both")
        if not self.sources.size:
            raise CircuitError("a TwinNetwork must have at least one source, got none")
        if not (math.isfinite(nudge) and nudge > 0):
            raise CircuitError(
                f"the 'nudge' of a TwinNetwork must be positive and finite, got {nudge} instead"
            )
        self.nudge = float(nudge)
        self.refactorizations = 0
        self._kernels = self._compiled()
        self.real, self.index = self._state()
        self._write = self._kernels.writer()
        self._read = self._kernels.reader()
        at = int(self.index[self._kernels.AT_CONDUCTANCE])
        self._edges = len(circuit.edges)
        self._conductances = self.real[at : at + self._edges]
        self._gain = np.zeros((self.targets.size, self.sources.size))
        self.set_conductances(conductances)
        self._refuse_floating()
        self._settle()
        self.present()

    @property
    def conductances(self) -> FloatArray:
        """A copy of the present conductances, S, shape (E,)."""
        return np.array(self._conductances, dtype=np.float64)

    def conductance(self, edge: int) -> float:
        """Return the present conductance of one edge, S."""
        if type(edge) is not int or not 0 <= edge < self._edges:
            edge = self._edge(edge)
        return float(self._conductances[edge])

    def copy_conductances(self) -> tuple[FloatArray, FloatArray]:
        """Return what the edges conduct in the free and in the clamped copy, S, each shape (E,)."""
        return self.conductances, self.conductances

    def set_conductance(self, edge: int, conductance: float, time: float = 0.0) -> None:
        """Change one conductance, S; the next reader pays.

        Raises
        ------
        CircuitError
            For a negative or infinite conductance, or NaN.
        """
        if type(edge) is not int or not 0 <= edge < self._edges:
            edge = self._edge(edge)
        if type(conductance) is not float:
            conductance = _number(conductance, edge)
        if not 0.0 <= conductance < math.inf:
            raise CircuitError(
                f"the conductance of edge {edge} must be finite and not negative, "
                f"got {conductance} S instead"
            )
        if self._write(self.real, self.index, edge, conductance, time):
            self.check()

    def set_conductances(self, conductances: ArrayLike) -> None:
        """Change every conductance, S, shape (E,) or one number for all."""
        values = np.asarray(conductances, dtype=np.float64)
        if values.shape not in ((), self._conductances.shape):
            raise CircuitError(
                f"the 'conductances' of a TwinNetwork must have the shape "
                f"{self._conductances.shape}, got {values.shape} instead"
            )
        wrong = np.flatnonzero(~((values >= 0.0) & (values < math.inf)))
        if wrong.size:
            edge = int(wrong[0])
            raise CircuitError(
                f"the conductance of edge {edge} must be finite and not negative, "
                f"got {values.ravel()[edge]} S instead"
            )
        self._conductances[:] = values
        self._kernels.invalidate(self.index)

    def present(
        self,
        inputs: ArrayLike | None = None,
        desired: ArrayLike | None = None,
        time: float = 0.0,
    ) -> None:
        """Apply a datum: hold the sources at `inputs` and clamp the targets towards `desired`.

        Parameters
        ----------
        inputs
            Source voltages, V, in the order of the sources, shape (S,). Kept as they are if
            omitted.
        desired
            Desired voltages of the outputs, V, in their order, shape (O,). Likewise.
        time
            From when on, s; it makes no difference at equilibrium.

        Raises
        ------
        CircuitError
            For a wrong number of voltages, or one that is not finite.
        """
        # What is held already is what the kernels hold: the compiled engine presents by itself.
        free = int(self.index[self._kernels.AT_FREE])
        wanted = int(self.index[self._kernels.AT_DESIRED])
        sources, targets = self.sources.size, self.targets.size
        if inputs is None:
            volts = self.real[free + targets : free + targets + sources].copy()
        else:
            volts = _voltages(inputs, sources, "inputs", "sources")
        if desired is None:
            aims = self.real[wanted : wanted + len(self.outputs)].copy()
        else:
            aims = _voltages(desired, len(self.outputs), "desired", "targets")
        self._kernels.present(self.real, self.index, volts, aims, self.nudge, time)

    def drops(self, edge: int, time: float = 0.0) -> tuple[float, float]:
        """Return the drop over one edge in the free and the clamped copy, V.

        The drop is the voltage of the edge's first node minus that of its second.
        """
        if type(edge) is not int or not 0 <= edge < self._edges:
            edge = self._edge(edge)
        needed, free, clamped = self._read(self.real, self.index, edge, time)
        while needed:
            self._provide(needed)
            needed, free, clamped = self._read(self.real, self.index, edge, time)
        return free, clamped

    def voltages(self, time: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Return every node's voltage in the free and the clamped copy, V, each shape (N,)."""
        return self._settled_voltages()

    def _settled_voltages(self) -> tuple[FloatArray, FloatArray]:
        """Return the voltages of equilibrium, which are those that the factor has, V."""
        self._settle()
        free, clamped = np.empty((2, self.circuit.nodes))
        self._kernels.voltages(self.real, self.index, free, clamped)
        return free, clamped

    def power(self, time: float = 0.0) -> tuple[float, float]:
        """Return the power that the edges turn into heat in the free and the clamped copy, W."""
        self._settle()
        power = np.empty(2)
        self._kernels.observe(self.real, self.index, _NO_NODES, time, power)
        return float(power[0]), float(power[1])

    def energy(
        self,
        edges: IndexArray,
        conductances: FloatArray,
        times: FloatArray,
        start: float,
        stop: float,
    ) -> tuple[float, float]:
        """Write conductances, each at its time; return what both copies dissipate meanwhile, J.

        The power follows each change along one path, and is summed anew now and then.
        """
        spent = np.zeros(2)
        for begin in range(0, max(len(edges), 1), SUMMED_EVERY):
            part = slice(begin, begin + SUMMED_EVERY)
            last = part.stop >= len(edges)
            until = stop if last else float(times[part.stop])
            self._settle()
            needed = self._kernels.spend(
                self.real, self.index, edges[part], conductances[part], times[part], start, until,
                spent,
            )  # fmt: skip
            if needed:
                self._provide(needed)
            start = until
        return float(spent[0]), float(spent[1])

    def transfer(self) -> FloatArray:
        """Return the free response of the outputs to the sources, shape (O, S).

        The circuit is linear: for any input voltages, ``outputs = transfer @ inputs``. Its rows
        sum to 1, since equal sources put every node on their voltage; those of pairs sum to 0.
        """
        self._settle()
        self._kernels.transfer(self.real, self.index, self._gain)
        first, second = self.outputs.T
        gain: FloatArray = self._gain[first]
        gain[second >= 0] -= self._gain[second[second >= 0]]
        return gain

    def respond(self, inputs: FloatArray, outputs: FloatArray, *, add: bool = False) -> None:
        """Write the free outputs for each row of `inputs` to `outputs`, V.

        Parameters
        ----------
        inputs
            Source voltages, V, shape (D, S), contiguous.
        outputs
            Shape (D, O), contiguous.
        add
            Add them to what `outputs` holds instead.
        """
        self._settle()
        if not add:
            outputs[:] = 0.0
        self._kernels.respond(self.real, self.index, inputs, outputs)

    def imbalance(self) -> float:
        """Return how far any node is from where Kirchhoff's law puts it, V, in either copy.

        That is the mean of its neighbours' voltages weighted by the conductances to them, of
        which the factor knows nothing.
        """
        held = np.zeros(self.circuit.nodes, dtype=np.bool_)
        held[self.sources] = True
        free, clamped = self._settled_voltages()
        k_free, k_clamped = self.copy_conductances()
        edges = self.circuit.edges
        worst = self._kernels.imbalance(edges, k_free, held, free)
        held[self.targets] = True
        return float(max(worst, self._kernels.imbalance(edges, k_clamped, held, clamped)))

    def drift(self) -> float:
        """Return how far any voltage is from that of a factor made anew, V, in either copy."""
        volts = np.array(self._settled_voltages())
        real, index = self.real.copy(), self.index.copy()
        if self._kernels.refactorize(real, index) >= 0:
            return math.inf
        fresh = np.empty_like(volts)
        self._kernels.voltages(real, index, *fresh)
        return float(np.abs(volts - fresh).max())

    def check(self) -> None:
        """Hold the factor against Kirchhoff's law and a new one, which replaces it if it drifted.

        Called every 100 000 changes.
        """
        self._kernels.checked(self.index)
        at = int(self.index[self._kernels.AT_FREE])  # and then those of the clamped copy
        boundary = self.sources.size + self.targets.size
        scale = float(np.abs(self.real[at : at + 2 * boundary]).max())
        if not (self.imbalance() <= TOLERATED * scale and self.drift() <= DRIFTED * scale):
            self.refactorizations += 1
            self._provide(NEEDS_FACTOR)
            if not self.imbalance() <= 1e3 * TOLERATED * scale:
                warnings.warn(
                    f"Kirchhoff's law is kept to {self.imbalance():.1e} V only: the conductances "
                    f"span too many decades",
                    stacklevel=2,
                )

    @staticmethod
    def _compiled() -> ModuleType:
        """Return the kernels; importing them takes a second, so not before they are used."""
        from ..solver import kernels

        return kernels

    def _state(self) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return the state that the kernels take, without conductances yet."""
        real, index, _ = self._kernels.build(
            self.circuit.edges, self.circuit.nodes, self.sources, self.targets, self.outputs
        )
        return real, index

    def _edge(self, edge: int) -> int:
        """Return an edge's number as the kernels take it."""
        try:
            number = operator.index(edge)
        except TypeError:
            number = -1
        if not 0 <= number < self._edges:
            raise CircuitError(
                f"the 'edge' of a TwinNetwork must be a whole number in [0, {self._edges}), "
                f"got {edge} instead"
            )
        return number

    def _settle(self) -> None:
        needed = self._kernels.apply_changes(self.real, self.index)
        if needed:
            self._provide(needed)

    def _provide(self, needed: int) -> None:
        """Do what a kernel says that it needs."""
        if needed == NEEDS_VOLTAGES:
            self._kernels.solve(self.real, self.index)
            return
        if self._kernels.refactorize(self.real, self.index) >= 0:
            self.refuse_singular()

    def addresses(self) -> NDArray[np.int64]:
        """Return where its kernels lie; see `~ohmtick.engine.kernels.network`, shape (CALLS,)."""
        found: NDArray[np.int64] = self._kernels.addresses()
        return found

    def refuse_singular(self) -> None:
        """Raise the error of a circuit that has no solution, naming the nodes."""
        self._refuse_floating()
        raise SingularCircuitError(
            "the circuit is singular to working precision: its conductances span too many decades"
        )

    def _refuse_floating(self) -> None:
        part = self.circuit.parts(self._conductances > 0.0)
        floating = np.flatnonzero(~np.isin(part, part[self.sources]))
        if floating.size:
            raise SingularCircuitError(
                f"every part of the circuit must touch a source, "
                f"got {self.circuit.name(floating)} cut off from all of them"
            )


def _nodes(circuit: Circuit, named: Sequence[int | str], what: str) -> IndexArray:
    if isinstance(named, str):
        named = [named]
    indices = np.array([_index(circuit, node, what) for node in named], dtype=np.intp)
    for node, index in zip(named, indices, strict=True):
        if not 0 <= index < circuit.nodes:
            hint = nearest(str(node), map(str, range(circuit.nodes)))
            raise CircuitError(
                f"the '{what}' of a TwinNetwork must be node indices in [0, {circuit.nodes}) or "
                f"labels, got {node} instead" + (f"; {hint}" if hint else "")
            )
    if np.unique(indices).size != indices.size:
        raise CircuitError(f"the '{what}' of a TwinNetwork must all differ, got {list(named)}")
    return indices


def _index(circuit: Circuit, node: int | str, what: str) -> int:
    if isinstance(node, str):
        return circuit.index(node)
    try:
        return operator.index(node)
    except TypeError:
        raise CircuitError(
            f"the '{what}' of a TwinNetwork must be node indices or labels, "
            f"got {shown(node)} instead"
        ) from None


def _number(conductance: float, edge: int) -> float:
    try:
        return float(conductance)
    except (TypeError, ValueError):
        raise CircuitError(
            f"the conductance of edge {edge} must be one number, got {shown(conductance)} S instead"
        ) from None


def _voltages(values: ArrayLike, count: int, what: str, nodes: str) -> FloatArray:
    voltages = np.array(values, dtype=np.float64)
    if voltages.shape != (count,) or not np.isfinite(voltages).all():
        raise CircuitError(
            f"the '{what}' of a datum must be {count} finite voltages, one for each of the "
            f"{nodes}, got {shown(values)} instead"
        )
    return voltages
