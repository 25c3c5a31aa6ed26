"""From one event to the next: C dv/dt = -L v, by a series whose rest is bounded.

Between events conductances and sources stay, so that both copies are one linear equation. Over a
time h the voltages are a sum of terms, from a_0 = v on: at a node i that moves, with edges to j,

    a_(n+1),i = h / (n + 1) sum_j k_ij / C_i (a_n,j - a_n,i),

and at a source, which is held, a_n = 0 from n = 1 on. In the clamped copy the targets are at
v + nudge (desired - v) of the free one at every instant, hence c_n = (1 - nudge) a_n there.

With r = max_i sum_j k_ij / C_i and z = 2 h r no term is larger than z / (n + 1) times the one
before it (where the clamp pushes beyond what is desired, times |1 - nudge|). So what follows a
term is at most z / (n + 1) / (1 - z / (n + 2)) times that. Steps are such that z <= 2, where terms
hardly cancel.

When every mode has decayed, the voltages are those at equilibrium. How slow the slowest is is
known from a spanning forest of the edges that conduct, rooted at the sources. Without the other
edges modes are slower only; and on a forest the Elmore delay, x_i = sum of (capacitance behind an
edge) / k over the edges from the root, solves C^-1 L x = 1, so that no rate is below 1 / max x
(Collatz and Wielandt).

References
----------
W. C. Elmore, J. Appl. Phys. 19, 55 (1948); C. Moler, C. Van Loan, SIAM Review 45, 3 (2003).
"""

from __future__ import annotations

import numpy as np

from ..kernels.kernel import Ints, Reals, kernel
from ..solver.layout import AT_DESIRED
from .layout import (
    AT_CAPACITANCE,
    AT_DELAY,
    AT_LOAD,
    AT_NEXT,
    AT_NOW,
    AT_OTHER,
    AT_PARENT,
    AT_QUEUE,
    AT_RATE,
    AT_SPREAD,
    AT_START,
    AT_TERM,
    AT_TIE,
    AT_TIME,
    AT_WEIGHT,
    MOVING,
    SETTLED,
    STIFF,
    TARGETS,
)

#: What a step leaves out, relative to the largest voltage: rounding.
LEFT_OUT = 1e-15
#: exp of minus that is below rounding.
DECAYED = 37.0
#: z of a step at most.
LONGEST = 2.0
#: Steps from one event to the next, beyond which nobody would wait for many of them.
MOST_STEPS = 100_000


@kernel
def advance(real: Reals, index: Ints, time: float) -> None:
    """Let both copies relax until `time`, s; or note that this takes too many steps."""
    span = time - real[index[AT_TIME]]
    if not span > 0.0:
        return
    real[index[AT_TIME]] = time
    if index[SETTLED]:
        return
    fastest, slowest = 0.0, np.inf
    for place in range(index[AT_RATE], index[AT_RATE] + index[MOVING]):
        fastest = max(fastest, real[place])
        slowest = min(slowest, real[place])
    # The slowest mode is no faster than any node alone: seldom is there more to ask.
    if span * slowest > DECAYED and _has_decayed(real, index, span, fastest):
        index[SETTLED] = 1
        return
    largest = 0.0
    for place in range(index[AT_NOW], index[AT_TERM]):
        largest = max(largest, abs(real[place]))
    steps = max(1.0, np.ceil(2.0 * span * fastest / LONGEST))
    if not steps <= MOST_STEPS:
        index[STIFF] = 1
        return
    done = 0.0
    while done < steps:
        moved = _step(real, index, span / steps, 2.0 * span / steps * fastest, largest)
        done += 1.0
        if moved * (steps - done) <= LEFT_OUT * largest:  # no step moves more than the one before
            return


@kernel
def _step(real: Reals, index: Ints, span: float, z: float, largest: float) -> float:
    """Relax for a short time; return a bound on how far a voltage would move in the next."""
    now, term, following = index[AT_NOW], index[AT_NOW], index[AT_TERM]
    follows = 1.0 - real[index[AT_DESIRED] + index[TARGETS]]
    beyond = max(1.0, abs(follows))
    moving = 2 * index[MOVING]
    order, first = 1, 0.0
    while True:
        size = _next_term(real, index, term, following, span / order, follows)
        for place in range(moving):
            real[now + place] += real[following + place]
        if order == 1:
            first = beyond * size
        rest = z / (order + 1) / (1.0 - z / (order + 2))
        if beyond * size * rest <= LEFT_OUT * largest:
            return first
        term = following
        following = index[AT_NEXT] if term == index[AT_TERM] else index[AT_TERM]
        order += 1


@kernel(inline=True)
def _next_term(
    real: Reals, index: Ints, term: int, following: int, span: float, follows: float
) -> float:
    """Write the term that follows one, and return the largest of it."""
    weight, other, starts = index[AT_WEIGHT], index[AT_OTHER], index[AT_START]
    targets = index[TARGETS]
    size = 0.0
    begin = index[starts]
    for row in range(index[MOVING]):
        end = index[starts + row + 1]
        free, clamped = real[term + 2 * row], real[term + 2 * row + 1]
        by_free = by_clamped = 0.0
        for place in range(begin, end):
            at = term + 2 * index[other + place]
            k = real[weight + place]
            by_free += k * (real[at] - free)
            by_clamped += k * (real[at + 1] - clamped)
        begin = end
        by_free *= span
        by_clamped = follows * by_free if row < targets else span * by_clamped
        real[following + 2 * row] = by_free
        real[following + 2 * row + 1] = by_clamped
        size = max(size, max(abs(by_free), abs(by_clamped)))
    return size


@kernel
def _has_decayed(real: Reals, index: Ints, span: float, fastest: float) -> bool:
    """Whether every mode of both copies has decayed to below rounding within a time, s.

    The free copy is then off by exp(-t / x) times the root of the spread of capacitances; the
    clamped one, which follows it, by that once more, and by fastest * t.
    """
    delay = _longest_delay(real, index)
    follows = abs(1.0 - real[index[AT_DESIRED] + index[TARGETS]])
    enough = DECAYED + real[index[AT_SPREAD]] + np.log(1.0 + follows * fastest * span)
    return bool(span > enough * delay)


@kernel
def _longest_delay(real: Reals, index: Ints) -> float:
    """Return the longest Elmore delay of a spanning forest, s; infinite where a part is cut off."""
    moving, starts = index[MOVING], index[AT_START]
    weight, other, capacitance = index[AT_WEIGHT], index[AT_OTHER], index[AT_CAPACITANCE]
    queue, parent = index[AT_QUEUE], index[AT_PARENT]
    load, delay, tie = index[AT_LOAD], index[AT_DELAY], index[AT_TIE]
    found = 0
    for row in range(moving):  # those at sources, by all edges to them
        real[load + row] = real[capacitance + row]
        real[tie + row] = 0.0
        index[parent + row] = -1
        for place in range(index[starts + row], index[starts + row + 1]):
            if index[other + place] >= moving:
                real[tie + row] += real[weight + place] * real[capacitance + row]
        if real[tie + row] > 0.0:
            index[parent + row] = row
            index[queue + found] = row
            found += 1
    looked = 0
    while looked < found:
        row = index[queue + looked]
        looked += 1
        for place in range(index[starts + row], index[starts + row + 1]):
            leaf = index[other + place]
            if leaf < moving and real[weight + place] > 0.0 and index[parent + leaf] < 0:
                index[parent + leaf] = row
                real[tie + leaf] = real[weight + place] * real[capacitance + row]
                index[queue + found] = leaf
                found += 1
    if found < moving:
        return np.inf
    for place in range(found - 1, -1, -1):
        row = index[queue + place]
        if index[parent + row] != row:
            real[load + index[parent + row]] += real[load + row]
    longest = 0.0
    for place in range(found):
        row = index[queue + place]
        before = 0.0 if index[parent + row] == row else real[delay + index[parent + row]]
        real[delay + row] = before + real[load + row] / real[tie + row]
        longest = max(longest, real[delay + row])
    return longest
