"""The function that says whether what the server stands on answers, with real parts that don't."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

import main
from functions import wiring
from shared.adapters.cloud_tasks import CloudTaskQueue, tasks_client
from shared.adapters.firestore_store import FirestoreJobStore
from shared.adapters.midjourney import MidJourneyPainter
from shared.adapters.picture_store import BucketPictureStore
from shared.usecases.check_health import SECONDS, check_health
from tests.unit.billed import BilledWorld, cost
from tests.unit.calling import call

CLOSED = "127.0.0.1:1"
"""Where nothing listens."""


def check() -> tuple[int, dict[str, object]]:
    answer = call(main.health, method="GET")
    return answer.status_code, answer.json


def test_all_is_well(world, capsys):
    status, told = check()

    assert (status, told["status"]) == (200, "ok")
    assert told["checks"].keys() == {"store", "queue", "bucket", "proxy"}
    assert all(part == {"ok": True, "ms": 0} for part in told["checks"].values())
    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (line["severity"], line["checks"]) == ("INFO", told["checks"])


def gone(part: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The real adapter of a part, before an address at which nothing listens."""
    if part == "store":
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", CLOSED)
        client = firestore.Client(project="demo", credentials=AnonymousCredentials())
        return {"store": FirestoreJobStore(client)}
    if part == "queue":
        queue = CloudTaskQueue(tasks_client(CLOSED), project="p", location="l", target="")
        return {"queue": queue}
    if part == "bucket":
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{CLOSED}")
        return {"picture_store": BucketPictureStore("demo", "pictures", "http://x")}
    return {"painter": MidJourneyPainter(f"http://{CLOSED}/mj")}


@pytest.mark.parametrize("part", ["store", "queue", "bucket", "proxy"])
def test_a_part_that_is_down_is_named_and_nothing_else_is_told(world, monkeypatch, capsys, part):
    wiring.provide(replace(world.services, clock=wiring._now, **gone(part, monkeypatch)))

    status, told = check()

    assert (status, told["status"]) == (503, "failing")
    down = told["checks"].pop(part)
    assert (down["ok"], down["code"]) == (False, "unreachable")
    assert down["ms"] <= SECONDS * 1000 + 500
    assert all(other["ok"] for other in told["checks"].values())
    out = capsys.readouterr().out
    assert json.loads(out)["severity"] == "ERROR"
    assert "127.0.0.1" not in out + json.dumps(told)


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.filterwarnings("ignore:unclosed <socket")
def test_parts_that_are_silent_are_waited_for_side_by_side_and_not_long(world, monkeypatch):
    with silent_server() as host:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}")
        queue = CloudTaskQueue(tasks_client(host), project="p", location="l", target="")
        services = replace(
            world.services,
            clock=wiring._now,
            side_by_side=wiring._side_by_side,
            queue=queue,
            painter=MidJourneyPainter(f"http://{host}/mj"),
            picture_store=BucketPictureStore("demo", "pictures", "http://x"),
        )
        services.picture_store._client  # noqa: B018 - its import is no part of the wait
        wiring.provide(services)
        began = time.monotonic()
        status, told = check()
        took = time.monotonic() - began

    assert status == 503
    assert [name for name, one in told["checks"].items() if one["ok"]] == ["store"]
    assert took < 2 * SECONDS


@pytest.mark.parametrize(("status", "well"), [(200, True), (204, True), (401, False), (500, False)])
def test_a_proxy_that_refuses_us_is_not_well(world, status, well):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        painter = MidJourneyPainter(f"http://127.0.0.1:{server.server_port}/mj")
        wiring.provide(replace(world.services, painter=painter))
        found = check()[1]["checks"]["proxy"]["ok"]
        server.shutdown()

    assert found is well


def test_a_fault_of_asking_is_told_as_one(world):
    def faulty(_: float) -> None:
        raise ValueError("credentials at /home/secret")

    world.store.ping = faulty

    status, told = check()

    assert (status, told["checks"]["store"]["code"]) == (503, "fault")
    assert "secret" not in json.dumps(told)


def test_it_costs_a_read_and_no_write(environment):
    world = BilledWorld()
    wiring.provide(world.services)
    try:
        assert cost(lambda: check_health(world.services)) == (1, 0)
    finally:
        wiring.provide(None)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_asked(world, method):
    answer = call(main.health, method=method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
