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
        Claim(
            number=1,
            title="Idealised: desynchrony costs nothing",
            needs=("protocols",),
            judge=claim1.judge,
        ),
        Claim(
            number=2,
            title="Discretised: desynchrony helps",
            needs=("discrete",),
            judge=claim2.judge,
        ),
        Claim(
            number=3,
            title="Why: exploration",
            needs=("exploration", "portrait"),
            judge=claim3.judge,
        ),
        Claim(
            number=4,
            title="The mini-batch analogy",
            needs=("minibatch", "update-noise"),
            judge=claim4.judge,
        ),
        Claim(
            number=5,
            title="Beyond the paper",
            needs=("clocks", "late", "fast"),
            judge=claim5.judge,
        ),
        Claim(number=6, title="The bench's Iris", needs=("iris",), judge=claim6.judge),
    ),
)
