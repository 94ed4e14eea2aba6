"""The task queue: Cloud Tasks, or what stands in for it."""

from typing import Protocol

from shared.domain.image import Image


class QueueUnavailable(Exception):
    """A task could not be created: the sweeper will find what it was for and enqueue it again."""


class TaskQueue(Protocol):
    """Cloud Tasks, or what stands in for it. Every method may raise `QueueUnavailable`."""

    def schedule(self, image: Image) -> None:
        """Ring for the image's next step when it is due, with its fencing token."""

    def ask_admission(self) -> None:
        """Have the admission run soon."""
