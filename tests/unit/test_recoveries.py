"""Ways to lose, stall or pay twice that a review found, each with the schedule that showed it."""

from datetime import timedelta

import pytest

from shared.domain.failure import FailureCode
from shared.domain.image import ImageStatus
from shared.domain.job import JobStatus
from shared.ports import Conflict, PictureRejected, SaveImage, StoreUnavailable
from shared.usecases.admit import admit
from shared.usecases.cancel_job import cancel_job
from shared.usecases.fan_out import fan_out
from shared.usecases.regenerate import regenerate
from shared.usecases.run_step import give_up
from shared.usecases.start_job import start_job
from shared.usecases.sweep import sweep
from tests.fakes.world import OWNER, POLICY, World, new_book
from tests.unit.crashes import Crash, crashed_while_submitting


def test_members_of_a_lost_fan_out_start_although_the_reference_is_painted_again_in_vain():
    world = World()
    world.triggers = False
    book = world.start(members=1)
    world.run()
    world.painter.script = ["banned"]
    regenerate(world.services, OWNER, book.images[0].image_id)

    world.run_with_sweeps(minutes=5)

    assert [image.status.value for image in world.images(book)] == ["succeeded", "succeeded"]


def test_a_late_event_starts_nothing_after_a_reference_that_failed():
    world = World()
    world.triggers = False
    world.pictures.broken = 99
    book = world.start(members=2)
    world.run()
    assert world.job(book).status is JobStatus.FAILED
    world.pictures.broken = 0
    regenerate(world.services, OWNER, book.images[0].image_id)

    fan_out(world.services, book.job.job_id)

    assert {i.status.value for i in world.images(book)[1:]} == {"waiting_for_reference"}
    world.triggers = True
    world.run()
    assert world.job(book).status is JobStatus.SUCCEEDED


def test_giving_up_with_an_old_token_spoils_nothing():
    world = World()
    book = world.start(members=0)
    world.run(until=lambda: world.images(book)[0].status is ImageStatus.POST_PROCESSING)
    image = world.images(book)[0]

    give_up(world.services, image.image_id, image.generation, image.seq - 1, "an old task")

    assert world.images(book)[0] == image


def test_a_claim_that_took_too_long_to_commit_is_not_sent():
    world = World()
    book = world.start(members=0)
    commit = world.store.commit

    def slow(*writes):
        world.now += POLICY.submit_within + timedelta(seconds=1)
        return commit(*writes)

    world.store.commit = slow
    admit(world.services)

    assert world.painter.paintings == {}
    image = world.images(book)[0]
    assert (image.imagine, image.imagine_attempts) == (None, 0)


def test_a_picture_that_was_done_in_time_is_kept_however_late_we_look():
    world = World()
    book = world.start(members=0)
    world.run(until=lambda: bool(world.painter.of("UPSCALE")))
    world.now += timedelta(hours=7)

    world.run()

    assert world.job(book).status is JobStatus.SUCCEEDED


def test_after_a_job_has_expired_the_same_request_begins_anew():
    world = World()
    book = world.start(members=1)
    world.run()
    del world.store._documents[f"jobs/{book.job.job_id}"]

    again, is_new = start_job(world.services, new_book(1))

    assert (again.job.job_id, is_new) == (book.job.job_id, True)
    world.run()
    assert world.job(book).status is JobStatus.SUCCEEDED


def test_a_canceled_claim_without_an_answer_keeps_its_slot_until_the_painter_is_done():
    world = World()
    book = crashed_while_submitting(world, before_the_painter_takes_it=False)
    cancel_job(world.services, OWNER, book.job.job_id)
    assert world.store.held_slots() == 1

    world.run()

    assert world.store.held_slots() == 0
    assert world.now >= world.painter.of("IMAGINE")[0].accepted_at + timedelta(seconds=60)


def test_a_cancel_does_not_wait_for_a_call_that_has_come_back_without_an_answer():
    world = World()
    world.painter.script = ["drop answer"]
    book = world.start(members=0)
    world.run(until=lambda: bool(world.painter.paintings))
    asked = world.now

    cancel_job(world.services, OWNER, book.job.job_id)

    assert world.now == asked


def test_a_reference_that_is_only_missing_in_the_bucket_is_not_said_to_have_failed_the_book():
    world = World()
    book = world.start(members=2)
    world.run(until=lambda: world.images(book)[0].status is ImageStatus.POST_PROCESSING)
    gone, fetch = world.images(book)[0].source_url, world.pictures.fetch

    def fetch_others(url):
        if url == gone:
            raise PictureRejected("link_broken", "The link answers HTTP 404.")
        return fetch(url)

    world.pictures.fetch = fetch_others

    world.run()

    job = world.job(book)
    assert job.status is JobStatus.PARTIALLY_SUCCEEDED
    assert job.error.code is FailureCode.PAINTING_FAILED


def test_one_job_that_cannot_be_mended_keeps_no_other_waiting():
    world = World()
    world.triggers = False
    first, second = world.start(members=1), world.start(members=1, task="8")
    world.run()
    world.now += timedelta(minutes=1)
    commit, broken = world.store.commit, []

    def fails_once(*writes):
        if not broken and len(writes) > 1:
            broken.append(True)
            raise StoreUnavailable("told so")
        return commit(*writes)

    world.store.commit = fails_once
    with pytest.raises(StoreUnavailable):
        sweep(world.services)

    started = [world.images(book)[1].status.value for book in (first, second)]
    assert sorted(started) == ["painting", "waiting_for_reference"]


def test_a_commit_whose_answer_was_lost_is_recognized():
    world = World()
    book = world.start(members=0)
    world.run(until=lambda: bool(world.painter.paintings))
    commit, lost = world.store.commit, []

    def applied_but_conflicting(*writes):
        """What the client library reports when it repeats a commit that had been applied."""
        versions = commit(*writes)
        if not lost:
            lost.append(True)
            raise Conflict("told so")
        return versions

    world.store.commit = applied_but_conflicting
    world.run()

    assert world.job(book).status is JobStatus.SUCCEEDED


def test_a_cancel_that_dies_half_way_leaves_nobody_waiting_for_a_canceled_reference():
    world = World()
    book = world.start(members=3)
    world.run(until=lambda: bool(world.painter.paintings))
    commit, commits = world.store.commit, []

    def dies(*writes):
        """The process dies right after the reference was canceled."""
        commit(*writes)
        commits.append(writes)
        if any(isinstance(w, SaveImage) and w.after.is_reference for w in writes):
            raise Crash

    world.store.commit = dies
    with pytest.raises(Crash):
        cancel_job(world.services, OWNER, book.job.job_id)
    world.store.commit = commit

    world.run_with_sweeps(minutes=3)

    assert {image.status for image in world.images(book)} == {ImageStatus.CANCELED}
    assert world.job(book).status is JobStatus.CANCELED
    assert len(commits) == 1
