"""Fetches the pictures that prompts refer to, over HTTP, and looks at them."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import aiohttp

from infra.local.proxy.midjourney import LinkReport
from infra.local.proxy.painting.look import Look, look_at

#: `User-Agent` of MidJourney's own fetches; picture faults spare them.
USER_AGENT = "SimulatedMidJourney/1.0"

_TIMEOUT_SECONDS = 20.0
_MAX_BYTES = 20 * 1024 * 1024
_CACHE_SECONDS = 60.0
_CACHE_LENGTH = 256


class LinkReader:
    """Reads links in the background; what a URL showed is remembered for a minute."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Fetch through `session`."""
        self._session = session
        self._known: OrderedDict[str, tuple[float, Look]] = OrderedDict()
        self._seen: OrderedDict[bytes, Look] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[Look]] = {}
        self._jobs: set[asyncio.Task[None]] = set()

    def read(self, urls: tuple[str, ...], done: Callable[[LinkReport], None]) -> None:
        """Fetch all URLs and report in the event loop, never before this call has returned."""
        job = asyncio.get_running_loop().create_task(self._read(urls, done))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        jobs = [*self._jobs, *self._under_way.values()]
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    async def _read(self, urls: tuple[str, ...], done: Callable[[LinkReport], None]) -> None:
        looks: dict[str, Look] = {}
        for url in urls:
            try:
                looks[url] = await self._look(url)
            except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
                done(LinkReport(bad_url=url))
                return
        colours = dict.fromkeys(colour for look in looks.values() for colour in look.colours)
        done(LinkReport(colours=tuple(colours)[:8], looks=tuple(looks.items())))

    async def _look(self, url: str) -> Look:
        known = self._known.get(url)
        if known is not None and known[0] > time.time() and not _expired(url):
            return known[1]
        if url not in self._under_way:
            job = asyncio.get_running_loop().create_task(self._fetch(url))
            self._under_way[url] = job
            job.add_done_callback(lambda _: self._under_way.pop(url, None))
        return await asyncio.shield(self._under_way[url])

    async def _fetch(self, url: str) -> Look:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        headers = {"User-Agent": USER_AGENT}
        async with self._session.get(url, timeout=timeout, headers=headers) as answer:
            answer.raise_for_status()
            content = await answer.content.read(_MAX_BYTES + 1)
            while len(content) <= _MAX_BYTES and not answer.content.at_eof():
                content += await answer.content.read(_MAX_BYTES + 1 - len(content))
        if len(content) > _MAX_BYTES:
            raise ValueError("the picture is too large")
        look = await self._looked_at(content)
        self._known[url] = (time.time() + _CACHE_SECONDS, look)
        if len(self._known) > _CACHE_LENGTH:
            self._known.popitem(last=False)
        return look

    async def _looked_at(self, content: bytes) -> Look:
        """Look at a picture once, however often it is uploaded: each upload has its own URL."""
        digest = hashlib.sha256(content).digest()
        look = self._seen.get(digest)
        if look is None:
            look = self._seen[digest] = await asyncio.to_thread(look_at, content)
            if len(self._seen) > _CACHE_LENGTH:
                self._seen.popitem(last=False)
        return look


def _expired(url: str) -> bool:
    """Say whether a Discord URL's own expiry (`ex`, hexadecimal epoch seconds) has passed."""
    expiry = parse_qs(urlsplit(url).query).get("ex", [""])[0]
    try:
        return int(expiry, 16) <= time.time()
    except ValueError:
        return False
