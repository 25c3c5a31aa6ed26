"""How well the targets answer: the kernels that both engines measure with."""

from __future__ import annotations

import numpy as np

from .kernel import Ints, Reals, kernel


@kernel
def add_responses(gain: Reals, inputs: Reals, outputs: Reals) -> None:
    """Add the free target voltages for each row of inputs, ``inputs @ gain.T``, to `outputs`.

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
            voltage = outputs[datum, target]
            for source in range(gain.shape[1]):
                voltage += gain[target, source] * inputs[datum, source]
            outputs[datum, target] = voltage


@kernel
def clear(outputs: Reals) -> None:
    """Set outputs, shape (D, T), to 0 V, to which a network adds its responses."""
    for datum in range(outputs.shape[0]):
        for target in range(outputs.shape[1]):
            outputs[datum, target] = 0.0


@kernel
def negate_desired(label: Ints, desired: Reals, outputs: Reals) -> None:
    """Set outputs to minus what is desired, V; a network that adds its responses leaves the misses.

    Parameters
    ----------
    label
        Which row of `desired` belongs to each datum, shape (D,).
    desired
        Desired target voltages, V, shape (D or C, T).
    outputs
        Shape (D, T).
    """
    for datum in range(outputs.shape[0]):
        for target in range(outputs.shape[1]):
            outputs[datum, target] = -desired[label[datum], target]


@kernel
def mean_square(misses: Reals) -> float:
    """Return the mean over data and targets of ``(v_target - desired)²``, V²; shape (D, T)."""
    total = 0.0
    for datum in range(misses.shape[0]):
        for target in range(misses.shape[1]):
            total += misses[datum, target] * misses[datum, target]
    return total / (misses.shape[0] * misses.shape[1])


@kernel
def accuracy(outputs: Reals, label: Ints, desired: Reals) -> float:
    """Return the fraction of data whose outputs lie nearest what is desired of their own class.

    Parameters
    ----------
    outputs
        Target voltages, V, shape (D, T).
    label
        The class of each datum, shape (D,).
    desired
        What is desired of each class, V, shape (C, T).
    """
    right = 0
    for datum in range(outputs.shape[0]):
        nearest, least = -1, np.inf
        for c in range(desired.shape[0]):
            distance = 0.0
            for target in range(outputs.shape[1]):
                distance += (outputs[datum, target] - desired[c, target]) ** 2
            if distance < least:
                nearest, least = c, distance
        right += nearest == label[datum]
    return right / outputs.shape[0]
