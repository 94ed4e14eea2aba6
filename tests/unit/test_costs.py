"""What each kind of call costs in Firestore's reads and writes, so that a rise fails."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

import main
from functions import wiring
from shared.domain.job import JobStatus
from shared.domain.quota import Quotas
from shared.usecases.admit import admit
from shared.usecases.cancel_job import cancel_job
from shared.usecases.delete_job import delete_job
from shared.usecases.fan_out import fan_out
from shared.usecases.forget_owner import forget_owner
from shared.usecases.read_book import read_book, read_latest_book
from shared.usecases.refusals import TooMuchAsked
from shared.usecases.regenerate import Wish, regenerate
from shared.usecases.run_step import run_step
from shared.usecases.start_job import start_job
from shared.usecases.sweep import sweep
from shared.usecases.take_news import ForgedNews, take_news
from tests.fakes.world import OWNER, POLICY, new_book
from tests.unit.billed import HOOKS, Bill, BilledWorld, bill, cost
from tests.unit.calling import call, post

# --- a whole book ---------------------------------------------------------------------------------

ALONE: Bill = {
    ("generate", 1, 8): 1,  # the job, its images, the note that it is its task's latest
    ("admit", 4, 4): 1,  # the fence, the job, the claim, the answer
    ("step watch_imagine", 1, 2): 6,  # the claim of the UPSCALE, its answer
    ("step watch_upscale", 2, 2): 1,  # the reference is published
    ("fanout", 9, 12): 1,  # five claims and answers, the fence, the note that it is done
    ("step watch_upscale", 2, 1): 5,  # one read: does nobody wait for the slot?
    ("step store", 1, 2): 5,  # the image, the job's counters
    ("step store", 1, 3): 1,  # the last one writes the job's ending
    ("notify", 1, 1): 30,  # progress that a person sees
    ("notify", 1, 0): 36,
}
"""A book of six while nothing else is painted."""

CROWDED: Bill = {
    ("generate", 1, 8): 1,
    ("admit", 4, 4): 1,
    ("step watch_imagine", 1, 2): 6,
    ("step watch_upscale", 2, 2): 1,
    ("fanout", 10, 9): 1,  # two claims and answers
    ("step watch_upscale", 2, 3): 3,  # the slot's next one, and the answer to its claim
    ("step watch_upscale", 3, 1): 2,  # nobody is found before the commit, nor after it
    ("step store", 1, 2): 5,
    ("step store", 1, 3): 1,
    ("notify", 1, 1): 30,
    ("notify", 1, 0): 36,
}
"""The same for two slots: three of its pictures get theirs from others."""


@pytest.mark.parametrize(("slots", "expected"), [(12, ALONE), (2, CROWDED)])
def test_a_whole_book_costs_just_this(slots, expected):
    world = BilledWorld(replace(POLICY, slots=slots))
    book = world.start(members=5)

    world.run()

    assert world.job(book).status is JobStatus.SUCCEEDED
    assert bill(world.calls) == expected


def test_a_book_has_the_tasks_that_it_needs():
    world = BilledWorld()
    world.start(members=5)
    world.run()

    pictures = 6
    alarms = rings = 2 * pictures  # an IMAGINE's and an UPSCALE's
    assert world.queue.created == 1 + alarms + rings + pictures  # an admission; one to store each
    assert world.queue.called_off == alarms


MOST_A_PICTURE, MOST_CALLS = 16, 8
"""Reads and writes of a picture, and calls, besides what the painter tells."""


@pytest.mark.parametrize("books", [1, 50])
def test_a_picture_costs_no_more_than_was_promised(books):
    world = BilledWorld(replace(POLICY, ahead=1))
    started = [world.start(members=5, task=str(number)) for number in range(books)]

    world.run()

    assert {world.job(book).status for book in started} == {JobStatus.SUCCEEDED}
    own = [call for call in world.calls if call.function != "notify"]
    assert sum(call.reads + call.writes for call in own) <= MOST_A_PICTURE * 6 * books
    assert len(own) <= MOST_CALLS * 6 * books
    assert all(call.reads <= 1 for call in world.calls if call.function == "notify")


def test_a_book_has_one_trigger_event_and_one_for_each_regeneration_of_its_reference():
    world = BilledWorld()
    book = world.start(members=2)
    world.run()
    hero, member, _ = world.images(book)
    assert len(world.store.published) == 1

    regenerate(world.services, OWNER, member.image_id)
    world.run()
    assert len(world.store.published) == 1

    regenerate(world.services, OWNER, hero.image_id)
    world.run()
    assert len(world.store.published) == 2


LOOKED_AT: Bill = {
    ("generate", 1, 8): 1,
    ("admit", 5, 4): 1,  # one read more: the pace
    ("step watch_imagine", 1, 1): 32,  # nothing to tell but progress
    ("step watch_imagine", 2, 2): 2,  # the pace is asked for again, and told
    ("step watch_imagine", 1, 2): 5,
    ("step watch_upscale", 1, 1): 3,
    ("step watch_upscale", 2, 2): 1,
    ("fanout", 9, 12): 1,
    ("step watch_upscale", 2, 1): 5,
    ("step store", 1, 2): 5,
    ("step store", 1, 3): 1,
}
"""The first book ever, of a painter that tells nothing."""


def test_a_book_without_news_costs_just_this():
    world = BilledWorld(hooks=None)
    world.start(members=5)

    world.run()

    assert bill(world.calls) == LOOKED_AT


# --- single calls ---------------------------------------------------------------------------------


def waiting_books(books: int, slots: int = 12) -> BilledWorld:
    """A world in which all slots are taken, and so many main characters wait for one."""
    world = BilledWorld(replace(POLICY, slots=slots))
    for number in range(slots + books):
        world.start(members=0, task=str(number))
    admit(world.services)
    world.queue.due.clear()
    return world


@pytest.mark.parametrize("members", [0, 5, 19])
def test_status_reads_each_document_once_and_writes_nothing(members):
    world = BilledWorld()
    book = world.start(members=members)

    asked = cost(lambda: read_book(world.services, OWNER, book.job.job_id))
    by_task = cost(lambda: read_latest_book(world.services, OWNER, "7"))

    assert asked == (1 + 1 + members, 0)
    assert by_task == (1 + 1 + 1 + members, 0)


def test_the_same_request_again_costs_what_status_costs_and_the_try():
    world = BilledWorld()
    world.start(members=5)

    # The owner's books under way were counted before the try; then the job and its images.
    assert cost(lambda: start_job(world.services, new_book(5))) == (1 + 1 + 6, 0)


def test_a_sweep_with_nothing_to_find_costs_a_read_for_each_of_its_questions():
    world = BilledWorld()
    world.start(members=2)
    world.run()

    # Steps, fan-outs, jobs; how many images wait, and how many hold a slot.
    assert cost(lambda: sweep(world.services)) == (5, 0)


@pytest.mark.parametrize("waiting", [1, 10, 100, 1000])
def test_what_waits_makes_neither_admission_nor_sweep_dearer(waiting):
    world = waiting_books(waiting)

    assert cost(lambda: admit(world.services)) == (1, 0)  # all slots are taken
    assert cost(lambda: sweep(world.services)) == (5, 0)  # and not one more than there are


@pytest.mark.parametrize("waiting", [1, 10, 100, 1000])
def test_a_slot_is_handed_on_at_the_same_price_however_many_wait(waiting):
    world = waiting_books(waiting)
    world.now += timedelta(minutes=1)
    world.run(until=lambda: len(world.painter.of("UPSCALE")) == 12)
    world.calls.clear()

    world.run(until=lambda: len(world.painter.of("IMAGINE")) == 13)

    step = next(call for call in world.calls if call.function.startswith("step"))
    # Image, next in turn; image, published reference, heir's claim, its job, its answer.
    assert (step.reads, step.writes) == (2, 5)


def test_what_the_sweeper_finds_costs_a_read_each_and_no_write():
    world = BilledWorld()
    for number in range(9):
        world.start(members=0, task=str(number))
    world.run(until=lambda: len(world.painter.paintings) == 9)
    world.letters.clear()
    world.queue.due.clear()
    world.now += timedelta(minutes=3)

    assert cost(lambda: sweep(world.services)) == (9 + 4, 0)


def test_outdated_tasks_cost_a_read():
    world = BilledWorld()
    book = world.start(members=0)
    world.run()
    image = world.images(book)[0]

    assert cost(lambda: run_step(world.services, image.image_id, 1, 1)) == (1, 0)


def test_an_event_that_comes_twice_costs_little():
    world = BilledWorld()
    book = world.start(members=5)
    world.run()

    assert cost(lambda: fan_out(world.services, book.job.job_id)) == (6, 1)


def test_a_regeneration_costs_what_one_image_costs():
    world = BilledWorld()
    image = world.start(members=5).images[1]
    world.run()

    # The image, the job, the reference, how many books are under way; the image, the job.
    assert cost(lambda: regenerate(world.services, OWNER, image.image_id)) == (4, 2)
    world.calls.clear()
    world.run()
    own = [call for call in world.calls if call.function != "notify"]
    assert bill(own) == {
        ("admit", 4, 3): 1,
        ("step watch_imagine", 1, 2): 1,
        ("step watch_upscale", 2, 1): 1,
        ("step store", 1, 3): 1,
    }


def test_a_cancel_writes_each_image_and_what_has_ended_not_at_all():
    world = BilledWorld()
    book = world.start(members=5)

    once = cost(lambda: cancel_job(world.services, OWNER, book.job.job_id))
    again = cost(lambda: cancel_job(world.services, OWNER, book.job.job_id))

    # The job, its images, the members that go with their reference, the job's counters; the images
    # and the job once more, to see that nothing is left, and the job that is answered.
    assert once == (1 + 6 + 5 + 1 + 6 + 1 + 1, 6 + 2)  # with the job's counters, and its ending
    assert again == (1 + 6 + 1 + 1, 0)


def limited(jobs: int) -> BilledWorld:
    world = BilledWorld()
    world.services = replace(world.services, quotas=Quotas(jobs_per_hour=jobs))
    return world


def test_quotas_cost_a_write_a_book_and_nothing_where_there_are_none():
    def asked(world):
        return cost(lambda: start_job(world.services, new_book(5)))

    assert asked(BilledWorld()) == (1, 8)
    assert asked(limited(jobs=9)) == (1, 8 + 1)


def test_what_quotas_refuse_costs_a_look_and_two_writes():
    world = limited(jobs=1)
    start_job(world.services, new_book(5))

    def refused():
        with pytest.raises(TooMuchAsked):
            start_job(world.services, new_book(5, task="8"))

    assert cost(refused) == (1, 2)
    # The same request again: counted, given back, and found with its six images.
    assert cost(lambda: start_job(world.services, new_book(5))) == (1 + 6, 2)


def test_a_picture_again_costs_a_write_more_with_quotas_and_so_does_another_candidate():
    world = limited(jobs=9)
    image = world.start(members=5).images[1].image_id
    world.run()
    assert cost(lambda: regenerate(world.services, OWNER, image)) == (4, 2 + 1)
    world.run()
    wish = Wish(candidate=1)
    assert cost(lambda: regenerate(world.services, OWNER, image, wish)) == (3, 2 + 1)


@pytest.mark.parametrize("members", [0, 5, 19])
def test_a_deletion_reads_and_removes_each_image_once(members):
    world = BilledWorld()
    book = world.start(members=members)
    world.run()

    asked = cost(lambda: delete_job(world.services, OWNER, book.job.job_id))

    # The job twice, the note that it is its task's latest; the reference, the job twice, the note.
    assert asked == (1 + members + 3, 1 + members + 4)


def test_to_forget_costs_a_read_a_job_besides_its_deletion():
    world = BilledWorld()
    for number in range(3):
        world.start(members=0, task=str(number))
    world.run()

    assert cost(lambda: forget_owner(world.services, OWNER)) == (3 * (1 + 4) + 2, 3 * 5)
    assert cost(lambda: forget_owner(world.services, OWNER)) == (2, 0)


def test_a_painter_that_takes_nothing_is_left_alone_at_the_price_of_a_look_at_the_fence():
    world = BilledWorld()
    world.start(members=0)
    world.painter.script = ["busy"]

    refused = cost(lambda: admit(world.services))
    paused = cost(lambda: admit(world.services))

    assert refused == (5, 5)
    assert paused == (2, 0)


def test_a_notification_costs_at_most_a_read_and_a_write_of_what_a_person_sees():
    world = BilledWorld()
    image = world.start(members=0).images[0]
    world.run(until=lambda: bool(world.painter.paintings))
    painting = next(iter(world.painter.paintings.values()))
    submission = world.store.image(image.image_id).value.imagine
    right = HOOKS.url(image.image_id, submission.token).rsplit("/", 1)[1]

    def price(seconds: int, signature: str = right) -> tuple[int, int]:
        world.now = painting.accepted_at + timedelta(seconds=seconds)
        news = world.painter.told(painting)
        return cost(lambda: take_news(world.services, image.image_id, signature, news))

    assert price(0) == (0, 0)  # it has begun: nothing to see
    assert price(6) == (1, 1)
    assert price(7) == (1, 0)  # nobody would see the difference
    assert price(60) == price(60) == (1, 0)  # it has ended
    with pytest.raises(ForgedNews):
        price(60, "forged")


def test_the_functions_say_so_in_their_own_log_lines(environment, capsys):
    world = BilledWorld()
    wiring.provide(world.services)
    body = {
        "studentTaskId": 7,
        "fairytaleId": 42,
        "characters": [{"name": "Mina", "prompt": "a brave girl", "isMain": True}],
        "backgrounds": [{"name": "Forest", "prompt": "a misty forest"}],
    }
    try:
        job_id = post(main.generate, body).json["jobId"]
        call(main.status, query_string={"jobId": job_id})
        call(main.status, query_string={"studentTaskId": "7"})
        call(main.status, query_string={"jobId": job_id}, method="HEAD")
        call(main.sweep, method="POST")
    finally:
        wiring.provide(None)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    calls = [line for line in lines if line["message"] == "call"]
    assert [(line["function"], line["reads"], line["writes"]) for line in calls] == [
        ("generate", 1, 4),
        ("status", 3, 0),
        ("status", 4, 0),
        ("status", 3, 0),
        ("sweep", 5, 0),
    ]
