"""What really happened, for tests and benchmarks; a restart of the proxy does not touch it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from infra.local.proxy.task import Action, Task


@dataclass
class Entry:
    """One submission that was ever accepted."""

    task: Task
    parent_id: str | None
    index: int | None
    forgotten: bool = False  #: the proxy has lost it (restart, fault)

    def to_json(self) -> dict[str, Any]:
        """Return the entry as GET /control/stats shows it; times in epoch milliseconds."""
        task = self.task
        return {
            "id": task.id,
            "action": task.action.value,
            "state": task.state,
            "prompt": task.prompt,
            "parentId": self.parent_id,
            "index": self.index,
            "submitTime": task.submit_time,
            "startTime": task.start_time,
            "finishTime": task.finish_time,
            "status": task.status.value,
            "failReason": task.fail_reason,
            "forgotten": self.forgotten,
        }


class Ledger:
    """Counts submissions, slots and requests since it was opened or cleared."""

    def __init__(self, now: float) -> None:
        self.clear(now)

    def clear(self, now: float, *, running: int = 0, unfinished: int = 0) -> None:
        """Start again at `now` (epoch seconds) with so many tasks in flight."""
        self.since = now
        self.entries: list[Entry] = []
        self.requests: Counter[str] = Counter()
        self._running = running
        self._unfinished = unfinished
        self._peak_running = running
        self._peak_unfinished = unfinished
        self._busy_seconds = 0.0
        self._counted_until = now

    def count_request(self, endpoint: str) -> None:
        """Count one request, for example "POST /mj/submit/imagine"."""
        self.requests[endpoint] += 1

    def add(self, task: Task, parent_id: str | None, index: int | None) -> Entry:
        """Enter an accepted submission."""
        entry = Entry(task, parent_id, index)
        self.entries.append(entry)
        return entry

    def change(self, now: float, *, running: int, unfinished: int) -> None:
        """Take over how many tasks hold a slot, and how many are accepted and not ended."""
        self._count_busy(now)
        self._running = running
        self._unfinished = unfinished
        self._peak_running = max(self._peak_running, running)
        self._peak_unfinished = max(self._peak_unfinished, unfinished)

    def to_json(self, now: float) -> dict[str, Any]:
        """Return everything, as GET /control/stats shows it."""
        self._count_busy(now)
        counts = Counter(entry.task.action for entry in self.entries)
        return {
            "since": self.since,
            "now": now,
            "accepted": {action.value: counts[action] for action in Action},
            "running": self._running,
            "unfinished": self._unfinished,
            "peakRunning": self._peak_running,
            "peakUnfinished": self._peak_unfinished,
            "busySlotSeconds": round(self._busy_seconds, 6),
            "requests": dict(sorted(self.requests.items())),
            "submits": [entry.to_json() for entry in self.entries],
        }

    def _count_busy(self, now: float) -> None:
        self._busy_seconds += self._running * max(0.0, now - self._counted_until)
        self._counted_until = max(self._counted_until, now)
