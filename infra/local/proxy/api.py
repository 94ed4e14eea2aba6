"""The proxy's HTTP interface under /mj (contract, section 1)."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from infra.local.proxy import bodies
from infra.local.proxy.desk import Desk
from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import FaultList
from infra.local.proxy.faults import ErrorFetch, SlowFetch
from infra.local.proxy.midjourney import MidJourney
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.reception import Answer
from infra.local.proxy.results import BadRequest, ServerError, spring_error
from infra.local.proxy.task import Task

#: Paths that ask for the secret; the rest of the proxy never does.
_GUARDED = ("/mj/submit/", "/mj/task/", "/mj/account/")


class Api:
    """The handlers of submit, task and account."""

    def __init__(
        self,
        options: ProxyOptions,
        engine: Engine,
        desk: Desk,
        faults: FaultList,
        midjourney: MidJourney,
    ) -> None:
        """Answer for `engine`, with `desk` for submissions."""
        self._options = options
        self._engine = engine
        self._faults = faults
        self._desk = desk
        self._midjourney = midjourney

    def routes(self) -> list[web.RouteDef]:
        """Return all routes under /mj."""
        desk = self._desk
        return [
            web.post("/mj/submit/imagine", self._submit(desk.imagine)),
            web.post("/mj/submit/change", self._submit(desk.change)),
            web.post("/mj/submit/simple-change", self._submit(desk.simple_change)),
            web.post("/mj/submit/describe", self._submit(desk.describe)),
            web.post("/mj/submit/blend", self._submit(desk.blend)),
            web.get("/mj/task/list", self._list),
            web.get("/mj/task/queue", self._queue),
            web.post("/mj/task/list-by-condition", self._list_by_condition),
            web.get("/mj/task/{id}/fetch", self._fetch),
            web.get("/mj/account/list", self._accounts),
            web.get("/mj/account/{id}/fetch", self._account),
        ]

    def _submit(self, take: Callable[[dict[str, Any]], Answer]) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await send(request, take(await json_body(request)))

        return handle

    async def _fetch(self, request: web.Request) -> web.Response:
        task = self._engine.tasks.get(request.match_info["id"])
        if task is None:
            return web.Response()  # the real proxy's answer to an unknown id: 200, nothing
        await look(self._faults, task)
        return web.json_response(task.to_json())

    async def _list(self, _: web.Request) -> web.Response:
        newest = sorted(
            self._engine.tasks.values(), key=lambda task: task.submit_time, reverse=True
        )
        return web.json_response([task.to_json() for task in newest])

    async def _queue(self, _: web.Request) -> web.Response:
        return web.json_response([task.to_json() for task in self._engine.queue()])

    async def _list_by_condition(self, request: web.Request) -> web.Response:
        ids = bodies.texts(await json_body(request), "ids") or []
        known = (self._engine.tasks.get(task_id) for task_id in dict.fromkeys(ids))
        return web.json_response([task.to_json() for task in known if task is not None])

    async def _accounts(self, _: web.Request) -> web.Response:
        return web.json_response([self._account_json()])

    async def _account(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != self._midjourney.channel_id:
            return web.Response()
        return web.json_response(self._account_json())

    def _account_json(self) -> dict[str, Any]:
        """Return the account; the real proxy, too, shows the user token to every caller."""
        return {
            "id": self._midjourney.channel_id,
            "guildId": self._midjourney.guild_id,
            "channelId": self._midjourney.channel_id,
            "userToken": "simulated-token-shown-in-clear",
            "userAgent": "Mozilla/5.0",
            "enable": self._engine.enabled,
            "coreSize": self._options.core_size,
            "queueSize": self._options.queue_size,
            "timeoutMinutes": self._options.timeout_minutes,
            "properties": {},
        }


def guard(secret: str) -> Any:
    """Return the middleware that asks for `mj-api-secret`: 401 with an empty body without it."""

    @web.middleware
    async def check(request: web.Request, handler: Any) -> web.StreamResponse:
        guarded = request.path.startswith(_GUARDED) and request.match_info.http_exception is None
        if secret and guarded and request.headers.get("mj-api-secret") != secret:
            return web.Response(status=401)
        result: web.StreamResponse = await handler(request)
        return result

    return check


@web.middleware
async def spring_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn errors under /mj into Spring's error JSON."""
    try:
        result: web.StreamResponse = await handler(request)
        return result
    except web.HTTPException as error:
        if not request.path.startswith("/mj"):
            raise
        status, allow = error.status, error.headers.get("Allow")
    except BadRequest:
        status, allow = 400, None
    except ServerError:
        status, allow = 500, None
    headers = {"Allow": allow} if allow else None
    return web.json_response(spring_error(status, request.path), status=status, headers=headers)


async def send(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Return a submission's answer, or have it go wrong on its way."""
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.drop and request.transport is not None:
        request.transport.abort()
    if answer.error:
        raise ServerError("simulated")
    return web.json_response(answer.result.to_json(), status=answer.status)


async def look(faults: FaultList, task: Task) -> None:
    """Have a look at a task be slow or fail, if a fault says so."""
    slow = faults.strike(SlowFetch, task.action, task.prompt or "")
    if slow is not None:
        await asyncio.sleep(slow.seconds)
    if faults.strike(ErrorFetch, task.action, task.prompt or "") is not None:
        raise ServerError("simulated")


async def json_body(request: web.Request) -> dict[str, Any]:
    """Return the body's JSON object; raises `BadRequest`, or 415 for another content type."""
    kind = request.content_type
    if kind != "application/json" and not kind.endswith("+json"):
        raise web.HTTPUnsupportedMediaType
    return bodies.read_object(await request.read())
