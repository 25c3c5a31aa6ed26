"""Both copies of the network: what every voltage is, for the present conductances and datum."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .circuit import Circuit
from .errors import CircuitError, SingularCircuitError, nearest

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]


class TwinNetwork:
    """The free and the clamped copy of one circuit, which share every conductance.

    In the free copy the sources are held at the input voltages and Kirchhoff's current law holds
    everywhere else. In the clamped copy the targets are held as well, at::

        v_clamped = v_free + nudge * (desired - v_free)

    of the instantaneous free voltages. With ``A`` the Laplacian on the unknown nodes, ``R`` the
    conductances from these to the sources and ``V_S`` the input voltages, the free voltages solve
    ``A v = R V_S``; the clamped ones are these plus the response to the current that moves the
    targets by ``nudge * (desired - v_target)``, so that one factorisation of ``A`` serves both.

    Nothing is solved until somebody looks: `set_conductance` and `present` only note the change.

    Parameters
    ----------
    circuit
        The network.
    conductances
        S, shape (E,), or one number for every edge; finite and not negative.
    sources, targets
        Nodes, each an index (int) or a label (str). At least one source; no node is both.
    nudge
        How far the clamp moves the targets towards the desired voltages; 1 puts them there.

    Raises
    ------
    CircuitError
        For a node that does not exist, is named twice, or is a source and a target.
    SingularCircuitError
        When a part of the circuit touches no source; the message names its nodes.

    References
    ----------
    Stern, Hexner, Rocks, Liu, Phys. Rev. X 11, 021045 (2021).

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
        targets: Sequence[int | str],
        nudge: float,
    ) -> None:
        self.circuit = circuit
        self.sources = _nodes(circuit, sources, "sources")
        self.targets = _nodes(circuit, targets, "targets")
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
        self._unknown = np.setdiff1d(np.arange(circuit.nodes), self.sources)
        self._target_rows = np.searchsorted(self._unknown, self.targets)
        self._laplacian_cells = _laplacian_cells(circuit)
        self._inputs = np.zeros(self.sources.size)
        self._desired = np.zeros(self.targets.size)
        self._response: FloatArray | None = None
        self._both: tuple[FloatArray, FloatArray] | None = None
        self._conductances = np.empty(len(circuit.edges))
        self.set_conductances(conductances)
        self._refuse_floating()

    @property
    def conductances(self) -> FloatArray:
        """A copy of the present conductances, S, shape (E,)."""
        return self._conductances.copy()

    def conductance(self, edge: int) -> float:
        """Return the present conductance of one edge, S."""
        return float(self._conductances[edge])

    def set_conductance(self, edge: int, conductance: float) -> None:
        """Change one conductance, S; the next reader pays for the solve.

        Raises
        ------
        CircuitError
            For a negative or infinite conductance, or NaN.
        """
        if not 0.0 <= conductance < math.inf:
            raise CircuitError(
                f"the conductance of edge {edge} must be finite and not negative, "
                f"got {conductance} S instead"
            )
        if conductance != self._conductances[edge]:
            self._conductances[edge] = conductance
            self._response = self._both = None

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
        self._response = self._both = None

    def present(self, inputs: ArrayLike | None = None, desired: ArrayLike | None = None) -> None:
        """Apply a datum: hold the sources at `inputs` and clamp the targets towards `desired`.

        Parameters
        ----------
        inputs
            Source voltages, V, in the order of the sources, shape (S,). Kept as they are if
            omitted.
        desired
            Desired target voltages, V, in the order of the targets, shape (T,). Likewise.

        Raises
        ------
        CircuitError
            For a wrong number of voltages, or one that is not finite.
        """
        if inputs is not None:
            self._inputs = _voltages(inputs, self.sources.size, "inputs", "sources")
        if desired is not None:
            self._desired = _voltages(desired, self.targets.size, "desired", "targets")
        self._both = None

    def drops(self, edge: int) -> tuple[float, float]:
        """Return the drop over one edge in the free and the clamped copy, V.

        The drop is the voltage of the edge's first node minus that of its second.
        """
        free, clamped = self._solved()
        first, second = self.circuit.edges[edge]
        return float(free[first] - free[second]), float(clamped[first] - clamped[second])

    def voltages(self) -> tuple[FloatArray, FloatArray]:
        """Return every node's voltage in the free and the clamped copy, V, each shape (N,)."""
        free, clamped = self._solved()
        return free.copy(), clamped.copy()

    def transfer(self) -> FloatArray:
        """Return the free response of the targets to the sources, shape (T, S).

        The circuit is linear: for any input voltages, ``v_target = transfer @ inputs``. Its rows
        sum to 1, since equal sources put every node on their voltage.
        """
        return self._responses()[self._target_rows, : self.sources.size].copy()

    def _solved(self) -> tuple[FloatArray, FloatArray]:
        if self._both is None:
            response = self._responses()
            to_sources, to_currents = np.split(response, [self.sources.size], axis=1)
            free = to_sources @ self._inputs
            shift = self.nudge * (self._desired - free[self._target_rows])
            current = np.linalg.solve(to_currents[self._target_rows], shift)
            clamped = free + to_currents @ current
            clamped[self._target_rows] = free[self._target_rows] + shift
            self._both = self._everywhere(free), self._everywhere(clamped)
        return self._both

    def _everywhere(self, unknown: FloatArray) -> FloatArray:
        voltages = np.empty(self.circuit.nodes)
        voltages[self._unknown] = unknown
        voltages[self.sources] = self._inputs
        return voltages

    def _responses(self) -> FloatArray:
        """Voltages of the unknown nodes for 1 V at each source, then 1 A into each target."""
        if self._response is None:
            from scipy.linalg import LinAlgError, cho_factor, cho_solve  # slow to import

            k, n = self._conductances, self.circuit.nodes
            weights = np.concatenate([k, k, -k, -k])
            laplacian = np.bincount(self._laplacian_cells, weights, n * n).reshape(n, n)
            into_target = np.zeros((self._unknown.size, self.targets.size))
            into_target[self._target_rows, np.arange(self.targets.size)] = 1.0
            from_sources = -laplacian[np.ix_(self._unknown, self.sources)]
            try:
                factor = cho_factor(
                    laplacian[np.ix_(self._unknown, self._unknown)], check_finite=False
                )
            except LinAlgError:
                self._refuse_floating()
                raise SingularCircuitError(
                    "the circuit is singular to working precision: its conductances span too "
                    "many decades"
                ) from None
            if not k.all():
                self._refuse_floating()
            self._response = cho_solve(
                factor, np.hstack([from_sources, into_target]), check_finite=False
            )
        return self._response

    def _refuse_floating(self) -> None:
        part = self.circuit.parts(self._conductances > 0.0)
        floating = np.flatnonzero(~np.isin(part, part[self.sources]))
        if floating.size:
            raise SingularCircuitError(
                f"every part of the circuit must touch a source, "
                f"got {self.circuit.name(floating)} cut off from all of them"
            )


def _nodes(circuit: Circuit, named: Sequence[int | str], what: str) -> IndexArray:
    indices = np.array(
        [circuit.index(node) if isinstance(node, str) else int(node) for node in named],
        dtype=np.intp,
    )
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


def _voltages(values: ArrayLike, count: int, what: str, nodes: str) -> FloatArray:
    voltages = np.array(values, dtype=np.float64)
    if voltages.shape != (count,) or not np.isfinite(voltages).all():
        raise CircuitError(
            f"the '{what}' of a datum must be {count} finite voltages, one for each of the "
            f"{nodes}, got {values!r} instead"
        )
    return voltages


def _laplacian_cells(circuit: Circuit) -> IndexArray:
    """Where each edge's k, k, -k, -k stand in the flattened (N, N) Laplacian."""
    first, second = circuit.edges.T
    n = circuit.nodes
    return np.concatenate(
        [first * n + first, second * n + second, first * n + second, second * n + first]
    )
