"""Use cases at their edges: overlapping admissions, what the sweeper alone finds, refusals."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.image import ImageStatus
from shared.domain.job import JobStatus
from shared.ports import ChangeJob, PassFence, QueueUnavailable
from shared.usecases.admit import admit
from shared.usecases.cancel_job import cancel_job
from shared.usecases.fan_out import fan_out
from shared.usecases.read_book import read_book, read_latest_book
from shared.usecases.refusals import (
    AlreadyRunning,
    ImageBusy,
    ImageNotFound,
    JobNotFound,
    KeyReused,
    ReferenceMissing,
)
from shared.usecases.regenerate import regenerate
from shared.usecases.run_step import run_step
from shared.usecases.start_job import start_job
from shared.usecases.sweep import Swept, sweep
from tests.fakes.world import OWNER, POLICY, World, new_book
from tests.unit.crashes import Crash, crashed_while_submitting


def test_of_two_admissions_that_overlap_one_counts_anew():
    world = World(replace(POLICY, slots=1))
    first, second = world.start(members=0), world.start(members=0, task="8")
    commit = world.store.commit

    def overtaken(*writes):
        """Another admission runs from start to end between the first one's reads and its commit."""
        if any(isinstance(write, PassFence) for write in writes):
            world.store.commit = commit
            assert admit(world.services) == 1
        return commit(*writes)

    world.store.commit = overtaken

    assert admit(world.services) == 0
    assert world.store.held_slots() == 1
    waiting = [world.images(book)[0].status for book in (first, second)]
    assert sorted(waiting) == [ImageStatus.PAINTING, ImageStatus.QUEUED]


def test_admitting_with_nothing_free_or_nothing_waiting_writes_nothing():
    world = World(replace(POLICY, slots=1))
    assert admit(world.services) == 0
    world.start(members=0)
    world.start(members=0, task="8")
    assert admit(world.services) == 1
    fence = world.store.fence()

    assert admit(world.services) == 0
    assert world.store.fence() == fence


def test_the_fan_out_begins_what_there_are_slots_for_and_twice_changes_nothing():
    world = World(replace(POLICY, slots=2))
    world.triggers = False
    book = world.start(members=3)
    world.run()

    assert fan_out(world.services, book.job.job_id) == 3
    statuses = [image.status.value for image in world.images(book)]
    assert statuses == ["succeeded", "painting", "painting", "queued"]
    assert len(world.painter.of("IMAGINE")) == 3
    before = world.images(book)
    assert fan_out(world.services, book.job.job_id) == 0
    assert world.images(book) == before
    assert fan_out(world.services, "unknown") == 0


def test_a_fan_out_that_cannot_ask_for_admission_is_delivered_again():
    world = World(replace(POLICY, slots=1))
    world.triggers = False
    book = world.start(members=2)
    world.run()

    def down(*_):
        raise QueueUnavailable("told so")

    add, world.queue._add = world.queue._add, down
    with pytest.raises(QueueUnavailable):
        fan_out(world.services, book.job.job_id)
    world.queue._add = add

    assert fan_out(world.services, book.job.job_id) == 0
    world.run_with_sweeps(minutes=4)
    assert world.job(book).status is JobStatus.SUCCEEDED


def test_the_sweeper_finds_nothing_when_nothing_is_lost():
    world = World()
    world.start(members=2)
    world.run()

    assert sweep(world.services) == Swept(steps=0, fan_outs=0, jobs=0, waiting=False)


def test_the_sweeper_asks_for_an_admission_that_was_lost():
    world = World()
    book = world.start(members=0)
    world.queue.due.clear()

    assert sweep(world.services).waiting
    world.run()

    assert world.job(book).status is JobStatus.SUCCEEDED


def test_the_sweeper_completes_a_job_whose_last_image_could_not():
    world = World()
    book = world.start(members=0)
    commit = world.store.commit

    def crash(*writes):
        if isinstance(writes[0], ChangeJob) and writes[0].fields.get("completed"):
            raise Crash
        return commit(*writes)

    world.store.commit = crash
    with pytest.raises(Crash):
        world.run()
    assert not world.job(book).completed
    world.store.commit = commit

    assert sweep(world.services).jobs == 1
    assert world.job(book).status is JobStatus.SUCCEEDED


def test_a_step_whose_next_task_cannot_be_created_has_still_been_done():
    world = World()
    book = world.start(members=0)
    admit(world.services)
    world.queue.due.clear()
    add = world.queue._add

    def down(*_):
        raise QueueUnavailable("told so")

    world.queue._add = down
    hero = world.images(book)[0]
    run_step(world.services, hero.image_id, hero.generation, hero.seq)
    world.queue._add = add

    world.run_with_sweeps(minutes=5)

    assert world.job(book).status is JobStatus.SUCCEEDED
    assert len(world.painter.of("IMAGINE")) == 1


@pytest.mark.parametrize("before", [True, False])
def test_a_process_that_dies_in_the_middle_of_a_submit_pays_once(before):
    world = World()
    book = crashed_while_submitting(world, before)

    world.run_with_sweeps(minutes=6)

    assert world.job(book).status is JobStatus.SUCCEEDED
    assert len(world.painter.of("IMAGINE")) == 1


def test_a_cancel_waits_for_a_submission_that_is_on_its_way():
    world = World()
    book = crashed_while_submitting(world, before_the_painter_takes_it=False)
    asked = world.now

    job = cancel_job(world.services, OWNER, book.job.job_id)

    assert job.status is JobStatus.CANCELED
    assert world.now - asked >= POLICY.claim_lease - timedelta(seconds=1)


def test_a_cancel_of_an_ended_job_changes_nothing():
    world = World()
    book = world.start(members=1)
    world.run()
    before = world.images(book)

    assert cancel_job(world.services, OWNER, book.job.job_id).status is JobStatus.SUCCEEDED
    assert world.images(book) == before


def test_an_image_is_busy_until_it_has_ended_and_left_its_slot():
    world = World()
    book = world.start(members=0)
    hero = book.images[0]
    with pytest.raises(ImageBusy):
        regenerate(world.services, OWNER, hero.image_id)
    world.run(until=lambda: bool(world.painter.paintings))
    cancel_job(world.services, OWNER, book.job.job_id)
    with pytest.raises(ImageBusy):
        regenerate(world.services, OWNER, hero.image_id)

    world.run()
    regenerate(world.services, OWNER, hero.image_id)
    world.run()

    assert world.job(book).status is JobStatus.SUCCEEDED


def test_a_member_cannot_be_painted_without_a_reference():
    world = World()
    world.painter.script = ["banned"]
    book = world.start(members=1)
    world.run()

    with pytest.raises(ReferenceMissing):
        regenerate(world.services, OWNER, world.images(book)[1].image_id)


def test_regenerating_the_reference_paints_no_member_again():
    world = World()
    book = world.start(members=2)
    world.run()
    _, *members = world.images(book)

    regenerate(world.services, OWNER, book.images[0].image_id)
    world.run()

    hero, *after = world.images(book)
    assert (hero.generation, after) == (2, members)
    assert world.store.published[-1].generation == 2


def test_the_same_request_is_the_same_job_until_there_is_a_new_key():
    world = World()
    book = world.start(members=0)
    again, is_new = start_job(world.services, new_book(0))
    assert (again.job.job_id, is_new) == (book.job.job_id, False)
    world.run()

    again, is_new = start_job(world.services, new_book(0))
    assert (again.job.job_id, is_new) == (book.job.job_id, False)
    other, is_new = start_job(world.services, new_book(0, key="anew"))
    assert is_new
    assert other.job.job_id != book.job.job_id
    assert read_latest_book(world.services, OWNER, "7").job.job_id == other.job.job_id


def test_a_key_stands_for_one_content():
    world = World()
    world.start(members=0, key="key")

    with pytest.raises(KeyReused):
        start_job(world.services, replace(new_book(1, key="key"), student_task_id="other"))


def test_a_task_has_one_running_job():
    world = World()
    book = world.start(members=0)

    with pytest.raises(AlreadyRunning) as refusal:
        start_job(world.services, new_book(1))

    assert refusal.value.job_id == book.job.job_id


def test_what_is_somebody_elses_is_not_there():
    world = World()
    book = world.start(members=0)

    for use in (
        lambda: read_book(world.services, "stranger", book.job.job_id),
        lambda: read_latest_book(world.services, "stranger", "7"),
        lambda: cancel_job(world.services, "stranger", book.job.job_id),
    ):
        with pytest.raises(JobNotFound):
            use()
    with pytest.raises(ImageNotFound):
        regenerate(world.services, "stranger", book.images[0].image_id)
