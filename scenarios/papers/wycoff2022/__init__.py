"""Wycoff, Dillavou, Stern, Liu, Durian: desynchronous learning, J. Chem. Phys. 156, 144903."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import paper

if TYPE_CHECKING:
    from ....analysis.papers.claims import Finding
    from ....analysis.studies.record import StudyRecord


@paper
def wycoff2022(
    records: dict[str, dict[str, StudyRecord]], folder: Path, *, command: str
) -> list[Finding]:
    """Desynchronous learning in a physics-driven learning network, J. Chem. Phys. 156, 144903."""
    from ....analysis.papers.report import write  # here: of all commands one needs it
    from ....analysis.papers.wycoff2022.paper import PAPER

    return write(PAPER, records, folder, command=command)
