"""How much an owner may ask for: books in an hour, pictures in a day, both by the clock in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """What an owner may ask for at most; 0: as much as they like."""

    jobs_per_hour: int = 0
    pictures_per_day: int = 0

    @property
    def limited(self) -> bool:
        """Whether there is anything to count."""
        return self.jobs_per_hour > 0 or self.pictures_per_day > 0


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What an owner asks for, has asked for in this hour and day, or gives back (then negative)."""

    jobs: int = 0
    pictures: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(jobs=self.jobs + other.jobs, pictures=self.pictures + other.pictures)

    def __neg__(self) -> "Usage":
        return Usage(jobs=-self.jobs, pictures=-self.pictures)


@dataclass(frozen=True, kw_only=True)
class Exceeded:
    """Which limit stands in the way."""

    limit: int
    used: int
    """Of it, without what was asked for."""
    again_at: datetime
    """When the count begins anew."""
    of_jobs: bool
    """Books in an hour; else pictures in a day."""


def exceeded(quotas: Quotas, used: Usage, wanted: Usage, now: datetime) -> Exceeded | None:
    """What forbids to ask for that beside what is used already; None: nothing does."""
    if wanted.jobs and 0 < quotas.jobs_per_hour < used.jobs + wanted.jobs:
        return Exceeded(
            limit=quotas.jobs_per_hour, used=used.jobs, again_at=_next(now, HOUR), of_jobs=True
        )
    if wanted.pictures and 0 < quotas.pictures_per_day < used.pictures + wanted.pictures:
        return Exceeded(
            limit=quotas.pictures_per_day,
            used=used.pictures,
            again_at=_next(now, DAY),
            of_jobs=False,
        )
    return None


def _next(now: datetime, period: timedelta) -> datetime:
    """The next full hour, or the next midnight in UTC."""
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    return now + period - (now - beginning) % period
