"""Downloads by links that may be hostile (server-side request forgery).

The host has to be on a list, each of its addresses has to be public, and the connection goes to an
address that was checked: the name is not resolved again (DNS rebinding). A redirect starts the
same checks anew. It is `http.client` with a connection of its own, because that does nothing
unasked: no proxies or passwords from the environment, no cookies, no redirects, no decoding of
what is compressed. The package requests-hardened pins addresses and checks certificates properly
too, but it looks at the first address of a name only, lets pass a few that are not public
(`fec0::/10`, `::/96`), and its resolver and its rule can't be replaced in tests.

No error quotes a link: its query may hold a signature.
"""

import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import certifi

from shared.adapters.download_addresses import Address, addresses_of, is_public
from shared.adapters.picture_formats import MOST_BYTES
from shared.ports import PictureRejected, PictureUnavailable

AGENT = "fairy-tale-image-server/1.0"
"""Discord's CDN has refused requests without one (discordjs/guide #836)."""
_CHUNK = 64 * 1024
_MOST_ADDRESSES = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
"""The only statuses below 500 that may be another one later (RFC 9110, 6585, 8470)."""
_HOST = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)*|[0-9a-f:.]+")
"""A name or an address; what is not ASCII has to come as `xn--`."""
_AS_IT_IS = "%!$&'()*+,;=:@/?-._~[]"
"""What `quote` leaves alone in a path or query (RFC 3986), besides letters and digits."""


@lru_cache(maxsize=1)
def public_authorities() -> ssl.SSLContext:
    """TLS that trusts the public certificate authorities, and checks host names."""
    return ssl.create_default_context(cafile=certifi.where())


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Which links are followed, and how far. The defaults are for links that clients send."""

    hosts: tuple[str, ...] | None = ()
    """In lower case; `.example.org` stands for all hosts below it; None: any."""
    schemes: tuple[str, ...] = ("https",)
    ports: tuple[int, ...] | None = (443,)
    """None: any."""
    is_allowed: Callable[[Address], bool] = is_public
    """Whether an address may be connected to."""
    resolve: Callable[[str, int], Iterable[str]] = addresses_of
    """The addresses of a host name and port; raises OSError."""
    tls: Callable[[], ssl.SSLContext] = public_authorities
    most_bytes: int = MOST_BYTES
    most_redirects: int = 3
    connect_seconds: float = 3.05
    """For each address; slightly above a multiple of 3, TCP's own retransmission time-out."""
    read_seconds: float = 20.0
    """For each piece to come."""
    total_seconds: float = 45.0
    """For everything, redirects included, but for the resolver, which has time-outs of its own."""


def download(url: str, rules: Rules) -> bytes:
    """What is behind a link.

    Raises `PictureRejected` (`link_not_allowed`, `link_broken`, `picture_too_large`) if asking
    again is pointless, `PictureUnavailable` if it is not.
    """
    deadline = time.monotonic() + rules.total_seconds
    for _ in range(rules.most_redirects + 1):
        parts = _checked(url, rules)
        try:
            with closing(_Connection(parts, rules, deadline)) as connection:
                body = _asked(connection, parts, rules)
        except (OSError, HTTPException, ValueError) as error:
            # ValueError: of an answer that `http.client` can't parse.
            # `from None`: some of these errors quote the link.
            raise PictureUnavailable(f"its link broke ({type(error).__name__})") from None
        if isinstance(body, bytes):
            return body
        try:
            url = urljoin(url, body.target)
        except ValueError:
            raise _not_allowed("it leads to something that is no link") from None
    raise PictureRejected("link_broken", "The link is redirected too often; send its target.")


@dataclass(frozen=True)
class _Redirect:
    target: str


def _asked(connection: "_Connection", parts: SplitResult, rules: Rules) -> bytes | _Redirect:
    target = quote(parts.path or "/", safe=_AS_IT_IS)
    if parts.query:
        target += "?" + quote(parts.query, safe=_AS_IT_IS)
    headers = {
        "User-Agent": AGENT,
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    connection.request("GET", target, headers=headers)
    with connection.getresponse() as response:
        if response.status in _REDIRECTS:
            return _Redirect(response.headers.get("Location", ""))
        if response.status >= 500 or response.status in _PASSING:
            raise PictureUnavailable(f"its link answered HTTP {response.status}")
        if response.status != 200:
            raise PictureRejected(
                "link_broken",
                f"The link answers HTTP {response.status}; send one that anybody can open.",
            )
        return _body(response, rules.most_bytes)


def _body(response: HTTPResponse, most_bytes: int) -> bytes:
    data = bytearray()
    # Not `read`: a chunk that says it has -1 bytes makes that read for ever.
    chunk = memoryview(bytearray(_CHUNK))
    # `length` is what is still to come, None if that is not known.
    while (response.length or 0) + len(data) <= most_bytes:
        count = response.readinto(chunk)
        if not count:
            if response.length:
                raise PictureUnavailable("its link broke off")
            return bytes(data)
        data += chunk[:count]
    raise PictureRejected(
        "picture_too_large", f"The picture has more than {most_bytes / 2**20:.3g} MiB."
    )


# --- what is allowed -----------------------------------------------------------------------------


def _not_allowed(why: str) -> PictureRejected:
    return PictureRejected("link_not_allowed", f"The link can't be followed: {why}.")


def _checked(url: str, rules: Rules) -> SplitResult:
    """The link in its parts, if the rules allow it."""
    # `urlsplit` drops tabs and newlines, and browsers read a backslash as a slash: no parser of
    # ours may see another host than the one that is checked.
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise _not_allowed("it has characters that no link has")
    try:
        url.encode()  # half of a surrogate pair can't be sent
        parts = urlsplit(url)
        host, port = parts.hostname or "", _port(parts)
    except ValueError:
        raise _not_allowed("it is no link") from None
    if parts.scheme not in rules.schemes:
        raise _not_allowed(f"it has to begin with {rules.schemes[0]}://")
    if parts.username is not None or parts.password is not None:
        raise _not_allowed("it must not hold a user name")
    if rules.ports is not None and port not in rules.ports:
        raise _not_allowed("it must not name a port")
    if not _HOST.fullmatch(host):
        raise _not_allowed("its host is no name")
    if rules.hosts is not None and not any(covers(pattern, host) for pattern in rules.hosts):
        raise _not_allowed("its host is none of those from which pictures are taken")
    return parts


def covers(pattern: str, host: str) -> bool:
    """Whether a host is the one that is named, or one of those below `.example.org`."""
    return host.endswith(pattern) if pattern.startswith(".") else host == pattern


def _port(parts: SplitResult) -> int:
    return _default_port(parts) if parts.port is None else parts.port


def _default_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


# --- the connection ------------------------------------------------------------------------------


class _Connection(HTTPConnection):
    """A connection to a checked address of the host, with a deadline."""

    def __init__(self, parts: SplitResult, rules: Rules, deadline: float) -> None:
        super().__init__(parts.hostname or "", _port(parts))
        self.default_port = _default_port(parts)  # the Host header names any other
        self._tls = rules.tls() if parts.scheme == "https" else None
        self._rules = rules
        self._deadline = deadline

    def connect(self) -> None:
        raw = self._connected()
        try:
            if self._tls is not None:
                raw.settimeout(_left(self._deadline, self._rules.read_seconds))
                raw = self._tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise
        self.sock = _TimedSocket(raw, self._rules.read_seconds, self._deadline)

    def _connected(self) -> socket.socket:
        try:
            found = [ip_address(address) for address in self._rules.resolve(self.host, self.port)]
        except (OSError, UnicodeError) as error:
            raise PictureUnavailable("its host is not known") from error
        # One that is not public is enough: who mixes them is up to something.
        if not found or not all(self._rules.is_allowed(address) for address in found):
            raise _not_allowed("its host has no public address")
        trouble: OSError = ConnectionError()
        for address in found[:_MOST_ADDRESSES]:
            try:
                # An address is not resolved again.
                return socket.create_connection(
                    (str(address), self.port), _left(self._deadline, self._rules.connect_seconds)
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
