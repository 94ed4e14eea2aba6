"""Serves the studio's page, and passes what it asks of the functions on to them.

The page and the functions share an origin that way, so that neither needs CORS:

    /                the page, its style and its modules (the folder `page`)
    /config.json     where Firestore is, and who the page's user is there
    /api/<name>      the function of that name; only those that are for clients
"""

import json
from collections.abc import Iterable
from pathlib import Path

import aiohttp
from aiohttp import web

CLIENT_FUNCTIONS = ("styles", "generate", "status", "regenerate", "cancel", "download")
"""What a client may call. The others are for Cloud Tasks, Eventarc and Cloud Scheduler."""

PAGE = Path(__file__).with_name("page")

_PASSED_ON = (
    *("Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "If-None-Match"),
    *("Authorization", "Range"),
)
"""The headers of a request that a function may look at."""
_KEPT_BACK = frozenset({"connection", "date", "keep-alive", "server", "transfer-encoding"})
"""The headers of an answer that belong to one connection, or to the server that gave it."""
_MOST_BYTES = 16 * 1024 * 1024
"""Of a request's body; the functions themselves take 12 MiB."""
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5, sock_read=120)
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"} | {
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


class StudioServer:
    """The studio's server. Start and stop belong to one asyncio loop."""

    def __init__(
        self,
        functions_url: str,
        firestore_host: str,
        *,
        project: str,
        owner: str,
        picture_hosts: Iterable[str] = ("127.0.0.1",),
        host: str = "127.0.0.1",
    ) -> None:
        """Take where the functions are, the emulator as `host:port`, and the user's uid there.

        `picture_hosts` are those that pictures come from; `.x.org` means all below it.
        """
        self.port = 0
        """The port of the page, once it has started."""
        self._functions_url = functions_url
        self._config = {"project": project, "firestore": firestore_host, "owner": owner}
        self._pictures = sorted({f"*{h}" if h.startswith(".") else h for h in picture_hosts})
        self._host = host
        self._session: aiohttp.ClientSession | None = None
        self._web: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self._host}:{self.port}/"

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 means any free one. Raises OSError if it is taken."""
        # What a function answers is passed on byte by byte, packed or not.
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False)
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_route("*", "/api/{name}", self._function)
        app.router.add_get("/config.json", self._tell_config)
        app.router.add_get("/{path:.*}", self._file)
        self._web = web.AppRunner(app, access_log=None)
        await self._web.setup()
        await web.TCPSite(self._web, self._host, port).start()
        self.port = int(self._web.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening, and leave what is under way."""
        if self._web is not None:
            await self._web.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _tell_config(self, _: web.Request) -> web.Response:
        return web.json_response(self._config, headers={"Cache-Control": "no-store"})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = (PAGE / (request.match_info["path"] or "index.html")).resolve()
        if not file.is_relative_to(PAGE) or file.suffix not in _TYPES or not file.is_file():
            return web.Response(status=404, text="There is no such file.\n")
        headers = {
            "Content-Type": f"{_TYPES[file.suffix]}; charset=utf-8",
            "Cache-Control": "no-cache",
            "Content-Security-Policy": self._content_policy(),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        return web.FileResponse(file, headers=headers)

    def _content_policy(self) -> str:
        """Code comes from here alone, pictures from the painter's hosts and the bucket's.

        The Firebase SDK would otherwise ask another host for a picture when a connection breaks, to
        see whether there is a network at all.
        """
        pictures = " ".join(f"{host}:*" for host in self._pictures)
        return "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                f"img-src 'self' data: blob: {pictures}",
                f"connect-src 'self' http://{self._config['firestore']}",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )

    async def _function(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in CLIENT_FUNCTIONS:
            detail = f"There is no function {name} for clients."
            return _problem(404, "function_not_found", detail)
        if self._session is None:
            raise RuntimeError("the studio's server has not started")
        headers = {key: request.headers[key] for key in _PASSED_ON if key in request.headers}
        try:
            async with self._session.request(
                request.method,
                f"{self._functions_url}/{name}",
                params=request.query,
                data=await request.read() if request.can_read_body else None,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                return await _passed_on(request, answer)
        except (aiohttp.ClientConnectionError, TimeoutError):
            detail = "The functions can't be reached just now. Try again in a few seconds."
            return _problem(502, "functions_unreachable", detail, {"Retry-After": "2"})


async def _passed_on(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """The function's answer, piece by piece; if it breaks off, so does ours."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for key, value in answer.headers.items():
        if key.lower() not in _KEPT_BACK:
            response.headers.add(key, value)
    await response.prepare(request)
    try:
        async for piece in answer.content.iter_any():
            await response.write(piece)
    except (aiohttp.ClientError, TimeoutError):
        response.force_close()
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def _problem(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None
) -> web.Response:
    """An error answer as the functions give them (RFC 9457)."""
    body = {
        "type": f"urn:fairy-tale:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
    }
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        content_type="application/problem+json",
        headers=headers,
    )
