"""Puts the parts together and serves them: in a running loop, or in a thread for tests."""

import asyncio
import random
import threading
import time
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from infra.local.proxy.api import Api, guard, spring_errors
from infra.local.proxy.attachments import Attachments
from infra.local.proxy.clock import LoopClock
from infra.local.proxy.control import Control
from infra.local.proxy.desk import Desk
from infra.local.proxy.dialect import NOVICEZK
from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import FaultList, parse_faults
from infra.local.proxy.gallery import Gallery
from infra.local.proxy.links import LinkReader
from infra.local.proxy.midjourney import MidJourney
from infra.local.proxy.notifications import HttpNotifier
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.pictures import Pictures
from infra.local.proxy.reception import Reception
from infra.local.proxy.trueai import TRUEAI
from infra.local.proxy.trueai_api import TrueAiApi, dotnet_errors, token_guard
from infra.local.proxy.trueai_desk import TrueAiDesk

_MAX_BODY_BYTES = 64 * 1024 * 1024


class SimulatedProxy:
    """A simulated MidJourney Proxy with its MidJourney and its Discord.

    In an event loop: `await start()`, later `await stop()`. From synchronous code:
    `with SimulatedProxy(options) as proxy: ... proxy.url ...`, which serves from a thread.
    """

    def __init__(self, options: ProxyOptions | None = None) -> None:
        """Check the options; raises `InvalidFaultError` for faults that can't be read."""
        self.options = options or ProxyOptions()
        parse_faults(list(self.options.faults))
        self.port = 0
        self._closers: list[Any] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """Return the base URL without a slash at its end, for example "http://127.0.0.1:8090"."""
        host = "127.0.0.1" if self.options.host in ("0.0.0.0", "::") else self.options.host  # noqa: S104
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Serve in the running loop; raises `OSError` if the port is taken."""
        options = self.options
        clock = LoopClock(asyncio.get_running_loop())
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        links = LinkReader(session)
        dialect = TRUEAI if options.dialect == "trueai" else NOVICEZK
        notifier = HttpNotifier(
            session, options.notify_pool_size, dialect.memory(time.time), dialect.task_json
        )
        gallery = Gallery(options.painters, options.cache_megabytes * 1024 * 1024)
        attachments = Attachments(options.url_ttl, f"discord {options.seed} {time.time_ns()}")
        faults = FaultList(random.Random(f"faults {options.seed}"))
        midjourney = MidJourney(options, clock, random.Random(f"ids {options.seed}"), attachments)
        engine = Engine(options, clock, faults, midjourney, notifier, links.read, dialect)
        control = Control(engine, faults)
        reception = Reception(engine, faults, dialect, midjourney.channel_id)
        speak = _speak_trueai if options.dialect == "trueai" else _speak_novicezk
        routes, middlewares = speak(options, engine, faults, reception, midjourney)
        app = web.Application(
            middlewares=[_counter(engine), *middlewares], client_max_size=_MAX_BODY_BYTES
        )
        app.add_routes(routes)
        app.add_routes(Pictures(attachments, gallery, faults).routes())
        app.add_routes(control.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        self._closers = [runner.cleanup, links.close, notifier.close, session.close]
        try:
            await runner.setup()
            await web.TCPSite(runner, options.host, options.port).start()
        except OSError:
            await self.stop()
            raise
        self._closers.insert(1, _closer(engine, gallery))
        self.port = runner.addresses[0][1]
        attachments.base_url = options.public_url or self.url
        control.arm(list(options.faults))

    async def stop(self) -> None:
        """Stop serving; what is under way is dropped."""
        closers, self._closers = self._closers, []
        for close in closers:
            await close()

    def __enter__(self) -> Self:
        """Serve from a thread of its own until the `with` block ends."""
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(ready)), name="simulated-proxy", daemon=True
        )
        self._thread.start()
        ready.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the thread."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            self._thread.join()

    async def _serve(self, ready: "Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            await self.start()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            await self.stop()
            ready.set_exception(error)
            return
        ready.set_result(None)
        await self._stopping.wait()
        await self.stop()


#: Routes, and what every request passes through.
_Interface = tuple[list[web.RouteDef], list[Any]]


def _speak_novicezk(
    options: ProxyOptions,
    engine: Engine,
    faults: FaultList,
    reception: Reception,
    midjourney: MidJourney,
) -> _Interface:
    desk = Desk(engine, faults, reception, repeats=options.repeats)
    api = Api(options, engine, desk, faults, midjourney)
    return api.routes(), [spring_errors, guard(options.api_secret)]


def _speak_trueai(
    options: ProxyOptions,
    engine: Engine,
    faults: FaultList,
    reception: Reception,
    midjourney: MidJourney,
) -> _Interface:
    desk = TrueAiDesk(engine, faults, reception, midjourney.channel_id, midjourney.upload)
    api = TrueAiApi(engine, desk, faults)
    return api.routes(), [dotnet_errors, token_guard(options.api_secret)]


def _counter(engine: Engine) -> Any:
    """Return the middleware that counts requests by endpoint."""

    @web.middleware
    async def count(request: web.Request, handler: Any) -> web.StreamResponse:
        resource = request.match_info.route.resource
        path = resource.canonical if resource is not None else "(unknown)"
        engine.ledger.count_request(f"{request.method} {path}")
        result: web.StreamResponse = await handler(request)
        return result

    return count


def _closer(engine: Engine, gallery: Gallery) -> Any:
    async def close() -> None:
        engine.restart(keep=True)
        await asyncio.to_thread(gallery.close)

    return close
