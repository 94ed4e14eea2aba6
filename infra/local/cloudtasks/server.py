# mypy: allow-untyped-calls
"""The API itself: google.cloud.tasks.v2.CloudTasks over gRPC, and the tokens' certificates."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import grpc
import grpc.aio
from aiohttp import web
from google.cloud.tasks_v2 import types
from google.protobuf import empty_pb2

from infra.local.cloudtasks.chaos import Chaos
from infra.local.cloudtasks.counters import Counters
from infra.local.cloudtasks.dispatch import QueueRunner, new_session
from infra.local.cloudtasks.messages import (
    RefusedError,
    check_queue_name,
    invalid,
    new_entry,
    queue_message,
    queue_settings,
    task_message,
)
from infra.local.cloudtasks.queue import Entry, NameTakenError, Queue, QueueSettings
from infra.local.cloudtasks.tokens import TokenIssuer

_SERVICE = "google.cloud.tasks.v2.CloudTasks"


class TasksServer:
    """The server, with its queues. Start, stop and the RPCs belong to one asyncio loop.

    `chaos`, `counters`, `pending`, `is_idle` and `wait_until_idle` may be used from other threads.
    """

    def __init__(
        self,
        queues: Mapping[str, QueueSettings] | None = None,
        *,
        chaos: Chaos | None = None,
        tokens: TokenIssuer | None = None,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
    ) -> None:
        """Take the queues to begin with, by full name."""
        self.chaos = chaos or Chaos()
        self.counters = Counters()
        self.tokens = tokens or TokenIssuer()
        self.port = 0
        """The port of the gRPC server, once it has started."""
        self.certs_url = ""
        """Where the tokens' certificates are, once it has started."""
        self.keys_url = ""
        """Where their keys are, likewise."""
        self._initial = dict(queues or {})
        self._clock = clock
        self._host = host
        self._runners: dict[str, QueueRunner] = {}
        self._session: aiohttp.ClientSession | None = None
        self._grpc: Any = None
        self._web: web.AppRunner | None = None

    # --- life -------------------------------------------------------------------------------------

    async def start(self, port: int = 0, certs_port: int = 0) -> None:
        """Listen; port 0 means any free one. Raises OSError or RuntimeError if it is taken."""
        self._session = new_session()
        for name, settings in self._initial.items():
            self._open(name, settings)
        self._grpc = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        self._grpc.add_generic_rpc_handlers((self._handlers(),))
        self.port = int(self._grpc.add_insecure_port(f"{self._host}:{port}"))
        await self._grpc.start()
        app = web.Application()
        app.router.add_get("/certs", self._certs)
        app.router.add_get("/keys", self._keys)
        self._web = web.AppRunner(app, access_log=None)
        await self._web.setup()
        site = web.TCPSite(self._web, self._host, certs_port)
        await site.start()
        url = f"http://{self._host}:{self._web.addresses[0][1]}"
        self.certs_url, self.keys_url = f"{url}/certs", f"{url}/keys"

    async def stop(self) -> None:
        """Stop listening, and abandon the calls that run."""
        for runner in self._runners.values():
            await runner.close()
        if self._grpc is not None:
            await self._grpc.stop(None)
        if self._web is not None:
            await self._web.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(lambda: self.tokens.key_set))

    async def _certs(self, _: web.Request) -> web.Response:
        # Making the key takes a while, and must not hold up the queues.
        return web.json_response(await asyncio.to_thread(lambda: self.tokens.certificates))

    # --- what tests and benches ask ---------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Tasks that have not ended, scheduled ones too, in all queues."""
        return sum(runner.queue.pending for runner in list(self._runners.values()))

    def pending_in(self, queue: str) -> int:
        """Return the tasks of one queue (its full name) that have not ended."""
        return self._runners[queue].queue.pending

    @property
    def is_idle(self) -> bool:
        """Whether no task is left, and none runs."""
        runners = list(self._runners.values())
        return all(not one.queue.pending and not one.queue.running for one in runners)

    def wait_until_idle(self, seconds: float = 30.0) -> None:
        """Block until no task is left; raises TimeoutError. Not for the server's own loop."""
        deadline = time.monotonic() + seconds
        while not self.is_idle:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.pending} tasks are left after {seconds} s")
            time.sleep(0.005)

    # --- queues -----------------------------------------------------------------------------------

    def _open(self, name: str, settings: QueueSettings) -> QueueRunner:
        if self._session is None:
            raise RuntimeError("the server has not started")
        self._runners[name] = QueueRunner(
            Queue(name, settings),
            session=self._session,
            tokens=self.tokens,
            chaos=self.chaos,
            counters=self.counters,
            clock=self._clock,
        )
        return self._runners[name]

    def _runner(self, name: str) -> QueueRunner:
        if name not in self._runners:
            raise RefusedError(
                grpc.StatusCode.NOT_FOUND,
                "Queue does not exist. If you just created the queue, wait at least a minute for "
                "the queue to initialize.",
            )
        return self._runners[name]

    async def create_queue(self, request: types.CreateQueueRequest) -> types.Queue:
        """CreateQueue."""
        name = request.queue.name
        check_queue_name(name, request.parent)
        if name in self._runners:
            raise RefusedError(grpc.StatusCode.ALREADY_EXISTS, "Queue already exists")
        return queue_message(self._open(name, queue_settings(request.queue)).queue)

    async def update_queue(self, request: types.UpdateQueueRequest) -> types.Queue:
        """UpdateQueue: changes what the mask names, or all; creates a queue that doesn't exist."""
        name = request.queue.name
        if name not in self._runners:
            check_queue_name(name, name.rpartition("/queues/")[0])
            return queue_message(self._open(name, queue_settings(request.queue)).queue)
        runner = self._runners[name]
        wanted = types.UpdateQueueRequest.pb(request)
        if wanted.update_mask.paths:
            merged = types.Queue.pb(queue_message(runner.queue))
            try:
                wanted.update_mask.MergeMessage(wanted.queue, merged)
            except ValueError as error:
                raise invalid(str(error)) from error
            settings = queue_settings(types.Queue.wrap(merged))
        else:
            settings = queue_settings(request.queue)
        runner.queue.configure(settings)
        runner.wake()
        return queue_message(runner.queue)

    async def get_queue(self, request: types.GetQueueRequest) -> types.Queue:
        """GetQueue."""
        return queue_message(self._runner(request.name).queue)

    async def list_queues(self, request: types.ListQueuesRequest) -> types.ListQueuesResponse:
        """ListQueues: all on one page."""
        below = f"{request.parent}/queues/"
        queues = [
            queue_message(runner.queue)
            for name, runner in self._runners.items()
            if name.startswith(below)
        ]
        return types.ListQueuesResponse(queues=queues)

    async def delete_queue(self, request: types.DeleteQueueRequest) -> empty_pb2.Empty:
        """DeleteQueue, with its tasks."""
        runner = self._runner(request.name)
        del self._runners[request.name]
        await runner.close()
        return empty_pb2.Empty()

    async def purge_queue(self, request: types.PurgeQueueRequest) -> types.Queue:
        """PurgeQueue: its tasks vanish, their names stay taken."""
        queue = self._runner(request.name).queue
        queue.purge(self._clock())
        return queue_message(queue)

    async def pause_queue(self, request: types.PauseQueueRequest) -> types.Queue:
        """PauseQueue: nothing is dispatched, tasks can be created."""
        queue = self._runner(request.name).queue
        queue.is_paused = True
        return queue_message(queue)

    async def resume_queue(self, request: types.ResumeQueueRequest) -> types.Queue:
        """ResumeQueue."""
        runner = self._runner(request.name)
        runner.queue.is_paused = False
        runner.wake()
        return queue_message(runner.queue)

    # --- tasks ------------------------------------------------------------------------------------

    async def create_task(self, request: types.CreateTaskRequest) -> types.Task:
        """CreateTask."""
        runner = self._runner(request.parent)
        now = self._clock()
        entry = new_entry(request.parent, request.task, now)
        answer = task_message(entry, request.response_view)
        try:
            if self.chaos.is_lost():
                runner.queue.lose(entry, now)
                self.counters.lost += 1
            else:
                entry.due += self.chaos.lateness()
                runner.queue.add(entry, now)
                runner.wake()
        except NameTakenError:
            self.counters.refused_names += 1
            raise RefusedError(
                grpc.StatusCode.ALREADY_EXISTS, "Requested entity already exists"
            ) from None
        queue = request.parent.rpartition("/")[2]
        self.counters.count_created(queue, urlsplit(entry.call.url).path)
        return answer

    def _entry(self, name: str) -> tuple[QueueRunner, Entry]:
        runner = self._runner(name.rpartition("/tasks/")[0])
        entry = runner.queue.entries.get(name)
        if entry is None:
            existed = runner.queue.was_known(name)
            raise RefusedError(
                grpc.StatusCode.NOT_FOUND,
                "The task no longer exists, though a task with this name existed recently. The "
                "task either successfully completed or was deleted."
                if existed
                else "Requested entity was not found.",
            )
        return runner, entry

    async def get_task(self, request: types.GetTaskRequest) -> types.Task:
        """GetTask."""
        return task_message(self._entry(request.name)[1], request.response_view)

    async def list_tasks(self, request: types.ListTasksRequest) -> types.ListTasksResponse:
        """ListTasks: all on one page, by schedule time."""
        entries = self._runner(request.parent).queue.entries.values()
        tasks = [
            task_message(entry, request.response_view)
            for entry in sorted(entries, key=lambda entry: entry.eta)
        ]
        return types.ListTasksResponse(tasks=tasks)

    async def delete_task(self, request: types.DeleteTaskRequest) -> empty_pb2.Empty:
        """DeleteTask: an attempt that runs goes on."""
        runner, entry = self._entry(request.name)
        runner.queue.remove(entry.name, self._clock())
        return empty_pb2.Empty()

    async def run_task(self, request: types.RunTaskRequest) -> types.Task:
        """RunTask: at once, even in a paused queue."""
        runner, entry = self._entry(request.name)
        if not entry.is_running:
            runner.run_now(entry)
        return task_message(entry, request.response_view)

    # --- gRPC -------------------------------------------------------------------------------------

    def _handlers(self) -> Any:
        """Return the service: each method with the client library's own message types."""
        task, queue, empty = types.Task, types.Queue, None
        methods: dict[str, tuple[Callable[[Any], Awaitable[Any]], Any]] = {
            "CreateQueue": (self.create_queue, queue),
            "UpdateQueue": (self.update_queue, queue),
            "GetQueue": (self.get_queue, queue),
            "ListQueues": (self.list_queues, types.ListQueuesResponse),
            "DeleteQueue": (self.delete_queue, empty),
            "PurgeQueue": (self.purge_queue, queue),
            "PauseQueue": (self.pause_queue, queue),
            "ResumeQueue": (self.resume_queue, queue),
            "CreateTask": (self.create_task, task),
            "GetTask": (self.get_task, task),
            "ListTasks": (self.list_tasks, types.ListTasksResponse),
            "DeleteTask": (self.delete_task, empty),
            "RunTask": (self.run_task, task),
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                _refusing(method),
                request_deserializer=getattr(types, f"{name}Request").deserialize,
                response_serializer=answer.serialize
                if answer
                else empty_pb2.Empty.SerializeToString,
            )
            for name, (method, answer) in methods.items()
        }
        return grpc.method_handlers_generic_handler(_SERVICE, handlers)


def _refusing(method: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def handler(request: Any, context: Any) -> Any:
        try:
            return await method(request)
        except RefusedError as error:
            await context.abort(error.code, error.message)

    return handler
