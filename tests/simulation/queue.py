"""The task queue: tasks come late, twice, in any order, or not at all, and are tried again.

What does not go wrong goes as Cloud Tasks does it: a task is tried up to `ATTEMPTS` times with
growing waits, a name is taken for good, admission is dispatched one at a time.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.events import Event
from shared.domain.image import Image, Step
from shared.ports import QueueUnavailable, StoreUnavailable
from tests.simulation.faults import PAUSES
from tests.simulation.network import Network


class Bug(Exception):
    """A fault of ours, which no further attempt mends."""


WAY = 0.006
"""Seconds that creating a task takes."""
DISPATCH = 0.012
"""Seconds from a task's moment to its call."""
ATTEMPTS = 8
SHORTEST_BACKOFF = {"step": 1.0, "admit": 0.2, "callback": 5.0}
LONGEST_BACKOFF = 30.0
"""Seconds."""
LATE = {"0.1 s late": 0.1, "1 s late": 1.0, "12 s late": 12.0, "75 s late": 75.0}
DOOMS = {"doomed": Bug("a bug"), "out of reach": StoreUnavailable("each time anew")}
COPIES = {"doubled": 0.0, "doubled 2 s later": 2.0, "doubled 40 s later": 40.0}


@dataclass(eq=False)
class Task:
    """A call that is to be made."""

    what: str
    """`step`, `admit` or `callback`."""
    arguments: tuple[object, ...]
    name: tuple[object, ...] | None = None
    at: datetime | None = None
    """Of an admission: when it was to be, if not at once."""
    attempt: int = 0
    """How many have been begun."""
    doomed: Exception | None = None
    """Of what every attempt at it dies."""
    gone: bool = False
    stores: bool = False
    """Whether it is one of those that store pictures."""

    @property
    def family(self) -> str:
        return f"{self.what} {self.arguments[0]}" if self.arguments else self.what

    @property
    def is_last_attempt(self) -> bool:
        return self.attempt >= ATTEMPTS


Dispatch = Callable[[Task, Callable[[bool], None]], None]
"""Makes a task's call, and says in the end whether it answered well."""


class SimulatedQueue:
    """`shared.ports.TaskQueue`, and the one who calls."""

    def __init__(
        self,
        network: Network,
        seconds: Callable[[datetime], float],
        dispatch: Dispatch,
        short: Callable[[str], str],
    ) -> None:
        """`seconds` is the kernel's time of a moment; `dispatch` makes a task's call.

        `short` makes names of books of their ids.
        """
        self._short = short
        self._network = network
        self._kernel = network.kernel
        self._seconds = seconds
        self._dispatch = dispatch
        self._names: dict[tuple[object, ...], Task] = {}
        self._admissions: deque[Task] = deque()
        self._admitting = False
        self.down_until = 0.0
        self.created = 0
        """How many tasks were asked for."""
        self.lost: set[int] = set()
        """Which of them are lost, whatever else happens."""

    # --- the port --------------------------------------------------------------------------------

    def schedule(self, image: Image) -> None:
        assert image.due_at is not None
        self._create(_step(image), image.due_at)

    def ring(self, image: Image) -> None:
        self._create(_step(image, "now"), None)

    def schedule_alarm(self, image: Image) -> None:
        assert image.due_at is not None
        self._create(_step(image, "alarm"), image.due_at)

    def call_off(self, image: Image) -> None:
        happens = self._begin()
        task = self._names.get(_name(image, "alarm"))
        if task is not None:
            task.gone = True
        self._end(happens)

    def call_back(self, event: Event) -> None:
        self._create(Task("callback", (event.subject_id, event), ("callback", event)), None)

    def ask_admission(self, at: datetime | None = None) -> None:
        self._create(Task("admit", (), at=at), at)

    # --- creating --------------------------------------------------------------------------------

    def _create(self, task: Task, at: datetime | None) -> None:
        happens = self._begin()
        self.created += 1
        lost = happens == "task lost" or self.created in self.lost
        taken = task.name is not None and task.name in self._names
        if task.name is not None and not taken:
            self._names[task.name] = task
        if not taken and not lost:
            wait = 0.0 if at is None else max(0.0, self._seconds(at) - self._kernel.now)
            self._kernel.after(wait, lambda: self._ripe(task))
        self._end(happens)

    def _begin(self) -> str:
        happens = self._network.at("queue")
        if happens and self._network.tell is not None:
            self._network.tell(f"queue: {happens}")
        if happens == "crash before":
            self._network.die()
        self._kernel.sleep(PAUSES.get(happens, WAY))
        if happens == "refused" or self._kernel.now < self.down_until:
            raise QueueUnavailable("the queue is down")
        return happens

    def _end(self, happens: str) -> None:
        if happens == "crash after":
            self._network.die()
        if happens == "answer lost":
            raise QueueUnavailable("the answer was lost")

    # --- calling ---------------------------------------------------------------------------------

    def _ripe(self, task: Task) -> None:
        """The moment of a task has come."""
        if task.gone:
            return
        happens = self._network.faults.at("dispatch", self._short(task.family))
        if happens and self._network.tell is not None:
            self._network.tell(f"task {task.what} {task.arguments}: {happens}")
        if happens == "lost":
            return
        task.doomed = DOOMS.get(happens)
        self._kernel.after(LATE.get(happens, 0.0) + DISPATCH, lambda: self._turn(task))
        if happens in COPIES:
            copy = replace(task, attempt=0, doomed=None, gone=False)
            # A doubled admission overlaps with the other: two dispatchers.
            self._kernel.after(COPIES[happens] + DISPATCH, lambda: self._call(copy))

    def _turn(self, task: Task) -> None:
        if task.what == "admit":
            self._admissions.append(task)
            self._next_admission()
        else:
            self._call(task)

    def _next_admission(self) -> None:
        if self._admissions and not self._admitting:
            self._admitting = True
            self._call(self._admissions.popleft(), then=self._admission_over)

    def _admission_over(self) -> None:
        self._admitting = False
        self._next_admission()

    def _call(self, task: Task, then: Callable[[], None] | None = None) -> None:
        if task.gone:
            return
        task.attempt += 1

        def ended(well: bool) -> None:
            if not well and not task.is_last_attempt:
                shortest = SHORTEST_BACKOFF[task.what]
                wait = min(LONGEST_BACKOFF, shortest * 2 ** (task.attempt - 1))
                self._kernel.after(wait, lambda: self._turn(task))
            if then is not None:
                then()

        self._dispatch(task, ended)


def _step(image: Image, why: str = "") -> Task:
    """The task of an image's step; with a name, if there is to be one only."""
    name = _name(image, why) if why else None
    return Task("step", _token(image), name, stores=image.next_step is Step.STORE)


def _token(image: Image) -> tuple[object, ...]:
    return image.image_id, image.generation, image.seq


def _name(image: Image, what: str) -> tuple[object, ...]:
    return what, *_token(image), image.nonce
