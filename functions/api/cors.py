"""Pages of other origins (CORS): those on a list may call and read, browsers keep out all others.

What a browser asks before it sends a request (the preflight) is answered here; no function runs for
it, and nobody needs to say who they are. The rules are those of https://fetch.spec.whatwg.org,
"CORS protocol". No cookies are used, so credentials are not allowed.
"""

from collections.abc import Sequence

import flask

ALLOWED_HEADERS = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"),
    *("X-Firebase-AppCheck", "traceparent"),
)
"""Headers that a page may send."""
EXPOSED_HEADERS = (
    *("ETag", "Retry-After", "Location", "Idempotent-Replayed", "Content-Disposition"),
    "WWW-Authenticate",
)
"""Headers of an answer that a page may read, besides the few that any may."""
PREFLIGHT_SECONDS = 3600
"""A browser need not ask again for so long; Chromium takes two hours at most."""


def preflight(
    request: flask.Request, origins: Sequence[str], methods: Sequence[str]
) -> flask.Response | None:
    """The answer to a browser's preflight from a listed origin; None if it is none."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not asks or _origin(request, origins) is None:
        return None
    headers = {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ", ".join(ALLOWED_HEADERS),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
    return flask.Response(status=204, headers=headers)


def let_read(request: flask.Request, response: flask.Response, origins: Sequence[str]) -> None:
    """Say on an answer, be it an error, that the page which asked may read it, if it may."""
    if not origins:
        return
    response.vary.add("Origin")  # else a cache would hand one page's answer to another
    origin = _origin(request, origins)
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED_HEADERS)


def _origin(request: flask.Request, origins: Sequence[str]) -> str | None:
    origin = request.headers.get("Origin")
    return origin if origin in origins else None
