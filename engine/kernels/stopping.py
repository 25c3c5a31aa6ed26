"""When a run is good enough: the criterion that both engines look at after each probe."""

from __future__ import annotations

from .kernel import Reals, kernel

#: What a run is stopped by; `met` tells which.
GOES_ON, ERROR_BELOW, ACCURACY_ABOVE, NO_IMPROVEMENT = range(4)
#: Where the criterion has its numbers.
ERROR, ACCURACY, PATIENCE, WITHOUT_IMPROVEMENT = range(4)
#: Where it keeps how often in a row each threshold was met, the lowest error, V², and for how many
#: probes that has been the lowest.
ERRORS_MET, ACCURACIES_MET, LOWEST, SINCE = range(4)


@kernel
def met(criterion: Reals, kept: Reals, error: float, accuracy: float) -> int:
    """Return what a probe stops the run by, or `GOES_ON`; keep what the next one needs.

    Parameters
    ----------
    criterion
        The error, V², below which a run is good enough; the accuracy above which it is; at how many
        probes in a row; and how many probes without a new lowest error end it. Shape (4,), or (0,)
        for none. What cannot be met is infinite.
    kept
        Shape (4,); changed in place.
    """
    if criterion.size == 0:
        return GOES_ON
    kept[ERRORS_MET] = kept[ERRORS_MET] + 1.0 if error < criterion[ERROR] else 0.0
    kept[ACCURACIES_MET] = kept[ACCURACIES_MET] + 1.0 if accuracy > criterion[ACCURACY] else 0.0
    kept[SINCE] = 0.0 if error < kept[LOWEST] else kept[SINCE] + 1.0
    kept[LOWEST] = min(kept[LOWEST], error)
    if kept[ERRORS_MET] >= criterion[PATIENCE]:
        return ERROR_BELOW
    if kept[ACCURACIES_MET] >= criterion[PATIENCE]:
        return ACCURACY_ABOVE
    return NO_IMPROVEMENT if kept[SINCE] >= criterion[WITHOUT_IMPROVEMENT] else GOES_ON
