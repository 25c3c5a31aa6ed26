"""A network as compiled code calls it: eight kernels, by address.

Every network has a state of two flat arrays, `real` and `index`, which all of its kernels take
first. Who calls them knows of it only that the conductances that were written lie in `real` from
``index[AT_CONDUCTANCE]`` on, in S. Times are in s, and never run backwards; a network at
equilibrium ignores them.

============ =========================================== ===========================================
READ         ``(edge, time)``                            what is needed first, the drops, V
WRITE        ``(edge, conductance, time)``               whether a check is due
PRESENT      ``(inputs, desired, nudge, time)``          `NOTHING`
RESPOND      ``(inputs, outputs)``                       `NOTHING`; adds the free target voltages
APPLY        ``()``                                      what is needed first
REFACTORIZE  ``()``                                      -1, or a position that is singular
SOLVE        ``()``                                      -1
OBSERVE      ``(nodes, time, row)``                      `NOTHING`; writes power, W, and voltages
============ =========================================== ===========================================

What a READ or an APPLY says that it needs, `NEEDS_FACTOR` or `NEEDS_VOLTAGES`, is got by a
REFACTORIZE or a SOLVE; then it is called again. RESPOND and OBSERVE come after an APPLY that needs
nothing. RESPOND adds to what `outputs` holds, shape (D, T), so that what is missed is summed as it
always was. OBSERVE writes to `row` the power of the free and of the clamped copy, W, where its
shape is (2 + 2n,) and not (2n,), and then the voltages of each of n nodes in either, V.
"""

from __future__ import annotations

#: Whose address stands where.
READ, WRITE, PRESENT, RESPOND, APPLY, REFACTORIZE, SOLVE, OBSERVE = range(8)
CALLS = 8
#: What is needed first.
NOTHING, NEEDS_FACTOR, NEEDS_VOLTAGES = range(3)
