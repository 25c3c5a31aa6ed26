"""Who looks at a run while it goes on, and may end it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..engine.errors import OhmtickError, shown
from ..engine.simulation import Observer, Watched
from .scenario import Scenario

#: Says whether a row of a run's probes is good enough.
Stopper = Callable[[dict[str, float]], Any]


@dataclass(kw_only=True)
class Observers:
    """Who looks at one run.

    Attributes
    ----------
    stop : callable or None
        Ends the run at a probe; see `ohmtick.run`.
    watch, poll : callable or None
        See there, too.
    """

    stop: Stopper | None = None
    watch: Observer | None = None
    poll: Observer | None = None
    _met: bool = field(default=False, init=False)

    def check(self, scenario: Scenario) -> None:
        """Refuse what cannot be called, and a stop without probes.

        Raises
        ------
        OhmtickError
            Which, and what it is.
        """
        for name, function in (("stop", self.stop), ("watch", self.watch), ("poll", self.poll)):
            if function is not None and not callable(function):
                raise OhmtickError(f"the {name!r} of a run must be callable, got {shown(function)}")
        if self.stop is not None and scenario.probe is None:
            raise OhmtickError("the 'stop' of a run must have a [probe] to look at, got none")

    @property
    def parts(self) -> Iterator[tuple[str, object]]:
        """What the result depends on, by key."""
        if self.stop is not None:
            yield "stop", self.stop

    @property
    def stopped_by(self) -> str | None:
        """What ended the run, where one of these found it good enough."""
        return "stop" if self._met else None

    def watching(self) -> tuple[Observer | None, Observer | None]:
        """Return what the simulation calls at each probe, and by the wall clock."""
        if self.stop is None:
            return self.watch, self.poll
        looked = -1.0

        def look(simulation: Watched) -> None:
            nonlocal looked
            if self.watch is not None:
                self.watch(simulation)
            probe = simulation.probe
            if probe is None or probe["time_s"] == looked:  # before the first, or at the end
                return
            looked = probe["time_s"]
            assert self.stop is not None
            if self.stop(probe):
                self._met = True
                simulation.stop()

        return look, self.poll


#: Nobody looks.
NOBODY = Observers()
