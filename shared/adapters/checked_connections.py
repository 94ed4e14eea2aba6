"""HTTP connections to addresses that were checked, in bounded time (server-side request forgery).

Each address of a name has to be allowed, and the connection goes to one that was checked: the name
is not resolved again (DNS rebinding). It is `http.client` with a connection of its own, because
that does nothing unasked: no proxies or passwords from the environment, no cookies, no redirects,
no decoding of what is compressed. The package requests-hardened pins addresses and checks
certificates properly too, but it looks at the first address of a name only, lets pass a few that
are not public (`fec0::/10`, `::/96`), and its resolver and its rule can't be replaced in tests.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, quote

import certifi

from shared.adapters.download_addresses import Address, addresses_of, is_public

AGENT = "fairy-tale-image-server/1.0"
"""Discord's CDN has refused requests without one (discordjs/guide #836)."""
CONNECT_SECONDS = 3.05
"""Slightly above a multiple of 3, TCP's own retransmission time-out."""
_MOST_ADDRESSES = 4
_AS_IT_IS = "%!$&'()*+,;=:@/?-._~[]"
"""What `quote` leaves alone in a path or query (RFC 3986), besides letters and digits."""


@lru_cache(maxsize=1)
def public_authorities() -> ssl.SSLContext:
    """TLS that trusts the public certificate authorities, and checks host names."""
    return ssl.create_default_context(cafile=certifi.where())


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where a connection may lead, and how long it may take."""

    is_allowed: Callable[[Address], bool] = is_public
    """Whether an address may be connected to."""
    resolve: Callable[[str, int], Iterable[str]] = addresses_of
    """The addresses of a host name and port; raises OSError."""
    tls: Callable[[], ssl.SSLContext] = public_authorities
    connect_seconds: float = CONNECT_SECONDS
    """For each address."""
    read_seconds: float = 20.0
    """For each piece to come."""
    total_seconds: float = 45.0
    """For everything, but for the resolver, which has time-outs of its own."""


class AddressNotAllowed(Exception):
    """The host has no address, or one that must not be connected to."""


class HostNotKnown(OSError):
    """The host has no addresses just now."""


def target_of(parts: SplitResult) -> str:
    """Path and query as they stand in a request."""
    target = quote(parts.path or "/", safe=_AS_IT_IS)
    return f"{target}?{quote(parts.query, safe=_AS_IT_IS)}" if parts.query else target


def port_of(parts: SplitResult) -> int:
    """The port that a link leads to. Raises ValueError if it names none that there is."""
    return _default_port(parts) if parts.port is None else parts.port


def _default_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


class CheckedConnection(HTTPConnection):
    """A connection to a checked address of the host, with a deadline (of `time.monotonic`).

    Whatever is asked of it raises AddressNotAllowed, or an OSError (TimeoutError, HostNotKnown).
    """

    def __init__(self, parts: SplitResult, reach: Reach, deadline: float) -> None:
        super().__init__(parts.hostname or "", port_of(parts))
        self.default_port = _default_port(parts)  # the Host header names any other
        self._tls = reach.tls() if parts.scheme == "https" else None
        self._reach = reach
        self._deadline = deadline

    def connect(self) -> None:  # noqa: D102 - of HTTPConnection
        raw = self._connected()
        try:
            if self._tls is not None:
                raw.settimeout(_left(self._deadline, self._reach.read_seconds))
                raw = self._tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise
        self.sock = _TimedSocket(raw, self._reach.read_seconds, self._deadline)

    def _connected(self) -> socket.socket:
        try:
            found = [ip_address(address) for address in self._reach.resolve(self.host, self.port)]
        except (OSError, UnicodeError) as error:
            raise HostNotKnown from error
        # One that is not public is enough: who mixes them is up to something.
        if not found or not all(self._reach.is_allowed(address) for address in found):
            raise AddressNotAllowed
        trouble: OSError = ConnectionError()
        for address in found[:_MOST_ADDRESSES]:
            try:
                # An address is not resolved again.
                return socket.create_connection(
                    (str(address), self.port), _left(self._deadline, self._reach.connect_seconds)
                )
            except OSError as error:
                trouble = error
        raise trouble


def _left(deadline: float, most: float) -> float:
    """The seconds to wait at most. Raises TimeoutError if there are none left."""
    left = min(most, deadline - time.monotonic())
    if left <= 0:
        raise TimeoutError
    return left


class _TimedSocket:
    """What `http.client` uses of a socket; no wait is longer than the rules say.

    A socket's own time-out starts anew with every byte that drips in.
    """

    def __init__(self, raw: socket.socket, most: float, deadline: float) -> None:
        self._raw, self._most, self._deadline = raw, most, deadline

    def sendall(self, data: Any) -> None:
        self._raw.settimeout(_left(self._deadline, self._most))
        self._raw.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedFile(self._raw, self._most, self._deadline))

    def close(self) -> None:
        self._raw.close()


class _TimedFile(io.RawIOBase):
    def __init__(self, raw: socket.socket, most: float, deadline: float) -> None:
        self._raw, self._most, self._deadline = raw, most, deadline
        # It keeps the socket open when `http.client` has already closed its own side.
        self._file = raw.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._raw.settimeout(_left(self._deadline, self._most))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
