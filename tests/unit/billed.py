"""A world of fakes in which calls are billed as by Firestore, and in which the painter tells.

The rules of billing are those of `shared.adapters.meter`.
"""

import hashlib
import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.adapters.meter import count, metered
from shared.domain.image import Image
from shared.domain.job import Job
from shared.domain.observation import Told
from shared.domain.pace import Pace
from shared.domain.policy import Policy
from shared.notify_hooks import NotifyHooks
from shared.ports import (
    Committed,
    CreateJob,
    Fence,
    LatestJob,
    Reference,
    RemoveImages,
    Versioned,
    Write,
)
from shared.usecases.admit import admit
from shared.usecases.fan_out import fan_out
from shared.usecases.paces import Paces
from shared.usecases.run_step import run_step
from shared.usecases.take_news import take_news
from tests.fakes.store import MemoryJobStore
from tests.fakes.world import FakePainter, Painting, World

T = TypeVar("T")

HOOKS = NotifyHooks("https://functions.test", "a secret of sixteen letters")
PAGE = 200
"""Documents per page of a sweep's query, as in the Firestore adapter."""


class BilledStore:
    """`shared.ports.JobStore` in memory that counts what Firestore would bill."""

    def __init__(self, memory: MemoryJobStore) -> None:
        self._memory = memory

    def job(self, job_id: str) -> Versioned[Job] | None:
        return _read(self._memory.job(job_id))

    def image(self, image_id: str) -> Versioned[Image] | None:
        return _read(self._memory.image(image_id))

    def images_of(self, job_id: str) -> list[Versioned[Image]]:
        return _query(self._memory.images_of(job_id))

    def latest_job(self, owner_uid: str, student_task_id: str) -> Versioned[LatestJob] | None:
        return _read(self._memory.latest_job(owner_uid, student_task_id))

    def reference(self, job_id: str) -> Reference | None:
        return _read(self._memory.reference(job_id))

    def waiting_for_reference(self, job_id: str) -> list[Versioned[Image]]:
        return _query(self._memory.waiting_for_reference(job_id))

    def open_jobs(self, owner_uid: str) -> int:
        return _counted(self._memory.open_jobs(owner_uid))

    def fence(self) -> Versioned[Fence]:
        return _read(self._memory.fence())

    def pace(self) -> Pace:
        return _read(self._memory.pace())

    def held_slots(self) -> int:
        return _counted(self._memory.held_slots())

    def holding(self) -> list[Versioned[Image]]:
        return _query(self._memory.holding())

    def waiting(self, limit: int) -> list[Versioned[Image]]:
        return _query(self._memory.waiting(limit))

    def ping(self, seconds: float) -> None:
        _read(self._memory.ping(seconds))

    def count_waiting(self, most: int) -> int:
        return _counted(self._memory.count_waiting(most))

    def overdue(self, before: datetime) -> Iterator[Image]:
        return _pages(self._memory.overdue(before))

    def overdue_fan_outs(self, before: datetime) -> Iterator[Image]:
        return _pages(self._memory.overdue_fan_outs(before))

    def jobs_of(
        self, owner_uid: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        return _query(self._memory.jobs_of(owner_uid, limit, after))

    def jobs_of_class(
        self, class_id: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        return _query(self._memory.jobs_of_class(class_id, limit, after))

    def unconcluded_jobs(self) -> Iterator[Job]:
        return _pages(self._memory.unconcluded_jobs())

    def commit(self, *writes: Write) -> Committed:
        committed = self._memory.commit(*writes)
        count(writes=sum(_documents(write) for write in writes))
        return committed


def _documents(write: Write) -> int:
    match write:
        case CreateJob():  # and the note that it is its task's latest
            return len(write.images) + 2
        case RemoveImages():
            return len(write.image_ids)
    return 1


def _read(found: T) -> T:
    count(reads=1)
    return found


def _query(found: list[T]) -> list[T]:
    count(reads=max(1, len(found)))
    return found


def _counted(found: int) -> int:
    count(reads=max(1, -(-found // 1000)))
    return found


def _pages(found: Iterator[T]) -> Iterator[T]:
    """As many reads as documents; a page that is full has a next one, if an empty one."""
    everything = list(found)
    full, rest = divmod(len(everything), PAGE)
    count(reads=full * PAGE + max(1, rest))
    return iter(everything)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a function."""

    function: str
    reads: int
    writes: int
    did: str = ""


class TellingPainter(FakePainter):
    """Tells of each tenth of an IMAGINE, and of every end, at the addresses that it was given."""

    post: Callable[[datetime, str, Painting], None]

    def imagine(self, prompt, *, token, hook=None, drawing=None):
        answer = super().imagine(prompt, token=token, hook=hook, drawing=drawing)
        self._tell(token, hook, range(6, 61, 6))
        return answer

    def upscale(self, parent_task_id, index, *, token, hook=None):
        answer = super().upscale(parent_task_id, index, token=token, hook=hook)
        self._tell(token, hook, [10])
        return answer

    def told(self, painting: Painting) -> Told:
        return Told(token=painting.token, seen=self._see(painting))

    def _tell(self, token, hook, seconds) -> None:
        for painting in self.paintings.values():
            if painting.token == token and hook is not None:
                for second in seconds:
                    self.post(painting.accepted_at + timedelta(seconds=second), hook, painting)


class BilledWorld(World):
    """A world of fakes in which every call is billed, and in which the painter may tell."""

    painter_kind: type[TellingPainter] = TellingPainter

    def __init__(self, policy: Policy | None = None, hooks: NotifyHooks | None = HOOKS) -> None:
        super().__init__(policy, hooks)
        self.letters: list[tuple[datetime, int, str, Painting]] = []
        self.painter = self.painter_kind(lambda: self.now)
        self.painter.post = self._post
        self.delivery: Callable[[datetime], list[datetime]] = lambda at: [at]
        """At which moments news come that are sent at a moment."""
        billed, numbers = BilledStore(self.store), itertools.count()
        self.services = replace(
            self.services,
            store=billed,
            painter=self.painter,
            paces=Paces(billed, lambda: self.now, None if hooks else timedelta(minutes=1)),
            # Evenly distributed, as real ones are: some things are done for one in so many.
            new_nonce=lambda: hashlib.sha256(b"%d" % next(numbers)).hexdigest()[:32],
        )
        self.calls: list[Call] = []
        self._order = itertools.count()

    def _post(self, at: datetime, url: str, painting: Painting) -> None:
        for moment in self.delivery(at):
            heapq.heappush(self.letters, (moment, next(self._order), url, painting))

    @contextmanager
    def billed(self, function: str) -> Iterator[Callable[[str], None]]:
        words = []
        with metered() as meter:
            yield words.append
        self.calls.append(
            Call(function=function, reads=meter.reads, writes=meter.writes, did=" ".join(words))
        )

    def start(self, *arguments, **fields):
        with self.billed("generate"):
            return super().start(*arguments, **fields)

    def _next(self) -> bool:
        self._fire_triggers()
        due = self.queue.due[0][0] if self.queue.due else None
        if self.letters and (due is None or self.letters[0][0] <= due):
            at, _, url, painting = heapq.heappop(self.letters)
            self.now = max(self.now, at)
            *_, image_id, signature = url.split("/")
            with self.billed("notify") as did:
                did(take_news(self.services, image_id, signature, self.painter.told(painting)))
        elif due is not None:
            at, _, kind, arguments = heapq.heappop(self.queue.due)
            self.now = max(self.now, at)
            if kind == "admit":
                with self.billed("admit") as did:
                    did(f"admitted {admit(self.services, *arguments)}")
            else:
                image = self.store.image(arguments[0]).value
                with self.billed(f"step {image.next_step}") as did:
                    did(run_step(self.services, *arguments))
        else:
            return False
        self._fire_triggers()
        return True

    def _fire_triggers(self) -> None:
        while self._seen_references < len(self.store.published):
            reference = self.store.published[self._seen_references]
            self._seen_references += 1
            if self.triggers:
                with self.billed("fanout") as did:
                    did(f"started {fan_out(self.services, reference.job_id)}")


Bill = dict[tuple[str, int, int], int]
"""Calls, by what was called, with the reads and the writes of each."""


def bill(calls: list[Call]) -> Bill:
    """The calls, counted."""
    return dict(Counter((call.function, call.reads, call.writes) for call in calls))


def cost(what: Callable[[], object]) -> tuple[int, int]:
    """Reads and writes of a call."""
    with metered() as meter:
        what()
    return meter.reads, meter.writes
