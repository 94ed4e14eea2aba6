"""A book that is deleted and asked for anew: it has the same ids, and nothing else in common."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.crash_points import CrashPoint, observe
from shared.domain.image import Image, ImageStatus, Step
from shared.domain.job import JobStatus
from shared.domain.storing import object_name
from shared.ports import StoredObject, Versioned
from shared.usecases.cancel_job import cancel_job
from shared.usecases.delete_job import delete_job
from shared.usecases.fan_out import fan_out
from shared.usecases.read_book import read_book
from shared.usecases.start_job import start_job
from shared.usecases.transitions import fencing_token
from tests.fakes.callbacks import FakeCallbackSender
from tests.fakes.world import OWNER, World, new_book
from tests.unit.billed import BilledWorld
from tests.unit.test_deleting import HOOK, UPLOADS_OF_A_PICTURE, drawn_book, hero, painted


@pytest.fixture(autouse=True)
def nobody_waits():
    yield
    observe(lambda _: None)


def test_the_same_book_asked_for_anew_is_painted_as_soon_as_the_first():
    world = BilledWorld()
    seconds = []
    for _ in range(2):
        began = world.now
        book = world.start(members=2)
        world.run()
        assert world.job(book).status is JobStatus.SUCCEEDED
        seconds.append((world.now - began).total_seconds())
        delete_job(world.services, OWNER, book.job.job_id)

    assert seconds[0] == seconds[1]


@pytest.mark.parametrize("moment", ["marked", "before it is listed", "when it is listed"])
def test_two_who_delete_a_book_leave_it_alone_when_it_is_asked_for_anew(moment):
    """The slower one has marked it, say; the other one has done everything when it goes on."""
    world = World()
    job_id = painted(world)
    find = world.pictures.find

    def meanwhile(*_: object) -> None:
        observe(lambda _: None)
        world.pictures.find = find
        delete_job(world.services, OWNER, job_id)
        assert painted(world) == job_id

    def slow(beginning: str) -> list[StoredObject]:
        if moment == "when it is listed":
            found = find(beginning)
            meanwhile()
            return found
        meanwhile()
        return find(beginning)

    if moment == "marked":
        observe(meanwhile)
    else:
        world.pictures.find = slow

    delete_job(world.services, OWNER, job_id)

    book = read_book(world.services, OWNER, job_id)
    drawings = {image.drawing for image in book.images if image.drawing}
    pictures = {v.name for image in book.images for v in image.variants.values()}
    assert len(book.images) == 3
    assert drawings
    assert drawings | pictures <= world.pictures.stored.keys()


def test_its_endings_are_told_anew():
    world = World()
    sender = FakeCallbackSender()
    world.services = replace(world.services, callback_sender=sender)
    for _ in range(2):
        delete_job(world.services, OWNER, painted(world, callback_url=HOOK))

    assert len(set(sender.ids)) == len(sender.ids) == 2 * (3 + 1)


def test_who_stores_a_deleted_picture_late_removes_its_own_and_none_of_the_book_asked_for_anew():
    world = World()
    book, _ = start_job(world.services, new_book(0))
    job_id = book.job.job_id

    def delete_and_ask(point: CrashPoint) -> None:
        if point is CrashPoint.BEFORE_UPLOAD:
            observe(lambda _: None)
            cancel_job(world.services, OWNER, job_id)
            delete_job(world.services, OWNER, job_id)
            start_job(world.services, new_book(0))
            world.run()

    observe(delete_and_ask)
    world.run()

    image = hero(world, job_id)
    assert image.status is ImageStatus.SUCCEEDED
    kept = [name for name in world.pictures.stored if job_id in name]
    assert len(kept) == UPLOADS_OF_A_PICTURE
    assert all(name.startswith(object_name(image)) for name in kept)


def test_what_was_seen_of_the_deleted_one_is_not_believed_of_the_new_one():
    """A step that read the one image, and goes on when the other one has come to its numbers."""
    world = World()
    book = world.start(members=0)
    job_id = book.job.job_id

    def meanwhile(point: CrashPoint) -> None:
        image = hero(world, job_id)
        if point is not CrashPoint.STEP_READ or image.next_step is not Step.WATCH_IMAGINE:
            return
        observe(lambda _: None)
        cancel_job(world.services, OWNER, job_id)
        world.run()
        delete_job(world.services, OWNER, job_id)
        world.start(members=0)
        world.run(until=lambda: fencing_token(hero(world, job_id)) == fencing_token(image))

    observe(meanwhile)
    world.run()

    assert hero(world, job_id).status is ImageStatus.SUCCEEDED
    first, anew, enlarged = world.painter.paintings.values()
    assert [one.action for one in (first, anew, enlarged)] == ["IMAGINE", "IMAGINE", "UPSCALE"]
    assert enlarged.accepted_at - anew.accepted_at >= timedelta(seconds=60)  # and not before


def test_a_late_event_of_the_deleted_one_begins_nothing_of_the_new_one():
    world = World()
    job_id = painted(world)
    waiting = world.store.waiting_for_reference

    def slow(asked: str) -> list[Versioned[Image]]:
        world.store.waiting_for_reference = waiting
        delete_job(world.services, OWNER, job_id)
        start_job(world.services, drawn_book())
        return waiting(asked)

    world.store.waiting_for_reference = slow

    assert fan_out(world.services, job_id) == 0

    assert len(waiting(job_id)) == 2
    world.run()
    assert world.store.job(job_id).value.status is JobStatus.SUCCEEDED


def test_a_late_cancel_of_the_deleted_one_ends_nothing_of_the_new_one():
    world = World()
    book = world.start(members=1)
    job_id = book.job.job_id
    images_of = world.store.images_of

    def slow(asked: str) -> list[Versioned[Image]]:
        world.store.images_of = images_of
        world.run()
        delete_job(world.services, OWNER, job_id)
        world.start(members=1)
        return images_of(asked)

    world.store.images_of = slow

    cancel_job(world.services, OWNER, job_id)

    world.run()
    assert world.job(book).status is JobStatus.SUCCEEDED
