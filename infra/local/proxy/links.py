"""Fetches the pictures that prompts refer to, over HTTP, and finds their colours."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import aiohttp

from infra.local.proxy.midjourney import LinkReport
from infra.local.proxy.painting.colours import Colour
from infra.local.proxy.painting.palette import dominant_colours

#: `User-Agent` of MidJourney's own fetches; picture faults spare them.
USER_AGENT = "SimulatedMidJourney/1.0"

_TIMEOUT_SECONDS = 20.0
_MAX_BYTES = 20 * 1024 * 1024
_CACHE_SECONDS = 60.0
_CACHE_LENGTH = 256


class LinkReader:
    """Reads links in the background; the colours of a URL are remembered for a minute."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Fetch through `session`."""
        self._session = session
        self._known: OrderedDict[str, tuple[float, tuple[Colour, ...]]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[tuple[Colour, ...]]] = {}
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
        colours: list[Colour] = []
        for url in urls:
            try:
                colours += await self._colours(url)
            except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
                done(LinkReport(bad_url=url))
                return
        done(LinkReport(colours=tuple(dict.fromkeys(colours))[:8]))

    async def _colours(self, url: str) -> tuple[Colour, ...]:
        known = self._known.get(url)
        if known is not None and known[0] > time.time() and not _expired(url):
            return known[1]
        if url not in self._under_way:
            job = asyncio.get_running_loop().create_task(self._fetch(url))
            self._under_way[url] = job
            job.add_done_callback(lambda _: self._under_way.pop(url, None))
        return await asyncio.shield(self._under_way[url])

    async def _fetch(self, url: str) -> tuple[Colour, ...]:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        headers = {"User-Agent": USER_AGENT}
        async with self._session.get(url, timeout=timeout, headers=headers) as answer:
            answer.raise_for_status()
            content = await answer.content.read(_MAX_BYTES + 1)
            while len(content) <= _MAX_BYTES and not answer.content.at_eof():
                content += await answer.content.read(_MAX_BYTES + 1 - len(content))
        if len(content) > _MAX_BYTES:
            raise ValueError("the picture is too large")
        colours = await asyncio.to_thread(dominant_colours, content)
        self._known[url] = (time.time() + _CACHE_SECONDS, colours)
        if len(self._known) > _CACHE_LENGTH:
            self._known.popitem(last=False)
        return colours


def _expired(url: str) -> bool:
    """Say whether a Discord URL's own expiry (`ex`, hexadecimal epoch seconds) has passed."""
    expiry = parse_qs(urlsplit(url).query).get("ex", [""])[0]
    try:
        return int(expiry, 16) <= time.time()
    except ValueError:
        return False
