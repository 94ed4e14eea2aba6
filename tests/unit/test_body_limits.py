"""How much of a body is read: no more than its function can use, whoever sends it, and however."""

import io

import flask
import pytest
from cloudevents.http import CloudEvent
from werkzeug.exceptions import HTTPException

import main
from functions.api.parsing import MOST_BYTES, MOST_BYTES_WITH_DRAWINGS
from functions.edge import MOST_EVENT_BYTES, MOST_TASK_BYTES
from functions.notify import MOST_BYTES as MOST_NEWS
from tests.unit.calling import call

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
        self.read_bytes = 0

    def read(self, size=-1):
        assert size >= 0, "all of it?"
        self.read_bytes += size
        return b" " * size

    def readinto(self, buffer):
        self.read_bytes += len(buffer)
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
    assert LIMITS[name] < body.read_bytes <= LIMITS[name] + READ_AT_ONCE


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

    assert body.read_bytes == 0


def test_an_event_has_no_large_body(world):
    attributes = {"type": "written", "source": "//firestore", "document": "references/abc"}

    main.fanout(CloudEvent(attributes, b"x" * MOST_EVENT_BYTES))
    with pytest.raises(HTTPException) as refused, flask.Flask("test").test_request_context():
        main.fanout(CloudEvent(attributes, b"x" * (MOST_EVENT_BYTES + 1)))

    assert refused.value.get_response().status_code == 413
