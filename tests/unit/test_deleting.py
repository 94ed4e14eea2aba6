"""Deleting a job, and forgetting an owner: nothing is left, whoever dies, whatever comes late."""

from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

import main
from functions import wiring
from shared.crash_points import CrashPoint, observe
from shared.domain.image import Image, Step
from shared.domain.job import JobStatus
from shared.domain.quota import Quotas
from shared.ports import PictureUnavailable, StoredObject
from shared.usecases.cancel_job import cancel_job
from shared.usecases.delete_job import delete_job
from shared.usecases.fan_out import fan_out
from shared.usecases.forget_owner import WITHIN, forget_owner
from shared.usecases.list_jobs import list_jobs
from shared.usecases.read_book import read_book, read_latest_book
from shared.usecases.refusals import ImageNotFound, JobNotFound, NotCompleted
from shared.usecases.regenerate import regenerate
from shared.usecases.run_step import run_step
from shared.usecases.start_job import start_job
from shared.usecases.sweep import sweep
from shared.usecases.take_drawing import DrawingData, Sketch, uploads_of
from shared.usecases.transitions import fencing_token
from tests.fakes.callbacks import FakeCallbackSender
from tests.fakes.world import OWNER, World, new_book
from tests.unit.calling import call, post
from tests.unit.crashes import Crash

UPLOADS_OF_A_PICTURE = 7
"""Original, cut out, preview, and the four."""
HOOK = "https://client.test/hook"


@pytest.fixture(autouse=True)
def nobody_dies():
    yield
    observe(lambda _: None)


def drawn_book(task: str = "7", callback_url: str | None = None):
    book = new_book(2, task=task, callback_url=callback_url)
    sketch = Sketch(drawing=DrawingData(data=b"drawing of " + task.encode()), where="/sketchImage")
    return replace(book, images=(replace(book.images[0], sketch=sketch), *book.images[1:]))


def painted(world: World, task: str = "7", **fields) -> str:
    book, _ = start_job(world.services, drawn_book(task, **fields))
    world.run()
    assert world.job(book).status is JobStatus.SUCCEEDED
    return book.job.job_id


def hero(world: World, job_id: str) -> Image:
    found = world.store.image(f"{job_id}-000")
    assert found is not None
    return found.value


def left_of(world: World, job_id: str) -> list[str]:
    """Everything that tells of a job, by its path or name."""
    documents = [path for path in world.store._documents if job_id in path]
    notes = [
        path
        for path, found in world.store._documents.items()
        if getattr(found.value, "job_id", "") == job_id
    ]
    return sorted({*documents, *notes, *(name for name in world.pictures.stored if job_id in name)})


def test_nothing_is_left_of_a_job_and_all_of_the_others():
    world = World()
    job_id, other = painted(world, "7"), painted(world, "8")
    regenerate(world.services, OWNER, f"{job_id}-001")  # two generations of one picture
    world.run()
    assert any("-drawing-" in name for name in left_of(world, job_id))
    assert any(f"{job_id}-001-2-" in name for name in left_of(world, job_id))
    there = left_of(world, other)

    delete_job(world.services, OWNER, job_id)

    assert left_of(world, job_id) == []
    assert left_of(world, other) == there
    with pytest.raises(JobNotFound):
        delete_job(world.services, OWNER, job_id)


def test_the_note_of_a_later_job_stays():
    world = World()
    first = painted(world)
    book, _ = start_job(world.services, new_book(0, "anew"))
    world.run()

    delete_job(world.services, OWNER, first)

    assert read_latest_book(world.services, OWNER, "7").job.job_id == book.job.job_id


def test_what_belongs_to_somebody_else_is_not_found():
    world = World()
    job_id = painted(world)
    there = left_of(world, job_id)

    with pytest.raises(JobNotFound):
        delete_job(world.services, "somebody else", job_id)

    assert left_of(world, job_id) == there


def test_a_job_that_is_painted_is_not_deleted_nor_one_that_holds_a_slot():
    world = World()
    book, _ = start_job(world.services, new_book(0))
    world.run(until=lambda: bool(world.painter.paintings))
    with pytest.raises(NotCompleted) as caught:
        delete_job(world.services, OWNER, book.job.job_id)
    assert not caught.value.draining

    cancel_job(world.services, OWNER, book.job.job_id)
    assert world.store.held_slots() == 1
    with pytest.raises(NotCompleted) as caught:
        delete_job(world.services, OWNER, book.job.job_id)
    assert caught.value.draining

    world.run()
    assert world.store.held_slots() == 0
    delete_job(world.services, OWNER, book.job.job_id)
    assert left_of(world, book.job.job_id) == []


def test_what_comes_late_does_nothing():
    world = World()
    job_id = painted(world)
    images = [image.value for image in world.store.images_of(job_id)]
    delete_job(world.services, OWNER, job_id)

    for image in images:
        assert run_step(world.services, image.image_id, image.generation, image.seq) == "outdated"
        with pytest.raises(ImageNotFound):
            regenerate(world.services, OWNER, image.image_id)
    assert fan_out(world.services, job_id) == 0
    sweep(world.services)
    world.run()
    assert left_of(world, job_id) == []


@pytest.mark.parametrize("broken", [False, True])
def test_a_picture_that_is_being_stored_meanwhile_is_removed_again(broken):
    world = World()
    book, _ = start_job(world.services, new_book(0))
    job_id = book.job.job_id
    done = []

    def cancel_and_delete(point: CrashPoint) -> None:
        if point is CrashPoint.BEFORE_UPLOAD and not done:
            done.append(point)
            cancel_job(world.services, OWNER, job_id)
            delete_job(world.services, OWNER, job_id)
        if point is CrashPoint.UPLOADED:
            done.append(point)
            world.pictures.broken = int(broken and len(done) == 1 + UPLOADS_OF_A_PICTURE)

    observe(cancel_and_delete)
    world.run(until=lambda: hero(world, job_id).next_step is Step.STORE)
    token = fencing_token(hero(world, job_id))
    with pytest.raises(PictureUnavailable) if broken else nullcontext():
        world.run()

    assert len(done) == 1 + UPLOADS_OF_A_PICTURE
    assert bool(left_of(world, job_id)) == broken
    assert run_step(world.services, f"{job_id}-000", *token, stores=True) == "outdated"
    assert left_of(world, job_id) == []


def test_what_a_process_that_died_has_stored_meanwhile_is_removed_by_the_next_attempt():
    world = World()
    book, _ = start_job(world.services, new_book(0))
    job_id = book.job.job_id
    world.run(until=lambda: hero(world, job_id).next_step is Step.STORE)
    token = fencing_token(hero(world, job_id))

    def delete_and_die(point: CrashPoint) -> None:
        if point is CrashPoint.BEFORE_UPLOAD:
            cancel_job(world.services, OWNER, job_id)
            delete_job(world.services, OWNER, job_id)
        if point is CrashPoint.UPLOADED:
            observe(lambda _: None)
            raise Crash

    observe(delete_and_die)
    with pytest.raises(Crash):
        world.run()
    assert left_of(world, job_id) != []
    run_step(world.services, f"{job_id}-000", *token)  # another function's task looks at no bucket
    assert left_of(world, job_id) != []

    run_step(world.services, f"{job_id}-000", *token, stores=True)

    assert left_of(world, job_id) == []


def test_who_regenerates_at_that_moment_keeps_the_book():
    world = World()
    job_id = painted(world)
    there = set(world.pictures.stored)
    images_of = world.store.images_of

    def in_between(asked):
        world.store.images_of = images_of
        found = images_of(asked)
        regenerate(world.services, OWNER, f"{job_id}-001")
        return found

    world.store.images_of = in_between
    with pytest.raises(NotCompleted):
        delete_job(world.services, OWNER, job_id)

    assert there <= set(world.pictures.stored)
    world.run()
    assert read_book(world.services, OWNER, job_id).job.status is JobStatus.SUCCEEDED


def test_nobody_is_called_back_about_a_deleted_job():
    world = World()
    sender = FakeCallbackSender()
    sender.answers = [500] * 1000
    world.services = replace(world.services, callback_sender=sender)
    job_id = painted(world, callback_url=HOOK)
    delete_job(world.services, OWNER, job_id)
    sender.received.clear()

    world.now += timedelta(days=2)
    sweep(world.services)
    world.run()

    assert sender.received == []


# --- who dies half-way ----------------------------------------------------------------------------


def die_at(point: CrashPoint) -> None:
    def die(reached: CrashPoint) -> None:
        if reached is point:
            observe(lambda _: None)
            raise Crash

    observe(die)


POINTS = [CrashPoint.DELETION_WRITTEN, CrashPoint.OBJECTS_REMOVED]


@pytest.fixture(params=POINTS)
def half_deleted(request) -> tuple[World, str]:
    world = World()
    job_id = painted(world)
    die_at(request.param)
    with suppress(Crash):
        delete_job(world.services, OWNER, job_id)
    assert left_of(world, job_id)
    return world, job_id


def test_nobody_sees_a_job_that_is_half_deleted(half_deleted):
    world, job_id = half_deleted

    assert list_jobs(world.services, OWNER, 20).jobs == ()
    for ask in (
        lambda: read_book(world.services, OWNER, job_id),
        lambda: read_latest_book(world.services, OWNER, "7"),
        lambda: cancel_job(world.services, OWNER, job_id),
    ):
        with pytest.raises(JobNotFound):
            ask()


@pytest.mark.parametrize("again", ["delete", "forget"])
def test_a_second_call_does_the_rest(half_deleted, again):
    world, job_id = half_deleted

    if again == "delete":
        delete_job(world.services, OWNER, job_id)
    else:
        assert forget_owner(world.services, OWNER).complete

    assert left_of(world, job_id) == []


def test_the_same_request_anew_is_a_new_book_of_which_nothing_gets_lost(half_deleted):
    world, job_id = half_deleted

    book, is_new = start_job(world.services, drawn_book())
    world.run()

    assert (book.job.job_id, is_new) == (job_id, True)
    assert world.job(book).status is JobStatus.SUCCEEDED
    assert world.images(book)[0].drawing in world.pictures.stored


def test_a_bucket_out_of_reach_leaves_what_a_second_call_finds():
    world = World()
    job_id = painted(world)
    world.pictures.broken = 1
    with pytest.raises(PictureUnavailable):
        delete_job(world.services, OWNER, job_id)
    assert world.pictures.stored

    delete_job(world.services, OWNER, job_id)

    assert left_of(world, job_id) == []


# --- forgetting -----------------------------------------------------------------------------------


def test_everything_of_an_owner_goes_and_nothing_of_others():
    world = World()
    jobs = [painted(world, str(number)) for number in range(25)]
    theirs, _ = start_job(world.services, replace(new_book(0), owner_uid="somebody else"))
    world.run()
    upload = f"uploads/{OWNER}/drawing.png"
    world.pictures.stored |= {
        name: world.pictures.fetch("x") for name in (upload, f"uploads/{OWNER}2/x.png")
    }
    there = left_of(world, theirs.job.job_id)

    forgotten = forget_owner(world.services, OWNER)

    assert (forgotten.deleted_jobs, forgotten.complete) == (25, True)
    assert [left_of(world, job) for job in jobs] == [[]] * 25
    assert left_of(world, theirs.job.job_id) == there
    assert upload not in world.pictures.stored
    assert f"uploads/{OWNER}2/x.png" in world.pictures.stored
    assert not any(OWNER in repr(d.value) for d in world.store._documents.values())


@pytest.mark.parametrize("uid", ["idp/alice", "idp%2Falice", "100%"])
def test_what_was_put_into_the_bucket_is_theirs_whatever_their_uid_is(uid):
    world = World()
    own, others = f"{uploads_of(uid)}drawing.png", ["uploads/idp/alice/x.png", "uploads/idp/x.png"]
    world.pictures.stored |= {name: world.pictures.fetch("x") for name in (own, *others)}

    assert forget_owner(world.services, uid).complete

    assert {*world.pictures.stored} >= {*others}
    assert own not in world.pictures.stored


def test_what_is_open_is_canceled_and_goes_once_the_painter_has_let_go():
    world = World()
    done = painted(world, "1")
    book, _ = start_job(world.services, new_book(2, task="2"))
    world.run(until=lambda: len(world.painter.of("IMAGINE")) == 3 + 1)
    paid = len(world.painter.paintings)

    first = forget_owner(world.services, OWNER)
    assert (first.deleted_jobs, first.complete) == (1, False)
    world.run()
    second = forget_owner(world.services, OWNER)

    assert (second.deleted_jobs, second.complete) == (1, True)
    assert len(world.painter.paintings) == paid
    assert left_of(world, done) == left_of(world, book.job.job_id) == []
    third = forget_owner(world.services, OWNER)
    assert (third.deleted_jobs, third.complete) == (0, True)


def test_it_ends_in_time_and_the_next_call_goes_on():
    world = World()
    for number in range(10):
        painted(world, str(number))
    find = world.pictures.find

    def slow(beginning: str) -> list[StoredObject]:
        world.now += WITHIN / 8  # twice for each job
        return find(beginning)

    world.pictures.find = slow
    calls = [forget_owner(world.services, OWNER) for _ in range(3)]

    assert [one.deleted_jobs for one in calls] == [4, 4, 2]
    assert [one.complete for one in calls] == [False, False, True]


def test_who_is_forgotten_has_no_new_quota():
    world = World()
    world.services = replace(world.services, quotas=Quotas(jobs_per_hour=1))
    job_id = painted(world)

    assert forget_owner(world.services, OWNER).complete

    assert left_of(world, job_id) == []
    with pytest.raises(Exception, match="jobs"):
        start_job(world.services, new_book(0, task="8"))


# --- the functions --------------------------------------------------------------------------------


def test_the_functions_answer(world):
    book, _ = start_job(world.services, new_book(0))
    job_id = book.job.job_id
    world.run(until=lambda: bool(world.painter.paintings))

    early = post(main.delete, {"jobId": job_id})
    call(main.cancel, method="POST", query_string={"jobId": job_id})
    draining = call(main.delete, method="POST", query_string={"jobId": job_id})
    not_all = call(main.forget, method="POST")
    world.run()
    deleted = post(main.delete, {"jobId": job_id})
    again = post(main.delete, {"jobId": job_id})
    nothing = call(main.forget, method="POST")

    assert (early.status_code, early.json["code"]) == (409, "job_not_completed")
    assert "Cancel it first" in early.json["detail"]
    assert (draining.status_code, draining.json["code"]) == (409, "job_not_completed")
    assert int(draining.headers["Retry-After"]) > 0
    assert not_all.json == {"deletedJobs": 0, "complete": False}
    assert int(not_all.headers["Retry-After"]) > 0
    assert (deleted.status_code, deleted.json) == (200, {"jobId": job_id})
    assert (again.status_code, again.json["code"]) == (404, "job_not_found")
    assert nothing.json == {"deletedJobs": 0, "complete": True}
    assert "Retry-After" not in nothing.headers
    assert post(main.delete, {"jobId": "../x"}).json["code"] == "job_not_found"
    assert wiring.services() is world.services


def test_pictures_of_the_first_versions_go_too_whose_names_were_others():
    world = World()
    job_id = painted(world)
    old = {f"jobs/{job_id}/{job_id}-001-1-x.png", "jobs/other/other-001-1-x.png"}
    world.pictures.stored |= {name: world.pictures.fetch("x") for name in old}

    delete_job(world.services, OWNER, job_id)

    assert set(world.pictures.stored) == {"jobs/other/other-001-1-x.png"}
