"""Runs the tasks of a queue: one HTTP call per attempt."""

import asyncio
import math
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp

from infra.local.cloudtasks.chaos import Chaos
from infra.local.cloudtasks.counters import Attempt, Counters
from infra.local.cloudtasks.queue import Entry, Outcome, Queue
from infra.local.cloudtasks.tokens import TokenIssuer

_OWN_PREFIX = "x-cloudtasks-"


def new_session() -> aiohttp.ClientSession:
    """Return an HTTP client that opens as many connections as there are calls."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=10.0)
    # No total time-out here: each call has its own deadline.
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def request_headers(entry: Entry, tokens: TokenIssuer) -> dict[str, str]:
    """Return an attempt's headers: the task's own, then Cloud Tasks' (which can't be forged).

    https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
    """
    call = entry.call
    headers = {"User-Agent": "Google-Cloud-Tasks"}
    if call.body:
        headers["Content-Type"] = "application/octet-stream"
    for key, value in call.headers.items():
        lower = key.lower()
        if not lower.startswith(_OWN_PREFIX):
            headers = {k: v for k, v in headers.items() if k.lower() != lower} | {key: value}
    queue, _, task = entry.name.rpartition("/tasks/")
    headers |= {
        "X-CloudTasks-QueueName": queue.rpartition("/")[2],
        "X-CloudTasks-TaskName": task,
        "X-CloudTasks-TaskRetryCount": str(entry.attempts - 1),
        "X-CloudTasks-TaskExecutionCount": str(entry.executions),
        "X-CloudTasks-TaskETA": f"{entry.eta:.6f}",
    }
    if entry.last_status is not None:
        headers["X-CloudTasks-TaskPreviousResponse"] = str(entry.last_status)
    if call.oidc_email:
        token = tokens.mint(call.oidc_email, call.oidc_audience or call.url)
        headers["Authorization"] = f"Bearer {token}"
    return headers


class QueueRunner:
    """Takes from a queue whatever is due, and calls it."""

    def __init__(
        self,
        queue: Queue,
        *,
        session: aiohttp.ClientSession,
        tokens: TokenIssuer,
        chaos: Chaos,
        counters: Counters,
        clock: Callable[[], float],
    ) -> None:
        self.queue = queue
        self._session = session
        self._tokens = tokens
        self._chaos = chaos
        self._counters = counters
        self._clock = clock
        self._wake = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._loop = asyncio.create_task(self._run(), name=f"queue {queue.name}")

    def wake(self) -> None:
        """Look again: something about the queue has changed."""
        self._wake.set()

    def run_now(self, entry: Entry) -> None:
        """Call a task at once, whatever the queue's limits say (RunTask)."""
        entry.eta = entry.due = self._clock()
        self.queue.begin(entry, entry.due)
        self._start(entry)

    async def close(self) -> None:
        """Stop, and abandon the calls that run."""
        for task in (self._loop, *self._calls):
            task.cancel()
        await asyncio.gather(self._loop, *self._calls, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            found = self.queue.take(self._clock())
            if isinstance(found, Entry):
                self._start(found)
                continue
            timer = None if found == math.inf else loop.call_later(found, self._wake.set)
            try:
                await self._wake.wait()
            finally:
                if timer is not None:
                    timer.cancel()

    def _start(self, entry: Entry) -> None:
        if not entry.is_duplicate and self._chaos.is_duplicated():
            self._counters.duplicated += 1
            self.queue.duplicate(entry, self._clock() + self._chaos.lateness())
        call = asyncio.create_task(self._attempt(entry))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _attempt(self, entry: Entry) -> None:
        queue = self.queue.name.rpartition("/")[2]
        path = urlsplit(entry.call.url).path
        self._counters.count_dispatched(queue, path)
        started, eta = self._clock(), entry.eta
        status = await self._call(entry)
        now = self._clock()
        record = Attempt(
            queue=queue,
            task=entry.name.rpartition("/")[2],
            path=path,
            eta=eta,
            started=started,
            seconds=now - started,
            status=status,
            is_duplicate=entry.is_duplicate,
        )
        self._counters.record(record)
        outcome = self.queue.finish(entry, now, status, self._chaos.lateness())
        if outcome is Outcome.GAVE_UP:
            self._counters.gave_up += 1
        self.wake()

    async def _call(self, entry: Entry) -> int | None:
        call = entry.call
        try:
            async with self._session.request(
                call.method,
                call.url,
                headers=request_headers(entry, self._tokens),
                data=call.body or None,
                timeout=aiohttp.ClientTimeout(total=call.deadline),
                allow_redirects=False,
            ) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, OSError, ValueError):  # TimeoutError is an OSError
            return None
