"""Paints pictures when they are first looked at, in threads, and keeps the newest ones."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from infra.local.proxy.painting import grid
from infra.local.proxy.painting.grid import Order

_Key = tuple[Order, int | None]


class Gallery:
    """Pictures by order; equal orders are painted once."""

    def __init__(self, painters: int, cache_bytes: int) -> None:
        """Paint in `painters` threads and keep up to `cache_bytes` bytes of pictures."""
        self._pool = ThreadPoolExecutor(painters, thread_name_prefix="painter")
        self._limit = cache_bytes
        self._size = 0
        self._done: OrderedDict[_Key, bytes] = OrderedDict()
        self._under_way: dict[_Key, asyncio.Future[bytes]] = {}

    async def picture(self, order: Order, percent: int | None = None) -> bytes:
        """Return an order's picture: PNG, or WebP of how it looks at so many percent."""
        key = (order, percent)
        if key in self._done:
            self._done.move_to_end(key)
            return self._done[key]
        if key not in self._under_way:
            loop = asyncio.get_running_loop()
            self._under_way[key] = loop.run_in_executor(self._pool, _paint, order, percent)
            self._under_way[key].add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(self._under_way[key])

    def close(self) -> None:
        """Let the painters finish and go."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _keep(self, key: _Key, done: "asyncio.Future[bytes]") -> None:
        self._under_way.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        self._done[key] = done.result()
        self._size += len(done.result())
        while self._size > self._limit and len(self._done) > 1:
            self._size -= len(self._done.popitem(last=False)[1])


def _paint(order: Order, percent: int | None) -> bytes:
    if percent is None:
        return grid.encode_png(grid.paint(order))
    return grid.encode_webp(grid.paint_partial(order, percent))
