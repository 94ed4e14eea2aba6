"""Callbacks over HTTPS, signed as Standard Webhooks has it (https://www.standardwebhooks.com).

The address is a client's, so only hosts on a list are spoken to, at public addresses (see
`shared.adapters.checked_connections`), redirects are not followed, and nothing of an answer is read
but its status and headers, in bounded time. Errors never quote an address: its query may hold a
password.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from http.client import HTTPException
from urllib.parse import urlsplit

from shared.adapters.checked_connections import (
    AGENT,
    CONNECT_SECONDS,
    AddressNotAllowed,
    CheckedConnection,
    Reach,
    target_of,
)
from shared.adapters.download_addresses import Address, is_public
from shared.adapters.host_lists import covered
from shared.ports import CallbackFailed, CallbackRefused

GONE = 410
"""The status by which a receiver says that it wants no more of it (Standard Webhooks)."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)*|[0-9a-f:]+")


class HttpCallbackSender:
    """`shared.ports.CallbackSender` over HTTP; each message has a connection of its own."""

    def __init__(
        self,
        hosts: Sequence[str],
        keys: Sequence[bytes],
        timeout: float,
        reach: Reach = Reach(),  # noqa: B008 - it is frozen
    ) -> None:
        """`hosts` may be called; each of `keys` signs; `timeout` is for all of it, in seconds.

        `reach` is how connections are made; which addresses they may go to is decided by the host.
        """
        self._hosts = tuple(hosts)
        self._keys = tuple(keys)
        self._timeout = timeout
        connect_seconds = min(CONNECT_SECONDS, timeout)
        self._reach = replace(reach, connect_seconds=connect_seconds, read_seconds=timeout)

    def send(self, url: str, event_id: str, at: datetime, body: bytes) -> None:  # noqa: D102
        fault = fault_of(url, self._hosts)
        if fault is not None:
            raise CallbackRefused(f"its address {fault}")
        timestamp = int(at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "webhook-id": event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(self._keys, event_id, timestamp, body),
        }
        status = self._posted(url, body, headers)
        if status == GONE:
            raise CallbackRefused(f"it answered HTTP {GONE}")
        if not 200 <= status < 300:
            raise CallbackFailed(f"it answered HTTP {status}")

    def _posted(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        parts, deadline = urlsplit(url), time.monotonic() + self._timeout
        reach = replace(self._reach, is_allowed=addresses_for(parts.hostname or ""))
        try:
            with closing(CheckedConnection(parts, reach, deadline)) as connection:
                connection.request("POST", target_of(parts), body, headers)
                with connection.getresponse() as response:  # whose body stays where it is
                    return response.status
        except AddressNotAllowed:
            raise CallbackFailed("its host has an address that is not public") from None
        except (OSError, HTTPException, ValueError) as error:
            raise CallbackFailed(type(error).__name__) from None


def addresses_for(host: str) -> Callable[[Address], bool]:
    """Which addresses a callback's host may have: this very machine's if it is named, else public.

    A name on the list may lead into the own network all the same, by whoever rules its DNS.
    """
    return (lambda address: address.is_loopback) if host in _LOOPBACK else is_public


def signatures(keys: Sequence[bytes], event_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each key, so that a receiver may know either.

    HMAC-SHA256 over id, timestamp (seconds since 1970) and body, with dots between.
    """
    content = b"%s.%d.%s" % (event_id.encode(), timestamp, body)
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def fault_of(url: str, hosts: Sequence[str]) -> str | None:
    """What is wrong with a callback's address, after "the address"; None: it may be called.

    It is `https` at the usual port; also `http` and any port on this very machine. Its host is one
    of `hosts`, where `.example.org` stands for all below it.
    """
    # As for links: no parser may see another host than the one that is checked.
    if not all("!" <= character <= "~" and character != "\\" for character in url):
        return "has characters that no address has"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is none"
    local = host in _LOOPBACK
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        return "has to begin with https://"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name"
    if not _HOST.fullmatch(host):
        return "names no host"
    if not covered(host, hosts):
        return "is of a host that may not be called"
    if port not in {None, 443} and not local:
        return "must not name a port"
    return None
