"""Callbacks: each ending is told at least once, with one id, and costs nobody else anything."""

import base64
import json
import re
import subprocess
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import playwright
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import main
from functions import wiring
from functions.api import openapi
from functions.api.callbacks import body_of
from infra.local.stack_options import LOCATION, read_queues
from shared.adapters.callback_sender import fault_of, signatures
from shared.adapters.cloud_tasks import CALLBACKS
from shared.adapters.meter import count
from shared.crash_points import CrashPoint, observe
from shared.domain.events import EventType, ending_of, image_ended, job_ended
from shared.domain.image import Image
from shared.domain.job import JobStatus
from shared.ports import QueueUnavailable
from shared.settings import Settings, SettingsError, settings
from shared.usecases.cancel_job import cancel_job
from shared.usecases.deliver_callback import TRIED_FOR, deliver_callback
from shared.usecases.regenerate import regenerate
from shared.usecases.start_job import start_job
from shared.usecases.sweep import Swept, sweep
from tests.fakes.callbacks import FakeCallbackSender
from tests.fakes.world import OWNER, FakeQueue, World, new_book, told_of
from tests.unit.billed import BilledStore, BilledWorld, bill, cost
from tests.unit.calling import call, post
from tests.unit.crashes import Crash
from tests.unit.images import IMAGINE
from tests.unit.test_settings import NEEDED

URL = "https://client.test/hook?key=of-the-client"


@pytest.fixture
def told():
    """A world whose clients can be told."""
    return telling()


def telling(world: World | None = None) -> World:
    world = world or World()
    world.sender = FakeCallbackSender()
    world.services = replace(world.services, callback_sender=world.sender)
    return world


def endings(world, book):
    """The ids of the endings that the book's images and itself have come to."""
    return [ending_of(one).event_id for one in (*world.images(book), world.job(book))]


def bodies(world):
    return [json.loads(message.body) for message in world.sender.received]


def nothing_is_due(world) -> bool:
    return not list(world.store.overdue_callbacks(world.now + timedelta(days=9)))


# --- each ending once, when all goes well --------------------------------------------------------


def test_each_ending_of_a_book_is_told_once(told):
    book = told.start(members=3, callback_url=URL)

    told.run()

    assert sorted(told.sender.ids) == sorted(endings(told, book))
    assert len(set(told.sender.ids)) == 4 + 1
    assert {message.url for message in told.sender.received} == {URL}
    assert bodies(told)[-1] == [book.job.job_id, "succeeded"]
    assert nothing_is_due(told)


def test_a_book_without_an_address_makes_no_task_and_no_question(told):
    told.start()
    told.run()

    assert told.sender.received == []
    assert nothing_is_due(told)
    assert not any(kind == "callback" for kind, _ in told.queue._named)


def test_a_book_without_an_address_costs_what_it_costs_where_nobody_can_be_told():
    bills = []
    for world in (BilledWorld(), telling(BilledWorld())):
        world.start(members=5)
        world.run()
        bills.append(bill(world.calls))

    assert bills[0] == bills[1]


class AskedStore(BilledStore):
    def overdue_callbacks(self, before):
        found = list(self._memory.overdue_callbacks(before))
        images = sum(isinstance(one, Image) for one in found)
        count(reads=max(1, images) + max(1, len(found) - images))
        return iter(found)


def test_only_where_clients_can_be_told_the_sweeper_asks_whether_they_were():
    world = BilledWorld()
    world.services = replace(world.services, store=AskedStore(world.store))
    without = cost(lambda: sweep(world.services))

    assert without == (5, 0)
    assert cost(lambda: sweep(telling(world).services)) == (7, 0)


def test_telling_costs_a_read_and_a_write():
    world = telling(BilledWorld())
    book = world.start(members=0, callback_url=URL)
    for_image = image_ended(book.images[0])
    world.run(until=lambda: any(kind == "callback" for _, _, kind, _ in world.queue.due))

    price = cost(lambda: deliver_callback(world.services, for_image, told_of, last=False))
    again = cost(lambda: deliver_callback(world.services, for_image, told_of, last=False))

    assert (price, again) == ((1, 1), (1, 0))


def test_what_ends_with_the_reference_is_told_with_it(told):
    told.painter.script = ["fail"] * 3
    book = told.start(members=3, callback_url=URL)

    told.run()

    assert told.job(book).status is JobStatus.FAILED
    assert sorted(told.sender.ids) == sorted(endings(told, book))


def test_what_a_cancel_ends_is_told(told):
    book = told.start(members=3, callback_url=URL)
    told.run(until=lambda: len(told.painter.paintings) >= 3)

    cancel_job(told.services, OWNER, book.job.job_id)
    told.run()

    assert sorted(told.sender.ids) == sorted(endings(told, book))
    assert bodies(told)[-1] == [book.job.job_id, "canceled"]


def test_every_regeneration_brings_endings_of_its_own(told):
    book = told.start(members=1, callback_url=URL)
    told.run()
    before = set(told.sender.ids)

    regenerate(told.services, OWNER, book.images[1].image_id)
    told.run()

    new = told.sender.ids[3:]
    assert len(new) == 2
    assert not before & set(new)
    assert bodies(told)[3:] == [[book.images[1].image_id, "succeeded"],
                                [book.job.job_id, "succeeded"]]  # fmt: skip


def test_the_same_request_with_another_address_is_the_same_book(told):
    first = told.start(callback_url=URL)

    again, is_new = start_job(told.services, new_book(callback_url="https://client.test/other"))

    assert not is_new
    assert again.job.callback_url == first.job.callback_url == URL


# --- ids -----------------------------------------------------------------------------------------


def test_an_ending_has_an_id_of_its_own():
    at = datetime(2026, 5, 1, 9, 0, 0, 5, tzinfo=UTC)
    seoul = at.astimezone().replace(microsecond=5)
    image = replace(IMAGINE, image_id="a-000", nonce="1")
    events = [image_ended(image), image_ended(replace(image, nonce="2")),
              image_ended(replace(image, image_id="a-001")),
              job_ended("a", at), job_ended("a", at + timedelta(microseconds=1))]  # fmt: skip

    assert len({event.event_id for event in events}) == 5
    assert job_ended("a", seoul) == job_ended("a", at)
    assert image_ended(replace(image, seq=9)) == image_ended(image)
    assert image_ended(image).event_id == "evt_bxsqn4mv36v25dypazzjoqd3jy", "ids stay"


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [500, 302, 404, 429, Crash()], ids=str)
def test_what_was_not_taken_is_told_again_with_the_same_id(told, fault):
    told.sender.answers = [fault]
    book = told.start(members=0, callback_url=URL)
    try:
        told.run()
    except Crash:  # taken, and dead before that was written: the queue has no answer
        told.queue.call_back_again(image_ended(book.images[0]), 1)
        told.run()

    first, *others = told.sender.ids
    assert first in others
    assert {first, *others} == set(endings(told, book))
    assert nothing_is_due(told)


def test_who_has_told_it_and_dies_of_it_tells_it_again_with_the_same_id(told):
    book = told.start(members=0, callback_url=URL)

    def die(point):
        if point is CrashPoint.CALLED_BACK:
            observe(lambda _: None)
            raise Crash

    observe(die)
    with pytest.raises(Crash):
        told.run()
    told.queue.call_back_again(image_ended(book.images[0]), 1)
    told.run()

    assert sorted(Counter(told.sender.ids).values()) == [1, 2]
    assert nothing_is_due(told)


def test_a_lost_task_is_made_again_by_the_sweeper(told):
    book = told.start(members=0, callback_url=URL)
    refuse = QueueUnavailable("told so")

    class Broken(FakeQueue):
        def call_back(self, event):
            raise refuse

    working = told.queue
    told.services = replace(told.services, queue=Broken(lambda: told.now, due=working.due))
    told.run()
    assert told.sender.received == []
    told.services = replace(told.services, queue=working)

    told.now += timedelta(seconds=29)
    assert sweep(told.services).callbacks == 0, "a task may still be on its way"
    told.now += timedelta(seconds=2)
    assert sweep(told.services).callbacks == 2
    told.run()

    assert sorted(told.sender.ids) == sorted(endings(told, book))
    assert sweep(told.services) == Swept(steps=0, fan_outs=0, jobs=0, waiting=False)


def test_the_sweeper_makes_no_second_task_beside_the_first(told):
    told.start(members=0, callback_url=URL)
    told.run(until=lambda: any(kind == "callback" for _, _, kind, _ in told.queue.due))
    told.now += timedelta(minutes=2)
    made = told.queue.created

    sweep(told.services)
    sweep(told.services)

    assert told.queue.created == made
    told.run()
    assert len(told.sender.received) == 2


def test_while_the_queue_tries_again_the_sweeper_finds_nothing_to_remind_of(told):
    told.sender.answers = [500] * 5
    told.start(members=0, callback_url=URL)
    told.run(until=lambda: len(told.sender.received) == 2)
    told.now += timedelta(hours=1)

    assert sweep(told.services).callbacks == 0
    told.run()
    assert nothing_is_due(told)


def test_a_failed_attempt_is_written_down_once():
    world = telling(BilledWorld())
    book = world.start(members=0, callback_url=URL)
    world.run(until=lambda: any(kind == "callback" for _, _, kind, _ in world.queue.due))
    event = image_ended(book.images[0])
    world.sender.answers = [500] * 9

    def attempt():
        with pytest.raises(Exception, match="HTTP 500"):
            deliver_callback(world.services, event, told_of, last=False)

    assert [cost(attempt) for _ in range(3)] == [(1, 1), (1, 0), (1, 0)]


@pytest.mark.parametrize("answers", [[410] * 2, [500] * 99], ids=["gone", "never takes any"])
def test_who_wants_nothing_is_left_alone(told, answers):
    told.sender.answers = list(answers)
    told.start(members=0, callback_url=URL)
    told.run()
    tried = len(told.sender.received)

    told.now += 2 * TRIED_FOR
    sweep(told.services)
    told.run()

    assert tried == (2 if answers[0] == 410 else 2 * 8)
    assert len(told.sender.received) == tried
    assert nothing_is_due(told)


def test_a_host_that_is_no_longer_allowed_is_not_called(told, capsys):
    told.start(members=0, callback_url=URL)
    told.sender.hosts = ("other.test",)

    told.run()

    assert told.sender.received == []
    assert nothing_is_due(told)
    assert "refused" in capsys.readouterr().out


def test_a_secret_that_is_missing_for_a_while_loses_nothing(told):
    book = told.start(members=0, callback_url=URL)
    with_secret = told.services
    told.services = replace(told.services, callback_sender=None)
    told.run(until=lambda: told.job(book).completed)
    told.run(until=lambda: len(told.queue.due) == 2 and told.queue.due[0][3][1] == 2)

    told.services = with_secret
    told.run()

    assert sorted(told.sender.ids) == sorted(endings(told, book))


def test_an_ending_that_is_none_any_more_is_not_told(told):
    book = told.start(members=1, callback_url=URL)
    told.run(until=lambda: told.job(book).completed)
    told.run(until=lambda: len(told.sender.received) == 3)
    told.sender.received.clear()
    image_id = book.images[1].image_id
    old = ending_of(told.job(book))

    regenerate(told.services, OWNER, image_id)
    nothing = replace(book.images[1], image_id="nothing-000")
    late = [deliver_callback(told.services, one, told_of, last=False)
            for one in (image_ended(book.images[1]), old, image_ended(nothing))]  # fmt: skip

    assert late == ["outdated"] * 3
    assert told.sender.received == []


def test_what_was_not_told_before_it_was_painted_again_keeps_no_sweep_busy(told):
    book = told.start(members=0, callback_url=URL)
    told.run(until=lambda: told.job(book).completed)
    told.queue.due.clear()  # both callbacks' tasks are lost
    regenerate(told.services, OWNER, book.images[0].image_id)
    told.queue.due.clear()
    told.now += timedelta(minutes=1)

    assert sweep(told.services).callbacks == 2
    assert sweep(told.services).callbacks == 0
    told.run()

    assert sorted(told.sender.ids) == sorted(endings(told, book))


def test_a_new_ending_is_not_taken_for_told_with_the_one_before(told):
    """While the one before is told the image ends anew."""
    book = told.start(members=0, callback_url=URL)
    told.run(until=lambda: told.job(book).completed)
    told.queue.due.clear()
    image_id = book.images[0].image_id

    def ended_anew():
        image = told.store.image(image_id).value
        return image.generation == 2 and image.ended

    class Slow(FakeCallbackSender):
        def send(self, *message):
            regenerate(told.services, OWNER, image_id)
            told.run(until=ended_anew)

    slow = replace(told.services, callback_sender=Slow())

    assert deliver_callback(slow, image_ended(book.images[0]), told_of, last=False) == "told"

    assert ended_anew()
    assert told.store.image(image_id).value.callback_due_at is not None
    told.run()
    assert image_ended(told.store.image(image_id).value).event_id in told.sender.ids


ANSWERS = st.lists(st.sampled_from([200, 500, 410, 302]), max_size=12)


@given(answers=ANSWERS, copies=st.integers(1, 3), again=st.booleans())
def test_whatever_receivers_answer_each_ending_reaches_them(answers, copies, again):
    world = telling()
    world.queue.copies = copies
    world.sender.answers = list(answers)
    book = world.start(members=1, callback_url=URL)
    world.run()
    expected = set(endings(world, book))
    if again:
        regenerate(world.services, OWNER, book.images[1].image_id)
        world.run()
        expected |= set(endings(world, book))

    assert set(world.sender.ids) == expected
    assert nothing_is_due(world)


# --- what is told --------------------------------------------------------------------------------


@pytest.fixture
def client(set_up):
    """The deployed functions, over a world that tells."""
    set_up(CALLBACK_SECRET="a-secret-of-sixteen-letters", CALLBACK_HOSTS="client.test, .apps.test")
    world = telling()
    wiring.provide(world.services)
    yield world
    wiring.provide(None)


TALE = {
    "studentTaskId": 7,
    "fairytaleId": 42,
    "characters": [{"name": "Mina", "prompt": "a brave girl", "isMain": True}],
    "callbackUrl": URL,
}


def ring(event, **headers):
    body = {"type": event.type, "subjectId": event.subject_id, "eventId": event.event_id}
    return post(main.callback, body, **headers)


def finished(world):
    """A book that has ended, of which nobody was told."""
    job_id = post(main.generate, TALE).json["jobId"]
    world.run(until=lambda: world.store.job(job_id).value.completed)
    world.queue.due.clear()
    world.sender.received.clear()
    image = world.store.image(f"{job_id}-000").value
    return image, world.store.job(job_id).value


def test_an_image_is_told_as_status_shows_it(client):
    image, job = finished(client)

    assert ring(ending_of(job)).status_code == 200

    (told,) = bodies(client)
    assert told["type"] == "job.ended"
    assert told["data"]["jobId"] == job.job_id
    assert told["data"]["studentTaskId"] == "7"
    assert told["data"]["statusUrl"].endswith(job.job_id)
    assert told["timestamp"] == job.completed_at.isoformat().replace("+00:00", "Z")
    of_image = json.loads(body_of(image))
    assert of_image["type"] == "image.ended"
    shown = dict(of_image["data"])
    assert shown.pop("jobId") == job.job_id
    assert shown == call(main.status, query_string={"jobId": job.job_id}).json["images"][0]


def test_who_does_not_answer_well_is_called_again(client):
    _, job = finished(client)
    client.sender.answers = [503, 200]

    assert ring(ending_of(job)).status_code == 500
    assert ring(ending_of(job)).status_code == 200
    assert len(set(client.sender.ids)) == 1


def test_the_last_attempt_gives_up(client, capsys):
    _, job = finished(client)
    client.sender.answers = [503, 503]
    last = settings().callback_attempts - 1

    assert ring(ending_of(job), **{"X-CloudTasks-TaskRetryCount": str(last - 1)}).status_code == 500
    assert ring(ending_of(job), **{"X-CloudTasks-TaskRetryCount": str(last)}).status_code == 200

    assert client.store.job(job.job_id).value.callback_due_at is None
    assert "given up" in capsys.readouterr().out


@pytest.mark.parametrize("body", [{}, [], None, {"type": "x", "subjectId": "a", "eventId": "b"}])
def test_a_task_that_is_none_of_ours_is_not_tried_again(client, body):
    assert post(main.callback, body).status_code == 200


def test_the_address_is_told_to_nobody_else(client, capsys):
    client.sender.answers = [503]
    _, job = finished(client)
    ring(ending_of(job))
    good = post(main.generate, TALE)
    bad = post(main.generate, {**TALE, "callbackUrl": "https://other.test/?key=of-the-client"})

    seen = [capsys.readouterr().out, *(one.get_data(as_text=True) for one in (good, bad))]
    assert "of-the-client" not in "".join(seen)
    assert "of-the-client" not in json.dumps([p.prompt for p in client.painter.paintings.values()])


@pytest.mark.parametrize("name", ["imageEnded", "jobEnded"])
def test_what_is_told_is_what_the_document_of_the_api_says(client, name):
    described = openapi.document()
    webhook = described["webhooks"][name]["post"]
    content = webhook["requestBody"]["content"]["application/json"]
    image, job = finished(client)
    said = json.loads(body_of(image if name == "imageEnded" else job))

    schema = {**content["schema"], "components": described["components"]}
    for body in (said, content["example"]):
        assert [e.message for e in Draft202012Validator(schema).iter_errors(body)] == []
    wrong = {**said, "type": "something.else"}
    assert list(Draft202012Validator(schema).iter_errors(wrong))
    (signed,) = (p["schema"]["pattern"] for p in webhook["parameters"]
                 if p["name"] == "webhook-signature")  # fmt: skip
    assert re.match(signed, signatures([b"a", b"b"], "evt_a", 5, b""))
    (ids,) = (p["schema"]["pattern"] for p in webhook["parameters"] if p["name"] == "webhook-id")
    assert re.match(ids, ending_of(job).event_id)


# --- which addresses are taken -------------------------------------------------------------------

REFUSED = {
    "http://client.test/hook": "https://",
    "https://other.test/hook": "host",
    "https://client.test.evil.test/": "host",
    "https://apps.test/": "host",
    "https://client.test:8443/hook": "port",
    "https://me:word@client.test/hook": "user name",
    "https://client.test\\@other.test/": "characters",
    "https://client.test/\n": "characters",
    "https://client.test/a b": "characters",
    "https://클라이언트.test/": "characters",
    "https://[client.test/": "none",
    "https://client.test:99999/": "none",
    "http://127.0.0.1:9/hook": "host",
    "ftp://client.test/": "https://",
    "client.test": "https://",
    "https://": "host",
}


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_may_not_be_called_is_refused(client, url):
    answer = post(main.generate, {**TALE, "callbackUrl": url})

    assert (answer.status_code, answer.json["code"]) == (422, "callback_not_allowed")
    assert answer.json["errors"][0]["pointer"] == "/callbackUrl"
    assert REFUSED[url] in answer.json["detail"]
    assert client.store.jobs == []


@pytest.mark.parametrize(
    "url", [URL, "https://client.test:443", "https://CLIENT.test/x", "https://a.apps.test/"]
)
def test_an_address_of_a_known_host_is_taken(client, url):
    answer = post(main.generate, {**TALE, "callbackUrl": url})

    assert answer.status_code == 202
    assert client.store.job(answer.json["jobId"]).value.callback_url == url


@pytest.mark.parametrize("other", [{"callbackUrl": "https://client.test/new"}, {}])
def test_an_address_does_not_make_another_book_that_would_be_paid_for(client, other):
    first = post(main.generate, TALE)
    again = post(main.generate, {k: v for k, v in TALE.items() if k != "callbackUrl"} | other)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["jobId"] == first.json["jobId"]


@pytest.mark.parametrize(("url", "code"), [("", "empty_field"), (5, "wrong_type"),
    ("https://client.test/" + "x" * 2000, "too_long")])  # fmt: skip
def test_an_address_that_is_none_is_refused(client, url, code):
    assert post(main.generate, {**TALE, "callbackUrl": url}).json["code"] == code


def test_without_a_secret_nobody_is_called_back(world):
    answer = post(main.generate, TALE)

    assert (answer.status_code, answer.json["code"]) == (422, "callback_not_allowed")
    assert "calls nobody back" in answer.json["detail"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/a", "http://localhost/", "http://[::1]:9/"])
def test_this_very_machine_may_be_called_without_tls_if_it_is_listed(url):
    assert fault_of(url, ("127.0.0.1", "localhost", "::1")) is None
    assert fault_of(url, ("client.test",)) is not None


# --- signatures ----------------------------------------------------------------------------------


def test_a_signature_is_that_of_standard_webhooks():
    """The example that the specification's libraries share."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    (key,) = Settings.read({**NEEDED, "CALLBACK_SECRET": secret}).callback_keys()

    signed = signatures([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_the_secret_is_changed_both_sign():
    new = "whsec_" + base64.b64encode(bytes(range(24))).decode()
    values = Settings.read({**NEEDED, "CALLBACK_SECRET": f"{new} old-secret-of-16+"})

    assert values.callback_keys() == (bytes(range(24)), b"old-secret-of-16+")
    both = signatures(values.callback_keys(), "evt_a", 5, b"{}").split(" ")
    assert both == [signatures([key], "evt_a", 5, b"{}") for key in values.callback_keys()]


@pytest.mark.parametrize(
    "secret", ["short", "two words", "whsec_", "whsec_$$$", "whsec_c2hvcnQ=", "x" * 16 + " y"]
)
def test_a_wrong_secret_is_refused_and_not_told(secret):
    with pytest.raises(SettingsError, match="CALLBACK_SECRET") as caught:
        Settings.read({**NEEDED, "CALLBACK_SECRET": secret})

    assert secret == "whsec_" or secret not in str(caught.value)


def test_the_real_sender_is_there_with_a_secret_only():
    settings_with = Settings.read({**NEEDED, "CALLBACK_SECRET": "x" * 16})

    assert wiring._callback_sender(settings_with) is not None
    assert wiring._callback_sender(Settings.read(NEEDED)) is None


def example(language: str) -> str:
    """The check of a signature that the page about the API shows."""
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)
    return found


def checked_in_python(secret: str, headers: dict[str, str], body: bytes) -> bool:
    names: dict = {}
    exec(example("python"), names)  # noqa: S102 - it is ours
    return names["is_genuine"](secret, headers, body)


def checked_in_javascript(secret: str, headers: dict[str, str], body: bytes) -> bool:
    node = Path(playwright.__file__).parent / "driver" / "node"
    text = json.dumps([secret, headers, base64.b64encode(body).decode()])
    code = f"""{example("js")}
    const [secret, headers, body] = {text};
    console.log(isGenuine(secret, headers, Buffer.from(body, "base64")));
    """
    command = [node, "--input-type=module", "-e", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"true": True, "false": False}[done.stdout.strip()]


@pytest.mark.parametrize("check", [checked_in_python, checked_in_javascript])
@pytest.mark.parametrize("secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "sechzehn-Zeichen-ü"])
def test_the_checks_on_the_page_are_right(check, secret):
    body, now = '{"name": "미나"}'.encode(), int(time.time())
    keys = Settings.read({**NEEDED, "CALLBACK_SECRET": f"another-one-of-16 {secret}"})
    headers = {
        "webhook-id": "evt_a",
        "webhook-timestamp": str(now),
        "webhook-signature": signatures(keys.callback_keys(), "evt_a", now, body),
    }
    old = signatures(keys.callback_keys(), "evt_a", now - 999, body)

    assert check(secret, headers, body)
    assert not check("another-secret-of-16", headers, body)
    assert not check(secret, headers, body + b" ")
    assert not check(secret, {**headers, "webhook-id": "evt_b"}, body)
    assert not check(secret, {**headers, "webhook-timestamp": str(now - 1)}, body)
    assert not check(secret, {**headers, "webhook-signature": "v1,short"}, body)
    late = {**headers, "webhook-timestamp": str(now - 999), "webhook-signature": old}
    assert not check(secret, late, body)


# --- the queue -----------------------------------------------------------------------------------


def test_the_queue_tries_for_about_a_day_and_not_longer_than_the_sweeper_waits():
    queue = read_queues("p")[f"projects/p/locations/{LOCATION}/queues/{CALLBACKS}"]

    waits = [queue.backoff(attempt) for attempt in range(1, queue.max_attempts)]

    assert waits == sorted(waits)
    assert waits[0] == 2
    assert timedelta(hours=24) < timedelta(seconds=sum(waits)) < timedelta(hours=25)
    longest_calls = timedelta(seconds=queue.max_attempts * 30)
    assert timedelta(seconds=sum(waits)) + longest_calls < TRIED_FOR
    assert {event.value for event in EventType} == {"image.ended", "job.ended"}
