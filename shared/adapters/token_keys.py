"""The public keys of an issuer of tokens, fetched from its address (JWKS, RFC 7517) and kept.

requests and jwt are imported with the first key that is asked for: most functions need none.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.log import log

if TYPE_CHECKING:
    from jwt import PyJWK
    from requests import Response

SHORTEST, LONGEST, USUAL = 60.0, 86_400.0, 3600.0
"""Seconds that keys are kept: at least, at most, and if the answer says nothing."""
PAUSE = 60.0
"""Seconds between two fetches at least, else anybody's invented key ids would make us fetch."""
FIRST_PAUSE = 2.0
"""The same as long as there are no keys at all."""
TIMEOUT = (3.05, 5.0)
"""Seconds to connect, and to wait for the answer."""

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=(\d{1,9})", re.IGNORECASE)
_KINDS = frozenset({"RSA", "EC"})
"""Of keys that are public. A shared secret among them would let anybody sign who reads them."""


class KeysUnavailable(Exception):
    """An issuer's keys can't be fetched just now, and those that are known don't answer."""


@dataclass(frozen=True)
class _Known:
    keys: "Mapping[str, PyJWK]"
    until: float
    """By the clock, when they are to be fetched anew."""


class TokenKeys:
    """The keys at one address. Thread-safe; whoever has a key that is known never waits."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds that never go back."""
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._known = _Known({}, float("-inf"))
        self._asked_at = float("-inf")
        self._failed = False

    def key(self, key_id: str) -> "PyJWK | None":
        """The key of that id; None: the issuer has no such key. Raises `KeysUnavailable`."""
        found = self._known.keys.get(key_id)
        if found is not None and self._clock() < self._known.until:
            return found
        # Who can go on with an old key leaves the fetching to one of them.
        if self._lock.acquire(blocking=found is None):
            try:
                self._refresh()
            finally:
                self._lock.release()
        found = self._known.keys.get(key_id)
        if found is None and self._failed:
            raise KeysUnavailable(self._url)
        return found

    def _refresh(self) -> None:
        now = self._clock()
        if now < self._asked_at + (PAUSE if self._known.keys else FIRST_PAUSE):
            return  # by another thread, while this one waited, or not long ago
        known = self._fetched(now)
        # From its end on: else all who waited for one that timed out would try in turn.
        self._asked_at = self._clock()
        self._failed = known is None
        self._known = known or self._known

    def _fetched(self, now: float) -> _Known | None:
        import jwt
        import requests

        try:
            answer = requests.get(self._url, timeout=TIMEOUT, allow_redirects=False)
            if answer.status_code != 200:
                raise ValueError(f"HTTP {answer.status_code}")
            content = answer.json()
            if not isinstance(content, dict):
                raise ValueError("no key set")
            keys = jwt.PyJWKSet.from_dict(content)
        except (requests.RequestException, jwt.PyJWTError, ValueError) as error:
            log("WARNING", "keys not fetched", url=self._url, error=type(error).__name__)
            return None
        named = {key.key_id: key for key in keys if key.key_id and key.key_type in _KINDS}
        return _Known(named, now + _freshness(answer))


@lru_cache(maxsize=8)
def keys_at(url: str) -> TokenKeys:
    """The keys at that address that this process keeps."""
    return TokenKeys(url)


def _freshness(answer: "Response") -> float:
    """Seconds for which an answer is fresh (RFC 9111, 4.2.1), within our bounds."""
    said = _MAX_AGE.search(answer.headers.get("Cache-Control", ""))
    age = answer.headers.get("Age", "0")
    seconds = USUAL if said is None else int(said[1]) - (int(age) if age.isdecimal() else 0)
    return min(LONGEST, max(SHORTEST, seconds))
