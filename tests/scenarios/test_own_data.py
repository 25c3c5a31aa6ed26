"""Wine, learned by resistor networks from arrays, beside linear models on the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine

from ohmtick.docs.own_data import accuracies


@pytest.mark.slow
def test_crossbars_come_close_to_linear_models() -> None:
    X, y = load_wine(return_X_y=True)
    found = np.mean([accuracies(X, y, "feature", 12, 12, seed) for seed in range(5)], axis=0)
    crossbar, differences, lattice, least_squares, _ = found
    assert min(crossbar, differences) > least_squares - 0.03
    assert lattice > 0.8
