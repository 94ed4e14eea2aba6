"""When to look: what is known of the painter's pace, and what processes tell each other of it."""

import itertools
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.observation import Phase, Sighting
from shared.domain.pace import KEPT, SLACK, Pace
from shared.domain.policy import SAFETY_NET, Policy
from shared.domain.stage import IMAGINE, UPSCALE
from shared.ports import StoreUnavailable, Write
from shared.usecases.paces import Paces
from tests.fakes.store import MemoryJobStore
from tests.fakes.world import POLICY, START, World
from tests.unit.billed import BilledStore, cost

durations = st.floats(min_value=0.1, max_value=600)


def pace(*seconds: float, stage: str = "imagine") -> Pace:
    known = Pace()
    for duration in seconds:
        known = known.with_duration(stage, duration)
    return known


def looks(policy: Policy, took: float, stage: str = "imagine") -> list[float]:
    """When a picture that takes so many seconds is looked at: the last time when it is done."""
    elapsed, moments = 0.0, []
    while not moments or moments[-1] < took:
        progress = min(99, int(elapsed / took * 100)) if elapsed else None
        elapsed += policy.next_look(stage, timedelta(seconds=elapsed), progress).total_seconds()
        moments.append(elapsed)
        assert len(moments) < 1000, "it is never seen"
    return moments


def patient(known: Pace, **changes: object) -> Policy:
    """A policy that only the pace bounds."""
    far = {"look_min": timedelta(milliseconds=1), "look_max": timedelta(hours=1), **changes}
    return replace(POLICY, pace=known, **far)


# --- what is kept ---------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(["imagine", "upscale"]), durations), max_size=100))
def test_a_few_of_the_latest_durations_are_kept_of_each_stage(seen):
    known = Pace()
    for stage, seconds in seen:
        known = known.with_duration(stage, seconds)

    for stage in ("imagine", "upscale"):
        own = [round(seconds, 2) for name, seconds in seen if name == stage]
        assert known.durations.get(stage, ()) == tuple(own[-KEPT:])


def test_a_stage_says_nothing_of_another():
    assert pace(60).next_look("upscale", 0) is None


# --- when to look ---------------------------------------------------------------------------------


def test_one_look_is_enough_while_all_take_the_same():
    assert looks(patient(pace(*[60] * KEPT)), 60) == [pytest.approx(60 * SLACK)]


def test_pictures_that_differ_are_looked_at_by_when_so_many_of_the_latest_were_done():
    known = pace(50, 70, 60, 55, 65)

    moments = looks(patient(known), 70)

    assert moments == [pytest.approx(seconds * SLACK) for seconds in (50, 55, 60, 65, 70)]


@given(st.lists(durations, min_size=1, max_size=KEPT), durations)
def test_every_picture_is_seen_in_few_looks_and_soon_after_its_end(seen, took):
    policy = replace(POLICY, pace=pace(*seen))

    moments = looks(policy, took)

    least, most = policy.look_min.total_seconds(), policy.look_max.total_seconds()
    gaps = [b - a for a, b in zip([0.0, *moments], moments, strict=False)]
    assert all(least - 1e-6 <= gap <= most + 1e-6 for gap in gaps)
    assert moments[-1] - took <= most
    # As a clock would, and a few closer ones around the ends of others.
    assert len(moments) <= took / most + 5 + 5


@given(durations, st.floats(min_value=1, max_value=3))
def test_what_takes_longer_than_all_lately_is_looked_at_less_and_less_often(usual, factor):
    moments = looks(patient(pace(usual), look_min=timedelta(seconds=usual / 20)), usual * factor)

    late = [moment for moment in moments if moment > usual * SLACK]
    gaps = [b - a for a, b in itertools.pairwise(late)]
    assert all(b >= a - 1e-5 for a, b in itertools.pairwise(gaps))
    assert len(moments) <= 9


@pytest.mark.parametrize(("before", "after"), [(60, 30), (60, 120), (10, 100), (100, 10)])
def test_a_change_of_speed_is_known_after_one_picture_and_forgotten_is_the_old_after_a_few(
    before, after
):
    known = pace(*[before] * KEPT)
    worst = POLICY.look_max.total_seconds()
    assert looks(replace(POLICY, pace=known), after)[-1] - after <= worst  # the first one

    known = known.with_duration("imagine", after)
    assert looks(patient(known), after)[-1] == pytest.approx(after * SLACK)

    for _ in range(KEPT - 1):
        known = known.with_duration("imagine", after)
    assert looks(patient(known), after) == [pytest.approx(after * SLACK)]


def test_while_nothing_is_known_looks_close_in_on_the_end_by_progress():
    moments = looks(POLICY, 60)

    assert moments[-1] - 60 <= 2
    assert len(moments) <= 13


@given(durations)
def test_while_nothing_is_known_and_no_progress_is_told_looks_are_an_eighth_apart(took):
    elapsed, gaps = timedelta(), []
    while elapsed.total_seconds() < took:
        gaps.append(POLICY.next_look("upscale", elapsed, None))
        assert gaps[-1] <= max(POLICY.look_max / 4, elapsed / 8)
        elapsed += gaps[-1]

    assert gaps == sorted(gaps)
    assert max(gaps) <= POLICY.look_max


@given(durations, st.none() | st.integers(0, 100), st.lists(durations, max_size=5))
def test_a_look_is_never_sooner_nor_later_than_the_settings_say(elapsed, progress, seen):
    policy = replace(POLICY, pace=pace(*seen))

    delay = policy.next_look("imagine", timedelta(seconds=elapsed), progress)

    assert policy.look_min <= delay <= policy.look_max


@pytest.mark.parametrize("stage", ["describe", "imagine", "upscale"])
def test_where_the_painter_tells_a_look_comes_long_after_it_should_have_told(stage):
    policy = replace(POLICY, notified=True, pace=pace(60, 60, stage=stage))
    limit = getattr(policy, f"{stage}_limit")

    first = policy.next_look(stage, timedelta(), None)

    assert first == limit * SAFETY_NET
    # One that still works then is looked at more often, but not all the time.
    assert policy.next_look(stage, first, 99) == policy.look_max / 2


# --- what processes know --------------------------------------------------------------------------

REFRESH = timedelta(seconds=60)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def sighting(seconds: float = 60, **changes: object) -> Sighting:
    """Of a picture that has just been done, after so many seconds."""
    ended = START + timedelta(seconds=seconds)
    seen = Sighting(task_id="1", phase=Phase.DONE, started_at=START, finished_at=ended)
    return replace(seen, **changes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory() -> MemoryJobStore:
    return MemoryJobStore()


def test_a_refresh_costs_at_most_a_read_and_a_write(clock, memory):
    paces = Paces(BilledStore(memory), clock, REFRESH)

    assert cost(paces.current) == (1, 0)
    assert cost(paces.current) == (0, 0)
    for _ in range(100):
        assert cost(lambda: paces.saw(IMAGINE, sighting())) == (0, 0)
    assert cost(paces.current) == (0, 0)
    clock.now += REFRESH
    assert cost(paces.current) == (1, 1)
    clock.now += REFRESH
    assert cost(paces.current) == (1, 0)


def test_what_one_process_saw_it_knows_at_once_and_others_a_refresh_later(clock, memory):
    ours, theirs = Paces(memory, clock, REFRESH), Paces(memory, clock, REFRESH)
    ours.current(), theirs.current()

    ours.saw(IMAGINE, sighting(50))
    theirs.saw(UPSCALE, sighting(9))
    assert ours.current() == pace(50)

    clock.now += REFRESH
    ours.current()
    assert theirs.current().durations == {"imagine": (50,), "upscale": (9,)}
    clock.now += REFRESH
    assert ours.current() == theirs.current()


def test_a_process_that_has_just_begun_knows_what_others_know(clock, memory):
    ours = Paces(memory, clock, REFRESH)
    ours.saw(IMAGINE, sighting(50))
    ours.current()

    assert Paces(memory, clock, REFRESH).current() == pace(50)


@pytest.mark.parametrize(
    "nothing",
    [
        sighting(phase=Phase.WORKING),
        sighting(phase=Phase.FAILED),
        sighting(started_at=None),
        sighting(finished_at=None),
        sighting(-1),
    ],
)
def test_only_what_has_ended_well_by_the_painters_own_clock_teaches(clock, memory, nothing):
    paces = Paces(BilledStore(memory), clock, REFRESH)
    paces.current()

    paces.saw(IMAGINE, nothing)
    clock.now += REFRESH

    assert cost(paces.current) == (1, 0)
    assert paces.current() == Pace()


def test_where_the_painter_tells_nothing_is_asked_and_nothing_learned(clock):
    store = Down()
    paces = Paces(store, clock, None)

    paces.saw(IMAGINE, sighting())
    clock.now += REFRESH

    assert paces.current() == Pace()
    assert store.calls == []


class Down:
    """A store that can't be reached; `calls` is what was tried."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pace(self) -> Pace:
        self.calls.append("pace")
        raise StoreUnavailable("told so")

    def commit(self, *writes: Write) -> None:
        self.calls.append("commit")
        raise StoreUnavailable("told so")


def test_a_fault_of_the_store_stays_inside_and_is_not_asked_for_all_the_time(clock):
    store = Down()
    paces = Paces(store, clock, REFRESH)
    paces.saw(IMAGINE, sighting(50))

    known = [paces.current() for _ in range(10)]

    assert known == [pace(50)] * 10
    assert store.calls == ["pace"]


class HalfDown(MemoryJobStore):
    """A store that can be read, and not be written to."""

    def commit(self, *writes: Write) -> None:
        raise StoreUnavailable("told so")


def test_what_was_seen_is_still_known_here_if_it_cannot_be_told(clock):
    paces = Paces(HalfDown(), clock, REFRESH)
    paces.saw(IMAGINE, sighting(50))

    assert paces.current() == pace(50)


class Busy(MemoryJobStore):
    """A store that takes its time: something else is seen while it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile = lambda: None

    def pace(self) -> Pace:
        self.meanwhile()
        return super().pace()


def test_what_is_seen_while_the_store_is_asked_is_neither_lost_nor_told_twice(clock):
    store = Busy()
    paces = Paces(store, clock, REFRESH)
    paces.saw(IMAGINE, sighting(50))
    store.meanwhile = lambda: paces.saw(IMAGINE, sighting(51))

    assert paces.current() == pace(50, 51)

    store.meanwhile = lambda: None
    clock.now += REFRESH
    assert paces.current() == pace(50, 51)
    assert store.pace() == pace(50, 51)


def test_threads_ask_once_for_all_of_them_and_lose_nothing(clock, memory):
    ways, threads, at_once = [], 16, threading.Barrier(16)

    class Counting(MemoryJobStore):
        def pace(self) -> Pace:
            ways.append("pace")
            return super().pace()

    store = Counting()
    paces = Paces(store, clock, REFRESH)
    paces.current()
    clock.now += REFRESH

    def work() -> None:
        at_once.wait()
        paces.saw(UPSCALE, sighting(9))
        paces.current()

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()

    assert ways == ["pace"] * 2
    assert paces.current() == pace(*[9] * KEPT, stage="upscale")
    clock.now += REFRESH
    assert Paces(store, clock, REFRESH).current().durations["upscale"]
    paces.current()
    assert store.pace() == pace(*[9] * KEPT, stage="upscale")


# --- a whole book ---------------------------------------------------------------------------------


def test_once_the_pace_is_known_a_picture_is_seen_soon_after_its_end():
    world = World()
    world.start(members=0)
    world.run()
    learned = world.now
    book = world.start(members=5, task="8")

    world.run()

    took = (world.job(book).completed_at - learned).total_seconds()
    assert took <= 140 * SLACK + 0.1
