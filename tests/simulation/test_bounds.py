"""How long things take at most: when nothing goes wrong, and when one thing gets lost."""

from collections.abc import Callable

import pytest

from shared.domain.image import Image
from tests.simulation.choices import Choices
from tests.simulation.clients import Clients, new_book
from tests.simulation.faults import Profile
from tests.simulation.pictures import FINISHING
from tests.simulation.schedule import at_rest, observed
from tests.simulation.setup import Setup
from tests.simulation.workshop import TAKES
from tests.simulation.world import SWEEP_INTERVAL, World

GRACE = 30.0
"""Seconds: `sweep_grace` of the services."""
PICTURE = TAKES["IMAGINE"] + TAKES["UPSCALE"]
PROMPTLY = 2.0
"""Seconds in which something is done that is begun at once."""


class Run:
    """A world in which nothing goes wrong but what a test has go wrong, and what was seen there."""

    def __init__(self, setup: Setup) -> None:
        self.world = World(setup, Choices(tape={}), Profile(None))
        self.clients = Clients(self.world)
        self.latest = 0.0
        """Seconds that a step came after it was due, at most."""
        self.over: dict[str, float] = {}
        """By job, when its last picture was there."""
        self.idle = 0.0
        """Seconds for which a slot was empty while an image waited for it, all slots together."""
        self.longest_idle = 0.0
        self._since: float | None = None
        self._slots = setup.slots
        self.world.after_commit.append(self._saw)

    def _saw(self, before: Image, after: Image) -> None:
        now = self.world.kernel.now
        if before.due_at is not None:
            self.latest = max(self.latest, now - self.world.seconds(before.due_at))
        if after.ended:
            self.over[after.job_id] = now

    def watch_slots(self) -> None:
        """Look at the slots ten times a second."""
        waits = bool(self.world.memory.waiting(1))
        free = self._slots - self.world.memory.held_slots()
        if waits and free > 0:
            self.idle += 0.1 * free
            self._since = self.world.kernel.now if self._since is None else self._since
            self.longest_idle = max(self.longest_idle, self.world.kernel.now - self._since)
        else:
            self._since = None
        self.world.kernel.after(0.1, self.watch_slots)

    def ask(self, number: int, members: int, after: float = 0.0) -> None:
        book = new_book(number, members, owner=f"child {number}")
        self.clients.later(after, lambda: self.clients.ask(book))

    def until_rest(self, longest: float) -> float:
        """When everything was over, in seconds."""
        world = self.world
        with observed(world):
            world.begin_sweeping()
            while self.clients.plans or not world.memory.jobs or not at_rest(world):
                assert world.kernel.now < longest, "it goes on and on"
                assert not world.violations
                world.kernel.run(world.kernel.now + 1.0)
        assert not world.violations
        return max(self.over.values())


def finished(*, lose: Callable[[Run], None] = lambda _: None, **setup: object) -> Run:
    """A book of four pictures that was painted while something was lost."""
    run = Run(Setup(**setup))  # type: ignore[arg-type]
    run.ask(0, members=3)
    lose(run)
    run.until_rest(longest=1500)
    images = [image.value for image in run.world.memory.images_of(run.world.memory.jobs[0].job_id)]
    assert [image.status.value for image in images] == ["succeeded"] * 4
    return run


@pytest.mark.parametrize(("notified", "overhead"), [(True, 1.02), (False, 1.06)])
def test_a_book_takes_hardly_longer_than_the_painter_needs(notified: bool, overhead: float) -> None:
    run = Run(Setup(notified=notified))
    for number in range(4):  # the first ones teach how long pictures take
        run.ask(number, members=5, after=200.0 * number)

    over = run.until_rest(longest=1500)

    ideal = 2 * PICTURE
    took = over - 600 - FINISHING
    print(f"{took:.2f} s of {ideal:.0f} s: {took / ideal:.4f}")
    assert took < ideal * overhead


@pytest.mark.parametrize("notified", [True, False])
def test_no_slot_stands_empty_while_something_waits(notified: bool) -> None:
    run = Run(Setup(slots=3, at_once=3, notified=notified))
    for number in range(8):
        run.ask(number, members=3)
    run.watch_slots()

    over = run.until_rest(longest=4000)

    used = run.world.painter.ledger.paintings
    busy = sum(TAKES[one.action] for one in used) / (3 * over)
    print(f"{run.idle:.1f} s idle, {run.longest_idle:.1f} s at once; utilisation {busy:.3f}")
    assert run.longest_idle <= PROMPTLY
    assert run.idle < 0.01 * 3 * over


@pytest.mark.parametrize("notified", [True, False])
def test_after_any_lost_task_all_goes_on_within_the_stall_bound(notified: bool) -> None:
    whole = finished(notified=notified)
    bound = SWEEP_INTERVAL + GRACE + PROMPTLY
    longest = 0.0
    for number in range(1, whole.world.queue.created + 1):

        def lose(run: Run, number: int = number) -> None:
            run.world.queue.lost.add(number)

        run = finished(notified=notified, lose=lose)
        longest = max(longest, run.latest)
        later = max(run.over.values()) - max(whole.over.values())
        # A look that finds nothing yet is late by as much as the time to the next one.
        assert later < bound + 10, f"task {number} of {whole.world.queue.created} was lost"
        assert run.latest < bound, f"task {number} of {whole.world.queue.created} was lost"

    print(f"{whole.world.queue.created} tasks; a step was late by {longest:.1f} s at most")
    assert longest > GRACE  # the sweeper was needed


def lose_events(run: Run) -> None:
    run.world.messages.lose_events = True


def test_after_a_lost_event_the_book_goes_on_within_the_stall_bound() -> None:
    whole = finished()

    run = finished(lose=lose_events)

    later = max(run.over.values()) - max(whole.over.values())
    print(f"later by {later:.1f} s")
    assert GRACE < later < SWEEP_INTERVAL + GRACE + PROMPTLY


def test_a_lowered_number_of_slots_is_reached() -> None:
    run = Run(Setup(slots=6, at_once=6))
    for number in range(8):
        run.ask(number, members=3)
    held: list[tuple[float, int]] = []

    def lower() -> None:
        for instance in run.world.instances:
            instance.deploy(2)
        run.world.after_commit.append(
            lambda _, __: held.append((run.world.kernel.now, run.world.watch.held))
        )

    run.world.kernel.after(100.0, lower)
    run.until_rest(longest=6000)

    capacity = run.world.instances[0].services.policy.capacity
    reached = next(now for now, count in held if count <= capacity) - 100.0
    print(f"reached after {reached:.1f} s")
    assert reached < SWEEP_INTERVAL + PICTURE + PROMPTLY
    assert all(count <= capacity for now, count in held if now >= 100.0 + reached)
