"""The client of the functions, over a transport that answers from a list."""

import io
import json
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from infra.local.client import Client, NoPicture, Refused, Unreachable

JOB = "a" * 26


def view(status: str = "running", progress: int = 0) -> dict[str, Any]:
    """An answer of status."""
    return {
        "jobId": JOB,
        "status": status,
        "progress": progress,
        "completed": status != "running",
        "error": None,
        "images": [
            {
                "imageId": f"{JOB}-000",
                "kind": "character",
                "role": "reference",
                "name": "Mina",
                "status": "painting",
                "progress": progress,
                "imageUrl": None,
                "error": {"code": "moderated", "message": "Refused."},
            }
        ],
    }


class Script(BaseAdapter):
    """Answers each request with the next of a list: (status, body, headers), or an error."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = answer
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url or "", request
        response.headers.update(headers)
        response.raw = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        return response

    def close(self) -> None:
        """Nothing is open."""


def client_of(script: Script, slept: list[float] | None = None) -> Client:
    session = requests.Session()
    session.mount("http://", script)
    waits = [] if slept is None else slept
    return Client("http://functions/", session=session, sleep=waits.append)


def test_generate_sends_the_tale_under_its_key() -> None:
    script = Script((202, {"jobId": JOB}, {}))
    assert client_of(script).generate({"characters": []}, "key-1") == JOB
    [request] = script.requests
    assert request.url == "http://functions/generate"
    assert request.headers["Idempotency-Key"] == "key-1"
    assert json.loads(request.body or b"") == {"characters": []}


def test_a_problem_is_a_refusal_with_its_code() -> None:
    problem = {"code": "no_main_character", "detail": "No character is the main one."}
    with pytest.raises(Refused, match="No character is the main one") as refused:
        client_of(Script((422, problem, {}))).generate({}, "key")
    assert (refused.value.status, refused.value.code) == (422, "no_main_character")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}"])
def test_an_error_without_a_problem_is_a_refusal_too(body: bytes) -> None:
    with pytest.raises(Refused, match="HTTP 500"):
        client_of(Script((500, body, {}))).generate({}, "key")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}"])
def test_an_answer_of_something_else_is_no_job(body: bytes) -> None:
    with pytest.raises(Unreachable, match="none of the functions"):
        client_of(Script((202, body, {}))).generate({}, "key")


def test_no_answer() -> None:
    with pytest.raises(Unreachable, match="does not answer: ConnectionError"):
        client_of(Script(requests.ConnectionError())).generate({}, "key")


def test_status_reads_the_book() -> None:
    book, etag = client_of(Script((200, view(progress=40), {"ETag": '"1"'}))).status(JOB)
    assert book is not None
    assert (book.job_id, book.progress, book.completed, etag) == (JOB, 40, False, '"1"')
    [picture] = book.pictures
    assert (picture.name, picture.role, picture.error) == ("Mina", "reference", "Refused.")


def test_an_unchanged_book_is_not_read_again() -> None:
    script = Script((304, b"", {}))
    assert client_of(script).status(JOB, '"1"') == (None, '"1"')
    assert script.requests[0].headers["If-None-Match"] == '"1"'


def test_watching_yields_after_each_look_until_the_end() -> None:
    slept: list[float] = []
    script = Script(
        (200, view(progress=10), {"ETag": '"1"'}),
        (304, b"", {}),
        (200, view("succeeded", 100), {"ETag": '"2"'}),
    )
    books = list(client_of(script, slept).watch(JOB, 0.4))
    assert [book.progress for book in books] == [10, 10, 100]
    assert [request.headers.get("If-None-Match") for request in script.requests] == [
        None,
        '"1"',
        '"1"',
    ]
    assert slept == [0.4, 0.4]


def test_a_picture_is_fetched() -> None:
    assert client_of(Script((200, b"png", {}))).download("http://bucket/1.png") == b"png"


@pytest.mark.parametrize("answer", [(404, b"", {}), (200, b"", {}), requests.ReadTimeout()])
def test_no_picture(answer: Any) -> None:
    with pytest.raises(NoPicture, match=r"http://bucket/1\.png gave no picture"):
        client_of(Script(answer)).download("http://bucket/1.png")


def test_the_own_session_ignores_the_environments_proxies() -> None:
    with Client("http://functions") as client:
        assert client._session.trust_env is False


DATE = {"Date": "Fri, 01 May 2026 09:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        (DATE | {"Retry-After": "Fri, 01 May 2026 09:01:30 GMT"}, 90),
        (DATE | {"Retry-After": "Fri, 01 May 2026 08:00:00 GMT"}, 0),
        ({"Retry-After": "Fri, 01 May 1998 09:00:00 GMT"}, 0),
        (DATE | {"Retry-After": "soon"}, None),
        (DATE, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert client_of(Script((200, view(), headers))).look(JOB).retry_after == seconds
    with pytest.raises(Refused) as refused:
        client_of(Script((429, b"slow down", headers))).look(JOB)
    assert refused.value.retry_after == seconds
