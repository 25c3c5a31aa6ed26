"""Wycoff et al. 2022: six claims."""

from __future__ import annotations

from ..claims import Claim, Paper
from . import claim1, claim2, claim3, claim4, claim5, claim6

PAPER = Paper(
    title="Desynchronous learning: what was claimed, and what was found",
    about="""\
J. F. Wycoff, S. Dillavou, M. Stern, A. J. Liu, D. J. Durian, *Desynchronous learning in a
physics-driven learning network*, J. Chem. Phys. **156**, 144903 (2022), claims that edges of a
learning network need no common clock. These are its claims, and questions beyond them, put to
simulations. No number here is compared with one of the paper's figures; all are our own.""",
    claims=(
        Claim(1, "Idealised: desynchrony costs nothing", ("protocols",), claim1.judge),
        Claim(2, "Discretised: desynchrony helps", ("discrete",), claim2.judge),
        Claim(3, "Why: exploration", ("exploration", "portrait"), claim3.judge),
        Claim(4, "The mini-batch analogy", ("minibatch", "update-noise"), claim4.judge),
        Claim(5, "Beyond the paper", ("clocks", "late", "fast"), claim5.judge),
        Claim(6, "The bench's Iris", ("iris",), claim6.judge),
    ),
)
