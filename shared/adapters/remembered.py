"""A source of pictures that remembers the last ones, as a book's members are compared with one."""

import threading
from collections import OrderedDict

from shared.ports import Picture, PictureSource

MOST_BYTES = 32 * 1024 * 1024
"""That are remembered, together."""


class RememberedSource:
    """`shared.ports.PictureSource` over another one. Thread-safe.

    For links whose picture never changes, as the painter's and our own.
    """

    def __init__(self, source: PictureSource, most_bytes: int = MOST_BYTES) -> None:
        self._source = source
        self._most = most_bytes
        self._lock = threading.Lock()
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._bytes = 0

    def fetch(self, url: str) -> Picture:  # noqa: D102 - see the port
        with self._lock:
            known = self._pictures.get(url)
            if known is not None:
                self._pictures.move_to_end(url)
                return known
        picture = self._source.fetch(url)
        with self._lock:
            self._remember(url, picture)
        return picture

    def _remember(self, url: str, picture: Picture) -> None:
        if url in self._pictures or len(picture.data) > self._most:
            return
        self._pictures[url] = picture
        self._bytes += len(picture.data)
        while self._bytes > self._most:
            _, oldest = self._pictures.popitem(last=False)
            self._bytes -= len(oldest.data)
