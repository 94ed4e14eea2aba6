"""notifyHook: POSTs of a task to the client (contract, section 3)."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from infra.local.proxy.task import Status, Task

_LOG = logging.getLogger(__name__)

#: Seconds for which a task's last rank is remembered.
_MEMORY_SECONDS = 3600.0


def rank_of(status: Status, progress: str | None) -> float:
    """Return the rank by which the proxy drops notifications that are older than the last one."""
    if status is Status.IN_PROGRESS:
        percent = re.match(r"(\d+)%", progress or "")
        return 3.0 + (int(percent[1]) / 100 if percent else 0.0)
    return {Status.NOT_START: 0.0, Status.SUBMITTED: 1.0}.get(status, 4.0)


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How one task's notifications go wrong."""

    drop: bool = False
    double: bool = False
    reorder: bool = False


class Notifier(Protocol):
    """Takes the news of a task."""

    def notify(self, task: Task, manner: Manner) -> None:
        """Send the task as it is now to its hook, if it has one."""

    def forget(self) -> None:
        """Forget all ranks, as a restart of the proxy does."""


class RankMemory:
    """The last rank of each task, for an hour."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ranks: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, task: Task) -> bool:
        """Say whether news are not older than the last ones (equal ranks pass); remember them."""
        if task.status is Status.NOT_START:
            return False
        now = self._now()
        while self._ranks and next(iter(self._ranks.values()))[1] < now - _MEMORY_SECONDS:
            self._ranks.popitem(last=False)
        rank = rank_of(task.status, task.progress)
        if rank < self._ranks.get(task.id, (0.0, 0.0))[0]:
            return False
        self._ranks[task.id] = (rank, now)
        self._ranks.move_to_end(task.id)
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._ranks.clear()


@dataclass(frozen=True)
class _Letter:
    url: str
    body: dict[str, Any]


class HttpNotifier:
    """Posts to hooks with a pool of workers; no retry, no time-out, no promise of an order."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        pool: int,
        memory: RankMemory,
        task_json: Callable[[Task], dict[str, Any]],
    ) -> None:
        """Send through `session` with `pool` requests under way at once."""
        self._session = session
        self._memory = memory
        self._task_json = task_json
        self._queue: asyncio.Queue[_Letter] = asyncio.Queue()
        self._held: dict[str, _Letter] = {}
        self._seen: set[str] = set()
        self._workers = [asyncio.create_task(self._work()) for _ in range(pool)]
        self.sent = 0
        self.failed = 0

    def notify(self, task: Task, manner: Manner) -> None:
        """Send the task as it is now to its hook, if it has one."""
        url = task.properties.get("notifyHook")
        if not url or not self._memory.admits(task) or manner.drop:
            return
        letter = _Letter(str(url), self._task_json(task))
        for _ in range(2 if manner.double else 1):
            if manner.reorder:
                self._reorder(task, letter)
            else:
                self._queue.put_nowait(letter)

    def forget(self) -> None:
        """Forget all ranks, as a restart of the proxy does."""
        self._memory.clear()

    async def close(self) -> None:
        """Stop the workers; what waits is not sent."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _reorder(self, task: Task, letter: _Letter) -> None:
        """Hold every second letter back until the one after it was sent."""
        held = self._held.pop(task.id, None)
        if task.id in self._seen and held is None and not task.ended:
            self._held[task.id] = letter
            return
        self._seen.add(task.id)
        self._queue.put_nowait(letter)
        if held is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(0.05, self._queue.put_nowait, held)

    async def _work(self) -> None:
        while True:
            letter = await self._queue.get()
            try:
                async with self._session.post(
                    letter.url, json=letter.body, allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as answer:  # fmt: skip
                    await answer.read()
                self.sent += 1
                if answer.status >= 300:
                    _LOG.warning("notifyHook answered %s", answer.status)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                self.failed += 1
                _LOG.warning("notifyHook failed: %s", error)
