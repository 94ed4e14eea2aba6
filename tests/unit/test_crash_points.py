"""Crash points: what kills where, and books that end right although a process died at each."""

import heapq
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared import crash_points
from shared.crash_points import CrashPoint, observe
from shared.domain.image import ImageStatus
from shared.domain.job import Book, JobStatus
from shared.notify_hooks import NotifyHooks
from shared.usecases.cancel_job import cancel_job
from shared.usecases.read_book import read_latest_book
from shared.usecases.refusals import ImageBusy
from shared.usecases.regenerate import regenerate
from shared.usecases.start_job import start_job
from shared.usecases.sweep import sweep
from tests.fakes.world import OWNER, POLICY, new_book
from tests.unit.billed import HOOKS, BilledWorld
from tests.unit.crashes import Crash

# --- what kills -----------------------------------------------------------------------------------

PROGRAM = """
import sys
from shared.crash_points import CrashPoint, reach

print("ready", flush=True)
try:
    for line in sys.stdin:
        reach(CrashPoint(line.strip()))
        print("passed", flush=True)
except BaseException:
    print("an exception")
finally:
    print("finally")
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts processes that come by the crash points that they are told, with a folder of them."""
    started = []

    def start(folder: Path | None = tmp_path) -> "subprocess.Popen[str]":
        environment = {k: v for k, v in os.environ.items() if k != "CRASH_FOLDER"}
        if folder is not None:
            environment["CRASH_FOLDER"] = str(folder)
        one = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(crash_points.__file__).parents[1],
        )
        started.append(one)
        assert one.stdout.readline() == "ready\n"
        return one

    yield start
    for one in started:
        one.kill()
        one.communicate()


def comes_by(process: "subprocess.Popen[str]", point: CrashPoint) -> str:
    """What the process says after the crash point; nothing if it says nothing any more."""
    process.stdin.write(f"{point}\n")
    process.stdin.flush()
    return process.stdout.readline()


def test_a_file_of_its_name_kills_the_process_at_that_point_and_no_finally_sees_it(
    process, tmp_path
):
    (tmp_path / CrashPoint.SUBMITTED).touch()
    one = process()

    assert comes_by(one, CrashPoint.CLAIM_WRITTEN) == "passed\n"
    assert comes_by(one, CrashPoint.SUBMITTED) == ""
    assert one.wait() == -signal.SIGKILL
    assert not (tmp_path / CrashPoint.SUBMITTED).exists()


def test_a_point_can_be_armed_while_the_process_runs_and_kills_once(process, tmp_path):
    one, other = process(), process()
    assert comes_by(one, CrashPoint.STEP_READ) == "passed\n"

    (tmp_path / CrashPoint.STEP_READ).touch()

    assert comes_by(one, CrashPoint.STEP_READ) == ""
    assert comes_by(other, CrashPoint.STEP_READ) == "passed\n"


def test_of_many_processes_that_come_by_at_once_one_dies(process, tmp_path):
    many = [process() for _ in range(4)]
    (tmp_path / CrashPoint.STEP_READ).touch()
    for one in many:
        one.stdin.write(f"{CrashPoint.STEP_READ}\n")

    ends = [(one.communicate()[0], one.returncode) for one in many]

    assert sorted(ends) == [("", -signal.SIGKILL), *[("passed\nfinally\n", 0)] * 3]


def test_without_a_folder_nothing_is_looked_for(process, tmp_path):
    for point in CrashPoint:
        (tmp_path / point).touch()
    one = process(None)

    assert [comes_by(one, point) for point in CrashPoint] == ["passed\n"] * len(CrashPoint)


def test_the_names_are_good_for_files():
    assert all(name.replace("-", "").isalpha() and name.islower() for name in CrashPoint)


# --- where it kills -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _nobody_dies_afterwards() -> Iterator[None]:
    yield
    observe(lambda _: None)


@dataclass
class Death:
    """Dies at the n-th time that a crash point is come by; n = 0: never, and counts."""

    point: CrashPoint
    at: int
    times: int = 0
    seen: set[CrashPoint] = field(default_factory=set)

    def __call__(self, point: CrashPoint) -> None:
        self.seen.add(point)
        if point is self.point:
            self.times += 1
            if self.times == self.at:
                raise Crash


class Mortal(BilledWorld):
    """A world whose processes may die; what called them calls again, if it does that."""

    calls_again = True

    def __init__(self, hooks: NotifyHooks | None) -> None:
        super().__init__(POLICY, hooks)
        self.shown: dict[tuple[str, int], int] = {}

    def live(self, minutes: int) -> None:
        """So many minutes pass, with a sweep in each."""
        for _ in range(minutes):
            end = self.now + timedelta(minutes=1)
            self.run(until=lambda end=end: self._rests_until(end))
            self.now = end
            with suppress(Crash):
                sweep(self.services)
        self.run()

    def client(self, call: Callable[[], object], *done: type[Exception]) -> None:
        """A client calls until it is answered; one of `done` says that it was done before."""
        while True:
            try:
                call()
            except Crash:
                continue
            except done:
                pass
            return

    def _next(self) -> bool:
        task = self.queue.due[0] if self.queue.due else None
        try:
            return super()._next()
        except Crash:
            if self.calls_again and task is not None and task not in self.queue.due:
                heapq.heappush(self.queue.due, (self.now + timedelta(seconds=1), *task[1:]))
            return True
        finally:
            for image in (found.value for found in self.store._images()):
                key = image.image_id, image.generation
                assert image.progress >= self.shown.get(key, 0), "progress fell"
                self.shown[key] = image.progress

    def _fire_triggers(self) -> None:
        fired = self._seen_references
        try:
            super()._fire_triggers()
        except Crash:
            if self.calls_again:
                self._seen_references = fired

    def _rests_until(self, end: datetime) -> bool:
        due = [heap[0][0] for heap in (self.queue.due, self.letters) if heap]
        return not due or min(due) > end


def story(world: Mortal) -> tuple[Book, Book, Book]:
    """A book and a regeneration, a book whose event is lost, and a book that is canceled."""
    services = world.services

    def begin(members: int, task: str) -> Book:
        world.client(lambda: start_job(services, new_book(members, task=task)))
        return read_latest_book(services, OWNER, task)

    world.painter.script = ["busy"]  # which pauses admission
    whole = begin(2, "whole")
    world.live(minutes=8)
    again = whole.images[1].image_id
    world.client(lambda: regenerate(services, OWNER, again), ImageBusy)
    world.live(minutes=6)
    world.triggers = False
    lost = begin(1, "lost")
    world.live(minutes=10)
    world.triggers = True
    unwanted = begin(2, "unwanted")
    world.run(until=lambda: len(world.painter.of("IMAGINE")) == 3 + 1 + 2 + 1)
    world.client(lambda: cancel_job(services, OWNER, unwanted.job.job_id))
    submitted = len(world.painter.paintings)
    world.live(minutes=6)
    assert len(world.painter.paintings) == submitted, "submitted after the cancel was answered"
    return whole, lost, unwanted


def check(world: Mortal, whole: Book, lost: Book, unwanted: Book) -> None:
    """All has ended right, nothing was paid twice, and the counters agree."""
    books = [whole, lost, unwanted]
    ended = [JobStatus.SUCCEEDED, JobStatus.SUCCEEDED, JobStatus.CANCELED]
    assert [world.job(book).status for book in books] == ended
    for book in books:
        job = world.job(book)
        statuses = Counter(image.status for image in world.images(book))
        assert (job.remaining, job.completed) == (0, True)
        assert job.succeeded == statuses[ImageStatus.SUCCEEDED]
        assert job.canceled == statuses[ImageStatus.CANCELED]
        assert job.failed == 0
    paid = Counter((p.token.split("-")[0], p.action) for p in world.painter.paintings.values())
    assert set(paid.values()) == {1}
    assert len(world.painter.of("UPSCALE")) == 3 + 1 + 2
    assert len(world.painter.of("IMAGINE")) - (3 + 1 + 2) in {0, 1}  # the unwanted one's
    assert world.store.held_slots() == 0


ELSEWHERE = {CrashPoint.DELETION_WRITTEN, CrashPoint.OBJECTS_REMOVED, CrashPoint.CALLED_BACK}
"""See tests/unit/test_deleting.py and tests/unit/test_callbacks.py."""
NEWS = {CrashPoint.NEWS_READ, CrashPoint.NEWS_RUNG}


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_every_point_is_come_by(told):
    death = Death(CrashPoint.STEP_READ, at=0)
    observe(death)
    world = Mortal(HOOKS if told else None)

    check(world, *story(world))

    assert set(CrashPoint) - ELSEWHERE - death.seen == (set() if told else NEWS)


WAYS = [
    (point, told)
    for point in CrashPoint
    for told in (True, False)
    if point not in ELSEWHERE and (told or point not in NEWS)
]


@pytest.mark.parametrize(
    ("point", "told"),
    WAYS,
    ids=[f"{point}-{'told' if told else 'not-told'}" for point, told in WAYS],
)
def test_all_ends_right_whenever_a_process_dies_there(point, told):
    times, deaths = 1, 0
    while died_and_ended_right(point, times, told=told, calls_again=times % 2 == 0):
        deaths += 1
        times += 1 + times // 4  # the first few times, and more and more of those after them
    deaths += died_and_ended_right(point, 1, told=told, calls_again=True)

    assert deaths >= 2


def died_and_ended_right(point: CrashPoint, at: int, *, told: bool, calls_again: bool) -> bool:
    """Whether a process died there for the n-th time; if it did, all has ended right."""
    death = Death(point, at)
    observe(death)
    world = Mortal(HOOKS if told else None)
    world.calls_again = calls_again
    check(world, *story(world))
    return death.times >= at
