"""What a study says of a claim: an effect, its interval, and the verdict that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ....engine.errors import AnalysisError
from ...statistics import CONFIDENCE, Estimate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...studies.record import StudyRecord

Verdict = Literal["holds", "undecided", "does not hold"]
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
    rule : str
        When the statement holds.
    verdict : str
        From the interval alone: it holds where the whole interval keeps the rule, does not where
        none of it does, and is undecided otherwise.
    main : bool
        Whether it is what the claim says, and not a detail of it.
    """

    claim: int
    statement: str
    effect: str
    found: Estimate
    rule: str
    verdict: Verdict
    main: bool = False

    def __str__(self) -> str:
        return f"{self.claim}. {self.statement}: {self.verdict} ({self.effect}: {self.interval})"

    @property
    def interval(self) -> str:
        """The effect and its interval, in the digits that it allows."""
        return interval(self.found)


@dataclass
class Result:
    """All that is said of one claim."""

    title: str
    text: list[str] = field(default_factory=list)
    """Paragraphs of what was done and found."""
    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, tuple[Figure, str]] = field(default_factory=dict)
    """Figures with their captions, by file name."""
    claim: int = 0

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
                claim=self.claim,
                statement=statement,
                effect=effect,
                found=found,
                rule=_rule(below, above),
                verdict=verdict(found, below=below, above=above),
                main=main,
            )
        )


def verdict(found: Estimate, *, below: float | None = None, above: float | None = None) -> Verdict:
    """Judge an interval by the bounds that the effect should keep."""
    if below is None and above is None:
        raise AnalysisError("a verdict needs a bound")
    if (above is None or found.low > above) and (below is None or found.high < below):
        return "holds"
    if (above is not None and found.high < above) or (below is not None and found.low > below):
        return "does not hold"
    return "undecided"


def interval(found: Estimate) -> str:
    """Write an estimate with its interval."""
    return f"{number(found.value)} [{number(found.low)}, {number(found.high)}]"


def number(value: float) -> str:
    """Write a number in three digits."""
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "–"
    if value == 0.0 or 1e-3 <= abs(value) < 1e4:
        return f"{float(f'{value:.3g}'):g}".replace("-", "−")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}·10^{int(exponent)}".replace("-", "−")


def proportion(hits: Iterable[object]) -> Estimate:
    """Return the fraction that is true, and its Clopper-Pearson interval."""
    from scipy.stats import binomtest

    flags = np.asarray(list(hits), dtype=bool)
    found = binomtest(int(flags.sum()), flags.size)
    ends = found.proportion_ci(CONFIDENCE, method="exact")
    return Estimate(value=float(flags.mean()), low=ends.low, high=ends.high, seeds=flags.size)


def resampled(
    statistic: Callable[[np.ndarray], float], seeds: int, resamples: int = 2000, seed: int = 0
) -> Estimate:
    """Return a statistic of the numbers of the seeds, and its bootstrap interval.

    Parameters
    ----------
    statistic
        Takes an array of seeds' numbers, some of them twice, and returns a number; NaN is left
        out of the interval.
    seeds
        How many seeds there are.
    resamples, seed
        Number of resamples, and the seed that draws them.
    """
    rng = np.random.default_rng(seed)
    draws = [statistic(rng.integers(0, seeds, seeds)) for _ in range(resamples)]
    tail = 50.0 * (1.0 - CONFIDENCE)
    known = np.array(draws)[~np.isnan(draws)]
    ends = np.percentile(known, [tail, 100.0 - tail], method="inverted_cdf")
    value = float(statistic(np.arange(seeds)))
    return Estimate(value=value, low=float(ends[0]), high=float(ends[1]), seeds=seeds)


def median_by_seed(values: pd.Series) -> Estimate:
    """Return the median of numbers whose index has a level ``seed``; whole seeds are redrawn.

    Runs of one seed on several tasks share their draws, so that they are no sample of their own.
    """
    own = [each.to_numpy(dtype=float) for _, each in values.groupby(level="seed")]
    return resampled(
        lambda seeds: float(np.median(np.concatenate([own[seed] for seed in seeds]))), len(own)
    )


def seeds_that(runs: pd.DataFrame, flags: pd.Series) -> Estimate:
    """Return the fraction of the seeds with which a flag is true of the runs of all tasks."""
    return proportion(flags.groupby(runs["seed"]).all())


def over_tasks(runs: pd.DataFrame) -> str:
    """Say over how many tasks a geometric mean is taken."""
    count = runs["scenario"].nunique()
    return f"geometric mean over {count} tasks" if count > 1 else "geometric mean"


def readings(runs: pd.DataFrame) -> str:
    """Say out of how many readings, and of how long a run, a best error is the lowest."""
    pairs = runs[["horizon", "probe.period"]].drop_duplicates().to_numpy(dtype=float)
    return " or ".join(
        f"{horizon / period:.0f} readings over {horizon:g} s" for horizon, period in pairs
    )


def groups(frame: pd.DataFrame, keys: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Yield the groups of a frame in the order in which they appear."""
    yield from frame.groupby(keys, sort=False)


def names(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns."""
    return [str(name) for name in frame.columns]


def log(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the logarithms of a frame; zero counts as 1e-300, infinity as nothing."""
    import pandas as pd

    values = np.log(np.clip(frame.to_numpy(dtype=float), 1e-300, None))
    values[np.isinf(values)] = np.nan
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)


def geometric(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return a metric as the geometric mean over scenarios, a row a seed and a column a cell."""
    import pandas as pd

    order = list(dict.fromkeys(runs["label"]))
    logs = [log(by_seed(own, metric)) for _, own in groups(runs, "scenario")]
    mean = pd.concat(logs).groupby("seed").mean()
    return mean.apply(np.exp)[order]


def by_seed(table: pd.DataFrame, metric: str, key: str = "label") -> pd.DataFrame:
    """Return a metric with a row a seed and a column a cell, in the study's order."""
    order = list(dict.fromkeys(table[key]))
    return table.pivot_table(index="seed", columns=key, values=metric, dropna=False)[order]


def joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return several tables as one, with the scenario as a column."""
    import pandas as pd

    frames = [table.assign(scenario=name) for name, table in tables.items()]
    return pd.concat(frames, ignore_index=True)


def tables_of(records: Records) -> pd.DataFrame:
    """Return the tables of a series as one, with the scenario as a column."""
    return joined({name: record.table() for name, record in records.items()})


def _rule(below: float | None, above: float | None) -> str:
    if below is not None and above is not None:
        return f"between {number(above)} and {number(below)}"
    return f"below {number(below)}" if below is not None else f"above {number(above or 0.0)}"
