"""Quotas: what an owner asks for is reserved before it is written, and given back if it is not.

A reservation is one increment, whose answer tells what it comes to, so that of any number of
requests at once just as many pass as may. Nothing is read, and nobody waits for anybody. What is
over the limit is given back at once. A process that dies in between, or a commit of which nobody
knows whether it was done, costs the owner what was reserved, until the hour or the day is over.
"""

from datetime import datetime

from shared.domain.quota import DAY, Exceeded, Usage, exceeded
from shared.log import log
from shared.ports import Spend, StoreError
from shared.usecases.refusals import TooMuchAsked
from shared.usecases.services import Services

TRIES = 5
KEPT = 2 * DAY
"""Until a count may be deleted; nobody asks for it after its day."""


class Reservation:
    """What an owner is about to ask for; costs nothing where nothing is limited."""

    def __init__(self, services: Services, owner_uid: str, *, jobs: int = 0, pictures: int) -> None:
        self._services = services
        self._owner_uid = owner_uid
        self._wanted = Usage(jobs=jobs, pictures=pictures)
        self._made_at: datetime | None = None

    def make(self) -> None:
        """Reserve it, unless that was done. Raises `TooMuchAsked`, `StoreUnavailable`."""
        nothing = self._wanted == Usage() or not self._services.quotas.limited
        if nothing or self._made_at is not None:
            return
        for tries_left in reversed(range(TRIES)):
            now = self._services.clock()
            over = self._exceeded(self._spend(self._wanted, now) + -self._wanted, now)
            if over is None:
                self._made_at = now
                return
            # What stood in the way may have been others, who are over the limit and give it back.
            used = self._spend(-self._wanted, now)
            if self._exceeded(used, now) is not None or not tries_left:
                raise TooMuchAsked(over, now)

    def give_back(self) -> None:
        """Have it not count: nothing came of it."""
        if self._made_at is None:
            return
        try:
            self._spend(-self._wanted, self._made_at)
        except StoreError as error:
            log("WARNING", "a reservation was not given back", why=type(error).__name__)
        self._made_at = None

    def _exceeded(self, used: Usage, now: datetime) -> Exceeded | None:
        return exceeded(self._services.quotas, used, self._wanted, now)

    def _spend(self, usage: Usage, at: datetime) -> Usage:
        """Count it; answers what it comes to."""
        spend = Spend(owner_uid=self._owner_uid, at=at, usage=usage, expire_at=at + KEPT)
        return self._services.store.commit(spend).spent
