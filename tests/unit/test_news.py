"""The painter's news: believed in nothing but that a look is worth while."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image, ImageStatus, Step
from shared.domain.job import Book, JobStatus
from shared.domain.observation import Phase, Sighting, Told
from shared.domain.watching import SEEN
from shared.notify_hooks import NotifyHooks
from shared.ports import QueueUnavailable, StoreUnavailable
from shared.usecases.admit import admit
from shared.usecases.cancel_job import cancel_job
from shared.usecases.regenerate import regenerate
from shared.usecases.run_step import run_step
from shared.usecases.take_news import ForgedNews, take_news
from tests.fakes.world import OWNER, POLICY, START, World
from tests.unit.billed import HOOKS, BilledWorld

PART = "https://discord.test/part.webp"
FAILED = Failure(code=FailureCode.PAINTING_FAILED, message="Failed.")


def painting(members: int = 0, hooks: NotifyHooks = HOOKS) -> tuple[World, Book]:
    """A world whose book's reference is being imagined since just now."""
    world = World(POLICY, hooks)
    book = world.start(members=members)
    world.run(until=lambda: bool(world.painter.paintings))
    return world, book


def hero(world: World, book: Book) -> Image:
    return world.images(book)[0]


def news_of(
    image: Image, phase: Phase = Phase.WORKING, progress: int | None = None, url: str | None = PART
) -> Told:
    """News of what the painter was sent last for an image."""
    submission = image.latest_submission
    assert submission is not None
    failure = FAILED if phase is Phase.FAILED else None
    seen = Sighting(task_id="1", phase=phase, progress=progress, picture_url=url, failure=failure)
    return Told(token=submission.token, seen=seen)


def tell(world: World, image: Image, news: Told) -> str:
    """Send news to the address that was given for their token."""
    signature = HOOKS.url(image.image_id, news.token).rsplit("/", 1)[1]
    return take_news(world.services, image.image_id, signature, news)


def rings(world: World) -> list[tuple[object, ...]]:
    return [arguments for _, _, kind, arguments in world.queue.due if kind == "now"]


# --- progress -------------------------------------------------------------------------------------


def test_progress_is_written_only_when_a_person_sees_a_difference():
    world, book = painting()
    shown = [hero(world, book).progress]
    for percent in range(1, 100):
        said = tell(world, hero(world, book), news_of(hero(world, book), progress=percent))
        if said == "progress":
            shown.append(hero(world, book).progress)

    # The first word brings the first partial picture; an IMAGINE is 80 % of the whole.
    assert len(shown) - 1 == 1 + 79 // SEEN
    assert all(b - a >= SEEN for a, b in itertools.pairwise(shown[1:]))


@pytest.mark.parametrize("progress", [None, 0])
def test_news_without_progress_are_not_even_read(progress):
    world, book = painting()
    image = hero(world, book)
    world.services = replace(world.services, store=Untouchable())

    assert tell(world, image, news_of(image, progress=progress)) == "nothing to see"


class Untouchable:
    """A store that nobody may ask anything."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"{name} of the store was called")


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from([None, PART])), min_size=1, max_size=20)
)
def test_progress_never_falls_in_whatever_order_news_come(order):
    world, book = painting()
    shown = []
    for percent, url in order:
        tell(world, hero(world, book), news_of(hero(world, book), progress=percent, url=url))
        shown.append(hero(world, book).progress)

    assert shown == sorted(shown)
    assert max(percent for percent, _ in order) * 80 // 100 - shown[-1] < SEEN
    assert hero(world, book).preview_url in {None, PART}


def test_a_late_partial_picture_does_not_replace_a_newer_one():
    world, book = painting()
    tell(world, hero(world, book), news_of(hero(world, book), progress=60, url="https://x/60"))

    tell(world, hero(world, book), news_of(hero(world, book), progress=30, url="https://x/30"))

    assert (hero(world, book).progress, hero(world, book).preview_url) == (48, "https://x/60")


def test_told_progress_leaves_every_task_that_rings_later_right():
    world, book = painting()
    before = hero(world, book)
    alarm = world.queue.due[0]

    assert tell(world, before, news_of(before, progress=50)) == "progress"

    after = hero(world, book)
    assert replace(after, progress=0, preview_url=None, updated_at=before.updated_at) == before
    assert world.queue.due == [alarm]
    world.now += timedelta(seconds=60)
    _, _, _, token = alarm
    assert run_step(world.services, *token) == "upscaling"


def test_an_upscales_news_show_the_grid_still():
    world, book = painting()
    world.now += timedelta(seconds=60)
    tell(world, hero(world, book), news_of(hero(world, book), Phase.DONE))
    world.run(until=lambda: hero(world, book).next_step is Step.WATCH_UPSCALE)
    grid = hero(world, book).preview_url

    assert tell(world, hero(world, book), news_of(hero(world, book), progress=50)) == "nothing new"
    assert hero(world, book).preview_url == grid


# --- endings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [Phase.DONE, Phase.FAILED])
def test_what_has_ended_rings_once_for_each_fencing_token(phase):
    world, book = painting()
    image = hero(world, book)

    said = [tell(world, image, news_of(image, phase)) for _ in range(3)]

    assert said == ["rung"] * 3
    assert rings(world) == [(image.image_id, image.generation, image.seq)]
    assert hero(world, book) == image  # nothing is written


def test_news_that_come_too_early_are_worth_a_second_ring():
    world, book = painting()
    first = hero(world, book)
    tell(world, first, news_of(first, Phase.DONE))
    world.run(until=lambda: hero(world, book).seq > first.seq)  # the look sees it at work

    second = hero(world, book)
    tell(world, second, news_of(second, Phase.DONE))

    assert rings(world) == [(second.image_id, second.generation, second.seq)]


def test_the_picture_is_asked_for_and_not_taken_from_the_news():
    world, book = painting()
    world.now += timedelta(seconds=60)
    tell(world, hero(world, book), news_of(hero(world, book), Phase.DONE, url="https://evil/"))

    world.run(until=lambda: hero(world, book).status is ImageStatus.UPSCALING)

    assert hero(world, book).grid_url == "https://discord.test/1/done.png"


def test_a_failure_that_is_none_costs_no_attempt():
    world, book = painting()
    tell(world, hero(world, book), news_of(hero(world, book), Phase.FAILED))

    world.run(until=lambda: not rings(world))

    image = hero(world, book)
    assert (image.status, image.imagine_attempts) == (ImageStatus.PAINTING, 1)


def test_a_failure_is_tried_again_at_once():
    world = World(POLICY, HOOKS)
    world.painter.script = ["fail"]
    book = world.start(members=0)
    world.run(until=lambda: bool(world.painter.paintings))
    world.now += timedelta(seconds=60)
    tell(world, hero(world, book), news_of(hero(world, book), Phase.FAILED))

    world.run(until=lambda: len(world.painter.paintings) == 2)

    assert world.now - START <= timedelta(seconds=62)


# --- what does nothing ----------------------------------------------------------------------------


def signature(image_id: str, token: str, hooks: NotifyHooks = HOOKS) -> str:
    return hooks.url(image_id, token).rsplit("/", 1)[1]


STRANGERS = NotifyHooks("https://functions.test", "another secret, as long")
FORGERIES: dict[str, Callable[[Image, Image, Told], tuple[str, object]]] = {
    "another image's": lambda _, other, told: (signature(other.image_id, told.token), told),
    "another token's": lambda image, _, told: (signature(image.image_id, "another"), told),
    "by another secret": lambda i, _, told: (signature(i.image_id, told.token, STRANGERS), told),
    "cut off": lambda image, _, told: (signature(image.image_id, told.token)[:-1], told),
    "too long": lambda image, _, told: (signature(image.image_id, told.token) + "0", told),
    "in capitals": lambda image, _, told: (signature(image.image_id, told.token).upper(), told),
    "empty": lambda *others: ("", others[-1]),
    "not ASCII": lambda *others: ("é" * 64, others[-1]),
    "for other news": lambda image, _, told: (
        signature(image.image_id, told.token), replace(told, token="another"),
    ),
    "for a token that is no text": lambda image, _, told: (
        signature(image.image_id, told.token), replace(told, token="\ud800"),
    ),
    "for no news": lambda image, _, told: (signature(image.image_id, told.token), None),
}  # fmt: skip
"""A signature and a body that the painter was never given for an image."""


@pytest.mark.parametrize("how", FORGERIES)
def test_forged_news_are_refused_before_anything_is_asked(how):
    world, book = painting(members=1)
    image, other = world.images(book)
    forgery, body = FORGERIES[how](image, other, news_of(image, Phase.DONE))
    world.services = replace(world.services, store=Untouchable(), queue=Untouchable())

    with pytest.raises(ForgedNews):
        take_news(world.services, image.image_id, forgery, body)


def test_without_addresses_of_our_own_all_news_are_forged():
    world, book = painting()
    image = hero(world, book)
    world.services = replace(world.services, hooks=None, store=Untouchable())

    with pytest.raises(ForgedNews):
        tell(world, image, news_of(image, Phase.DONE))


@pytest.mark.parametrize("phase", [Phase.WORKING, Phase.DONE, Phase.FAILED])
@pytest.mark.parametrize("moved_on", ["to the upscale", "to the end", "to the next generation"])
def test_news_of_what_is_over_change_nothing(phase, moved_on):
    world, book = painting()
    old = hero(world, book)
    if moved_on == "to the upscale":
        world.run(until=lambda: bool(world.painter.of("UPSCALE")))
    else:
        world.run()
    if moved_on == "to the next generation":
        regenerate(world.services, OWNER, old.image_id)
        world.run(until=lambda: len(world.painter.of("IMAGINE")) == 2)
    image, tasks = hero(world, book), list(world.queue.due)

    said = tell(world, image, news_of(old, phase, progress=99))

    assert said == ("nothing new" if phase is Phase.WORKING else "outdated")
    assert (hero(world, book), world.queue.due) == (image, tasks)


def test_news_of_a_grid_whose_upscale_is_not_taken_yet_wake_nobody():
    world, book = painting()
    world.painter.script = ["busy"]
    world.run(until=lambda: hero(world, book).has_grid)
    image = hero(world, book)
    assert (image.next_step, image.upscale) == (Step.UPSCALE, None)

    assert tell(world, image, news_of(image, Phase.DONE)) == "outdated"


@pytest.mark.parametrize("phase", [Phase.WORKING, Phase.DONE, Phase.FAILED])
def test_an_end_that_is_told_twice_does_not_have_the_picture_finished_twice(phase):
    """The real proxy tells one success in five twice (`NotifyServiceImpl`)."""
    world, book = painting()
    world.run(until=lambda: hero(world, book).next_step is Step.STORE)
    image, tasks = hero(world, book), list(world.queue.due)

    said = tell(world, image, news_of(image, phase, progress=99))

    assert said == ("nothing new" if phase is Phase.WORKING else "outdated")
    assert (hero(world, book), world.queue.due) == (image, tasks)


def test_news_of_an_image_that_is_gone_are_outdated():
    world, book = painting()
    image = hero(world, book)
    del world.store._documents[f"images/{image.image_id}"]

    assert tell(world, image, news_of(image, Phase.DONE)) == "outdated"


# --- claims, cancels, races -----------------------------------------------------------------------


def test_news_of_a_claim_whose_answer_was_lost_have_it_found_at_once():
    world = World(POLICY, HOOKS)
    world.painter.script = ["drop answer"]
    book = world.start(members=0)
    admit(world.services)
    world.queue.due.clear()
    world.now += timedelta(seconds=60)
    image = hero(world, book)
    assert (image.next_step, image.imagine.task_id) == (Step.IMAGINE, None)

    assert tell(world, image, news_of(image, progress=50)) == "nothing new"
    assert tell(world, image, news_of(image, Phase.DONE)) == "rung"
    world.run(until=lambda: bool(world.painter.of("UPSCALE")))

    assert world.now == START + timedelta(seconds=60)
    assert len(world.painter.of("IMAGINE")) == 1


def test_a_canceled_images_slot_is_free_as_soon_as_the_painter_says_that_it_is_done():
    world, book = painting()
    cancel_job(world.services, OWNER, book.job.job_id)
    world.now += timedelta(seconds=60)
    world.queue.due.clear()
    image = hero(world, book)
    assert (image.next_step, image.holds_slot) == (Step.DRAIN, True)

    assert tell(world, image, news_of(image, progress=99)) == "nothing new"
    assert tell(world, image, news_of(image, Phase.DONE)) == "rung"
    world.run()

    assert world.now == START + timedelta(seconds=60)
    assert (hero(world, book).status, world.store.held_slots()) == (ImageStatus.CANCELED, 0)


class Meddled:
    """A port with somebody who gets in the way of the next call of one method, once."""

    def __init__(self, port: object, method: str, meddle: Callable[[], object]) -> None:
        self._port, self._method, self._meddle = port, method, meddle

    def __getattr__(self, name: str) -> object:
        if name == self._method:
            self._method = ""
            self._meddle()
        return getattr(self._port, name)


def test_a_step_overtakes_news_of_progress_that_are_about_to_be_written():
    world, book = painting()
    image, quick = hero(world, book), world.services
    world.now += timedelta(seconds=60)

    def step() -> None:
        run_step(quick, image.image_id, image.generation, image.seq)

    world.services = replace(quick, store=Meddled(world.store, "commit", step))

    assert tell(world, image, news_of(image, progress=50)) == "overtaken"
    assert hero(world, book).status is ImageStatus.UPSCALING
    assert hero(world, book).progress == 80


def test_news_of_progress_only_cost_a_step_another_try():
    world, book = painting()
    image, quick = hero(world, book), world.services
    world.now += timedelta(seconds=60)

    def news() -> None:
        world.services = quick
        assert tell(world, image, news_of(image, progress=50)) == "progress"

    slow = replace(quick, store=Meddled(world.store, "commit", news))

    assert run_step(slow, image.image_id, image.generation, image.seq) == "upscaling"
    assert len(world.painter.of("UPSCALE")) == 1


@pytest.mark.parametrize(
    ("port", "method", "error"),
    [
        ("store", "image", StoreUnavailable("told so")),
        ("store", "commit", StoreUnavailable("told so")),
        ("queue", "ring", QueueUnavailable("told so")),
    ],
)
def test_news_that_cannot_be_taken_are_missed_by_nobody(port, method, error):
    world, book = painting()
    image, sound = hero(world, book), world.services

    def down() -> None:
        raise error

    world.services = replace(sound, **{port: Meddled(getattr(sound, port), method, down)})
    phase = Phase.DONE if port == "queue" else Phase.WORKING
    with pytest.raises(type(error)):
        tell(world, image, news_of(image, phase, progress=50))
    world.services = sound

    world.run()

    assert world.job(book).status is JobStatus.SUCCEEDED


# --- whole books ----------------------------------------------------------------------------------


ONE_AFTER_THE_OTHER = timedelta(seconds=2 * (60 + 10))
SAFETY_NET = timedelta(seconds=2 * (90 + 22.5))
"""Three quarters of each stage's limit."""
late = random.Random(1).uniform
DELIVERIES: dict[str, tuple[Callable[[datetime], list[datetime]], timedelta]] = {
    "as sent": (lambda at: [at], ONE_AFTER_THE_OTHER),
    "all lost": (lambda _: [], SAFETY_NET),
    "all doubled": (lambda at: [at, at], ONE_AFTER_THE_OTHER),
    "doubled, the second late": (
        lambda at: [at, at + timedelta(seconds=7)], ONE_AFTER_THE_OTHER,
    ),
    "late and out of order": (lambda at: [at + timedelta(seconds=late(0, 20))], SAFETY_NET),
    "half of them lost": (lambda at: [at] * (late(0, 1) < 0.5), SAFETY_NET),
    "all before their time": (lambda at: [at - timedelta(seconds=5)], SAFETY_NET),
}  # fmt: skip
"""When news sent at a moment come, and how long a book may take then."""


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_book_is_painted_once_however_news_come(delivery):
    world = BilledWorld()
    world.delivery, most = DELIVERIES[delivery]
    book = world.start(members=5)
    shown: dict[str, list[int]] = {}

    def watch() -> bool:
        for image in world.images(book):
            shown.setdefault(image.image_id, []).append(image.progress)
        return False

    world.run(until=watch)

    assert {image.status for image in world.images(book)} == {ImageStatus.SUCCEEDED}
    assert (len(world.painter.of("IMAGINE")), len(world.painter.of("UPSCALE"))) == (6, 6)
    assert all(progress == sorted(progress) for progress in shown.values())
    assert world.store.held_slots() == 0
    assert world.job(book).completed_at - START <= most
    assert all(call.reads <= 1 for call in world.calls if call.function == "notify")
