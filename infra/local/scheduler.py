"""Calls a function at a fixed interval: what Cloud Scheduler is in production."""

import asyncio
import contextlib
import datetime as dt

import aiohttp

from infra.local.cloudtasks.dispatch import new_session
from infra.local.cloudtasks.tokens import TokenIssuer

_ACCOUNT = "scheduler@local.iam.gserviceaccount.com"
_DEADLINE = 180.0


class Scheduler:
    """Posts to one URL every so many seconds. Start and stop belong to one asyncio loop."""

    def __init__(
        self,
        url: str,
        interval: float = 60.0,
        *,
        job: str = "sweep",
        overlap: bool = False,
        tokens: TokenIssuer | None = None,
        account: str = _ACCOUNT,
    ) -> None:
        """`interval` in seconds; `overlap` lets a call begin while the one before still runs;
        `account` is whose the tokens are.
        """
        self.url = url
        self.interval = interval
        self.calls = 0
        """Calls begun."""
        self.failures = 0
        """Calls without a 2xx answer."""
        self._job = job
        self._overlap = overlap
        self._tokens = tokens or TokenIssuer()
        self._account = account
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin; the first call is one interval away. An interval of 0 means never."""
        self._session = new_session()
        if self.interval > 0:
            self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop, and abandon the calls that run."""
        tasks = [task for task in (self._loop, *self._running) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time()
        while True:
            # From the planned time, not from now: the interval must not grow by what calls take.
            at += self.interval
            await asyncio.sleep(max(0.0, at - loop.time()))
            if self._running and not self._overlap:
                continue
            task = asyncio.create_task(self.call())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def call(self) -> None:
        """Call once, now."""
        if self._session is None:
            raise RuntimeError("the scheduler has not started")
        self.calls += 1
        headers = {
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": self._job,
            "X-CloudScheduler-ScheduleTime": dt.datetime.now(dt.UTC).isoformat(),
            "Authorization": f"Bearer {self._tokens.mint(self._account, self.url)}",
        }
        with contextlib.suppress(aiohttp.ClientError, OSError):
            async with self._session.post(
                self.url, headers=headers, timeout=aiohttp.ClientTimeout(total=_DEADLINE)
            ) as response:
                await response.read()
                if response.status < 300:
                    return
        self.failures += 1
