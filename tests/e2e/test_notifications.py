"""The painter's notifications over HTTP: lost, doubled, out of order, forged; and life without."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from infra.local.bench.calls import Call, read_calls
from infra.local.stack_addresses import NOTIFY_SECRET, PROXY_SECRET
from shared.notify_hooks import NotifyHooks
from tests.e2e.conftest import SETTINGS, Backend, options_for, running
from tests.e2e.test_books import held_slots, once_each


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A stack whose proxy tells of what it paints, without chaos of its own."""
    options = replace(
        options_for("novicezk"),
        tasks_chaos=None,
        events_chaos=None,
        log_folder=tmp_path_factory.mktemp("logs"),
    )
    with running(options) as backend:
        yield backend


@pytest.fixture(autouse=True)
def _behaving_again(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "told" in request.fixturenames:
        request.getfixturevalue("told").faults()


def calls(backend: Backend, function: str) -> list[Call]:
    """The calls of a function so far, by the log that it writes itself."""
    lines = backend.stack.functions_log.read_text().splitlines()
    return [call for call in read_calls(lines) if call.function == function]


def requested(backend: Backend, endpoint: str) -> int:
    """How often something was asked of the proxy."""
    stats = requests.get(f"{backend.stack.proxy_control_url}/stats", timeout=10).json()
    return int(stats["requests"].get(endpoint, 0))


FETCH = "GET /mj/task/{id}/fetch"


def tale_of(backend: Backend, word: str) -> dict[str, Any]:
    """A request of which each prompt has the word."""
    tale = backend.tale(3, 1, word)
    tale["characters"][0]["prompt"] = f"a girl and her {word}"
    return tale


MANNERS = {
    "in order": [],
    "lost": [{"kind": "notify_drop"}],
    "doubled": [{"kind": "notify_double"}],
    "out of order": [{"kind": "notify_reorder"}],
    "doubled and out of order": [{"kind": "notify_double"}, {"kind": "notify_reorder"}],
}


@pytest.mark.parametrize("manner", MANNERS)
def test_a_book_is_painted_and_paid_once_however_notifications_come(told, manner):
    word = f"kite{list(MANNERS).index(manner)}"
    faults = [{**fault, "prompt_contains": word, "times": None} for fault in MANNERS[manner]]
    told.faults(*faults)
    seen: dict[str, list[int]] = {}
    job_id = told.generate(tale_of(told, word)).json()["jobId"]

    def on_images(_: Any, changes: Any, __: Any) -> None:
        for change in changes:
            image = change.document.to_dict()
            seen.setdefault(image["imageId"], []).append(image["progress"])

    listening = told.images_of(job_id).on_snapshot(on_images)
    book = told.wait(job_id)
    listening.unsubscribe()

    assert (book["status"], book["progress"]) == ("succeeded", 100)
    assert once_each(told, book)
    assert len(seen) == 4
    assert all(progress == sorted(progress) for progress in seen.values())
    assert held_slots(told) == 0


def test_each_notification_costs_at_most_a_read_and_seldom_a_write(told):
    """Of all books of this module, those whose notifications came doubled included."""
    notified = calls(told, "notify")

    assert notified
    assert {call.status for call in notified} <= {200, 404, 405, 413}
    assert max(call.reads for call in notified) == 1
    assert max(call.writes for call in notified) == 1
    assert sum(call.writes for call in notified) < len(notified) / 2
    # What a person does not see (waiting, an UPSCALE at work) is not even looked up.
    assert any(call.reads == 0 for call in notified)


# --- forged ---------------------------------------------------------------------------------------


class Target:
    """An image that the proxy has been asked to paint, and whoever wants to speak of it."""

    def __init__(self, backend: Backend, job_id: str) -> None:
        self.backend = backend
        self.document = next(backend.images_of(job_id).stream()).reference
        image = self.document.get().to_dict()
        submission = image["upscale"] or image["imagine"]
        self.image_id, self.token = image["imageId"], submission["token"]
        self.task_id = submission["taskId"]

    @property
    def news(self) -> dict[str, Any]:
        """What the proxy would send when it is done."""
        return {
            "id": self.task_id,
            "state": self.token,
            "status": "SUCCESS",
            "progress": "100%",
            "imageUrl": "http://127.0.0.1/forged.png",
        }

    def url(self, image_id: str | None = None, token: str | None = None) -> str:
        """Where the proxy would send it; for another image or token, if one is given."""
        hooks = NotifyHooks(self.backend.url, NOTIFY_SECRET)
        return hooks.url(image_id or self.image_id, token or self.token)


@pytest.fixture(scope="module")
def target(told: Backend) -> Target:
    job_id = told.generate(told.tale(1, 0)).json()["jobId"]
    told.wait(job_id)
    return Target(told, job_id)


def answered(
    backend: Backend, send: Callable[[], requests.Response]
) -> tuple[requests.Response, Call]:
    """An answer, and the line that the call left in the log."""
    before = len(calls(backend, "notify"))
    answer = send()
    backend.until(lambda: len(calls(backend, "notify")) > before)
    return answer, calls(backend, "notify")[-1]


Forgery = Callable[[Target], requests.Response]


def post(url: str, **arguments: Any) -> requests.Response:
    return requests.post(url, timeout=10, **arguments)


def chunks(size: int) -> Iterator[bytes]:
    yield b'{"id": "'
    for _ in range(size // 1024):
        yield b"x" * 1024
    yield b'"}'


OTHER_IMAGE = "a" * 26 + "-000"
STRANGERS = NotifyHooks("http://x", "another secret, as long as ours")
FORGED: dict[str, Forgery] = {
    "a wrong signature": lambda t: post(t.url()[:-64] + "0" * 64, json=t.news),
    "half a signature": lambda t: post(t.url()[:-32], json=t.news),
    "a signature in capitals": lambda t: post(t.url()[:-64] + t.url()[-64:].upper(), json=t.news),
    "another secret's signature": lambda t: post(
        t.url()[:-64] + STRANGERS.url(t.image_id, t.token)[-64:], json=t.news
    ),
    "another image's signature": lambda t: post(
        t.url()[:-64] + t.url(image_id=OTHER_IMAGE)[-64:], json=t.news
    ),
    "another token's signature": lambda t: post(t.url(token="another"), json=t.news),
    "another token in the news": lambda t: post(t.url(), json={**t.news, "state": "another"}),
    "no token in the news": lambda t: post(t.url(), json={**t.news, "state": None}),
    "half a letter for a token": lambda t: post(t.url(), json={**t.news, "state": "\ud800"}),
    "no signature": lambda t: post(t.url()[:-65], json=t.news),
    "an empty signature": lambda t: post(t.url()[:-64], json=t.news),
    "a longer path": lambda t: post(t.url() + "/more", json=t.news),
    "no image": lambda t: post(f"{t.backend.url}/notify", json=t.news),
    "an image that is none": lambda t: post(f"{t.backend.url}/notify/..%2f..%2fx/y", json=t.news),
    "an image that is not there": lambda t: post(t.url(image_id=OTHER_IMAGE), json={}),
    "no body": lambda t: post(t.url()),
    "no JSON": lambda t: post(t.url(), data="{" * 100),
    "no UTF-8": lambda t: post(t.url(), data=b"\xff\xfe\x00"),
    "no object": lambda t: post(t.url(), json=[t.news]),
    "an object without a task": lambda t: post(t.url(), json={"state": t.token}),
    "a task whose id is no text": lambda t: post(t.url(), json={**t.news, "id": 17}),
    "JSON that is very deep": lambda t: post(t.url(), data="[" * 100_000),
    "a form": lambda t: post(t.url(), data=t.news),
    "a number of many digits": lambda t: post(
        t.url(token="another"), json={**t.news, "progress": "9" * 5000 + "%"}
    ),
}


METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHERS: dict[str, tuple[Forgery, set[int]]] = {
    "a huge body": (lambda t: post(t.url(), data=b"x" * 300_000), {413}),
    "a huge body in chunks": (lambda t: post(t.url(), data=chunks(300_000)), {404, 413}),
    "a body in chunks without end": (lambda t: post(t.url(), data=chunks(12 << 20)), {404, 413}),
    **{
        method: (lambda t, m=method: requests.request(m, t.url(), timeout=10), {405})
        for method in METHODS
    },
}
REFUSED = {**{how: (forgery, {404}) for how, forgery in FORGED.items()}, **OTHERS}


@pytest.mark.parametrize("how", REFUSED)
def test_forged_notifications_are_refused_before_anything_is_read(target, how):
    forgery, statuses = REFUSED[how]

    answer, call = answered(target.backend, lambda: forgery(target))

    assert answer.status_code in statuses
    assert call.status == answer.status_code
    assert (call.reads, call.writes, call.tasks) == (0, 0, 0)
    if answer.request.method != "HEAD":
        assert answer.json()["code"] in {"image_not_found", "body_too_large", "method_not_allowed"}


def test_genuine_news_of_what_is_over_cost_a_read_and_change_nothing(target):
    before = target.document.get().update_time

    answer, call = answered(target.backend, lambda: post(target.url(), json=target.news))

    assert (answer.status_code, answer.text) == (200, "outdated")
    assert (call.reads, call.writes, call.tasks) == (1, 0, 0)
    assert target.document.get().update_time == before


def test_genuine_news_have_a_step_look_and_are_not_believed(told):
    fault = {"prompt_contains": "statue", "times": None, "action": "IMAGINE"}
    told.faults({"kind": "notify_drop", **fault}, {"kind": "hang", **fault})
    tale = told.tale(1, 0)
    tale["characters"][0]["prompt"] = "a statue of a girl"
    job_id = told.generate(tale).json()["jobId"]
    image = told.images_of(job_id)
    told.until(lambda: all(i.get("nextStep") == "watch_imagine" for i in image.stream()))
    target, looks = Target(told, job_id), requested(told, FETCH)

    answer, call = answered(told, lambda: post(target.url(), json=target.news))

    assert (answer.status_code, answer.text) == (200, "rung")
    assert (call.reads, call.writes, call.tasks) == (1, 0, 1)
    told.until(lambda: requested(told, FETCH) > looks)
    document = target.document.get().to_dict()
    assert (document["status"], document["gridUrl"]) == ("painting", None)
    told.faults()
    assert told.wait(job_id)["status"] == "succeeded"  # another try of it


# --- without --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A stack whose proxy tells nothing, and takes the same time for all pictures."""
    options = replace(
        options_for("novicezk"),
        proxy_args=["--picture-size", "128", "--jitter", "0"],
        tasks_chaos=None,
        events_chaos=None,
        functions_env={**SETTINGS, "CUTOUT_MODEL": "none", "LOOK_MAX_SECONDS": "2"},
        workers=1,  # who looks has seen all others
        notify=False,
        log_folder=tmp_path_factory.mktemp("logs"),
    )
    with running(options) as backend:
        yield backend


def test_without_notifications_a_picture_is_looked_at_a_few_times_when_it_should_be_done(untold):
    first = untold.generate(untold.tale(1, 0)).json()["jobId"]
    untold.wait(first)
    looks = requested(untold, FETCH)

    book = untold.wait(untold.generate(untold.tale(3, 3)).json()["jobId"])

    assert book["status"] == "succeeded"
    assert once_each(untold, book)
    # The first one's time was not known beforehand. Theirs is, whatever the machine is busy with.
    assert requested(untold, FETCH) - looks <= len(book["images"]) * looks * 2 / 3
    assert not calls(untold, "notify")
    assert not requests.post(f"{untold.url}/notify/x/y", json={}, timeout=10).ok


def test_without_notifications_nobody_is_asked_to_send_any(untold):
    stats = requests.get(f"{untold.stack.proxy_control_url}/stats", timeout=10).json()
    task_id = stats["submits"][0]["id"]
    url = f"{untold.stack.proxy_url}/task/{task_id}/fetch"

    task = requests.get(url, headers={"mj-api-secret": PROXY_SECRET}, timeout=10).json()

    assert task["properties"]["notifyHook"] is None
