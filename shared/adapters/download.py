"""Downloads by links that may be hostile (server-side request forgery).

The host has to be on a list, and the connection goes to an address that was checked (see
`shared.adapters.checked_connections`). A redirect starts the same checks anew.

No error quotes a link: its query may hold a signature.
"""

import re
import time
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import SplitResult, urljoin, urlsplit

from shared.adapters.checked_connections import (
    AGENT,
    AddressNotAllowed,
    CheckedConnection,
    Reach,
    port_of,
    target_of,
)
from shared.adapters.host_lists import covered
from shared.adapters.picture_formats import MOST_BYTES
from shared.ports import PictureRejected, PictureUnavailable

_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
"""The only statuses below 500 that may be another one later (RFC 9110, 6585, 8470)."""
_HOST = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)*|[0-9a-f:.]+")
"""A name or an address; what is not ASCII has to come as `xn--`."""


@dataclass(frozen=True, kw_only=True)
class Rules(Reach):
    """Which links are followed, and how far. The defaults are for links that clients send."""

    hosts: tuple[str, ...] | None = ()
    """In lower case; `.example.org` stands for all hosts below it; None: any."""
    schemes: tuple[str, ...] = ("https",)
    ports: tuple[int, ...] | None = (443,)
    """None: any."""
    most_bytes: int = MOST_BYTES
    most_redirects: int = 3


def download(url: str, rules: Rules) -> bytes:
    """What is behind a link.

    Raises `PictureRejected` (`link_not_allowed`, `link_broken`, `picture_too_large`) if asking
    again is pointless, `PictureUnavailable` if it is not.
    """
    deadline = time.monotonic() + rules.total_seconds
    for _ in range(rules.most_redirects + 1):
        parts = _checked(url, rules)
        try:
            with closing(CheckedConnection(parts, rules, deadline)) as connection:
                body = _asked(connection, parts, rules)
        except AddressNotAllowed:
            raise _not_allowed("its host has no public address") from None
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


def _asked(connection: CheckedConnection, parts: SplitResult, rules: Rules) -> bytes | _Redirect:
    headers = {
        "User-Agent": AGENT,
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    connection.request("GET", target_of(parts), headers=headers)
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
        host, port = parts.hostname or "", port_of(parts)
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
    if rules.hosts is not None and not covered(host, rules.hosts):
        raise _not_allowed("its host is none of those from which pictures are taken")
    return parts
