"""Calls that heal, and a book watched until it ends."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from infra.local.client import Client, ClientError, Look, NoPicture, Refused, Unreachable
from infra.local.make_book.endings import GaveUp

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0
"""Seconds before another try after a failure; doubled each time."""
LOOK_EVERY = 2.0
"""Seconds between two looks if the server does not say."""
LONGEST_LOOK = 60.0
"""Seconds that a server may ask to be left alone for."""


def may_heal(error: ClientError) -> bool:
    """Whether the same call can go well later: the server is out of reach, busy, or failed."""
    if isinstance(error, Refused):
        return error.status >= 500 or error.status in (408, 429)
    return isinstance(error, Unreachable | NoPicture)


class Patience:
    """Makes a call again and again while what is wrong may heal, up to so many seconds."""

    def __init__(
        self,
        seconds: float,
        *,
        told: Callable[[ClientError, float], None],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`told` hears of each failure and of the seconds until the next try."""
        self._seconds = seconds
        self._told = told
        self._sleep = sleep
        self._clock = clock

    def wait(self, seconds: float) -> None:
        """Wait between two calls that went well."""
        self._sleep(min(seconds, LONGEST_LOOK))

    def run(self, call: Callable[[], T]) -> T:
        """Return what the call returns. Raises GaveUp, and at once what cannot heal."""
        began: float | None = None
        wait = FIRST_WAIT
        while True:
            try:
                return call()
            except ClientError as error:
                if not may_heal(error):
                    raise
                now = self._clock()
                began = now if began is None else began
                pause = _pause(error, wait)
                if now + pause - began > self._seconds:
                    raise GaveUp(f"{error} It was tried for {now - began:.0f} s.") from None
                self._told(error, pause)
                self._sleep(pause)
                wait = min(2 * wait, LONGEST_WAIT)


def _pause(error: ClientError, wait: float) -> float:
    asked = error.retry_after if isinstance(error, Refused) else None
    return max(wait, min(asked or 0.0, LONGEST_LOOK))


def follow(client: Client, job_id: str, patience: Patience) -> Iterator[Look]:
    """Yield each look at which the book has changed, the last of them when it is completed.

    Asks as seldom as the server wishes (`Retry-After`), and for changes only (`ETag`). Raises
    GaveUp, and Refused if there is no such book.
    """
    etag: str | None = None
    while True:
        look = patience.run(lambda: client.look(job_id, etag))  # noqa: B023  # called at once
        etag = look.etag
        if look.book is not None:
            yield look
            if look.book.completed:
                return
        patience.wait(look.retry_after or LOOK_EVERY)
