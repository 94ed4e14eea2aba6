"""A client's own server on loopback: told of every ending, whatever goes wrong on the way."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from infra.local.cloudtasks import Chaos
from infra.local.stack import LocalStack, StackOptions
from shared.crash_points import CrashPoint
from tests.e2e.conftest import SETTINGS, SPEED, Backend
from tests.loopback import LoopbackServer, QuietHandler

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TIMEOUT = 1.0


@dataclass(frozen=True, kw_only=True)
class Message:
    """What came, its signature checked."""

    path: str
    event_id: str
    body: dict[str, Any]
    status: int
    """What it was answered with."""


class Receiver:
    """A server that checks each message, and answers by the last part of the path.

    `fails` answers 500 and `slow` too late, but only to what it sees for the first time; `gone`
    answers 410, and `broken` 500 each time.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.forged = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = LoopbackServer(self._handler())
        self.url = self._server.url

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.path, dict(self.headers.items()), body)
                try:
                    self.send_response(status)
                    self.end_headers()
                except OSError:  # nobody waits for it any more
                    pass

        return Handler

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        try:
            said = standardwebhooks.Webhook(SECRET).verify(body, headers)
        except standardwebhooks.WebhookVerificationError:
            self.forged += 1
            return 400
        event_id, does = headers["webhook-id"], path.rsplit("/", 1)[1]
        with self._lock:
            is_new = event_id not in {message.event_id for message in self.of(path)}
            status = {"gone": 410, "broken": 500}.get(does, 200)
            if is_new and does == "fails":
                status = 500
            message = Message(path=path, event_id=event_id, body=said, status=status)
            self.messages.append(message)
        if is_new and does == "slow":
            self._closed.wait(TIMEOUT * 2)
        return status

    def of(self, path: str) -> list[Message]:
        return [message for message in self.messages if message.path == path]

    def close(self) -> None:
        self._closed.set()
        self._server.close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tmp_path_factory.mktemp("crashes"))


@pytest.fixture(scope="module")
def calling(crashes: Path) -> Iterator[Backend]:
    """A stack of its own, which calls back, in which a sweep comes only when a test wants one."""
    options = StackOptions(
        speed=SPEED,
        proxy_args=["--picture-size", "64"],
        tasks_chaos=Chaos(duplicate=0.3, delay=0.05, seed=1),
        functions_env={
            **SETTINGS,
            "CUTOUT_MODEL": "none",
            "CALLBACK_HOSTS": "127.0.0.1",
            "CALLBACK_SECRET": f"{SECRET} the-secret-before-this-one",
            "CALLBACK_TIMEOUT_SECONDS": str(TIMEOUT),
            "CALLBACK_ATTEMPTS": "2",
            "CRASH_FOLDER": str(crashes),
        },
        sweep_interval=0,
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        with LocalStack(options) as stack:
            environment.setenv("FIRESTORE_EMULATOR_HOST", stack.firestore_host)
            backend = Backend(stack)
            yield backend
            backend.db.close()


def started(calling: Backend, url: str, characters: int = 1, backgrounds: int = 0) -> str:
    tale = calling.tale(characters=characters, backgrounds=backgrounds)
    answer = calling.generate({**tale, "callbackUrl": url})
    assert answer.status_code == 202, answer.text
    return answer.json()["jobId"]  # type: ignore[no-any-return]


def taken(receiver: Receiver, path: str) -> dict[str, dict[str, Any]]:
    """What was told, by its id, of those that were answered well."""
    return {m.event_id: m.body for m in receiver.of(path) if m.status == 200}


def is_due(calling: Backend, job_id: str) -> bool:
    """Whether there is anything in the job's documents of which its client was not told."""
    job = calling.db.document("jobs", job_id).get()
    documents = [job, *calling.images_of(job_id).stream()]
    return any("callbackDueAt" in document.to_dict() for document in documents)


def test_each_ending_of_a_book_is_told_as_status_shows_it(
    calling: Backend, receiver: Receiver
) -> None:
    job_id = started(calling, f"{receiver.url}/book/takes", characters=2, backgrounds=1)
    status = calling.wait(job_id)
    calling.until(lambda: not is_due(calling, job_id))

    told = list(taken(receiver, "/book/takes").values())
    images = {body["data"]["imageId"]: body for body in told if body["type"] == "image.ended"}
    (job,) = (body for body in told if body["type"] == "job.ended")
    assert len(told) == 4
    for image in status["images"]:
        assert images[image["imageId"]]["data"] == {**image, "jobId": job_id}
    assert job["data"]["status"] == status["status"] == "succeeded"
    assert job["timestamp"] == status["completedAt"]
    assert receiver.forged == 0


def test_painting_one_again_is_told_with_new_ids(calling: Backend, receiver: Receiver) -> None:
    job_id = started(calling, f"{receiver.url}/again/takes")
    image_id = calling.wait(job_id)["images"][0]["imageId"]
    calling.until(lambda: not is_due(calling, job_id))
    before = taken(receiver, "/again/takes").keys()

    assert calling.regenerate(image_id).status_code == 202
    calling.wait(job_id)
    calling.until(lambda: not is_due(calling, job_id))

    new = [body for event, body in taken(receiver, "/again/takes").items() if event not in before]
    assert sorted(body["type"] for body in new) == ["image.ended", "job.ended"]
    assert [body["data"]["generation"] for body in new if "generation" in body["data"]] == [2]


@pytest.mark.parametrize("does", ["fails", "slow"])
def test_what_was_not_answered_well_in_time_comes_again_with_the_same_id(
    calling: Backend, receiver: Receiver, does: str
) -> None:
    path = f"/{does}/{does}"
    job_id = started(calling, receiver.url + path)
    calling.wait(job_id)
    calling.until(lambda: not is_due(calling, job_id))

    times = Counter(message.event_id for message in receiver.of(path))
    assert len(times) == 2
    assert min(times.values()) >= 2
    assert taken(receiver, path).keys() == times.keys()
    bodies = {json.dumps(message.body, sort_keys=True) for message in receiver.of(path)}
    assert len(bodies) == 2, "the same event says the same"


@pytest.mark.parametrize("does", ["gone", "broken"])
def test_who_wants_none_or_never_answers_well_is_left_alone_in_the_end(
    calling: Backend, receiver: Receiver, does: str
) -> None:
    path = f"/{does}/{does}"
    job_id = started(calling, receiver.url + path)
    calling.wait(job_id)
    calling.until(lambda: not is_due(calling, job_id))
    calling.until(lambda: calling.stack.tasks.is_idle)
    tried = len(receiver.of(path))

    calling.stack.sweep()

    assert calling.stack.tasks.is_idle
    assert len(receiver.of(path)) == tried
    assert len({message.event_id for message in receiver.of(path)}) == 2


@pytest.mark.parametrize("point", [CrashPoint.END_WRITTEN, CrashPoint.CONCLUDED])
def test_what_a_dead_process_did_not_enqueue_is_found_by_the_sweeper(
    calling: Backend, receiver: Receiver, crashes: Path, point: CrashPoint
) -> None:
    path = f"/{point}/takes"
    job_id = started(calling, receiver.url + path)
    (crashes / point).touch()
    calling.until(lambda: not (crashes / point).exists())  # it has died there
    ended = calling.images_of(job_id).document(f"{job_id}-000")
    assert ended.get().get("status") == "succeeded"
    assert is_due(calling, job_id)

    def all_told() -> bool:
        calling.stack.sweep()
        return len(taken(receiver, path)) == 2

    calling.until(all_told)
    calling.until(lambda: not is_due(calling, job_id))
    assert calling.wait(job_id)["status"] == "succeeded"


def test_what_was_told_by_a_process_that_died_of_it_comes_again_with_the_same_id(
    calling: Backend, receiver: Receiver, crashes: Path
) -> None:
    path = f"/{CrashPoint.CALLED_BACK}/takes"
    (crashes / CrashPoint.CALLED_BACK).touch()
    job_id = started(calling, receiver.url + path)
    calling.until(lambda: not (crashes / CrashPoint.CALLED_BACK).exists())

    calling.wait(job_id)
    calling.until(lambda: not is_due(calling, job_id))

    times = Counter(message.event_id for message in receiver.of(path))
    assert sorted(times.values()) == [1, 2]


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "metadata.google.internal"])
def test_nobody_else_is_called(calling: Backend, host: str) -> None:
    answer = calling.generate({**calling.tale(), "callbackUrl": f"http://{host}/hook"})

    assert (answer.status_code, answer.json()["code"]) == (422, "callback_not_allowed")


def test_no_line_of_the_log_names_an_address(calling: Backend, receiver: Receiver) -> None:
    assert receiver.messages
    assert receiver.url not in calling.stack.functions_log.read_text()
