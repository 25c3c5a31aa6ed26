"""A binary heap of numbered entries, ordered by time and then by a tie-breaking integer."""

from __future__ import annotations

from .kernel import Ints, Reals, kernel


@kernel(inline=True)
def precedes(time: Reals, tie: Ints, one: int, other: int) -> bool:
    """Whether entry `one` comes before entry `other`."""
    return time[one] < time[other] or (time[one] == time[other] and tie[one] < tie[other])


@kernel(inline=True)
def sink(heap: Ints, size: int, time: Reals, tie: Ints) -> None:
    """Move the first entry down to where no child precedes it."""
    entry, place = heap[0], 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and precedes(time, tie, heap[child + 1], heap[child]):
            child += 1
        if not precedes(time, tie, heap[child], entry):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = entry


@kernel(inline=True)
def lift(heap: Ints, time: Reals, tie: Ints, place: int) -> None:
    """Move the entry at `place` up to where its parent precedes it."""
    entry = heap[place]
    while place > 0:
        parent = (place - 1) // 2
        if not precedes(time, tie, entry, heap[parent]):
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = entry
