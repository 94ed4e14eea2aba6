"""Serves picture URLs as Discord's CDN does (contract, section 2.3)."""

import time

from aiohttp import web

from infra.local.proxy.attachments import Attachment, Attachments
from infra.local.proxy.fault_list import FaultList
from infra.local.proxy.faults import ErrorPicture, NotAPicture, TruncatePicture
from infra.local.proxy.gallery import Gallery
from infra.local.proxy.links import USER_AGENT

_GONE = "This content is no longer available."


class Pictures:
    """The handler of /attachments."""

    def __init__(self, attachments: Attachments, gallery: Gallery, faults: FaultList) -> None:
        """Serve `attachments`, painted by `gallery` when first asked for."""
        self._attachments = attachments
        self._gallery = gallery
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Return the route of all pictures."""
        return [web.get("/attachments/{channel}/{message}/{name}", self._serve)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        match = request.match_info
        path = (match["channel"], match["message"], match["name"])
        found = self._attachments.find(path, dict(request.query), time.time())
        if found is None:
            return web.Response(status=404, text=_GONE)
        content = await self._content(found)
        if found.final and request.headers.get("User-Agent") != USER_AGENT:
            spoiled = await self._spoiled(request, found, content)
            if spoiled is not None:
                return spoiled
        return web.Response(body=content, content_type=found.content_type, headers=_headers())

    async def _content(self, attachment: Attachment) -> bytes:
        if attachment.order is None:
            return attachment.content or b""
        return await self._gallery.picture(attachment.order, attachment.percent)

    async def _spoiled(
        self, request: web.Request, found: Attachment, content: bytes
    ) -> web.StreamResponse | None:
        strike = self._faults.strike
        error = strike(ErrorPicture, found.action, found.prompt)
        if error is not None:
            return web.Response(status=error.status, text="simulated")
        if strike(NotAPicture, found.action, found.prompt) is not None:
            page = "<!DOCTYPE html><html><body>This is not a picture.</body></html>"
            return web.Response(text=page, content_type="text/html")
        cut = strike(TruncatePicture, found.action, found.prompt)
        if cut is None:
            return None
        half = content[: len(content) // 2]
        if cut.declared == "half":
            return web.Response(body=half, content_type=found.content_type, headers=_headers())
        response = web.StreamResponse(headers=_headers())
        response.content_type = found.content_type
        response.content_length = len(content)
        await response.prepare(request)
        await response.write(half)
        if request.transport is not None:
            request.transport.close()
        return response


def _headers() -> dict[str, str]:
    return {"Cache-Control": "public, max-age=31536000", "X-Robots-Tag": "noindex, nofollow"}
