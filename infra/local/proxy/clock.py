"""Time for the engine: the event loop's, or one that a test moves by hand."""

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is to happen later."""

    def cancel(self) -> None:
        """See to it that it does not happen."""


class Clock(Protocol):
    """Tells the time and calls back."""

    def time(self) -> float:
        """Return seconds since the epoch."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back after so many seconds."""


class LoopClock:
    """The time of an asyncio event loop; all calls are made in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back in the loop after so many seconds."""
        return self._loop.call_later(seconds, callback)


class _Entry:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A clock for tests: time passes only when `advance` is called."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._count = 0
        self._entries: list[tuple[float, int, _Entry]] = []

    def time(self) -> float:
        """Return seconds since the epoch."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once time has been moved past so many seconds."""
        entry = _Entry(callback)
        self._count += 1
        heapq.heappush(self._entries, (self._now + max(0.0, seconds), self._count, entry))
        return entry

    def advance(self, seconds: float) -> None:
        """Move time on and make every call that falls due, in order."""
        end = self._now + seconds
        while self._entries and self._entries[0][0] <= end:
            due, _, entry = heapq.heappop(self._entries)
            self._now = max(self._now, due)
            if entry.callback is not None:
                entry.callback()
        self._now = end
