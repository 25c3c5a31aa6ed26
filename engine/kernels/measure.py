"""How well the targets answer: the kernels that both engines measure with."""

from __future__ import annotations

import numpy as np

from .kernel import Ints, Reals, kernel


@kernel
def responses(gain: Reals, inputs: Reals, outputs: Reals) -> None:
    """Write the free target voltages for each row of inputs, ``inputs @ gain.T``, to `outputs`.

    Parameters
    ----------
    gain
        Transfer from sources to targets, shape (T, S).
    inputs
        Source voltages, V, shape (D, S).
    outputs
        Shape (D, T), V.
    """
    for datum in range(inputs.shape[0]):
        for target in range(gain.shape[0]):
            voltage = 0.0
            for source in range(gain.shape[1]):
                voltage += gain[target, source] * inputs[datum, source]
            outputs[datum, target] = voltage


@kernel
def mean_squared_error(gain: Reals, inputs: Reals, label: Ints, desired: Reals) -> float:
    """Return the mean over data and targets of ``(v_target - desired)²``, V².

    Parameters
    ----------
    gain, inputs
        As for `responses`.
    label
        Which row of `desired` belongs to each datum, shape (D,).
    desired
        Desired target voltages, V, shape (D or C, T).
    """
    total = 0.0
    for datum in range(inputs.shape[0]):
        for target in range(gain.shape[0]):
            miss = -desired[label[datum], target]
            for source in range(gain.shape[1]):
                miss += gain[target, source] * inputs[datum, source]
            total += miss * miss
    return total / (inputs.shape[0] * gain.shape[0])


@kernel(allocates=True)
def accuracy(gain: Reals, inputs: Reals, label: Ints, desired: Reals) -> float:
    """Return the fraction of data whose outputs lie nearest what is desired of their own class.

    Parameters
    ----------
    gain, inputs, label, desired
        As for `mean_squared_error`, with one row of `desired` for each class.
    """
    right = 0
    outputs = np.empty(gain.shape[0])
    for datum in range(inputs.shape[0]):
        responses(gain, inputs[datum : datum + 1], outputs.reshape(1, -1))
        nearest, least = -1, np.inf
        for c in range(desired.shape[0]):
            distance = 0.0
            for target in range(gain.shape[0]):
                distance += (outputs[target] - desired[c, target]) ** 2
            if distance < least:
                nearest, least = c, distance
        right += nearest == label[datum]
    return right / inputs.shape[0]
