"""The control plane under /control: faults, restart, statistics. The real proxy has none of it."""

import json
from typing import Any

from aiohttp import web

from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import Armed, FaultList, InvalidFaultError, parse_faults
from infra.local.proxy.faults import DisableAccount, EnableAccount


class Control:
    """The handlers of /control."""

    def __init__(self, engine: Engine, faults: FaultList) -> None:
        """Steer `engine` and `faults`."""
        self._engine = engine
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Return all routes under /control."""
        return [
            web.get("/control/health", self._health),
            web.get("/control/faults", self._list_faults),
            web.post("/control/faults", self._add_faults),
            web.delete("/control/faults", self._clear_faults),
            web.post("/control/restart", self._restart),
            web.get("/control/stats", self._stats),
            web.delete("/control/stats", self._clear_stats),
        ]

    def arm(self, definitions: Any, *, replace: bool = False) -> list[Armed]:
        """Add faults (or put them in the place of all); raises `InvalidFaultError`.

        An account fault without matchers acts at once.
        """
        faults = parse_faults(definitions)
        if replace:
            self._faults.clear()
        armed = self._faults.add(faults)
        for entry in armed:
            fault = entry.fault
            if isinstance(fault, DisableAccount | EnableAccount) and fault.unconditional:
                lost = isinstance(fault, DisableAccount)
                (self._engine.disable if lost else self._engine.enable)()
                entry.struck = fault.times or 1
        return armed

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _list_faults(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": self._faults.to_json()})

    async def _add_faults(self, request: web.Request) -> web.Response:
        body = await _body(request)
        try:
            armed = self.arm(_definitions(body), replace=_replaces(body))
        except InvalidFaultError as error:
            return _refuse(str(error))
        return web.json_response({"faults": [entry.to_json() for entry in armed]})

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({"faults": []})

    async def _restart(self, request: web.Request) -> web.Response:
        body = await _body(request, empty={})
        if not isinstance(body, dict) or not isinstance(body.get("keep", False), bool):
            return _refuse('the body is empty or {"keep": true or false}')
        keep = bool(body.get("keep", False))
        self._engine.restart(keep=keep)
        return web.json_response({"restarted": True, "keep": keep})

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response(self._engine.stats())

    async def _clear_stats(self, _: web.Request) -> web.Response:
        self._engine.clear_ledger()
        return web.json_response({"cleared": True})


def _definitions(body: Any) -> Any:
    """Return the list in a body, which is one fault, a list, or {"faults": [...]}."""
    if isinstance(body, dict) and "faults" in body:
        unknown = sorted(set(body) - {"faults", "replace"})
        if unknown:
            raise InvalidFaultError(f"unknown fields {unknown}; expected faults, replace")
        return body["faults"]
    return [body] if isinstance(body, dict) else body


def _replaces(body: Any) -> bool:
    return isinstance(body, dict) and "faults" in body and body.get("replace") is True


async def _body(request: web.Request, empty: Any = None) -> Any:
    content = await request.read()
    if not content.strip():
        return empty
    try:
        return json.loads(content)
    except ValueError as error:
        message = json.dumps({"error": f"not JSON: {error}"})
        raise web.HTTPBadRequest(text=message, content_type="application/json") from error


def _refuse(message: str) -> web.Response:
    return web.json_response({"error": message}, status=400)
