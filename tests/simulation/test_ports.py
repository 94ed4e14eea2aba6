"""The simulated queue does what Cloud Tasks does, as far as nothing goes wrong.

The same tests run on it and on the adapter over the local server. What it relies on in a painter
is tested in `tests/contract/test_painter.py`, with the simulated painter beside the others.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from infra.local.cloudtasks import TasksServer
from infra.local.processes import LoopThread
from infra.local.stack import LOCATION, read_queues
from shared.adapters.cloud_tasks import CloudTaskQueue, tasks_client
from shared.domain.image import Image
from shared.ports import QueueUnavailable, TaskQueue
from tests.contract.conftest import Target, loop, target  # noqa: F401 - fixtures
from tests.simulation.outside import From, Outside
from tests.simulation.queue import SimulatedQueue, Task
from tests.unit.images import IMAGINE

Rung = tuple[str, int]
"""The function that was called, and the sequence number of what it was called for."""


class Bell(ABC):
    """A queue, and what it has called."""

    queue: TaskQueue

    @abstractmethod
    def now(self) -> datetime:
        """The time."""

    @abstractmethod
    def rung(self) -> list[Rung]:
        """All calls so far, once everything that is due within a moment has been called."""

    @abstractmethod
    def fail_once(self) -> None:
        """The next call answers that it failed."""

    def image(self, seq: int, seconds: float = 0.0) -> Image:
        """An image whose step is due in so many seconds."""
        return replace(IMAGINE, seq=seq, due_at=self.now() + timedelta(seconds=seconds))


class SimulatedBell(Bell):
    def __init__(self) -> None:
        self.outside = Outside()
        self.calls: list[Rung] = []
        self.answers: list[bool] = []
        self.simulated = SimulatedQueue(
            self.outside.network, self._seconds, self._dispatch, lambda text: text
        )
        self.queue = cast("TaskQueue", From(self.outside, self.simulated))

    def now(self) -> datetime:
        return datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=self.outside.kernel.now)

    def rung(self) -> list[Rung]:
        self.outside.wait(3.0)
        return self.calls

    def fail_once(self) -> None:
        self.answers = [False]

    def _seconds(self, at: datetime) -> float:
        return (at - datetime(2026, 5, 1, tzinfo=UTC)).total_seconds()

    def _dispatch(self, task: Task, ended: Callable[[bool], None]) -> None:
        seq = cast("int", task.arguments[2]) if task.arguments else 0
        self.calls.append((task.what, seq))
        well = self.answers.pop() if self.answers else True
        self.outside.kernel.after(0.2, lambda: ended(well))


class ServerBell(Bell):
    def __init__(self, port: int, target: Target) -> None:  # noqa: F811
        self.target = target
        self._marks = 0
        self.queue = CloudTaskQueue(
            tasks_client(f"127.0.0.1:{port}"),
            project="demo-tasks",
            location=LOCATION,
            target=f"{target.url}/{{function}}",
        )

    def now(self) -> datetime:
        return datetime.now(UTC)

    def rung(self) -> list[Rung]:
        # What comes last is waited for, rather than a while.
        self._marks += 1
        self.queue.schedule(self.image(1000 + self._marks, 1.7))
        while not any(call == ("step", 1000 + self._marks) for call in self._calls()):
            self.target.wait_for(len(self.target.calls) + 1)
        return [call for call in self._calls() if call[1] < 1000]

    def fail_once(self) -> None:
        self.target.answers = [500]

    def _calls(self) -> list[Rung]:
        return [(call.path[1:], _seq(call.body)) for call in list(self.target.calls)]


def _seq(body: bytes) -> int:
    found = body.partition(b'"seq": ')[2].rstrip(b"}")
    return int(found) if found else 0


@pytest.fixture(params=["simulated", "server"])
def bell(request: pytest.FixtureRequest) -> Iterator[Bell]:
    if request.param == "simulated":
        yield SimulatedBell()
        return
    thread: LoopThread = request.getfixturevalue("loop")
    server = TasksServer(read_queues("demo-tasks"))
    thread.run(server.start(0))
    yield ServerBell(server.port, request.getfixturevalue("target"))
    thread.run(server.stop())


def test_steps_ring_in_the_order_in_which_they_are_due(bell: Bell) -> None:
    bell.queue.schedule(bell.image(2, 0.9))
    bell.queue.schedule(bell.image(1, 0.4))

    assert bell.rung() == [("step", 1), ("step", 2)]


def test_a_step_that_is_scheduled_again_rings_again(bell: Bell) -> None:
    for _ in range(2):
        bell.queue.schedule(bell.image(1))

    assert bell.rung() == [("step", 1)] * 2


def test_a_token_is_rung_for_only_once(bell: Bell) -> None:
    for seq in (1, 1, 2, 1):
        bell.queue.ring(bell.image(seq))

    assert sorted(bell.rung()) == [("step", 1), ("step", 2)]


def test_an_alarm_rings_once_unless_it_is_called_off(bell: Bell) -> None:
    for seq in (1, 1, 2):
        bell.queue.schedule_alarm(bell.image(seq, 0.5))
    bell.queue.call_off(bell.image(2))
    bell.queue.call_off(bell.image(3))  # there is none

    assert bell.rung() == [("step", 1)]


def test_a_deleted_book_that_is_asked_for_anew_rings_again(bell: Bell) -> None:
    before, anew = (replace(bell.image(1, 0.5), nonce=nonce) for nonce in ("1", "2"))
    for image in (before, anew):
        bell.queue.ring(image)
        bell.queue.schedule_alarm(image)
    bell.queue.call_off(before)

    assert bell.rung() == [("step", 1)] * 3


def test_an_alarm_that_was_called_off_does_not_come_back(bell: Bell) -> None:
    image = bell.image(1, 0.5)
    bell.queue.schedule_alarm(image)
    bell.queue.call_off(image)
    bell.queue.schedule_alarm(image)
    bell.queue.ring(image)  # which is something else

    assert bell.rung() == [("step", 1)]


def test_a_call_that_failed_is_made_again(bell: Bell) -> None:
    bell.fail_once()
    bell.queue.schedule(bell.image(1))

    assert bell.rung() == [("step", 1)] * 2


def test_admission_is_asked_for_as_often_as_it_is_wanted(bell: Bell) -> None:
    for _ in range(3):
        bell.queue.ask_admission()

    assert bell.rung() == [("admit", 0)] * 3


# --- what can go wrong with the simulated one ----------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "happens", "rings", "raises"),
    [
        ("queue", "refused", 0, True),
        ("queue", "answer lost", 1, True),
        ("queue", "task lost", 0, False),
        ("dispatch", "lost", 0, False),
        ("dispatch", "doubled", 2, False),
        ("dispatch", "1 s late", 1, False),
    ],
)
def test_tasks_get_lost_and_come_twice(moment: str, happens: str, rings: int, raises: bool) -> None:
    bell = SimulatedBell()
    bell.outside.faults.next[moment] = [happens]

    try:
        bell.queue.schedule(bell.image(1))
        raised = False
    except QueueUnavailable:
        raised = True

    assert (bell.rung(), raised) == ([("step", 1)] * rings, raises)


def test_one_admission_runs_at_a_time() -> None:
    bell = SimulatedBell()
    bell.queue.ask_admission()
    bell.queue.ask_admission()

    bell.outside.wait(0.15)
    assert len(bell.calls) == 1  # it takes 0.2 s
    assert len(bell.rung()) == 2
