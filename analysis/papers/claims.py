"""What a paper is made of: its claims, and the statements that each comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..statistics import Estimate
from .verdicts import Verdict, interval, rule, verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..studies.record import StudyRecord

#: What the studies of one series recorded, by scenario.
Records = Mapping[str, "StudyRecord"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statement, and what the data say of it.

    Attributes
    ----------
    claim : int
        To which claim it belongs.
    statement : str
        What should be so.
    effect : str
        What was measured.
    found : Estimate
        With its interval.
    below, above : float or None
        The bounds that the effect should keep, one of them at least.
    main : bool
        Whether it is what the claim says, and not a detail of it.
    """

    claim: int
    statement: str
    effect: str
    found: Estimate
    below: float | None = None
    above: float | None = None
    main: bool = False

    def __str__(self) -> str:
        return f"{self.claim}. {self.statement}: {self.verdict} ({self.effect}: {self.interval})"

    @property
    def verdict(self) -> Verdict:
        """Whether it holds, from the interval alone."""
        return verdict(self.found, below=self.below, above=self.above)

    @property
    def rule(self) -> str:
        """When the statement holds."""
        return rule(below=self.below, above=self.above)

    @property
    def interval(self) -> str:
        """The effect and its interval, in the digits that it allows."""
        return interval(self.found)


@dataclass
class Result:
    """All that is said of one claim."""

    title: str
    claim: int
    text: list[str] = field(default_factory=list)
    """Paragraphs of what was done and found."""
    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    """What was measured, by file name."""
    figures: dict[str, tuple[Figure, str]] = field(default_factory=dict)
    """Figures with their captions, by file name."""

    def judge(
        self,
        statement: str,
        effect: str,
        found: Estimate,
        *,
        below: float | None = None,
        above: float | None = None,
        main: bool = False,
    ) -> None:
        """Add a finding: the effect should lie below a bound, above one, or between two."""
        self.findings.append(
            Finding(
                claim=self.claim, statement=statement, effect=effect, found=found,
                below=below, above=above, main=main,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A claim, and what judges it.

    Attributes
    ----------
    number : int
        By which it is called.
    title : str
        Of its chapter.
    needs : tuple of str
        The series that it cannot do without.
    judge : callable
        Takes the result to fill in, and what was recorded, by series and scenario.
    """

    number: int
    title: str
    needs: tuple[str, ...]
    judge: Callable[[Result, Mapping[str, Records]], None]

    def result(self, series: Mapping[str, Records]) -> Result:
        """Judge the claim."""
        result = Result(self.title, claim=self.number)
        self.judge(result, series)
        return result


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper, and its claims.

    Attributes
    ----------
    title, about : str
        Of the report: its heading, and what was claimed where by whom.
    claims : tuple of Claim
        In the order of its chapters.
    """

    title: str
    about: str
    claims: tuple[Claim, ...]

    def judge(self, series: Mapping[str, Records]) -> list[Result]:
        """Judge each claim whose studies are there."""
        return [claim.result(series) for claim in self.claims if set(claim.needs) <= set(series)]
