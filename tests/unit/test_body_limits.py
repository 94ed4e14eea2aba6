"""How much of a body is read: no more than its function can use, whoever sends it, and however."""

import io
import subprocess
import sys
import tracemalloc
from pathlib import Path

import flask
import functions_framework
import pytest
from cloudevents.http import CloudEvent
from werkzeug.exceptions import HTTPException

import main
from functions.api.parsing import MOST_BYTES, MOST_BYTES_WITH_DRAWINGS
from functions.api.reading import MOST_DROPPED
from functions.edge import MOST_EVENT_BYTES, MOST_TASK_BYTES
from functions.notify import MOST_BYTES as MOST_NEWS
from tests.unit.calling import call

ROOT = Path(__file__).parents[2]
IMAGE = "a" * 26 + "-000"
CLIENTS = {
    "generate": MOST_BYTES_WITH_DRAWINGS,
    "regenerate": MOST_BYTES,
    "cancel": MOST_BYTES,
    "delete": MOST_BYTES,
    "notify": MOST_NEWS,
}
TASKS = dict.fromkeys(("admit", "callback", "postprocess", "step", "sweep"), MOST_TASK_BYTES)
LIMITS = CLIENTS | TASKS
READ_AT_ONCE = 64 * 1024
PATHS = {"notify": f"/{IMAGE}/signature"}


class Endless:
    """A body in chunks that never ends; the server has undone the chunks."""

    def __init__(self):
        self.kept_bytes = 0
        self.dropped_bytes = 0

    def read(self, size=-1):
        assert 0 <= size <= READ_AT_ONCE, "all of it?"
        self.dropped_bytes += size
        return b" " * size

    def readinto(self, buffer):
        """As werkzeug reads what somebody wants to have."""
        self.kept_bytes += len(buffer)
        return len(buffer)

    @property
    def environment(self):
        return {
            "wsgi.input": self,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        }


def send(name, **body):
    return call(
        getattr(main, name),
        method="POST",
        path=PATHS.get(name, "/"),
        content_type="application/json",
        **body,
    )


def test_every_function_that_takes_a_body_is_here():
    without = {"status", "download", "jobs", "styles", "forget", "health", "fanout"}
    assert {*LIMITS} == {*main.__all__} - without


@pytest.mark.parametrize("name", LIMITS)
def test_a_large_body_is_refused(world, name):
    assert send(name, data=b" " * (LIMITS[name] + 1)).status_code == 413


@pytest.mark.parametrize("name", LIMITS)
def test_the_largest_body_is_read(world, name):
    assert send(name, data=b" " * LIMITS[name]).status_code != 413


@pytest.mark.parametrize("name", LIMITS)
def test_a_body_that_comes_in_chunks_is_read_no_further(world, name):
    body = Endless()

    answer = send(name, environ_overrides=body.environment)

    assert answer.status_code == 413
    assert LIMITS[name] < body.kept_bytes <= LIMITS[name] + READ_AT_ONCE


DEPLOYED = """
import functions_framework

class Endless:
    largest = 0

    def read(self, size=-1):
        Endless.largest = max(Endless.largest, size if size >= 0 else 10**9)
        return b" " * size

app = functions_framework.create_app("styles", "main.py")
body = {"wsgi.input": Endless(), "wsgi.input_terminated": True}
answer = app.test_client().post(PATH, environ_overrides=body)
print(answer.status_code, Endless.largest)
"""


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
def test_nor_at_paths_that_are_the_frameworks_own(path):
    """In a process of its own: functions register with the app that imports them first."""
    code = DEPLOYED.replace("PATH", repr(path))

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["404", str(READ_AT_ONCE)]


@pytest.mark.parametrize("value", [b"{},", b"[],", b"0,", b'"",'])
def test_little_values_are_counted_before_they_are_made(world, value):
    body = b'{"x":[' + value * (3 * 1024 * 1024) + b"0]}"

    tracemalloc.start()
    answer = send("generate", data=body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert peak < 3 * len(body), "as objects they would take up tens of times as much"


@pytest.mark.parametrize("name", CLIENTS)
def test_a_small_body_that_comes_in_chunks_is_taken(world, name):
    chunks = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    body = {"wsgi.input": io.BytesIO(b"{}")}

    assert send(name, environ_overrides=chunks | body).json["code"] != "body_too_large"


@pytest.mark.parametrize("name", CLIENTS)
def test_clients_are_told_how_much_they_may_send(world, name):
    answer = send(name, data=b" " * (LIMITS[name] + 1))

    assert answer.json["code"] == "body_too_large"
    assert "t most" in answer.json["detail"]


@pytest.mark.parametrize("name", ["status", "download", "jobs", "styles"])
def test_what_is_asked_has_no_body(world, name):
    body = Endless()

    call(getattr(main, name), environ_overrides=body.environment)

    assert body.kept_bytes == 0


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *[(name, 413) for name in LIMITS],
        *[(name, 405) for name in ("status", "download", "jobs", "styles", "health")],
    ],
)
def test_the_framework_finds_nothing_left_to_read(world, name, status):
    """It reads all there is, of strangers too: whatever was refused, and into memory."""
    app = functions_framework.create_app(name, str(ROOT / "main.py"))
    body = Endless()

    answer = app.test_client().post(
        PATHS.get(name, "/"), content_type="application/json", environ_overrides=body.environment
    )

    assert answer.status_code == status
    assert body.kept_bytes <= LIMITS.get(name, 0) + READ_AT_ONCE
    assert MOST_DROPPED <= body.dropped_bytes <= MOST_DROPPED + READ_AT_ONCE


def test_an_event_has_no_large_body(world):
    attributes = {"type": "written", "source": "//firestore", "document": "references/abc"}

    main.fanout(CloudEvent(attributes, b"x" * MOST_EVENT_BYTES))
    with pytest.raises(HTTPException) as refused, flask.Flask("test").test_request_context():
        main.fanout(CloudEvent(attributes, b"x" * (MOST_EVENT_BYTES + 1)))

    assert refused.value.get_response().status_code == 413
