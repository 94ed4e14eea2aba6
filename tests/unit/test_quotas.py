"""Quotas: what is over the limit is refused, what comes to nothing is not counted."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import main
from functions import wiring
from shared.domain.ids import quota_key
from shared.domain.quota import Quotas, Usage, exceeded
from shared.ports import CreateJob, Spend, StoreUnavailable
from shared.usecases.refusals import (
    AlreadyRunning,
    DrawingRefused,
    ImageBusy,
    KeyReused,
    TooMuchAsked,
)
from shared.usecases.regenerate import Wish, regenerate
from shared.usecases.start_job import start_job
from shared.usecases.take_drawing import DrawingData, Sketch
from tests.fakes.world import OWNER, START, World, new_book
from tests.unit.calling import call, post
from tests.unit.test_edge import TALE

AT = START + timedelta(minutes=50)


def limited(jobs: int = 0, pictures: int = 0) -> World:
    world = World()
    world.now = AT
    quotas = Quotas(jobs_per_hour=jobs, pictures_per_day=pictures)
    world.services = replace(world.services, quotas=quotas)
    return world


def used(world: World, at: datetime = AT) -> Usage:
    """What is counted, seen through a write that adds nothing."""
    spend = Spend(owner_uid=OWNER, at=at, usage=Usage(), expire_at=at)
    return world.store.commit(spend).spent


def start(world: World, task: str, members: int = 0, key: str | None = None):
    return start_job(world.services, new_book(members, key, task))


def test_as_many_books_as_may_are_started_and_the_next_is_refused_until_the_hour_is_over():
    world = limited(jobs=2)
    for task in "12":
        start(world, task)

    with pytest.raises(TooMuchAsked) as caught:
        start(world, "3")

    assert (caught.value.over.of_jobs, caught.value.over.limit, caught.value.over.used) == (
        True,
        2,
        2,
    )
    assert caught.value.retry_after == 600
    assert used(world) == Usage(jobs=2, pictures=2)
    assert len(world.store.jobs) == 2
    world.now += timedelta(seconds=600)
    start(world, "3")
    assert used(world, world.now) == Usage(jobs=1, pictures=3)


def test_pictures_are_counted_for_a_day_in_utc():
    world = limited(pictures=5)
    start(world, "1", members=3)

    with pytest.raises(TooMuchAsked) as caught:
        start(world, "2", members=1)

    assert not caught.value.over.of_jobs
    assert caught.value.retry_after == 14 * 3600 + 10 * 60  # to midnight
    start(world, "3")
    world.now += timedelta(seconds=caught.value.retry_after)
    start(world, "2", members=1)


def test_without_limits_nothing_is_counted():
    world = limited()

    start(world, "1")

    assert used(world) == Usage()


def test_the_same_request_again_is_neither_refused_nor_counted():
    world = limited(jobs=1, pictures=3)
    book, _ = start(world, "1", members=2)

    for _ in range(3):
        again, is_new = start(world, "1", members=2)
        assert (again.job.job_id, is_new) == (book.job.job_id, False)

    assert used(world) == Usage(jobs=1, pictures=3)


def test_a_request_again_is_known_while_there_is_quota_left_and_counts_once():
    world = limited(jobs=9)
    start(world, "1")
    start(world, "1")

    assert used(world).jobs == 1


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (lambda: new_book(0, "other", "1"), AlreadyRunning),
        (lambda: new_book(1, "one", "1"), KeyReused),
        (
            lambda: replace(
                new_book(0, "other", "2"),
                images=(
                    replace(
                        new_book().images[0],
                        sketch=Sketch(drawing=DrawingData(data=b"none"), where="/sketchImage"),
                    ),
                ),
            ),
            DrawingRefused,
        ),
    ],
)
def test_what_is_refused_is_not_counted(wrong, refusal):
    world = limited(jobs=5)
    start(world, "1", key="one")

    with pytest.raises(refusal):
        start_job(world.services, wrong())

    assert used(world) == Usage(jobs=1, pictures=1)


def test_who_is_over_the_limit_has_no_drawing_taken_in():
    world = limited(jobs=1)
    start(world, "1")
    sketch = Sketch(drawing=DrawingData(data=b"drawing"), where="/sketchImage")
    book = new_book(0, task="2")
    with_drawing = replace(book, images=(replace(book.images[0], sketch=sketch),))

    with pytest.raises(TooMuchAsked):
        start_job(world.services, with_drawing)

    assert world.pictures.stored == {}


def test_a_process_that_dies_before_the_book_is_written_costs_the_reservation_and_no_more():
    world = limited(jobs=2)
    commit = world.store.commit

    def dies(*writes):
        if isinstance(writes[0], CreateJob):
            raise StoreUnavailable("told so")
        return commit(*writes)

    world.store.commit = dies
    with pytest.raises(StoreUnavailable):
        start(world, "1")
    world.store.commit = commit

    assert used(world).jobs == 1  # nobody knows whether it was written
    start(world, "1")
    with pytest.raises(TooMuchAsked):
        start(world, "2")


def test_what_can_not_be_given_back_does_not_change_the_answer(capsys):
    world = limited(jobs=2)
    start(world, "1", key="one")
    commit = world.store.commit

    def forgetful(*writes):
        if isinstance(writes[0], Spend) and writes[0].usage.jobs < 0:
            raise StoreUnavailable("told so")
        return commit(*writes)

    world.store.commit = forgetful
    with pytest.raises(AlreadyRunning):
        start(world, "1", key="two")
    assert "not given back" in capsys.readouterr().out


# --- painting again -------------------------------------------------------------------------------


def test_a_picture_painted_again_counts_and_so_does_another_of_the_four():
    """Which is enlarged in a slot and stored anew: without an end, if it did not count."""
    world = limited(jobs=1, pictures=4)
    book, _ = start(world, "1", members=1)
    world.run()
    image = book.images[1].image_id

    regenerate(world.services, OWNER, image)
    with pytest.raises(ImageBusy):
        regenerate(world.services, OWNER, image)
    world.run()
    assert used(world) == Usage(jobs=1, pictures=3)
    regenerate(world.services, OWNER, image, Wish(candidate=1))
    world.run()
    with pytest.raises(TooMuchAsked):
        regenerate(world.services, OWNER, image, Wish(candidate=2))
    with pytest.raises(TooMuchAsked):
        regenerate(world.services, OWNER, image)

    assert used(world) == Usage(jobs=1, pictures=4)


# --- many at once ---------------------------------------------------------------------------------


def test_of_fifty_at_once_just_as_many_pass_as_may():
    world = limited(jobs=7)

    def ask(number: int) -> bool:
        try:
            return start(world, str(number))[1]
        except TooMuchAsked:
            return False

    with ThreadPoolExecutor(50) as threads:
        passed = sum(threads.map(ask, range(50)))

    assert passed == len(world.store.jobs) == 7
    assert used(world) == Usage(jobs=7, pictures=7)


def test_small_ones_pass_though_large_ones_are_refused_at_the_same_moment():
    """A large one stands in the way for an instant only, until it is given back."""
    world = limited(pictures=5)
    start(world, "1", members=3)
    commit, in_between = world.store.commit, [Usage(pictures=9), Usage(pictures=-9)]

    def crowded(*writes):
        if isinstance(writes[0], Spend) and in_between:
            commit(replace(writes[0], usage=in_between.pop(0)))
        return commit(*writes)

    world.store.commit = crowded
    assert start(world, "2")[1]


# --- the rule -------------------------------------------------------------------------------------

numbers = st.integers(0, 50)


@given(numbers, numbers, numbers, numbers, st.integers(0, 10**8))
def test_nothing_is_over_a_limit_that_is_kept(limit, jobs, pictures, wanted, milliseconds):
    now = START + timedelta(milliseconds=milliseconds)
    quotas = Quotas(jobs_per_hour=limit, pictures_per_day=limit)
    asked = Usage(jobs=wanted, pictures=wanted)

    over = exceeded(quotas, Usage(jobs=jobs, pictures=pictures), asked, now)

    fits = limit == 0 or wanted == 0 or max(jobs, pictures) + wanted <= limit
    assert (over is None) == fits
    if over is not None:
        assert timedelta(0) < over.again_at - now <= timedelta(days=1)
        assert (over.again_at.minute, over.again_at.second, over.again_at.microsecond) == (0, 0, 0)


def test_owners_and_days_are_counted_apart_and_no_name_is_in_a_key():
    late = datetime(2026, 5, 1, 23, 59, tzinfo=UTC)
    keys = {
        quota_key("mina@school.test", late),
        quota_key("other", late),
        quota_key("mina@school.test", late + timedelta(minutes=2)),
    }
    assert len(keys) == 3
    assert not any("mina" in key for key in keys)
    assert quota_key("x", late) == quota_key("x", late.astimezone(tz=None))


# --- the functions --------------------------------------------------------------------------------


@pytest.fixture
def functions(environment):
    world = limited(jobs=1, pictures=1)
    wiring.provide(world.services)
    yield world
    wiring.provide(None)


def test_the_answer_says_which_limit_and_when_to_come_again(functions):
    first = post(main.generate, TALE)
    refused = post(main.generate, {**TALE, "studentTaskId": 8})
    functions.run()
    image = first.json["images"][0]["imageId"]
    picture = post(main.regenerate, {"imageId": image})

    assert (refused.status_code, refused.json["code"]) == (429, "too_many_jobs")
    assert refused.headers["Retry-After"] == "600"
    assert "At most 1 books" in refused.json["detail"]
    assert "2026-05-01 10:00 UTC" in refused.json["detail"]
    assert (picture.status_code, picture.json["code"]) == (429, "too_many_pictures")
    again = post(main.generate, TALE)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert call(main.status, query_string={"jobId": first.json["jobId"]}).status_code == 200
