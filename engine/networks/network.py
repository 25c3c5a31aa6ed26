"""What agents, the probe, the supervisor and both engines ask of a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..circuit import Circuit
from ..errors import CircuitError, shown

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]
#: A target by index or label; or a pair of them, whose difference is the output.
Target = int | str | tuple[int | str, ...]


class Network(ABC):
    """The free and the clamped copy of a circuit: what every voltage is, at a time.

    Times are in s and never run backwards from call to call. A network at equilibrium, whose
    voltages follow at once, ignores them; they may then be left out.

    The compiled engine calls the same network by `addresses`, on its state `real` and `index`; see
    `~ohmtick.engine.kernels.network`.

    Attributes
    ----------
    circuit : Circuit
    sources, targets : ndarray of int
        Nodes, shapes (S,) and (T,).
    outputs : ndarray of int
        The targets of each output by their places among these, shape (O, 2). Its voltage is that of
        the first less that of the second; -1 for no second.
    nudge : float
        How far the clamp moves the outputs towards the desired voltages.
    real, index : ndarray
        The state that kernels take.
    """

    circuit: Circuit
    sources: IndexArray
    targets: IndexArray
    outputs: IndexArray
    nudge: float
    real: FloatArray
    index: NDArray[np.int64]
    #: Where in `index` addresses stand.
    _addressed: slice = slice(0, 0)

    def __repr__(self) -> str:
        nodes, edges = self.circuit.nodes, len(self.circuit.edges)
        held = f"{self.sources.size} sources, {self.targets.size} targets"
        return f"{type(self).__name__}({nodes} nodes, {edges} edges, {held}, nudge={self.nudge:g})"

    @property
    @abstractmethod
    def conductances(self) -> FloatArray:
        """A copy of the conductances as they were written, S, shape (E,)."""

    @abstractmethod
    def copy_conductances(self) -> tuple[FloatArray, FloatArray]:
        """Return what the edges conduct in the free and in the clamped copy, S, each shape (E,)."""

    @abstractmethod
    def set_conductance(self, edge: int, conductance: float, time: float = 0.0) -> None:
        """Write the conductance of one edge, S, in both copies.

        Raises
        ------
        CircuitError
            For a negative or infinite conductance, or NaN.
        """

    @abstractmethod
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
            From when on, s.

        Raises
        ------
        CircuitError
            For a wrong number of voltages, or one that is not finite.
        """

    @abstractmethod
    def drops(self, edge: int, time: float = 0.0) -> tuple[float, float]:
        """Return the drop over one edge in the free and the clamped copy, V.

        The drop is the voltage of the edge's first node minus that of its second.
        """

    @abstractmethod
    def voltages(self, time: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Return every node's voltage in the free and the clamped copy, V, each shape (N,)."""

    @abstractmethod
    def respond(self, inputs: FloatArray, outputs: FloatArray, *, add: bool = False) -> None:
        """Write the outputs at which the free copy settles for each row of `inputs`, V.

        Nothing that is presented changes.

        Parameters
        ----------
        inputs
            Source voltages, V, shape (D, S), contiguous.
        outputs
            Shape (D, O), contiguous.
        add
            Add them to what `outputs` holds instead.
        """

    def saved(self) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return a copy of `real` and of `index` that another process can take over.

        Where its kernels lie is a matter of the process, and stands as 0.
        """
        index = self.index.copy()
        index[self._addressed] = 0
        return self.real.copy(), index

    def restore(self, real: FloatArray, index: NDArray[np.int64]) -> None:
        """Take over the state of the same network at another time, as `saved` returns it.

        Raises
        ------
        CircuitError
            When it is the state of another circuit, or of one that was factorised otherwise.
        """
        if real.shape != self.real.shape or index.shape != self.index.shape:
            raise CircuitError(
                f"the state of a network must be of the same circuit, with {self.real.size} and "
                f"{self.index.size} numbers, got {real.size} and {index.size}"
            )
        own = self.index[self._addressed].copy()
        self.real[:], self.index[:] = real, index
        self.index[self._addressed] = own

    @abstractmethod
    def check(self) -> None:
        """Hold the state against the laws that it should keep, and mend it; now and then called."""

    @abstractmethod
    def refuse_singular(self) -> None:
        """Raise the error of a circuit that has no solution, naming the nodes."""

    @abstractmethod
    def addresses(self) -> NDArray[np.int64]:
        """Return where its kernels lie; see `~ohmtick.engine.kernels.network`, shape (CALLS,)."""

    @abstractmethod
    def power(self, time: float = 0.0) -> tuple[float, float]:
        """Return the power that the edges turn into heat in the free and the clamped copy, W.

        That is the sum of ``k * drop²`` over the edges: by Tellegen's theorem what the sources, and
        in the clamped copy the clamps, deliver; see `delivered`.
        """

    @abstractmethod
    def energy(
        self,
        edges: IndexArray,
        conductances: FloatArray,
        times: FloatArray,
        start: float,
        stop: float,
    ) -> tuple[float, float]:
        """Write conductances, each at its time; return what both copies dissipate meanwhile, J.

        Parameters
        ----------
        edges, conductances, times
            What is written, S, and when, s, ascending; shape (C,) each.
        start, stop
            From when until when, s: the times lie between these.
        """

    def delivered(self, time: float = 0.0) -> tuple[float, float, float]:
        """Return what the sources deliver in the free and in the clamped copy, and the clamp, W.

        Each source and each clamp is a supply between its node and ground, at 0 V: it delivers the
        voltage times the current into the circuit, and less than nothing where it takes up power.
        """
        first, second = self.circuit.edges.T
        shares = []
        for k, volts in zip(self.copy_conductances(), self.voltages(time), strict=True):
            through = k * (volts[first] - volts[second])
            into = np.bincount(first, through, volts.size) - np.bincount(
                second, through, volts.size
            )
            shares.append(volts * into)
        free, clamped = shares
        return (
            float(free[self.sources].sum()),
            float(clamped[self.sources].sum()),
            float(clamped[self.targets].sum()),
        )

    def transfer(self) -> FloatArray:
        """Return the free response of the outputs to the sources, shape (O, S).

        Only a linear network has one: for any input voltages, ``outputs = transfer @ inputs``.

        Raises
        ------
        CircuitError
            From a network that is not linear.
        """
        raise CircuitError(
            f"a {type(self).__name__} has no transfer, since its outputs do not follow its inputs "
            "linearly; respond gives the outputs of given inputs"
        )


def split_pairs(targets: Sequence[Target]) -> tuple[list[int | str], IndexArray]:
    """Return the nodes of outputs, one after the other, and their places in each, shape (O, 2).

    Raises
    ------
    CircuitError
        For a tuple or a list that is no pair.

    Examples
    --------
    >>> split_pairs(["out", ("plus", "minus")])
    (['out', 'plus', 'minus'], array([[ 0, -1],
           [ 1,  2]]))
    """
    nodes: list[int | str] = []
    places = np.full((len(targets), 2), -1, dtype=np.intp)
    for output, target in enumerate(targets):
        held = target if isinstance(target, tuple | list) else [target]
        if len(held) > 2 or not held:
            raise CircuitError(f"a target must be a node or a pair of nodes, got {shown(target)}")
        places[output, : len(held)] = range(len(nodes), len(nodes) + len(held))
        nodes += held
    return nodes, places
