"""The edge: nothing that goes wrong inside reaches a caller as text, and nothing is lost."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cloudevents.http import CloudEvent

import main
from functions.edge import EventFailed
from shared.domain.failure import FailureCode
from shared.domain.job import JobStatus
from shared.ports import StoreUnavailable
from shared.settings import settings
from shared.usecases.admit import admit
from tests.unit.calling import call, post

TALE = {
    "studentTaskId": 7,
    "fairytaleId": 42,
    "characters": [{"name": "Mina", "prompt": "a brave girl", "isMain": True}],
}
pytestmark = pytest.mark.usefixtures("environment")
SECRET = "/home/secret/path"


def ring(world, function, image, retries=0):
    body = {"imageId": image.image_id, "generation": image.generation, "seq": image.seq}
    return post(function, body, **{"X-CloudTasks-TaskRetryCount": str(retries)})


def break_store(world, error):
    def broken(*_):
        raise error

    world.store.commit = broken


def test_a_book_goes_through_the_functions(world):
    answer = post(main.generate, TALE)
    assert answer.status_code == 202
    job_id = answer.json["jobId"]
    world.run()

    book = call(main.status, query_string={"jobId": job_id}).json
    assert (book["status"], book["progress"]) == ("succeeded", 100)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ZeroDivisionError(SECRET), 500, "internal_error"),
        (StoreUnavailable(SECRET), 503, "temporarily_unavailable"),
    ],
)
def test_faults_inside_are_logged_and_not_told(world, capsys, error, status, code):
    break_store(world, error)

    answer = post(main.generate, TALE)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert SECRET not in answer.get_data(as_text=True)
    logged = capsys.readouterr().out
    assert type(error).__name__ in logged
    # Only what our own errors say is logged: another one may quote a child's words.
    assert (SECRET in logged) == isinstance(error, StoreUnavailable)


def test_a_missing_setting_is_an_internal_fault(set_up):
    set_up(PICTURES_BUCKET=None)

    answer = post(main.generate, TALE)

    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "PICTURES_BUCKET" not in answer.get_data(as_text=True)


def test_a_task_that_fails_is_tried_again_and_told_nothing(world):
    post(main.generate, TALE)
    admit(world.services)
    break_store(world, StoreUnavailable(SECRET))
    image = all_images(world)[0]

    answer = ring(world, main.step, image)

    assert (answer.status_code, answer.get_data()) == (500, b"failed")


def all_images(world):
    return [document.value for document in world.store._images()]


def test_the_last_attempt_of_a_task_ends_the_image_with_a_reason(world):
    job_id = post(main.generate, TALE).json["jobId"]
    world.run(until=lambda: bool(world.painter.paintings))

    def broken(*_, **__):
        raise ZeroDivisionError(SECRET)

    world.painter.look = broken
    image = all_images(world)[0]
    last = settings().task_attempts - 1
    assert ring(world, main.step, image, retries=last - 1).status_code == 500
    assert all_images(world)[0] == image

    assert ring(world, main.step, image, retries=last).status_code == 500

    image = all_images(world)[0]
    assert image.error.code is FailureCode.INTERNAL_ERROR
    assert SECRET not in image.error.message
    assert world.store.job(job_id).value.status is JobStatus.FAILED


def test_a_store_that_is_out_of_reach_for_longer_than_the_attempts_loses_no_picture(world):
    job_id = post(main.generate, TALE).json["jobId"]
    world.run(until=lambda: bool(world.painter.paintings))
    image, commit = all_images(world)[0], world.store.commit
    world.now += timedelta(minutes=1)

    def comes_back(*_):
        world.store.commit = commit
        raise StoreUnavailable(SECRET)

    world.store.commit = comes_back
    last = settings().task_attempts - 1
    assert ring(world, main.step, image, retries=last).status_code == 500

    assert all_images(world)[0] == image
    world.queue.due.clear()
    world.run_with_sweeps(minutes=3)
    assert world.store.job(job_id).value.status is JobStatus.SUCCEEDED
    assert len(world.painter.of("IMAGINE")) == 1


@pytest.mark.parametrize("body", [{}, {"imageId": 5}, [], None])
def test_a_task_that_is_none_of_ours_is_not_tried_again(world, body):
    assert post(main.step, body).status_code == 200


@pytest.mark.parametrize(
    ("body", "admitted"),
    [
        ({"at": "2026-05-01T09:00:01+00:00"}, 1),
        *((body, 0) for body in ({}, None, [], {"at": 5}, {"at": "soon"}, {"at": "2026-05-01"})),
    ],
)
def test_an_admission_that_says_when_it_was_to_ring_ends_a_pause(world, body, admitted):
    post(main.generate, TALE)
    world.painter.script = ["busy"]
    admit(world.services)
    assert world.store.fence().value.paused_until == datetime(2026, 5, 1, 9, 0, 1, tzinfo=UTC)

    assert post(main.admit, body).status_code == 200

    assert len(world.painter.of("IMAGINE")) == admitted


def test_a_task_of_a_newer_version_is_understood(world):
    post(main.generate, TALE)
    admit(world.services)
    image = all_images(world)[0]
    body = {"imageId": image.image_id, "generation": 1, "seq": image.seq, "new": True}

    assert post(main.step, body).status_code == 200
    assert len(world.painter.of("IMAGINE")) == 1


def test_an_event_that_fails_is_delivered_again_and_told_nothing(world):
    def broken(_):
        raise ZeroDivisionError(SECRET)

    world.store.reference = broken
    attributes = {"type": "written", "source": "//firestore", "document": "references/abc"}

    with pytest.raises(EventFailed) as failed:
        main.fanout(CloudEvent(attributes, b""))

    assert SECRET not in str(failed.value)
    assert failed.value.__cause__ is None


def test_every_call_leaves_one_line_with_what_it_cost_and_nothing_of_a_child(world, capsys):
    post(main.generate, TALE)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 1
    assert lines[0].keys() >= {"severity", "function", "durationMs", "reads", "writes", "status"}
    assert lines[0]["function"] == "generate"
    assert "Mina" not in str(lines)
    assert "brave" not in str(lines)
