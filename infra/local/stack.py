"""The whole local stack as one context manager: it starts everything, and leaves nothing behind.

The Firestore emulator, the bucket, the simulated proxy and the functions are child processes. The
tasks server, the event relay and the scheduler run in this process, in a thread with an asyncio
loop of its own, so that a test can turn their chaos up and read their counters.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from functions.caller import EVERYBODY
from infra.local.bucket import Bucket, start_bucket
from infra.local.cloudtasks import TasksServer, TokenIssuer
from infra.local.events import EventRelay
from infra.local.firestore import Firestore, start_firestore
from infra.local.ports import free_port, port_is_free
from infra.local.processes import (
    HOST,
    Child,
    Children,
    LocalStackError,
    LoopThread,
    answers,
    children_of,
)
from infra.local.scheduler import Scheduler
from infra.local.stack_addresses import INVOKER, PROXY_SECRET, StackAddresses
from infra.local.stack_options import (
    BUCKET,
    LOCATION,
    ROOT,
    TRIGGER,
    TRIGGER_PATTERN,
    Ports,
    StackOptions,
    check_models,
    read_queues,
)
from infra.local.studio import StudioServer
from shared.settings import Settings, SettingsError

_Result = TypeVar("_Result")
_FUNCTIONS_GRACE = 6.0


class LocalStack(StackAddresses):
    """Everything the project needs, on one machine, for the length of a `with` block."""

    events: EventRelay
    scheduler: Scheduler
    studio: StudioServer
    bucket: Bucket
    firestore: Firestore
    functions: Child
    proxy: Child | None

    def __init__(self, options: StackOptions | None = None) -> None:
        """Start nothing yet; that is what entering the `with` block does."""
        self.options = options or StackOptions()
        self.project = self.options.project
        self.functions_log = self.options.log_folder / "functions.log"
        self.started_in = 0.0
        """Seconds from the first process to readiness."""
        self._children = Children(self.options.log_folder)
        self._loop: LoopThread | None = None
        self._cleanup = contextlib.ExitStack()

    # --- life -------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Start everything; raises LocalStackError, and leaves nothing behind then."""
        began = time.monotonic()
        self._cleanup.callback(self._children.stop_all)
        try:
            self._catch_sigterm()
            self._choose_ports()
            self._start_servers()
            self._start_children()
            self._wait_until_ready()
        except BaseException:
            self._cleanup.close()
            raise
        self.started_in = time.monotonic() - began
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything."""
        self._cleanup.close()

    def _catch_sigterm(self) -> None:
        """Let SIGTERM end the `with` block as an exception does, unless someone else handles it."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return

        def leave(number: int, _: FrameType | None) -> None:
            sys.exit(128 + number)

        signal.signal(signal.SIGTERM, leave)
        self._cleanup.callback(signal.signal, signal.SIGTERM, signal.SIG_DFL)

    def _choose_ports(self) -> None:
        wanted = self.options.ports
        taken = {name: port for name, port in vars(wanted).items() if not port_is_free(port)}
        if taken:
            which = ", ".join(f"{port} ({name})" for name, port in taken.items())
            options = " ".join(f"--{name}-port PORT" for name in taken)
            raise LocalStackError(
                f"Taken: port {which}. Is another local stack running? "
                f"Stop it, or choose other ports: {options}"
            )
        self._functions_port = wanted.functions or free_port()
        self._proxy_port = wanted.proxy or free_port()
        self._firestore_port = wanted.firestore or free_port()
        # Read once: what the variable says later is of other stacks.
        running = os.environ.get("FIRESTORE_EMULATOR_HOST")
        self.firestore_host = running or f"{HOST}:{self._firestore_port}"
        self._bucket_port = wanted.bucket or free_port()

    def _start_servers(self) -> None:
        tokens, options = TokenIssuer(), self.options
        self.tasks = TasksServer(
            read_queues(self.project), chaos=options.tasks_chaos, tokens=tokens, host=HOST
        )
        self.events = EventRelay(
            {TRIGGER: f"{self.functions_url}/fanout"},
            chaos=options.events_chaos,
            tokens=tokens,
            account=INVOKER,
        )
        self.scheduler = Scheduler(
            f"{self.functions_url}/sweep", options.sweep_interval, tokens=tokens, account=INVOKER
        )
        self._loop = LoopThread()
        self._cleanup.callback(self._loop.close)
        for start, stop in (
            (self.events.start(options.ports.events), self.events.stop),
            (self.tasks.start(options.ports.tasks), self.tasks.stop),
        ):
            self.run(start)
            self._cleanup.callback(self._stop_server, stop)

    def _start_studio(self, settings: Settings) -> None:
        self.studio = StudioServer(
            self.functions_url,
            self.firestore_host,
            project=self.project,
            owner=EVERYBODY,
            picture_hosts=settings.hosts_of_pictures(),
        )
        if self.options.studio:
            self.run(self.studio.start(self.options.ports.studio))
            self._cleanup.callback(self._stop_server, self.studio.stop)

    def _start_children(self) -> None:
        options, local = self.options, ROOT / ".local"
        environment = {**os.environ, **self.env, **options.functions_env}
        try:
            settings = Settings.read(environment)
        except SettingsError as error:
            raise LocalStackError(str(error)) from None
        check_models(settings)
        self._start_studio(settings)
        self.firestore = start_firestore(
            self._children,
            self._firestore_port,
            relay=f"{HOST}:{self.events.port}",
            rules=options.rules,
            archive=local / "cds",
        )
        self._cleanup.callback(self.firestore.stop, self._children)
        self.functions = self._children.start(
            "functions",
            [
                *(sys.executable, "-m", "infra.local.serve", "--source", options.source),
                *("--port", str(self._functions_port)),
                *("--workers", str(options.workers), "--threads", str(options.threads)),
            ],
            env=environment,
            cwd=ROOT,
        )
        self._cleanup.callback(self._children.stop, self.functions, _FUNCTIONS_GRACE)
        self.bucket = start_bucket(self._children, self._bucket_port, options.bucket_folder)
        self.proxy = None
        if self._given_proxy_url is None:
            self.proxy = self._children.start(
                "proxy",
                [
                    *(sys.executable, "-m", "infra.local.proxy", "--port", str(self._proxy_port)),
                    *("--speed", str(options.speed), "--api-secret", PROXY_SECRET),
                    *options.proxy_args,
                ],
                cwd=ROOT,
            )

    def _wait_until_ready(self) -> None:
        self.bucket.wait_until_ready()
        self.bucket.create(BUCKET, self.project)
        self.firestore.wait_until_ready()
        self.firestore.register_trigger(self.project, TRIGGER, TRIGGER_PATTERN)
        if self.proxy is not None:
            self.proxy.wait_until(lambda: answers(self._proxy_port))
        self.functions.wait_until(lambda: answers(self._functions_port))
        self.run(self.scheduler.start())
        self._cleanup.callback(self._stop_server, self.scheduler.stop)

    def _stop_server(self, stop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.run(stop())

    # --- what tests do to it ----------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, _Result], seconds: float = 30.0) -> _Result:
        """Run a coroutine in the loop of the tasks server, the relay and the scheduler."""
        if self._loop is None:
            raise RuntimeError("the stack has not started")
        return self._loop.run(work, seconds)

    def sweep(self) -> None:
        """Have the scheduler call sweep now, and wait for the answer."""
        self.run(self.scheduler.call(), 180.0)

    def kill_function_workers(self) -> list[int]:
        """Kill every process that serves functions, as a crash would; gunicorn starts new ones.

        Returns the ids of the killed processes.
        """
        workers = children_of(self.functions.pid)
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        return workers

    def check(self) -> None:
        """Raise LocalStackError if a part of the stack has died."""
        self._children.check()


__all__ = ["LOCATION", "ROOT", "LocalStack", "Ports", "StackOptions", "read_queues"]
