"""How long the painter has lately taken, and when to look again by that.

Only a few of the last durations are kept, so that a change of speed shows after as many pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

KEPT = 16
"""Durations that are kept of each stage: the memory is bounded, and short."""

SLACK = 1.01
"""A look at the very moment of the end would come a little too early as often as too late."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Durations in seconds, by stage, the oldest first. The document `admission/pace`."""

    durations: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def with_duration(self, stage: str, seconds: float) -> "Pace":
        """The pace with one more duration of a stage, and the oldest forgotten."""
        kept = (*self.durations.get(stage, ()), round(seconds, 2))[-KEPT:]
        return replace(self, durations={**self.durations, stage: kept})

    def next_look(self, stage: str, elapsed: float) -> float | None:
        """In how many seconds to look again at what has been worked on for `elapsed` seconds.

        At the moments by which a quarter, half, ... of the latest ones were done; so one look is
        enough while all take the same. After them at growing distances. None if nothing is known.
        The caller bounds it.
        """
        moments = self._moments(stage)
        for moment in moments:
            if moment > elapsed:
                return moment - elapsed
        return elapsed - moments[-1] if moments else None

    def _moments(self, stage: str) -> list[float]:
        """When to look, in seconds after the beginning."""
        known = sorted(self.durations.get(stage, ()))
        if not known:
            return []
        last = len(known) - 1
        return [known[last * part // 4] * SLACK for part in range(5)]
