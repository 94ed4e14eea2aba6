"""What this process knows of how long the painter takes, from its own sightings and others'.

It is a help to look at the right moment, never a need: at most one read and one write per process
and refresh, nothing if the painter tells us when it ends, and no fault of the store gets out.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.domain.observation import Phase, Sighting
from shared.domain.pace import Pace
from shared.domain.stage import Stage
from shared.ports import JobStore, SavePace, StoreError


class Paces:
    """The pace that the painter has at present. Thread-safe."""

    def __init__(
        self, store: JobStore, clock: Callable[[], datetime], refresh: timedelta | None
    ) -> None:
        """`refresh` is how long it goes without asking the store; None: never ask, never learn."""
        self._store = store
        self._clock = clock
        self._refresh = refresh
        self._lock = threading.Lock()
        self._pace = Pace()
        self._seen: list[tuple[str, float]] = []
        self._asked_at: datetime | None = None

    def current(self) -> Pace:
        """The pace as it is known here."""
        if self._refresh is not None and self._is_older_than(self._refresh):
            self._exchange()
        return self._pace

    def saw(self, stage: Stage, sighting: Sighting) -> None:
        """Learn from something that has ended well, by the painter's own clock."""
        seconds = sighting.seconds
        if self._refresh is None or sighting.phase is not Phase.DONE or seconds is None:
            return
        with self._lock:
            self._pace = self._pace.with_duration(stage.name, seconds)
            self._seen.append((stage.name, seconds))

    def _is_older_than(self, age: timedelta) -> bool:
        now = self._clock()
        with self._lock:
            if self._asked_at is not None and now < self._asked_at + age:
                return False
            self._asked_at = now
            return True

    def _exchange(self) -> None:
        """Learn what others have seen, and tell them what was seen here."""
        with self._lock:
            seen, self._seen = self._seen, []
        try:
            pace = self._store.pace()
            for stage, seconds in seen:
                pace = pace.with_duration(stage, seconds)
            if seen:
                self._store.commit(SavePace(pace=pace))
        except StoreError:
            return
        with self._lock:
            for stage, seconds in self._seen:
                pace = pace.with_duration(stage, seconds)
            self._pace = pace
