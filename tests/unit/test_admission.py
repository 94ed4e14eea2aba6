"""Admission: whose turn it is, slots that are never empty, and a painter that takes nothing."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from shared.crash_points import CrashPoint, observe
from shared.domain.image import Image, ImageStatus, Step
from shared.domain.job import Book, JobStatus
from shared.domain.observation import Busy
from shared.ports import (
    Committed,
    Fence,
    JobStore,
    PassFence,
    Picture,
    PictureUnavailable,
    SaveImage,
    Write,
)
from shared.usecases.admit import admit
from shared.usecases.cancel_job import cancel_job
from shared.usecases.fan_out import fan_out
from shared.usecases.regenerate import regenerate
from shared.usecases.run_step import run_step
from shared.usecases.start_job import start_job
from shared.usecases.sweep import sweep
from tests.fakes.world import OWNER, POLICY, START, new_book
from tests.unit.billed import BilledWorld, TellingPainter
from tests.unit.crashes import Crash

PICTURE = timedelta(seconds=60 + 10)
"""What a picture keeps a slot for."""


class Reception(TellingPainter):
    """A painter that takes nothing at times; `asked` says when it was asked for what."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.closed = False
        self.asked: list[tuple[datetime, str]] = []

    def _submit(self, action, prompt, token, drawing=None):
        self.asked.append((self.clock(), action))
        if self.closed:
            return Busy(reason="no account is enabled")
        return super()._submit(action, prompt, token, drawing)


class Studio(BilledWorld):
    """A world whose books have owners, and pictures names."""

    painter_kind = Reception

    def __init__(self, slots: int = 1, **policy: object) -> None:
        super().__init__(replace(POLICY, slots=slots, **policy))
        self.books: dict[str, Book] = {}

    def book(self, name: str, members: int = 0, owner: str = OWNER) -> Book:
        """Start a book whose pictures are known as `name 0`, `name 1` and so on."""
        new = new_book(members, task=name)
        images = tuple(replace(n, prompt=f"{name} {i}") for i, n in enumerate(new.images))
        started, _ = start_job(self.services, replace(new, owner_uid=owner, images=images))
        self.books[name] = started
        return started

    def books_of(self, *owners: str) -> list[Book]:
        """A book of one picture for each owner, a second apart."""
        started = []
        for owner in owners:
            started.append(self.book(owner, owner=owner))
            self.now += timedelta(seconds=1)
        return started

    def pass_time(self, until: datetime) -> None:
        """Let everything happen that is due by then."""

        self.run(until=lambda: self.next_moment() > until)
        self.now = max(self.now, until)

    def next_moment(self) -> datetime:
        """When something is due next."""
        due = [one[0] for heap in (self.queue.due, self.letters) for one in heap[:1]]
        return min(due, default=datetime.max.replace(tzinfo=UTC))

    def painted(self) -> list[str]:
        """The pictures in the order in which they were taken, by name."""
        return [painting.prompt.split(", ")[1] for painting in self.painter.of("IMAGINE")]

    def every_image(self) -> list[Image]:
        return [image for book in self.books.values() for image in self.images(book)]

    def capacity(self, slots: int) -> None:
        """Give the account another number of slots, as a deployment does."""
        self.services = replace(self.services, policy=replace(self.services.policy, slots=slots))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


# --- whose turn it is -----------------------------------------------------------------------------


def test_main_characters_go_before_the_others_of_books_that_are_less_than_the_head_start_older():
    studio = Studio()
    studio.book("old", members=3)
    studio.pass_time(START + minutes(2))  # its main character is painted
    studio.book("new", owner="another")

    studio.run()

    assert studio.painted() == ["old 0", "old 1", "new 0", "old 2", "old 3"]


def test_who_has_waited_for_longer_than_the_head_start_goes_before_a_main_character():
    studio = Studio()
    studio.book("old", members=40)
    studio.pass_time(START + POLICY.head_start + minutes(1))
    before = len(studio.painted())
    studio.book("new", owner="another")

    studio.run()

    assert studio.painted()[before:] == [*(f"old {i}" for i in range(before, 41)), "new 0"]


def test_a_regeneration_goes_before_the_others_of_older_books():
    studio = Studio()
    done = studio.book("done", members=1, owner="another")
    studio.run()
    studio.book("old", members=3)
    studio.pass_time(studio.now + minutes(2))
    regenerate(studio.services, "another", done.images[1].image_id)

    studio.run()

    assert studio.painted()[2:] == ["old 0", "old 1", "done 1", "old 2", "old 3"]


def test_of_alike_the_oldest_goes_first():
    studio = Studio()
    studio.books_of("first", "second", "third")

    studio.run()

    assert studio.painted() == ["first 0", "second 0", "third 0"]


def test_a_whole_older_book_goes_before_the_others_of_a_newer_one():
    studio = Studio(slots=2)
    studio.book("first", members=4, owner="one")
    studio.now += timedelta(seconds=1)
    studio.book("second", members=4, owner="two")

    studio.run()

    first, second = studio.painted()[:2], studio.painted()[2:]
    assert first == ["first 0", "second 0"]
    assert second == [f"{book} {i}" for book in ("first", "second") for i in range(1, 5)]


def test_an_owner_of_fifty_books_keeps_nobody_elses_first_picture_waiting():
    studio = Studio(slots=2)
    for number in range(50):
        studio.book(f"many {number}", members=5, owner="many")
    studio.now += timedelta(seconds=1)
    studio.book("one", members=5, owner="one")

    studio.run()

    order = studio.painted()
    assert order.index("one 0") <= 2
    finished = max(order.index(f"one {i}") for i in range(6))
    assert finished <= 50 + 2 * 6  # and the whole book after hardly more than main characters


def test_an_owners_own_books_go_one_after_another():
    studio = Studio()
    for number in range(4):
        studio.book(f"book {number}", owner="one")

    studio.run()

    assert studio.painted() == [f"book {number} 0" for number in range(4)]


@pytest.mark.parametrize("load", [0.9, 1.3])
def test_whoever_waits_is_painted_in_bounded_time_under_a_stream_of_others(load):
    """New main characters, each with its head start, come all the time, as fast as they can be
    painted or faster: what waits is still only as late as there is work that came before it.
    """
    studio = Studio()
    studio.book("patient", members=2, owner="patient")
    for number in range(10):
        studio.book(f"greedy {number}", owner="greedy")
    came = 10 + 3
    while studio.now < START + minutes(240) and not patient_ones_are_done(studio):
        came += 1
        studio.book(f"stream {came}", owner=f"stream {came}")
        studio.pass_time(studio.now + PICTURE / load)

    # What came within the head start goes first, and then nothing that comes.
    before = 13 + load * (POLICY.head_start / PICTURE)
    assert studio.now - START <= PICTURE * (before + 3)


def patient_ones_are_done(studio: Studio) -> bool:
    watched = [book for name, book in studio.books.items() if not name.startswith("stream")]
    return all(studio.job(book).completed for book in watched)


# --- slots ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_no_slot_is_empty_while_something_waits_and_none_is_given_twice(ahead):
    studio = Studio(slots=3, ahead=ahead)
    for number in range(6):
        studio.book(f"book {number}", members=4, owner=f"owner {number}")
    studio.pass_time(START)
    held: Counter[int] = Counter()

    def watch() -> bool:
        """Whenever everything has been done that is due at a moment."""
        if studio.next_moment() > studio.now and studio.store.waiting(1):
            held[studio.store.held_slots()] += 1
        return False

    studio.run(until=watch)

    assert set(held) == {3 + ahead}
    assert {image.status for image in studio.every_image()} == {ImageStatus.SUCCEEDED}


def test_a_slot_is_handed_on_in_the_commit_that_frees_it():
    studio = Studio(slots=3)
    for number in range(6):
        studio.book(f"book {number}", members=4, owner=f"owner {number}")
    studio.pass_time(START)
    held, commit = set(), studio.store.commit

    def watched(*writes):
        committed = commit(*writes)
        if studio.store.waiting(1):
            held.add(studio.store.held_slots())
        return committed

    studio.store.commit = watched
    studio.run()

    assert held == {3}
    admissions = [call for call in studio.calls if call.function == "admit"]
    assert {call.did for call in admissions} == {"admitted 3", "admitted 0"}  # the first of all


def test_more_slots_are_filled_with_the_next_sweep():
    studio = Studio(slots=2)
    for number in range(9):
        studio.book(f"book {number}", owner=f"owner {number}")
    studio.pass_time(START + timedelta(seconds=1))
    studio.capacity(5)

    sweep(studio.services)
    studio.pass_time(START + timedelta(seconds=1))

    assert studio.store.held_slots() == 5
    studio.run()
    assert len(studio.painted()) == 9


@pytest.mark.parametrize("slots", [11, 6, 1])
def test_fewer_slots_are_reached_with_a_sweep_and_a_pictures_time_and_never_passed_again(slots):
    studio = Studio(slots=12)
    for number in range(20):
        studio.book(f"book {number}", members=5, owner=f"owner {number}")
    studio.pass_time(START + minutes(3))
    studio.capacity(slots)
    held = [studio.store.held_slots()]

    def watch(until: datetime) -> bool:
        held.append(studio.store.held_slots())
        return studio.next_moment() > until

    for minute in range(4, 10):
        end = START + minutes(minute)
        studio.run(until=lambda end=end: watch(end))
        studio.now = end
        assert (
            studio.store.held_slots() == 12 if minute == 4 else studio.store.held_slots() >= slots
        )
        sweep(studio.services)

    assert held == sorted(held, reverse=True)
    assert held[-1] == slots
    studio.run(until=lambda: studio.store.held_slots() > slots)
    assert studio.store.held_slots() == 0
    assert {image.status for image in studio.every_image()} == {ImageStatus.SUCCEEDED}


def test_a_sweep_takes_no_more_slots_away_than_there_are_too_many():
    studio = Studio(slots=4)
    studio.books_of(*"abcdefgh")
    studio.pass_time(START + minutes(1))
    studio.capacity(3)

    for _ in range(5):
        sweep(studio.services)
    studio.run(until=lambda: studio.store.held_slots() < 4)

    assert studio.store.held_slots() == 3
    handed_on = []
    studio.run(
        until=lambda: handed_on.append(studio.store.held_slots()) or len(studio.painted()) == 8
    )
    assert set(handed_on) == {3}


# --- a painter that takes nothing -----------------------------------------------------------------


def fence(studio: Studio) -> Fence:
    return studio.store.fence().value


def test_what_is_not_taken_goes_back_to_its_place_in_the_queue_and_has_lost_no_try():
    studio = Studio(slots=2)
    studio.book("first", owner="one")
    studio.painter.closed = True

    admit(studio.services)

    image = studio.every_image()[0]
    assert (image.status, image.next_step) == (ImageStatus.QUEUED, Step.EXPIRE)
    assert (image.admit_key, image.due_at) == (image.turn, image.deadline_at)
    assert (image.imagine, image.imagine_attempts, image.holds_slot) == (None, 0, False)
    assert image.admitted_at is None
    assert (fence(studio).troubles, fence(studio).paused_until) == (1, START + POLICY.backoff_min)


def test_nothing_is_admitted_during_a_pause_and_one_image_tries_after_it():
    studio = Studio(slots=5)
    for number in range(5):
        studio.book(f"book {number}", owner=f"owner {number}")
    studio.painter.closed = True
    studio.pass_time(START)
    assert len(studio.painter.asked) == 5  # one admission: it could not know

    assert admit(studio.services) == 0
    studio.pass_time(START + timedelta(seconds=1))
    assert len(studio.painter.asked) == 6
    assert fence(studio).troubles == 2
    assert studio.store.held_slots() == 0

    studio.painter.closed = False
    studio.pass_time(START + timedelta(seconds=3))  # the pause of two seconds is over
    assert (studio.store.held_slots(), fence(studio).troubles) == (5, 0)
    assert fence(studio).paused_until is None
    assert len(studio.painter.asked) == 6 + 5


def test_pauses_double_up_to_the_longest():
    studio = Studio()
    studio.book("book")
    studio.painter.closed = True

    studio.pass_time(START + minutes(4))

    moments = [(at - START).total_seconds() for at, _ in studio.painter.asked]
    assert [b - a for a, b in pairwise(moments)] == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30]


@pytest.mark.parametrize("behind", [0.001, 0.4, 4.9])
def test_a_pause_ends_without_the_sweeper_where_the_clock_is_behind_that_of_who_paused(behind):
    studio = Studio(slots=2)
    studio.book("book")
    studio.painter.closed = True
    studio.pass_time(START)
    late = replace(studio.services, clock=lambda: studio.now - timedelta(seconds=behind))
    studio.painter.closed = False
    assert admit(late) == 0  # of what rings during the pause

    studio.services = late
    studio.pass_time(START + POLICY.backoff_min)

    assert len(studio.painted()) == 1


def test_a_late_task_of_an_earlier_pause_does_not_end_the_one_under_way():
    studio = Studio()
    studio.book("book")
    studio.painter.closed = True
    studio.pass_time(START + timedelta(seconds=1))
    assert fence(studio).troubles == 2
    studio.painter.closed = False

    assert admit(studio.services, START + timedelta(seconds=1)) == 0
    assert admit(studio.services, fence(studio).paused_until) == 1


def test_an_account_that_is_dead_for_an_hour_costs_few_calls_and_no_try():
    studio = Studio(slots=12, ahead=1)
    for number in range(50):
        studio.book(f"book {number}", members=2, owner=f"owner {number}")
    studio.painter.closed = True

    studio.pass_time(START + minutes(60))

    assert len(studio.painter.asked) <= 13 + 5 + 3600 / 30
    assert len(studio.calls) <= 50 + 60 + 3600 / 30
    assert all(image.imagine_attempts == 0 for image in studio.every_image())
    assert studio.store.held_slots() == 0
    studio.painter.closed = False
    studio.run()
    assert {image.status for image in studio.every_image()} == {ImageStatus.SUCCEEDED}
    assert len(studio.painter.of("IMAGINE")) == 150


@pytest.mark.parametrize("dead", [10, 60])
def test_what_is_at_work_when_the_account_dies_is_neither_lost_nor_paid_again(dead):
    studio = Studio(slots=3)
    for number in range(6):
        studio.book(f"book {number}", members=1, owner=f"owner {number}")
    studio.pass_time(START + timedelta(seconds=30))
    studio.painter.closed = True
    studio.pass_time(START + minutes(dead))
    studio.painter.closed = False

    studio.run()

    assert {image.status for image in studio.every_image()} == {ImageStatus.SUCCEEDED}
    assert (len(studio.painter.of("IMAGINE")), len(studio.painter.of("UPSCALE"))) == (12, 12)


def test_trouble_with_one_image_alone_pauses_nothing():
    studio = Studio(slots=2)
    first = studio.book("first", owner="one")
    studio.book("second", owner="two")
    hero = studio.store.image(first.images[0].image_id)
    drawn = replace(hero.value, drawing="a drawing that can't be read")
    studio.store.commit(SaveImage(before=hero, after=drawn))
    studio.services = replace(studio.services, picture_store=OutOfReach())

    admit(studio.services)

    assert (fence(studio).troubles, studio.painted()) == (0, ["second 0"])


class OutOfReach:
    """A bucket that does not answer."""

    def read(self, name: str) -> Picture:
        raise PictureUnavailable("told so")


class Between:
    """A store with something that happens right before the next commit of a kind, once."""

    def __init__(
        self,
        store: JobStore,
        happens: Callable[[], object],
        before: Callable[[Write], bool] = lambda _: True,
    ) -> None:
        self._store, self._happens, self._before = store, happens, before

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def commit(self, *writes: Write) -> Committed:
        if any(self._before(write) for write in writes):
            happens, self._happens = self._happens, lambda: None
            happens()
        return self._store.commit(*writes)


def is_pause(write: Write) -> bool:
    return isinstance(write, PassFence) and write.after.troubles > 0


def test_a_pause_that_an_admission_overtakes_leaves_nobody_waiting_for_the_sweeper():
    studio = Studio(slots=3)
    book = studio.book("book")
    studio.painter.script = ["busy"]

    def another() -> None:
        """An admission that saw what waited before the image went back to the queue."""
        now = studio.store.fence()
        studio.store.commit(PassFence(before=now, after=replace(now.value, passed=99)))

    sound = studio.services
    studio.services = replace(sound, store=Between(sound.store, another, is_pause))

    studio.pass_time(START + POLICY.backoff_max)

    assert studio.images(book)[0].status is ImageStatus.PAINTING


# --- processes that overlap, or die ---------------------------------------------------------------


def test_an_heir_whose_process_dies_before_it_is_begun_is_begun_once_by_the_sweeper():
    studio = Studio()
    first, second = studio.books_of("first", "second")
    die_at(CrashPoint.SLOT_FREED)
    with pytest.raises(Crash):
        studio.run()
    observe(lambda _: None)
    assert studio.images(second)[0].holds_slot  # claimed in the commit that freed the slot
    assert studio.painted() == ["first 0"]
    studio.queue.due.clear()
    studio.letters.clear()

    studio.run_with_sweeps(minutes=3)

    assert {studio.job(book).status for book in (first, second)} == {JobStatus.SUCCEEDED}
    assert studio.painted() == ["first 0", "second 0"]


def test_an_heir_whose_process_dies_after_the_painter_took_it_is_found_and_not_paid_again():
    studio = Studio()
    _, second = studio.books_of("first", "second")
    studio.run(until=lambda: len(studio.painter.of("UPSCALE")) == 1)
    die_at(CrashPoint.SUBMITTED)
    with pytest.raises(Crash):
        studio.run()
    observe(lambda _: None)
    studio.queue.due.clear()

    studio.run_with_sweeps(minutes=3)

    assert studio.job(second).status is JobStatus.SUCCEEDED
    assert studio.painted() == ["first 0", "second 0"]


@pytest.fixture(autouse=True)
def _nobody_dies_afterwards() -> Iterator[None]:
    yield
    observe(lambda _: None)


def die_at(wanted: CrashPoint) -> None:
    """Have the process die when it comes by the crash point, whatever it does then."""

    def observer(point: CrashPoint) -> None:
        if point is wanted:
            raise Crash

    observe(observer)


def test_of_two_that_leave_at_once_each_has_an_heir_of_its_own():
    studio = Studio(slots=2)
    studio.books_of("a", "b", "c", "d")
    studio.run(until=lambda: len(studio.painter.of("UPSCALE")) == 2)
    studio.now += minutes(1)
    one, other = [image for image in studio.every_image() if image.next_step is Step.WATCH_UPSCALE]
    sound = studio.services

    def leave(image: Image) -> None:
        run_step(sound, image.image_id, image.generation, image.seq)

    studio.services = replace(sound, store=Between(sound.store, lambda: leave(other)))
    run_step(studio.services, one.image_id, one.generation, one.seq)

    assert studio.painted() == ["a 0", "b 0", "c 0", "d 0"]
    assert studio.store.held_slots() == 2


def test_a_fan_out_and_an_admission_that_overlap_give_no_slot_twice():
    studio = Studio(slots=2)
    studio.triggers = False
    book = studio.book("book", members=4, owner="one")
    studio.run()
    sound = studio.services

    def another() -> None:
        """Somebody who came after the fan-out had looked who waits."""
        studio.book("late", owner="two")
        assert admit(sound) == 1

    overtaken = replace(sound, store=Between(sound.store, another))
    assert fan_out(overtaken, book.job.job_id) == 4

    assert studio.store.held_slots() == 2
    assert studio.painted() == ["book 0", "late 0", "book 1"]
    studio.run()
    assert {image.status for image in studio.every_image()} == {ImageStatus.SUCCEEDED}


def test_a_canceled_book_gives_its_place_to_the_next():
    studio = Studio()
    _, second, _ = studio.books_of("first", "second", "third")
    studio.pass_time(START + timedelta(seconds=30))

    cancel_job(studio.services, "second", second.job.job_id)
    studio.run()

    assert studio.painted() == ["first 0", "third 0"]
