"""The task queue: Cloud Tasks, or what stands in for it."""

from datetime import datetime
from typing import Protocol

from shared.domain.events import Event
from shared.domain.image import Image


class QueueUnavailable(Exception):
    """A task could not be created: the sweeper will find what it was for and enqueue it again."""


class TaskQueue(Protocol):
    """Cloud Tasks, or what stands in for it. Every method may raise `QueueUnavailable`."""

    def schedule(self, image: Image) -> None:
        """Ring for the image's next step when it is due, with its fencing token."""

    def ring(self, image: Image) -> None:
        """Ring for the image's next step now; repeated for the same fencing token, only once."""

    def schedule_alarm(self, image: Image) -> None:
        """The same as `schedule`, for what will most likely be over before: it can be called off.

        Only once for the same fencing token: what is overdue wants `schedule`.
        """

    def call_off(self, image: Image) -> None:
        """Take the alarm for that fencing token back, if it is still there."""

    def call_back(self, event: Event) -> None:
        """Have a client's own server told of an ending now; repeated for the same, only once."""

    def ask_admission(self, at: datetime | None = None) -> None:
        """Have the admission run soon, or at that moment, of which it is told."""

    def ping(self, seconds: float) -> None:
        """Find out within so many seconds whether it answers at all; creates nothing."""
