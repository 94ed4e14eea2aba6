"""Traces: one for each book, through every function that works on it; and none that costs."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cloudevents.http import CloudEvent
from google.auth.transport.requests import AuthorizedSession

import main
from functions import edge, wiring
from shared.adapters.span_sender import GOOGLE, PAUSE_SECONDS, SpanSender
from shared.settings import settings
from shared.trace_ids import is_traced, no_header, root_id_of, trace_id_of
from shared.tracing import Span, about, identify, span, trace_header, traced_call
from tests.fakes.otlp import otlp_receiver
from tests.fakes.world import World
from tests.unit.calling import call, post
from tests.unit.test_logs import MARK, TALE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def receiver(set_up):
    with otlp_receiver() as receiver:
        set_up(TRACE_SHARE="1", TRACE_URL=receiver.url)
        edge._sender.cache_clear()
        yield receiver
    edge._sender.cache_clear()


@pytest.fixture
def traced_world(receiver):
    world = World()
    wiring.provide(world.services)
    yield world
    wiring.provide(None)


def paint(world: World, job_id: str) -> None:
    """Paint the book through the functions, as tasks, events and the sweeper call them."""
    header = {"traceparent": f"00-{trace_id_of(job_id)}-{'5' * 16}-01"}
    for _ in range(12):
        post(main.admit, {})
        if world.store.reference(job_id) is not None:
            event = {"type": "t", "source": "s", "document": f"references/{job_id}"}
            main.fanout(CloudEvent(event, b""))
        for found in world.store.images_of(job_id):
            image = found.value
            if image.next_step is not None:
                body = {"imageId": image.image_id, "generation": 1, "seq": image.seq}
                post(main.postprocess if image.next_step == "store" else main.step, body, **header)
        world.now += world.services.sweep_grace


# --- a book ---------------------------------------------------------------------------------------


def test_a_whole_book_is_one_trace_and_holds_nothing_of_a_child(traced_world, receiver):
    job_id = post(main.generate, TALE).json["jobId"]
    paint(traced_world, job_id)
    assert call(main.status, query_string={"jobId": job_id}).json["status"] == "succeeded"

    functions = {"generate", "admit", "step", "fanout", "postprocess", "status", "book"}
    assert {one.name for one in receiver.spans} == functions
    assert {one.trace_id for one in receiver.spans} == {trace_id_of(job_id)}
    assert MARK not in repr(receiver.spans)
    (book,) = receiver.of("book")
    assert (book.span_id, book.parent_id) == (root_id_of(job_id), "")
    assert book.attributes == {"jobId": job_id, "outcome": "succeeded"}
    ids = {one.span_id for one in receiver.spans}
    others = [one for one in receiver.spans if one is not book]
    # Those that a task woke have its creator for a parent, which is another call of the book's.
    assert {one.parent_id for one in others} <= ids | {"5" * 16}
    assert all(one.parent_id == root_id_of(job_id) for one in receiver.of("generate"))
    assert all(one.parent_id == "5" * 16 for one in receiver.of("step"))
    step = receiver.of("step")[0]
    assert step.attributes == {
        "jobId": job_id,
        "imageId": f"{job_id}-000",
        "stage": "watch_imagine",
        "outcome": "painting",
    }
    assert step.resource == {
        "service.name": "fairy-tale-images",
        "faas.name": "fairy-tale-images",
        "gcp.project_id": settings().project,
    }
    assert "Authorization" not in receiver.headers[0]


def test_admission_is_in_the_trace_of_each_book_that_it_begins(traced_world, receiver):
    jobs = [post(main.generate, {**TALE, "studentTaskId": f"{n}"}).json["jobId"] for n in range(3)]

    post(main.admit, {})

    admitted = receiver.of("admit")
    assert {one.trace_id for one in admitted} == {trace_id_of(job_id) for job_id in jobs}
    assert {one.attributes["imageId"] for one in admitted} == {f"{job_id}-000" for job_id in jobs}
    assert receiver.requests == 4  # each call sends all of its own at once


def test_log_lines_of_a_traced_call_are_in_its_span(traced_world, receiver, capsys):
    job_id = post(main.generate, TALE).json["jobId"]

    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    trace = f"projects/{settings().project}/traces/{trace_id_of(job_id)}"
    assert line["logging.googleapis.com/trace"] == trace
    assert line["logging.googleapis.com/spanId"] == receiver.of("generate")[0].span_id


# --- spans ----------------------------------------------------------------------------------------


def test_what_is_asked_of_the_outside_is_inside_the_span_around_it():
    sent: list[Span] = []
    with traced_call("step", no_header, project="p", share=1, send=sent.extend):
        with span("too early"):
            pass
        identify(image_id="abc-000")
        with span("commit"):
            task = trace_header("abc")
        with pytest.raises(ZeroDivisionError), about("xyz-000"), span("submit"):
            raise ZeroDivisionError

    commit, submit, heir, step = sent
    assert [one.name for one in sent] == ["commit", "submit", "step", "step"]
    assert commit.parent_id == step.span_id
    assert task["traceparent"] == f"00-{trace_id_of('abc')}-{step.span_id}-01"
    assert (submit.parent_id, submit.failed, commit.failed) == (heir.span_id, True, False)
    assert (heir.trace_id, heir.parent_id) == (trace_id_of("xyz"), root_id_of("xyz"))
    assert (step.trace_id, step.parent_id) == (trace_id_of("abc"), root_id_of("abc"))
    assert step.started_ns <= commit.started_ns <= commit.ended_ns <= step.ended_ns


def test_the_share_of_the_books_that_are_traced_is_as_it_was_set():
    jobs = [f"job {number}" for number in range(4000)]

    for share in (0, 0.1, 0.5, 1):
        traced = [job for job in jobs if is_traced(job, share)]
        assert len(traced) / len(jobs) == pytest.approx(share, abs=0.03)
    # Who is traced with a small share is with a larger one.
    assert {job for job in jobs if is_traced(job, 0.1)} <= {j for j in jobs if is_traced(j, 0.2)}


def test_a_client_cannot_have_a_book_traced():
    sent: list[Span] = []
    header = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}.get
    with traced_call("generate", header, project="p", share=0, send=sent.extend):
        identify(job_id="abc")
        with span("commit"):
            assert trace_header()["traceparent"].endswith("-00")

    assert sent == []


# --- what it costs --------------------------------------------------------------------------------

BOOK = """
import sys
import main
from functions import wiring
from tests.fakes.world import World
from tests.unit.calling import post
from tests.unit.test_logs import TALE
world = World()
wiring.provide(world.services)
assert post(main.generate, TALE).status_code == 202
post(main.admit, {})
print([name for name in sys.modules if name.startswith(
    ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto"))])
"""


@pytest.mark.parametrize(("share", "loaded"), [("0", False), ("1", True)])
def test_nothing_of_the_sdk_is_loaded_where_nothing_is_traced(environment, share, loaded):
    with otlp_receiver() as receiver:
        done = subprocess.run(
            [sys.executable, "-c", BOOK],
            cwd=ROOT,
            env=environment_of(TRACE_SHARE=share, TRACE_URL=receiver.url),
            capture_output=True,
            text=True,
            check=True,
        )
    assert ("opentelemetry.sdk" in done.stdout.splitlines()[-1]) is loaded
    assert bool(receiver.spans) is loaded


def environment_of(**more: str) -> dict[str, str]:
    from tests.unit.test_settings import NEEDED

    return {"PATH": "", **NEEDED, "AUTH": "none", **more}


def one_span() -> list[Span]:
    return [Span(name="step", trace_id="a" * 32, span_id="b" * 16, parent_id="", started_ns=1,
                 ended_ns=2, attributes={})]  # fmt: skip


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def sender(url: str, clock: Clock | None = None, seconds: float = 0.3) -> SpanSender:
    monotonic = clock or Clock()
    return SpanSender(url, project="p", service="s", seconds=seconds, monotonic=monotonic)


@pytest.mark.parametrize("fault", ["silent", "refuses", "not there"])
def test_a_receiver_that_fails_costs_one_wait_and_one_line_a_minute(capsys, fault):
    clock = Clock()
    with otlp_receiver() as receiver:
        url = "http://127.0.0.1:1/v1/traces" if fault == "not there" else receiver.url
        sending = sender(url, clock)
        sending._exporter  # noqa: B018 - loaded before the clock runs
        receiver.status = 403 if fault == "refuses" else 200
        if fault == "silent":
            receiver.gate.clear()
        began = time.monotonic()
        for _ in range(5):
            sending.send(one_span())
        took = time.monotonic() - began

        (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
        assert (line["severity"], line["message"]) == (
            "WARNING",
            "spans not sent; none are for a minute",
        )
        # One try, and its one retry of a connection; on a machine that is busy.
        assert took < 0.3 * 2 + 3
        receiver.gate.set()
        receiver.status, received = 200, receiver.requests
        if fault != "not there":
            clock.now += PAUSE_SECONDS + 1
            sending.send(one_span())
            assert receiver.requests == received + 1
            assert capsys.readouterr().out == ""


def test_a_dead_receiver_fails_no_call(traced_world, receiver, set_up):
    set_up(TRACE_URL="http://127.0.0.1:1/v1/traces")
    edge._sender.cache_clear()

    assert post(main.generate, TALE).status_code == 202
    assert post(main.admit, {}).status_code == 200


ACCOUNT = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}


def test_google_is_asked_with_the_functions_own_account(monkeypatch, tmp_path):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(ACCOUNT))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    session = sender(f"https://{GOOGLE}/v1/traces")._authorized()

    assert isinstance(session, AuthorizedSession)
    assert session.credentials.client_id == ACCOUNT["client_id"]


def test_without_an_account_nothing_is_sent_to_google_which_is_said(monkeypatch, capsys):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")

    sender(f"https://{GOOGLE}/v1/traces").send(one_span())

    assert "DefaultCredentialsError" in capsys.readouterr().out
