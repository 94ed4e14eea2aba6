"""One schedule: what stands at the beginning, what happens, and that it all comes to a good end."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from shared import crash_points
from shared.crash_points import CrashPoint
from shared.domain.image import Image
from shared.usecases.services import Services
from tests.simulation.choices import Choices, Place, Tape
from tests.simulation.clients import WISHES, Clients, new_book
from tests.simulation.endings import check_endings
from tests.simulation.faults import Profile, evenly
from tests.simulation.incidents import plan_incidents
from tests.simulation.setup import Setup
from tests.simulation.world import Violation, World

FAULTS_UNTIL = 400.0
"""Seconds: from then on nothing goes wrong any more, and nobody asks for anything."""
PATIENCE = 2 * 3600.0
"""Seconds in which everything has to come to rest after that."""
GLANCE = 20.0
"""Seconds between two looks at what goes on, when nothing goes wrong any more."""
MOST_IDLE = 5
"""Such looks in a row at which a slot may be empty: the sweeper comes by each minute."""
MOST_REGENERATIONS = 3
MOST_DELETIONS = 2
BURST = 50
SKEWS = (0.0, 0.4, -0.4, 2.4, -2.4)
"""Seconds; the settings let clocks be 4.95 apart."""

Alter = Callable[[World, Services], Services]
"""Puts something else into an instance's services."""


def UNALTERED(_: World, services: Services) -> Services:  # noqa: N802 - a constant
    """The services as they are."""
    return services


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a schedule ended."""

    violation: Violation | None
    tape: dict[Place, int]
    seconds: float
    """Of virtual time."""
    calls: int
    faults: dict[str, int]


def play(
    seed: str | None = None,
    tape: Tape | None = None,
    *,
    tell: Callable[[str], None] | None = None,
    alter: Alter = UNALTERED,
) -> Result:
    """Play a schedule, from a tape or by a seed. Raises nothing: the result has what is wrong."""
    choices, profile = Choices(seed, tape), Profile(seed if tape is None else None)
    setup = _setup(choices, profile)
    world = World(setup, choices, profile, tell, alter)
    if tell is not None:
        tell(f"{setup}")
    with observed(world):
        clients = _clients(world, profile)
        plan_incidents(world, profile)
        world.begin_sweeping()
        while world.kernel.now < FAULTS_UNTIL and not world.kernel.stopped:
            world.kernel.run(min(FAULTS_UNTIL, world.kernel.now + 50.0))
            if world.kernel.planned <= 1:  # the sweeper
                break
        choices.calm = True
        calm_down(world)
        come_to_rest(world, clients)
    if not world.violations:
        check_endings(world, clients)
    return Result(
        violation=world.violations[0] if world.violations else None,
        tape=choices.made,
        seconds=world.kernel.now,
        calls=world.called,
        faults=world.faults.seen,
    )


def calm_down(world: World) -> None:
    """From now on nothing goes wrong any more."""
    world.store.down_until = world.old_store.down_until = 0.0
    world.queue.down_until = 0.0
    world.painter.down_until = world.painter.disabled_until = 0.0


def come_to_rest(world: World, clients: Clients) -> None:
    """Let the world run on until nothing is under way, and what is queued has come to nothing."""
    end, idle = world.kernel.now + PATIENCE, 0
    while not world.kernel.stopped and (clients.plans or not at_rest(world)):
        if world.kernel.now > end:
            world.object_to("everything comes to an end", "it goes on and on")
            return
        idle = idle + 1 if stands_idle(world) else 0
        if idle > MOST_IDLE:
            world.object_to("no slot stands empty", f"{world.memory.held_slots()} are held")
            return
        world.kernel.run(world.kernel.now + GLANCE)
    # Tasks and news that are still on their way must find nothing to do.
    world.stop_sweeping()
    if not world.kernel.stopped:
        world.kernel.run(world.kernel.now + 200.0)
        if not at_rest(world):
            world.object_to("everything comes to an end", "late tasks set it going again")


def stands_idle(world: World) -> bool:
    """Whether an image waits for a slot, and there is one, and the painter takes what it gets."""
    least = min(instance.services.policy.capacity for instance in world.instances)
    free = world.memory.held_slots() < least and not world.memory.fence().value.troubles
    return free and bool(world.memory.waiting(1))


def at_rest(world: World) -> bool:
    """Whether each image and each job has come to its end."""
    jobs = world.memory.jobs
    return all(job.completed for job in jobs) and all(
        image.value.next_step is None and image.value.fan_out_due_at is None
        for job in jobs
        for image in world.memory.images_of(job.job_id)
    )


def _setup(choices: Choices, profile: Profile) -> Setup:
    number = 1 + choices.fate("instances", profile.turn("instances", 1.0, 2), 2)
    apart, older = len(SKEWS) - 1, profile.turn("versions", 0.6)
    skewed = profile.turn("skew", 0.8, apart)
    skews = [SKEWS[choices.fate("skew", skewed, apart)] for _ in range(number)]
    old = [bool(choices.fate("older", older, 1)) and index > 0 for index in range(number)]
    short = profile.turn("deadlines", 0.5, 2)
    return Setup(
        slots=(12, 1, 2, 3)[choices.fate("slots", evenly(0.7, 3), 3)],
        notified=choices.happens("notified", 0.5),
        skews=tuple(skews),
        old=tuple(old),
        old_slots=(12, 1, 3)[choices.fate("old slots", evenly(0.6, 2), 2)],
        at_once=(12, 1, 3)[choices.fate("painter at once", evenly(0.2, 2), 2)],
        most_waiting=(100, 0, 2)[choices.fate("painter waiting", profile.turn("busy", 0.7, 2), 2)],
        repeats=choices.happens("repeats", 0.2),
        confirms=choices.happens("confirms", 0.2),
        fallbacks=choices.happens("fallbacks", 0.2),
        image_deadline=(1800.0, 130.0, 45.0)[choices.fate("image deadline", short, 2)],
        job_deadline=(21600.0, 200.0, 90.0)[choices.fate("job deadline", short, 2)],
    )


def _clients(world: World, profile: Profile) -> Clients:
    clients, choices = Clients(world), world.choices
    burst = choices.happens("burst", 0.001)
    books = BURST if burst else 1 + choices.fate("books", evenly(0.4, 2), 2)
    canceling, again = profile.turn("cancels", 0.7, 2), profile.turn("repeats", 0.7, 2)
    for number in range(books):
        members = 1 if burst else choices.fate("members", evenly(0.75, 3), 3)
        owner = ("ann", "bob")[choices.below("owner", 2)]
        drawing = choices.happens("drawing", 0.1)
        cancel_after = 0
        cancel = choices.fate("cancel", canceling, 2)
        if cancel:
            cancel_after = 1 + choices.below("cancel after", (8, 3)[cancel - 1] * (1 + members))
        task = 0 if choices.happens("same task", 0.1) else number
        calls_back = choices.happens("calls back", 0.25)
        book = new_book(
            number, members, owner=owner, drawing=drawing, task=task, calls_back=calls_back
        )
        ask = partial(clients.ask, book, cancel_after=cancel_after, claims_only=cancel == 2)
        start = 0.0 if burst else (0.0, 0.5, 20.0, 70.0)[choices.fate("start", evenly(0.5, 3), 3)]
        clients.later(start, ask)
        for _ in range(choices.fate("again", again, 2)):
            clients.later(start + (0.0, 0.004, 5.0, 90.0)[choices.below("again after", 4)], ask)
    for _ in range(choices.fate("looks", evenly(0.3, 6), 6)):
        clients.later(1.0 + 7.3 * choices.below("look at", 20), clients.look)
    if not burst:
        wishing = profile.turn("regenerations", 0.6)
        world.after_commit.append(partial(_maybe_again, world, clients, wishing))
        deleting = profile.turn("deletions", 0.5)
        world.after_commit.append(partial(_maybe_delete, world, clients, deleting))
    return clients


def _maybe_again(
    world: World, clients: Clients, odds: tuple[float, ...], before: Image, after: Image
) -> None:
    """A client that sees a picture end may want another one."""
    choices = world.choices
    if choices.calm or before.ended or not after.ended:
        return
    if clients.regenerations >= MOST_REGENERATIONS or not choices.fate("regenerate", odds, 1):
        return
    wish = WISHES[choices.below("wish", len(WISHES))]
    wait = (0.0, 0.02, 3.0, 40.0)[choices.below("regenerate after", 4)]
    again = partial(clients.regenerate, after, wish)
    clients.later(wait, again)
    if choices.happens("regenerate twice", 0.2):  # a finger that is too quick
        clients.later(wait, again)


def _maybe_delete(
    world: World, clients: Clients, odds: tuple[float, ...], before: Image, after: Image
) -> None:
    """A client that sees a picture end may want the book gone, and perhaps all of it once more."""
    choices = world.choices
    if choices.calm or before.ended or not after.ended or clients.deletions >= MOST_DELETIONS:
        return
    if not choices.fate("delete", odds, 1):
        return
    wait = (0.0, 0.02, 3.0, 40.0)[choices.below("delete after", 4)]
    anew = choices.happens("ask anew", 0.7)
    delete = partial(clients.delete, after.owner_uid, after.job_id, anew=anew)
    clients.later(wait, delete)
    if choices.happens("delete twice", 0.2):
        clients.later(wait, delete)


@contextmanager
def observed(world: World) -> Iterator[None]:
    """Crash points and log lines come here."""

    def reached(point: CrashPoint) -> None:
        happens = world.network.at("point")
        if happens:
            world.network.befalls(f"at {point}", happens)

    out, sys.stdout = sys.stdout, _Lines(world.tell)
    crash_points.observe(reached)
    try:
        yield
    finally:
        sys.stdout = out
        crash_points.observe(lambda _: None)


class _Lines(io.TextIOBase):
    """Takes what is printed into the story, or drops it."""

    def __init__(self, tell: Callable[[str], None] | None) -> None:
        self._tell = tell

    def write(self, text: str) -> int:
        if self._tell is not None and text.strip():
            self._tell(text.strip())
        return len(text)
