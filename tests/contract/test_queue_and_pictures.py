"""The task queue and the pictures: the adapters against the local servers, beside the fakes."""

import gc
import itertools
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from infra.local.bucket import Bucket, start_bucket
from infra.local.cloudtasks import TasksServer
from infra.local.ports import free_port
from infra.local.processes import Children, LoopThread
from infra.local.stack import LOCATION, read_queues
from shared.adapters.cloud_tasks import CloudTaskQueue, tasks_client
from shared.adapters.picture_formats import MOST_BYTES
from shared.adapters.picture_sources import HttpPictureSource, PainterPictureSource
from shared.adapters.picture_store import TOKEN_FIELD, BucketPictureStore
from shared.domain.image import Step
from shared.ports import (
    Picture,
    PictureRejected,
    PictureStore,
    PictureUnavailable,
    QueueUnavailable,
)
from shared.trace_ids import root_id_of, trace_id_of
from tests.contract.conftest import Target
from tests.fakes.world import FakePictures
from tests.loopback import LoopbackServer, QuietHandler
from tests.unit.images import IMAGINE, STORE

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)
LATER = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def queue(loop: LoopThread, target: Target) -> Iterator[CloudTaskQueue]:
    server = TasksServer(read_queues("demo-tasks"))
    loop.run(server.start(0))
    yield CloudTaskQueue(
        tasks_client(f"127.0.0.1:{server.port}"),
        project="demo-tasks",
        location=LOCATION,
        target=f"{target.url}/{{function}}",
    )
    loop.run(server.stop())


def test_a_step_rings_when_it_is_due_with_its_fencing_token(
    queue: CloudTaskQueue, target: Target
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    image = replace(IMAGINE, generation=2, seq=9, due_at=due)

    queue.schedule(image)

    call = target.wait_for(1)[0]
    assert (call.method, call.path) == ("POST", "/step")
    assert call.headers["X-CloudTasks-QueueName"] == "steps"
    assert json.loads(call.body) == {"imageId": image.image_id, "generation": 2, "seq": 9}
    assert call.at >= due.timestamp()


def test_storing_has_a_queue_and_a_function_of_its_own(
    queue: CloudTaskQueue, target: Target
) -> None:
    assert STORE.next_step is Step.STORE
    queue.schedule(replace(STORE, due_at=datetime.now(UTC)))

    call = target.wait_for(1)[0]
    assert (call.path, call.headers["X-CloudTasks-QueueName"]) == (
        "/postprocess",
        "post-processing",
    )


def test_ringing_twice_for_one_fencing_token_rings_once(
    queue: CloudTaskQueue, target: Target
) -> None:
    later = replace(IMAGINE, due_at=datetime.now(UTC) + timedelta(hours=1))
    queue.ring(later)
    queue.ring(later)
    queue.ring(replace(later, seq=later.seq + 1))

    bodies = [json.loads(call.body)["seq"] for call in target.wait_for(2)]
    assert sorted(bodies) == [later.seq, later.seq + 1]


def test_a_deleted_book_that_is_asked_for_anew_rings_again(
    queue: CloudTaskQueue, target: Target
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    before, anew = (replace(IMAGINE, due_at=due, nonce=nonce) for nonce in ("1", "2"))
    for image in (before, anew):
        queue.ring(image)
        queue.schedule_alarm(image)
    queue.call_off(before)

    target.wait_for(3)


def test_an_alarm_rings_when_it_is_due_unless_it_was_called_off(
    queue: CloudTaskQueue, target: Target
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    off, on = replace(IMAGINE, seq=1, due_at=due), replace(IMAGINE, seq=2, due_at=due)
    queue.schedule_alarm(off)
    queue.schedule_alarm(on)
    queue.schedule_alarm(on)

    queue.call_off(off)
    queue.call_off(off)

    assert [json.loads(call.body)["seq"] for call in target.wait_for(1)] == [2]


def test_what_is_overdue_rings_though_its_alarm_is_lost(
    queue: CloudTaskQueue, target: Target
) -> None:
    image = replace(IMAGINE, due_at=datetime.now(UTC) + timedelta(hours=1))
    queue.schedule_alarm(image)
    queue.call_off(image)

    queue.schedule(replace(image, due_at=datetime.now(UTC)))

    target.wait_for(1)


def test_the_queue_says_that_it_is_there_and_creates_nothing(
    queue: CloudTaskQueue, target: Target
) -> None:
    queue.ping(3)

    queue.ask_admission()
    assert [call.path for call in target.wait_for(1)] == ["/admit"]


def test_tasks_carry_the_trace_of_their_book(queue: CloudTaskQueue, target: Target) -> None:
    queue.schedule(replace(IMAGINE, due_at=datetime.now(UTC)))

    (call,) = target.wait_for(1)
    trace_id, root_id = trace_id_of(IMAGINE.job_id), root_id_of(IMAGINE.job_id)
    assert call.headers["traceparent"] == f"00-{trace_id}-{root_id}-00"


def test_admission_can_be_asked_for_a_later_moment(queue: CloudTaskQueue, target: Target) -> None:
    later = datetime.now(UTC) + timedelta(seconds=0.3)
    queue.ask_admission(later)

    call = target.wait_for(1)[0]
    assert call.at >= later.timestamp()
    assert datetime.fromisoformat(json.loads(call.body)["at"]) == later


def test_admission_has_a_queue_of_its_own(queue: CloudTaskQueue, target: Target) -> None:
    queue.ask_admission()

    call = target.wait_for(1)[0]
    assert (call.path, call.headers["X-CloudTasks-QueueName"]) == ("/admit", "admission")


def test_a_queue_that_is_gone_is_unavailable() -> None:
    queue = CloudTaskQueue(
        tasks_client(f"127.0.0.1:{free_port()}"),
        project="demo-tasks",
        location=LOCATION,
        target="http://127.0.0.1:1/{function}",
        call_seconds=0.5,
    )
    with pytest.raises(QueueUnavailable):
        queue.ask_admission()
    with pytest.raises(QueueUnavailable):
        queue.ping(0.5)


# --- pictures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    children = Children(Path(tmp_path_factory.mktemp("bucket")))
    bucket = start_bucket(children, free_port(), None)
    bucket.wait_until_ready()
    yield bucket
    children.stop_all()


@pytest.fixture
def bucket_pictures(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> BucketPictureStore:
    """Over a bucket of its own, so that no test finds what another one has stored."""
    name = f"pictures-{uuid.uuid4().hex}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.url)
    bucket.create(name, "demo-pictures")
    return BucketPictureStore("demo-pictures", name, f"{bucket.url}/{{bucket}}/{{name}}")


@pytest.fixture(params=["fake", "bucket"])
def pictures(request: pytest.FixtureRequest) -> PictureStore:
    if request.param == "fake":
        return FakePictures()
    found: PictureStore = request.getfixturevalue("bucket_pictures")
    return found


def picture(data: bytes = PNG) -> Picture:
    return Picture(data=data, content_type="image/png", suffix=".png")


KINDS = {
    ".png": picture(),
    ".jpg": Picture(data=b"\xff\xd8\xff\xe0" + bytes(9), content_type="image/jpeg", suffix=".jpg"),
    ".webp": Picture(
        data=b"RIFF\0\0\0\0WEBP" + bytes(9), content_type="image/webp", suffix=".webp"
    ),
}


def test_storing_twice_under_a_name_changes_nothing(pictures: PictureStore) -> None:
    first = pictures.put("jobs/a/b-1", picture(), LATER)
    again = pictures.put("jobs/a/b-1", picture(PNG + b"other"), LATER)

    assert again == first
    if isinstance(pictures, FakePictures):
        return
    answer = requests.get(first, timeout=10)
    assert answer.content == PNG
    assert answer.headers["Content-Type"] == "image/png"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_what_was_stored_is_read_by_its_full_name(pictures: PictureStore, suffix: str) -> None:
    stored = KINDS[suffix]
    url = pictures.put("jobs/ä b/c-1" + suffix, stored, LATER)

    assert url.endswith(suffix)
    assert pictures.read("jobs/ä b/c-1" + suffix) == stored


def test_a_link_holds_the_token_that_opens_the_object(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"pictures-{uuid.uuid4().hex}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.url)
    bucket.create(name, "demo-pictures")
    link = "https://storage.test/v0/b/{bucket}/o/{name}?alt=media&token={token}"

    url = BucketPictureStore("demo-pictures", name, link).put("a/b-1.png", picture(), LATER)

    client = storage.Client(project="demo-pictures", credentials=AnonymousCredentials())
    blob = client.bucket(name).get_blob("a/b-1.png")
    token = blob.metadata[TOKEN_FIELD]
    assert blob.custom_time == LATER, "by which the bucket's lifecycle rule takes it"
    assert url == f"https://storage.test/v0/b/{name}/o/a%2Fb-1.png?alt=media&token={token}"
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert token not in "a/b-1.png"


@pytest.mark.parametrize("name", ["jobs/a/b-1", "jobs/a/b-1.webp", "jobs/a", "../b-1.png"])
def test_what_was_not_stored_is_not_found(pictures: PictureStore, name: str) -> None:
    pictures.put("jobs/a/b-1.png", picture(), LATER)

    with pytest.raises(PictureRejected) as caught:
        pictures.read(name)
    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html>", "not_found"),
        (b"", "not_found"),
        (PNG + bytes(MOST_BYTES), "picture_too_large"),
    ],
    ids=["no picture", "nothing", "too large"],
)
def test_what_is_in_the_bucket_is_not_trusted(
    bucket_pictures: BucketPictureStore, data: bytes, code: str
) -> None:
    bucket_pictures.put("jobs/a/b-1.png", picture(data), LATER)

    with pytest.raises(PictureRejected) as caught:
        bucket_pictures.read("jobs/a/b-1.png")
    assert caught.value.code == code


def test_a_bucket_that_is_gone_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    store = BucketPictureStore("demo", "pictures", "http://127.0.0.1:1", call_seconds=0.5)

    with pytest.raises(PictureUnavailable):
        store.put("jobs/a/b-1", picture(), LATER)
    with pytest.raises(PictureUnavailable):
        store.read("jobs/a/b-1.png")
    with pytest.raises(PictureUnavailable):
        store.ping(0.5)


def test_a_bucket_says_that_it_is_there_and_one_that_is_not_is_unavailable(
    bucket_pictures: BucketPictureStore,
) -> None:
    bucket_pictures.ping(3)

    with pytest.raises(PictureUnavailable):
        BucketPictureStore("demo", "no-such-bucket", "http://x").ping(3)


@pytest.mark.filterwarnings("ignore:unclosed <socket")
@pytest.mark.parametrize("fault", ["503", "cut off"])
@pytest.mark.parametrize("lasts", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("call", ["put", "read"])
def test_a_fault_of_the_bucket_is_outlasted_or_told(
    monkeypatch: pytest.MonkeyPatch, fault: str, lasts: bool, call: str
) -> None:
    faults = itertools.repeat(fault) if lasts else iter([fault])

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            about_object = "/o/" in self.path or "/o?" in self.path
            now = next(faults, None) if about_object else None
            body = PNG if self.command == "GET" else b'{"name": "a.png", "bucket": "b"}'
            # What was cut off is asked for from there on: `bytes=504-...`
            first = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            body = b"" if now == "503" else body[first:]
            self.send_response(503 if now == "503" else 206 if first else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if now == "cut off" else body)

        do_POST = do_GET  # noqa: N815

    with closing(LoopbackServer(Handler)) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        store = BucketPictureStore(
            "demo", "pictures", "http://x/{name}", call_seconds=0.5 if lasts else 5
        )

        def answer() -> object:
            return store.put("a.png", picture(), LATER) if call == "put" else store.read("a.png")

        if lasts:
            with pytest.raises(PictureUnavailable):
                answer()
        else:
            assert answer() == ("http://x/a.png" if call == "put" else picture())
    gc.collect()  # here, where it is forgiven: the client leaves what is cut off unclosed


@pytest.fixture
def serve() -> Iterator[object]:
    servers = []

    def start(status: int, body: bytes, length: int | None = None) -> str:
        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802
                self.send_response(status)
                self.send_header("Content-Length", str(length or len(body)))
                self.end_headers()
                self.wfile.write(body)

        servers.append(LoopbackServer(Handler))
        return f"{servers[-1].url}/picture.png"

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("beginning", "content_type", "suffix"),
    [
        (PNG, "image/png", ".png"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "image/jpeg", ".jpg"),
        (b"RIFF\x00\x00\x00\x00WEBP" + bytes(100), "image/webp", ".webp"),
    ],
)
def test_a_picture_is_known_by_its_bytes(serve, beginning, content_type, suffix) -> None:  # type: ignore[no-untyped-def]
    found = PainterPictureSource(("127.0.0.1",)).fetch(serve(200, beginning))

    assert (found.data, found.content_type, found.suffix) == (beginning, content_type, suffix)


@pytest.mark.parametrize(
    ("status", "body", "length"),
    [
        (404, b"This content is no longer available.", None),
        (500, PNG, None),
        (200, b"<html>no picture</html>", None),
        (200, b"RIFF\x00\x00\x00\x00WAVE", None),
        (200, b"", None),
        (200, PNG, 2 * len(PNG)),
        (200, PNG + bytes(MOST_BYTES), None),
    ],
)
def test_what_is_no_whole_picture_is_not_taken(serve, status, body, length) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((PictureRejected, PictureUnavailable)):
        PainterPictureSource(("127.0.0.1",)).fetch(serve(status, body, length))


def test_a_link_to_nowhere_is_unavailable() -> None:
    with pytest.raises(PictureUnavailable):
        PainterPictureSource(("127.0.0.1",)).fetch(f"http://127.0.0.1:{free_port()}/picture.png")


def test_a_link_that_a_client_sent_is_not_followed_into_the_own_network(serve) -> None:  # type: ignore[no-untyped-def]
    link = serve(200, PNG)
    assert PainterPictureSource(("127.0.0.1",)).fetch(link).data == PNG

    for url in (link, link.replace("http:", "https:")):
        with pytest.raises(PictureRejected) as caught:
            HttpPictureSource(("127.0.0.1",)).fetch(url)
        assert caught.value.code == "link_not_allowed"
