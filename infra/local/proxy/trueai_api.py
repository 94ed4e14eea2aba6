"""The HTTP interface of trueai's proxy (contract, section 7), under /mj and /mj-fast/mj."""

import functools
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from infra.local.proxy import bodies, results
from infra.local.proxy.api import json_body, look, send
from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import FaultList
from infra.local.proxy.pace import share_of
from infra.local.proxy.prompt import parse_prompt
from infra.local.proxy.reception import Answer, plain
from infra.local.proxy.results import BadRequest, ServerError
from infra.local.proxy.trueai import CANCELLED, image_seed, unknown_parent
from infra.local.proxy.trueai_desk import LogicError, Mode, TrueAiDesk
from infra.local.proxy.trueai_task import task_json

#: Prefix of all paths -> the speed that it asks for.
_PREFIXES = {
    "/mj": None, "/mj-fast/mj": Mode.FAST, "/mj-turbo/mj": Mode.TURBO, "/mj-relax/mj": Mode.RELAX,
}  # fmt: skip

_LIST_LENGTH = 100

#: Days from .NET's first day to the epoch.
_DAYS_BEFORE_EPOCH = 719_162


class TrueAiApi:
    """The handlers of submit, task and health. Every caller counts as the administrator."""

    def __init__(self, engine: Engine, desk: TrueAiDesk, faults: FaultList) -> None:
        """Answer for `engine`, with `desk` for submissions."""
        self._engine = engine
        self._desk = desk
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Return all routes; submit/change, task/queue and account are none of them."""
        desk = self._desk
        routes = [web.get("/health", self._health)]
        for prefix, mode in _PREFIXES.items():
            takes: dict[str, Callable[[dict[str, Any]], Answer]] = {
                "imagine": functools.partial(desk.imagine, mode=mode),
                "action": functools.partial(desk.action, mode=mode),
                "describe": functools.partial(desk.describe, mode=mode),
                "blend": functools.partial(desk.blend, mode=mode),
                "modal": desk.modal,
            }
            routes += [
                web.post(f"{prefix}/submit/{name}", self._submit(take))
                for name, take in takes.items()
            ]
            routes += [
                web.get(f"{prefix}/task/list", self._list),
                web.post(f"{prefix}/task/list-by-condition", self._list_by_ids),
                web.post(f"{prefix}/task/list-by-ids", self._list_by_ids),
                web.get(f"{prefix}/task/{{id}}/fetch", self._fetch),
                web.post(f"{prefix}/task/{{id}}/cancel", self._cancel),
                web.get(f"{prefix}/task/{{id}}/image-seed", self._image_seed),
            ]
        return routes

    def _submit(self, take: Callable[[dict[str, Any]], Answer]) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await send(request, take(await json_body(request)))

        return handle

    async def _fetch(self, request: web.Request) -> web.Response:
        task = self._engine.tasks.get(request.match_info["id"])
        if task is None:
            return web.Response(status=204)
        await look(self._faults, task)
        return web.json_response(task_json(task))

    async def _list(self, _: web.Request) -> web.Response:
        newest = sorted(
            self._engine.tasks.values(), key=lambda task: task.submit_time, reverse=True
        )
        return web.json_response([task_json(task) for task in newest[:_LIST_LENGTH]])

    async def _list_by_ids(self, request: web.Request) -> web.Response:
        ids = bodies.texts(await json_body(request), "ids") or []
        known = (self._engine.tasks.get(task_id.strip()) for task_id in dict.fromkeys(ids))
        return web.json_response([task_json(task) for task in known if task is not None])

    async def _cancel(self, request: web.Request) -> web.Response:
        task = self._engine.tasks.get(request.match_info["id"])
        if task is not None:
            self._engine.cancel(task, CANCELLED)
        return web.Response()

    async def _image_seed(self, request: web.Request) -> web.StreamResponse:
        task = self._engine.tasks.get(request.match_info["id"])
        if task is None:
            return await send(request, plain(unknown_parent(), status=404))
        if task.seed is None and not task.properties.get("messageHash"):
            return await send(request, plain(results.invalid("关联任务状态错误"), status=400))
        if task.seed is None:
            asked = parse_prompt(task.prompt or "").seed()
            task.seed = str(asked if asked is not None else int(share_of("seed", task.id) * 2**32))
        return await send(request, plain(image_seed(task.seed)))

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({
            "status": "Healthy",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "machineName": socket.gethostname(),
            "processId": os.getpid(),
        })  # fmt: skip


def token_guard(secret: str) -> Any:
    """Return the middleware that asks for the secret on all paths under the prefixes: 401 else.

    `Authorization`, without any "Bearer", is looked at first; `mj-api-secret` only without it.
    """

    @web.middleware
    async def check(request: web.Request, handler: Any) -> web.StreamResponse:
        if secret and request.path.startswith(tuple(f"{prefix}/" for prefix in _PREFIXES)):
            token = request.headers.get("Authorization", request.headers.get("mj-api-secret"))
            if token != secret:
                return web.Response(status=401, text="Authorization header missing.")
        result: web.StreamResponse = await handler(request)
        return result

    return check


@web.middleware
async def dotnet_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn errors under the prefixes into this proxy's; what can't be read is a 200, too."""
    try:
        result: web.StreamResponse = await handler(request)
        return result
    except web.HTTPException as error:
        if not request.path.startswith(tuple(_PREFIXES)):
            raise
        allow = error.headers.get("Allow")
        return web.Response(status=error.status, headers={"Allow": allow} if allow else None)
    except (BadRequest, LogicError) as error:
        return _failed(str(error), 200)
    except ServerError:
        return _failed("操作失败", 500)


def _failed(message: str, status: int) -> web.Response:
    body = {"success": False, "code": -1, "message": message, "timestamp": _ticks()}
    return web.json_response(body, status=status)


def _ticks() -> str:
    """Return now as .NET counts: tenths of microseconds since the first of January of year 1."""
    return str(int((datetime.now(UTC).timestamp() + _DAYS_BEFORE_EPOCH * 86400) * 10_000_000))
