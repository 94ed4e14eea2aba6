"""What the painter was given, and what became of it: by this it is judged what was paid for twice.

Times are seconds of the kernel's clock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shared.domain.observation import Phase


@dataclass
class Painting:
    """One task of the painter's."""

    task_id: str
    action: str
    token: str
    hook: str | None
    parent: str | None
    index: int
    arrived_at: float = 0.0
    """When the request that made it begin came to the painter, who may take it up later."""
    known_at: float | None = None
    """When it came to be on the painter's list."""
    accepted_at: float | None = None
    """When the painter took it, for money."""
    began_at: float | None = None
    ended_at: float | None = None
    failed: str | None = None
    """Why it failed, if it did."""
    stuck_at: float | None = None
    """Since when nothing will become of it."""
    forgotten_at: float | None = None
    """Since when the painter does not know it."""
    disowned_at: float | None = None
    """When the painter last said that it can't go on with it, though it was done."""

    @property
    def phase(self) -> Phase:
        if self.ended_at is not None:
            return Phase.DONE if self.failed in {None, "failed without a picture"} else Phase.FAILED
        return Phase.WAITING if self.began_at is None else Phase.WORKING


class Ledger:
    """Every task that there ever was."""

    def __init__(self, took: Callable[[Painting], None]) -> None:
        """`took` is told of everything that the painter takes, at that moment."""
        self.took = took
        self._tasks: dict[str, Painting] = {}
        self._by_token: dict[str, list[Painting]] = {}

    def write(self, painting: Painting) -> None:
        """Add a task."""
        self._tasks[painting.task_id] = painting
        self._by_token.setdefault(painting.token, []).append(painting)

    def ever(self, task_id: str) -> Painting | None:
        """The task of that id, forgotten or not."""
        return self._tasks.get(task_id)

    def known(self, task_id: str) -> Painting | None:
        """The task of that id, if the painter still knows it."""
        found = self._tasks.get(task_id)
        return found if found is not None and found.forgotten_at is None else None

    def known_by(self, token: str) -> Painting | None:
        """The newest task with that token that the painter still knows."""
        known = [one for one in self._by_token.get(token, ()) if one.forgotten_at is None]
        return known[-1] if known else None

    def repeated(self, painting: Painting) -> Painting | None:
        """The task that enlarges the same one of the same four."""
        for one in self._tasks.values():
            same = (one.parent, one.index) == (painting.parent, painting.index)
            if same and one.action == painting.action and one.forgotten_at is None:
                return one
        return None

    def all_known(self) -> Iterable[Painting]:
        """Those that the painter still knows."""
        return [one for one in self._tasks.values() if one.forgotten_at is None]

    @property
    def paintings(self) -> list[Painting]:
        """All that the painter took, in order."""
        return [one for one in self._tasks.values() if one.accepted_at is not None]
