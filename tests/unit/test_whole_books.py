"""Whole books in a world of fakes: the use cases together, every fault of the painter."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.failure import FailureCode
from shared.domain.image import ImageStatus
from shared.domain.job import JobStatus
from shared.usecases.cancel_job import cancel_job
from shared.usecases.regenerate import Wish, regenerate
from shared.usecases.run_step import give_up, run_step
from tests.fakes.world import OWNER, POLICY, START, World


def statuses(world: World, book) -> list[str]:
    return [image.status.value for image in world.images(book)]


def test_a_book_ends_with_every_picture_painted_once():
    world = World()
    book = world.start(members=5)

    world.run()

    assert statuses(world, book) == ["succeeded"] * 6
    assert world.job(book).status is JobStatus.SUCCEEDED
    assert len(world.painter.of("IMAGINE")) == 6
    assert len(world.painter.of("UPSCALE")) == 6
    assert all(image.progress == 100 and image.image_url for image in world.images(book))
    assert world.store.held_slots() == 0


def test_members_begin_after_the_reference_is_upscaled_and_then_at_once():
    world = World()
    book = world.start(members=5)

    world.run()

    hero_upscale = world.painter.of("UPSCALE")[0]
    upscaled = hero_upscale.accepted_at + timedelta(seconds=10)
    starts = [painting.accepted_at for painting in world.painter.of("IMAGINE")[1:]]
    assert min(starts) >= upscaled
    assert max(starts) - min(starts) < timedelta(seconds=1)
    reference_url = f"https://discord.test/{hero_upscale.task_id}/done.png"
    assert all(reference_url in p.prompt for p in world.painter.of("IMAGINE")[1:])
    assert world.job(book).completed_at is not None


def test_what_the_server_adds_to_the_painting_time_is_small():
    world = World()
    book = world.start(members=5)

    world.run()

    took = (world.job(book).completed_at - START).total_seconds()
    assert took / 140 < 1.06


def test_no_two_prompts_are_equal():
    world = World()
    world.painter.script = ["fail"]
    world.start(members=0)
    world.start(members=0, task="8")

    world.run()

    prompts = [painting.prompt for painting in world.painter.of("IMAGINE")]
    assert len(prompts) == len(set(prompts)) == 3


def test_every_task_twice_paints_nothing_twice():
    world = World()
    world.queue.copies = 2
    book = world.start(members=5)

    world.run()

    assert statuses(world, book) == ["succeeded"] * 6
    assert len(world.painter.of("IMAGINE")) == 6
    assert len(world.painter.of("UPSCALE")) == 6


def test_never_more_than_the_slots_at_the_painter():
    world = World(replace(POLICY, slots=2))
    first, second = world.start(members=4), world.start(members=4, task="8")
    most = 0

    def watch() -> bool:
        nonlocal most
        most = max(most, world.store.held_slots())
        return False

    world.run(until=watch)

    assert most == 2
    assert statuses(world, first) + statuses(world, second) == ["succeeded"] * 10


def test_references_go_before_members_of_an_older_book():
    world = World(replace(POLICY, slots=1))
    first = world.start(members=2)
    world.run(until=lambda: len(world.painter.of("UPSCALE")) == 1)
    second = world.start(members=0, task="8")

    world.run()

    order = [painting.token.split("-")[0] for painting in world.painter.of("IMAGINE")]
    assert order[:2] == [world.images(first)[0].nonce, world.images(second)[0].nonce]


@pytest.mark.parametrize("fault", ["fail", "hang", "lose", "busy", "vanish", "drop answer"])
@pytest.mark.parametrize("submission", [0, 1])
def test_one_fault_of_the_painter_costs_time_and_no_picture(fault, submission):
    world = World()
    world.painter.script = [""] * submission + [fault]
    book = world.start(members=2)

    world.run()

    assert statuses(world, book) == ["succeeded"] * 3
    assert world.job(book).status is JobStatus.SUCCEEDED


def test_a_lost_answer_is_found_and_not_paid_again():
    world = World()
    world.painter.script = ["drop answer", "drop answer"]
    book = world.start(members=0)

    world.run()

    assert statuses(world, book) == ["succeeded"]
    assert len(world.painter.of("IMAGINE")) == len(world.painter.of("UPSCALE")) == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (["banned"], FailureCode.BANNED_WORD),
        (["moderated"], FailureCode.MODERATED),
        (["fail"] * 3, FailureCode.PAINTING_FAILED),
        (["hang"] * 3, FailureCode.PAINTING_TIMED_OUT),
        (["", "fail", "fail", "fail"], FailureCode.PAINTING_FAILED),
        (["lose"] * 3, FailureCode.PAINTING_FAILED),
    ],
)
def test_a_reference_that_fails_for_good_ends_the_book_with_it(script, code):
    world = World()
    world.painter.script = script
    book = world.start(members=2)

    world.run()

    hero, *members = world.images(book)
    assert (hero.status, hero.error.code) == (ImageStatus.FAILED, code)
    assert {member.error.code for member in members} == {FailureCode.REFERENCE_FAILED}
    job = world.job(book)
    assert (job.status, job.error.code) == (JobStatus.FAILED, FailureCode.REFERENCE_FAILED)
    assert world.store.held_slots() == 0


def test_regenerating_a_failed_reference_revives_exactly_its_members():
    world = World()
    world.painter.script = ["banned"]
    book = world.start(members=3)
    world.run()
    hero = world.images(book)[0]

    regenerate(world.services, OWNER, hero.image_id, Wish(prompt="a kind girl"))
    assert not world.job(book).completed
    world.run()

    assert statuses(world, book) == ["succeeded"] * 4
    assert world.job(book).status is JobStatus.SUCCEEDED
    assert world.job(book).error is None
    assert len(world.painter.of("IMAGINE")) == 4


def test_a_bad_member_never_hides_the_good_ones():
    world = World()
    world.painter.script = ["", "", "banned"]
    book = world.start(members=3)

    world.run()

    assert sorted(statuses(world, book)) == ["failed", "succeeded", "succeeded", "succeeded"]
    assert world.job(book).status is JobStatus.PARTIALLY_SUCCEEDED


def test_regenerating_touches_one_image_and_keeps_its_old_picture_until_the_new_one_is_there():
    world = World()
    book = world.start(members=2)
    world.run()
    hero, old, other = world.images(book)
    seen = set()

    regenerate(world.services, OWNER, old.image_id, Wish(prompt="something else"))

    def watch() -> bool:
        image = world.images(book)[1]
        seen.add((image.ended, image.image_url))
        return False

    world.run(until=watch)
    new = world.images(book)[1]
    assert (new.image_id, new.generation, new.prompt) == (old.image_id, 2, "something else")
    assert new.image_url != old.image_url
    assert (False, old.image_url) in seen
    assert (False, None) not in seen
    assert (world.images(book)[0], world.images(book)[2]) == (hero, other)
    assert len(world.painter.of("IMAGINE")) == 4
    assert hero.variants["original"].url in world.painter.of("IMAGINE")[-1].prompt
    assert world.job(book).status is JobStatus.SUCCEEDED


def test_a_regeneration_that_fails_leaves_the_old_picture_and_says_why():
    world = World()
    book = world.start(members=1)
    world.run()
    old = world.images(book)[1]
    world.painter.script = ["banned"]

    regenerate(world.services, OWNER, old.image_id)
    world.run()

    image = world.images(book)[1]
    assert (image.status, image.image_url) == (ImageStatus.SUCCEEDED, old.image_url)
    assert image.error.code is FailureCode.BANNED_WORD
    assert world.job(book).status is JobStatus.SUCCEEDED


def test_after_a_cancel_nothing_is_submitted_and_finished_pictures_stay():
    world = World(replace(POLICY, slots=2))
    book = world.start(members=4)
    world.run(until=lambda: statuses(world, book).count("succeeded") == 2)
    submitted = len(world.painter.paintings)

    job = cancel_job(world.services, OWNER, book.job.job_id)

    assert job.status is JobStatus.CANCELED
    assert job.completed
    world.run()
    assert len(world.painter.paintings) == submitted
    assert statuses(world, book).count("succeeded") == 2
    assert set(statuses(world, book)) == {"succeeded", "canceled"}
    assert world.store.held_slots() == 0


def test_a_canceled_image_keeps_its_slot_while_the_painter_is_at_work_on_it():
    world = World(replace(POLICY, slots=1))
    book = world.start(members=0)
    world.run(until=lambda: bool(world.painter.paintings))
    cancel_job(world.services, OWNER, book.job.job_id)
    next_book = world.start(members=0, task="8")

    world.run()

    first, second = world.painter.of("IMAGINE")
    assert second.accepted_at >= first.accepted_at + timedelta(seconds=60)
    assert statuses(world, next_book) == ["succeeded"]


def test_lost_tasks_and_events_are_found_by_the_sweeper():
    world = World()
    world.triggers = False
    book = world.start(members=2)
    create, created = world.queue._add, 0

    def lossy(*arguments) -> None:
        nonlocal created
        created += 1
        if created % 3:
            create(*arguments)

    world.queue._add = lossy

    world.run_with_sweeps(minutes=60)

    assert statuses(world, book) == ["succeeded"] * 3
    assert len(world.painter.of("IMAGINE")) == 3
    assert len(world.painter.of("UPSCALE")) == 3


def test_a_picture_that_cannot_be_copied_is_tried_again_and_then_fails():
    world = World()
    world.pictures.broken = 1
    book = world.start(members=0)
    world.run()
    assert statuses(world, book) == ["succeeded"]

    world.pictures.broken = 99
    other = world.start(members=0, task="8")
    world.run()
    assert world.images(other)[0].error.code is FailureCode.PICTURE_UNAVAILABLE


def test_a_painter_out_of_reach_is_waited_for_and_costs_no_attempt():
    world = World()
    book = world.start(members=0)
    world.run(until=lambda: bool(world.painter.paintings))
    world.painter.unreachable = True
    world.run(until=lambda: world.painter.looks > 5)
    world.painter.unreachable = False

    world.run()

    assert statuses(world, book) == ["succeeded"]
    assert len(world.painter.of("IMAGINE")) == 1


def test_a_painter_out_of_reach_for_good_ends_the_image_at_its_deadline():
    world = World()
    book = world.start(members=1)
    world.painter.unreachable = True

    world.run()

    assert world.images(book)[0].error.code is FailureCode.DEADLINE_EXCEEDED
    assert world.job(book).status is JobStatus.FAILED


def test_an_image_that_waits_past_its_deadline_is_ended_by_the_sweeper():
    world = World()
    world.triggers = False
    book = world.start(members=1)
    world.queue.due.clear()
    world.now += timedelta(hours=7)

    world.run_with_sweeps(minutes=2)

    assert statuses(world, book) == ["failed", "failed"]


def test_giving_up_ends_the_image_and_frees_its_slot():
    world = World()
    book = world.start(members=1)
    world.run(until=lambda: bool(world.painter.paintings))
    hero = world.images(book)[0]

    give_up(world.services, hero.image_id, hero.generation, hero.seq, "a bug")

    assert world.images(book)[0].error.code is FailureCode.INTERNAL_ERROR
    assert world.job(book).status is JobStatus.FAILED
    assert world.store.held_slots() == 0


def test_a_task_with_an_old_token_does_nothing():
    world = World()
    book = world.start(members=0)
    world.run()
    before = world.images(book)

    assert run_step(world.services, before[0].image_id, 1, 1) == "outdated"
    assert world.images(book) == before
