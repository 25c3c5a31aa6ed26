"""What a paper is made of: its claims, and the statements that each comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack

from ..statistics import Estimate
from .verdicts import Verdict, interval, number, verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..studies.record import StudyRecord

#: What the studies of one series recorded, by scenario.
Records = Mapping[str, "StudyRecord"]


class Bounds(TypedDict, total=False):
    """What an effect should keep: below a bound, above one, or between two."""

    below: float
    above: float
    main: bool
    """Whether it is what the claim says, and not a detail of it."""


@dataclass(frozen=True)
class Finding:
    """One statement, the effect that was measured of it, and what that says."""

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
        if self.below is None or self.above is None:
            side, bound = ("above", self.above) if self.below is None else ("below", self.below)
            return f"{side} {number(bound or 0.0)}"
        return f"between {number(self.above)} and {number(self.below)}"

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

    def judge(self, statement: str, effect: str, found: Estimate, **bounds: Unpack[Bounds]) -> None:
        """Add a finding."""
        self.findings.append(Finding(self.claim, statement, effect, found, **bounds))


@dataclass(frozen=True)
class Claim:
    """A claim, its number, the title of its chapter, and what judges it."""

    number: int
    title: str
    needs: tuple[str, ...]
    """The series that it cannot do without."""
    judge: Callable[[Result, Mapping[str, Records]], None]
    """Takes the result to fill in, and what was recorded, by series and scenario."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper, and its claims, in the order of their chapters."""

    title: str
    """The heading of the report."""
    about: str
    """What was claimed where by whom."""
    claims: tuple[Claim, ...]

    def judge(self, series: Mapping[str, Records]) -> list[Result]:
        """Judge each claim whose studies are there."""
        claims = [claim for claim in self.claims if set(claim.needs) <= set(series)]
        results = [Result(claim.title, claim=claim.number) for claim in claims]
        for claim, result in zip(claims, results, strict=True):
            claim.judge(result, series)
        return results
