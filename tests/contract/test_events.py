"""The relay, with events from the real emulator."""

import itertools
import time
from collections.abc import Iterator

import pytest
import requests
from google.auth import jwt
from google.cloud import firestore

from infra.local.events import DocumentEventData, EventChaos, EventRelay, TriggerCounts

from .conftest import EmulatorWithEvents, Target, eventually

PROJECT = "demo-events"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def client(emulator: EmulatorWithEvents) -> Iterator[firestore.Client]:
    client = firestore.Client(project=PROJECT)
    yield client
    client.close()


class Trigger:
    """A trigger of one test's own, on a collection of its own."""

    def __init__(self, emulator: EmulatorWithEvents, client: firestore.Client, url: str) -> None:
        self.name = f"books{next(_numbers)}"
        self.relay = emulator.relay
        self.relay.targets[self.name] = url
        emulator.firestore.register_trigger(PROJECT, self.name, f"{self.name}/{{id}}")
        self.documents = client.collection(self.name)

    @property
    def chaos(self) -> EventChaos:
        return self.relay.chaos

    @property
    def counts(self) -> TriggerCounts:
        return self.relay.counts(self.name)


@pytest.fixture
def trigger(
    emulator: EmulatorWithEvents, client: firestore.Client, target: Target
) -> Iterator[Trigger]:
    emulator.relay.chaos = EventChaos()
    yield Trigger(emulator, client, target.url)
    target.gate.set()
    eventually(lambda: emulator.relay.pending == 0)


def test_an_event_has_the_form_of_production(trigger: Trigger, target: Target) -> None:
    trigger.documents.document("one").set({"title": "Hood"})
    (call,) = target.wait_for(1)
    headers = {key.lower(): value for key, value in call.headers.items()}
    assert headers["content-type"] == "application/protobuf"
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-type"] == "google.cloud.firestore.document.v1.written"
    database = f"projects/{PROJECT}/databases/(default)"
    assert headers["ce-source"] == f"//firestore.googleapis.com/{database}"
    assert headers["ce-subject"] == f"documents/{trigger.name}/one"
    assert headers["ce-document"] == f"{trigger.name}/one"
    event = DocumentEventData.deserialize(call.body)
    assert event.value.name == f"{database}/documents/{trigger.name}/one"
    assert event.value.fields["title"].string_value == "Hood"
    assert not event.old_value.name


def test_an_event_carries_a_token_for_its_url(trigger: Trigger, target: Target) -> None:
    trigger.documents.document("one").set({"title": "Hood"})
    (call,) = target.wait_for(1)
    token = call.headers["Authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, verify=False)["aud"] == target.url


def test_a_delivery_does_not_hold_up_the_next(trigger: Trigger, target: Target) -> None:
    target.gate.clear()
    for name in ("a", "b", "c"):
        trigger.documents.document(name).set({"x": 1})
    eventually(lambda: target.running == 3)


def test_a_write_that_changes_nothing_makes_no_event(trigger: Trigger, target: Target) -> None:
    document = trigger.documents.document("one")
    document.set({"x": 1})
    document.set({"x": 1})
    eventually(lambda: trigger.counts.received == 2)
    document.delete()
    target.wait_for(2)
    eventually(lambda: trigger.counts.delivered == 2)
    assert trigger.counts == TriggerCounts(received=3, unchanged=1, delivered=2)


def test_an_event_is_delivered_until_it_is_accepted(trigger: Trigger, target: Target) -> None:
    target.answers = [500, 503]
    trigger.documents.document("one").set({"x": 1})
    calls = target.wait_for(3)
    eventually(lambda: trigger.counts.delivered == 1)
    assert trigger.counts.failed == 2
    assert len({call.headers["ce-id"] for call in calls}) == 1
    assert calls[2].at - calls[1].at >= 0.5


def test_chaos_delivers_twice(trigger: Trigger, target: Target) -> None:
    trigger.chaos.duplicate = 1.0
    target.gate.clear()
    trigger.documents.document("one").set({"x": 1})
    eventually(lambda: target.running == 2)
    assert trigger.counts.duplicated == 1


def test_chaos_lets_an_event_be_overtaken(trigger: Trigger, target: Target) -> None:
    trigger.chaos.reorder = 1.0
    trigger.documents.document("first").set({"x": 1})
    eventually(lambda: trigger.counts.reordered == 1)
    trigger.chaos.reorder = 0.0
    trigger.documents.document("second").set({"x": 1})
    names = [call.headers["ce-document"].rpartition("/")[2] for call in target.wait_for(2)]
    assert names == ["second", "first"]


def test_an_event_that_nothing_overtakes_arrives_anyway(trigger: Trigger, target: Target) -> None:
    trigger.chaos.reorder = 1.0
    trigger.documents.document("only").set({"x": 1})
    assert len(target.wait_for(1)) == 1


def test_chaos_delays(trigger: Trigger, target: Target) -> None:
    trigger.relay.chaos = EventChaos(delay=0.3, seed=1)
    least = EventChaos(delay=0.3, seed=1).lateness()  # the same seed, the same delay
    before = time.time()
    trigger.documents.document("one").set({"x": 1})
    (call,) = target.wait_for(1)
    assert call.at - before >= least


def test_chaos_loses(trigger: Trigger, target: Target) -> None:
    trigger.chaos.lose = 1.0
    trigger.documents.document("one").set({"x": 1})
    eventually(lambda: trigger.counts.lost == 1)
    assert trigger.relay.pending == 0
    assert target.calls == []


def test_a_trigger_without_a_function_is_not_found(emulator: EmulatorWithEvents) -> None:
    relay: EventRelay = emulator.relay
    url = f"http://127.0.0.1:{relay.port}/functions/projects/{PROJECT}/triggers/nobody"
    assert requests.post(url, timeout=10).status_code == 404
