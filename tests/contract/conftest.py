"""What the contract tests share: a thread for servers, a target that remembers, the emulator."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from infra.local.events import EventRelay
from infra.local.firestore import Firestore, start_firestore
from infra.local.ports import free_port
from infra.local.processes import Children, LoopThread
from infra.local.stack import ROOT
from tests.loopback import LoopbackServer, QuietHandler

PATIENCE = 20.0


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Return once the condition holds; fail if it doesn't in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.005)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request that the target received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """Unix seconds."""


class Target:
    """An HTTP server that remembers what it received, and answers what a test tells it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: list[int] = []
        """The statuses of the next answers; 200 once they are used up."""
        self.gate = threading.Event()
        """While it is not set, calls wait for their answer."""
        self.gate.set()
        self.running = 0
        self.most_running = 0
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._handler())
        self.url = self._server.url

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        target = self

        class Handler(QuietHandler):
            def answer(self) -> None:
                status = target._receive(self)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET = do_PUT = answer  # noqa: N815

        return Handler

    def _receive(self, request: BaseHTTPRequestHandler) -> int:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        call = Call(
            method=request.command,
            path=request.path,
            headers=dict(request.headers.items()),
            body=body,
            at=time.time(),
        )
        with self._lock:
            status = self.answers.pop(0) if self.answers else 200
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            self.calls.append(call)
        self.gate.wait(PATIENCE)
        with self._lock:
            self.running -= 1
        return status

    def wait_for(self, count: int) -> list[Call]:
        """Return the calls once there are at least so many."""
        eventually(lambda: len(self.calls) >= count)
        return list(self.calls)

    def close(self) -> None:
        self.gate.set()
        self._server.close()


@pytest.fixture
def target() -> Iterator[Target]:
    server = Target()
    yield server
    server.close()


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@dataclass(frozen=True)
class EmulatorWithEvents:
    firestore: Firestore
    relay: EventRelay


@pytest.fixture(scope="session")
def emulator(
    loop: LoopThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmulatorWithEvents]:
    """An emulator of this session's own, whose events go to a relay."""
    relay = EventRelay({})
    loop.run(relay.start())
    children = Children(Path(tmp_path_factory.mktemp("emulator")))
    with pytest.MonkeyPatch.context() as patch:
        # Another emulator would post its events elsewhere.
        patch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        try:
            firestore = start_firestore(
                children,
                free_port(),
                relay=f"127.0.0.1:{relay.port}",
                archive=ROOT / ".local" / "cds",
            )
            firestore.wait_until_ready()
            patch.setitem(os.environ, "FIRESTORE_EMULATOR_HOST", firestore.host)
            yield EmulatorWithEvents(firestore, relay)
            firestore.stop(children)
        finally:
            children.stop_all()
            loop.run(relay.stop())
