"""What the tasks server has done so far: for benches and tests."""

from collections import deque
from dataclasses import dataclass

_REMEMBERED = 50_000


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call of a target that has ended."""

    queue: str
    """The queue's last name part."""
    task: str
    """The task's last name part."""
    path: str
    """The URL's path."""
    eta: float
    """When it was scheduled for, in Unix seconds."""
    started: float
    """When the call began, in Unix seconds."""
    seconds: float
    """How long the call took."""
    status: int | None
    """The HTTP status, or None if there was no answer."""
    is_duplicate: bool
    """Whether chaos made it, not the task's own schedule."""


class Counters:
    """Totals since the start or the last `reset()`. Reading them from another thread is fine."""

    def __init__(self) -> None:
        self._created: dict[str, int] = {}
        self._created_paths: dict[str, int] = {}
        self._dispatched: dict[str, int] = {}
        self._dispatched_paths: dict[str, int] = {}
        self._attempts: deque[Attempt] = deque(maxlen=_REMEMBERED)
        self.refused_names = 0
        """Tasks refused because their name was taken."""
        self.failed = 0
        """Attempts without a 2xx answer."""
        self.gave_up = 0
        """Tasks that vanished because their attempts were used up."""
        self.duplicated = 0
        """Dispatches that chaos doubled."""
        self.lost = 0
        """Tasks that chaos lost."""

    @property
    def created(self) -> dict[str, int]:
        """Tasks created, by queue."""
        return dict(self._created)

    @property
    def created_paths(self) -> dict[str, int]:
        """Tasks created, by the path of their URL."""
        return dict(self._created_paths)

    @property
    def dispatched(self) -> dict[str, int]:
        """Calls begun, by queue, with retries and duplicates."""
        return dict(self._dispatched)

    @property
    def dispatched_paths(self) -> dict[str, int]:
        """Calls begun, by the path of their URL, with retries and duplicates."""
        return dict(self._dispatched_paths)

    @property
    def attempts(self) -> list[Attempt]:
        """The latest 50,000 calls that ended, in the order of their ends."""
        return list(self._attempts)

    def count_created(self, queue: str, path: str) -> None:
        """Note that a task was created."""
        self._created[queue] = self._created.get(queue, 0) + 1
        self._created_paths[path] = self._created_paths.get(path, 0) + 1

    def count_dispatched(self, queue: str, path: str) -> None:
        """Note that a call begins."""
        self._dispatched[queue] = self._dispatched.get(queue, 0) + 1
        self._dispatched_paths[path] = self._dispatched_paths.get(path, 0) + 1

    def record(self, attempt: Attempt) -> None:
        """Note that a call has ended."""
        self._attempts.append(attempt)
        if attempt.status is None or not 200 <= attempt.status < 300:
            self.failed += 1

    def reset(self) -> None:
        """Begin to count from zero."""
        self.__init__()  # type: ignore[misc]
